// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

package httpwait

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"waitq"
)

// A Wait is what a visitor is told who does not go through.
type Wait struct {
	Status     waitq.Status
	Ticket     waitq.Ticket // zero where the room took nobody
	Reason     string       // why, in a few words
	RetryAfter time.Duration
}

func (p place) wait() Wait {
	wait := Wait{Status: p.status, Ticket: p.ticket, Reason: p.status.Reason.String(), RetryAfter: p.status.NextPoll}
	if p.pass.RetryAfter > 0 { // the turn stands, and is refused at this instant
		wait.Reason, wait.RetryAfter = p.pass.Reason.String(), p.pass.RetryAfter
	}
	return wait
}

// seconds are whole ones, rounded up, and at least 1.
func (w Wait) seconds() int64 {
	if w.RetryAfter <= time.Second {
		return 1
	}
	return int64((w.RetryAfter-1)/time.Second) + 1
}

// wait answers a visitor who does not go through.
func (g *guard) wait(w http.ResponseWriter, r *http.Request, wait Wait) {
	isJSON := strings.Contains(r.Header.Get("Accept"), "application/json")
	w.Header().Set("Retry-After", strconv.FormatInt(wait.seconds(), 10))
	w.Header().Set("Cache-Control", "no-store")
	if !isJSON {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		g.options.Page(w, r, wait)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if wait.Ticket.IsZero() {
		w.WriteHeader(http.StatusServiceUnavailable)
	} else {
		w.WriteHeader(http.StatusAccepted)
	}
	_ = json.NewEncoder(w).Encode(wait) // who has gone away does not read it
}

// MarshalJSON writes the object that clients read; times that are not known are null.
func (w Wait) MarshalJSON() ([]byte, error) {
	milliseconds := func(d time.Duration) *int64 {
		if d < 0 {
			return nil
		}
		ms := d.Milliseconds()
		return &ms
	}
	return json.Marshal(struct {
		State        string       `json:"state"`
		Reason       string       `json:"reason"`
		Position     uint64       `json:"position"`
		Ahead        uint64       `json:"ahead"`
		Behind       uint64       `json:"behind"`
		ETAMs        *int64       `json:"eta_ms"`
		ETALowMs     *int64       `json:"eta_low_ms"`
		ETAHighMs    *int64       `json:"eta_high_ms"`
		Confidence   float64      `json:"confidence"`
		WaitedMs     int64        `json:"waited_ms"`
		RetryAfterMs int64        `json:"retry_after_ms"`
		Ticket       waitq.Ticket `json:"ticket"`
	}{
		w.Status.State.String(), w.Reason, w.Status.Position, w.Status.Ahead, w.Status.Behind, milliseconds(w.Status.ETA),
		milliseconds(w.Status.ETALow), milliseconds(w.Status.ETAHigh), w.Status.Confidence, w.Status.Waited.Milliseconds(),
		w.RetryAfter.Milliseconds(), w.Ticket,
	})
}

var pageTemplate = template.Must(template.New("wait").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{{.Seconds}}">
<title>Please wait</title>
<style>body{font:1.2em system-ui,sans-serif;max-width:32em;margin:4em auto;padding:0 1em;text-align:center}</style>
</head>
<body>
<h1>Please wait</h1>
{{if .Position}}<p>You are number <strong>{{.Position}}</strong> in line{{if .Minutes}}, about {{.Minutes}} min from your turn{{end}}.</p>
{{else if .HasPlace}}<p>Your turn has come. One moment, please.</p>
{{else}}<p>Nobody can be let in at the moment.</p>
{{end}}<p>This page comes again by itself; keep it open.</p>
</body>
</html>
`))

func page(w http.ResponseWriter, _ *http.Request, wait Wait) {
	minutes := int64(0)
	if wait.Status.ETA > 0 {
		minutes = int64((wait.Status.ETA + time.Minute - 1) / time.Minute)
	}
	_ = pageTemplate.Execute(w, map[string]any{ // who has gone away does not read it
		"Seconds": wait.seconds(), "Position": wait.Status.Position, "Minutes": minutes, "HasPlace": !wait.Ticket.IsZero(),
	})
}
