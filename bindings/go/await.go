// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"context"
	"fmt"
)

// mostBlocking is how many calls of one client may hold a thread while they wait, for the store or for a lock. Calls
// that are made often are submitted, and hold none.
const mostBlocking = 8

type result[T any] struct {
	value T
	err   error
}

// await carries out a call that may wait for the store, with a guard that was begun. Where the context ends earlier,
// the call goes on without its caller, and drop gets what it returns.
func await[T any](ctx context.Context, client *Client, op string, held *guard, call func() (T, error),
	drop func(T)) (T, error) {
	var none T
	if err := checkContext(ctx, op); err != nil {
		held.end()
		return none, err
	}
	select {
	case client.blocking <- struct{}{}:
	case <-ctx.Done():
		held.end()
		return none, ended(ctx, op)
	}
	if !client.isShared { // it waits for a lock at most
		defer held.end()
		defer func() { <-client.blocking }()
		return call()
	}
	results := make(chan result[T])
	go func() {
		defer held.end()
		value, err := call()
		<-client.blocking
		select {
		case results <- result[T]{value, err}:
		case <-ctx.Done():
			if err == nil && drop != nil {
				drop(value)
			}
		}
	}()
	select {
	case got := <-results:
		return got.value, got.err
	case <-ctx.Done():
		return none, ended(ctx, op)
	}
}

// checkContext spares the store a call that nobody waits for.
func checkContext(ctx context.Context, op string) error {
	if ctx == nil {
		return fail(op, ErrInvalid, "the context is nil: pass context.Background() where there is none")
	}
	if ctx.Err() != nil {
		return ended(ctx, op)
	}
	return nil
}

func ended(ctx context.Context, op string) error {
	return fmt.Errorf("waitq: %s: %w", op, ctx.Err())
}
