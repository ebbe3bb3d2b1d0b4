# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A waiting room in front of an ASGI application.

    key = waitq.Key.hs256("2026-a", secret)
    context = waitq.aio.Context("redis://localhost", keys=[key])
    app = waitq.asgi.WaitingRoom(app, context.room("concert"), waitq.Verifier([key], "concert"))

Who has a valid pass goes through; whose turn has come gets one, and goes through; everybody else gets a place in line, and a
page that comes again by itself, or JSON for those who accept it. What was verified is in scope["waitq"], a waitq.Claims.
"""
from __future__ import annotations

from typing import Any, Awaitable, Callable, MutableMapping, Union

from . import aio
from ._convert import kind_error
from ._guard import Answer, Enter, Guard, Join, Request
from ._errors import WaitqError
from ._values import Binding
from ._verifier import Verifier

__all__ = ["WaitingRoom"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: The close code of WebSocket for "try again later".
_TRY_AGAIN_LATER = 1013


class WaitingRoom:
    """Guards an ASGI application.

    room      a waitq.aio.Room
    verifier  of the keys that the room's context signs with, for the room's name
    visitor   given the scope, tells who asks, as str or bytes, or None; default: nobody is known, and each browser without a
              ticket is a new visitor
    binding   given the scope, tells what passes are bound to, a waitq.Binding, or None; default: nothing
    exempt    given the scope, tells whether the request goes through in any case: health checks, assets of the page
    secure    cookies are for https only
    """

    def __init__(self, app: Application, room: aio.Room, verifier: Verifier, *,
                 visitor: Callable[[Scope], Union[str, bytes, None]] = lambda scope: None,
                 binding: Callable[[Scope], Union[Binding, None]] = lambda scope: None,
                 exempt: Callable[[Scope], bool] = lambda scope: False, secure: bool = True) -> None:
        if not isinstance(room, aio.Room):
            raise kind_error("room", "a waitq.aio.Room (waitq.aio.Room(room) makes one)", room)
        if not isinstance(verifier, Verifier):
            raise kind_error("verifier", "a Verifier", verifier)
        self._app, self._room, self._guard = app, room, Guard(verifier, secure)
        self._visitor, self._binding, self._exempt = visitor, binding, exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._exempt(scope):
            await self._app(scope, receive, send)
            return
        answer = await self._decide(scope)
        if answer.claims is None:
            await self._refuse(scope, receive, send, answer)
            return
        scope["waitq"] = answer.claims
        await self._app(scope, receive, _adding(send, answer) if answer.headers else send)

    async def _decide(self, scope: Scope) -> Answer:
        headers: dict[str, str] = {}
        for raw, value in scope["headers"]:
            name = raw.decode("latin-1")
            # A client of HTTP/2 may split its cookies into several headers.
            text = value.decode("latin-1")
            headers[name] = f"{headers[name]}; {text}" if name == "cookie" and name in headers else text
        steps = self._guard.decide(Request(headers, self._visitor(scope), self._binding(scope)))
        try:
            wanted = next(steps)
            while True:
                try:
                    result: Any
                    if isinstance(wanted, Join):
                        result = await self._room.join(wanted.visitor)
                    elif isinstance(wanted, Enter):
                        result = await self._room.enter(wanted.ticket, wanted.binding)
                    else:
                        result = self._room.poll(wanted.ticket)
                except WaitqError as error:
                    wanted = steps.throw(error)
                else:
                    wanted = steps.send(result)
        except StopIteration as end:
            answer: Answer = end.value
            return answer

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
            return
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        await send({"type": "http.response.start", "status": answer.status, "headers": _encoded(headers)})
        await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else answer.body})


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _adding(send: Send, answer: Answer) -> Send:
    async def add(message: MutableMapping[str, Any]) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            message = {**message, "headers": [*message.get("headers", ()), *_encoded(answer.headers)]}
        await send(message)

    return add
