# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Pages of another origin may call."""

import pytest

from client import API, Client
from processes import gateway


@pytest.mark.parametrize("path", ["/queue/join", "/queue/status", "/queue/enter", "/queue/leave", "/queue/events"])
def test_a_preflight_allows_methods_and_headers(client, path):
    reply = client.ask("OPTIONS", API + path, headers={
        "Origin": "https://shop.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key"})
    assert reply.status == 204 and reply.bytes == b""
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    methods = {method.strip() for method in reply.headers["Access-Control-Allow-Methods"].split(",")}
    assert {"GET", "POST", "DELETE"} <= methods
    allowed = {name.strip().lower() for name in reply.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "content-type", "idempotency-key"} <= allowed
    assert int(reply.headers["Access-Control-Max-Age"]) > 0


def test_all_replies_may_be_read_by_a_page_errors_too(client, event):
    token = client.token(event)
    for reply in (client.join(event), client.status(token), client.enter(token), client.leave(token),
                  client.status("nothing"), client.join("a b")):
        assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_one_origin_may_be_named(event):
    with gateway("--allow-origin", "https://shop.example") as server, Client(server.port) as client:
        reply = client.join(event)
        assert reply.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert reply.headers["Vary"] == "Origin"


def test_answers_are_not_kept_by_anybody(client, event):
    assert client.status(client.token(event)).headers["Cache-Control"] == "no-store"
