// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

import (
	"context"
	"strings"
	"sync"
	"unsafe"
)

// statuses are what batches are answered into before the answers become Go's.
var statuses = sync.Pool{New: func() any { return new([]C.waitq_status) }}

func takeStatuses(count int) *[]C.waitq_status {
	taken := statuses.Get().(*[]C.waitq_status)
	if cap(*taken) < count {
		*taken = make([]C.waitq_status, count)
	}
	*taken = (*taken)[:count]
	return taken
}

func checkLengths(op string, count, tickets, statuses int, codes []Code) error {
	if tickets < count || statuses < count || codes != nil && len(codes) < count {
		return fail(op, ErrInvalid, "the slices are of unequal length: %d to do, room for %d tickets, %d statuses and %d codes",
			count, tickets, statuses, len(codes))
	}
	return nil
}

func cCodes(codes []Code) *C.int32_t {
	if len(codes) == 0 {
		return nil
	}
	return (*C.int32_t)(unsafe.Pointer(&codes[0]))
}

// PollMany polls many tickets with one call and one clock read. It fills in a status for each, and, where codes is
// not nil, a code for each, 0 where all went well. The error is that of the first ticket that failed; the others are
// answered all the same. It never waits, and allocates nothing when called again and again.
func (r *Room) PollMany(tickets []Ticket, answers []Status, codes []Code) error {
	const op = "poll many"
	if err := checkLengths(op, len(tickets), len(tickets), len(answers), codes); err != nil || len(tickets) == 0 {
		return err
	}
	if err := r.begin(op); err != nil {
		return err
	}
	defer r.guard.end()
	if tickets[0].IsZero() { // the size of the first counts for all, and this one has none
		tickets = append([]Ticket{{C.waitq_ticket{size: C.size_t(unsafe.Sizeof(tickets[0].c))}}}, tickets[1:]...)
	}
	got := takeStatuses(len(tickets))
	defer statuses.Put(got)
	failure := C.waitq_go_poll_many(r.handle(), &tickets[0].c, C.size_t(len(tickets)), &(*got)[0], cCodes(codes))
	takeAll(answers, *got, codes, failure != nil)
	return failed(op, failure)
}

// takeAll turns answers into Go's. Where one has failed and there are no codes to tell which, a status without a
// state is one.
func takeAll(to []Status, from []C.waitq_status, codes []Code, anyFailed bool) {
	for i := range from {
		if anyFailed && codes != nil && codes[i] != 0 {
			to[i] = Status{}
		} else {
			to[i].take(&from[i])
		}
	}
}

// JoinMany takes places for many visitors, in their order, with one call: an empty id is an anonymous visitor. It
// fills in a ticket and a status for each, and, where codes is not nil, a code for each, 0 where all went well. The
// error is that of the first visitor who failed; the others are tried all the same. Where the context ends early
// nothing is filled in.
func (r *Room) JoinMany(ctx context.Context, visitors []string, tickets []Ticket, answers []Status, codes []Code) error {
	const op = "join many"
	if err := checkLengths(op, len(visitors), len(tickets), len(answers), codes); err != nil || len(visitors) == 0 {
		return err
	}
	if err := r.begin(op); err != nil {
		return err
	}
	ids := strings.Join(visitors, "")
	lengths := make([]C.uint32_t, len(visitors))
	for i, visitor := range visitors {
		lengths[i] = C.uint32_t(len(visitor))
	}
	type places struct {
		tickets  []Ticket
		statuses []C.waitq_status
		codes    []Code
		err      error
	}
	joined, err := await(ctx, r.client, op, r.guard, func() (places, error) {
		n := len(visitors)
		got := places{make([]Ticket, n), make([]C.waitq_status, n), make([]Code, n), nil}
		bytes, _ := chars(ids)
		got.err = failed(op, C.waitq_go_join_many(r.handle(), bytes, &lengths[0], C.size_t(n), &got.tickets[0].c, &got.statuses[0],
			cCodes(got.codes)))
		return got, nil
	}, nil)
	if err != nil {
		return err
	}
	for i := range joined.tickets {
		tickets[i] = takeTicket(&joined.tickets[i].c)
	}
	takeAll(answers, joined.statuses, joined.codes, joined.err != nil)
	copy(codes, joined.codes)
	return joined.err
}
