// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

package main

import (
	"fmt"
	"time"

	"waitq"
)

// What calls fill in, as a transcript shows it: a line for each field, under its name in C.

func line(name string, value any) {
	switch value := value.(type) {
	case float64:
		fmt.Printf("  %s %.6f\n", name, value)
	case string:
		if value == "" {
			value = "-"
		}
		fmt.Printf("  %s %s\n", name, value)
	case time.Duration:
		fmt.Printf("  %s %d\n", name, inMilliseconds(value))
	case time.Time:
		fmt.Printf("  %s %d\n", name, unixMilli(value))
	default:
		fmt.Printf("  %s %d\n", name, value)
	}
}

// lines prints names and values in turn.
func lines(namesAndValues ...any) {
	for i := 0; i < len(namesAndValues); i += 2 {
		line(namesAndValues[i].(string), namesAndValues[i+1])
	}
}

func inMilliseconds(d time.Duration) int64 {
	if d == waitq.Never {
		return int64(waitq.Never) // INT64_MAX
	}
	return d.Milliseconds()
}

func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func printTicket(ticket waitq.Ticket) {
	line("text", ticket.String())
}

func printStatus(s waitq.Status) {
	lines("state", uint32(s.State), "reason", uint32(s.Reason), "position", s.Position, "ahead", s.Ahead, "behind", s.Behind,
		"eta_ms", s.ETA, "eta_low_ms", s.ETALow, "eta_high_ms", s.ETAHigh, "confidence", s.Confidence, "waited_ms", s.Waited,
		"enter_by_ms", s.EnterBy, "next_poll_ms", s.NextPoll, "age_ms", s.Age, "phase", uint32(s.Phase))
}

func printPass(p waitq.Pass) {
	lines("state", uint32(p.State), "reason", uint32(p.Reason), "expires_at_ms", p.Expires, "retry_after_ms", p.RetryAfter,
		"text", p.Text)
}

func printClaims(c waitq.Claims) {
	lines("epoch", c.Epoch, "number", c.Number, "issued_at_ms", c.IssuedAt, "not_before_ms", c.NotBefore,
		"expires_at_ms", c.Expires, "room", c.Room, "kid", c.KeyID, "id", c.ID)
}

func printStats(s waitq.Stats) {
	lines("epoch", s.Epoch, "issued", s.Issued, "waiting", s.Waiting, "ready", s.Ready, "entered", s.Entered, "left", s.Left,
		"expired", s.Expired, "active", s.Active, "head", s.Head, "rate_per_s", s.Rate, "tokens", s.Tokens, "now_ms", s.Now,
		"age_ms", s.Age, "phase", uint32(s.Phase), "goes_on_at_ms", s.GoesOnAt, "eta_scored", s.Accuracy.Scored,
		"eta_acc", s.Accuracy.Acc, "eta_hit", s.Accuracy.Hit, "eta_bias", s.Accuracy.Bias, "eta_cov90", s.Accuracy.Cov90,
		"eta_width", s.Accuracy.Width)
}

func printPolicy(p waitq.Policy) {
	lines("rate_per_s", p.Rate, "burst", p.Burst, "max_active", p.MaxActive, "max_waiting", p.MaxWaiting,
		"claim_ttl_ms", p.ClaimTTL, "session_ttl_ms", p.SessionTTL, "heartbeat_ttl_ms", p.HeartbeatTTL,
		"min_poll_ms", p.MinPoll, "max_poll_ms", p.MaxPoll, "opens_at_ms", p.OpensAt, "order", uint32(p.Order),
		"eta_model", uint32(p.ETAModel), "on_store_loss", uint32(p.OnStoreLoss))
}

func printDecision(d waitq.Decision) {
	admitted := 0
	if d.Admitted {
		admitted = 1
	}
	lines("admitted", admitted, "remaining", d.Remaining, "retry_after_ms", d.RetryAfter, "reset_ms", d.Reset)
}

func printEstimate(e waitq.Estimate) {
	lines("eta_ms", e.ETA, "eta_low_ms", e.ETALow, "eta_high_ms", e.ETAHigh, "confidence", e.Confidence,
		"reason", uint32(e.Reason))
}
