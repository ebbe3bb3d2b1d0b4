# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Metrics, read by Prometheus' own tool and its own parser."""

import concurrent.futures
import json
import signal
import socket
import subprocess
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from client import Client
from processes import gateway


def metrics(client):
    reply = client.ask("GET", "/metrics")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return reply.bytes.decode()


def values(text):
    return {(sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def test_promtool_has_nothing_to_say_against_them(client, event):
    client.token(event)
    checked = subprocess.run(["promtool", "check", "metrics"], input=metrics(client), capture_output=True, text=True,
                             timeout=60)
    assert (checked.returncode, checked.stderr, checked.stdout) == (0, "", "")


def test_the_figures_of_a_room_are_there(client, event):
    tokens = [client.token(event) for _ in range(4)]
    client.enter(tokens[0])
    client.leave(tokens[3])
    end = time.monotonic() + 10
    while True:
        found = values(metrics(client))
        if found[("waitq_room_left_total", ("room", event))] == 1 or time.monotonic() > end:
            break
        time.sleep(0.1)
    expected = {"waiting": 1, "ready": 1, "active": 1, "joined_total": 4, "entered_total": 1, "left_total": 1,
                "expired_total": 0, "admitted_total": 2, "rate_per_second": 0.01, "store_errors_total": 0}
    assert {name: found[("waitq_room_" + name, ("room", event))] for name in expected} == expected
    phases = {phase: found[("waitq_room_phase", ("phase", phase), ("room", event))]
              for phase in ("scheduled", "open", "paused", "draining", "closed")}
    assert phases == {"scheduled": 0, "open": 1, "paused": 0, "draining": 0, "closed": 0}
    assert found[("waitq_room_store_age_seconds", ("room", event))] < 5


def test_counters_do_not_fall_with_a_reset(client, event):
    for _ in range(5):
        client.token(event)
    before = values(metrics(client))[("waitq_room_joined_total", ("room", event))]
    client.admin("reset", event_id=event)
    client.token(event)
    after = values(metrics(client))[("waitq_room_joined_total", ("room", event))]
    assert (before, after) == (5, 6)


def test_requests_are_counted_by_call_and_status(client, event):
    def count(call, status):
        return values(metrics(client))[("waitq_gateway_requests_total", ("call", call), ("status", status))]
    joins, missing = count("join", "2xx"), count("status", "4xx")
    client.token(event)
    client.status("nothing")
    assert (count("join", "2xx"), count("status", "4xx")) == (joins + 1, missing + 1)


def test_the_histogram_of_a_call_holds_all_of_its_requests(client, event):
    client.token(event)
    found = values(metrics(client))
    answered = sum(found[("waitq_gateway_requests_total", ("call", "join"), ("status", status))]
                   for status in ("2xx", "3xx", "4xx", "5xx"))
    assert found[("waitq_gateway_request_seconds_count", ("call", "join"))] == answered
    assert found[("waitq_gateway_request_seconds_bucket", ("call", "join"), ("le", "+Inf"))] == answered
    assert found[("waitq_gateway_request_seconds_sum", ("call", "join"))] > 0


def test_limits_are_told_beside_what_they_limit():
    limits = {"connections": 321, "streams": 0, "enters_held": 7, "events": 5}
    with gateway("--max-connections", 321, "--max-streams", 0, "--max-held", 7, "--max-events", 5) as server, \
            Client(server.port) as client:
        found = values(metrics(client))
        assert {name: found[(f"waitq_gateway_{name}_limit",)] for name in limits} == limits
        assert all((f"waitq_gateway_{name}",) in found for name in limits)


@pytest.fixture(scope="module")
def many_events(tmp_path_factory):
    """A configuration with a thousand events: their metrics are a megabyte of text."""
    file = tmp_path_factory.mktemp("many") / "events.json"
    file.write_text(json.dumps({"default": {"rate_per_s": 1, "burst": 1}, "events": {f"event-{i}": {} for i in range(1000)}}))
    return file


@pytest.fixture(scope="module")
def crowded(many_events):
    """A gateway with one loop and a thousand events."""
    with gateway("--config", many_events, "--threads", "1", "--join-rate", "0") as server, Client(server.port) as client:
        end = time.monotonic() + 30
        while metrics(client).count("\nwaitq_room_waiting{") < 1000:
            assert time.monotonic() < end
            time.sleep(0.05)
        yield server


def test_metrics_are_told_while_events_are_being_opened(many_events):
    with gateway("--config", many_events, "--threads", "1") as server, Client(server.port) as client:
        opened = []
        while not opened or opened[-1] < 1000:
            opened.append(metrics(client).count("\nwaitq_room_waiting{"))
        assert opened == sorted(opened)


def ask_for_metrics(client):
    client.link.request("GET", "/metrics")


def polls_before_metrics(client, poller, token):
    """How many polls were answered, one after the other, before the first byte of metrics that were asked for before them."""
    ask_for_metrics(client)
    client.link.sock.setblocking(False)
    count = 0
    while count < 100000:
        try:
            client.link.sock.recv(1, socket.MSG_PEEK)
            break
        except BlockingIOError:
            assert poller.status(token).status == 200
            count += 1
    client.link.sock.settimeout(20)
    assert client.link.getresponse().read().endswith(b"\n")
    return count


def test_with_a_thousand_events_polls_do_not_wait_for_metrics(crowded):
    with Client(crowded.port) as client, Client(crowded.port) as poller:
        token = poller.token("event-7")
        # A loop that wrote the text itself could answer one poll before it, and no second one.
        counts = []
        while not counts or max(counts) < 3:
            assert len(counts) < 50, counts
            counts.append(polls_before_metrics(client, poller, token))


def test_those_who_ask_while_metrics_are_written_share_the_next_ones(crowded):
    clients = [Client(crowded.port) for _ in range(8)]
    different = []
    while not different or min(different) > 4:
        assert len(different) < 20, different
        for client in clients:
            ask_for_metrics(client)
        texts = [client.link.getresponse().read() for client in clients]
        assert all(text.count(b"\nwaitq_room_waiting{") == 1000 for text in texts)
        different.append(len(set(texts)))
    for client in clients:
        client.link.close()


def test_what_was_done_before_metrics_were_asked_for_is_in_them(crowded):
    """Also where others have asked a moment before: what they get may be older."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool, Client(crowded.port) as client, Client(crowded.port) as other:
        for joined in range(1, 6):
            asked = pool.submit(metrics, other)
            client.token("event-9")
            assert values(metrics(client))[("waitq_room_joined_total", ("room", "event-9"))] == joined
            asked.result(30)


def test_a_gateway_that_drains_still_answers(many_events):
    with gateway("--config", many_events, "--threads", "1", "--drain-delay", "0.5") as server:
        with Client(server.port) as client, Client(server.port) as other:
            metrics(client)
            ask_for_metrics(client)
            server.signal(signal.SIGTERM)
            assert b"waitq_gateway_draining" in client.link.getresponse().read()
            end = time.monotonic() + 10
            while values(metrics(other))[("waitq_gateway_draining",)] != 1:
                assert time.monotonic() < end
        assert server.wait() == 0


@pytest.mark.parametrize("name", ["waitq_gateway_connections", "waitq_gateway_events", "waitq_build_info"])
def test_the_gateway_s_own_state_is_there(client, name):
    assert any(key[0] == name and value >= 1 for key, value in values(metrics(client)).items())
