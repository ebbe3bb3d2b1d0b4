# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The estimate of the wait alone, for hosts with a line of their own."""
from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional, Type

from . import _cdefs
from ._convert import kind_error, milliseconds, real, whole
from ._handle import EtaHandle, Unpicklable, failure
from ._library import lib
from ._records import accuracy_of, check, errors, estimate_of, hour_weights, member
from ._values import Accuracy, Estimate, EtaModel, Phase


@dataclass(frozen=True)
class EtaOptions:
    """What is known of a line in advance.

    rate_per_s    admissions per second that are allowed
    burst         most admissions at one instant
    max_active    most sessions at once; 0: no limit
    session_ttl   seconds for which a session lasts at most; 0: any time
    hour_weights  REFERENCE: 24 factors, one for each hour of the day; or none
    """

    rate_per_s: float = 10.0
    burst: int = 10
    max_active: int = 0
    session_ttl: float = 600.0
    hour_weights: tuple[float, ...] = ()
    model: EtaModel = EtaModel.DEFAULT


@dataclass(frozen=True)
class EtaSample:
    """What a line did up to a moment. The counters only rise.

    waiting     visitors in line
    active      sessions running, with turns given and not used yet
    tokens      admissions possible at this instant, as far as the rate is concerned
    admitted    counter: turns given
    joined      counter: visitors who joined the line
    left        counter: visitors who left it before their turn
    ended       counter: sessions that ended
    goes_on_at  SCHEDULED, PAUSED: when admissions go on; None: not known
    """

    waiting: int = 0
    active: int = 0
    tokens: float = 0.0
    admitted: int = 0
    joined: int = 0
    left: int = 0
    ended: int = 0
    goes_on_at: Optional[float] = None
    phase: Phase = Phase.OPEN


def _options_to_c(options: EtaOptions) -> _cdefs.waitq_eta_options:
    if not isinstance(options, EtaOptions):
        raise kind_error("options", "EtaOptions", options)
    made = _cdefs.waitq_eta_options()
    lib.waitq_eta_options_init(made, ctypes.sizeof(made))
    made.rate_per_s = real(options.rate_per_s, "rate_per_s")
    made.burst = whole(options.burst, "burst")
    made.max_active = whole(options.max_active, "max_active")
    made.session_ttl_ms = milliseconds(options.session_ttl, "session_ttl")
    made.model = member(options.model, EtaModel, "model")
    hour_weights(options.hour_weights, made.hour_weights)
    return made


def _sample_to_c(sample: EtaSample) -> _cdefs.waitq_eta_sample:
    if not isinstance(sample, EtaSample):
        raise kind_error("sample", "an EtaSample", sample)
    made = _cdefs.waitq_eta_sample()
    lib.waitq_eta_sample_init(made, ctypes.sizeof(made))
    for name in ("waiting", "active", "admitted", "joined", "left", "ended"):
        setattr(made, name, whole(getattr(sample, name), name))
    made.tokens = real(sample.tokens, "tokens")
    made.goes_on_at_ms = 0 if sample.goes_on_at is None else milliseconds(sample.goes_on_at, "goes_on_at")
    made.phase = member(sample.phase, Phase, "phase")
    return made


class Eta(Unpicklable):
    """Estimates the wait in a line that is not the library's. Rooms have this built in.

    Tell it once a second what the line did, and ask for the wait of any position. Nothing here reads a clock: `now` is in
    seconds from any fixed moment on. May be used from any thread; calls on one estimator come one after the other.
    """

    __slots__ = ("_handle", "_lock")

    def __init__(self, options: EtaOptions = EtaOptions()) -> None:
        self._handle: EtaHandle | None = None
        self._lock = threading.Lock()
        out, record = ctypes.c_void_p(), errors.take()
        check(lib.waitq_eta_open(_options_to_c(options), out, record.error), record)
        errors.free.append(record)
        self._handle = EtaHandle(out.value)

    def observe(self, now: float, sample: EtaSample) -> None:
        """Tells what the line did up to now."""
        self._call(lib.waitq_eta_observe, milliseconds(now, "now"), _sample_to_c(sample))

    def estimate(self, now: float, position: int) -> Estimate:
        """The wait of a position in line, from 1."""
        found = _cdefs.waitq_estimate(ctypes.sizeof(_cdefs.waitq_estimate))
        self._call(lib.waitq_eta_estimate, milliseconds(now, "now"), whole(position, "position"), found)
        return estimate_of(found)

    def configure(self, now: float, options: EtaOptions) -> None:
        """Puts other options in force. What was learnt stays."""
        self._call(lib.waitq_eta_configure, milliseconds(now, "now"), _options_to_c(options))

    def set_rate_at(self, rate_per_s: float, at: float) -> None:
        """Announces a change of rate."""
        self._call(lib.waitq_eta_set_rate_at, real(rate_per_s, "rate_per_s"), milliseconds(at, "at"))

    def left(self, position: int) -> None:
        """Tells from where in line a visitor left."""
        self._call(lib.waitq_eta_left, whole(position, "position"))

    def ended(self, age: float) -> None:
        """Tells how old a session was that ended, in seconds."""
        self._call(lib.waitq_eta_ended, milliseconds(age, "age"))

    def measured(self) -> Accuracy | None:
        """How right the estimates were so far; None as long as none was compared with what came."""
        found = _cdefs.waitq_eta_accuracy(ctypes.sizeof(_cdefs.waitq_eta_accuracy))
        self._call(lib.waitq_eta_measured, found)
        return accuracy_of(found) if found.scored else None

    def _call(self, function: Any, *arguments: Any) -> None:
        with self._lock:
            handle, record = self._handle, errors.take()
            code = function(handle, *arguments, record.error)
        if code:
            raise failure(code, record, handle, "estimator")
        errors.free.append(record)

    @property
    def closed(self) -> bool:
        return self._handle is None

    def close(self) -> None:
        """Ends the estimator."""
        self._handle = None

    def __enter__(self) -> Eta:
        return self

    def __exit__(self, kind: Type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
