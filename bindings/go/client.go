// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"context"
	"strings"
	"sync"
	"unsafe"
)

// Options of a [Client]. Zero in a field means its default.
type Options struct {
	Keys     []Key    // the key ring: the first signs, all verify; at most 8. Default: one random HS256 key
	Log      LogFunc  // default: no log; it must not close the client
	LogLevel LogLevel // the least important lines wanted. Default: LogInfo
	Clock    *Clock   // default: the system's
}

// A Client is a store, a key ring, a log and a clock: what the C interface calls a context. A process opens one and
// keeps it.
type Client struct {
	c        *C.waitq_t
	guard    *guard
	isShared bool          // calls may wait for a network
	blocking chan struct{} // one for each call that holds a thread
	calls    calls
	log      *lineLog
	clock    *Clock
	mutex    sync.Mutex
	opened   map[interface{ Close() error }]struct{}
}

// Open opens a client. The URI says where lines are kept: "memory:" in this process, "redis://host" and its like in a
// Redis that many processes share.
func Open(ctx context.Context, uri string, options *Options) (*Client, error) {
	const op = "open"
	if err := checkVersion(versionNumber()); err != nil {
		return nil, err
	}
	if options == nil {
		options = &Options{}
	}
	client := &Client{
		guard:    newGuard(),
		isShared: !strings.HasPrefix(uri, "memory:"),
		blocking: make(chan struct{}, mostBlocking),
		clock:    options.Clock,
		opened:   map[interface{ Close() error }]struct{}{},
	}
	client.guard.begin()
	opened, err := await(ctx, client, op, client.guard, func() (*C.waitq_t, error) {
		return client.open(op, uri, options)
	}, func(c *C.waitq_t) { client.finish(c) })
	if err != nil {
		return nil, err
	}
	client.c = opened
	return client, nil
}

func (c *Client) open(op, uri string, options *Options) (*C.waitq_t, error) {
	name, err := cString(op, "the URI", uri)
	if err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(name))
	keys, free, err := ring(op, options.Keys)
	if err != nil {
		return nil, err
	}
	defer free()
	var log *C.waitq_go_log
	if options.Log != nil {
		if c.log, err = newLineLog(options.Log); err != nil {
			return nil, err
		}
		log = c.log.c
	}
	var clock *C.int64_t
	if options.Clock != nil {
		clock = options.Clock.c
	}
	made := C.waitq_go_open(name, keys, C.size_t(len(options.Keys)), log, C.int32_t(options.LogLevel), clock)
	if made.failure != nil && c.log != nil {
		c.log.end()
	}
	return (*C.waitq_t)(made.pointer), failed(op, made.failure)
}

// Close closes the client, its rooms and its limiters. It waits for calls that are going on; those that come later
// fail with [ErrClosed]. Closing twice is closing once.
func (c *Client) Close() error {
	if c == nil || !c.guard.close() {
		return nil
	}
	c.mutex.Lock()
	opened := c.opened
	c.opened = nil
	c.mutex.Unlock()
	for handle := range opened {
		handle.Close()
	}
	c.finish(c.c)
	return nil
}

// finish ends what belongs to the client, when no call is going on any more.
func (c *Client) finish(context *C.waitq_t) {
	c.calls.stop()
	C.waitq_close(context)
	c.calls.free()
	if c.log != nil {
		c.log.end()
	}
}

func (c *Client) begin(op string) error {
	if c == nil || c.c == nil {
		return fail(op, ErrInvalid, "the client was not made by waitq.Open")
	}
	if !c.guard.begin() {
		return fail(op, ErrClosed, "the client is closed")
	}
	return nil
}

// keep remembers what Close has to close. A handle that is opened while the client is being closed is one of those:
// Close waits for the call that opens it.
func (c *Client) keep(handle interface{ Close() error }) {
	c.mutex.Lock()
	c.opened[handle] = struct{}{}
	c.mutex.Unlock()
}

func (c *Client) forget(handle interface{ Close() error }) {
	c.mutex.Lock()
	delete(c.opened, handle)
	c.mutex.Unlock()
}

// cString copies a text for C; the caller frees it.
func cString(op, what, s string) (*C.char, error) {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return nil, fail(op, ErrInvalid, "%s holds a NUL, at byte %d", what, i)
	}
	return C.CString(s), nil
}
