# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Checks arguments on their way into C, which would take a number that is too large, or a text with a NUL, for another."""
from __future__ import annotations

import math
import operator

from . import _cdefs
from ._errors import InvalidArgument, Malformed

#: As far as doubles go below 2^63.
_MS_MAX = 2.0**62


def kind_error(what: str, wanted: str, got: object) -> TypeError:
    return TypeError(f"{what} must be {wanted}, not {type(got).__name__}")


def real(value: object, what: str) -> float:
    """A finite number"""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise kind_error(what, "a number", value) from None
    except OverflowError:
        raise InvalidArgument(f"{what} is too large") from None
    if isinstance(value, (str, bytes, bytearray)):
        raise kind_error(what, "a number", value)
    if not math.isfinite(number):
        raise InvalidArgument(f"{what} is {number}: it must be finite")
    return number


def milliseconds(seconds: object, what: str) -> int:
    """Seconds as whole milliseconds"""
    number = real(seconds, what) * 1000.0
    if not -_MS_MAX < number < _MS_MAX:
        raise InvalidArgument(f"{what} is {seconds!r} seconds: that is out of range")
    return round(number)


def whole(value: object, what: str, bits: int = 64) -> int:
    """A number from 0 to 2^bits - 1"""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise kind_error(what, "a whole number", value) from None
    if not 0 <= number < 1 << bits:
        raise InvalidArgument(f"{what} is {number}: it must be from 0 to 2^{bits} - 1")
    return number


def plain(value: object, what: str) -> bytes:
    """A text that C reads up to its NUL: a name, a URI"""
    if not isinstance(value, str):
        raise kind_error(what, "str", value)
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"{what} holds lone surrogates") from None
    if 0 in data:
        raise InvalidArgument(f"{what} holds a NUL character")
    return data


def token(value: object, what: str) -> bytes:
    """The text of a ticket or of a pass. One that C would read in part only is none of the library's."""
    if not isinstance(value, str):
        advice = ": decode it first" if isinstance(value, (bytes, bytearray, memoryview)) else ""
        raise TypeError(f"{what} must be str, not {type(value).__name__}{advice}")
    try:
        data = value.encode("ascii")
    except UnicodeEncodeError:
        raise Malformed(f"{what} holds characters that no {what} has") from None
    if 0 in data:
        raise Malformed(f"{what} holds a NUL character")
    return data


def visitor_id(value: object) -> bytes | None:
    """The id of a visitor"""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = value.encode()
        except UnicodeEncodeError:
            raise InvalidArgument("visitor holds lone surrogates: give it as bytes") from None
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise kind_error("visitor", "str, bytes or None", value)
    if not 1 <= len(value) <= _cdefs.WAITQ_VISITOR_MAX:
        raise InvalidArgument(f"visitor has {len(value)} bytes: it must have 1 to {_cdefs.WAITQ_VISITOR_MAX}, "
                              "or be None for an anonymous one")
    return bytes(value)
