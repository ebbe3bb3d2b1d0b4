# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What the middlewares decide, without a word of WSGI or ASGI.

A decision is a generator: it yields the calls that may wait for the store, and is sent their answers, so that the one of WSGI
makes them and the one of ASGI awaits them. It ends with an Answer: go on, or what to say instead.
"""
from __future__ import annotations

import html
import json
import math
import time
from typing import Any, Generator, Mapping, NamedTuple, Optional, Union

from ._errors import Refused, WaitqError
from ._values import Binding, Claims, Pass, Reason, State, Status, Ticket
from ._verifier import Verifier

TICKET_COOKIE, PASS_COOKIE = "waitq_ticket", "waitq_pass"
TICKET_HEADER, PASS_HEADER = "waitq-ticket", "waitq-pass"

#: How long a browser keeps a ticket: it may well outlive the line.
_TICKET_COOKIE_S = 86_400

#: What clients are told that ask while the store has failed.
_FAILED_RETRY_S = 5.0

_FINAL = (State.LEFT, State.EXPIRED, State.STALE)

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{retry}">
<meta name="viewport" content="width=device-width"><title>You are in line</title>
<style>body {{ font: 1.2em/1.5 sans-serif; max-width: 30em; margin: 20vh auto; padding: 0 1em }}</style></head>
<body><h1>{title}</h1><p>{text}</p><p>This page comes again by itself.</p></body></html>
"""


class Request(NamedTuple):
    """Of a request, what matters here."""

    headers: Mapping[str, str]  #: names in lower case
    visitor: Union[str, bytes, None]
    binding: Optional[Binding]


class Join(NamedTuple):
    visitor: Union[str, bytes, None]


class Poll(NamedTuple):
    ticket: str


class Enter(NamedTuple):
    ticket: str
    binding: Optional[Binding]


class Answer(NamedTuple):
    """Go on where `claims` are there; otherwise, what to say."""

    claims: Optional[Claims]
    headers: list[tuple[str, str]]  #: to add to the answer in both cases
    status: int = 200
    body: bytes = b""


Step = Generator[Union[Join, Poll, Enter], Any, Answer]


def _cookies(headers: Mapping[str, str]) -> dict[str, str]:
    # http.cookies drops all cookies where one of them is odd, and others set odd ones.
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs}


def _cookie(name: str, value: str, seconds: float, secure: bool) -> tuple[str, str]:
    return ("Set-Cookie", f"{name}={value}; Path=/; Max-Age={max(0, math.floor(seconds))}; HttpOnly; SameSite=Lax"
            + ("; Secure" if secure else ""))


class Guard:
    """Decides who goes through."""

    def __init__(self, verifier: Verifier, secure: bool) -> None:
        self._verifier, self._secure = verifier, secure

    def decide(self, request: Request) -> Step:
        cookies = _cookies(request.headers)
        claims = self._claims(request.headers.get(PASS_HEADER) or cookies.get(PASS_COOKIE), request.binding)
        if claims is not None:
            return Answer(claims, [])
        try:
            return (yield from self._line(request, request.headers.get(TICKET_HEADER) or cookies.get(TICKET_COOKIE)))
        except WaitqError as error:
            return self._failed(request, error)

    def _claims(self, text: str | None, binding: Binding | None) -> Claims | None:
        if not text:
            return None
        try:
            return self._verifier.verify(text, binding)
        except Refused:
            return None

    def _line(self, request: Request, text: str | None) -> Step:
        """For whoever has no pass: the place in line, and the turn where it has come"""
        ticket, headers = yield from self._place(request, text)
        if ticket.status.state in (State.READY, State.ENTERED):
            granted: Pass = yield Enter(ticket.text, request.binding)
            claims = self._claims(granted.text, request.binding)
            if claims is not None and granted.expires_at is not None:
                seconds = granted.expires_at - time.time()
                pass_cookie = _cookie(PASS_COOKIE, granted.text, seconds, self._secure)
                return Answer(claims, [*headers, pass_cookie, ("Waitq-Pass", granted.text)])
            if granted.state in _FINAL:
                # The session has ended, or the turn was missed: the visitor goes to the end of the line.
                ticket = yield Join(request.visitor)
                headers = [_cookie(TICKET_COOKIE, ticket.text, _TICKET_COOKIE_S, self._secure)]
            else:
                status = ticket.status._replace(state=granted.state, reason=granted.reason, next_poll=granted.retry_after)
                ticket = ticket._replace(status=status)
        return self._wait(request, ticket, headers)

    def _place(self, request: Request, text: str | None) -> Generator[Union[Join, Poll, Enter], Any,
                                                                     tuple[Ticket, list[tuple[str, str]]]]:
        if text:
            try:
                status: Status = yield Poll(text)
                if status.state not in _FINAL:
                    return Ticket(text, status), []
            except Refused:
                pass
        ticket: Ticket = yield Join(request.visitor)
        return ticket, [_cookie(TICKET_COOKIE, ticket.text, _TICKET_COOKIE_S, self._secure)] if ticket else []

    def _wait(self, request: Request, ticket: Ticket, headers: list[tuple[str, str]]) -> Answer:
        status = ticket.status
        retry = max(1, math.ceil(status.next_poll or 0))
        told = {
            "state": status.state.text, "reason": status.reason.text, "position": status.position, "ahead": status.ahead,
            "behind": status.behind, "eta_ms": _ms(status.eta), "eta_low_ms": _ms(status.eta_low),
            "eta_high_ms": _ms(status.eta_high), "confidence": status.confidence, "waited_ms": _ms(status.waited),
            "retry_after_ms": _ms(status.next_poll) or retry * 1000, "ticket": ticket.text,
        }
        title, text = "You are in line", _sentence(status)
        if status.state is State.NONE:
            title, text = "Nobody can be taken at the moment", f"The waiting room says: {status.reason.text}."
        return self._say(request, headers, told, retry, title, text, 202 if ticket else 503)

    def _failed(self, request: Request, error: WaitqError) -> Answer:
        told = {"state": State.NONE.text, "reason": str(error), "retry_after_ms": _FAILED_RETRY_S * 1000, "ticket": ""}
        return self._say(request, [], told, round(_FAILED_RETRY_S), "The waiting room cannot be reached",
                         "Your place in line is kept.", 503)

    @staticmethod
    def _say(request: Request, headers: list[tuple[str, str]], told: dict[str, Any], retry: int, title: str, text: str,
             status: int) -> Answer:
        headers = [*headers, ("Retry-After", str(retry)), ("Cache-Control", "no-store"), ("Vary", "Accept, Cookie")]
        if told["ticket"]:
            headers.append(("Waitq-Ticket", told["ticket"]))
        if "application/json" in request.headers.get("accept", ""):
            return Answer(None, [*headers, ("Content-Type", "application/json")], status, json.dumps(told).encode())
        page = PAGE.format(retry=retry, title=html.escape(title), text=html.escape(text))
        return Answer(None, [*headers, ("Content-Type", "text/html; charset=utf-8")], 503, page.encode())


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _sentence(status: Status) -> str:
    if status.state is State.WAITING:
        wait = "" if status.eta is None else f" It will take about {_duration(status.eta)}."
        return f"{status.ahead:,} wait before you.{wait}"
    if status.reason is Reason.PACING:
        return "It is your turn, in a moment."
    return f"It is your turn, as soon as possible: {status.reason.text}."


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
