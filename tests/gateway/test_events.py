# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Server-sent events."""

import http.client
import json
import time

import pytest

from client import API, Client
from processes import gateway

WAITS = ("--rate-per-s", "0.01", "--burst", "1", "--join-rate", "0", "--min-poll-ms", "500")


class Events:
    """A stream of events, read one by one."""

    def __init__(self, port, token):
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.link.request("GET", f"{API}/queue/events?token={token}", headers={"Accept": "text/event-stream"})
        self.response = self.link.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()

    def next(self):
        """The name of the next event and its data; None at the end."""
        fields = {}
        while True:
            line = self.response.readline().decode()
            if line == "":
                return None
            if line == "\n":
                return fields["event"], json.loads(fields["data"])
            name, value = line.rstrip("\n").split(": ", 1)
            fields[name] = value

    def until(self, name):
        while True:
            event = self.next()
            assert event is not None, f"no {name} came"
            if event[0] == name:
                return event[1]


def test_a_stream_begins_with_where_one_stands(client, event):
    for _ in range(3):
        token = client.token(event)
    with Events(client.link.port, token) as events:
        assert events.response.status == 200
        assert events.response.headers["Content-Type"] == "text/event-stream"
        assert events.response.headers["Access-Control-Allow-Origin"] == "*"
        name, data = events.next()
        assert name == "status"
        assert (data["status"], data["position"], data["state"]) == ("waiting", 1, "waiting")
        assert {"eta_sec", "eta_low_sec", "eta_high_sec", "next_poll_ms"} <= set(data)


def test_a_turn_is_told_once_and_when_it_comes(client, event):
    for _ in range(3):
        token = client.token(event)
    with Events(client.link.port, token) as events:
        assert events.next()[0] == "status"
        client.admin("rate", event_id=event, rate_per_s=1000)
        turn = events.until("turn")
        assert turn["ready_for_entry"] is True and turn["position"] == 0
        assert events.next()[0] == "status"
        assert client.enter(token).status == 200
        assert events.until("end")["state"] == "entered"
        assert events.next() is None


def test_a_stream_ends_when_one_leaves(client, event):
    for _ in range(3):
        token = client.token(event)
    with Events(client.link.port, token) as events:
        events.next()
        client.leave(token)
        assert events.until("end")["state"] == "left"
        assert events.next() is None


def test_a_stream_on_a_token_that_is_none_is_not_found(client, event):
    client.token(event)
    with Events(client.link.port, f"{event}." + "A" * 62) as events:
        assert events.response.status == 404


def test_events_come_as_often_as_polls_would():
    with gateway(*WAITS, "--max-poll-ms", "600") as server, Client(server.port) as client:
        for _ in range(2):
            token = client.token("concert")
        with Events(server.port, token) as events:
            began = time.monotonic()
            for _ in range(5):
                assert events.next()[0] == "status"
            assert time.monotonic() - began >= 4 * 0.4


def test_a_stream_is_a_heartbeat():
    with gateway(*WAITS, "--max-poll-ms", "500", "--heartbeat-ttl-ms", "1500") as server, Client(server.port) as client:
        client.token("concert")
        listening, silent = client.token("concert"), client.token("concert")
        with Events(server.port, listening) as events:
            while (data := events.until("status"))["waiting_time"] < 3:
                assert data["state"] == "waiting"
            end = time.monotonic() + 10
            while client.status(silent).json["status"] != "expired":
                assert time.monotonic() < end
                time.sleep(1)  # a poll of somebody who is not silent would be one every half second


def test_there_are_no_more_streams_than_may_be():
    with gateway(*WAITS, "--max-streams", "2") as server, Client(server.port) as client:
        token = client.token("concert")
        with Events(server.port, token), Events(server.port, token), Events(server.port, token) as third:
            assert third.response.status == 503
            assert third.response.headers["Retry-After"] == "5"


def test_a_client_that_goes_away_makes_room_for_another():
    with gateway(*WAITS, "--max-streams", "1", "--max-poll-ms", "500") as server, Client(server.port) as client:
        for _ in range(2):
            token = client.token("concert")
        with Events(server.port, token) as events:
            events.next()
        end = time.monotonic() + 10
        while True:
            with Events(server.port, token) as events:
                if events.response.status == 200:
                    break
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.mark.parametrize("count", [200])
def test_many_streams_are_served_side_by_side(count):
    with gateway(*WAITS, "--max-poll-ms", "700") as server, Client(server.port) as client:
        streams = [Events(server.port, client.token("concert")) for _ in range(count)]
        try:
            for _ in range(3):
                for stream in streams:
                    assert stream.next()[0] in ("status", "turn")
        finally:
            for stream in streams:
                stream.link.close()
