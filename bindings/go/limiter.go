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

// A LimitMode is where a limiter of a shared store decides. On the memory store there is no difference.
type LimitMode uint32

// The modes.
const (
	LimitExact  LimitMode = C.WAITQ_LIMIT_EXACT  // in the store, each try
	LimitLeased LimitMode = C.WAITQ_LIMIT_LEASED // in this process, from tokens taken ahead
)

// A Limit is what a limiter allows.
type Limit struct {
	Rate  float64   // tokens per second, 0 to 1e9
	Burst uint64    // most tokens at one instant, 1 to 1e9; 1 makes a leaky bucket
	Mode  LimitMode // of the handle that is opened, not of the bucket. Default LimitExact
}

func (l *Limit) give() C.waitq_limit {
	var c C.waitq_limit
	C.waitq_limit_init(&c, C.size_t(unsafe.Sizeof(c)))
	c.rate_per_s = C.double(l.Rate)
	c.burst = C.uint64_t(l.Burst)
	c.mode = C.uint32_t(l.Mode)
	return c
}

// A Limiter is admission alone: a token bucket without a line.
type Limiter struct {
	c         *C.waitq_limiter_t
	client    *Client
	guard     *guard
	submitted bool // each try is a round trip
}

// OpenLimiter opens a limiter, and makes it, full, where the store does not have it yet. The limit is that of a new
// limiter; its mode is that of the handle, the rest is ignored where the limiter exists already.
func (c *Client) OpenLimiter(ctx context.Context, name string, limit Limit) (*Limiter, error) {
	const op = "open limiter"
	if err := c.begin(op); err != nil {
		return nil, err
	}
	return await(ctx, c, op, c.guard, func() (*Limiter, error) {
		cName, err := cString(op, "the name", name)
		if err != nil {
			return nil, err
		}
		defer C.free(unsafe.Pointer(cName))
		given := limit.give()
		var opened *C.waitq_limiter_t
		if err := detailed(op, func(detail *C.waitq_error) C.int {
			return C.waitq_limiter_open(c.c, cName, &given, &opened, detail)
		}); err != nil {
			return nil, err
		}
		limiter := &Limiter{c: opened, client: c, guard: newGuard(), submitted: c.isShared && limit.Mode != LimitLeased}
		c.keep(limiter)
		return limiter, nil
	}, func(limiter *Limiter) { limiter.Close() })
}

// Close gives the handle back. The bucket lives on in the store. Closing twice is closing once.
func (l *Limiter) Close() error {
	if l != nil && l.c != nil && l.guard.close() {
		l.client.forget(l)
		C.waitq_limiter_close(l.c)
	}
	return nil
}

func (l *Limiter) handle() C.waitq_go_handle {
	return C.waitq_go_handle(uintptr(unsafe.Pointer(l.c)))
}

func (l *Limiter) begin(op string) error {
	if l == nil || l.c == nil {
		return fail(op, ErrInvalid, "the limiter was not opened by Client.OpenLimiter")
	}
	if !l.guard.begin() {
		return fail(op, ErrClosed, "the limiter is closed")
	}
	return nil
}

// Configure changes the limit, for all who share it; its mode is not looked at.
func (l *Limiter) Configure(ctx context.Context, limit Limit) error {
	const op = "configure limiter"
	if err := l.begin(op); err != nil {
		return err
	}
	given := limit.give()
	_, err := await(ctx, l.client, op, l.guard, func() (struct{}, error) {
		return struct{}{}, detailed(op, func(detail *C.waitq_error) C.int {
			return C.waitq_limiter_configure(l.c, &given, detail)
		})
	}, nil)
	return err
}

// A Decision is the answer to one try.
type Decision struct {
	Admitted   bool          // the tokens were taken; otherwise none was
	Remaining  uint64        // whole tokens left
	RetryAfter time.Duration // when the same try can succeed; 0 when admitted; [Never]
	Reset      time.Duration // when the bucket will be full; [Never]
}

func takeDecision(c *C.waitq_decision) Decision {
	return Decision{c.admitted != 0, uint64(c.remaining), duration(c.retry_after_ms), duration(c.reset_ms)}
}

// Try takes tokens, all of them or none. After [ErrStore], [ErrTimeout] and the end of the context they may have been
// taken.
func (l *Limiter) Try(ctx context.Context, tokens uint32) (decision Decision, err error) {
	const op = "try"
	if err := l.begin(op); err != nil {
		return decision, err
	}
	if l.submitted {
		err = l.client.submit(ctx, op, l.guard, func(call *call) *C.waitq_error {
			return C.waitq_go_submit_try(l.handle(), C.uint32_t(tokens), call.c, call.tag)
		}, func(c *C.waitq_go_call) { decision = takeDecision(&c.decision) })
		return decision, err
	}
	if l.client.isShared {
		return await(ctx, l.client, op, l.guard, func() (Decision, error) { return l.try(op, tokens) }, nil)
	}
	defer l.guard.end()
	if err := checkContext(ctx, op); err != nil {
		return decision, err
	}
	return l.try(op, tokens)
}

func (l *Limiter) try(op string, tokens uint32) (Decision, error) {
	tried := C.waitq_go_try(l.handle(), C.uint32_t(tokens))
	if tried.failure != nil {
		return Decision{}, failed(op, tried.failure)
	}
	return takeDecision(&tried.decision), nil
}
