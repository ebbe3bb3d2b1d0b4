# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A visitor's way through a room, and what operators do with it."""
import dataclasses
import math

import pytest

import waitq
from conftest import KEY
from waitq import Phase, Reason, State


def crowd(room, count):
    return [room.join(f"visitor {number}") for number in range(count)]


def test_a_visitor_joins_polls_enters_renews_and_exits(room, clock):
    ticket = room.join("ann")
    assert ticket and str(ticket) == ticket.text and ticket.status.state is State.READY
    status = room.poll(ticket)
    assert status.state is State.READY and status.enter_by > clock.now and status.position == 0
    granted = room.enter(ticket)
    assert granted and granted.state is State.ENTERED and granted.expires_at >= clock.now + 600
    clock.tick(300)
    renewed = room.renew(granted)
    assert renewed.expires_at > granted.expires_at
    assert room.exit(renewed) is None
    assert room.renew(granted).state is State.EXPIRED
    assert room.stats().active == 0


def test_who_waits_has_a_position_an_estimate_and_a_time_to_come_again(room, clock):
    tickets = crowd(room, 5)
    status = room.poll(tickets[4])
    assert (status.state, status.position, status.ahead, status.behind) == (State.WAITING, 3, 2, 0)
    assert status.eta == pytest.approx(3, abs=0.5) and status.eta_low <= status.eta <= status.eta_high
    assert 0 < status.next_poll <= 10 and status.enter_by is None and status.phase is Phase.OPEN
    clock.tick(0.5)
    assert room.poll(tickets[4]).waited == 0.5


def test_the_text_of_a_ticket_does_where_a_ticket_is_asked_for(room):
    ticket = room.join("ann")
    assert room.poll(ticket.text) == room.poll(ticket)
    assert room.enter(ticket.text) == room.enter(ticket)


def test_joining_again_gives_the_place_back_and_anonymous_visitors_are_new_each_time(room):
    assert room.join("ann").text == room.join(b"ann").text
    assert room.join().text != room.join(None).text


def test_a_full_room_takes_nobody_and_says_so(room):
    crowd(room, 7)
    refused = room.join("one too many")
    assert not refused and refused.text == ""
    assert refused.status.state is State.NONE and refused.status.reason is Reason.FULL
    assert refused.status.next_poll > 0


def test_a_turn_that_has_not_come_gives_no_pass(room):
    tickets = crowd(room, 4)
    refused = room.enter(tickets[3])
    assert not refused and refused.state is State.WAITING and refused.expires_at is None


def test_leaving_twice_is_leaving_once_and_turns_are_missed(room, clock):
    first, second = crowd(room, 2)
    assert room.leave(first).state is State.LEFT and room.leave(first).state is State.LEFT
    clock.tick(60)
    assert room.poll(second).state is State.EXPIRED
    assert room.poll(second).next_poll is None
    stats = room.stats()
    assert stats.issued == 2 == stats.waiting + stats.ready + stats.entered + stats.left + stats.expired


def test_after_a_reset_tickets_and_passes_are_stale(room):
    ticket = room.join("ann")
    granted = room.enter(ticket)
    epoch = room.stats().epoch
    room.reset()
    assert room.poll(ticket).state is State.STALE and room.renew(granted).state is State.STALE
    assert room.stats().epoch > epoch


def test_the_policy_is_that_of_c_until_it_is_changed(context):
    room = context.room("plain")
    assert room.policy() == waitq.Policy()
    changed = waitq.Policy(rate_per_s=2.5, burst=3, max_active=4, max_waiting=5, claim_ttl=20, session_ttl=100,
                           heartbeat_ttl=90.5, min_poll=0.25, max_poll=12, eta_model=waitq.EtaModel.REFERENCE,
                           on_store_loss=waitq.Loss.LOCAL, eta_hour_weights=tuple(range(1, 25)))
    room.configure(changed)
    assert room.policy() == changed
    room.configure(dataclasses.replace(changed, burst=9))
    assert room.policy().burst == 9


