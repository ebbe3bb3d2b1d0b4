// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

import "unsafe"

// TicketLength is how many characters the text of a ticket has at most.
const TicketLength = C.WAITQ_TICKET_SIZE - 1

// A Ticket is a place in line, as signed text that the visitor's client carries. It is a value: it can be copied,
// compared with ==, be the key of a map, and is written and read as text by packages such as encoding/json. The zero
// Ticket is none.
type Ticket struct {
	c C.waitq_ticket
}

// ParseTicket takes text that a client has sent. It looks at length and characters alone: whether a ticket is genuine
// is what [Room.Poll] and its like find out, without waiting for anything.
func ParseTicket(text string) (Ticket, error) {
	if len(text) == 0 || len(text) > TicketLength {
		return Ticket{}, fail("ticket", ErrMalformed, "a text of %d bytes is no ticket", len(text))
	}
	var t Ticket
	t.c.size = C.size_t(unsafe.Sizeof(t.c))
	for i := 0; i < len(text); i++ {
		if !isURLSafe(text[i]) {
			return Ticket{}, fail("ticket", ErrMalformed, "byte %d is none of those that tickets are made of", i)
		}
		t.c.text[i] = C.char(text[i])
	}
	return t, nil
}

func isURLSafe(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}

// IsZero tells whether there is no ticket.
func (t Ticket) IsZero() bool {
	return t.c.text[0] == 0
}

// String is the text to give to the visitor's client; it is safe in URLs, cookies and headers.
func (t Ticket) String() string {
	return text(t.c.text[:])
}

// MarshalText implements encoding.TextMarshaler.
func (t Ticket) MarshalText() ([]byte, error) {
	return []byte(t.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler, as [ParseTicket] does; an empty text is the zero Ticket.
func (t *Ticket) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*t = Ticket{}
		return nil
	}
	parsed, err := ParseTicket(string(text))
	if err == nil {
		*t = parsed
	}
	return err
}

// takeTicket makes an empty text the zero Ticket. Behind the text c has nothing but zeros, so that equal tickets are
// equal.
func takeTicket(c *C.waitq_ticket) Ticket {
	if c.text[0] == 0 {
		return Ticket{}
	}
	return Ticket{*c}
}
