# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A waiting room for a server that exists already: a fair line, a live position, an honest estimate of the wait.

    import waitq

    with waitq.Context("memory:") as context:              # or "redis://localhost", to share lines with other servers
        room = context.room("concert", waitq.Policy(rate_per_s=500, burst=50))
        ticket = room.join("ann")                            # a place in line; str(ticket) is for the client's cookie
        status = room.poll(ticket)                           # position, estimate, turn; never waits
        if status.state is waitq.State.READY:
            granted = room.enter(ticket)                     # true with a pass: a JWT to show to the protected resource

Times are seconds as float: durations, or Unix time as time.time() tells it.

Outcomes are values: "not your turn" and "the room is full" are found in the state and reason of what comes back. Exceptions
are for what went wrong, and all are WaitqError: Refused for a ticket or pass that is not good, StoreError for the store,
InvalidArgument for a mistake in the program.

waitq.aio has the same for asyncio; waitq.asgi and waitq.wsgi guard a whole application. A context and all it gives may be used
from any thread, and from one process: open it after the fork.
"""
from __future__ import annotations

from ._context import Context
from ._errors import (Closed, Exhausted, Expired, Forged, Forked, InvalidArgument, LibraryError, Malformed, OutOfMemory,
                      RandomFailed, Refused, StoreConflict, StoreDamaged, StoreDenied, StoreError, StoreTimeout,
                      StoreUnavailable, TooEarly, UnknownKey, Unsupported, VersionMismatch, WaitqError, WrongBinding, WrongRoom)
from ._eta import Eta, EtaOptions, EtaSample
from ._keys import Algorithm, Key
from ._library import lib as _lib
from ._limiter import Limiter
from ._packed import Statuses, Tickets, Visitors
from ._room import Room
from ._values import (Accuracy, Binding, Claims, Decision, Estimate, EtaModel, Limit, LimitMode, Loss, Order, Pass, Phase,
                      Policy, Reason, State, Stats, Status, Ticket)
from ._verifier import Verifier

#: The version of the C library that is loaded, such as "1.0.0".
library_version: str = _lib.waitq_version_string().decode()

__version__ = "1.0.0"

__all__ = [
    "Accuracy", "Algorithm", "Binding", "Claims", "Closed", "Context", "Decision", "Estimate", "Eta", "EtaModel", "EtaOptions",
    "EtaSample", "Exhausted", "Expired", "Forged", "Forked", "InvalidArgument", "Key", "LibraryError", "Limit", "LimitMode",
    "Limiter", "Loss", "Malformed", "Order", "OutOfMemory", "Pass", "Phase", "Policy", "RandomFailed", "Reason", "Refused",
    "Room", "State", "Stats", "Status", "Statuses", "StoreConflict", "StoreDamaged", "StoreDenied", "StoreError",
    "StoreTimeout", "StoreUnavailable", "Ticket", "Tickets", "TooEarly", "UnknownKey", "Unsupported", "Verifier",
    "VersionMismatch", "Visitors", "WaitqError", "WrongBinding", "WrongRoom", "library_version",
]

for _name in __all__:
    if hasattr(globals()[_name], "__module__"):
        globals()[_name].__module__ = "waitq"
del _name
