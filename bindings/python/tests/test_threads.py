# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Closing while other threads are in calls, forks, and the end of the program."""
import gc
import multiprocessing
import threading
import time

import pytest

import waitq


def in_threads(count, work):
    """Runs work(number) in threads until they end, and gives what they raised."""
    raised = []

    def run(number):
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads, raised


def finish(threads):
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize("close", ["room", "context", "references"])
def test_closing_while_other_threads_call_ends_their_calls_with_closed(close):
    for _ in range(8):
        context = waitq.Context()
        room = context.room("concert", waitq.Policy(rate_per_s=1, burst=1))
        calls = [0] * 4
        ready = threading.Barrier(5)

        def work(number, room=room, calls=calls, ready=ready):
            ticket = room.join(f"visitor {number}")
            ready.wait()
            while True:
                room.poll(ticket)
                room.join_many([f"{number}", None])
                room.leave(ticket)
                calls[number] += 1
                if close == "references" and calls[number] > 50:
                    raise waitq.Closed("enough")

        threads, raised = in_threads(4, work)
        ready.wait()
        time.sleep(0.002)
        if close == "room":
            room.close()
        elif close == "context":
            context.close()
        del context, room, work
        gc.collect()
        finish(threads)
        assert [type(error) for error in raised] == [waitq.Closed] * 4, raised


def test_threads_share_a_room_and_every_answer_is_its_own(context):
    room = context.room("shared", waitq.Policy(rate_per_s=1, burst=1))
    mine = {number: [] for number in range(4)}

    def work(number):
        for i in range(500):
            ticket = room.join(f"{number}-{i}")
            mine[number].append((ticket.text, room.poll(ticket).position))

    threads, raised = in_threads(4, work)
    finish(threads)
    assert raised == []
    positions = sorted(position for answers in mine.values() for _, position in answers)
    assert positions == list(range(2000))
    for answers in mine.values():
        for text, position in answers:
            assert room.poll(text).position == position


def child_says(connection, what):
    """In a child: what a call on the parent's context raises"""
    try:
        what()
        connection.send("nothing")
    except waitq.Forked as error:
        connection.send(str(error))
    finally:
        connection.close()


def test_a_context_is_refused_in_the_child_of_a_fork_with_a_text_that_says_what_to_do(context, room):
    ticket, limiter = room.join("ann"), context.limiter("api")
    calls = [lambda: room.poll(ticket), lambda: room.join("ben"), lambda: room.poll_many([ticket]), lambda: limiter.take(),
             lambda: context.room("other"), lambda: room.stats()]
    fork = multiprocessing.get_context("fork")
    for call in calls:
        ours, theirs = fork.Pipe()
        child = fork.Process(target=child_says, args=(theirs, call))
        child.start()
        assert ours.poll(30)
        assert "Open a Context in each process, after the fork" in ours.recv()
        child.join(30)
        assert child.exitcode == 0
    assert room.poll(ticket).state is waitq.State.READY


PREFORK = """
import os, signal, sys, waitq

room = None

def serve(number):
    global room
    if {before}:
        try:
            parent.poll("A" * 62)
        except waitq.Forked as error:
            os.write(1, b"refused\\n")
        parent_context.close()          # harmless in a child
    context = waitq.Context("memory:")  # after the fork: this is the right order
    room = context.room("concert")
    assert room.join("ann").status.state is waitq.State.READY
    os.write(1, b"served\\n")

if {before}:
    parent_context = waitq.Context("memory:")
    parent = parent_context.room("concert")
workers = []
for number in range(3):
    pid = os.fork()
    if pid == 0:
        serve(number)
        {leave}
    workers.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in workers]
assert codes == [0, 0, 0], codes
"""


@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)"])
def test_workers_of_a_prefork_server_open_their_own(run_python, leave):
    assert run_python(PREFORK.format(before=False, leave=leave)).split() == ["served"] * 3
    assert sorted(run_python(PREFORK.format(before=True, leave=leave)).split()) == ["refused"] * 3 + ["served"] * 3


AT_THE_END = """
import sys, threading, time, logging, waitq
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
context = waitq.Context(sys.argv[1])
room = context.room("concert-at-the-end")
ticket = room.join("ann")
limiter = context.limiter("api")
if "threads" in sys.argv:
    def poll():
        try:
            while True:
                room.poll(ticket)
                room.join()
        except waitq.Closed:
            pass
    for _ in range(3):
        threading.Thread(target=poll, daemon=True).start()
    time.sleep(0.05)
if "cycle" in sys.argv:
    class Holder: pass
    holder = Holder()
    holder.me, holder.room = holder, room
if "exit" in sys.argv:
    sys.exit(3)
print("the end")
"""


@pytest.mark.parametrize("how", ["", "threads", "cycle", "exit"])
@pytest.mark.parametrize("store", ["memory", "redis"])
def test_a_program_may_end_with_rooms_open(run_python, redis, store, how):
    for _ in range(2):
        printed = run_python(AT_THE_END, "memory:" if store == "memory" else redis.uri, how, ends_with=3 if how == "exit" else 0)
        assert how == "exit" or "the end" in printed
