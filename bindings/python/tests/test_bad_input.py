# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Whatever is handed in, the answer is an exception of Python's own kind, and never the end of the interpreter.

The fuzzer runs in a process of its own with faulthandler, so that a crash would be seen as one.
"""
import math
import os

import pytest

import waitq
from conftest import KEY, SOURCE


@pytest.mark.parametrize("wrong", [b"bytes", bytearray(b"x"), 5, 1.5, [], {}, object(), True])
def test_a_ticket_of_another_type_is_a_type_error(room, wrong):
    for call in (room.poll, room.enter, room.leave):
        with pytest.raises(TypeError, match="ticket must be str"):
            call(wrong)
    with pytest.raises(TypeError, match="each ticket must be str"):
        room.poll_many([wrong])


def test_a_type_error_says_what_to_do(room, context):
    with pytest.raises(TypeError, match="not bytes: decode it first"):
        room.poll(b"A" * 62)
    with pytest.raises(TypeError, match="visitor must be str, bytes or None, not int"):
        room.join(5)
    with pytest.raises(TypeError, match="phase must be a member of Phase, not int"):
        room.set_phase(3)
    with pytest.raises(TypeError, match="policy must be a Policy, not dict"):
        context.room("x", {"rate_per_s": 5})
    with pytest.raises(TypeError, match="each key must be a Key, not bytes"):
        waitq.Context(keys=[bytes(32)])
    with pytest.raises(TypeError, match="visitors must be a list of ids, not str"):
        room.join_many("ann")
    with pytest.raises(TypeError, match="clock must be a function"):
        waitq.Context(clock=5)
    with pytest.raises(TypeError, match="name must be str, not bytes"):
        context.room(b"concert")
    with pytest.raises(TypeError, match="binding must be a Binding, not tuple"):
        room.enter(room.join("ann"), ("GET", None, None))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300, -5, 10**400], ids=range(6))
def test_numbers_out_of_range_are_value_errors(room, context, clock, number):
    verifier = waitq.Verifier([KEY])
    for call in (room.set_rate, lambda n: context.room("x", waitq.Policy(rate_per_s=n)),
                 lambda n: waitq.Verifier([KEY], leeway=n), lambda n: waitq.Eta(waitq.EtaOptions(rate_per_s=n)),
                 lambda n: context.limiter("x", waitq.Limit(rate_per_s=n))):
        with pytest.raises(ValueError):
            call(number)
    if number != -5:
        for call in (lambda n: verifier.verify("a.b.c", now=n), lambda n: room.set_rate_at(1, n), room.pause_until,
                     lambda n: context.room("x", waitq.Policy(claim_ttl=n))):
            with pytest.raises(ValueError):
                call(number)


@pytest.mark.parametrize("number", [-1, 2**64, 2**70])
def test_whole_numbers_are_not_cut_to_the_width_of_c(context, number):
    for call in (lambda n: context.limiter("x", waitq.Limit(burst=n)), lambda n: context.room("x", waitq.Policy(max_waiting=n)),
                 lambda n: context.limiter("x").take(n)):
        with pytest.raises(waitq.InvalidArgument):
            call(number)
    with pytest.raises(TypeError, match="burst must be a whole number"):
        context.limiter("x", waitq.Limit(burst=1.5))


@pytest.mark.parametrize("text", ["", "x", "A" * 62, "A" * 10000, "\0" * 62, "é" * 62, "\ud800", "A" * 61 + "\n"])
def test_texts_that_are_no_ticket_and_no_pass_are_refused(room, text):
    for call in (room.poll, room.enter, room.leave, room.renew, room.exit, waitq.Verifier([KEY]).verify):
        with pytest.raises(waitq.Refused):
            call(text)


def test_a_ticket_with_something_behind_a_nul_is_malformed(room):
    ticket = room.join("ann")
    for call in (room.poll, room.enter, room.leave):
        with pytest.raises(waitq.Malformed):
            call(ticket.text + "\0anything")


@pytest.mark.parametrize("visitor", ["", b"", "x" * 1025, "\ud800", memoryview(b"")])
def test_ids_that_are_no_ids_are_value_errors(room, visitor):
    with pytest.raises(ValueError):
        room.join(visitor)
    with pytest.raises(ValueError):
        room.join_many(["ann", visitor])


def test_a_clock_that_fails_stops_the_time_and_is_logged(caplog):
    times = iter([5.0, 5.0, 5.0])
    with waitq.Context(clock=lambda: next(times)) as context:
        room = context.room("concert")
        assert room.join("ann").status.waited == 0
        assert room.join("ann").status.waited == 0
        assert "the clock of a context failed" in caplog.text
    with pytest.raises(waitq.InvalidArgument, match="finite"):
        waitq.Context(clock=lambda: math.nan)


def test_a_source_of_randomness_that_fails_is_an_error(caplog):
    assert waitq.Context(random=os.urandom).room("concert").join("ann")
    for wrong in (lambda size: b"short", lambda size: 1 / 0):
        with pytest.raises(waitq.RandomFailed):
            waitq.Context(random=wrong)


FUZZ = """
import inspect, math, os, random, sys, waitq, waitq.aio, waitq.asgi, waitq.wsgi
seed = int(sys.argv[1])
rng = random.Random(seed)

class Odd:
    def __index__(self): return 3
    def __float__(self): return 2.5
    def __str__(self): raise ZeroDivisionError

class Worse:
    def __index__(self): raise ZeroDivisionError
    def __iter__(self): raise ZeroDivisionError
    def __len__(self): return -1

class Text(str): pass

key = waitq.Key.hs256("k", bytes(range(32)))

