# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Admission alone: a token bucket without a line."""
from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Type

from ._convert import whole
from ._handle import LimiterHandle, Unpicklable, failure
from ._library import lib
from ._records import decision_of, decisions, errors, limit_to_c
from ._values import Decision, Limit

if TYPE_CHECKING:
    from ._context import Context


class Limiter(Unpicklable):
    """A token bucket, shared by all who share the store. Context.limiter() opens it. May be used from any thread."""

    __slots__ = ("_context", "_handle", "_name", "__weakref__")

    def __init__(self, context: Context, name: str, handle: LimiterHandle) -> None:
        self._context, self._name = context, name
        self._handle: LimiterHandle | None = handle

    @property
    def name(self) -> str:
        return self._name

    @property
    def context(self) -> Context:
        return self._context

    def take(self, tokens: int = 1) -> Decision:
        """Takes tokens, all of them or none; the decision is true where it took them. May wait for a shared store."""
        wanted, handle, record = whole(tokens, "tokens", 32), self._handle, decisions.take()
        code = lib.waitq_limiter_try(handle, wanted, record.struct, record.error)
        if code:
            raise failure(code, record, handle, "limiter")
        decision = decision_of(record)
        decisions.free.append(record)
        return decision

    def configure(self, limit: Limit) -> None:
        """Changes the limit, for all who share it. May wait for the store."""
        wanted, handle, record = limit_to_c(limit), self._handle, errors.take()
        code = lib.waitq_limiter_configure(handle, wanted, record.error)
        if code:
            raise failure(code, record, handle, "limiter")
        errors.free.append(record)

    @property
    def closed(self) -> bool:
        return self._handle is None

    def close(self) -> None:
        """Gives the handle back; the bucket lives on in the store. Calls that other threads are in end first."""
        self._handle = None

    def __enter__(self) -> Limiter:
        return self

    def __exit__(self, kind: Type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Limiter {self._name!r}{' closed' if self.closed else ''}>"
