// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Command ends opens rooms on the stores that it is given, has goroutines use them, and ends in the middle of all that.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"waitq"
)

func main() {
	for _, uri := range os.Args[1:] {
		client, err := waitq.Open(context.Background(), uri, &waitq.Options{Log: func(waitq.LogLevel, string) {}})
		if err != nil {
			log.Fatal(err)
		}
		room, err := client.OpenRoom(context.Background(), "ends", nil)
		if err != nil {
			log.Fatal(err)
		}
		for i := 0; i < 100; i++ {
			go func() {
				for {
					if _, _, err := room.JoinAnonymous(context.Background()); err != nil {
						log.Fatal(err)
					}
				}
			}()
		}
	}
	time.Sleep(20 * time.Millisecond)
}
