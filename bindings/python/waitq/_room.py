# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A room, and the line in it."""
from __future__ import annotations

import ctypes
from types import TracebackType
from typing import TYPE_CHECKING, Any, Iterable, Type, Union, overload

from . import _cdefs
from ._convert import kind_error, milliseconds, real, token, visitor_id
from ._errors import Malformed, WaitqError
from ._handle import RoomHandle, Unpicklable, failure
from ._library import bare, lib
from ._packed import Statuses, Tickets, Visitors
from ._records import (Record, check, enter_options_to_c, errors, pass_of, passes, policy_of, policy_to_c, stats_of, status_of,
                       statuses, tickets)
from ._values import Binding, Pass, Phase, Policy, Stats, Status, Ticket

if TYPE_CHECKING:
    from ._context import Context

_P = ctypes.c_void_p
_poll = bare("waitq_poll")
_leave = bare("waitq_leave")
_join = bare("waitq_join", _P, ctypes.c_char_p, ctypes.c_size_t, _P, _P, _P, _P)

#: Codes that are about one ticket or visitor, and not about the whole call.
_ABOUT_ALL = (_cdefs.WAITQ_E_CLOSED, _cdefs.WAITQ_E_FORKED, _cdefs.WAITQ_E_VERSION)


class Room(Unpicklable):
    """One named line in front of one protected resource. Context.room() opens it.

    A visitor's life: join, poll ... until READY, enter, (renew), exit; or leave while waiting. Where a ticket is asked for, a
    Ticket will do, or its text as the client sent it. May be used from any thread.
    """

    __slots__ = ("_context", "_handle", "_name", "__weakref__")

    def __init__(self, context: Context, name: str, handle: RoomHandle) -> None:
        self._context, self._name = context, name
        self._handle: RoomHandle | None = handle

    @property
    def name(self) -> str:
        return self._name

    @property
    def context(self) -> Context:
        return self._context

    # --- the line ---

    def join(self, visitor: str | bytes | None = None) -> Ticket:
        """Takes a place in line, or gives back the place that the visitor has already. Waits for the store.

        visitor  who it is, as the host knows its users; None for an anonymous one, who gets a new ticket at every join

        The ticket is false where the room took nobody: its status has the reason, and when to try again."""
        data, handle, record = visitor_id(visitor), self._handle, tickets.take()
        code = _join(handle, data, 0 if data is None else len(data), None, record.second_ref, record.ref, record.error_ref)
        if code:
            raise failure(code, record, handle, "room")
        ticket = Ticket(record.second.text.decode(), status_of(record.view))
        tickets.free.append(record)
        return ticket

    def poll(self, ticket: str | Ticket) -> Status:
        """Tells where a ticket stands, and is the visitor's heartbeat. Never waits."""
        try:
            data = str.encode(ticket, "ascii")  # type: ignore[arg-type]
        except (TypeError, UnicodeEncodeError):
            data = text_of(ticket)
        if 0 in data:
            raise Malformed("ticket holds a NUL character")
        try:
            record = statuses.free.pop()
        except IndexError:
            record = statuses.take()
        code = _poll(self._handle, data, record.ref, record.error_ref)
        if code:
            raise failure(code, record, self._handle, "room")
        status = status_of(record.view)
        statuses.free.append(record)
        return status

    def enter(self, ticket: str | Ticket, binding: Binding | None = None) -> Pass:
        """Uses a turn: gives the pass to show to the protected resource, bound to a request where one is given.

        The pass is false where there is none: its state and reason say why, and retry_after when to ask again. Waits for the
        store. Asking again gives the same pass."""
        data, options = text_of(ticket), enter_options_to_c(binding)
        handle, record = self._handle, passes.take()
        code = lib.waitq_enter(handle, data, options, record.struct, record.error)
        return _answer_pass(code, record, handle)

    def leave(self, ticket: str | Ticket) -> Status:
        """Leaves the line. Leaving twice is leaving once. Waits for the store."""
        data, handle, record = text_of(ticket), self._handle, statuses.take()
        code = _leave(handle, data, record.ref, record.error_ref)
        if code:
            raise failure(code, record, handle, "room")
        status = status_of(record.view)
        statuses.free.append(record)
        return status

    def renew(self, pass_: str | Pass) -> Pass:
        """Lets a session run on: a pass with the same id and a later end. Waits for the store."""
        data, handle, record = pass_text_of(pass_), self._handle, passes.take()
        code = lib.waitq_renew(handle, data, record.struct, record.error)
        return _answer_pass(code, record, handle)

    def exit(self, pass_: str | Pass) -> None:
        """Ends a session, so that its slot serves the next in line. Ending twice is ending once. Waits for the store."""
        data, handle, record = pass_text_of(pass_), self._handle, errors.take()
        self._done(lib.waitq_exit(handle, data, record.error), record, handle)

    # --- many at once ---

    @overload
    def join_many(self, visitors: Visitors) -> tuple[Tickets, Statuses]: ...

    @overload
    def join_many(self, visitors: Iterable[str | bytes | None]) -> list[Ticket | WaitqError]: ...

    def join_many(self, visitors: Visitors | Iterable[str | bytes | None]
                  ) -> tuple[Tickets, Statuses] | list[Ticket | WaitqError]:
        """Takes places for many visitors, in their order. Waits for the store, once.

        For Visitors, arrays in the form of C come back; for a list, a Ticket each, or the error for that visitor."""
        packed = visitors if isinstance(visitors, Visitors) else Visitors(visitors)
        places, answers = Tickets.empty(len(packed)), Statuses(len(packed))
        handle, record = self._handle, errors.take()
        code = lib.waitq_join_many(handle, packed.to_c(), len(packed), None, places.to_c(), answers.to_c(),
                                   answers.codes_to_c(), record.error)
        self._done_many(code, record, handle, len(packed))
        if packed is visitors:
            return places, answers
        return [Ticket(places[i], answer) if isinstance(answer, Status) else answer for i, answer in enumerate(answers)]

    @overload
    def poll_many(self, tickets: Tickets, into: Statuses | None = None) -> Statuses: ...  # type: ignore[misc]

    @overload
    def poll_many(self, tickets: Iterable[Union[str, Ticket]]) -> list[Status | WaitqError]: ...

    def poll_many(self, tickets: Tickets | Iterable[str | Ticket],
                  into: Statuses | None = None) -> Statuses | list[Status | WaitqError]:
        """Polls many tickets. Never waits.

        For Tickets, Statuses come back, in the form of C: those of `into`, which is then written over. For a list, a Status
        each, or the error for that ticket."""
        packed = tickets if isinstance(tickets, Tickets) else Tickets(tickets)
        answers = Statuses(len(packed)) if into is None else into
        if not isinstance(answers, Statuses):
            raise kind_error("into", "Statuses", answers)
        if len(answers) != len(packed):
            raise ValueError(f"into has {len(answers)} places for {len(packed)} tickets")
        handle, record = self._handle, errors.take()
        code = lib.waitq_poll_many(handle, packed.to_c(), len(packed), answers.to_c(), answers.codes_to_c(), record.error)
        self._done_many(code, record, handle, len(packed))
        return answers if packed is tickets else list(answers)

    # --- operating the room ---

    def configure(self, policy: Policy) -> None:
        """Changes the policy, for all who share the room. Whoever waits keeps the place. May wait for the store."""
        wanted, handle, record = policy_to_c(policy), self._handle, errors.take()
        self._done(lib.waitq_room_configure(handle, wanted, record.error), record, handle)

    def policy(self) -> Policy:
        """The policy in force. dataclasses.replace() makes another of it, for configure()."""
        found, handle, record = _cdefs.waitq_policy(), self._handle, errors.take()
        lib.waitq_policy_init(found, ctypes.sizeof(found))
        self._done(lib.waitq_room_policy(handle, found, record.error), record, handle)
        return policy_of(found)

    def set_rate(self, rate_per_s: float) -> None:
        """Sets the rate now. May wait for the store."""
        rate, handle, record = real(rate_per_s, "rate_per_s"), self._handle, errors.take()
        self._done(lib.waitq_room_set_rate(handle, rate, record.error), record, handle)

    def set_rate_at(self, rate_per_s: float, at: float) -> None:
        """Plans a change of rate for a Unix time. Estimates know of it from now on. May wait for the store."""
        rate, at_ms, handle, record = real(rate_per_s, "rate_per_s"), milliseconds(at, "at"), self._handle, errors.take()
        self._done(lib.waitq_room_set_rate_at(handle, rate, at_ms, record.error), record, handle)

    def set_phase(self, phase: Phase) -> None:
        """Moves the room to OPEN, PAUSED, DRAINING or CLOSED. May wait for the store."""
        if not isinstance(phase, Phase):
            raise kind_error("phase", "a member of Phase", phase)
        handle, record = self._handle, errors.take()
        self._done(lib.waitq_room_set_phase(handle, int(phase), record.error), record, handle)

    def pause_until(self, until: float) -> None:
        """Pauses the room until a Unix time, at which it goes on by itself. May wait for the store."""
        until_ms, handle, record = milliseconds(until, "until"), self._handle, errors.take()
        self._done(lib.waitq_room_pause_until(handle, until_ms, record.error), record, handle)

    def reset(self) -> None:
        """Starts a new epoch: the line is empty, and all tickets and passes are STALE. May wait for the store."""
        handle, record = self._handle, errors.take()
        self._done(lib.waitq_room_reset(handle, record.error), record, handle)

    def stats(self) -> Stats:
        """Does what is due, and reads the counts. May wait for the store."""
        found, handle, record = _cdefs.waitq_stats(), self._handle, errors.take()
        lib.waitq_stats_init(found, ctypes.sizeof(found))
        self._done(lib.waitq_room_stats(handle, found, record.error), record, handle)
        return stats_of(found)

    # --- the handle ---

    @property
    def closed(self) -> bool:
        return self._handle is None

    def close(self) -> None:
        """Gives the handle back; the room lives on in the store. Calls that other threads are in end first, later ones raise
        Closed. Closing twice is closing once."""
        self._handle = None

    def __enter__(self) -> Room:
        return self

    def __exit__(self, kind: Type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Room {self._name!r}{' closed' if self.closed else ''}>"

    @staticmethod
    def _done(code: int, record: Record, handle: object) -> None:
        if code:
            raise failure(code, record, handle, "room")
        errors.free.append(record)

    @staticmethod
    def _done_many(code: int, record: Record, handle: object, count: int) -> None:
        if code and (handle is None or code in _ABOUT_ALL):
            raise failure(code, record, handle, "room")
        errors.free.append(record)


def text_of(ticket: object) -> bytes:
    """The text of a ticket, for C"""
    return token(ticket.text if isinstance(ticket, Ticket) else ticket, "ticket")


def pass_text_of(pass_: object) -> bytes:
    """The text of a pass, for C"""
    return token(pass_.text if isinstance(pass_, Pass) else pass_, "pass")


def _answer_pass(code: int, record: Record, handle: object) -> Pass:
    if code:
        raise failure(code, record, handle, "room")
    granted = pass_of(record)
    passes.free.append(record)
    return granted
