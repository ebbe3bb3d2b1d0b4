# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Arrays in the form of C, so that a call for a thousand visitors makes no thousand objects.

`buffer` shows what an array holds as bytes, and `dtype` says what is where in them, for numpy:

    numpy.frombuffer(statuses.buffer, dtype=statuses.dtype)["position"]
"""
from __future__ import annotations

import ctypes
import struct
from array import array
from typing import Any, Iterable, Iterator, Sequence, Type, Union, overload

from . import _cdefs
from ._convert import kind_error, visitor_id, whole
from ._errors import InvalidArgument, WaitqError, error_of
from ._library import lib
from ._records import status_of
from ._values import Status, Ticket

_TICKET_SIZE = ctypes.sizeof(_cdefs.waitq_ticket)
_STATUS_SIZE = ctypes.sizeof(_cdefs.waitq_status)
_pack_ticket = struct.Struct(f"=Q{_cdefs.WAITQ_TICKET_SIZE}s").pack

#: (pointer, length), the two words of a waitq_visitor
_VISITOR_WORDS = 2


def _dtype(kind: Type[ctypes.Structure]) -> dict[str, Any]:
    formats = {ctypes.c_size_t: "u8", ctypes.c_uint32: "u4", ctypes.c_uint64: "u8", ctypes.c_int64: "i8",
               ctypes.c_double: "f8"}
    fields = [(field[0], formats.get(field[1], f"S{ctypes.sizeof(field[1])}"), getattr(kind, field[0]).offset)
              for field in kind._fields_ if field[0] not in ("size", "reserved")]
    names, kinds, offsets = (list(column) for column in zip(*fields))
    return {"names": names, "formats": kinds, "offsets": offsets, "itemsize": ctypes.sizeof(kind)}


class Visitors:
    """Ids of many visitors: str, bytes, or None for an anonymous one. They are copied."""

    __slots__ = ("_words", "_held", "_count")

    def __init__(self, ids: Iterable[Union[str, bytes, None]]) -> None:
        if isinstance(ids, (str, bytes)):
            raise kind_error("visitors", "a list of ids", ids)
        data = [visitor_id(one) for one in ids]
        held = ctypes.create_string_buffer(b"".join(one for one in data if one is not None))
        address, words = ctypes.addressof(held), array("Q")
        for one in data:
            words.extend((0, 0) if one is None else (address, len(one)))
            address += 0 if one is None else len(one)
        self._words, self._held, self._count = words, held, len(data)

    @classmethod
    def of_width(cls, data: bytes, width: int) -> Visitors:
        """Ids of the same number of bytes each, one behind the other: UUIDs, account numbers."""
        width = whole(width, "width")
        with memoryview(data) as view:
            size = view.nbytes
            if not 1 <= width <= _cdefs.WAITQ_VISITOR_MAX or size % width:
                raise InvalidArgument(f"{size} bytes are not ids of {width} bytes each")
            held = ctypes.create_string_buffer(view.tobytes())
        made, count = cls(()), size // width
        first = ctypes.addressof(held)
        words = array("Q", bytes(8 * _VISITOR_WORDS * count))
        words[0::2] = array("Q", range(first, first + size, width))
        words[1::2] = array("Q", [width]) * count
        made._words, made._held, made._count = words, held, count
        return made

    def __len__(self) -> int:
        return self._count

    def to_c(self) -> Any:
        """A reference to the first waitq_visitor"""
        return (_cdefs.waitq_visitor * self._count).from_buffer(self._words) if self._count else None


class Tickets(Sequence[str]):
    """Texts of many tickets. A text that cannot be one is kept as an empty one, which a poll calls malformed."""

    __slots__ = ("_items", "buffer")

    dtype = _dtype(_cdefs.waitq_ticket)

    def __init__(self, texts: Iterable[Union[str, Ticket]]) -> None:
        if isinstance(texts, (str, bytes)):
            raise kind_error("tickets", "a list of texts", texts)
        self._hold(bytearray(b"".join([_pack_ticket(_TICKET_SIZE, _ticket_bytes(text)) for text in texts])))

    @classmethod
    def empty(cls, count: int) -> Tickets:
        """Room for as many, for a join to fill in."""
        made = cls(())
        made._hold(bytearray(_pack_ticket(_TICKET_SIZE, b"") * whole(count, "count", 31)))
        return made

    def _hold(self, data: bytearray) -> None:
        self._items: Any = (_cdefs.waitq_ticket * (len(data) // _TICKET_SIZE)).from_buffer(data)
        self.buffer = memoryview(data)

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Tickets: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[str, Tickets]:
        if isinstance(index, slice):
            return Tickets([self[i] for i in range(*index.indices(len(self)))])
        return str(self._items[index].text.decode("ascii", "replace"))

    def to_c(self) -> Any:
        """The array of waitq_ticket"""
        return self._items


def _ticket_bytes(text: object) -> bytes:
    if text.__class__ is Ticket:
        text = text.text  # type: ignore[attr-defined]
    if not isinstance(text, str):
        raise kind_error("each ticket", "str or a Ticket", text)
    data = text.encode("utf-8", "replace")
    return b"" if len(data) >= _cdefs.WAITQ_TICKET_SIZE or 0 in data else data


class Statuses(Sequence[Union[Status, WaitqError]]):
    """Answers for many tickets: a Status each, or the error for that ticket."""

    __slots__ = ("_items", "buffer", "codes", "_codes")

    dtype = _dtype(_cdefs.waitq_status)

    def __init__(self, count: int) -> None:
        count = whole(count, "count", 31)
        data = bytearray((_STATUS_SIZE.to_bytes(8, "little") + bytes(_STATUS_SIZE - 8)) * count)
        self._items = (_cdefs.waitq_status * count).from_buffer(data)
        self._codes = (ctypes.c_int32 * count)()
        #: The numbers of the errors, 0 where there is none.
        self.codes = memoryview(self._codes).cast("B").cast("i")
        self.buffer = memoryview(data)

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Union[Status, WaitqError]: ...

    @overload
    def __getitem__(self, index: slice) -> list[Union[Status, WaitqError]]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Status, WaitqError, list[Union[Status, WaitqError]]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        code = self.codes[number]
        return error_for(code) if code else status_of(self.buffer, number * _STATUS_SIZE)

    def __iter__(self) -> Iterator[Union[Status, WaitqError]]:
        for number, code in enumerate(self.codes):
            yield error_for(code) if code else status_of(self.buffer, number * _STATUS_SIZE)

    def column(self, name: str) -> memoryview:
        """One field of all, under its name in C ("position", "eta_ms", "state"), without a copy."""
        try:
            where = self.dtype["names"].index(name)
        except ValueError:
            raise InvalidArgument(f"there is no column {name!r}; there are {', '.join(self.dtype['names'])}") from None
        width = int(self.dtype["formats"][where][1])
        letter = {"u8": "Q", "u4": "I", "i8": "q", "f8": "d"}[self.dtype["formats"][where]]
        return self.buffer.cast(letter)[self.dtype["offsets"][where] // width::_STATUS_SIZE // width]

    def to_c(self) -> Any:
        """The array of waitq_status"""
        return self._items

    def codes_to_c(self) -> Any:
        """The array of int32_t"""
        return self._codes


def error_for(code: int, retriable: bool = False) -> WaitqError:
    """The error that a code stands for, where C gave no detail"""
    return error_of(code, lib.waitq_error_text(code).decode(), retriable)
