# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Keys that sign and verify passes."""
from __future__ import annotations

import ctypes
from typing import Any, Iterable

from . import _cdefs
from ._convert import kind_error, plain
from ._errors import InvalidArgument
from ._library import lib
from ._records import check, errors
from ._values import _Numbered

KEYS_MAX = 8


class Algorithm(_Numbered):
    """Algorithms of keys. The key decides the algorithm of a pass; the text of a pass never does.

    HS256           a shared secret of 32 to 64 bytes: signs and verifies
    ED25519         a seed of 32 bytes: signs and verifies
    ED25519_PUBLIC  a public key of 32 bytes: verifies only
    """

    HS256 = _cdefs.WAITQ_KEY_HS256
    ED25519 = _cdefs.WAITQ_KEY_ED25519
    ED25519_PUBLIC = _cdefs.WAITQ_KEY_ED25519_PUBLIC


class Key:
    """One key of a key ring, under a key id of [A-Za-z0-9_.-]{1,31}. Its repr() does not show the bytes."""

    __slots__ = ("_algorithm", "_kid", "_data")

    def __init__(self, algorithm: Algorithm, kid: str, data: bytes) -> None:
        if not isinstance(algorithm, Algorithm):
            raise kind_error("algorithm", "a member of Algorithm", algorithm)
        if len(plain(kid, "kid")) > 31:
            raise InvalidArgument("kid is longer than 31 characters")
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise kind_error("the key", "bytes", data)
        if len(data) > 64:
            raise InvalidArgument(f"the key {kid} has {len(data)} bytes: it can have 64 at most")
        self._algorithm, self._kid, self._data = algorithm, kid, bytes(data)

    @classmethod
    def hs256(cls, kid: str, secret: bytes) -> Key:
        """A shared secret of 32 to 64 bytes, such as secrets.token_bytes(32)."""
        return cls(Algorithm.HS256, kid, secret)

    @classmethod
    def ed25519(cls, kid: str, seed: bytes) -> Key:
        """A secret seed of 32 bytes. Who only verifies gets public()."""
        return cls(Algorithm.ED25519, kid, seed)

    @classmethod
    def ed25519_public(cls, kid: str, data: bytes) -> Key:
        """A public key of 32 bytes: it verifies, and holds no secret."""
        return cls(Algorithm.ED25519_PUBLIC, kid, data)

    @property
    def algorithm(self) -> Algorithm:
        return self._algorithm

    @property
    def kid(self) -> str:
        return self._kid

    def __bytes__(self) -> bytes:
        return self._data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and (self._algorithm, self._kid, self._data) == (
            other._algorithm, other._kid, other._data)

    def __hash__(self) -> int:
        return hash((self._algorithm, self._kid, self._data))

    def __repr__(self) -> str:
        return f"<Key {self._kid!r} {self._algorithm.name}>"

    def public(self) -> Key:
        """The public half of an Ed25519 key, to hand to those who only verify."""
        made, record = _cdefs.waitq_key(), errors.take()
        lib.waitq_key_init(made, ctypes.sizeof(made))
        check(lib.waitq_key_public(ctypes.byref(_key_to_c(self)), made, record.error), record)
        return Key(Algorithm.ED25519_PUBLIC, made.kid.decode(), bytes(made.bytes[:made.length]))


def _key_to_c(key: Key) -> _cdefs.waitq_key:
    made = _cdefs.waitq_key()
    lib.waitq_key_init(made, ctypes.sizeof(made))
    made.algorithm = int(key.algorithm)
    made.kid = plain(key.kid, "kid")
    data = bytes(key)
    made.length = len(data)
    ctypes.memmove(made.bytes, data, len(data))
    return made


def keys_to_c(keys: Iterable[Key]) -> Any:
    """An array of keys"""
    if isinstance(keys, Key):
        keys = [keys]
    ring = list(keys)
    if len(ring) > KEYS_MAX:
        raise InvalidArgument(f"there are {len(ring)} keys: {KEYS_MAX} at most")
    for key in ring:
        if not isinstance(key, Key):
            raise kind_error("each key", "a Key", key)
    return (_cdefs.waitq_key * len(ring))(*map(_key_to_c, ring))
