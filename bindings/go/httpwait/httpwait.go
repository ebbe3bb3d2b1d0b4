// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Package httpwait guards a handler of net/http by a waiting room. Visitors with a valid pass go through; the others
// get a place in line and an answer that says when to come again.
//
//	guard := httpwait.Guard(room, verifier, nil)
//	http.Handle("/sale/", guard(sale))
//
// The ticket is in the cookie waitq_ticket or in the header Waitq-Ticket, the pass in waitq_pass or Waitq-Pass. Who
// waits is answered with Retry-After: those who accept application/json with 202 and a JSON object, others with 503
// and a page that comes again by itself. Where the room takes nobody, or the store fails, the status is 503 for all.
package httpwait

import (
	"context"
	"errors"
	"net/http"
	"time"

	"waitq"
)

// The names of cookies and headers.
const (
	TicketCookie = "waitq_ticket"
	TicketHeader = "Waitq-Ticket"
	PassCookie   = "waitq_pass"
	PassHeader   = "Waitq-Pass"
)

// Options of a guard. Zero in a field means its default.
type Options struct {
	// Visitor names who asks, such as an account: a visitor who comes again then has the same place. Default, and
	// where it is empty: an anonymous visitor, whose place is in the cookie alone.
	Visitor func(*http.Request) string
	// Binding is what passes are bound to. It must be the same for the request that brings a pass as for the one that
	// got it. Default: nothing.
	Binding func(*http.Request) *waitq.Binding
	// Page writes what a person sees who waits; status and headers are set already. Default: a small page of the
	// package's.
	Page func(http.ResponseWriter, *http.Request, Wait)
	// Now tells the time by which passes are verified. Default: time.Now.
	Now func() time.Time
}

type guard struct {
	room     *waitq.Room
	verifier *waitq.Verifier
	options  Options
	next     http.Handler
}

// Guard makes a middleware. The verifier must have a key of the client's that opened the room, and the room as its
// audience.
func Guard(room *waitq.Room, verifier *waitq.Verifier, options *Options) func(http.Handler) http.Handler {
	var given Options
	if options != nil {
		given = *options
	}
	if given.Visitor == nil {
		given.Visitor = func(*http.Request) string { return "" }
	}
	if given.Binding == nil {
		given.Binding = func(*http.Request) *waitq.Binding { return nil }
	}
	if given.Page == nil {
		given.Page = page
	}
	if given.Now == nil {
		given.Now = time.Now
	}
	return func(next http.Handler) http.Handler { return &guard{room, verifier, given, next} }
}

type claimsKey struct{}

// Claims are those of the pass that a request came with, for handlers behind a guard.
func Claims(ctx context.Context) (waitq.Claims, bool) {
	claims, ok := ctx.Value(claimsKey{}).(waitq.Claims)
	return claims, ok
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	binding := g.options.Binding(r)
	if g.goThrough(w, r, text(r, PassCookie, PassHeader), binding) {
		return
	}
	place, err := g.place(r)
	if err == nil && (place.status.State == waitq.StateReady || place.status.State == waitq.StateEntered) {
		place, err = g.enter(r, place, binding)
	}
	switch {
	case err != nil:
		g.wait(w, r, Wait{Reason: reason(err), RetryAfter: time.Second})
	case place.pass.State == waitq.StateEntered:
		setCookie(w, r, TicketCookie, place.ticket.String(), time.Time{})
		setCookie(w, r, PassCookie, place.pass.Text, place.pass.Expires)
		w.Header().Set(PassHeader, place.pass.Text)
		if !g.goThrough(w, r, place.pass.Text, binding) {
			g.wait(w, r, Wait{Reason: "the pass cannot be verified here", RetryAfter: time.Second})
		}
	default:
		if !place.ticket.IsZero() {
			setCookie(w, r, TicketCookie, place.ticket.String(), time.Time{})
		}
		g.wait(w, r, place.wait())
	}
}

// goThrough is false where there is no valid pass.
func (g *guard) goThrough(w http.ResponseWriter, r *http.Request, pass string, binding *waitq.Binding) bool {
	if pass == "" {
		return false
	}
	claims, err := g.verifier.Verify(pass, g.options.Now(), binding)
	if err != nil {
		return false
	}
	g.next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
	return true
}

// A place is where a visitor stands, and the pass where there is one.
type place struct {
	ticket waitq.Ticket
	status waitq.Status
	pass   waitq.Pass
}

// place finds the visitor's place in line, or takes one where there is none, or none that is of use any more.
func (g *guard) place(r *http.Request) (place, error) {
	if ticket, err := waitq.ParseTicket(text(r, TicketCookie, TicketHeader)); err == nil {
		status, err := g.room.Poll(ticket)
		if err == nil && !status.State.Over() {
			return place{ticket: ticket, status: status}, nil
		}
		if err != nil && !errors.Is(err, waitq.ErrForged) && !errors.Is(err, waitq.ErrMalformed) {
			return place{}, err
		}
	}
	return g.join(r)
}

func (g *guard) join(r *http.Request) (taken place, err error) {
	if visitor := g.options.Visitor(r); visitor != "" {
		taken.ticket, taken.status, err = g.room.Join(r.Context(), visitor)
	} else {
		taken.ticket, taken.status, err = g.room.JoinAnonymous(r.Context())
	}
	return taken, err
}

// enter uses a turn. A ticket whose session has ended, or that missed its turn a moment ago, gives way to a new one.
func (g *guard) enter(r *http.Request, at place, binding *waitq.Binding) (place, error) {
	pass, err := g.room.Enter(r.Context(), at.ticket, binding)
	if err == nil && pass.State.Over() {
		if at, err = g.join(r); err == nil && at.status.State == waitq.StateReady {
			pass, err = g.room.Enter(r.Context(), at.ticket, binding)
		}
	}
	at.pass = pass
	return at, err
}

// text is a cookie's value, or a header's where there is no such cookie.
func text(r *http.Request, cookie, header string) string {
	if found, err := r.Cookie(cookie); err == nil && found.Value != "" {
		return found.Value
	}
	return r.Header.Get(header)
}

func setCookie(w http.ResponseWriter, r *http.Request, name, value string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", Expires: expires, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}

// reason is what a visitor is told of a failure: what kind it is, and nothing of the server's inside.
func reason(err error) string {
	var code waitq.Code
	if errors.As(err, &code) {
		return code.Text()
	}
	return "the room did not answer in time"
}
