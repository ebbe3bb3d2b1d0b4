# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Handles of C, which are closed when nobody uses them any more.

The library closes a handle only while no other call on it goes on. A handle here is closed by the end of the last reference
to it, and a call holds one: so close() in one thread takes the handle away, and it ends in C with the last call that another
thread is in. Calls after that find None, which C takes for NULL and refuses.
"""
from __future__ import annotations

import ctypes
from typing import Any

from ._errors import Closed, WaitqError
from ._library import lib
from ._records import Record


class Handle(ctypes.c_void_p):
    """A pointer that C gave. What C calls back has to live as long: `keep` holds it."""

    keep: Any = None


class ContextHandle(Handle):
    def __del__(self, close: Any = lib.waitq_close) -> None:
        close(self)


class RoomHandle(Handle):
    def __del__(self, close: Any = lib.waitq_room_close) -> None:
        close(self)


class LimiterHandle(Handle):
    def __del__(self, close: Any = lib.waitq_limiter_close) -> None:
        close(self)


class VerifierHandle(Handle):
    def __del__(self, close: Any = lib.waitq_verifier_close) -> None:
        close(self)


class EtaHandle(Handle):
    def __del__(self, close: Any = lib.waitq_eta_close) -> None:
        close(self)


def failure(code: int, record: Record, handle: object, what: str) -> WaitqError:
    """Why a call failed: with the handle taken away, that it is closed"""
    if handle is None:
        return Closed(f"the {what} is closed")
    return record.failure(code)


class Unpicklable:
    """What belongs to one process."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} cannot be copied or sent to another process: open one there")