def test_a_room_is_opened_paused_drained_and_closed(context, clock):
    room = context.room("later", waitq.Policy(opens_at=clock.now + 60))
    ticket = room.join("ann")
    assert ticket.status.phase is Phase.SCHEDULED and room.stats().goes_on_at == clock.now + 60
    clock.tick(60)
    assert room.poll(ticket).state is State.READY
    room.pause_until(clock.now + 10)
    assert room.poll(ticket).phase is Phase.PAUSED and room.stats().goes_on_at == clock.now + 10
    assert room.enter(ticket).reason is Reason.PAUSED
    clock.tick(10)
    assert room.poll(ticket).phase is Phase.OPEN
    for phase, reason in ((Phase.DRAINING, Reason.DRAINING), (Phase.CLOSED, Reason.CLOSED)):
        room.set_phase(phase)
        assert room.join("ben").status.reason is reason


def test_rates_are_set_now_and_planned(room, clock):
    room.set_rate(0)
    assert room.stats().rate_per_s == 0
    room.set_rate_at(5, clock.now + 1)
    clock.tick(1)
    assert room.stats().rate_per_s == 5
    with pytest.raises(waitq.Exhausted):
        for minute in range(1, 10):
            room.set_rate_at(1, clock.now + 60 * minute)


def test_many_join_and_poll_as_lists(context):
    room = context.room("many", waitq.Policy(rate_per_s=1, burst=1))
    tickets = room.join_many(["ann", b"ben", None, "ann"])
    assert tickets[0].text == tickets[3].text and len({ticket.text for ticket in tickets}) == 3
    answers = room.poll_many([*tickets, "no ticket"])
    assert [answer.position for answer in answers[:3]] == [0, 1, 2]
    assert isinstance(answers[4], waitq.Malformed) and answers[4].code == -40
    assert room.poll_many([]) == [] and room.join_many([]) == []


