// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"runtime"
	"time"
	"unsafe"
)

// A Clock stands still until it is moved: it lets tests and rehearsals go through a day in a moment. Its resolution
// is a microsecond. All methods may be called from any goroutine.
type Clock struct {
	c *C.int64_t
}

// NewClock makes a clock that shows the given time, for [Options].Clock.
func NewClock(start time.Time) *Clock {
	clock := &Clock{C.waitq_go_clock_new()}
	if clock.c == nil {
		panic("waitq: no memory for a clock")
	}
	clock.Set(start)
	runtime.SetFinalizer(clock, func(clock *Clock) { C.free(unsafe.Pointer(clock.c)) })
	return clock
}

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	now := time.UnixMicro(int64(C.waitq_go_clock_read(unsafe.Pointer(c.c))))
	runtime.KeepAlive(c)
	return now
}

// Set moves the clock to a time. Rooms put up with one that goes backward: for them, time then stands still.
func (c *Clock) Set(now time.Time) {
	C.waitq_go_clock_set(c.c, C.int64_t(now.UnixMicro()))
	runtime.KeepAlive(c)
}

// Advance moves the clock by a duration, and returns what it shows then.
func (c *Clock) Advance(by time.Duration) time.Time {
	now := time.UnixMicro(int64(C.waitq_go_clock_add(c.c, C.int64_t(by/time.Microsecond))))
	runtime.KeepAlive(c)
	return now
}
