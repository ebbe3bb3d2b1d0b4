// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

// A State is what has become of a ticket.
type State uint32

// The states.
const (
	StateNone    State = C.WAITQ_STATE_NONE    // no ticket: the room did not take the visitor; the reason says why
	StateWaiting State = C.WAITQ_STATE_WAITING // in line
	StateReady   State = C.WAITQ_STATE_READY   // its turn has come: enter before EnterBy
	StateEntered State = C.WAITQ_STATE_ENTERED // it entered
	StateLeft    State = C.WAITQ_STATE_LEFT    // it left the line
	StateExpired State = C.WAITQ_STATE_EXPIRED // it fell silent or missed its turn, or is so old that the room forgot it
	StateStale   State = C.WAITQ_STATE_STALE   // it is of another epoch: join again
)

// String is the state in lower case, such as "waiting".
func (s State) String() string {
	return C.GoString(C.waitq_state_name(C.uint32_t(s)))
}

// Over tells whether the ticket is of no use any more: its visitor may join again.
func (s State) Over() bool {
	return s == StateLeft || s == StateExpired || s == StateStale
}

// A Reason is why an answer is as it is: what binds the line, why it stands still, why a visitor was not taken.
type Reason uint32

// The reasons.
const (
	ReasonNone        Reason = C.WAITQ_REASON_NONE         // nothing to say
	ReasonBucket      Reason = C.WAITQ_REASON_BUCKET       // the rate binds
	ReasonSlots       Reason = C.WAITQ_REASON_SLOTS        // MaxActive binds: a session must end before the next turn
	ReasonNoSamples   Reason = C.WAITQ_REASON_NO_SAMPLES   // nothing is known yet of how fast the line moves
	ReasonRateChanged Reason = C.WAITQ_REASON_RATE_CHANGED // the rate was changed a moment ago
	ReasonPaused      Reason = C.WAITQ_REASON_PAUSED       // the room is paused
	ReasonStalled     Reason = C.WAITQ_REASON_STALLED      // nothing moves: the store cannot be reached, or no turn comes
	ReasonScheduled   Reason = C.WAITQ_REASON_SCHEDULED    // the room opens later
	ReasonDraining    Reason = C.WAITQ_REASON_DRAINING     // the room takes nobody any more, and lets in those who wait
	ReasonClosed      Reason = C.WAITQ_REASON_CLOSED       // the room is closed
	ReasonFull        Reason = C.WAITQ_REASON_FULL         // as many wait as may
	ReasonPacing      Reason = C.WAITQ_REASON_PACING       // the turn stands, but others enter at this instant
	ReasonRateZero    Reason = C.WAITQ_REASON_RATE_ZERO    // the rate is zero
	ReasonRestored    Reason = C.WAITQ_REASON_RESTORED     // a shared store lost something: positions may rise once
)

// String is what the reason means, in a few words.
func (r Reason) String() string {
	return C.GoString(C.waitq_reason_text(C.uint32_t(r)))
}

// A Phase is what a room does at the moment.
type Phase uint32

// The phases.
const (
	PhaseScheduled Phase = C.WAITQ_PHASE_SCHEDULED // before OpensAt: visitors join, nobody gets a turn
	PhaseOpen      Phase = C.WAITQ_PHASE_OPEN      // visitors join, and get their turns
	PhasePaused    Phase = C.WAITQ_PHASE_PAUSED    // visitors join; no turns, no entries; claim deadlines stand still
	PhaseDraining  Phase = C.WAITQ_PHASE_DRAINING  // nobody joins; those in line get their turns
	PhaseClosed    Phase = C.WAITQ_PHASE_CLOSED    // nobody joins, nobody gets a turn, nobody enters
)

// String is the phase in lower case, such as "open".
func (p Phase) String() string {
	switch p {
	case PhaseScheduled:
		return "scheduled"
	case PhaseOpen:
		return "open"
	case PhasePaused:
		return "paused"
	case PhaseDraining:
		return "draining"
	case PhaseClosed:
		return "closed"
	}
	return "unknown"
}

// An Order is in which order those who came before the opening get their turns.
type Order uint32

// The orders.
const (
	OrderFIFO Order = C.WAITQ_ORDER_FIFO // first come, first served
)

// An ETAModel is how the wait is estimated.
type ETAModel uint32

// The models.
const (
	ETADefault   ETAModel = C.WAITQ_ETA_DEFAULT   // from the rate that binds
	ETAReference ETAModel = C.WAITQ_ETA_REFERENCE // sliding windows of 1, 5 and 15 minutes
)

// A LossPolicy is how joins and entries go on while a shared store cannot be reached.
type LossPolicy uint32

// What may be done. Polls always go on, from what was known last.
const (
	LossHold  LossPolicy = C.WAITQ_LOSS_HOLD  // nobody is taken, nobody enters; all are asked to come again
	LossOpen  LossPolicy = C.WAITQ_LOSS_OPEN  // everybody enters who asks, newcomers too
	LossLocal LossPolicy = C.WAITQ_LOSS_LOCAL // whoever has a ticket enters, at this process' share of the rate
)
