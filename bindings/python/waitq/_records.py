# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Between the structures of C and the values of Python.

A ctypes structure takes a microsecond to make, and its fields 60 ns each to read. So structures are kept and used again
(Pool), and read with one struct.unpack. A call has its record for itself: the pool is a list, and append and pop of a list
are each one step to other threads.
"""
from __future__ import annotations

import ctypes
import math
import struct
from enum import IntEnum
from typing import Any, Type

from . import _cdefs
from ._convert import kind_error, milliseconds, plain, real, whole
from ._errors import InvalidArgument, WaitqError, error_of
from ._library import lib
from ._values import (Accuracy, Binding, Claims, Decision, Estimate, EtaModel, Limit, LimitMode, Loss, Order, Pass, Phase,
                      Policy, Reason, State, Stats, Status)

_FORMATS = {ctypes.c_size_t: "Q", ctypes.c_uint32: "I", ctypes.c_int32: "i", ctypes.c_uint64: "Q", ctypes.c_int64: "q",
            ctypes.c_double: "d"}
_NEVER_MS = 2**63 - 1


def format_of(kind: Type[ctypes.Structure], skip: tuple[str, ...] = ("size", "reserved")) -> str:
    """The format of the struct module that reads a structure. Structures have no padding: every byte is a field's."""
    parts = ["="]
    for field in kind._fields_:
        name, field_type = field[0], field[1]
        size = ctypes.sizeof(field_type)
        if name in skip:
            parts.append(f"{size}x")
        else:
            parts.append(_FORMATS[field_type] if field_type in _FORMATS else f"{size}s")
    return "".join(parts)


class Record:
    """A structure that C fills in, and an error beside it."""

    __slots__ = ("struct", "ref", "view", "error", "error_ref", "second", "second_ref")

    def __init__(self, kind: Type[ctypes.Structure], second: Type[ctypes.Structure] | None = None) -> None:
        self.struct: Any = kind(ctypes.sizeof(kind))
        self.ref = ctypes.byref(self.struct)
        self.view = memoryview(self.struct).cast("B")
        self.error = _cdefs.waitq_error(ctypes.sizeof(_cdefs.waitq_error))
        self.error_ref = ctypes.byref(self.error)
        self.second: Any = None
        self.second_ref: Any = None
        if second is not None:
            self.second = second(ctypes.sizeof(second))
            self.second_ref = ctypes.byref(self.second)

    def failure(self, code: int) -> WaitqError:
        """What the last call told of its failure"""
        return error_of(code, self.error.text.decode("utf-8", "replace"), bool(self.error.retriable))


class Pool:
    """Records of one kind that nobody uses at the moment."""

    __slots__ = ("free", "_kind", "_second")

    def __init__(self, kind: Type[ctypes.Structure], second: Type[ctypes.Structure] | None = None) -> None:
        self.free: list[Record] = []
        self._kind, self._second = kind, second

    def take(self) -> Record:
        try:
            return self.free.pop()
        except IndexError:
            return Record(self._kind, self._second)


statuses = Pool(_cdefs.waitq_status)
tickets = Pool(_cdefs.waitq_status, _cdefs.waitq_ticket)
passes = Pool(_cdefs.waitq_pass)
decisions = Pool(_cdefs.waitq_decision)
errors = Pool(_cdefs.waitq_error)


def check(code: int, record: Record) -> None:
    if code:
        raise record.failure(code)


# --- what comes back ---

_make = tuple.__new__
_STATES = tuple(State)
_REASONS = tuple(Reason)
_PHASES = (Phase(0), *Phase)  # there is no phase 0

_read_status = struct.Struct(format_of(_cdefs.waitq_status)).unpack_from


def status_of(view: memoryview, offset: int = 0) -> Status:
    (state, reason, position, ahead, behind, eta, low, high, confidence, waited, enter_by, next_poll, age,
     phase) = _read_status(view, offset)
    try:
        names = _STATES[state], _REASONS[reason], _PHASES[phase]
    except IndexError:
        names = State(state), Reason(reason), Phase(phase)
    return _make(Status, (
        names[0], names[1], position, ahead, behind, eta / 1000 if eta >= 0 else None, low / 1000 if low >= 0 else None,
        high / 1000 if high >= 0 else None, confidence, waited / 1000, enter_by / 1000 if enter_by else None,
        next_poll / 1000 if next_poll else None, age / 1000, names[2]))


def pass_of(record: Record) -> Pass:
    found = record.struct
    return Pass(State(found.state), Reason(found.reason), found.expires_at_ms / 1000 or None,
                found.retry_after_ms / 1000 or None, found.text.decode())


def _until(ms: int) -> float:
    return math.inf if ms == _NEVER_MS else ms / 1000


def decision_of(record: Record) -> Decision:
    found = record.struct
    return Decision(found.admitted != 0, found.remaining, _until(found.retry_after_ms), _until(found.reset_ms))


