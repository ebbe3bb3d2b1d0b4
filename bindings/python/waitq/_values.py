# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What goes in and what comes back. Times are seconds as float: durations, or Unix time as time.time() tells it."""
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Optional

from . import _cdefs
from ._library import lib


class _Numbered(IntEnum):
    """Numbers that a later library adds become members called UNKNOWN_<number>."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, int) or not 0 <= value < 1 << 32:
            return None
        member = int.__new__(cls, value)
        member._name_, member._value_ = f"UNKNOWN_{value}", value
        cls._value2member_map_[value] = member
        return member


class State(_Numbered):
    """What has become of a ticket.

    NONE     no ticket: the room did not take the visitor; the reason says why
    WAITING  in line
    READY    its turn has come: enter before enter_by
    ENTERED  it entered
    LEFT     it left the line
    EXPIRED  it fell silent or missed its turn, or is very old
    STALE    it is of another epoch: join again
    """

    NONE = _cdefs.WAITQ_STATE_NONE
    WAITING = _cdefs.WAITQ_STATE_WAITING
    READY = _cdefs.WAITQ_STATE_READY
    ENTERED = _cdefs.WAITQ_STATE_ENTERED
    LEFT = _cdefs.WAITQ_STATE_LEFT
    EXPIRED = _cdefs.WAITQ_STATE_EXPIRED
    STALE = _cdefs.WAITQ_STATE_STALE

    @property
    def text(self) -> str:
        """Its name in lower case, such as "waiting"."""
        return str(lib.waitq_state_name(int(self)).decode())


class Reason(_Numbered):
    """Why an answer is as it is. `text` says it in a few words."""

    NONE = _cdefs.WAITQ_REASON_NONE
    BUCKET = _cdefs.WAITQ_REASON_BUCKET
    SLOTS = _cdefs.WAITQ_REASON_SLOTS
    NO_SAMPLES = _cdefs.WAITQ_REASON_NO_SAMPLES
    RATE_CHANGED = _cdefs.WAITQ_REASON_RATE_CHANGED
    PAUSED = _cdefs.WAITQ_REASON_PAUSED
    STALLED = _cdefs.WAITQ_REASON_STALLED
    SCHEDULED = _cdefs.WAITQ_REASON_SCHEDULED
    DRAINING = _cdefs.WAITQ_REASON_DRAINING
    CLOSED = _cdefs.WAITQ_REASON_CLOSED
    FULL = _cdefs.WAITQ_REASON_FULL
    PACING = _cdefs.WAITQ_REASON_PACING
    RATE_ZERO = _cdefs.WAITQ_REASON_RATE_ZERO
    RESTORED = _cdefs.WAITQ_REASON_RESTORED

    @property
    def text(self) -> str:
        """What it means, in a few words."""
        return str(lib.waitq_reason_text(int(self)).decode())


class Phase(_Numbered):
    """Phases of a room.

    SCHEDULED  before opens_at: visitors join, nobody gets a turn
    OPEN       visitors join, and get their turns
    PAUSED     visitors join; no turns, no entries
    DRAINING   nobody joins; those in line get their turns
    CLOSED     nobody joins, gets a turn, or enters
    """

    SCHEDULED = _cdefs.WAITQ_PHASE_SCHEDULED
    OPEN = _cdefs.WAITQ_PHASE_OPEN
    PAUSED = _cdefs.WAITQ_PHASE_PAUSED
    DRAINING = _cdefs.WAITQ_PHASE_DRAINING
    CLOSED = _cdefs.WAITQ_PHASE_CLOSED


class Order(_Numbered):
    """In which order those who came before the opening get their turns."""

    FIFO = _cdefs.WAITQ_ORDER_FIFO


class EtaModel(_Numbered):
    """How the wait is estimated."""

    DEFAULT = _cdefs.WAITQ_ETA_DEFAULT
    REFERENCE = _cdefs.WAITQ_ETA_REFERENCE


class Loss(_Numbered):
    """How joins and entries go on while a shared store cannot be reached.

    HOLD   nobody is taken, nobody enters; all are asked to come again
    OPEN   everybody enters who asks
    LOCAL  whoever has a ticket enters, at this context's share of the rate
    """

    HOLD = _cdefs.WAITQ_LOSS_HOLD
    OPEN = _cdefs.WAITQ_LOSS_OPEN
    LOCAL = _cdefs.WAITQ_LOSS_LOCAL


class LimitMode(_Numbered):
    """Where a limiter of a shared store decides.

    EXACT   in the store, each try
    LEASED  in this process, from tokens taken ahead
    """

    EXACT = _cdefs.WAITQ_LIMIT_EXACT
    LEASED = _cdefs.WAITQ_LIMIT_LEASED


class Status(NamedTuple):
    """Where a ticket stands.

    reason      what binds the line, or why it stands still
    position    1 + those waiting ahead; 0 unless WAITING. Never rises
    eta         median of the wait from now on, seconds; 0 unless WAITING; None: unknown
    eta_low     the turn comes earlier than this once in twenty times
    eta_high    the turn comes later than this once in twenty times
    confidence  0 to 1: how far the estimate can be relied on
    waited      seconds since the ticket was issued
    enter_by    Unix time until which a turn can be claimed; None unless READY
    next_poll   seconds until the next poll; None: never again
    age         how old the view of the store is, seconds; 0 on the memory store
    """

    state: State
    reason: Reason
    position: int
    ahead: int
    behind: int
    eta: Optional[float]
    eta_low: Optional[float]
    eta_high: Optional[float]
    confidence: float
    waited: float
    enter_by: Optional[float]
    next_poll: Optional[float]
    age: float
    phase: Phase


class Ticket(NamedTuple):
    """What a join gave. It is false where the room took nobody: `status.reason` says why.

    text    what the visitor's client carries; empty where there is none
    status  the first answer, as a poll would give it
    """

    text: str
    status: Status

    def __bool__(self) -> bool:
        return self.text != ""

    def __str__(self) -> str:
        return self.text


class Pass(NamedTuple):
    """What an entry or a renewal gave. It is false where there is no pass.

    state        ENTERED where there is a pass
    reason       why there is none
    expires_at   Unix time at which pass and session end; None without a pass
    retry_after  seconds after which to ask again; None where that is of no use
    text         the JWT; empty where there is none
    """

    state: State
    reason: Reason
    expires_at: Optional[float]
    retry_after: Optional[float]
    text: str

    def __bool__(self) -> bool:
        return self.text != ""

    def __str__(self) -> str:
        return self.text


class Binding(NamedTuple):
    """What a pass can be bound to. None is a part that does not count.

    method  such as "POST"
    url     compared byte by byte
    client  an address, a device id, a session
    """

    method: Optional[str] = None
    url: Optional[str] = None
    client: Optional[str] = None


class Claims(NamedTuple):
    """What a verified pass says.

    kid         the key that signed it
    id          for whoever keeps a list of used or ended passes
    number      the ticket's sequence number
    issued_at   Unix time
    """

    room: str
    kid: str
    id: str
    epoch: int
    number: int
    issued_at: Optional[float]
    not_before: Optional[float]
    expires_at: float


class Decision(NamedTuple):
    """The answer of a limiter. It is true where the tokens were taken.

    remaining    whole tokens left
    retry_after  seconds until the same try can succeed; 0 when admitted; math.inf: never
    reset        seconds until the bucket is full; math.inf: never
    """

    admitted: bool
    remaining: int
    retry_after: float
    reset: float

    def __bool__(self) -> bool:
        return self.admitted


class Accuracy(NamedTuple):
    """How right estimates were, compared with what came. The latest weigh most.

    scored  how many were compared
    acc     mean of max(0, 1 - |estimate - truth| / max(truth, 1 s))
    hit     share within 10 %, or 5 s, of the truth
    bias    mean of (estimate - truth) / max(truth, 1 s): above 0, estimates were too long
    cov90   share of intervals that held the truth
    width   mean width of the intervals, as a part of the truth
    """

    scored: int
    acc: float
    hit: float
    bias: float
    cov90: float
    width: float


class Stats(NamedTuple):
    """What goes on in a room. issued = waiting + ready + entered + left + expired, always.

    ready         turns given and not claimed yet
    active        sessions running
    head          every ticket with a number below has had its turn
    tokens        tokens in the bucket
    now           the room's time, Unix
    age           how old this view of the store is, seconds
    goes_on_at    PAUSED, SCHEDULED: Unix time at which admissions go on; None: not known
    accuracy      of the estimates; None as long as none was compared
    """

    epoch: int
    issued: int
    waiting: int
    ready: int
    entered: int
    left: int
    expired: int
    active: int
    head: int
    rate_per_s: float
    tokens: float
    now: float
    age: float
    memory_bytes: int
    phase: Phase
    goes_on_at: Optional[float]
    accuracy: Optional[Accuracy]


class Estimate(NamedTuple):
    """The wait of one position, as Eta estimates it.

    eta         median, seconds; None: unknown
    """

    eta: Optional[float]
    eta_low: Optional[float]
    eta_high: Optional[float]
    confidence: float
    reason: Reason


@dataclass(frozen=True)
class Policy:
    """What a room promises and demands.

    rate_per_s        admissions per second, 0 to 1e9
    burst             most admissions at one instant
    max_active        most active sessions plus unclaimed turns; 0: no limit
    max_waiting       most visitors waiting; 0: no limit
    claim_ttl         seconds for which a turn may be claimed, at least
    session_ttl       seconds for which a pass lasts, at least
    heartbeat_ttl     seconds for which a visitor may stay silent, at least
    min_poll          the shortest interval asked of visitors between polls, seconds
    max_poll          the longest; at most heartbeat_ttl / 3
    opens_at          Unix time of the opening; None: open at once
    eta_hour_weights  REFERENCE: 24 factors, one for each hour of the day, UTC; or none
    """

    rate_per_s: float = 10.0
    burst: int = 10
    max_active: int = 0
    max_waiting: int = 0
    claim_ttl: float = 30.0
    session_ttl: float = 600.0
    heartbeat_ttl: float = 300.0
    min_poll: float = 1.0
    max_poll: float = 10.0
    opens_at: Optional[float] = None
    order: Order = Order.FIFO
    eta_model: EtaModel = EtaModel.DEFAULT
    on_store_loss: Loss = Loss.HOLD
    eta_hour_weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class Limit:
    """What a limiter allows.

    rate_per_s  tokens per second, 0 to 1e9
    burst       most tokens at one instant; 1 makes a leaky bucket
    mode        of the handle, not of the bucket
    """

    rate_per_s: float = 10.0
    burst: int = 10
    mode: LimitMode = LimitMode.EXACT


def _tell_fields(kind: Any) -> None:
    """Gives the fields of a named tuple the words that its docstring has for them: help() shows both."""
    for line in (kind.__doc__ or "").splitlines():
        name, _, words = line.strip().partition("  ")
        if name in kind._fields:
            getattr(kind, name).__doc__ = words.strip()


for _kind in (Status, Ticket, Pass, Binding, Claims, Decision, Accuracy, Stats, Estimate):
    _tell_fields(_kind)
del _kind