def context(): return waitq.Context("memory:", keys=[key])

base = context()
room = base.room("fuzz", waitq.Policy(rate_per_s=1e6, burst=1000))
closed = base.room("closed"); closed.close()
limiter, verifier, eta = base.limiter("fuzz"), waitq.Verifier([key]), waitq.Eta()
ticket = room.join("ann"); granted = room.enter(ticket)

def values():
    return [None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**30, 0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 1e308,
            "", "ann", "\\0", "a\\0b", "\\ud800", "é", "x" * 100000, Text("ann"), b"", b"ann", b"\\0", bytearray(b"zz"),
            memoryview(b"abcd"), memoryview(b"abcdefgh").cast("I"), [], ["a", None, b"b"], [1], ["a"] * 300, (), {}, {1: 2},
            iter([]), iter("abc"), range(5), Odd(), Worse(), object(), len, waitq, int, ticket, granted, ticket.text,
            granted.text, ticket.text[:-1], granted.text + "A", room, closed, base, limiter, verifier, eta, key,
            waitq.Policy(), waitq.Policy(rate_per_s=math.nan), waitq.Policy(burst="x"), waitq.Policy(eta_hour_weights=(1, 2)),
            waitq.Policy(opens_at=1e300), waitq.Limit(), waitq.Limit(burst=-1), waitq.Binding(), waitq.Binding("GET", "/", "me"),
            waitq.Binding(5, None, None), waitq.Binding("\\0"), waitq.State.READY, waitq.Phase.OPEN, waitq.Phase(99),
            waitq.Phase.SCHEDULED, waitq.Tickets([ticket.text, "x"]), waitq.Tickets([]), waitq.Statuses(2), waitq.Statuses(0),
            waitq.Visitors(["a", None]), waitq.Visitors([]), waitq.EtaOptions(), waitq.EtaOptions(model=5), waitq.EtaSample(),
            waitq.EtaSample(waiting=2**64), waitq.EtaSample(tokens=math.nan), os.urandom, lambda *a: 1.0, lambda *a: "no"]

def targets():
    things = [room, closed, limiter, verifier, eta, base]
    for thing in things:
        for name in dir(thing):
            if not name.startswith("_") and name not in ("close", "reset") and callable(getattr(thing, name)):
                yield getattr(thing, name)
    for kind in (waitq.Context, waitq.Key, waitq.Key.hs256, waitq.Key.ed25519, waitq.Key.ed25519_public, waitq.Verifier,
                 waitq.Eta, waitq.Tickets, waitq.Tickets.empty, waitq.Statuses, waitq.Visitors, waitq.Visitors.of_width,
                 waitq.Statuses(3).column, waitq.Statuses(3).__getitem__, waitq.Tickets(["a"]).__getitem__, waitq.aio.Room,
                 waitq.aio.Limiter, waitq.aio.Context, waitq.State, waitq.Reason, waitq.asgi.WaitingRoom, waitq.wsgi.WaitingRoom,
                 waitq.Key(waitq.Algorithm.ED25519, "k", bytes(range(32))).public):
        yield kind

calls = list(targets())
keywords = ["keys", "clock", "random", "logger", "now", "audience", "leeway", "binding", "into", "visitor", "exempt"]

def count(call):
    try:
        parameters = inspect.signature(call).parameters.values()
    except ValueError:
        return [0, 1, 2]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in positional)
    return list(range(needed, len(positional) + 1))

counts = {call: count(call) for call in calls}
raised = {}
for round_ in range(int(sys.argv[2])):
    call = rng.choice(calls)
    pool = values()
    # As many as it takes, mostly, or only wrong numbers of arguments would be tried.
    arguments = [rng.choice(pool) for _ in range(rng.choice(counts[call]) if rng.random() < 0.95 else rng.randrange(5))]
    named = {rng.choice(keywords): rng.choice(pool)} if rng.random() < 0.15 else {}
    if call in (waitq.Tickets.empty, waitq.Statuses):
        arguments = [a for a in arguments if not isinstance(a, int) or a < 10**6 or a >= 2**31]
        if any(isinstance(a, int) and 10**6 <= a < 2**31 for a in arguments): continue
    try:
        call(*arguments, **named)
        kind = "nothing"
    except (TypeError, ValueError, waitq.WaitqError, IndexError, ZeroDivisionError, AttributeError, RuntimeError) as error:
        kind = type(error).__name__
        assert str(error) or kind == "ZeroDivisionError", (call, arguments)
    raised[kind] = raised.get(kind, 0) + 1
assert room.poll(room.join("afterwards")).state.name
print(sorted(raised.items()))
"""


def test_no_input_ends_the_interpreter(run_python, rng):
    for _ in range(2):
        seed = rng.randrange(2**32)
        print(f"seed {seed}")
        kinds = dict(eval(run_python(FUZZ, str(seed), "15000")))
        assert kinds["TypeError"] > 1000 and kinds["nothing"] > 500 and kinds["InvalidArgument"] > 200, kinds
        assert kinds.get("Malformed", 0) > 50 and kinds.get("Closed", 0) > 50, kinds
        # What is not to be: an attribute that is missing, or an error out of the binding's own code.
        assert set(kinds) <= {"TypeError", "ValueError", "nothing", "InvalidArgument", "Malformed", "Forged", "Closed",
                              "IndexError", "ZeroDivisionError", "RuntimeError", "Unsupported", "UnknownKey", "Expired",
                              "WrongBinding", "TooEarly", "WrongRoom", "RandomFailed", "StoreUnavailable", "Exhausted"}, kinds
