# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A context: one store, one key ring, one clock, one logger."""
from __future__ import annotations

import atexit
import ctypes
import logging
import math
import threading
import time
import weakref
from types import TracebackType
from typing import Any, Callable, Iterable, Type, TypeVar

from . import _cdefs, _logging
from ._convert import kind_error, plain
from ._errors import Closed, InvalidArgument
from ._handle import ContextHandle, Handle, LimiterHandle, RoomHandle, Unpicklable, failure
from ._keys import Key, keys_to_c
from ._library import lib
from ._limiter import Limiter
from ._records import check, errors, limit_to_c, policy_to_c
from ._room import Room
from ._submit import Completions
from ._values import Limit, Policy

Clock = Callable[[], float]
Random = Callable[[int], bytes]
_Self = TypeVar("_Self", bound="Context")
_Child = TypeVar("_Child", Room, Limiter)

#: How much larger the buffer for figures is than they were a moment ago.
_METRICS_SLACK = 1024

#: How long the end of the program waits for calls that daemon threads are in.
_LAST_CALLS_S = 5.0


class Context(Unpicklable):
    """One store, one key ring, one clock, one logger. A process opens one, after the last fork, and keeps it.

    uri      "memory:" for lines inside this process, or such as "redis://localhost" to share them with others
    keys     the key ring: the first key signs, all verify; without keys, the library makes one
    clock    tells the time as time.time() does; default: the system's. It must not call the library
    random   gives as many unpredictable bytes as it is asked for; default: the kernel's
    logger   where lines go that operators should see; default: logging.getLogger("waitq"); None: nowhere. Its handlers must not
             call the library

    A context may be used from any thread. Closing it closes its rooms and limiters; it is a context manager that does so.
    """

    __slots__ = ("_handle", "_children", "_completions", "_lock", "_uri", "__weakref__")

    def __init__(self, uri: str = "memory:", *, keys: Iterable[Key] = (), clock: Clock | None = None,
                 random: Random | None = None, logger: logging.Logger | None = _logging.default) -> None:
        self._handle: ContextHandle | None = None
        self._lock = threading.Lock()
        self._children: weakref.WeakSet[Any] = weakref.WeakSet()
        self._completions: Completions | None = None
        data = plain(uri, "uri")
        options = _cdefs.waitq_options()
        lib.waitq_options_init(options, ctypes.sizeof(options))
        ring = keys_to_c(keys)
        if len(ring):
            options.keys = ctypes.cast(ring, ctypes.POINTER(_cdefs.waitq_key))
            options.key_count = len(ring)
        called: list[Any] = []
        if logger is not None:
            if not isinstance(logger, (logging.Logger, logging.LoggerAdapter)):
                raise kind_error("logger", "a Logger or None", logger)
            options.log = _logging.writer(logger)
            options.log_level = _logging.level_to_c(logger)
            called.append(options.log)
        if clock is not None:
            options.clock = _clock(clock)
            called.append(options.clock)
        if random is not None:
            options.random = _random(random)
            called.append(options.random)
        out, record = ctypes.c_void_p(), errors.take()
        check(lib.waitq_open(data, options, out, record.error), record)
        errors.free.append(record)
        self._handle = ContextHandle(out.value)
        self._handle.keep = called
        # A URI may hold a password, which has no business in a repr().
        self._uri = uri.split(":")[0] + ":"
        _open_contexts.add(self)

    def room(self, name: str, policy: Policy | None = None) -> Room:
        """Opens a room; makes it where the store does not have it yet, with this policy.

        For a room that exists already the policy is ignored: configure() changes it. May wait for the store."""
        wanted = None if policy is None else ctypes.byref(policy_to_c(policy))
        handle = self._open_child(RoomHandle, lib.waitq_room_open, plain(name, "name"), wanted)
        return self._adopt(Room(self, name, handle))

    def limiter(self, name: str, limit: Limit | None = None) -> Limiter:
        """Opens a limiter, a token bucket without a line; makes it, full, where the store does not have it yet.

        For a limiter that exists already the limit is ignored, but for its mode. May wait for the store."""
        wanted = None if limit is None else ctypes.byref(limit_to_c(limit))
        handle = self._open_child(LimiterHandle, lib.waitq_limiter_open, plain(name, "name"), wanted)
        return self._adopt(Limiter(self, name, handle))

    def metrics(self) -> str:
        """The figures of all open rooms, as Prometheus reads them: to be sent as "text/plain; version=0.0.4"."""
        handle, needed, record, buffer = self._handle, ctypes.c_size_t(), errors.take(), ctypes.create_string_buffer(1)
        code = lib.waitq_metrics(handle, None, 0, needed, record.error)
        # Figures may grow between two calls, and another thread may open rooms.
        while not code and len(buffer) < needed.value:
            buffer = ctypes.create_string_buffer(needed.value + _METRICS_SLACK)
            code = lib.waitq_metrics(handle, buffer, len(buffer), needed, record.error)
            if code == _cdefs.WAITQ_E_INVALID and len(buffer) < needed.value:
                code = 0
        if code:
            raise failure(code, record, handle, "context")
        errors.free.append(record)
        return buffer.value.decode()

    def _open_child(self, kind: Type[Handle], function: Any, name: bytes, options: Any) -> Any:
        own, out, record = self._handle, ctypes.c_void_p(), errors.take()
        code = function(own, name, options, out, record.error)
        if code:
            raise failure(code, record, own, "context")
        errors.free.append(record)
        handle = kind(out.value)
        handle.keep = own.keep if own is not None else None
        return handle

    def _adopt(self, child: _Child) -> _Child:
        with self._lock:
            if self._handle is not None:
                self._children.add(child)
                return child
        child.close()
        raise Closed("the context is closed")

    def completions(self) -> Completions:
        """What waitq.aio waits for."""
        with self._lock:
            if self._handle is None:
                raise Closed("the context is closed")
            if self._completions is None:
                self._completions = Completions(self._handle)
            return self._completions

    @property
    def closed(self) -> bool:
        return self._handle is None

    def close(self) -> None:
        """Closes the context with its rooms and limiters. Calls that other threads are in end first, in their own time; later
        ones raise Closed. What was submitted by waitq.aio is waited for. Closing twice is closing once."""
        with self._lock:
            handle, self._handle = self._handle, None
            completions, self._completions = self._completions, None
            children = list(self._children)
        if handle is None:
            return
        if completions is not None:
            completions.close()
        for child in children:
            child.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: Type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Context {self._uri!r}{' closed' if self.closed else ''}>"


