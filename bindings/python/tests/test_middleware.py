# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A waiting room in front of a whole application, by ASGI and by WSGI: the same answers from both."""
import asyncio
import json
import time
import wsgiref.util
import wsgiref.validate

import jwt
import pytest

import waitq
import waitq.aio
import waitq.asgi
import waitq.wsgi
from conftest import KEY

HELLO = b"the shop"


class Client:
    """A browser with its cookies"""

    def __init__(self, ask, accept="text/html"):
        self.ask, self.accept, self.cookies = ask, accept, {"theme": '"dark'}

    def get(self, path="/", method="GET", **headers):
        sent = {"accept": self.accept, "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        status, received, body = self.ask(method, path, {name.replace("_", "-"): value for name, value in sent.items()})
        for name, value in received:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
                assert "HttpOnly" in value and "Secure" in value
        return status, {name.lower(): value for name, value in received}, body


def until_let_in(client):
    last = time.monotonic() + 10
    while (answer := client.get())[0] != 200:
        assert time.monotonic() < last, answer
        time.sleep(0.01)
    return answer


def asgi_side(uri, policy, **options):
    context = waitq.aio.Context(uri, keys=[KEY])
    room = context.room(f"shop-{time.time_ns()}", policy)
    seen = []

    async def shop(scope, receive, send):
        seen.append(scope.get("waitq"))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": HELLO})

    app = waitq.asgi.WaitingRoom(shop, room, waitq.Verifier([KEY], room.name), **options)
    loop = asyncio.new_event_loop()

    def ask(method, path, headers):
        scope = {"type": "http", "method": method, "path": path,
                 "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
        sent = []

        async def send(message):
            sent.append(message)

        loop.run_until_complete(app(scope, None, send))
        start = sent[0]
        assert all(name == name.lower() for name, _ in start["headers"])
        return (start["status"], [(name.decode(), value.decode()) for name, value in start["headers"]],
                b"".join(message["body"] for message in sent[1:]))

    def end():
        loop.run_until_complete(context.aclose())
        loop.close()

    return ask, room.sync, seen, end


def wsgi_side(uri, policy, **options):
    context = waitq.Context(uri, keys=[KEY])
    room = context.room(f"shop-{time.time_ns()}", policy)
    seen = []

    def shop(environ, start_response):
        seen.append(environ.get("waitq"))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [HELLO]

    app = wsgiref.validate.validator(waitq.wsgi.WaitingRoom(shop, room, waitq.Verifier([KEY], room.name), **options))

    def ask(method, path, headers):
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
                   **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}}
        wsgiref.util.setup_testing_defaults(environ)
        answer = []
        result = app(environ, lambda status, headers, error=None: answer.append((int(status[:3]), headers)))
        body = b"".join(result)
        result.close()
        return (*answer[0], body)

    return ask, room, seen, context.close


@pytest.fixture(params=["asgi", "wsgi"])
def side(request):
    ends = []

    def make(policy=waitq.Policy(rate_per_s=1000, burst=1, max_active=1, min_poll=0.5), uri="memory:", **options):
        if request.param == "asgi":
            options = {name: (lambda scope, f=f: f(dict(scope["headers"]).get(b"who", b"").decode(), scope["path"]))
                       for name, f in options.items()}
            made = asgi_side(uri, policy, **options)
        else:
            options = {name: (lambda environ, f=f: f(environ.get("HTTP_WHO", ""), environ["PATH_INFO"]))
                       for name, f in options.items()}
            made = wsgi_side(uri, policy, **options)
        ends.append(made[3])
        return made[:3]

    yield make
    for end in ends:
        end()


def test_the_first_goes_through_with_a_pass_and_the_second_waits(side):
    ask, room, seen = side()
    first, second = Client(ask), Client(ask, "application/json")
    status, headers, body = first.get()
    assert (status, body) == (200, HELLO) and headers["waitq-pass"] == first.cookies["waitq_pass"]
    assert seen[-1].room == room.name and first.cookies["waitq_ticket"]
    assert jwt.decode(first.cookies["waitq_pass"], bytes(KEY), algorithms=["HS256"], audience=room.name)

    status, headers, body = second.get()
    told = json.loads(body)
    assert status == 202 and headers["content-type"] == "application/json" and int(headers["retry-after"]) >= 1
    assert told["state"] == "waiting" and told["position"] == 1 and told["ahead"] == 0
    assert told["ticket"] == second.cookies["waitq_ticket"] == headers["waitq-ticket"]
    assert headers["cache-control"] == "no-store" and told["retry_after_ms"] > 0

    assert first.get()[0] == 200 and len(seen) == 2 and "waitq-pass" not in first.get()[1]
    room.exit(first.cookies["waitq_pass"])
    assert until_let_in(second)[2] == HELLO and room.stats().issued == 2


