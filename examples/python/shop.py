# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A shop with a waiting room in front of it, as an ASGI application.

    uvicorn --factory shop:make --port 8080                 # open http://localhost:8080 in two browsers

Many such servers, in other languages too, share one line by way of a Redis, and one key:

    export WAITQ_STORE=redis://localhost WAITQ_KEY=$(openssl rand -hex 32) WAITQ_RATE=5
    uvicorn --factory shop:make --port 8080 --workers 4

WAITQ_KEY holds 32 bytes or more in hexadecimal; without it the key is random, and good for one process. Each process opens its
own context, in make(): a server that forks calls it after the fork.
"""
import json
import os
import secrets

import waitq
import waitq.aio
import waitq.asgi


async def answer(send, status, content_type, body):
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def buy(scope, receive, send):
    """The application that is guarded: only who was let in comes here."""
    visitor = scope["waitq"]
    await answer(send, 200, b"text/plain; charset=utf-8", f"Welcome to the shop, number {visitor.number}.\n".encode())


def operated(app, context, room):
    """What is not guarded: the server's own start and end, and a look at the line."""

    async def lifespan(receive, send):
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": message["type"] + ".complete"})
        await context.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def outer(scope, receive, send):
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["path"] == "/line":
            stats = room.sync.stats()
            counts = {"waiting": stats.waiting, "ready": stats.ready, "active": stats.active, "entered": stats.entered}
            await answer(send, 200, b"application/json", json.dumps(counts).encode())
        else:
            await app(scope, receive, send)

    return outer


def make():
    secret = os.environ.get("WAITQ_KEY")
    key = waitq.Key.hs256("shop", bytes.fromhex(secret) if secret else secrets.token_bytes(32))
    context = waitq.aio.Context(os.environ.get("WAITQ_STORE", "memory:"), keys=[key])
    room = context.room("shop", waitq.Policy(rate_per_s=float(os.environ.get("WAITQ_RATE", "0.2")), burst=1))
    # Over https, leave `secure` out: cookies are then kept from http.
    guarded = waitq.asgi.WaitingRoom(buy, room, waitq.Verifier([key], room.name), secure=False)
    return operated(guarded, context, room)
