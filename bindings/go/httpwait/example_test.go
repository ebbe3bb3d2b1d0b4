// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

package httpwait_test

import (
	"context"
	"crypto/rand"
	"log"
	"net/http"

	"waitq"
	"waitq/httpwait"
)

func Example() {
	ctx := context.Background()
	key := waitq.Key{Algorithm: waitq.HS256, ID: "2026-a", Bytes: make([]byte, 32)}
	if _, err := rand.Read(key.Bytes); err != nil {
		log.Fatal(err)
	}
	client, err := waitq.Open(ctx, "memory:", &waitq.Options{Keys: []waitq.Key{key}})
	if err != nil {
		log.Fatal(err)
	}
	room, err := client.OpenRoom(ctx, "sale", nil)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := waitq.NewVerifier([]waitq.Key{key}, &waitq.VerifierOptions{Audience: room.Name()})
	if err != nil {
		log.Fatal(err)
	}
	sale := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("the sale")) })
	http.Handle("/sale/", httpwait.Guard(room, verifier, nil)(sale))
}
