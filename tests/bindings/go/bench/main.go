// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Command bench measures what a call costs from Go beside the same call from C, in one process and on rooms of the
// same size:
//
//	bench [-waiting 100000] [-rounds 300]
//	bench -redis redis://127.0.0.1:6379 [-rounds 5]      joins on a server that runs already, and that may be filled
//
// Each figure is the least of many short rounds, and the rounds of all take turns, so that what else the machine does
// falls on all alike, and seldom on the least.
package main

// #cgo pkg-config: waitq
// #include <stdio.h>
// #include <stdlib.h>
// #include <string.h>
// #include <waitq/waitq.h>
//
// static waitq_t *context;
// static waitq_room_t *room;
// static waitq_ticket *tickets;
// static waitq_status statuses[256];
// static int32_t codes[256];
// static long joined;
//
// static int next_name(char *name) { return sprintf(name, "c-%ld", joined++); }
//
// static int c_open(long waiting) {
//   waitq_policy policy = WAITQ_POLICY_INIT;
//   char name[32];
//   policy.rate_per_s = 1e-3;
//   policy.burst = 1;
//   tickets = calloc(waiting, sizeof *tickets);
//   if (waitq_open("memory:", NULL, &context, NULL) || waitq_room_open(context, "bench", &policy, &room, NULL)) return 0;
//   statuses[0].size = sizeof statuses[0];
//   for (long i = 0; i < waiting; i++) {
//     tickets[i].size = sizeof tickets[i];
//     if (waitq_join(room, name, next_name(name), NULL, &tickets[i], NULL, NULL)) return 0;
//   }
//   return 1;
// }
//
// static int c_poll(long from, long count) {
//   int failed = 0;
//   for (long i = from; i < from + count; i++) failed |= waitq_poll(room, tickets[i].text, statuses, NULL);
//   return failed;
// }
//
// static int c_poll_many(long from, long count) {
//   int failed = 0;
//   for (long i = from; i < from + count; i += 256)
//     failed |= waitq_poll_many(room, tickets + i, 256, statuses, codes, NULL);
//   return failed;
// }
//
// static int c_join(long count) {
//   int failed = 0;
//   waitq_ticket ticket = WAITQ_TICKET_INIT;
//   char name[32];
//   for (long i = 0; i < count; i++)
//     failed |= waitq_join(room, name, next_name(name), NULL, &ticket, statuses, NULL);
//   return failed;
// }
//
// static void c_nothing(void) {}
import "C"

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"strconv"
	"time"

	"waitq"
)

const (
	batch   = 256
	perTurn = 8 * batch
)

type figure struct {
	name  string
	each  int // calls in a round
	round func(from int)
	least float64 // nanoseconds a call
}

type goLine struct {
	room     *waitq.Room
	tickets  []waitq.Ticket
	statuses []waitq.Status
	codes    []waitq.Code
	names    []string
	joined   int
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func openLine(waiting int) *goLine {
	client, err := waitq.Open(context.Background(), "memory:", nil)
	check(err)
	policy := waitq.DefaultPolicy()
	policy.Rate = 1e-3
	policy.Burst = 1
	room, err := client.OpenRoom(context.Background(), "bench", &policy)
	check(err)
	l := &goLine{
		room: room, tickets: make([]waitq.Ticket, waiting), statuses: make([]waitq.Status, batch),
		codes: make([]waitq.Code, batch), names: make([]string, batch),
	}
	for i := range l.tickets {
		l.tickets[i], _, err = room.Join(context.Background(), l.name())
		check(err)
	}
	return l
}

func (l *goLine) name() string {
	l.joined++
	return "g-" + strconv.Itoa(l.joined)
}

func (l *goLine) poll(from int) {
	for _, ticket := range l.tickets[from : from+perTurn] {
		_, err := l.room.Poll(ticket)
		check(err)
	}
}

func (l *goLine) pollMany(from int) {
	for i := from; i < from+perTurn; i += batch {
		check(l.room.PollMany(l.tickets[i:i+batch], l.statuses, l.codes))
	}
}

func (l *goLine) join(int) {
	for i := 0; i < batch; i++ {
		_, _, err := l.room.Join(context.Background(), l.name())
		check(err)
	}
}

func (l *goLine) joinMany(int) {
	for i := range l.names {
		l.names[i] = l.name()
	}
	check(l.room.JoinMany(context.Background(), l.names, make([]waitq.Ticket, batch), l.statuses, l.codes))
}

func ok(failed C.int) {
	if failed != 0 {
		log.Fatal("a call from C failed")
	}
}

func main() {
	waiting := flag.Int("waiting", 100_000, "how many wait in the rooms")
	rounds := flag.Int("rounds", 0, "how often each figure is taken (default 300, with Redis 5)")
	redis := flag.String("redis", "", "the URI of a Redis to compare joins on")
	flag.Parse()
	if *redis != "" {
		joins(*redis, orDefault(*rounds, 5))
	} else {
		calls(*waiting, orDefault(*rounds, 300))
	}
}

func orDefault(given, otherwise int) int {
	if given > 0 {
		return given
	}
	return otherwise
}

// calls compares single calls on the memory store.
func calls(waiting, rounds int) {
	if waiting < 2*perTurn {
		log.Fatalf("at least %d have to wait", 2*perTurn)
	}
	if C.c_open(C.long(waiting)) == 0 {
		log.Fatal("the room of C cannot be opened")
	}
	line := openLine(waiting)
	figures := []*figure{
		{name: "an empty call of cgo", each: perTurn, round: func(int) {
			for i := 0; i < perTurn; i++ {
				C.c_nothing()
			}
		}},
		{name: "poll, C", each: perTurn, round: func(from int) { ok(C.c_poll(C.long(from), perTurn)) }},
		{name: "poll, Go", each: perTurn, round: line.poll},
		{name: "poll in 256s, C", each: perTurn, round: func(from int) { ok(C.c_poll_many(C.long(from), perTurn)) }},
		{name: "poll in 256s, Go", each: perTurn, round: line.pollMany},
		{name: "join, C", each: batch, round: func(int) { ok(C.c_join(batch)) }},
		{name: "join, Go", each: batch, round: line.join},
		{name: "join in 256s, Go", each: batch, round: line.joinMany},
	}
	for _, f := range figures {
		f.least = math.Inf(1)
	}
	for i := 0; i < rounds; i++ {
		from := i * perTurn % (waiting - perTurn)
		for _, f := range figures {
			started := time.Now()
			f.round(from)
			f.least = math.Min(f.least, float64(time.Since(started).Nanoseconds())/float64(f.each))
		}
	}
	for _, f := range figures {
		fmt.Printf("%-22s %7.1f ns\n", f.name, f.least)
	}
}
