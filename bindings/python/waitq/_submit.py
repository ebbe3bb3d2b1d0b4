# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Submitted calls, and the loops that wait for them.

A call is submitted with a record that C fills in later, so the record must stay where it is until the completion has come:
`pending` holds it, and with it the handle of the room, whatever becomes of the future that waits. The descriptor of the
context's completions is watched by each loop that submitted something; whichever looks first collects for all.
"""
from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import select
import struct
import threading
import weakref
from typing import Any, Callable, NamedTuple

from . import _cdefs
from ._errors import Closed
from ._handle import ContextHandle
from ._library import bare, lib
from ._packed import error_for
from ._records import Pool, Record, check, errors, format_of

BATCH = 256

_complete = bare("waitq_complete", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p)
_completion = struct.Struct(format_of(_cdefs.waitq_completion))


class Pending(NamedTuple):
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    record: Record
    pool: Pool
    convert: Callable[[Record], Any]
    handle: Any  #: of the room or limiter: it stays open until the completion has come


class _Batch:
    """Where completions are collected into"""

    __slots__ = ("items", "view", "count", "count_ref")

    def __init__(self) -> None:
        self.items = (_cdefs.waitq_completion * BATCH)()
        self.items[0].size = ctypes.sizeof(_cdefs.waitq_completion)
        self.view = memoryview(self.items).cast("B")
        self.count = ctypes.c_size_t()
        self.count_ref = ctypes.byref(self.count)


class Completions:
    """What one context has been asked and has not answered yet."""

    def __init__(self, handle: ContextHandle) -> None:
        self._handle: ContextHandle | None = handle
        self._pid = os.getpid()
        self._batches: list[_Batch] = []
        self._loops: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()
        self._tags = itertools.count(1)
        self.pending: dict[int, Pending] = {}
        self._fd = -1
        self._lock = threading.Lock()
        self._closing = False  # nothing is submitted any more, so that draining comes to an end

    def _descriptor(self) -> int:
        if self._fd < 0:
            fd, record = ctypes.c_int32(-1), errors.take()
            check(lib.waitq_completion_fd(self._handle, fd, record.error), record)
            self._fd = fd.value
        return self._fd

    def begin(self, record: Record, pool: Pool, convert: Callable[[Record], Any],
              handle: Any) -> tuple[int, asyncio.Future[Any]]:
        """Notes a call that is about to be submitted, and gives its tag, and what waits for its answer."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # In the child of a fork no loop runs; that is not what has to be told.
            if self._pid != os.getpid():
                raise error_for(_cdefs.WAITQ_E_FORKED) from None
            raise
        future = loop.create_future()
        tag = next(self._tags)
        with self._lock:
            if self._handle is None or self._closing:
                raise Closed("the context is closed")
            if loop not in self._loops:
                loop.add_reader(self._descriptor(), self.collect)
                self._loops.add(loop)
            self.pending[tag] = Pending(future, loop, record, pool, convert, handle)
        return tag, future

    def forget(self, tag: int) -> None:
        """A call that was not submitted after all"""
        del self.pending[tag]

    def collect(self) -> None:
        """Takes what is there, and gives it to those who wait."""
        handle, record = self._handle, errors.take()
        if handle is None:
            return
        try:
            batch = self._batches.pop()
        except IndexError:
            batch = _Batch()
        count, here = BATCH, _running_loop()
        while count == BATCH:
            check(_complete(handle, batch.items, BATCH, batch.count_ref, record.error_ref), record)
            count = batch.count.value
            for tag, code, retriable in _completion.iter_unpack(batch.view[:count * _completion.size]):
                self._deliver(self.pending.pop(tag), code, retriable, here)
        self._batches.append(batch)
        errors.free.append(record)

    @staticmethod
    def _deliver(pending: Pending, code: int, retriable: int, here: asyncio.AbstractEventLoop | None) -> None:
        future, loop, record, pool, convert, _ = pending
        answer = error_for(code, bool(retriable)) if code else convert(record)
        pool.free.append(record)
        if loop is here:
            _settle(future, answer)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(_settle, future, answer)

    def drain(self) -> None:
        """Waits until all that was submitted has been answered, which the store's time limits see to."""
        while self.pending and self._pid == os.getpid():
            waiter = select.poll()
            waiter.register(self._descriptor(), select.POLLIN)
            waiter.poll(1000)
            self.collect()

    def close(self) -> None:
        """Lets what was submitted end, and takes the descriptor from all loops before it is closed."""
        with self._lock:
            self._closing = True
        self.drain()
        for loop in list(self._loops):
            if loop.is_closed() or self._pid != os.getpid():
                continue
            if loop.is_running() and loop is not _running_loop():
                loop.call_soon_threadsafe(loop.remove_reader, self._fd)
            else:
                loop.remove_reader(self._fd)
        self._handle = None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():
        return  # It was cancelled. The call has had its effect all the same.
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
