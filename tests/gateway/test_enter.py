# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Enters that come a moment too early, which the gateway holds."""

import concurrent.futures
import json
import signal
import socket
import time

from client import API, Client
from processes import gateway
from test_metrics import metrics, values
from together import Together

together = Together()

QUICK = ("--rate-per-s", "10", "--burst", "1", "--join-rate", "0", "--min-poll-ms", "100", "--threads", "2")


def turns(client, event, count):
    """Tokens of so many whose turns have come, and nobody of whom has entered: at the door is one place."""
    tokens = [client.token(event) for _ in range(count)]
    end = time.monotonic() + 30
    while not client.status(tokens[-1]).json["ready_for_entry"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    return tokens


def slow_down(client, event, rate):
    assert client.admin("rate", event_id=event, rate_per_s=rate).status == 200
    end = time.monotonic() + 20
    while values(metrics(client))[("waitq_room_rate_per_second", ("room", event))] != rate:
        assert time.monotonic() < end
        time.sleep(0.02)


def enter(port, token):
    with Client(port, timeout=40) as client:
        reply = client.enter(token)
        return reply, time.monotonic()


def enter_together(port, tokens):
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(tokens)) as pool:
        replies = list(pool.map(lambda token: enter(port, token), tokens))
    return [reply for reply, _ in replies], [at - began for _, at in replies]


def held(client):
    found = values(metrics(client))
    return found[("waitq_gateway_enters_held",)], found[("waitq_gateway_enters_held_total",)]


@together.on_both_stores
def test_who_comes_a_moment_too_early_is_let_in_at_the_instant(store, event):
    with gateway("--store", store, *QUICK, "--enter-hold", "5000") as server, Client(server.port) as client:
        tokens = turns(client, event, 6)
        replies, times = enter_together(server.port, tokens)
        assert [reply.status for reply in replies] == 6 * [200]
        assert max(times) >= 5 / 10 * 0.95 - 0.1  # the sixth token comes half a second after the first, which was there
        assert len({reply.json["reservation_token"] for reply in replies}) == 6
        now, total = held(client)
        assert now == 0 and 4 <= total <= 5


@together.on_both_stores
def test_many_at_once_are_let_in_at_the_rate_and_no_faster(store, event):
    with gateway("--store", store, *QUICK, "--rate-per-s", "100", "--enter-hold", "10000") as server, \
            Client(server.port) as client:
        tokens = turns(client, event, 60)
        replies, times = enter_together(server.port, tokens)
        assert [reply.status for reply in replies] == 60 * [200]
        assert max(times) >= 59 / 100 * 0.95 - 0.1
        assert held(client)[1] >= 40


@together
def test_beyond_the_bound_it_is_told_when_to_come(event):
    with gateway(*QUICK, "--enter-hold", "700") as server, Client(server.port) as client:
        tokens = turns(client, event, 4)
        slow_down(client, event, 2)
        replies, times = enter_together(server.port, tokens)
        assert {reply.status for reply in replies} == {200, 403}
        late = [(reply.json["error"], at) for reply, at in zip(replies, times) if reply.status == 403]
        assert len(late) >= 2  # in 700 ms there are two tokens
        assert all(error["code"] == "NOT_READY" and 1000 * at + error["retry_after_ms"] > 690 for error, at in late), late


@together
def test_nobody_is_held_where_that_is_switched_off(event):
    with gateway(*QUICK, "--enter-hold", "0") as server, Client(server.port) as client:
        tokens = turns(client, event, 4)
        slow_down(client, event, 2)
        statuses = [client.enter(token).status for token in tokens]
        assert statuses == [200, 403, 403, 403]
        assert held(client) == (0, 0)


@together
def test_no_more_are_held_than_may_be(event):
    with gateway(*QUICK, "--enter-hold", "10000", "--max-held", "2") as server, \
            Client(server.port) as client:
        tokens = turns(client, event, 6)
        slow_down(client, event, 3)
        replies, _ = enter_together(server.port, tokens)
        assert sorted(reply.status for reply in replies) == [200, 200, 200, 403, 403, 403]
        assert held(client) == (0, 2)


@together.on_both_stores
def test_who_has_gone_meanwhile_is_not_let_in(store, event):
    with gateway("--store", store, *QUICK, "--enter-hold", "10000") as server, Client(server.port) as client:
        tokens = turns(client, event, 3)
        slow_down(client, event, 2)
        assert client.enter(tokens[0]).status == 200
        body = json.dumps({"waiting_token": tokens[1]})
        with socket.create_connection(("127.0.0.1", server.port), 20) as link:
            link.sendall(f"POST {API}/queue/enter HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            end = time.monotonic() + 20
            while held(client)[0] != 1:
                assert time.monotonic() < end
        while held(client)[0] != 0:
            assert time.monotonic() < end
            time.sleep(0.02)
        assert client.status(tokens[1]).json["state"] == "ready"
        assert client.enter(tokens[1]).status == 200


@together.on_both_stores
def test_those_who_are_held_are_answered_when_the_gateway_drains(store, event):
    with gateway("--store", store, *QUICK, "--enter-hold", "10000", "--drain-timeout", "5") as server, \
            Client(server.port) as client:
        tokens = turns(client, event, 3)
        slow_down(client, event, 0.2)
        assert client.enter(tokens[0]).status == 200
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(enter, server.port, token) for token in tokens[1:2]]
            end = time.monotonic() + 20
            while held(client)[0] != 1:
                assert time.monotonic() < end
            began = time.monotonic()
            server.signal(signal.SIGTERM)
            replies = [one.result(30) for one in waiting]
        for reply, at in replies:
            assert (reply.status, reply.code) == (403, "NOT_READY")
            assert 0 < reply.json["error"]["retry_after_ms"] <= 5000
            assert at - began < 3
        assert server.wait() == 0
