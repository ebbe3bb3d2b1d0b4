// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A call that was submitted. One goroutine of the client collects all answers; whoever made the call waits for its
// own as a goroutine, and holds no thread.
type call struct {
	c         *C.waitq_go_call // what the library fills in
	tag       C.uint64_t
	held      *guard // of the room or limiter, until the answer is there
	fate      atomic.Int32
	ended     chan struct{} // capacity 1
	code      Code
	retriable bool
}

// What became of a call first: its answer, or its caller's impatience.
const (
	fateOpen = iota
	fateAnswered
	fateAbandoned
)

// callsAtOnce is how many calls are made where none is free, and how many answers are collected in one go.
const callsAtOnce = 256

// calls are those of one client. They are used again, so that a call that is submitted allocates nothing for itself.
type calls struct {
	mutex   sync.Mutex
	byTag   []*call
	spare   []*call
	slabs   []*C.waitq_go_call
	file    *os.File // readable while there are answers; nil before the first call
	stopped chan struct{}
}

// take hands out a call; the first one starts the collector.
func (s *calls) take(client *Client, op string) (*call, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.file == nil {
		if err := s.start(client.c, op); err != nil {
			return nil, err
		}
	}
	if len(s.spare) == 0 && !s.grow() {
		return nil, fail(op, ErrNoMemory, "no memory for a call")
	}
	taken := s.spare[len(s.spare)-1]
	s.spare = s.spare[:len(s.spare)-1]
	taken.fate.Store(fateOpen)
	return taken, nil
}

func (s *calls) grow() bool {
	slab := C.waitq_go_calls(callsAtOnce)
	if slab == nil {
		return false
	}
	s.slabs = append(s.slabs, slab)
	cs := unsafe.Slice(slab, callsAtOnce)
	for i := range cs {
		made := &call{c: &cs[i], tag: C.uint64_t(len(s.byTag)), ended: make(chan struct{}, 1)}
		s.byTag = append(s.byTag, made)
		s.spare = append(s.spare, made)
	}
	return true
}

func (s *calls) give(back *call) {
	s.mutex.Lock()
	s.spare = append(s.spare, back)
	s.mutex.Unlock()
}

func (s *calls) start(context *C.waitq_t, op string) error {
	var failure *C.waitq_error
	fd := C.waitq_go_completion_fd(context, &failure)
	if failure != nil {
		return failed(op, failure)
	}
	if fd < 0 {
		return fail(op, ErrNoMemory, "no descriptor is left")
	}
	s.file = os.NewFile(uintptr(fd), "waitq-completions")
	s.stopped = make(chan struct{})
	raw, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	go func() {
		defer close(s.stopped)
		completions := make([]C.waitq_completion, callsAtOnce)
		// The error is that the file was closed. What is read here is the descriptor's state: the runtime's poller
		// waits for it.
		_ = raw.Read(func(uintptr) bool {
			for s.collect(context, completions) == len(completions) {
			}
			return false
		})
	}()
	return nil
}

// collect hands out answers, and returns how many there were.
func (s *calls) collect(context *C.waitq_t, completions []C.waitq_completion) int {
	count := int(C.waitq_go_complete(context, &completions[0], C.size_t(len(completions))))
	if count == 0 {
		return 0
	}
	s.mutex.Lock()
	byTag := s.byTag
	s.mutex.Unlock()
	for i := range completions[:count] {
		done := byTag[completions[i].tag]
		done.code = Code(completions[i].code)
		done.retriable = completions[i].retriable != 0
		done.held.end()
		if done.fate.CompareAndSwap(fateOpen, fateAnswered) {
			done.ended <- struct{}{}
		} else {
			s.give(done)
		}
	}
	return count
}

// stop ends the collector. No call is under way any more.
func (s *calls) stop() {
	if s.file != nil {
		s.file.Close()
		<-s.stopped
	}
}

func (s *calls) free() {
	for _, slab := range s.slabs {
		C.free(unsafe.Pointer(slab))
	}
	s.slabs = nil
}

// submit carries out a call with a guard that was begun: start submits it, and read takes what it has brought. Where
// the context ends earlier, the call goes on without its caller.
func (c *Client) submit(ctx context.Context, op string, held *guard, start func(*call) *C.waitq_error,
	read func(*C.waitq_go_call)) error {
	if err := checkContext(ctx, op); err != nil {
		held.end()
		return err
	}
	made, err := c.calls.take(c, op)
	if err != nil {
		held.end()
		return err
	}
	made.held = held
	held.turn.Lock()
	failure := start(made)
	held.turn.Unlock()
	if failure != nil {
		held.end()
		c.calls.give(made)
		return failed(op, failure)
	}
	if !made.wait(ctx) {
		return ended(ctx, op)
	}
	if made.code == 0 {
		read(made.c)
	} else {
		err = &Error{Op: op, Code: made.code, Retriable: made.retriable, Text: made.code.Text()}
	}
	c.calls.give(made)
	return err
}

// wait is false where the context ended before the answer came; then the collector has the call.
func (made *call) wait(ctx context.Context) bool {
	done := ctx.Done()
	if done == nil { // to wait for one channel costs a third of what it costs to wait for two
		<-made.ended
		return true
	}
	select {
	case <-made.ended:
		return true
	case <-done:
	}
	if made.fate.CompareAndSwap(fateOpen, fateAbandoned) {
		return false
	}
	<-made.ended
	return true
}
