# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Metrics, read by Prometheus' own tool and its own parser."""

import subprocess
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from client import Client


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


@pytest.mark.parametrize("name", ["waitq_gateway_connections", "waitq_gateway_events", "waitq_build_info"])
def test_the_gateway_s_own_state_is_there(client, name):
    assert any(key[0] == name and value >= 1 for key, value in values(metrics(client)).items())
