// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Command shop is a web server with a waiting room in front of it:
//
//	shop -listen 127.0.0.1:8080 -store redis://localhost -rate 5
//
// Many such servers, in other languages too, share one line by way of a Redis, and one key: SHOP_KEY holds 32 bytes or more in
// hexadecimal. Without it the key is random, and good for one process.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"waitq"
	"waitq/httpwait"
)

func key() (waitq.Key, error) {
	made := waitq.Key{Algorithm: waitq.HS256, ID: "shop", Bytes: make([]byte, 32)}
	var err error
	if text := os.Getenv("SHOP_KEY"); text != "" {
		made.Bytes, err = hex.DecodeString(text)
	} else {
		_, err = rand.Read(made.Bytes)
	}
	return made, err
}

func serve(ctx context.Context, listen, store string, rate float64) error {
	key, err := key()
	if err != nil {
		return err
	}
	client, err := waitq.Open(ctx, store, &waitq.Options{Keys: []waitq.Key{key}, Log: func(level waitq.LogLevel, line string) {
		log.Printf("waitq: %v: %s", level, line)
	}})
	if err != nil {
		return err
	}
	defer client.Close() // after the last request: the room is closed with it
	policy := waitq.DefaultPolicy()
	policy.Rate, policy.Burst = rate, 1
	room, err := client.OpenRoom(ctx, "shop", &policy)
	if err != nil {
		return err
	}
	verifier, err := waitq.NewVerifier([]waitq.Key{key}, &waitq.VerifierOptions{Audience: room.Name()})
	if err != nil {
		return err
	}
	defer verifier.Close()

	shop := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := httpwait.Claims(r.Context())
		fmt.Fprintf(w, "Welcome to the shop. Your pass is %s.\n", claims.ID)
	})
	http.Handle("/", httpwait.Guard(room, verifier, nil)(shop))
	http.HandleFunc("/stats", func(w http.ResponseWriter, r *http.Request) {
		if stats, err := room.Stats(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		} else {
			json.NewEncoder(w).Encode(stats)
		}
	})
	server := &http.Server{Addr: listen, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		server.Shutdown(context.Background())
	}()
	log.Printf("http://%s/", listen)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	store := flag.String("store", "memory:", "where the line is kept")
	rate := flag.Float64("rate", 5, "how many are let in a second")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *listen, *store, *rate); err != nil {
		log.Fatal(err)
	}
}
