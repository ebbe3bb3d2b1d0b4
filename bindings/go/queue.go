// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

import "context"

// VisitorMax is how long the id of a visitor can be, in bytes.
const VisitorMax = C.WAITQ_VISITOR_MAX

// Join takes a place in line, or gives back the place that the visitor has already. The id of a visitor is any
// string, such as an account or a session; it is stored only as a keyed hash. The status is the first answer, as
// [Room.Poll] would give it; where its State is [StateNone] the room did not take the visitor, the ticket is zero,
// and Reason says why.
func (r *Room) Join(ctx context.Context, visitor string) (Ticket, Status, error) {
	if visitor == "" {
		return Ticket{}, Status{}, fail("join", ErrInvalid, "the visitor has no id: JoinAnonymous is for those")
	}
	return r.join(ctx, visitor)
}

// JoinAnonymous joins for a visitor without an id, who gets a new ticket each time.
func (r *Room) JoinAnonymous(ctx context.Context) (Ticket, Status, error) {
	return r.join(ctx, "")
}

func (r *Room) join(ctx context.Context, visitor string) (ticket Ticket, status Status, err error) {
	const op = "join"
	if err := r.begin(op); err != nil {
		return ticket, status, err
	}
	id, length := chars(visitor)
	if r.client.isShared {
		err = r.client.submit(ctx, op, r.guard, func(call *call) *C.waitq_error {
			return C.waitq_go_submit_join(r.handle(), id, length, call.c, call.tag)
		}, func(c *C.waitq_go_call) {
			ticket = takeTicket(&c.ticket)
			status.take(&c.status)
		})
		return ticket, status, err
	}
	defer r.guard.end()
	if err := checkContext(ctx, op); err != nil {
		return ticket, status, err
	}
	r.guard.turn.Lock()
	joined := C.waitq_go_join(r.handle(), id, length)
	r.guard.turn.Unlock()
	if joined.failure != nil {
		return ticket, status, failed(op, joined.failure)
	}
	status.take(&joined.status)
	return takeTicket(&joined.ticket), status, nil
}

// Poll tells where a ticket stands, and is the visitor's heartbeat. It never waits, whatever the store does, and
// allocates nothing.
func (r *Room) Poll(ticket Ticket) (status Status, err error) {
	const op = "poll"
	if err := r.begin(op); err != nil {
		return status, err
	}
	polled := C.waitq_go_poll(r.handle(), ticket.c)
	r.guard.end()
	if polled.failure != nil {
		return status, failed(op, polled.failure)
	}
	status.take(&polled.status)
	return status, nil
}

// Enter uses a turn: it gives the pass to show to the protected resource, bound to a request where binding is not
// nil. The State of the pass says how it went: [StateEntered] with a Text; [StateReady] with a RetryAfter, where the
// turn stands but others enter at this instant, or the room is paused; any other where there is no turn to use. A
// repeated call gives the same pass again.
func (r *Room) Enter(ctx context.Context, ticket Ticket, binding *Binding) (pass Pass, err error) {
	const op = "enter"
	if err := r.begin(op); err != nil {
		return pass, err
	}
	bound, free, err := binding.give(op)
	if err != nil {
		r.guard.end()
		return pass, err
	}
	defer free()
	if r.client.isShared {
		err = r.client.submit(ctx, op, r.guard, func(call *call) *C.waitq_error {
			return C.waitq_go_submit_enter(r.handle(), ticket.c, bound, call.c, call.tag)
		}, func(c *C.waitq_go_call) { pass = takePass(&c.pass) })
		return pass, err
	}
	defer r.guard.end()
	if err := checkContext(ctx, op); err != nil {
		return pass, err
	}
	r.guard.turn.Lock()
	entered := C.waitq_go_enter(r.handle(), ticket.c, bound)
	r.guard.turn.Unlock()
	if entered.failure != nil {
		return pass, failed(op, entered.failure)
	}
	return takePass(&entered.pass), nil
}

// Leave leaves the line. A visitor whose turn had come gives the token back. Leaving twice is leaving once; a ticket
// that has entered is not affected.
func (r *Room) Leave(ctx context.Context, ticket Ticket) (status Status, err error) {
	const op = "leave"
	if err := r.begin(op); err != nil {
		return status, err
	}
	if r.client.isShared {
		err = r.client.submit(ctx, op, r.guard, func(call *call) *C.waitq_error {
			return C.waitq_go_submit_leave(r.handle(), ticket.c, call.c, call.tag)
		}, func(c *C.waitq_go_call) { status.take(&c.status) })
		return status, err
	}
	defer r.guard.end()
	if err := checkContext(ctx, op); err != nil {
		return status, err
	}
	r.guard.turn.Lock()
	left := C.waitq_go_leave(r.handle(), ticket.c)
	r.guard.turn.Unlock()
	if left.failure != nil {
		return status, failed(op, left.failure)
	}
	status.take(&left.status)
	return status, nil
}

// Renew lets a session run on: it gives a pass with the same id and binding and a later expiry. The State is
// [StateExpired] when the session has ended, and [StateStale] after a reset.
func (r *Room) Renew(ctx context.Context, passText string) (pass Pass, err error) {
	const op = "renew"
	if err := r.begin(op); err != nil {
		return pass, err
	}
	old, length := chars(passText)
	if r.client.isShared {
		err = r.client.submit(ctx, op, r.guard, func(call *call) *C.waitq_error {
			return C.waitq_go_submit_renew(r.handle(), old, length, call.c, call.tag)
		}, func(c *C.waitq_go_call) { pass = takePass(&c.pass) })
		return pass, err
	}
	defer r.guard.end()
	if err := checkContext(ctx, op); err != nil {
		return pass, err
	}
	r.guard.turn.Lock()
	renewed := C.waitq_go_renew(r.handle(), old, length)
	r.guard.turn.Unlock()
	if renewed.failure != nil {
		return pass, failed(op, renewed.failure)
	}
	return takePass(&renewed.pass), nil
}

// Exit ends a session, so that its slot serves the next in line. Ending it twice is ending it once. The pass itself
// stays verifiable until it expires.
func (r *Room) Exit(ctx context.Context, passText string) error {
	const op = "exit"
	if err := r.begin(op); err != nil {
		return err
	}
	pass, length := chars(passText)
	if r.client.isShared {
		return r.client.submit(ctx, op, r.guard, func(call *call) *C.waitq_error {
			return C.waitq_go_submit_exit(r.handle(), pass, length, call.tag)
		}, func(*C.waitq_go_call) {})
	}
	defer r.guard.end()
	if err := checkContext(ctx, op); err != nil {
		return err
	}
	r.guard.turn.Lock()
	failure := C.waitq_go_exit(r.handle(), pass, length)
	r.guard.turn.Unlock()
	return failed(op, failure)
}