def test_many_join_and_poll_as_packed_arrays(context):
    room = context.room("many", waitq.Policy(rate_per_s=1, burst=1))
    ids = b"".join(number.to_bytes(4, "big") for number in range(1000))
    tickets, statuses = room.join_many(waitq.Visitors.of_width(ids, 4))
    assert len(tickets) == len(statuses) == 1000
    assert room.join(ids[:4]).text == tickets[0]
    assert statuses.column("position").tolist() == list(range(1000))
    again = waitq.Statuses(1000)
    assert room.poll_many(tickets, again) is again
    assert list(again) == [room.poll(text) for text in tickets]
    assert again[-1] == room.poll(tickets[-1]) and len(again[2:5]) == 3
    assert sum(again.codes) == 0 and bytes(again.buffer[:8]) == (len(again.buffer) // 1000).to_bytes(8, "little")
    assert tickets[10:12][1] == tickets[11]
    with pytest.raises(ValueError, match="999"):
        room.poll_many(tickets, waitq.Statuses(999))
    with pytest.raises(waitq.InvalidArgument, match="there are state, reason"):
        again.column("nonsense")


def test_packed_ids_of_all_kinds_are_those_of_single_joins(context):
    room = context.room("many")
    ids = ["é", b"\x00\x01", None, "a" * 1024]
    tickets, statuses = room.join_many(waitq.Visitors(ids))
    assert statuses.codes.tolist() == [0, 0, 0, 0]
    for text, one in zip(tickets, ids):
        assert one is None or room.join(one).text == text


def test_texts_that_c_would_read_in_part_are_malformed_in_arrays_too(room):
    ticket = room.join("ann")
    answers = room.poll_many([ticket.text, ticket.text + "\0more", ticket.text + "A", "\ud800", "é" * 40, ""])
    assert answers[0].state is State.READY
    assert all(isinstance(answer, waitq.Malformed) for answer in answers[1:])


def test_a_limiter_admits_and_tells_when_to_come_again(context, clock):
    limiter = context.limiter("api", waitq.Limit(rate_per_s=2, burst=3))
    assert limiter.take(3)
    denied = limiter.take(2)
    assert not denied and denied.retry_after == 1 and denied.remaining == 0
    assert math.isinf(limiter.take(4).retry_after)
    clock.tick(1)
    assert limiter.take(2)
    limiter.configure(waitq.Limit(rate_per_s=1000, burst=1000))
    clock.tick(1)
    assert limiter.take(1000)


def test_a_pass_says_what_the_verifier_reads(room, clock):
    binding = waitq.Binding("POST", "/checkout", "203.0.113.7")
    granted = room.enter(room.join("ann"), binding)
    verifier = waitq.Verifier([KEY], "concert", leeway=0)
    claims = verifier.verify(granted, binding, now=clock.now)
    assert (claims.room, claims.kid, claims.number) == ("concert", "k1", 0)
    assert claims.id == f"{claims.epoch}-0" and claims.expires_at == granted.expires_at and claims.issued_at == clock.now
    for wrong, error in ((dict(binding=None), waitq.WrongBinding), (dict(now=claims.expires_at + 1), waitq.Expired),
                         (dict(now=claims.issued_at - 1), waitq.TooEarly)):
        with pytest.raises(error):
            verifier.verify(granted.text, **{"binding": binding, "now": clock.now, **wrong})
    with pytest.raises(waitq.WrongRoom):
        waitq.Verifier([KEY], "theatre").verify(granted, binding, now=clock.now)
    with pytest.raises(waitq.UnknownKey):
        waitq.Verifier([waitq.Key.hs256("k2", bytes(range(32)))]).verify(granted, binding, now=clock.now)
    middle = len(granted.text) // 2
    with pytest.raises(waitq.Refused):
        verifier.verify(granted.text[:middle] + "~" + granted.text[middle + 1:], binding, now=clock.now)


def test_an_ed25519_key_signs_and_its_public_half_verifies():
    key = waitq.Key.ed25519("sale", bytes(range(32)))
    assert key.public().algorithm is waitq.Algorithm.ED25519_PUBLIC and bytes(key.public()) != bytes(key)
    with waitq.Context("memory:", keys=[key]) as context:
        room = context.room("concert")
        granted = room.enter(room.join("ann"))
    assert waitq.Verifier([key.public()], "concert").verify(granted).kid == "sale"


def test_an_estimator_learns_and_estimates():
    eta = waitq.Eta(waitq.EtaOptions(rate_per_s=10, burst=1))
    for second in range(200):
        admitted = 10 * second
        eta.observe(second, waitq.EtaSample(waiting=1000, admitted=admitted, joined=1000 + admitted))
    estimate = eta.estimate(200, 500)
    assert estimate.eta == pytest.approx(50, rel=0.2) and estimate.eta_low <= estimate.eta <= estimate.eta_high
    assert estimate.reason is Reason.BUCKET
    eta.left(5)
    eta.ended(3.5)
    eta.set_rate_at(20, 150)
    assert eta.estimate(200, 500).eta < estimate.eta
    eta.configure(201, waitq.EtaOptions(rate_per_s=5))
    measured = eta.measured()
    assert measured is None or measured.scored > 0
    eta.close()
    with pytest.raises(waitq.Closed):
        eta.estimate(201, 1)


def test_metrics_tell_of_every_open_room(context, room):
    room.join("ann")
    others = [context.room(f"other-{number}") for number in range(50)]
    text = context.metrics()
    assert 'waitq_room_joined_total{room="concert"} 1' in text and text.endswith("\n")
    assert all(f'room="{other.name}"' in text for other in others)
    context.close()
    with pytest.raises(waitq.Closed, match="the context is closed"):
        context.metrics()


def test_numbers_that_a_later_library_adds_have_a_name():
    assert State(77).name == "UNKNOWN_77" and State(77) is State(77) and State(77).text == "unknown"
    with pytest.raises(ValueError):
        State(-1)


def test_help_tells_of_every_public_name():
    for name in waitq.__all__:
        thing = getattr(waitq, name)
        assert name == "library_version" or (thing.__doc__ and thing.__module__ == "waitq"), name
    for kind in (waitq.Context, waitq.Room, waitq.Limiter, waitq.Verifier, waitq.Eta):
        for name, member in vars(kind).items():
            assert name.startswith("_") or name in ("name", "context", "closed") or getattr(member, "__doc__", None), name
