// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

package main

// #include <poll.h>
// #include <stdio.h>
// #include <stdlib.h>
// #include <time.h>
// #include <waitq/waitq.h>
//
// struct place { waitq_ticket ticket; waitq_status status; };
//
// static int submit(waitq_room_t *room, const char *run, struct place *places, size_t place, long number) {
//   char name[64];
//   int length = snprintf(name, sizeof name, "%s-%ld", run, number);
//   return waitq_submit_join(room, name, length, NULL, &places[place].ticket, &places[place].status, place, NULL);
// }
//
// // Joins so many visitors, so many at a time, in one thread that submits and collects.
// static int c_joins(const char *uri, const char *run, long total, size_t at_once, int64_t *nanoseconds) {
//   struct timespec start, end;
//   waitq_t *context = NULL;
//   waitq_room_t *room = NULL;
//   waitq_completion done[256] = {WAITQ_COMPLETION_INIT};
//   struct place *places = calloc(at_once, sizeof *places);
//   long sent = 0, ended = 0;
//   int32_t fd = -1;
//   int failed = waitq_open(uri, NULL, &context, NULL) || waitq_room_open(context, run, NULL, &room, NULL) ||
//                waitq_completion_fd(context, &fd, NULL);
//   for (size_t i = 0; i < at_once; i++) {
//     waitq_ticket_init(&places[i].ticket, sizeof places[i].ticket);
//     waitq_status_init(&places[i].status, sizeof places[i].status);
//   }
//   clock_gettime(CLOCK_MONOTONIC, &start);
//   for (size_t i = 0; i < at_once && !failed; i++) failed = submit(room, run, places, i, sent++);
//   while (ended < total && !failed) {
//     size_t count = 256;
//     poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
//     while (count == 256 && !failed) {
//       failed = waitq_complete(context, done, 256, &count, NULL);
//       for (size_t i = 0; i < count && !failed; i++, ended++) {
//         failed = done[i].code;
//         if (sent < total && !failed) failed = submit(room, run, places, done[i].tag, sent++);
//       }
//     }
//   }
//   clock_gettime(CLOCK_MONOTONIC, &end);
//   *nanoseconds = (int64_t)(end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec;
//   waitq_room_close(room);
//   waitq_close(context);
//   free(places);
//   return failed;
// }
import "C"

import (
	"context"
	"fmt"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"waitq"
)

// goJoins does the same with so many goroutines, each of which waits for its own. Like the memory of C, they are
// there, and have joined once, before the time is taken.
func goJoins(uri, run string, total, atOnce int) time.Duration {
	client, err := waitq.Open(context.Background(), uri, nil)
	check(err)
	defer client.Close()
	room, err := client.OpenRoom(context.Background(), run, nil)
	check(err)
	join := func(n int64) {
		_, _, err := room.Join(context.Background(), fmt.Sprintf("%s-%d", run, n))
		check(err)
	}
	var sent atomic.Int64
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := 0; i < atOnce; i++ {
		ready.Add(1)
		done.Add(1)
		go func(i int) {
			defer done.Done()
			join(int64(-i))
			ready.Done()
			<-start
			for n := sent.Add(1); n <= int64(total); n = sent.Add(1) {
				join(n)
			}
		}(i)
	}
	ready.Wait()
	started := time.Now()
	close(start)
	done.Wait()
	return time.Since(started)
}

func cJoins(uri, run string, total, atOnce int) time.Duration {
	cURI, cRun := C.CString(uri), C.CString(run)
	defer C.free(unsafe.Pointer(cURI))
	defer C.free(unsafe.Pointer(cRun))
	var nanoseconds C.int64_t
	ok(C.c_joins(cURI, cRun, C.long(total), C.size_t(atOnce), &nanoseconds))
	return time.Duration(nanoseconds)
}

// joins compares joins on Redis, C and Go in turns; the best of each counts.
func joins(uri string, rounds int) {
	const total = 200_000
	for _, atOnce := range []int{512, 10_000} {
		best := [2]float64{}
		for i := 0; i < rounds; i++ {
			for side, join := range []func(string, string, int, int) time.Duration{cJoins, goJoins} {
				run := fmt.Sprintf("bench-%d-%d-%d-%d", os.Getpid(), atOnce, i, side)
				best[side] = math.Max(best[side], total/join(uri, run, total, atOnce).Seconds())
			}
		}
		fmt.Printf("joins on Redis, %6d at once: C %7.0f/s, Go %7.0f/s (%.0f %%)\n", atOnce, best[0], best[1],
			100*best[1]/best[0])
	}
}
