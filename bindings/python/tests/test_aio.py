# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The same from asyncio, on both stores."""
import asyncio
import gc
import threading
import time

import pytest

import waitq
import waitq.aio
from conftest import KEY


@pytest.fixture(params=["memory", "redis"])
def uri(request):
    return "memory:" if request.param == "memory" else request.getfixturevalue("redis").uri


@pytest.fixture
def name(request):
    """A room that no other test has used"""
    return f"aio-{time.time_ns()}"


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def test_a_visitor_goes_through_a_room_without_blocking(uri, name):
    async def visit():
        async with waitq.aio.Context(uri, keys=[KEY]) as context:
            room = context.room(name)
            ticket = await room.join("ann")
            assert room.poll(ticket).state is waitq.State.READY
            granted = await room.enter(ticket, waitq.Binding(method="GET"))
            assert waitq.Verifier([KEY], name).verify(granted, waitq.Binding(method="GET"))
            assert (await room.renew(granted)).state is waitq.State.ENTERED
            assert await room.exit(granted) is None
            other = await room.join()
            assert (await room.leave(other)).state is waitq.State.LEFT
            assert await context.limiter(name).take(2)
            assert room.sync.stats().issued == 2 and room.name == name

    run(visit())


def test_many_calls_are_under_way_at_once(uri, name):
    async def crowd():
        async with waitq.aio.Context(uri) as context:
            room = context.room(name, waitq.Policy(rate_per_s=1, burst=1))
            tickets = await asyncio.gather(*(room.join(f"{number}") for number in range(1500)))
            assert len({ticket.text for ticket in tickets}) == 1500
            again = await asyncio.gather(*(room.join(f"{number}") for number in range(1500)))
            assert [ticket.text for ticket in again] == [ticket.text for ticket in tickets]

    run(crowd())


def test_what_is_wrong_raises_where_it_is_called(uri, name):
    async def wrong():
        async with waitq.aio.Context(uri) as context:
            room = context.room(name)
            for call, error in ((lambda: room.enter("nonsense"), waitq.Malformed), (lambda: room.join(5), TypeError),
                                (lambda: room.exit("a.b.c"), waitq.Malformed), (lambda: room.join(b""), waitq.InvalidArgument),
                                (lambda: room.leave(b"bytes"), TypeError)):
                with pytest.raises(error):
                    await call()
            assert context.sync.completions().pending == {}
            room.close()
            with pytest.raises(waitq.Closed):
                await room.join("ann")
        with pytest.raises(waitq.Closed):
            context.room("another")

    run(wrong())


def test_a_cancelled_call_has_its_effect_and_nothing_is_left_of_it(uri, name):
    async def cancel():
        async with waitq.aio.Context(uri) as context:
            room = context.room(name)
            futures = [room.join(f"{number}") for number in range(100)]
            for future in futures[::2]:
                future.cancel()
            done = await asyncio.gather(*futures, return_exceptions=True)
            assert sum(isinstance(one, asyncio.CancelledError) for one in done) == 50
            for number in range(100):
                await room.join(f"{number}")
            assert room.sync.stats().issued == 100
            assert context.sync.completions().pending == {}

    run(cancel())


def test_a_room_that_is_closed_or_dropped_lives_until_its_calls_are_answered(uri, name):
    async def drop():
        async with waitq.aio.Context(uri) as context:
            room = context.room(name)
            futures = [room.join(f"{number}") for number in range(200)]
            room.close()
            del room
            gc.collect()
            assert all(await asyncio.gather(*futures))

    run(drop())


def test_a_context_that_closes_waits_for_what_was_submitted(uri, name):
    async def close():
        context = waitq.aio.Context(uri)
        room = context.room(name)
        futures = [room.join(f"{number}") for number in range(200)]
        await context.aclose()
        assert all(future.done() and future.result() for future in futures)

        blocking = waitq.aio.Context(uri)
        room = blocking.room(name)
        later = room.join("ann")
        blocking.close()
        assert await later

    run(close())


def test_one_context_serves_several_loops(uri, name):
    context = waitq.Context(uri)
    room = waitq.aio.Room(context.room(name))
    texts, raised = [], []

    async def join(number):
        answers = await asyncio.gather(*(room.join(f"{number}-{i}") for i in range(200)))
        texts.extend(ticket.text for ticket in answers)

    def loop(number):
        try:
            run(join(number))
        except BaseException as error:
            raised.append(error)

    for _ in range(2):  # the second time, loops of the first are gone
        threads = [threading.Thread(target=loop, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert raised == [] and len(texts) == 1600 and len(set(texts)) == 800
    context.close()


def test_a_store_that_goes_away_is_told_and_the_loop_goes_on(fresh_redis, name):
    async def lose():
        async with waitq.aio.Context(fresh_redis.uri + "?command_timeout_ms=200") as context:
            room = context.room(name)
            ticket = await room.join("ann")
            granted = await room.enter(ticket)
            fresh_redis.stop()
            with pytest.raises(waitq.StoreUnavailable) as caught:
                await room.exit(granted)
            assert caught.value.retriable
            held = await room.join("ben")
            assert not held and held.status.reason is waitq.Reason.STALLED
            assert room.poll(ticket).state is waitq.State.ENTERED

    run(lose())


FORK = """
import asyncio, os, waitq, waitq.aio

async def main():
    context = waitq.aio.Context()
    room = context.room("concert")
    later = room.join("ann")
    if (pid := os.fork()) == 0:
        try:
            room.join("ben")
        except waitq.Forked as error:
            os.write(1, str(error).encode())
        context.close()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert await later and await room.join("cleo")
    await context.aclose()

asyncio.run(main())
"""


def test_a_fork_in_a_loop_is_refused_in_the_child_and_leaves_the_parent_alone(run_python):
    assert "Open a Context in each process, after the fork" in run_python(FORK)


def test_awaiting_outside_of_a_loop_is_an_error_and_no_crash(name):
    context = waitq.aio.Context()
    room = context.room(name)
    with pytest.raises(RuntimeError, match="no running event loop"):
        room.join("ann")
    context.close()
