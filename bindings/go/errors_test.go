// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestErrorsMatchTheirSentinelAndSayWhatIsWrong(t *testing.T) {
	client, _ := testClient(t)
	policy := DefaultPolicy()
	policy.MaxPoll = 200 * time.Second
	_, err := client.OpenRoom(background, "concert", &policy)
	wants(t, err, ErrInvalid)
	if errors.Is(err, ErrForged) {
		t.Fatal("an error matches another sentinel")
	}
	var failure *Error
	var code Code
	if !errors.As(err, &failure) || !errors.As(err, &code) {
		t.Fatalf("%T is not found by errors.As", err)
	}
	equal(t, "the code", code, ErrInvalid)
	equal(t, "whether a retry helps", IsRetriable(err), false)
	if !strings.Contains(err.Error(), "max_poll_ms") || !strings.HasPrefix(err.Error(), "waitq: open room: ") {
		t.Fatalf("the text is %q", err)
	}
	equal(t, "whether a time-out is one", ErrTimeout.Timeout(), true)
	equal(t, "whether another is", ErrStore.Timeout(), false)
}

func TestBadArgumentsAreErrorsThatNameThem(t *testing.T) {
	client, _ := testClient(t)
	room, _ := testRoom(t, nil)
	limiter, err := client.OpenLimiter(background, "limit", Limit{Rate: 1, Burst: 1})
	must(t, err)
	ann, _ := join(t, room, "ann")
	var nothing context.Context
	nan := math.NaN()
	policy := func(change func(*Policy)) error {
		changed := DefaultPolicy()
		change(&changed)
		return room.Configure(background, changed)
	}
	last := func(results ...any) error {
		err, _ := results[len(results)-1].(error)
		return err
	}
	long := strings.Repeat("x", 5000)
	for what, err := range map[string]error{
		"a URI of nothing":          last(Open(background, "", nil)),
		"a URI with a NUL":          last(Open(background, "memory:\x00", nil)),
		"a key that is too long":    last(Open(background, "memory:", &Options{Keys: []Key{{HS256, "k", []byte(long)}}})),
		"a key that is too short":   last(Open(background, "memory:", &Options{Keys: []Key{{HS256, "k", []byte("x")}}})),
		"a key id that is too long": last(Open(background, "memory:", &Options{Keys: []Key{{HS256, long, testKey.Bytes}}})),
		"a key id with a NUL":       last(Open(background, "memory:", &Options{Keys: []Key{{HS256, "k\x00", testKey.Bytes}}})),
		"an unknown algorithm":      last(Open(background, "memory:", &Options{Keys: []Key{{99, "k", testKey.Bytes}}})),
		"an unknown log level":      last(Open(background, "memory:", &Options{Log: func(LogLevel, string) {}, LogLevel: 99})),
		"no context":                last(Open(nothing, "memory:", nil)),
		"a room without a name":     last(client.OpenRoom(background, "", nil)),
		"a room with a NUL":         last(client.OpenRoom(background, "a\x00b", nil)),
		"a room with a long name":   last(client.OpenRoom(background, long, nil)),
		"a rate that is none":       room.SetRate(background, nan),
		"a rate without end":        room.SetRate(background, math.Inf(1)),
		"a rate below zero":         room.SetRate(background, -1),
		"a plan that is none":       room.SetRateAt(background, nan, noon),
		"a phase that is none":      room.SetPhase(background, 99),
		"a policy's rate":           policy(func(p *Policy) { p.Rate = nan }),
		"a policy's burst":          policy(func(p *Policy) { p.Burst = 0 }),
		"an endless session":        policy(func(p *Policy) { p.SessionTTL = Never }),
		"a session without time":    policy(func(p *Policy) { p.SessionTTL = -1 }),
		"a weight that is none":     policy(func(p *Policy) { p.HourWeights[1] = nan }),
		"a model that is none":      policy(func(p *Policy) { p.ETAModel = 99 }),
		"a visitor without an id":   last(room.Join(background, "")),
		"a visitor with a long id":  last(room.Join(background, long)),
		"a join without a context":  last(room.Join(nothing, "ann")),
		"a binding with a NUL":      last(room.Enter(background, ann, &Binding{URL: "\x00"})),
		"no room":                   last((*Room)(nil).Poll(ann)),
		"a room of one's own":       last(new(Room).Poll(ann)),
		"no client":                 last((*Client)(nil).OpenRoom(background, "a", nil)),
		"a client of one's own":     last(new(Client).OpenRoom(background, "a", nil)),
		"no limiter":                last((*Limiter)(nil).Try(background, 1)),
		"no estimator":              (*Estimator)(nil).Left(1),
		"no verifier":               last((*Verifier)(nil).Verify("", noon, nil)),
		"no keys":                   last(NewVerifier(nil, nil)),
		"an audience with a NUL":    last(NewVerifier([]Key{testKey}, &VerifierOptions{Audience: "\x00"})),
		"an endless leeway":         last(NewVerifier([]Key{testKey}, &VerifierOptions{Leeway: Never})),
		"no tokens":                 last(limiter.Try(background, 0)),
		"a limit that is none":      limiter.Configure(background, Limit{Rate: nan, Burst: 1}),
		"room for too few statuses": room.PollMany(make([]Ticket, 2), make([]Status, 1), nil),
		"room for too few codes":    room.PollMany(make([]Ticket, 2), make([]Status, 2), make([]Code, 1)),
		"room for too few tickets":  room.JoinMany(background, []string{"a"}, nil, make([]Status, 1), nil),
	} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: the error is %v", what, err)
		} else if len(err.Error()) < len("waitq: ")+10 {
			t.Errorf("%s: the error says no more than %q", what, err)
		}
	}
}

