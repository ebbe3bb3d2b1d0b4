# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Verifies passes, without a room and without a store."""
from __future__ import annotations

import ctypes
import time
from types import TracebackType
from typing import Iterable, Type

from . import _cdefs
from ._convert import milliseconds, plain
from ._handle import Unpicklable, VerifierHandle, failure
from ._keys import Key, keys_to_c
from ._library import lib
from ._records import binding_to_c, check, claims_of, errors
from ._room import pass_text_of
from ._values import Binding, Claims, Pass


class Verifier(Unpicklable):
    """Verifies passes, without a room and without a store. May be used from any thread, and after a fork.

    keys      the keys that passes may be signed with, 1 to 8; a key that can sign serves too
    audience  the room that passes must be for; None: any, and Claims.room is for you to check
    leeway    seconds of difference between clocks that are forgiven, 0 to 600
    """

    __slots__ = ("_handle", "_audience")

    def __init__(self, keys: Iterable[Key], audience: str | None = None, *, leeway: float = 60.0) -> None:
        self._handle: VerifierHandle | None = None
        self._audience = audience
        ring, options = keys_to_c(keys), _cdefs.waitq_verify_options()
        lib.waitq_verify_options_init(options, ctypes.sizeof(options))
        options.audience = None if audience is None else plain(audience, "audience")
        options.leeway_ms = milliseconds(leeway, "leeway")
        out, record = ctypes.c_void_p(), errors.take()
        check(lib.waitq_verifier_open(ring, len(ring), options, out, record.error), record)
        errors.free.append(record)
        self._handle = VerifierHandle(out.value)

    def verify(self, pass_: str | Pass, binding: Binding | None = None, *, now: float | None = None) -> Claims:
        """What a pass says, or an exception of the class Refused that tells why it is not good.

        binding  what this request is: a bound pass must match it. None: the pass must not be bound
        now      Unix time; default: time.time()"""
        data, bound = pass_text_of(pass_), None if binding is None else binding_to_c(binding)
        now_ms = milliseconds(time.time() if now is None else now, "now")
        claims, handle, record = _cdefs.waitq_claims(), self._handle, errors.take()
        claims.size = ctypes.sizeof(claims)
        code = lib.waitq_verify(handle, data, len(data), now_ms, bound, claims, record.error)
        if code:
            raise failure(code, record, handle, "verifier")
        errors.free.append(record)
        return claims_of(claims)

    @property
    def closed(self) -> bool:
        return self._handle is None

    def close(self) -> None:
        """Frees the verifier and wipes its keys, after the calls that other threads are in."""
        self._handle = None

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, kind: Type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Verifier for {self._audience or 'any room'}{' closed' if self.closed else ''}>"
