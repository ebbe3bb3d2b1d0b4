# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The operator's calls."""

import signal
import time

import pytest

from client import API, Client
from processes import gateway, redis

CALLS = ["rate", "rate-at", "pause", "resume", "drain", "close", "reset", "flush-test-data"]


def stats_of(client, event):
    """The figures of an event, when there are some."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        events = client.ask("GET", f"{API}/admin/stats?event_id={event}",
                            headers={"Authorization": "Bearer token-of-the-tests-only"}).json["events"]
        if events:
            return events[0]
        time.sleep(0.05)
    raise AssertionError("no figures")


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("token", ["", "wrong", "token-of-the-tests-onl", "token-of-the-tests-onlyy"])
def test_a_call_without_the_token_is_refused(client, call, token):
    reply = client.admin(call, token=token, event_id="a")
    assert (reply.status, reply.code) == (401, "UNAUTHORIZED")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_figures_need_the_token_as_well(client):
    for call in ("stats", "health"):
        assert client.admin(call, method="GET", token="wrong").status == 401
        assert client.admin(call, method="GET").status == 200


def test_a_gateway_without_a_token_has_no_admin_calls(event):
    with gateway(admin=False) as server, Client(server.port) as client:
        reply = client.admin("reset", event_id=event)
        assert (reply.status, reply.code) == (403, "FORBIDDEN")


def test_a_new_rate_lets_those_who_wait_in(client, event):
    for _ in range(2):
        client.token(event)
    token = client.token(event)
    assert client.admin("rate", event_id=event, rate_per_s=1000).json == {"status": "done", "event_id": event}
    wait_for(lambda: client.status(token).json["ready_for_entry"])


def test_a_planned_rate_is_known_to_estimates_at_once(client, event):
    for _ in range(2):
        client.token(event)
    token = client.token(event)
    before = client.status(token).json["eta_sec"]
    assert client.admin("rate-at", event_id=event, rate_per_s=1000, at_ms=time.time() * 1000 + 10000).status == 200
    wait_for(lambda: client.status(token).json["eta_sec"] <= 11)
    assert before > 30


def test_a_paused_event_lets_nobody_in_until_it_is_resumed(client, event):
    token = client.token(event)
    assert client.admin("pause", event_id=event).status == 200
    reply = client.enter(token)
    assert (reply.status, reply.code) == (403, "NOT_READY")
    assert client.status(token).json["phase"] == "paused"
    assert client.admin("resume", event_id=event).status == 200
    assert client.enter(token).status == 200


def test_a_pause_may_have_an_end(client, event):
    token = client.token(event)
    until = int(time.time() * 1000 + 2500)
    assert client.admin("pause", event_id=event, until_ms=until).status == 200
    assert client.enter(token).status == 403
    wait_for(lambda: client.status(token).json["goes_on_at_ms"] == until)
    wait_for(lambda: client.enter(token).status == 200)


def test_a_draining_event_takes_nobody(client, event):
    client.token(event)
    assert client.admin("drain", event_id=event).status == 200
    reply = client.join(event)
    assert (reply.status, reply.code) == (503, "QUEUE_DRAINING")


def test_a_closed_event_takes_nobody(client, event):
    token = client.token(event)
    assert client.admin("close", event_id=event).status == 200
    reply = client.join(event)
    assert (reply.status, reply.code) == (503, "QUEUE_CLOSED")
    assert client.enter(token).status == 403


def test_a_reset_makes_all_tokens_strange(client, event):
    token = client.token(event)
    assert client.admin("reset", event_id=event).status == 200
    assert client.token(event) != token
    # On a shared store a young room may be one that gives way to another, whose tickets are good.
    wait_for(lambda: client.status(token).status == 404)
    assert client.status(token).code == "TOKEN_NOT_FOUND"


def test_a_flush_of_one_event_leaves_the_others(client, event):
    token, other = client.token(event), client.token("other-than-" + event[:50])
    assert client.admin("flush-test-data", event_id=event).status == 200
    wait_for(lambda: client.status(token).status == 404)
    assert client.status(other).status == 200


def test_a_flush_of_all_needs_to_be_allowed():
    with gateway("--allow-flush") as server, Client(server.port) as client:
        tokens = [client.token(event) for event in ("a", "b")]
        assert client.ask("POST", f"{API}/admin/flush-test-data",
                          headers={"Authorization": "Bearer token-of-the-tests-only"}).json == {"status": "flushed"}
        assert [client.status(token).status for token in tokens] == [404, 404]
    with gateway() as server, Client(server.port) as client:
        assert client.admin("flush-test-data").status == 403


def test_figures_add_up(client, event):
    tokens = [client.token(event) for _ in range(6)]
    client.enter(tokens[0])
    client.leave(tokens[5])
    wait_for(lambda: stats_of(client, event)["left"] == 1)
    stats = stats_of(client, event)
    assert (stats["issued"], stats["waiting"], stats["ready"], stats["entered"], stats["left"]) == (6, 3, 1, 1, 1)
    assert stats["active"] == 1 and stats["phase"] == "open" and stats["rate_per_s"] == 0.01


def test_figures_count_the_turns_that_were_given(client, event):
    tokens = [client.token(event) for _ in range(6)]
    wait_for(lambda: stats_of(client, event)["turns"] == 2)
    client.enter(tokens[0])
    client.admin("rate", event_id=event, rate_per_s=1000)
    wait_for(lambda: stats_of(client, event)["turns"] == 6)
    client.admin("reset", event_id=event)
    wait_for(lambda: stats_of(client, event)["issued"] == 0)
    assert stats_of(client, event)["turns"] >= 6  # a count of this gateway, that goes on


def test_figures_tell_limits_and_who_tells(client, event):
    client.token(event)
    stats = stats_of(client, event)
    assert stats["limits"] == {"burst": 2, "max_active": 0, "max_waiting": 0}
    told = [client.admin("stats", method="GET").json for _ in range(2)]
    assert told[0]["gateway"] == told[1]["gateway"] and "/" in told[0]["gateway"] and told[0]["draining"] is False


def test_figures_grow_old_while_the_store_is_silent():
    with redis() as store, gateway("--store", store.uri) as server, Client(server.port) as client:
        client.token("concert")
        assert stats_of(client, "concert")["age_ms"] < 5000
        store.signal(signal.SIGSTOP)
        try:
            wait_for(lambda: stats_of(client, "concert")["age_ms"] > 3000)
            first, second = stats_of(client, "concert"), stats_of(client, "concert")
            assert first["now_ms"] == second["now_ms"] and first["age_ms"] <= second["age_ms"]
        finally:
            store.signal(signal.SIGCONT)
        wait_for(lambda: stats_of(client, "concert")["age_ms"] < 3000)


def test_health_says_how_old_what_is_known_of_the_store_is(client, event):
    client.token(event)
    health = client.admin("health", method="GET").json
    assert health["status"] == "ok" and health["store"]["age_ms"] < 5000 and health["events"] >= 1


@pytest.mark.parametrize("call, body, code", [
    ("rate", {}, "MISSING_EVENT_ID"), ("rate", {"event_id": "a b", "rate_per_s": 1}, "INVALID_REQUEST"),
    ("rate", {"event_id": "a"}, "INVALID_REQUEST"), ("rate", {"event_id": "a", "rate_per_s": "x"}, "INVALID_REQUEST"),
    ("rate", {"event_id": "a", "rate_per_s": -1}, "INVALID_REQUEST"),
    ("rate-at", {"event_id": "a", "rate_per_s": 1}, "INVALID_REQUEST"),
    ("pause", {"event_id": "a", "until_ms": "soon"}, "INVALID_REQUEST")])
def test_an_order_that_lacks_something_is_refused(client, call, body, code):
    reply = client.admin(call, **body)
    assert (reply.status, reply.code) == (400, code)