func TestTextsThatAreNoneOfOursAreMalformedOrForged(t *testing.T) {
	room, _ := testRoom(t, nil)
	for _, text := range []string{"", "x", "no ticket", strings.Repeat("A", 64), "a\x00b", strings.Repeat("ä", 31)} {
		if ticket, err := ParseTicket(text); err == nil {
			_, err = room.Poll(ticket)
			wants(t, err, ErrMalformed)
		} else {
			wants(t, err, ErrMalformed)
		}
	}
	forged, err := ParseTicket(strings.Repeat("A", 62))
	must(t, err)
	_, err = room.Poll(forged)
	wants(t, err, ErrForged)
	_, err = room.Poll(Ticket{})
	wants(t, err, ErrMalformed)
	_, err = room.Enter(background, forged, nil)
	wants(t, err, ErrForged)
	_, err = room.Leave(background, forged)
	wants(t, err, ErrForged)
	for _, text := range []string{"", "x", "a.b.c", "a\x00b", strings.Repeat("x", 511), strings.Repeat("x", 512), strings.Repeat("x", 5000)} {
		_, err = room.Renew(background, text)
		wants(t, err, ErrMalformed)
		wants(t, room.Exit(background, text), ErrMalformed)
	}
}

func TestATicketIsAValueThatJSONWritesAndReads(t *testing.T) {
	room, _ := testRoom(t, nil)
	ann, _ := join(t, room, "ann")
	parsed, err := ParseTicket(ann.String())
	must(t, err)
	equal(t, "the ticket", parsed, ann)
	written, err := json.Marshal(map[Ticket]Ticket{ann: ann})
	must(t, err)
	var read map[Ticket]Ticket
	must(t, json.Unmarshal(written, &read))
	equal(t, "the ticket", read[ann], ann)
	var none Ticket
	must(t, json.Unmarshal([]byte(`""`), &none))
	equal(t, "an empty one", none.IsZero(), true)
	if err := json.Unmarshal([]byte(`"no ticket"`), &none); !errors.Is(err, ErrMalformed) {
		t.Fatalf("a text that is none: %v", err)
	}
}

func TestAContextThatHasEndedSparesTheCall(t *testing.T) {
	room, _ := testRoom(t, nil)
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, _, err := room.Join(ctx, "ann")
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	if err := room.Reset(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	stats, err := room.Stats(background)
	must(t, err)
	equal(t, "tickets issued", stats.Issued, 0)
}

func TestALibraryOfAnotherVersionIsRefusedWithAText(t *testing.T) {
	built := versionNumber()
	must(t, checkVersion(built))
	must(t, checkVersion(built+1))   // a patch
	must(t, checkVersion(built+256)) // something was added
	for _, running := range []uint32{built - 1<<16, built + 1<<16, built&0xff0000 - 1} {
		err := checkVersion(running)
		wants(t, err, ErrVersion)
		if !strings.Contains(err.Error(), "install") {
			t.Fatalf("the text does not say what to do: %q", err)
		}
	}
}
