# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The example, as a server would run it: alone on the memory store, and two processes that share a line on Redis."""
import http.client
import json
import os
import secrets
import subprocess
import sys
import time

import jwt
import pytest

import waitq
from conftest import SOURCE, end_with_parent, free_port

EXAMPLE = SOURCE / "examples/python"


class Browser:
    def __init__(self):
        self.cookies = {}

    def get(self, server, path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request("GET", path, headers={"Accept": "application/json", "Cookie": cookies})
        answer = connection.getresponse()
        body = answer.read()
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.split(";")[0]
        connection.close()
        return answer.status, body.decode()


class Server:
    def __init__(self, **environment):
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--factory", "shop:make", "--port", str(self.port), "--log-level", "warning"],
            cwd=EXAMPLE, env={**os.environ, **environment}, preexec_fn=end_with_parent)
        last = time.monotonic() + 30
        while True:
            try:
                Browser().get(self, "/line")
                return
            except OSError:
                assert time.monotonic() < last and self.process.poll() is None
                time.sleep(0.05)

    def line(self):
        return json.loads(Browser().get(self, "/line")[1])

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) in (0, -15)


@pytest.fixture
def serve():
    servers = []

    def start(**environment):
        servers.append(Server(**environment))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def until_let_in(browser, server):
    last = time.monotonic() + 20
    while True:
        status, body = browser.get(server)
        if status == 200:
            return body
        assert time.monotonic() < last, body
        time.sleep(0.05)


def test_the_example_is_short():
    assert len((EXAMPLE / "shop.py").read_text().splitlines()) < 100


def test_the_example_lets_one_in_and_makes_the_next_wait(serve):
    server = serve(WAITQ_RATE="0.001")
    first, second = Browser(), Browser()
    assert first.get(server) == (200, "Welcome to the shop, number 0.\n")
    assert first.get(server)[0] == 200
    status, body = second.get(server)
    assert status == 202 and json.loads(body)["position"] == 1
    assert server.line() == {"waiting": 1, "ready": 0, "active": 1, "entered": 1}


def test_two_processes_share_a_line_and_a_jwt_library_verifies_the_pass(serve, redis):
    key = secrets.token_bytes(32)
    environment = {"WAITQ_STORE": redis.uri, "WAITQ_KEY": key.hex(), "WAITQ_RATE": "0.001"}
    here, there = serve(**environment), serve(**environment)
    first, second = Browser(), Browser()
    assert first.get(here)[0] == 200
    claims = jwt.decode(first.cookies["waitq_pass"], key, algorithms=["HS256"], audience="shop",
                        options={"require": ["aud", "exp", "iat", "jti", "nbf"]})
    assert claims["jti"].endswith("-0")
    assert first.get(there)[0] == 200, "a pass is good at every server"
    status, body = second.get(there)
    assert status == 202 and json.loads(body)["position"] == 1, "the line is one"
    with waitq.Context(redis.uri, keys=[waitq.Key.hs256("shop", key)]) as operator:
        operator.room("shop").set_rate(100)
    assert until_let_in(second, here) == "Welcome to the shop, number 1.\n"
    assert second.get(there)[0] == 200
