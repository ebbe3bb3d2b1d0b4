// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

import "time"

// A Status is where a ticket stands.
type Status struct {
	State      State
	Reason     Reason
	Phase      Phase         // of the room
	Position   uint64        // 1 + those waiting ahead; 0 unless waiting. Never rises
	Ahead      uint64        // how many wait ahead
	Behind     uint64        // how many wait behind
	ETA        time.Duration // median estimate of the wait from now on; 0 unless waiting; [Unknown]
	ETALow     time.Duration // the turn comes earlier than this once in twenty times
	ETAHigh    time.Duration // the turn comes later than this once in twenty times; [Unknown] where ETA is
	Confidence float64       // 0 to 1: how far the estimate can be relied on
	Waited     time.Duration // since the ticket was issued
	EnterBy    time.Time     // until when a turn can be claimed; zero unless ready
	NextPoll   time.Duration // when to poll next; 0: never again
	Age        time.Duration // how old the view of the store is; 0 on the memory store
}

func (s *Status) take(c *C.waitq_status) {
	s.State = State(c.state)
	s.Reason = Reason(c.reason)
	s.Phase = Phase(c.phase)
	s.Position = uint64(c.position)
	s.Ahead = uint64(c.ahead)
	s.Behind = uint64(c.behind)
	s.ETA = duration(c.eta_ms)
	s.ETALow = duration(c.eta_low_ms)
	s.ETAHigh = duration(c.eta_high_ms)
	s.Confidence = float64(c.confidence)
	s.Waited = duration(c.waited_ms)
	s.EnterBy = instant(c.enter_by_ms)
	s.NextPoll = duration(c.next_poll_ms)
	s.Age = duration(c.age_ms)
}

// A Pass is a signed proof of admission: a JWT, which [Verifier] and any library for JWT verify.
type Pass struct {
	State      State         // StateEntered where there is a pass
	Reason     Reason        // why there is none
	Expires    time.Time     // when the pass ends, and with it the session; zero without a pass
	RetryAfter time.Duration // when to ask again; 0 where that is of no use
	Text       string        // the JWT; empty where there is none
}

func takePass(c *C.waitq_pass) Pass {
	return Pass{
		State:      State(c.state),
		Reason:     Reason(c.reason),
		Expires:    instant(c.expires_at_ms),
		RetryAfter: duration(c.retry_after_ms),
		Text:       text(c.text[:]),
	}
}
