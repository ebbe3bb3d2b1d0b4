# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Finds and loads the C library, and makes sure that it is one that this package can use."""
from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
from typing import Any, Iterator

from . import _cdefs
from ._errors import LibraryError

#: Wheels that bring the library have it here.
BUNDLED = pathlib.Path(__file__).with_name("libwaitq.so.1")


def _candidates() -> Iterator[str]:
    chosen = os.environ.get("WAITQ_LIBRARY")
    if chosen:
        # Who names a library wants that one, or to be told why not.
        yield chosen
        return
    if BUNDLED.exists():
        yield str(BUNDLED)
    yield "libwaitq.so.1"
    found = ctypes.util.find_library("waitq")
    if found:
        yield found


def _load() -> tuple[ctypes.CDLL, str]:
    failures = []
    for path in _candidates():
        try:
            # CDLL lets other threads run during each call; PyDLL would not, and the library may wait for a network.
            return ctypes.CDLL(path), path
        except OSError as error:
            failures.append(f"{path}: {error}")
    raise LibraryError("libwaitq cannot be loaded. Install it (Debian: libwaitq1), or name it by the environment variable "
                       "WAITQ_LIBRARY. Tried: " + "; ".join(failures))


def _version(number: int) -> str:
    return f"{number >> 16}.{number >> 8 & 0xFF}.{number & 0xFF}"


def _check_version(library: ctypes.CDLL, path: str) -> None:
    try:
        ask = library["waitq_version_number"]
    except AttributeError:
        raise LibraryError(f"{path} is not libwaitq: it has no waitq_version_number") from None
    ask.restype = ctypes.c_uint32
    number = int(ask())
    needed = _cdefs.WAITQ_VERSION_MAJOR << 16 | _cdefs.WAITQ_VERSION_MINOR << 8
    if number >> 16 > _cdefs.WAITQ_VERSION_MAJOR:
        raise LibraryError(f"{path} is libwaitq {_version(number)}: too new for this package, which knows "
                           f"{_cdefs.WAITQ_VERSION_MAJOR}.x. Update the package waitq")
    if number < needed:
        raise LibraryError(f"{path} is libwaitq {_version(number)}: too old for this package, which needs "
                           f"{_version(needed)} or later. Update the library, or use an older package waitq")


def _open() -> tuple[ctypes.CDLL, str]:
    library, path = _load()
    _check_version(library, path)
    for name, (result, arguments) in _cdefs.PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise LibraryError(f"{path} has no {name}: it is damaged, or it was built from unfinished sources") from None
        function.restype = result
        function.argtypes = arguments
    return library, path


#: The library, with all functions of its headers.
lib, path = _open()


def bare(name: str, *arguments: Any) -> Any:
    """A function with other argument types than declared: a call is checked by who makes it, and costs half as much.

    Without types, None, bytes, byref() and handles are passed as pointers; numbers need a type."""
    function = lib[name]
    function.restype = _cdefs.PROTOTYPES[name][0]
    if arguments:
        function.argtypes = list(arguments)
    return function
