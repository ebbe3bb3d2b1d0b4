# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""An end that visitors do not notice."""

import signal
import socket
import time

import pytest

from client import Client
from processes import gateway
from test_events import Events


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionError:
        return True
    return False


def test_a_gateway_with_nobody_in_it_ends_at_once():
    with gateway() as server:
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert time.monotonic() - began < 5


def test_while_it_drains_it_serves_and_says_that_it_is_not_ready():
    with gateway("--drain-delay", "2") as server, Client(server.port) as client:
        token = client.token()
        assert client.ask("GET", "/readyz").status == 200
        server.signal(signal.SIGTERM)
        end = time.monotonic() + 10
        while (ready := client.ask("GET", "/readyz")).status == 200:
            assert time.monotonic() < end
        assert ready.status == 503 and ready.json == {"status": "draining"}
        assert client.ask("GET", "/healthz").status == 200
        assert client.status(token).headers["Connection"] == "close"
        assert client.enter(token).status == 200
        assert server.wait() == 0


def test_then_it_takes_no_connection_and_waits_for_those_that_are_open():
    with gateway("--drain-timeout", "30") as server, Client(server.port) as client:
        half = socket.create_connection(("127.0.0.1", server.port), 20)
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
        client.token()
        server.signal(signal.SIGTERM)
        end = time.monotonic() + 10
        while not is_refused(server.port):
            assert time.monotonic() < end
            time.sleep(0.02)
        half.close()
        began = time.monotonic()
        assert server.wait() == 0
        assert time.monotonic() - began < 15


def test_streams_are_told_to_come_again():
    with gateway("--rate-per-s", "0.01", "--burst", "1") as server, Client(server.port) as client:
        for _ in range(2):
            token = client.token()
        with Events(server.port, token) as events:
            assert events.next()[0] == "status"
            server.signal(signal.SIGTERM)
            events.until("moved")
            assert events.next() is None
        assert server.wait() == 0


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(signal_number):
    with gateway("--drain-delay", "60") as server:
        server.signal(signal.SIGTERM)
        time.sleep(0.2)
        began = time.monotonic()
        while server.child.poll() is None:
            server.signal(signal_number)
            time.sleep(0.05)
            assert time.monotonic() - began < 20
        assert server.child.returncode == 0