def claims_of(found: Any) -> Claims:
    return Claims(found.room.decode(), found.kid.decode(), found.id.decode(), found.epoch, found.number,
                  found.issued_at_ms / 1000 or None, found.not_before_ms / 1000 or None, found.expires_at_ms / 1000)


def _known(ms: int) -> float | None:
    return None if ms == _cdefs.WAITQ_UNKNOWN_MS else ms / 1000


def estimate_of(found: Any) -> Estimate:
    return Estimate(_known(found.eta_ms), _known(found.eta_low_ms), _known(found.eta_high_ms), found.confidence,
                    Reason(found.reason))


def accuracy_of(found: Any) -> Accuracy:
    return Accuracy(found.scored, found.acc, found.hit, found.bias, found.cov90, found.width)


def stats_of(found: Any) -> Stats:
    accuracy = None
    if found.eta_scored:
        accuracy = Accuracy(found.eta_scored, found.eta_acc, found.eta_hit, found.eta_bias, found.eta_cov90, found.eta_width)
    return Stats(found.epoch, found.issued, found.waiting, found.ready, found.entered, found.left, found.expired,
                 found.active, found.head, found.rate_per_s, found.tokens, found.now_ms / 1000, found.age_ms / 1000,
                 found.memory_bytes, Phase(found.phase), found.goes_on_at_ms / 1000 or None, accuracy)


# --- what goes in ---

def member(value: object, kind: Type[IntEnum], what: str) -> int:
    """The number of a member of an enumeration; a bare number might be meant for another one"""
    if not isinstance(value, kind):
        raise kind_error(what, f"a member of {kind.__name__}", value)
    return int(value)


def hour_weights(weights: object, into: Any) -> None:
    if not isinstance(weights, (tuple, list)):
        raise kind_error("hour weights", "a tuple of numbers", weights)
    if len(weights) not in (0, 24):
        raise InvalidArgument(f"there are {len(weights)} hour weights: it must be 24, or none")
    for hour, weight in enumerate(weights):
        into[hour] = real(weight, f"the weight of hour {hour}")


def policy_to_c(policy: Policy) -> _cdefs.waitq_policy:
    if not isinstance(policy, Policy):
        raise kind_error("policy", "a Policy", policy)
    made = _cdefs.waitq_policy()
    lib.waitq_policy_init(made, ctypes.sizeof(made))
    made.rate_per_s = real(policy.rate_per_s, "rate_per_s")
    for name in ("burst", "max_active", "max_waiting"):
        setattr(made, name, whole(getattr(policy, name), name))
    for name in ("claim_ttl", "session_ttl", "heartbeat_ttl", "min_poll", "max_poll"):
        setattr(made, name + "_ms", milliseconds(getattr(policy, name), name))
    made.opens_at_ms = 0 if policy.opens_at is None else milliseconds(policy.opens_at, "opens_at")
    made.order = member(policy.order, Order, "order")
    made.eta_model = member(policy.eta_model, EtaModel, "eta_model")
    made.on_store_loss = member(policy.on_store_loss, Loss, "on_store_loss")
    hour_weights(policy.eta_hour_weights, made.eta_hour_weights)
    return made


def policy_of(found: Any) -> Policy:
    weights = tuple(found.eta_hour_weights)
    return Policy(found.rate_per_s, found.burst, found.max_active, found.max_waiting, found.claim_ttl_ms / 1000,
                  found.session_ttl_ms / 1000, found.heartbeat_ttl_ms / 1000, found.min_poll_ms / 1000,
                  found.max_poll_ms / 1000, found.opens_at_ms / 1000 or None, Order(found.order), EtaModel(found.eta_model),
                  Loss(found.on_store_loss), weights if any(weights) else ())


def limit_to_c(limit: Limit) -> _cdefs.waitq_limit:
    if not isinstance(limit, Limit):
        raise kind_error("limit", "a Limit", limit)
    made = _cdefs.waitq_limit()
    lib.waitq_limit_init(made, ctypes.sizeof(made))
    made.rate_per_s = real(limit.rate_per_s, "rate_per_s")
    made.burst = whole(limit.burst, "burst")
    made.mode = member(limit.mode, LimitMode, "mode")
    return made


def binding_to_c(binding: Binding) -> _cdefs.waitq_binding:
    if not isinstance(binding, Binding):
        raise kind_error("binding", "a Binding", binding)
    made = _cdefs.waitq_binding()
    lib.waitq_binding_init(made, ctypes.sizeof(made))
    for name, value in zip(Binding._fields, binding):
        setattr(made, name, None if value is None else plain(value, f"binding.{name}"))
    return made


def enter_options_to_c(binding: Binding | None) -> Any:
    """A reference to options for an entry; None for the defaults"""
    if binding is None:
        return None
    options = _cdefs.waitq_enter_options()
    lib.waitq_enter_options_init(options, ctypes.sizeof(options))
    options.binding = ctypes.pointer(binding_to_c(binding))
    return ctypes.byref(options)
