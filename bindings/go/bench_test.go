// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"context"
	"fmt"
	"testing"
)

// line opens a room of its own in which so many wait, and nobody gets a turn.
func line(b *testing.B, waiting int) (*Room, []Ticket) {
	b.Helper()
	client, err := Open(context.Background(), "memory:", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { client.Close() })
	policy := DefaultPolicy()
	policy.Rate = 1e-3
	policy.Burst = 1
	room, err := client.OpenRoom(context.Background(), "bench", &policy)
	if err != nil {
		b.Fatal(err)
	}
	tickets := make([]Ticket, waiting)
	if err := room.JoinMany(context.Background(), names(waiting), tickets, make([]Status, waiting), nil); err != nil {
		b.Fatal(err)
	}
	return room, tickets
}

func names(count int) []string {
	made := make([]string, count)
	for i := range made {
		made[i] = fmt.Sprintf("visitor-%d", i)
	}
	return made
}

const benchWaiting = 100_000

func BenchmarkEmptyCall(b *testing.B) {
	for i := 0; i < b.N; i++ {
		versionNumber()
	}
}

func BenchmarkPoll(b *testing.B) {
	room, tickets := line(b, benchWaiting)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, err := room.Poll(tickets[i%len(tickets)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPollParallel(b *testing.B) {
	room, tickets := line(b, benchWaiting)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := room.Poll(tickets[i%len(tickets)]); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkPollMany(b *testing.B) {
	const batch = 256
	room, tickets := line(b, benchWaiting)
	statuses := make([]Status, batch)
	codes := make([]Code, batch)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += batch {
		at := i % (len(tickets) - batch)
		if err := room.PollMany(tickets[at:at+batch], statuses, codes); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJoin(b *testing.B) {
	room, _ := line(b, 1)
	visitors := names(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, _, err := room.Join(context.Background(), visitors[i]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJoinMany(b *testing.B) {
	const batch = 256
	room, _ := line(b, 1)
	visitors := names(b.N + batch)
	tickets := make([]Ticket, batch)
	statuses := make([]Status, batch)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += batch {
		if err := room.JoinMany(context.Background(), visitors[i:i+batch], tickets, statuses, nil); err != nil {
			b.Fatal(err)
		}
	}
}