def _clock(clock: Clock) -> Any:
    if not callable(clock):
        raise kind_error("clock", "a function, such as time.time", clock)
    if not math.isfinite(clock()):
        raise InvalidArgument("the clock tells no finite time")

    def tell(user: Any) -> int:
        try:
            return round(clock() * 1e6)
        except Exception:
            # To C a time before the latest one is the latest one: the room's time stands still.
            _logging.default.exception("the clock of a context failed")
            return 0

    return _cdefs.waitq_clock_fn(tell)


def _random(random: Random) -> Any:
    if not callable(random):
        raise kind_error("random", "a function, such as os.urandom", random)

    def fill(user: Any, buffer: int, size: int) -> int:
        try:
            data = bytes(random(size))
            if len(data) != size:
                return -1
            ctypes.memmove(buffer, data, size)
            return 0
        except Exception:
            _logging.default.exception("the source of randomness of a context failed")
            return -1

    return _cdefs.waitq_random_fn(fill)


_open_contexts: weakref.WeakSet[Context] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """A context with a thread must end before the interpreter does: the thread may want to log."""
    handles = []
    for context in list(_open_contexts):
        if context._handle is not None:
            handles.append(weakref.ref(context._handle))
        handles += [weakref.ref(child._handle) for child in list(context._children) if child._handle is not None]
        context.close()
    last = time.monotonic() + _LAST_CALLS_S
    while time.monotonic() < last and any(handle() is not None for handle in handles):
        time.sleep(0.005)
