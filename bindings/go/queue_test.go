// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"strings"
	"testing"
	"time"
)

func TestTheFirstEntersAndTheSecondWaitsForATurn(t *testing.T) {
	room, clock := testRoom(t, nil)
	ann, status := join(t, room, "ann")
	equal(t, "ann's state", status.State, StateReady)
	equal(t, "until when ann can enter", status.EnterBy.After(noon), true)
	enter(t, room, ann)

	ben, status := join(t, room, "ben")
	equal(t, "ben's state", status.State, StateWaiting)
	equal(t, "ben's position", status.Position, 1)
	equal(t, "ben's estimate", status.ETA, time.Second)
	equal(t, "the reason", status.Reason, ReasonBucket)
	refused, err := room.Enter(background, ben, nil)
	must(t, err)
	equal(t, "the state of a pass too early", refused.State, StateWaiting)
	equal(t, "its text", refused.Text, "")

	clock.Advance(time.Second)
	status, err = room.Poll(ben)
	must(t, err)
	equal(t, "ben's state a second later", status.State, StateReady)
	pass := enter(t, room, ben)
	equal(t, "when the pass ends", pass.Expires.After(clock.Now()), true)
}

func TestJoiningAgainGivesTheSamePlaceAndAnonymousVisitorsGetNewOnes(t *testing.T) {
	room, _ := testRoom(t, nil)
	first, _ := join(t, room, "ann")
	again, _ := join(t, room, "ann")
	equal(t, "the second ticket", again, first)
	nobody, _, err := room.JoinAnonymous(background)
	must(t, err)
	other, _, err := room.JoinAnonymous(background)
	must(t, err)
	if nobody == other {
		t.Fatal("two anonymous visitors share a ticket")
	}
}

func TestTheIDOfAVisitorIsAnyBytes(t *testing.T) {
	room, _ := testRoom(t, nil)
	seen := map[Ticket]string{}
	for _, visitor := range []string{"a", "a\x00", "a\x00b", "\xff\xfe", "ä", strings.Repeat("x", VisitorMax)} {
		ticket, _ := join(t, room, visitor)
		if other, taken := seen[ticket]; taken {
			t.Fatalf("%q and %q are taken for one visitor", visitor, other)
		}
		seen[ticket] = visitor
	}
}

func TestLeavingGivesThePlaceUpAndLeavingTwiceIsLeavingOnce(t *testing.T) {
	room, _ := testRoom(t, nil)
	join(t, room, "ann")
	ben, _ := join(t, room, "ben")
	cleo, _ := join(t, room, "cleo")
	for i := 0; i < 2; i++ {
		status, err := room.Leave(background, ben)
		must(t, err)
		equal(t, "ben's state", status.State, StateLeft)
		equal(t, "whether it is over", status.State.Over(), true)
	}
	status, err := room.Poll(cleo)
	must(t, err)
	equal(t, "cleo's position", status.Position, 1)
}

func TestARenewedPassLastsLongerAndAnExitGivesTheSlotToTheNext(t *testing.T) {
	room, clock := testRoom(t, func(p *Policy) { p.MaxActive, p.Burst = 1, 10 })
	ann, _ := join(t, room, "ann")
	ben, status := join(t, room, "ben")
	equal(t, "ben's state", status.State, StateWaiting)
	pass := enter(t, room, ann)
	clock.Advance(5 * time.Minute)
	renewed, err := room.Renew(background, pass.Text)
	must(t, err)
	equal(t, "the state of the renewed pass", renewed.State, StateEntered)
	equal(t, "whether it lasts longer", renewed.Expires.After(pass.Expires), true)
	must(t, room.Exit(background, renewed.Text))
	must(t, room.Exit(background, renewed.Text))
	status, err = room.Poll(ben)
	must(t, err)
	equal(t, "ben's state", status.State, StateReady)
	gone, err := room.Renew(background, renewed.Text)
	must(t, err)
	equal(t, "the state of a session that has ended", gone.State, StateExpired)
}

