// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

// Package waitq puts a waiting room into a Go server: a fair line, a live position, an honest estimate of the wait,
// and a backend that never sees more visitors than it asked for. It is the Go face of libwaitq.
//
// A process opens one [Client], and a [Room] for each resource that needs protection:
//
//	client, err := waitq.Open(ctx, "memory:", nil) // or "redis://localhost", which many servers share
//	room, err := client.OpenRoom(ctx, "concert", nil)
//
//	ticket, status, err := room.Join(ctx, "ann") // a place in line
//	status, err = room.Poll(ticket)              // position, estimate, turn
//	pass, err := room.Enter(ctx, ticket, nil)    // the turn is used: pass.Text is a JWT
//
// The resource itself, which may be another process or another machine, checks passes with a [Verifier]. Package
// waitq/httpwait does all of it for a handler of net/http.
//
// # Outcomes and errors
//
// That a room is full, or that it is not a visitor's turn, is no error: it stands in the State and Reason of what a
// call returns. Errors are of type [*Error] and match the sentinels of this package with errors.Is. After [ErrStore]
// and [ErrTimeout], and after the end of a context, the outcome is unknown; the call may be repeated without a second
// effect.
//
// # Goroutines
//
// Everything may be used from any goroutine at once, Close included: Close waits for calls that are going on, and those
// that come later fail with [ErrClosed].
//
// Polls and verifications never wait, and take no context. The other calls do, where the store is on a network: they
// are submitted, one goroutine collects the answers, and who waits is a goroutine, not a thread. Where a context ends
// early the call returns with its error, and what was asked goes on without the caller.
//
// # Memory and callbacks
//
// No Go function is ever called from C. Log lines come through a pipe, and a [Clock] is memory of C's that Go moves.
package waitq