def test_a_browser_gets_a_page_that_comes_again(side):
    ask, room, _ = side()
    Client(ask).get()
    waiting = Client(ask)
    status, headers, body = waiting.get()
    assert status == 503 and headers["content-type"].startswith("text/html")
    assert b'http-equiv="refresh"' in body and b"0 wait before you" in body
    assert int(headers["content-length"]) == len(body)
    assert waiting.get(method="HEAD")[2] == b"" and room.stats().issued == 2


def test_a_client_without_cookies_uses_headers(side):
    ask, room, _ = side()
    entered = ask("GET", "/", {})
    granted = dict(entered[1]).get("waitq-pass") or dict(entered[1])["Waitq-Pass"]
    assert ask("GET", "/", {"waitq-pass": granted})[0] == 200
    ticket = json.loads(ask("GET", "/", {"accept": "application/json"})[2])["ticket"]
    again = json.loads(ask("GET", "/", {"accept": "application/json", "waitq-ticket": ticket})[2])
    assert again["ticket"] == ticket and room.stats().issued == 2


@pytest.mark.parametrize("rubbish", ["", "x", "A" * 62, "é", "a.b.c", "A" * 5000], ids=range(6))
def test_rubbish_in_cookies_is_as_none(side, rubbish):
    ask, room, _ = side()
    client = Client(ask)
    client.cookies.update(waitq_ticket=rubbish.encode().decode("latin-1"), waitq_pass=rubbish.encode().decode("latin-1"))
    assert client.get()[0] == 200 and room.stats().issued == 1


def test_who_left_or_was_reset_joins_anew(side):
    ask, room, _ = side()
    Client(ask).get()
    client = Client(ask, "application/json")
    first = json.loads(client.get()[2])["ticket"]
    room.leave(first)
    second = json.loads(client.get()[2])["ticket"]
    assert second != first
    room.reset()
    until_let_in(client)
    assert client.cookies["waitq_ticket"] != second


def test_a_full_room_says_so_with_a_503(side):
    ask, room, _ = side(waitq.Policy(rate_per_s=1, burst=1, max_waiting=1))
    for _ in range(2):
        Client(ask).get()
    status, headers, body = Client(ask, "application/json").get()
    assert status == 503 and json.loads(body)["reason"] == waitq.Reason.FULL.text and "set-cookie" not in headers
    assert b"Nobody can be taken" in Client(ask).get()[2]


def test_known_visitors_have_one_place_and_passes_are_bound(side):
    ask, room, seen = side(waitq.Policy(rate_per_s=1000, burst=10), visitor=lambda who, path: who or None,
                           binding=lambda who, path: waitq.Binding(client=who), exempt=lambda who, path: path == "/health")
    ann, stolen = Client(ask), Client(ask)
    assert ann.get(who="ann")[0] == 200 and Client(ask).get(who="ann")[0] == 200 and room.stats().issued == 1
    stolen.cookies["waitq_pass"] = ann.cookies["waitq_pass"]
    assert stolen.get(who="eve")[0] == 200 and stolen.get(who="eve")[0] == 200 and room.stats().issued == 2
    assert stolen.cookies["waitq_pass"] != ann.cookies["waitq_pass"]
    assert Client(ask).get("/health")[0] == 200 and seen[-1] is None and room.stats().issued == 2


def test_a_store_that_fails_is_a_503_that_keeps_the_place(side, fresh_redis):
    ask, room, _ = side(uri=fresh_redis.uri + "?command_timeout_ms=100")
    Client(ask).get()
    client = Client(ask, "application/json")
    ticket = json.loads(client.get()[2])["ticket"]
    fresh_redis.stop()
    status, headers, body = client.get()
    assert status == 202 and json.loads(body)["ticket"] == ticket
    status, headers, body = Client(ask, "application/json").get()
    assert status == 503 and json.loads(body)["state"] == "none" and int(headers["retry-after"]) >= 1


def test_an_application_is_guarded_by_a_room_of_its_own_kind(context, room):
    verifier = waitq.Verifier([KEY])
    with pytest.raises(TypeError, match=r"waitq.aio.Room \(waitq.aio.Room\(room\) makes one\), not Room"):
        waitq.asgi.WaitingRoom(None, room, verifier)
    with pytest.raises(TypeError, match="a waitq.Room, not str"):
        waitq.wsgi.WaitingRoom(None, "room", verifier)


def test_what_is_not_http_goes_through_and_sockets_without_a_pass_are_asked_to_come_later():
    context = waitq.aio.Context("memory:", keys=[KEY])
    room = context.room("shop", waitq.Policy(rate_per_s=0))
    called = []

    async def shop(scope, receive, send):
        called.append(scope["type"])

    app = waitq.asgi.WaitingRoom(shop, room, waitq.Verifier([KEY], "shop"))

    async def talk():
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "websocket.connect"}

        await app({"type": "lifespan"}, receive, send)
        await app({"type": "websocket", "headers": []}, receive, send)
        await context.aclose()
        return sent

    assert asyncio.run(talk()) == [{"type": "websocket.close", "code": 1013}] and called == ["lifespan"]
