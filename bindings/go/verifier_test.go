// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

func TestAPassIsVerifiedByAKeyWithoutARoom(t *testing.T) {
	room, clock := testRoom(t, nil)
	ann, _ := join(t, room, "ann")
	pass := enter(t, room, ann)
	verifier, err := NewVerifier([]Key{testKey}, &VerifierOptions{Audience: "concert"})
	must(t, err)
	defer verifier.Close()
	claims, err := verifier.Verify(pass.Text, clock.Now(), nil)
	must(t, err)
	equal(t, "the room", claims.Room, "concert")
	equal(t, "the key", claims.KeyID, "k1")
	equal(t, "the number", claims.Number, 0)
	equal(t, "the id", claims.ID, fmt.Sprintf("%d-%d", claims.Epoch, claims.Number))
	equal(t, "the end", claims.Expires.Equal(pass.Expires), true)

	_, err = verifier.Verify(pass.Text, pass.Expires.Add(2*time.Minute), nil)
	wants(t, err, ErrExpired)
	_, err = verifier.Verify(pass.Text, noon.Add(-time.Hour), nil)
	wants(t, err, ErrEarly)
	_, err = verifier.Verify(pass.Text, clock.Now(), &Binding{Method: "GET"})
	wants(t, err, ErrBinding)
	_, err = verifier.Verify(pass.Text+"x", clock.Now(), nil)
	if err == nil {
		t.Fatal("an altered pass is taken")
	}
	elsewhere, err := NewVerifier([]Key{testKey}, &VerifierOptions{Audience: "opera"})
	must(t, err)
	defer elsewhere.Close()
	_, err = elsewhere.Verify(pass.Text, clock.Now(), nil)
	wants(t, err, ErrAudience)
	strict, err := NewVerifier([]Key{testKey}, &VerifierOptions{Leeway: -1})
	must(t, err)
	defer strict.Close()
	_, err = strict.Verify(pass.Text, pass.Expires, nil)
	wants(t, err, ErrExpired)
}

func TestAPublicKeyVerifiesAndABoundPassMatchesItsRequestAlone(t *testing.T) {
	secret := Key{Algorithm: Ed25519, ID: "e1", Bytes: bytes.Repeat([]byte{7}, 32)}
	public, err := secret.Public()
	must(t, err)
	equal(t, "the algorithm", public.Algorithm, Ed25519Public)
	equal(t, "the id", public.ID, "e1")
	clock := NewClock(noon)
	client, err := Open(background, "memory:", &Options{Keys: []Key{secret}, Clock: clock})
	must(t, err)
	defer client.Close()
	room, err := client.OpenRoom(background, "concert", nil)
	must(t, err)
	ann, _ := join(t, room, "ann")
	binding := &Binding{Method: "POST", URL: "/checkout", Client: "203.0.113.7"}
	pass, err := room.Enter(background, ann, binding)
	must(t, err)
	verifier, err := NewVerifier([]Key{public}, nil)
	must(t, err)
	defer verifier.Close()
	_, err = verifier.Verify(pass.Text, noon, binding)
	must(t, err)
	for _, other := range []*Binding{nil, {}, {Method: "POST"}, {Method: "GET", URL: "/checkout", Client: "203.0.113.7"}} {
		_, err = verifier.Verify(pass.Text, noon, other)
		wants(t, err, ErrBinding)
	}
}
