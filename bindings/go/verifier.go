// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"time"
	"unsafe"
)

// A Binding is what a pass can be bound to. An empty part does not count. The texts are the host's to choose; they
// are compared byte by byte.
type Binding struct {
	Method string // such as "POST"
	URL    string
	Client string // whatever names the client: an address, a device id, a session
}

// give copies a binding for C; nil is none.
func (b *Binding) give(op string) (c *C.waitq_binding, free func(), err error) {
	if b == nil {
		return nil, func() {}, nil
	}
	var parts [3]*C.char
	free = func() {
		for _, part := range parts {
			C.free(unsafe.Pointer(part))
		}
		C.free(unsafe.Pointer(c))
	}
	for i, part := range [3]string{b.Method, b.URL, b.Client} {
		if parts[i], err = cString(op, "the binding", part); err != nil {
			free()
			return nil, nil, err
		}
	}
	if c = (*C.waitq_binding)(C.malloc(C.size_t(unsafe.Sizeof(*c)))); c == nil {
		free()
		return nil, nil, fail(op, ErrNoMemory, "no memory for a binding")
	}
	C.waitq_binding_init(c, C.size_t(unsafe.Sizeof(*c)))
	c.method, c.url, c.client = parts[0], parts[1], parts[2]
	return c, free, nil
}

// VerifierOptions are those of a [Verifier].
type VerifierOptions struct {
	Audience string        // the room that passes must be for; empty: any, for the caller to check
	Leeway   time.Duration // clock difference forgiven, up to 10 minutes. Default a minute; below zero: none
}

// A Verifier verifies passes. It needs keys, and no room and no store; it never changes, and waits for nothing.
type Verifier struct {
	c     *C.waitq_verifier_t
	guard *guard
}

// NewVerifier makes a verifier for passes that one of 1 to 8 keys has signed.
func NewVerifier(keys []Key, options *VerifierOptions) (*Verifier, error) {
	const op = "verifier"
	cKeys, freeKeys, err := ring(op, keys)
	if err != nil {
		return nil, err
	}
	defer freeKeys()
	given := (*C.waitq_verify_options)(C.malloc(C.size_t(unsafe.Sizeof(C.waitq_verify_options{}))))
	if given == nil {
		return nil, fail(op, ErrNoMemory, "no memory for options")
	}
	defer C.free(unsafe.Pointer(given))
	C.waitq_verify_options_init(given, C.size_t(unsafe.Sizeof(*given)))
	if options != nil {
		switch {
		case options.Leeway < 0:
			given.leeway_ms = 0
		case options.Leeway > 0:
			given.leeway_ms = milliseconds(options.Leeway)
		}
		if options.Audience != "" {
			audience, err := cString(op, "the audience", options.Audience)
			if err != nil {
				return nil, err
			}
			defer C.free(unsafe.Pointer(audience))
			given.audience = audience
		}
	}
	verifier := &Verifier{guard: newGuard()}
	var c *C.waitq_verifier_t
	if err := detailed(op, func(detail *C.waitq_error) C.int {
		return C.waitq_verifier_open(cKeys, C.size_t(len(keys)), given, &c, detail)
	}); err != nil {
		return nil, err
	}
	verifier.c = c
	return verifier, nil
}

// Close frees the verifier, and wipes its keys from memory. Closing twice is closing once.
func (v *Verifier) Close() error {
	if v != nil && v.c != nil && v.guard.close() {
		C.waitq_verifier_close(v.c)
	}
	return nil
}

// Claims are what a verified pass says.
type Claims struct {
	Epoch     uint64    // of the ticket
	Number    uint64    // the ticket's sequence number
	IssuedAt  time.Time // iat; zero where the pass has none
	NotBefore time.Time // nbf; zero where the pass has none
	Expires   time.Time // exp
	Room      string    // aud
	KeyID     string    // the key that signed it
	ID        string    // jti: for whoever keeps a list of used or ended passes
}

// Verify verifies a pass at a time of the caller's clock: structure, key, signature, audience, times and binding, in
// this order. A bound pass must match the binding part by part, and a pass that is not bound is refused when a
// binding is given; nil: the pass must not be bound.
func (v *Verifier) Verify(pass string, now time.Time, binding *Binding) (Claims, error) {
	const op = "verify"
	if v == nil || v.c == nil {
		return Claims{}, fail(op, ErrInvalid, "the verifier was not made by waitq.NewVerifier")
	}
	if !v.guard.begin() {
		return Claims{}, fail(op, ErrClosed, "the verifier is closed")
	}
	defer v.guard.end()
	bound, free, err := binding.give(op)
	if err != nil {
		return Claims{}, err
	}
	defer free()
	bytes, length := chars(pass)
	verified := C.waitq_go_verify(C.waitq_go_handle(uintptr(unsafe.Pointer(v.c))), bytes, length, unixMilli(now), bound)
	if verified.failure != nil {
		return Claims{}, failed(op, verified.failure)
	}
	c := &verified.claims
	return Claims{
		Epoch:     uint64(c.epoch),
		Number:    uint64(c.number),
		IssuedAt:  instant(c.issued_at_ms),
		NotBefore: instant(c.not_before_ms),
		Expires:   instant(c.expires_at_ms),
		Room:      text(c.room[:]),
		KeyID:     text(c.kid[:]),
		ID:        text(c.id[:]),
	}, nil
}
