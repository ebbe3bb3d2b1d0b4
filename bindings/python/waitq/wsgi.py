# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A waiting room in front of a WSGI application.

    key = waitq.Key.hs256("2026-a", secret)
    context = waitq.Context("redis://localhost", keys=[key])
    app = waitq.wsgi.WaitingRoom(app, context.room("concert"), waitq.Verifier([key], "concert"))

Who has a valid pass goes through; whose turn has come gets one, and goes through; everybody else gets a place in line, and a
page that comes again by itself, or JSON for those who accept it. What was verified is in environ["waitq"], a waitq.Claims.

A server that forks its workers must open the context in each worker, after the fork.
"""
from __future__ import annotations

from http import HTTPStatus
from typing import Any, Callable, Iterable, Union

from ._convert import kind_error
from ._errors import WaitqError
from ._guard import Answer, Enter, Guard, Join, Request
from ._room import Room
from ._values import Binding
from ._verifier import Verifier

__all__ = ["WaitingRoom"]

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class WaitingRoom:
    """Guards a WSGI application.

    room      a waitq.Room
    verifier  of the keys that the room's context signs with, for the room's name
    visitor   given the environ, tells who asks, as str or bytes, or None; default: nobody is known, and each browser without a
              ticket is a new visitor
    binding   given the environ, tells what passes are bound to, a waitq.Binding, or None; default: nothing
    exempt    given the environ, tells whether the request goes through in any case: health checks, assets of the page
    secure    cookies are for https only
    """

    def __init__(self, app: Application, room: Room, verifier: Verifier, *,
                 visitor: Callable[[Environ], Union[str, bytes, None]] = lambda environ: None,
                 binding: Callable[[Environ], Union[Binding, None]] = lambda environ: None,
                 exempt: Callable[[Environ], bool] = lambda environ: False, secure: bool = True) -> None:
        if not isinstance(room, Room):
            raise kind_error("room", "a waitq.Room", room)
        if not isinstance(verifier, Verifier):
            raise kind_error("verifier", "a Verifier", verifier)
        self._app, self._room, self._guard = app, room, Guard(verifier, secure)
        self._visitor, self._binding, self._exempt = visitor, binding, exempt

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if self._exempt(environ):
            return self._app(environ, start_response)
        answer = self._decide(environ)
        if answer.claims is None:
            headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
            start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
            return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else answer.body]

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [*headers, *answer.headers], *more)

        environ["waitq"] = answer.claims
        return self._app(environ, start)

    def _decide(self, environ: Environ) -> Answer:
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        steps = self._guard.decide(Request(headers, self._visitor(environ), self._binding(environ)))
        try:
            wanted = next(steps)
            while True:
                try:
                    result: Any
                    if isinstance(wanted, Join):
                        result = self._room.join(wanted.visitor)
                    elif isinstance(wanted, Enter):
                        result = self._room.enter(wanted.ticket, wanted.binding)
                    else:
                        result = self._room.poll(wanted.ticket)
                except WaitqError as error:
                    wanted = steps.throw(error)
                else:
                    wanted = steps.send(result)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
