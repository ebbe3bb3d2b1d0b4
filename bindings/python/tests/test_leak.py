# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A million calls leave nothing behind. What the process holds is read from the kernel."""
import gc
import os

import waitq
from conftest import KEY

CALLS = 1_000_000

#: A leak of the smallest object of all, 16 bytes a call, would be 15 MiB.
SLACK = 4 << 20


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(call, count):
    """By how much the process grows over so many calls, after it has warmed up"""
    for _ in range(count // 20):
        call()
    gc.collect()
    before = resident_bytes()
    for _ in range(count):
        call()
    gc.collect()
    return resident_bytes() - before


def refused(call, error):
    def attempt():
        try:
            call()
        except error:
            return
        raise AssertionError("it was not refused")

    return attempt


def test_a_million_calls_leave_nothing_behind(context, capsys):
    room = context.room("concert", waitq.Policy(rate_per_s=1e6, burst=10**6))
    ticket = room.join("ann")
    granted = room.enter(ticket)
    verifier, limiter = waitq.Verifier([KEY], "concert"), context.limiter("api", waitq.Limit(1e6, 10**6))
    tickets, into = waitq.Tickets([ticket] * 50), waitq.Statuses(50)
    now = granted.expires_at - 1
    work = {
        "poll": (lambda: room.poll(ticket), CALLS // 2),
        "join of the same visitor": (lambda: room.join("ann"), CALLS // 8),
        "enter again": (lambda: room.enter(ticket, waitq.Binding("GET")), CALLS // 40),
        "renew": (lambda: room.renew(granted), CALLS // 40),
        "verify": (lambda: verifier.verify(granted, now=now), CALLS // 40),
        "take": (lambda: limiter.take(), CALLS // 8),
        "refused polls": (refused(lambda: room.poll("nonsense"), waitq.Malformed), CALLS // 10),
        "poll_many of lists": (lambda: room.poll_many([ticket, "x"]), CALLS // 40),
        "poll_many, packed": (lambda: room.poll_many(tickets, into), CALLS // 40),
        "stats and policy": (lambda: (room.stats(), room.configure(room.policy())), CALLS // 80),
        "opening and closing rooms": (lambda: context.room("concert").close(), CALLS // 80),
        "opening and closing contexts": (lambda: waitq.Context(keys=[KEY]).room("x").join("ann"), CALLS // 400),
    }
    assert sum(count for _, count in work.values()) >= CALLS
    grown = {name: growth(call, count) for name, (call, count) in work.items()}
    with capsys.disabled():
        print("\n" + "\n".join(f"  {name}: {size / 1024:+.0f} KiB" for name, size in grown.items()))
    assert sum(grown.values()) < SLACK, grown
