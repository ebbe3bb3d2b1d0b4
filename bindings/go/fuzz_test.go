// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// taken is whether an error is one of those that a text from a client may meet.
func taken(err error) bool {
	return err == nil || errors.Is(err, ErrMalformed) || errors.Is(err, ErrForged) || errors.Is(err, ErrKey) ||
		errors.Is(err, ErrExpired) || errors.Is(err, ErrEarly) || errors.Is(err, ErrAudience) || errors.Is(err, ErrBinding)
}

// entered is a room, a verifier for it, and a ticket with its pass.
func entered(f *testing.F) (*Room, *Verifier, Ticket, Pass) {
	room, _ := testRoom(f, nil)
	verifier, err := NewVerifier([]Key{testKey}, &VerifierOptions{Audience: "concert"})
	must(f, err)
	ticket, _ := join(f, room, "ann")
	return room, verifier, ticket, enter(f, room, ticket)
}

func addTexts(f *testing.F, ticket Ticket, pass Pass) {
	for _, text := range []string{"", "\x00", "no ticket", ticket.String(), pass.Text, strings.Repeat("A", 62),
		strings.Repeat("A", 600), ticket.String() + "\x00", pass.Text[:40], strings.Replace(pass.Text, ".", "", 1)} {
		f.Add(text)
	}
}

func FuzzTicket(f *testing.F) {
	room, _, genuine, pass := entered(f)
	addTexts(f, genuine, pass)
	f.Fuzz(func(t *testing.T, text string) {
		ticket, err := ParseTicket(text)
		if err != nil {
			wants(t, err, ErrMalformed)
			var unmarshalled Ticket
			if unmarshalled.UnmarshalText([]byte(text)) == nil && text != "" {
				t.Fatalf("%q is refused by one and taken by the other", text)
			}
			return
		}
		equal(t, "the text", ticket.String(), text)
		_, err = room.Poll(ticket)
		if !taken(err) {
			t.Fatalf("polling %q: %v", text, err)
		}
		equal(t, "whether it is taken", err == nil, ticket == genuine)
		if _, err := room.Enter(background, ticket, nil); !taken(err) {
			t.Fatalf("entering with %q: %v", text, err)
		}
		if _, err := room.Leave(background, ticket); !taken(err) {
			t.Fatalf("leaving with %q: %v", text, err)
		}
	})
}

func FuzzPass(f *testing.F) {
	room, verifier, ticket, genuine := entered(f)
	addTexts(f, ticket, genuine)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := verifier.Verify(text, noon, nil)
		if !taken(err) {
			t.Fatalf("verifying %q: %v", text, err)
		}
		if err == nil && text != genuine.Text {
			t.Fatalf("%q is taken for a pass", text)
		}
		if _, err := room.Renew(background, text); !taken(err) {
			t.Fatalf("renewing %q: %v", text, err)
		}
		if text != genuine.Text {
			if err := room.Exit(background, text); !taken(err) {
				t.Fatalf("ending %q: %v", text, err)
			}
		}
	})
}

func FuzzBinding(f *testing.F) {
	room, verifier, ticket, _ := entered(f)
	f.Add("POST", "/checkout", "203.0.113.7")
	f.Fuzz(func(t *testing.T, method, url, client string) {
		binding := &Binding{method, url, client}
		pass, err := room.Enter(background, ticket, binding)
		if err != nil {
			wants(t, err, ErrInvalid) // a NUL
			return
		}
		_, err = verifier.Verify(pass.Text, noon, binding)
		must(t, err)
	})
}

func FuzzNames(f *testing.F) {
	client, _ := testClient(f)
	f.Add("concert")
	f.Add("a b")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, name string) {
		room, err := client.OpenRoom(background, name, nil)
		if err != nil {
			wants(t, err, ErrInvalid)
			if text := err.Error(); !utf8.ValidString(text) && utf8.ValidString(name) {
				t.Fatalf("the text is %q", text)
			}
			return
		}
		equal(t, "the name", room.Name(), name)
		must(t, room.Close())
		limiter, err := client.OpenLimiter(background, name, Limit{Rate: 1, Burst: 1})
		if err == nil {
			must(t, limiter.Close())
		}
	})
}

func FuzzPolicy(f *testing.F) {
	client, _ := testClient(f)
	room, err := client.OpenRoom(background, "concert", nil)
	must(f, err)
	f.Add(1.0, uint64(1), int64(30e9), int64(600e9), int64(300e9), int64(1e9), int64(10e9), uint32(1))
	f.Fuzz(func(t *testing.T, rate float64, burst uint64, claim, session, heartbeat, least, most int64, model uint32) {
		policy := DefaultPolicy()
		policy.Rate, policy.Burst, policy.ETAModel = rate, burst, ETAModel(model)
		policy.ClaimTTL, policy.SessionTTL, policy.HeartbeatTTL = time.Duration(claim), time.Duration(session), time.Duration(heartbeat)
		policy.MinPoll, policy.MaxPoll = time.Duration(least), time.Duration(most)
		if err := room.Configure(background, policy); err != nil {
			wants(t, err, ErrInvalid)
			return
		}
		read, err := room.Policy()
		must(t, err)
		equal(t, "the rate", read.Rate, rate)
		equal(t, "whether the session is as long", read.SessionTTL >= policy.SessionTTL, true)
	})
}
