# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The same for asyncio: what may wait for the store is awaited.

    import waitq.aio

    async with waitq.aio.Context("redis://localhost") as context:
        room = context.room("concert")             # waits for Redis: open rooms before the server serves
        ticket = await room.join("ann")
        status = room.poll(ticket)                 # polls never wait, and need no await
        granted = await room.enter(ticket)

No thread is started: calls are submitted to the library, and the loop watches the descriptor on which it tells that they are
done (loop.add_reader). So it runs on every loop that has add_reader(), uvloop's among them.

Each call gives a future at once: asyncio.gather(room.join("ann"), room.join("ben")) has both under way. A future that is
cancelled is not told; the call has its effect all the same, and a join or an entry can be repeated without a second one.
"""
from __future__ import annotations

import asyncio
import ctypes
from types import TracebackType
from typing import Any, Awaitable, Callable, Type

from . import _context, _limiter, _room
from ._convert import kind_error, visitor_id, whole
from ._handle import failure
from ._library import bare, lib
from ._packed import Statuses, Tickets
from ._records import (Pool, Record, decision_of, decisions, enter_options_to_c, errors, pass_of, passes, status_of, statuses,
                       tickets)
from ._room import pass_text_of, text_of
from ._values import Binding, Decision, Limit, Pass, Policy, Status, Ticket

__all__ = ["Context", "Limiter", "Room"]

_P, _U64 = ctypes.c_void_p, ctypes.c_uint64
_submit_join = bare("waitq_submit_join", _P, ctypes.c_char_p, ctypes.c_size_t, _P, _P, _P, _U64, _P)


def _ticket_of(record: Record) -> Ticket:
    return Ticket(record.second.text.decode(), status_of(record.view))


def _status_of(record: Record) -> Status:
    return status_of(record.view)


def _nothing(record: Record) -> None:
    return None


class _Submitter:
    """What calls of a room or limiter have in common."""

    __slots__ = ("_completions", "_sync", "_what")

    def __init__(self, sync: Any, kind: type, what: str) -> None:
        if not isinstance(sync, kind):
            raise kind_error(what, f"a waitq.{kind.__name__}", sync)
        self._sync: Any = sync
        self._what = what
        self._completions = self._sync.context.completions()

    def _submit(self, pool: Pool, convert: Callable[[Record], Any], function: Any, *arguments: Any) -> Any:
        """Submits a call whose last arguments are what it fills in, the tag and the error"""
        record, handle = pool.take(), self._sync._handle
        tag, future = self._completions.begin(record, pool, convert, handle)
        filled = () if pool is errors else (record.struct,)
        code = function(handle, *arguments, *filled, tag, record.error)
        if code:
            raise self._not_submitted(code, tag, record, handle)
        return future

    def _not_submitted(self, code: int, tag: int, record: Record, handle: object) -> Exception:
        self._completions.forget(tag)
        return failure(code, record, handle, self._what)


class Room(_Submitter):
    """A room whose joins, entries, leaves, renewals and exits are awaited. Context.room() opens it; Room(room) makes one of a
    waitq.Room. `sync` is the room underneath, for what has no form to await: configuring, statistics."""

    __slots__ = ()

    def __init__(self, room: _room.Room) -> None:
        super().__init__(room, _room.Room, "room")

    @property
    def sync(self) -> _room.Room:
        room: _room.Room = self._sync
        return room

    @property
    def name(self) -> str:
        return self.sync.name

    def join(self, visitor: str | bytes | None = None) -> Awaitable[Ticket]:
        """waitq.Room.join()"""
        data, record, handle = visitor_id(visitor), tickets.take(), self._sync._handle
        tag, future = self._completions.begin(record, tickets, _ticket_of, handle)
        code = _submit_join(handle, data, 0 if data is None else len(data), None, record.second_ref, record.ref, tag,
                            record.error_ref)
        if code:
            raise self._not_submitted(code, tag, record, handle)
        answer: Awaitable[Ticket] = future
        return answer

    def poll(self, ticket: str | Ticket) -> Status:
        """waitq.Room.poll(), which never waits"""
        return self.sync.poll(ticket)

    def poll_many(self, tickets: Tickets, into: Statuses | None = None) -> Statuses:
        """waitq.Room.poll_many(), which never waits"""
        return self.sync.poll_many(tickets, into)

    def enter(self, ticket: str | Ticket, binding: Binding | None = None) -> Awaitable[Pass]:
        """waitq.Room.enter()"""
        data, options = text_of(ticket), enter_options_to_c(binding)
        answer: Awaitable[Pass] = self._submit(passes, pass_of, lib.waitq_submit_enter, data, options)
        return answer

    def leave(self, ticket: str | Ticket) -> Awaitable[Status]:
        """waitq.Room.leave()"""
        answer: Awaitable[Status] = self._submit(statuses, _status_of, lib.waitq_submit_leave, text_of(ticket))
        return answer

    def renew(self, pass_: str | Pass) -> Awaitable[Pass]:
        """waitq.Room.renew()"""
        answer: Awaitable[Pass] = self._submit(passes, pass_of, lib.waitq_submit_renew, pass_text_of(pass_))
        return answer

    def exit(self, pass_: str | Pass) -> Awaitable[None]:
        """waitq.Room.exit()"""
        answer: Awaitable[None] = self._submit(errors, _nothing, lib.waitq_submit_exit, pass_text_of(pass_))
        return answer

    def close(self) -> None:
        """waitq.Room.close(), once what was submitted has been answered"""
        self.sync.close()

    def __repr__(self) -> str:
        return f"<waitq.aio.{repr(self._sync)[1:]}"


class Limiter(_Submitter):
    """A limiter whose tries are awaited. Context.limiter() opens it; Limiter(limiter) makes one of a waitq.Limiter."""

    __slots__ = ()

    def __init__(self, limiter: _limiter.Limiter) -> None:
        super().__init__(limiter, _limiter.Limiter, "limiter")

    @property
    def sync(self) -> _limiter.Limiter:
        limiter: _limiter.Limiter = self._sync
        return limiter

    @property
    def name(self) -> str:
        return self.sync.name

    def take(self, tokens: int = 1) -> Awaitable[Decision]:
        """waitq.Limiter.take()"""
        wanted = whole(tokens, "tokens", 32)
        answer: Awaitable[Decision] = self._submit(decisions, decision_of, lib.waitq_submit_try, wanted)
        return answer

    def close(self) -> None:
        """waitq.Limiter.close(), once what was submitted has been answered"""
        self.sync.close()

    def __repr__(self) -> str:
        return f"<waitq.aio.{repr(self._sync)[1:]}"


class Context:
    """A waitq.Context whose rooms and limiters are awaited; the arguments are the same. `sync` is the context underneath.

    Opening a context, a room or a limiter may wait for the store, so do that before the server serves."""

    __slots__ = ("_sync",)

    def __init__(self, uri: str = "memory:", **options: Any) -> None:
        self._sync = _context.Context(uri, **options)

    @property
    def sync(self) -> _context.Context:
        return self._sync

    def room(self, name: str, policy: Policy | None = None) -> Room:
        """waitq.Context.room()"""
        return Room(self._sync.room(name, policy))

    def limiter(self, name: str, limit: Limit | None = None) -> Limiter:
        """waitq.Context.limiter()"""
        return Limiter(self._sync.limiter(name, limit))

    async def aclose(self) -> None:
        """Closes the context, once what was submitted has been answered."""
        if not self._sync.closed:
            waiting = [pending.future for pending in self._sync.completions().pending.values()
                       if pending.loop is asyncio.get_running_loop() and not pending.future.done()]
            if waiting:
                await asyncio.wait(waiting)
        self._sync.close()

    def close(self) -> None:
        """The same where no loop runs."""
        self._sync.close()

    async def __aenter__(self) -> Context:
        return self

    async def __aexit__(self, kind: Type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<waitq.aio.{repr(self._sync)[1:]}"
