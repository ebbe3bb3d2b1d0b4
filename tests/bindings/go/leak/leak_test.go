// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

package leak

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"bindingtests/redistest"
	"waitq"
)

var background = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// life carries out one call of each kind, failures too, and returns how many there were.
func life(t testing.TB, client *waitq.Client, room *waitq.Room, limiter *waitq.Limiter, verifier *waitq.Verifier, i int) int {
	binding := &waitq.Binding{Method: "GET", Client: "203.0.113.7"}
	ticket, _, err := room.Join(background, fmt.Sprint("visitor-", i%500))
	must(t, err)
	_, err = room.Poll(ticket)
	must(t, err)
	pass, err := room.Enter(background, ticket, binding)
	must(t, err)
	if pass.Text == "" {
		t.Fatalf("the pass is %v, %v", pass.State, pass.Reason)
	}
	_, err = verifier.Verify(pass.Text, time.Now(), binding)
	must(t, err)
	_, err = room.Renew(background, pass.Text)
	must(t, err)
	must(t, room.Exit(background, pass.Text))
	_, err = room.Leave(background, ticket)
	must(t, err)
	_, err = limiter.Try(background, 1)
	must(t, err)
	tickets, statuses := []waitq.Ticket{ticket, ticket}, make([]waitq.Status, 2)
	must(t, room.PollMany(tickets, statuses, nil))
	must(t, room.JoinMany(background, []string{"ann", "ben"}, tickets, statuses, nil))
	for _, failing := range []func() error{
		func() error { _, err := room.Poll(waitq.Ticket{}); return err },
		func() error { _, err := room.Enter(background, waitq.Ticket{}, binding); return err },
		func() error { _, err := verifier.Verify("x", time.Now(), binding); return err },
		func() error { _, _, err := room.Join(background, strings.Repeat("x", 2000)); return err },
		func() error { _, err := client.OpenRoom(background, "not a name", nil); return err },
	} {
		if failing() == nil {
			t.Fatal("a call that fails did not")
		}
	}
	return 15
}

func TestAMillionCallsLeaveNothingBehind(t *testing.T) {
	for _, run := range []struct {
		uri   string
		calls int
	}{{"memory:", 1_000_000}, {redistest.Start(t).URI, 20_000}} {
		key := waitq.Key{Algorithm: waitq.HS256, ID: "k1", Bytes: []byte(strings.Repeat("k", 32))}
		client, err := waitq.Open(background, run.uri, &waitq.Options{Keys: []waitq.Key{key}})
		must(t, err)
		policy := waitq.DefaultPolicy()
		policy.Rate, policy.Burst = 1e9, 1e9
		room, err := client.OpenRoom(background, "leak", &policy)
		must(t, err)
		limiter, err := client.OpenLimiter(background, "leak", waitq.Limit{Rate: 1e9, Burst: 1e9})
		must(t, err)
		verifier, err := waitq.NewVerifier([]waitq.Key{key}, nil)
		must(t, err)
		var before, beforeGo int64
		for calls, i := 0, 0; calls < run.calls*11/10; i++ {
			if i%500 == 0 { // the line itself grows with each ticket; a new epoch uses its memory again
				must(t, room.Reset(background))
			}
			if before == 0 && calls >= run.calls/10 && i%500 == 0 {
				before, beforeGo = cHeap(), goHeap()
			}
			calls += life(t, client, room, limiter, verifier, i)
		}
		must(t, room.Reset(background))
		grown, grownGo := cHeap()-before, goHeap()-beforeGo
		t.Logf("%s: after %d calls C holds %d bytes more, Go %d", run.uri, run.calls, grown, grownGo)
		if most := int64(128 << 10); grown > most || grownGo > 8*most {
			t.Errorf("%s: %d calls have left %d bytes of C and %d of Go", run.uri, run.calls, grown, grownGo)
		}
		must(t, verifier.Close())
		must(t, client.Close())
	}
}

func TestClientsThatAreOpenedAndClosedLeaveNothingBehind(t *testing.T) {
	var before int64
	for i := 0; i < 2000; i++ {
		if i == 200 {
			before = cHeap()
		}
		client, err := waitq.Open(background, "memory:", &waitq.Options{
			Log: func(waitq.LogLevel, string) {}, Clock: waitq.NewClock(time.Now()),
		})
		must(t, err)
		room, err := client.OpenRoom(background, "leak", nil)
		must(t, err)
		_, _, err = room.Join(background, "ann")
		must(t, err)
		must(t, client.Close())
		if i%100 == 0 {
			runtime.GC() // frees clocks
		}
	}
	runtime.GC()
	grown := cHeap() - before
	t.Logf("after 1800 clients C holds %d bytes more", grown)
	if grown > 64<<10 {
		t.Errorf("1800 clients have left %d bytes", grown)
	}
}

func goHeap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapInuse)
}
