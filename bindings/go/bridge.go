// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #cgo pkg-config: waitq
// #cgo CFLAGS: -D_GNU_SOURCE
// #include "bridge.h"
import "C"

import (
	"fmt"
	"math"
	"time"
	"unsafe"
)

const (
	// Never is a time that does not come.
	Never = time.Duration(math.MaxInt64)
	// Unknown is a time that is not known, and the reason beside it says why.
	Unknown = -time.Millisecond
)

// duration turns milliseconds of the library's into a duration; those that are too many into [Never].
func duration(ms C.int64_t) time.Duration {
	if int64(ms) > int64(Never/time.Millisecond) {
		return Never
	}
	return time.Duration(ms) * time.Millisecond
}

// milliseconds rounds up, so that no limit becomes shorter, nor zero where it was not.
func milliseconds(d time.Duration) C.int64_t {
	ms := d / time.Millisecond
	if d%time.Millisecond > 0 {
		ms++
	}
	return C.int64_t(ms)
}

func instant(ms C.int64_t) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}

// unixMilli is 0 for the zero time, and keeps times that no int64 of milliseconds can hold at its ends.
func unixMilli(t time.Time) C.int64_t {
	const most = math.MaxInt64 / 1000
	switch seconds := t.Unix(); {
	case t.IsZero():
		return 0
	case seconds >= most:
		return math.MaxInt64
	case seconds <= -most:
		return math.MinInt64
	}
	return C.int64_t(t.UnixMilli())
}

// chars lends the bytes of a string to C. They have no NUL behind them.
func chars(s string) (*C.char, C.size_t) {
	return *(**C.char)(unsafe.Pointer(&s)), C.size_t(len(s))
}

// text is what stands in a buffer of C's before its NUL.
func text(buffer []C.char) string {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&buffer[0])), len(buffer))
	for i, b := range bytes {
		if b == 0 {
			return string(bytes[:i])
		}
	}
	return string(bytes)
}

// Version is the version of the library that is running, such as "1.0.0".
func Version() string {
	return C.GoString(C.waitq_version_string())
}

// versionNumber is the version as a number that can be compared; as a call it does nothing else, so benchmarks take
// it for the floor below all calls.
func versionNumber() uint32 {
	return uint32(C.waitq_version_number())
}

// checkVersion tells whether the library that was loaded can do what this package was compiled for.
func checkVersion(running uint32) error {
	const built = uint32(C.WAITQ_VERSION_NUMBER)
	dotted := func(v uint32) string { return fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff) }
	if running>>16 == built>>16 && running>>8 >= built>>8 {
		return nil
	}
	return &Error{Op: "open", Code: ErrVersion, Text: fmt.Sprintf(
		"libwaitq %s was loaded, but the program was built with %s: install that version, or build the program again",
		dotted(running), dotted(built))}
}
