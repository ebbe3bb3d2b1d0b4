// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"context"
	"time"
	"unsafe"
)

// A Room is one waiting room: a named line in front of one protected resource.
type Room struct {
	c      *C.waitq_room_t
	client *Client
	guard  *guard
	name   string
}

// OpenRoom opens a room, and makes it where the store does not have it yet. Its name is [A-Za-z0-9_.-]{1,64}. The
// policy is that of a new room, nil for the default; where the room exists already it is ignored, and
// [Room.Configure] changes it.
func (c *Client) OpenRoom(ctx context.Context, name string, policy *Policy) (*Room, error) {
	const op = "open room"
	if err := c.begin(op); err != nil {
		return nil, err
	}
	return await(ctx, c, op, c.guard, func() (*Room, error) {
		cName, err := cString(op, "the name", name)
		if err != nil {
			return nil, err
		}
		defer C.free(unsafe.Pointer(cName))
		var cPolicy *C.waitq_policy
		if policy != nil {
			given := policy.give()
			cPolicy = &given
		}
		room := &Room{client: c, guard: newGuard(), name: name}
		var opened *C.waitq_room_t
		if err := detailed(op, func(detail *C.waitq_error) C.int {
			return C.waitq_room_open(c.c, cName, cPolicy, &opened, detail)
		}); err != nil {
			return nil, err
		}
		room.c = opened
		c.keep(room)
		return room, nil
	}, func(room *Room) { room.Close() })
}

// detailed carries out a call that is rare, with an error to fill in.
func detailed(op string, call func(*C.waitq_error) C.int) error {
	var detail C.waitq_error
	C.waitq_error_init(&detail, C.size_t(unsafe.Sizeof(detail)))
	code := call(&detail)
	return failed(op, C.waitq_go_failure(code, &detail))
}

// Close gives the handle back. The room itself lives on in the store: its line, its sessions, its policy. Close waits
// for calls that are going on; those that come later fail with [ErrClosed]. Closing twice is closing once.
func (r *Room) Close() error {
	if r != nil && r.c != nil && r.guard.close() {
		r.client.forget(r)
		C.waitq_room_close(r.c)
	}
	return nil
}

// Name is the room's name.
func (r *Room) Name() string {
	return r.name
}

func (r *Room) handle() C.waitq_go_handle {
	return C.waitq_go_handle(uintptr(unsafe.Pointer(r.c)))
}

func (r *Room) begin(op string) error {
	if r == nil || r.c == nil {
		return fail(op, ErrInvalid, "the room was not opened by Client.OpenRoom")
	}
	if !r.guard.begin() {
		return fail(op, ErrClosed, "the room is closed")
	}
	return nil
}

// control carries out a call that may wait for the store and brings nothing.
func (r *Room) control(ctx context.Context, op string, call func(detail *C.waitq_error) C.int) error {
	if err := r.begin(op); err != nil {
		return err
	}
	_, err := await(ctx, r.client, op, r.guard, func() (struct{}, error) {
		return struct{}{}, detailed(op, call)
	}, nil)
	return err
}

// Configure changes the policy of a live room, for all who share it. Whoever waits keeps the place.
func (r *Room) Configure(ctx context.Context, policy Policy) error {
	given := policy.give()
	return r.control(ctx, "configure", func(detail *C.waitq_error) C.int {
		return C.waitq_room_configure(r.c, &given, detail)
	})
}

// Policy reads the policy in force, the rate in force among it. It never waits for a network.
func (r *Room) Policy() (Policy, error) {
	const op = "policy"
	if err := r.begin(op); err != nil {
		return Policy{}, err
	}
	defer r.guard.end()
	var c C.waitq_policy
	C.waitq_policy_init(&c, C.size_t(unsafe.Sizeof(c)))
	if err := detailed(op, func(detail *C.waitq_error) C.int { return C.waitq_room_policy(r.c, &c, detail) }); err != nil {
		return Policy{}, err
	}
	return takePolicy(&c), nil
}

// SetRate sets the rate now, in admissions per second. Tokens already in the bucket stay in it.
func (r *Room) SetRate(ctx context.Context, perSecond float64) error {
	return r.control(ctx, "set rate", func(detail *C.waitq_error) C.int {
		return C.waitq_room_set_rate(r.c, C.double(perSecond), detail)
	})
}

// RatePlansMax is how many changes of rate can be planned ahead.
const RatePlansMax = C.WAITQ_RATE_PLANS_MAX

// SetRateAt plans a change of rate. Estimates know the plan from now on. A time that has passed sets the rate now; a
// second plan for one time replaces the first.
func (r *Room) SetRateAt(ctx context.Context, perSecond float64, at time.Time) error {
	return r.control(ctx, "set rate at", func(detail *C.waitq_error) C.int {
		return C.waitq_room_set_rate_at(r.c, C.double(perSecond), unixMilli(at), detail)
	})
}

// SetPhase moves the room to another phase; it becomes scheduled only by its policy when it is made.
func (r *Room) SetPhase(ctx context.Context, phase Phase) error {
	return r.control(ctx, "set phase", func(detail *C.waitq_error) C.int {
		return C.waitq_room_set_phase(r.c, C.uint32_t(phase), detail)
	})
}

// PauseUntil pauses the room until a moment, at which it goes on by itself. Estimates know the end from now on.
// Another phase that is set meanwhile ends the pause.
func (r *Room) PauseUntil(ctx context.Context, until time.Time) error {
	return r.control(ctx, "pause until", func(detail *C.waitq_error) C.int {
		return C.waitq_room_pause_until(r.c, unixMilli(until), detail)
	})
}

// Reset starts a new epoch: the line is empty, and every ticket and pass given so far is stale.
func (r *Room) Reset(ctx context.Context) error {
	return r.control(ctx, "reset", func(detail *C.waitq_error) C.int { return C.waitq_room_reset(r.c, detail) })
}

// Stats does what is due, and reads the counts.
func (r *Room) Stats(ctx context.Context) (Stats, error) {
	const op = "stats"
	if err := r.begin(op); err != nil {
		return Stats{}, err
	}
	return await(ctx, r.client, op, r.guard, func() (Stats, error) {
		var c C.waitq_stats
		C.waitq_stats_init(&c, C.size_t(unsafe.Sizeof(c)))
		err := detailed(op, func(detail *C.waitq_error) C.int { return C.waitq_room_stats(r.c, &c, detail) })
		return takeStats(&c), err
	}, nil)
}
