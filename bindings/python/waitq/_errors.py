# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The exceptions. Outcomes are no exceptions: "not your turn" and "the room is full" are answers."""
from __future__ import annotations

from typing import Any, Type

from . import _cdefs


class WaitqError(Exception):
    """Something went wrong. `code` is the library's number, `code_name` its name, such as "WAITQ_E_STORE", and `retriable`
    tells whether the same call may succeed later."""

    code: int = 0

    def __init__(self, text: str, *, code: int | None = None, retriable: bool = False) -> None:
        super().__init__(text)
        self.retriable = retriable
        if code is not None:
            self.code = code

    @property
    def code_name(self) -> str:
        return _NAMES.get(self.code, "WAITQ_E_UNKNOWN")

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self), self.code, self.retriable)


class InvalidArgument(WaitqError, ValueError):
    """An argument that makes no sense; the text names it, and its value."""

    code = _cdefs.WAITQ_E_INVALID


class OutOfMemory(WaitqError, MemoryError):
    """No memory, or no descriptor, is left. Nothing has changed."""

    code = _cdefs.WAITQ_E_NOMEM


class VersionMismatch(WaitqError):
    """A structure or a stored state that this library does not know: one of the two is newer."""

    code = _cdefs.WAITQ_E_VERSION


class Closed(WaitqError):
    """The context, room or limiter is closed."""

    code = _cdefs.WAITQ_E_CLOSED


class Forked(WaitqError):
    """The context belongs to the parent process: open one in each process, after the fork."""

    code = _cdefs.WAITQ_E_FORKED


class Unsupported(WaitqError):
    """This store, or this build of the library, cannot do that."""

    code = _cdefs.WAITQ_E_UNSUPPORTED


class RandomFailed(WaitqError):
    """The source of randomness gave nothing."""

    code = _cdefs.WAITQ_E_RANDOM


class Exhausted(WaitqError):
    """A range of numbers is used up: tickets of an epoch, or plans of rate."""

    code = _cdefs.WAITQ_E_EXHAUSTED


class StoreError(WaitqError):
    """The store did not do what was asked. The classes below say why."""


class StoreUnavailable(StoreError, ConnectionError):
    """The store failed, or cannot be reached. The outcome is unknown; the call may be repeated without a second effect."""

    code = _cdefs.WAITQ_E_STORE


class StoreTimeout(StoreUnavailable, TimeoutError):
    """The store did not answer in time. The outcome is unknown; the call may be repeated without a second effect."""

    code = _cdefs.WAITQ_E_TIMEOUT


class StoreConflict(StoreError):
    """Somebody else was faster, several times: try again."""

    code = _cdefs.WAITQ_E_CONFLICT


class StoreDamaged(StoreError):
    """The store holds what no library wrote."""

    code = _cdefs.WAITQ_E_DAMAGED


class StoreDenied(StoreError, PermissionError):
    """The store refuses access: user, password, certificate or rights are wrong."""

    code = _cdefs.WAITQ_E_DENIED


class Refused(WaitqError):
    """A ticket or a pass that is not good. It came from a client: refuse the request. The classes below say why."""


class Malformed(Refused, ValueError):
    """Not the text of a ticket or a pass."""

    code = _cdefs.WAITQ_E_MALFORMED


class Forged(Refused):
    """The signature does not match: altered, or of another room or key."""

    code = _cdefs.WAITQ_E_FORGED


class UnknownKey(Refused):
    """No key fits: an unknown key id, or another algorithm."""

    code = _cdefs.WAITQ_E_KEY


class Expired(Refused):
    """The pass has expired: send the visitor back to the room."""

    code = _cdefs.WAITQ_E_EXPIRED


class TooEarly(Refused):
    """The pass is not valid yet: the clocks differ."""

    code = _cdefs.WAITQ_E_EARLY


class WrongRoom(Refused):
    """The pass is for another room."""

    code = _cdefs.WAITQ_E_AUDIENCE


class WrongBinding(Refused):
    """The pass is bound to another request, or is not bound and should be, or the other way round."""

    code = _cdefs.WAITQ_E_BINDING


class LibraryError(WaitqError, ImportError):
    """The C library is missing, or it is too old or too new for this package."""


_NAMES = {value: name for name, value in vars(_cdefs).items() if name.startswith("WAITQ_E_") or name == "WAITQ_OK"}

_CLASSES: dict[int, Type[WaitqError]] = {
    kind.code: kind
    for kind in (InvalidArgument, OutOfMemory, VersionMismatch, Closed, Forked, Unsupported, RandomFailed, Exhausted,
                 StoreUnavailable, StoreTimeout, StoreConflict, StoreDamaged, StoreDenied, Malformed, Forged, UnknownKey,
                 Expired, TooEarly, WrongRoom, WrongBinding)
}

_ADVICE = {_cdefs.WAITQ_E_FORKED: ". Open a Context in each process, after the fork"}


def _again(kind: Type[WaitqError], text: str, code: int, retriable: bool) -> WaitqError:
    return kind(text, code=code, retriable=retriable)


def error_of(code: int, text: str, retriable: bool) -> WaitqError:
    """The exception for a code. One that a later library has added is a plain WaitqError."""
    return _CLASSES.get(code, WaitqError)(text + _ADVICE.get(code, ""), code=code, retriable=retriable)
