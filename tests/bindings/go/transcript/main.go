// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Command transcript carries out a script of calls and prints what every call answered: tests/bindings/README.md
// describes both. transcript.c does the same, and what both print is the same.
//
//	transcript scenario.txt
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"waitq"
)

var background = context.Background()

// A label stands for a ticket, a pass, or a text that is neither.
type label struct {
	ticket waitq.Ticket
	pass   string
}

type host struct {
	client    *waitq.Client
	clock     *waitq.Clock
	key       waitq.Key
	room      *waitq.Room
	name      string // of the room
	limiter   *waitq.Limiter
	estimator *waitq.Estimator
	labels    map[string]*label
}

func (h *host) label(name string) *label {
	if h.labels[name] == nil {
		h.labels[name] = &label{}
	}
	return h.labels[name]
}

func must(err error) {
	if err != nil {
		log.Fatalf("transcript: %v", err)
	}
}

func number(word string) float64 {
	value, err := strconv.ParseFloat(word, 64)
	must(err)
	return value
}

func milliseconds(word string) time.Duration {
	return time.Duration(number(word)) * time.Millisecond
}

func setPolicy(policy *waitq.Policy, words []string) {
	for _, word := range words {
		name, text, _ := strings.Cut(word, "=")
		switch value := number(text); name {
		case "rate_per_s":
			policy.Rate = value
		case "burst":
			policy.Burst = uint64(value)
		case "max_active":
			policy.MaxActive = uint64(value)
		case "max_waiting":
			policy.MaxWaiting = uint64(value)
		case "claim_ttl_ms":
			policy.ClaimTTL = milliseconds(text)
		case "session_ttl_ms":
			policy.SessionTTL = milliseconds(text)
		case "heartbeat_ttl_ms":
			policy.HeartbeatTTL = milliseconds(text)
		case "min_poll_ms":
			policy.MinPoll = milliseconds(text)
		case "max_poll_ms":
			policy.MaxPoll = milliseconds(text)
		case "opens_at_ms":
			policy.OpensAt = time.UnixMilli(int64(value))
		case "order":
			policy.Order = waitq.Order(value)
		case "eta_model":
			policy.ETAModel = waitq.ETAModel(value)
		case "on_store_loss":
			policy.OnStoreLoss = waitq.LossPolicy(value)
		default:
			log.Fatalf("transcript: not a field of a policy: %s", word)
		}
	}
}

func binding(words []string) *waitq.Binding {
	if len(words) == 0 {
		return nil
	}
	part := func(word string) string { return strings.TrimSuffix(word, "-") }
	return &waitq.Binding{Method: part(words[0]), URL: part(words[1]), Client: part(words[2])}
}

// printed prints the code, and is whether all went well.
func printed(err error) bool {
	var code waitq.Code
	if err != nil && !errors.As(err, &code) {
		must(err)
	}
	fmt.Printf("  code %s\n", code.Name())
	return err == nil
}

