// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Package jwt has an ordinary library for JWT read passes, and reads what that library signs.
package jwt

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"waitq"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnOrdinaryLibraryVerifiesPassesAndSignsSome(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	private := ed25519.NewKeyFromSeed(secret)
	for _, with := range []struct {
		key     waitq.Key
		method  jwt.SigningMethod
		signs   any
		reading any
	}{
		{waitq.Key{Algorithm: waitq.HS256, ID: "h1", Bytes: secret}, jwt.SigningMethodHS256, secret, secret},
		{waitq.Key{Algorithm: waitq.Ed25519, ID: "e1", Bytes: secret}, jwt.SigningMethodEdDSA, private, private.Public()},
	} {
		ctx := context.Background()
		client, err := waitq.Open(ctx, "memory:", &waitq.Options{Keys: []waitq.Key{with.key}})
		must(t, err)
		room, err := client.OpenRoom(ctx, "concert", nil)
		must(t, err)
		ticket, _, err := room.Join(ctx, "ann")
		must(t, err)
		pass, err := room.Enter(ctx, ticket, nil)
		must(t, err)

		var claims jwt.RegisteredClaims
		token, err := jwt.ParseWithClaims(pass.Text, &claims, func(token *jwt.Token) (any, error) {
			if token.Header["kid"] != with.key.ID {
				return nil, fmt.Errorf("the key is %v", token.Header["kid"])
			}
			return with.reading, nil
		}, jwt.WithValidMethods([]string{with.method.Alg()}))
		must(t, err)
		if !token.Valid || !claims.VerifyAudience("concert", true) || !claims.ExpiresAt.Equal(pass.Expires) {
			t.Fatalf("the claims are %+v", claims)
		}

		made := jwt.NewWithClaims(with.method, jwt.MapClaims{
			"aud": "concert", "exp": time.Now().Add(time.Minute).Unix(), "jti": "5-7",
		})
		made.Header["kid"] = with.key.ID
		text, err := made.SignedString(with.signs)
		must(t, err)
		verifier, err := waitq.NewVerifier([]waitq.Key{with.key}, &waitq.VerifierOptions{Audience: "concert"})
		must(t, err)
		read, err := verifier.Verify(text, time.Now(), nil)
		must(t, err)
		if read.Epoch != 5 || read.Number != 7 {
			t.Fatalf("the claims are %+v", read)
		}
		must(t, verifier.Close())
		must(t, client.Close())
	}
}
