// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Command shared_line_enter enters with a ticket that another process, in another language, was given, and prints the
// pass:
//
//	shared_line_enter <URI> <room> <ticket>
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"waitq"
)

func enter(ctx context.Context, uri, name, text string) (string, error) {
	key := waitq.Key{Algorithm: waitq.HS256, ID: "k1"}
	for i := byte(1); i <= 32; i++ {
		key.Bytes = append(key.Bytes, i)
	}
	client, err := waitq.Open(ctx, uri, &waitq.Options{Keys: []waitq.Key{key}})
	if err != nil {
		return "", err
	}
	defer client.Close()
	room, err := client.OpenRoom(ctx, name, nil)
	if err != nil {
		return "", err
	}
	ticket, err := waitq.ParseTicket(text)
	if err != nil {
		return "", err
	}
	for {
		pass, err := room.Enter(ctx, ticket, nil)
		switch {
		case err != nil:
			return "", err
		case pass.Text != "":
			return pass.Text, nil
		case pass.State.Over():
			return "", fmt.Errorf("the ticket is %v", pass.State)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(pass.RetryAfter + 10*time.Millisecond):
		}
	}
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: shared_line_enter URI room ticket")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	pass, err := enter(ctx, os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pass)
}
