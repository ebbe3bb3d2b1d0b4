// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"waitq"
)

// A visitor's life, on a clock that only the example moves.
func Example() {
	ctx := context.Background()
	clock := waitq.NewClock(time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC))
	client, err := waitq.Open(ctx, "memory:", &waitq.Options{Clock: clock})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	policy := waitq.DefaultPolicy()
	policy.Rate, policy.Burst = 1, 1
	room, err := client.OpenRoom(ctx, "concert", &policy)
	if err != nil {
		log.Fatal(err)
	}

	room.Join(ctx, "ann")
	ticket, status, _ := room.Join(ctx, "ben")
	fmt.Println(status.State, status.Position, status.ETA)

	clock.Advance(status.ETA)
	status, _ = room.Poll(ticket)
	fmt.Println(status.State)

	pass, _ := room.Enter(ctx, ticket, nil)
	fmt.Println(pass.State, pass.Text != "")
	// Output:
	// waiting 1 1s
	// ready
	// entered true
}

// Errors match sentinels.
func ExampleError() {
	client, _ := waitq.Open(context.Background(), "memory:", nil)
	defer client.Close()
	_, err := client.OpenRoom(context.Background(), "not a name", nil)
	fmt.Println(errors.Is(err, waitq.ErrInvalid), waitq.IsRetriable(err))

	_, err = waitq.ParseTicket("no ticket")
	fmt.Println(errors.Is(err, waitq.ErrMalformed))
	// Output:
	// true false
	// true
}

// The resource verifies passes with a public key, and holds no secret.
func ExampleVerifier() {
	ctx := context.Background()
	secret := waitq.Key{Algorithm: waitq.Ed25519, ID: "sale-1", Bytes: make([]byte, 32)}
	rand.Read(secret.Bytes)
	client, _ := waitq.Open(ctx, "memory:", &waitq.Options{Keys: []waitq.Key{secret}})
	defer client.Close()
	room, _ := client.OpenRoom(ctx, "concert", nil)
	ticket, _, _ := room.Join(ctx, "ann")
	pass, _ := room.Enter(ctx, ticket, &waitq.Binding{Client: "203.0.113.7"})

	public, _ := secret.Public()
	verifier, _ := waitq.NewVerifier([]waitq.Key{public}, &waitq.VerifierOptions{Audience: "concert"})
	defer verifier.Close()
	claims, err := verifier.Verify(pass.Text, time.Now(), &waitq.Binding{Client: "203.0.113.7"})
	fmt.Println(claims.Room, claims.KeyID, err)
	_, err = verifier.Verify(pass.Text, time.Now(), &waitq.Binding{Client: "198.51.100.1"})
	fmt.Println(err)
	// Output:
	// concert sale-1 <nil>
	// waitq: verify: the pass is bound to another request
}

// Many visitors for the price of one call.
func ExampleRoom_PollMany() {
	ctx := context.Background()
	client, _ := waitq.Open(ctx, "memory:", nil)
	defer client.Close()
	policy := waitq.DefaultPolicy()
	policy.Burst = 1
	room, _ := client.OpenRoom(ctx, "concert", &policy)

	visitors := []string{"ann", "ben", "cleo"}
	tickets := make([]waitq.Ticket, len(visitors))
	statuses := make([]waitq.Status, len(visitors))
	if err := room.JoinMany(ctx, visitors, tickets, statuses, nil); err != nil {
		log.Fatal(err)
	}
	codes := make([]waitq.Code, len(visitors))
	if err := room.PollMany(tickets, statuses, codes); err != nil {
		log.Fatal(err)
	}
	for i, visitor := range visitors {
		fmt.Println(visitor, statuses[i].State, statuses[i].Position)
	}
	// Output:
	// ann ready 0
	// ben waiting 1
	// cleo waiting 2
}

// A bucket without a line.
func ExampleLimiter() {
	ctx := context.Background()
	client, _ := waitq.Open(ctx, "memory:", &waitq.Options{Clock: waitq.NewClock(time.Unix(1, 0))})
	defer client.Close()
	limiter, _ := client.OpenLimiter(ctx, "logins", waitq.Limit{Rate: 1, Burst: 2})
	for i := 0; i < 3; i++ {
		decision, _ := limiter.Try(ctx, 1)
		fmt.Println(decision.Admitted, decision.Remaining, decision.RetryAfter)
	}
	// Output:
	// true 1 0s
	// true 0 0s
	// false 0 1s
}
