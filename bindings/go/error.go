// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
)

// A Code says what kind of failure an [Error] is. Each of the constants below is one, and serves as a sentinel for
// errors.Is.
type Code int32

// The sentinels, under their names in C without WAITQ_E_.
const (
	ErrInvalid     Code = C.WAITQ_E_INVALID     // an argument is wrong: the text says which
	ErrNoMemory    Code = C.WAITQ_E_NOMEM       // out of memory
	ErrVersion     Code = C.WAITQ_E_VERSION     // the library, or what it finds stored, is of an unknown version
	ErrClosed      Code = C.WAITQ_E_CLOSED      // the client, room, limiter or verifier is closed
	ErrForked      Code = C.WAITQ_E_FORKED      // the client belongs to the parent process of a fork
	ErrUnsupported Code = C.WAITQ_E_UNSUPPORTED // not supported by this store or this build
	ErrRandom      Code = C.WAITQ_E_RANDOM      // the source of randomness failed
	ErrExhausted   Code = C.WAITQ_E_EXHAUSTED   // a number range is used up
	ErrStore       Code = C.WAITQ_E_STORE       // the store failed: the outcome is unknown
	ErrTimeout     Code = C.WAITQ_E_TIMEOUT     // the store did not answer in time: the outcome is unknown
	ErrConflict    Code = C.WAITQ_E_CONFLICT    // the stored state has moved on, several times
	ErrDamaged     Code = C.WAITQ_E_DAMAGED     // the stored state is damaged
	ErrDenied      Code = C.WAITQ_E_DENIED      // the store refused access
	ErrMalformed   Code = C.WAITQ_E_MALFORMED   // not the text of a ticket or a pass
	ErrForged      Code = C.WAITQ_E_FORGED      // the signature does not match
	ErrKey         Code = C.WAITQ_E_KEY         // no key fits
	ErrExpired     Code = C.WAITQ_E_EXPIRED     // the pass has expired
	ErrEarly       Code = C.WAITQ_E_EARLY       // the pass is not valid yet
	ErrAudience    Code = C.WAITQ_E_AUDIENCE    // the pass is for another room
	ErrBinding     Code = C.WAITQ_E_BINDING     // the pass is bound to another request
)

// Error is the text behind the name of the package.
func (c Code) Error() string {
	return "waitq: " + c.Text()
}

// Text is what the code means, in a few words.
func (c Code) Text() string {
	return C.GoString(C.waitq_error_text(C.int32_t(c)))
}

// Name is the code's name in C, such as "WAITQ_E_INVALID"; "WAITQ_OK" for 0.
func (c Code) Name() string {
	return C.GoString(C.waitq_error_name(C.int32_t(c)))
}

// Timeout tells net.Error and its like apart from other failures.
func (c Code) Timeout() bool {
	return c == ErrTimeout
}

// An Error is a call that failed.
type Error struct {
	Op        string // the call, such as "join"
	Code      Code   // the kind of failure
	Retriable bool   // the same call may succeed later
	Text      string // one sentence that names the argument or field; never holds a key
}

// Error is the call and the sentence.
func (e *Error) Error() string {
	return "waitq: " + e.Op + ": " + e.Text
}

// Unwrap gives the code, so that errors.Is(err, waitq.ErrForged) and errors.As with a *Code work.
func (e *Error) Unwrap() error {
	return e.Code
}

// IsRetriable tells whether the same call may succeed later.
func IsRetriable(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Retriable
}

// fail makes an error of this package's own.
func fail(op string, code Code, format string, arguments ...any) error {
	return &Error{Op: op, Code: code, Text: fmt.Sprintf(format, arguments...)}
}

// failed turns a failure of the bridge into an error; NULL is none.
func failed(op string, failure *C.waitq_error) error {
	if failure == nil {
		return nil
	}
	err := &Error{Op: op, Code: Code(failure.code), Retriable: failure.retriable != 0, Text: text(failure.text[:])}
	C.waitq_go_forget(failure)
	return err
}