// A command is given the words behind its name.
var commands = map[string]func(h *host, words []string){
	"room": func(h *host, words []string) {
		policy := waitq.DefaultPolicy()
		setPolicy(&policy, words[1:])
		h.room.Close()
		var err error
		h.room, err = h.client.OpenRoom(background, words[0], &policy)
		h.name = words[0]
		printed(err)
	},
	"configure": func(h *host, words []string) {
		policy, err := h.room.Policy()
		must(err)
		setPolicy(&policy, words)
		printed(h.room.Configure(background, policy))
	},
	"tick": func(h *host, words []string) { h.clock.Advance(milliseconds(words[0])) },
	"join": func(h *host, words []string) {
		var ticket waitq.Ticket
		var status waitq.Status
		var err error
		if len(words) == 2 {
			ticket, status, err = h.room.Join(background, words[1])
		} else {
			ticket, status, err = h.room.JoinAnonymous(background)
		}
		if printed(err) {
			h.label(words[0]).ticket = ticket
			printTicket(ticket)
			printStatus(status)
		}
	},
	"join_many": func(h *host, words []string) {
		tickets, statuses, codes := batch(len(words))
		_ = h.room.JoinMany(background, words, tickets, statuses, codes) // the first of the codes
		for i, word := range words {
			if printed(asError(codes[i])) {
				h.label(word).ticket = tickets[i]
				printTicket(tickets[i])
				printStatus(statuses[i])
			}
		}
	},
	"poll": func(h *host, words []string) {
		if status, err := h.room.Poll(h.label(words[0]).ticket); printed(err) {
			printStatus(status)
		}
	},
	"poll_many": func(h *host, words []string) {
		tickets, statuses, codes := batch(len(words))
		for i, word := range words {
			tickets[i] = h.label(word).ticket
		}
		_ = h.room.PollMany(tickets, statuses, codes) // the first of the codes
		for i := range words {
			if printed(asError(codes[i])) {
				printStatus(statuses[i])
			}
		}
	},
	"leave": func(h *host, words []string) {
		if status, err := h.room.Leave(background, h.label(words[0]).ticket); printed(err) {
			printStatus(status)
		}
	},
	"enter": func(h *host, words []string) {
		named := h.label(words[0])
		if pass, err := h.room.Enter(background, named.ticket, binding(words[1:])); printed(err) {
			printPass(pass)
			named.pass = pass.Text
		}
	},
	"renew": func(h *host, words []string) {
		named := h.label(words[0])
		if pass, err := h.room.Renew(background, named.pass); printed(err) {
			printPass(pass)
			named.pass = pass.Text
		}
	},
	"exit": func(h *host, words []string) { printed(h.room.Exit(background, h.label(words[0]).pass)) },
	"verify": func(h *host, words []string) {
		verifier, err := waitq.NewVerifier([]waitq.Key{h.key}, &waitq.VerifierOptions{Audience: h.name, Leeway: -1})
		must(err)
		defer verifier.Close()
		if claims, err := verifier.Verify(h.label(words[0]).pass, h.clock.Now(), binding(words[1:])); printed(err) {
			printClaims(claims)
		}
	},
	"rate": func(h *host, words []string) { printed(h.room.SetRate(background, number(words[0]))) },
	"rate_at": func(h *host, words []string) {
		printed(h.room.SetRateAt(background, number(words[0]), h.clock.Now().Add(milliseconds(words[1]))))
	},
	"phase": func(h *host, words []string) { printed(h.room.SetPhase(background, waitq.Phase(number(words[0])))) },
	"pause_until": func(h *host, words []string) {
		printed(h.room.PauseUntil(background, h.clock.Now().Add(milliseconds(words[0]))))
	},
	"reset": func(h *host, _ []string) { printed(h.room.Reset(background)) },
	"stats": func(h *host, _ []string) {
		if stats, err := h.room.Stats(background); printed(err) {
			printStats(stats)
		}
	},
	"policy": func(h *host, _ []string) {
		if policy, err := h.room.Policy(); printed(err) {
			printPolicy(policy)
		}
	},
	"limiter": func(h *host, words []string) {
		h.limiter.Close()
		var err error
		h.limiter, err = h.client.OpenLimiter(background, words[0], limit(words[1:]))
		printed(err)
	},
	"configure_limiter": func(h *host, words []string) { printed(h.limiter.Configure(background, limit(words))) },
	"try": func(h *host, words []string) {
		if decision, err := h.limiter.Try(background, uint32(number(words[0]))); printed(err) {
			printDecision(decision)
		}
	},
	"eta": func(h *host, words []string) {
		options := waitq.DefaultEstimatorOptions()
		options.Rate = number(words[0])
		options.Burst = uint64(number(words[1]))
		options.MaxActive = uint64(number(words[2]))
		h.estimator.Close()
		var err error
		h.estimator, err = waitq.NewEstimator(&options)
		printed(err)
	},
	"observe": func(h *host, words []string) {
		count := func(i int) uint64 { return uint64(number(words[i])) }
		printed(h.estimator.Observe(h.clock.Now(), waitq.Sample{
			Admitted: count(0), Joined: count(1), Left: count(2), Ended: count(3), Waiting: count(4), Active: count(5),
			Tokens: number(words[6]),
		}))
	},
	"estimate": func(h *host, words []string) {
		if estimate, err := h.estimator.Estimate(h.clock.Now(), uint64(number(words[0]))); printed(err) {
			printEstimate(estimate)
		}
	},
	"text": func(h *host, words []string) {
		text := strings.Join(words[1:], "")
		named := h.label(words[0])
		named.ticket, _ = waitq.ParseTicket(text) // one that is none is the zero Ticket, and as malformed
		named.pass = text
	},
}

func asError(code waitq.Code) error {
	if code == 0 {
		return nil
	}
	return code
}

func batch(count int) ([]waitq.Ticket, []waitq.Status, []waitq.Code) {
	return make([]waitq.Ticket, count), make([]waitq.Status, count), make([]waitq.Code, count)
}

func limit(words []string) waitq.Limit {
	return waitq.Limit{Rate: number(words[0]), Burst: uint64(number(words[1]))}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: transcript scenario.txt")
	}
	script, err := os.Open(os.Args[1])
	must(err)
	key := waitq.Key{Algorithm: waitq.HS256, ID: "k1"}
	for i := byte(1); i <= 32; i++ {
		key.Bytes = append(key.Bytes, i)
	}
	clock := waitq.NewClock(time.Unix(1_700_000_000, 0))
	client, err := waitq.Open(background, "memory:", &waitq.Options{Clock: clock, Keys: []waitq.Key{key}})
	must(err)
	h := &host{client: client, clock: clock, key: key, labels: map[string]*label{}}
	for lines := bufio.NewScanner(script); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		command := commands[words[0]]
		if command == nil {
			log.Fatalf("transcript: no such command: %s", words[0])
		}
		fmt.Println(strings.TrimRight(line, " "))
		command(h, words[1:])
	}
	must(h.estimator.Close())
	must(client.Close())
}