func TestAFullRoomIsAnOutcomeAndNotAnError(t *testing.T) {
	room, _ := testRoom(t, func(p *Policy) { p.MaxWaiting = 1 })
	join(t, room, "ann")
	join(t, room, "ben")
	ticket, status := join(t, room, "cleo")
	equal(t, "cleo's state", status.State, StateNone)
	equal(t, "the reason", status.Reason, ReasonFull)
	equal(t, "whether there is a ticket", ticket.IsZero(), true)
	equal(t, "the zero ticket", ticket, Ticket{})
}

func TestManyAreAnsweredAsOneByOne(t *testing.T) {
	room, _ := testRoom(t, nil)
	visitors := []string{"ann", "ben", "ann", "", "cleo"}
	tickets := make([]Ticket, len(visitors))
	statuses := make([]Status, len(visitors))
	must(t, room.JoinMany(background, visitors, tickets, statuses, nil))
	equal(t, "ann's second ticket", tickets[2], tickets[0])
	for i, visitor := range visitors {
		status, err := room.Poll(tickets[i])
		must(t, err)
		equal(t, "the state of "+visitor, statuses[i].State, status.State)
	}
	polled := make([]Status, len(visitors))
	codes := make([]Code, len(visitors))
	must(t, room.PollMany(tickets, polled, codes))
	for i := range polled {
		status, err := room.Poll(tickets[i])
		must(t, err)
		equal(t, "one of many", polled[i], status)
		equal(t, "its code", codes[i], 0)
	}
}

func TestInABatchTheGoodOnesAreAnsweredBesideTheBad(t *testing.T) {
	room, _ := testRoom(t, nil)
	ann, _ := join(t, room, "ann")
	forged, err := ParseTicket(strings.Repeat("A", 62))
	must(t, err)
	for _, tickets := range [][]Ticket{{{}, ann, forged}, {forged, ann, {}}, {ann, {}, forged}} {
		given := append([]Ticket{}, tickets...)
		statuses := make([]Status, 3)
		codes := make([]Code, 3)
		if err := room.PollMany(tickets, statuses, codes); err == nil {
			t.Fatal("a batch with bad tickets has no error")
		}
		for i, ticket := range tickets {
			wanted, err := room.Poll(ticket)
			equal(t, "one of a batch", statuses[i], wanted)
			if (err == nil) != (codes[i] == 0) || err != nil && err.(*Error).Code != codes[i] {
				t.Fatalf("ticket %d: its code is %q; alone it fails with %v", i, codes[i], err)
			}
			equal(t, "the ticket afterwards", ticket, given[i])
		}
		if err := room.PollMany(tickets, statuses, nil); err == nil {
			t.Fatal("a batch without codes has no error")
		}
	}

	visitors := []string{"ben", strings.Repeat("x", VisitorMax+1), "cleo"}
	tickets := make([]Ticket, 3)
	statuses := make([]Status, 3)
	codes := make([]Code, 3)
	wants(t, room.JoinMany(background, visitors, tickets, statuses, codes), ErrInvalid)
	equal(t, "the code of the bad one", codes[1], ErrInvalid)
	for _, i := range []int{0, 2} {
		status, err := room.Poll(tickets[i])
		must(t, err)
		equal(t, "the state of a good one", status.State == StateNone, false)
	}
}

func TestAPollAllocatesNothing(t *testing.T) {
	room, _ := testRoom(t, nil)
	ann, _ := join(t, room, "ann")
	equal(t, "allocations of a poll", testing.AllocsPerRun(1000, func() {
		if _, err := room.Poll(ann); err != nil {
			t.Error(err)
		}
	}), 0)
	tickets, statuses, codes := make([]Ticket, 256), make([]Status, 256), make([]Code, 256)
	for i := range tickets {
		tickets[i] = ann
	}
	if raceEnabled {
		t.Log("the race detector has sync.Pool forget at random: batches are not counted")
		return
	}
	equal(t, "allocations of a batch", testing.AllocsPerRun(100, func() {
		if err := room.PollMany(tickets, statuses, codes); err != nil {
			t.Error(err)
		}
	}), 0)
}
