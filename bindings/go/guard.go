// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"math"
	"sync"
	"sync/atomic"
)

// A guard counts the calls that are going on with a handle of the library's, which nobody may close under them. It
// costs two atomic additions a call.
type guard struct {
	calls atomic.Int64 // how many; less closing once the handle is being closed
	once  sync.Once
	idle  chan struct{}
	// turn is held by the one call that is in C where the library has a lock: the others would wait for that lock in
	// C, and each would hold a thread. As goroutines they hold none.
	turn sync.Mutex
}

const closing = math.MinInt64 / 2

func newGuard() *guard {
	return &guard{idle: make(chan struct{})}
}

// begin is false where the handle is closed or being closed; otherwise end has to follow.
func (g *guard) begin() bool {
	if g.calls.Add(1) > 0 {
		return true
	}
	g.end()
	return false
}

func (g *guard) end() {
	if g.calls.Add(-1) == closing {
		g.once.Do(func() { close(g.idle) })
	}
}

// close refuses calls from now on, and waits for those that are going on. It is true for the one caller who shall
// close the handle.
func (g *guard) close() bool {
	for {
		calls := g.calls.Load()
		if calls < 0 {
			return false
		}
		if g.calls.CompareAndSwap(calls, calls+closing) {
			if calls == 0 {
				g.once.Do(func() { close(g.idle) })
			}
			<-g.idle
			return true
		}
	}
}
