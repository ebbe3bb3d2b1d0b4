// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"context"
	"errors"
	"testing"
	"time"
)

var background = context.Background()

// noon is when tests begin.
var noon = time.UnixMilli(1_700_000_000_000)

var testKey = Key{Algorithm: HS256, ID: "k1", Bytes: []byte("0123456789abcdef0123456789abcdef")}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t testing.TB, err error, code Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Fatalf("the error is %v; wanted is %q", err, code)
	}
}

func equal[T comparable](t testing.TB, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Fatalf("%s is %v; wanted is %v", what, got, wanted)
	}
}

// client opens one on the memory store, with a clock that only the test moves.
func testClient(t testing.TB) (*Client, *Clock) {
	t.Helper()
	clock := NewClock(noon)
	client, err := Open(background, "memory:", &Options{Clock: clock, Keys: []Key{testKey}})
	must(t, err)
	t.Cleanup(func() { must(t, client.Close()) })
	return client, clock
}

// testRoom opens a room that lets in one at once and then one a second, but for what change does to its policy.
func testRoom(t testing.TB, change func(*Policy)) (*Room, *Clock) {
	t.Helper()
	client, clock := testClient(t)
	policy := DefaultPolicy()
	policy.Rate, policy.Burst = 1, 1
	if change != nil {
		change(&policy)
	}
	room, err := client.OpenRoom(background, "concert", &policy)
	must(t, err)
	return room, clock
}

func join(t testing.TB, room *Room, visitor string) (Ticket, Status) {
	t.Helper()
	ticket, status, err := room.Join(background, visitor)
	must(t, err)
	return ticket, status
}

func enter(t testing.TB, room *Room, ticket Ticket) Pass {
	t.Helper()
	pass, err := room.Enter(background, ticket, nil)
	must(t, err)
	equal(t, "the state of the pass", pass.State, StateEntered)
	return pass
}
