# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The calls of the contract, and their errors, to the letter."""

import json
import threading
import time

import pytest

from client import API, Client


def fill(client, event):
    """Takes the turns that there are, so that whoever joins next waits."""
    return [client.token(event) for _ in range(2)]


def test_a_join_is_accepted_with_a_token_a_hint_and_the_word_waiting(client, event):
    reply = client.join(event, "ann")
    assert reply.status == 202
    assert reply.headers["Content-Type"].startswith("application/json")
    assert set(reply.json) == {"waiting_token", "position_hint", "status"}
    assert isinstance(reply.json["waiting_token"], str) and isinstance(reply.json["position_hint"], int)
    assert reply.json["status"] == "waiting"


def test_a_join_without_a_user_gives_a_new_ticket_each_time(client, event):
    assert client.token(event) != client.token(event)


def test_a_null_user_is_an_absent_one(client, event):
    replies = [client.ask("POST", f"{API}/queue/join", {"event_id": event, "user_id": None}) for _ in range(2)]
    assert [reply.status for reply in replies] == [202, 202]
    assert replies[0].json["waiting_token"] != replies[1].json["waiting_token"]


def test_a_user_who_joins_again_gets_the_same_ticket(client, event):
    assert client.token(event, "ann") == client.token(event, "ann")
    assert client.token(event, "ann") != client.token(event, "ben")


def test_an_idempotency_key_gives_the_same_ticket_again(client, event):
    def join(key):
        return client.join(event, **{"Idempotency-Key": key}).json["waiting_token"]
    assert join("one") == join("one")
    assert join("one") != join("two")


def test_a_user_is_nobody_else_s_idempotency_key(client, event):
    by_key = client.join(event, **{"Idempotency-Key": "ann"}).json["waiting_token"]
    assert by_key != client.token(event, "ann")


def test_positions_are_those_of_arrival(client, event):
    fill(client, event)
    assert [client.join(event, user).json["position_hint"] for user in "abc"] == [1, 2, 3]


def test_a_status_has_the_members_and_types_of_the_contract(client, event):
    fill(client, event)
    status = client.status(client.token(event, "ann"))
    assert status.status == 200
    expected = {"status": str, "position": int, "eta_sec": int, "waiting_time": int, "ready_for_entry": bool}
    assert {name: type(status.json[name]) for name in expected} == expected
    assert (status.json["status"], status.json["position"], status.json["ready_for_entry"]) == ("waiting", 1, False)
    assert status.json["eta_sec"] > 10


def test_a_status_says_more_for_those_who_know(client, event):
    fill(client, event)
    status = client.status(client.token(event, "ann")).json
    assert status["state"] == "waiting" and status["reason"] == "bucket" and status["phase"] == "open"
    assert status["eta_low_sec"] <= status["eta_sec"] <= status["eta_high_sec"]
    assert 0 <= status["confidence"] <= 1 and 500 <= status["next_poll_ms"] <= 12000


def test_a_turn_reads_waiting_and_ready_for_entry_so_that_old_clients_enter(client, event):
    status = client.status(client.token(event, "ann")).json
    assert (status["status"], status["ready_for_entry"], status["state"]) == ("waiting", True, "ready")
    assert status["enter_by_ms"] > time.time() * 1000


def test_an_entry_on_one_s_turn_gives_a_reservation_for_half_a_minute(client, event):
    token = client.token(event, "ann")
    reply = client.enter(token)
    assert reply.status == 200
    assert set(reply.json) == {"admission", "reservation_token", "ttl_sec"}
    assert reply.json["admission"] == "granted" and 29 <= reply.json["ttl_sec"] <= 35
    assert reply.json["reservation_token"].count(".") == 2
    assert client.status(token).json["status"] == "ready"


def test_a_repeated_entry_gives_the_same_reservation(client, event):
    token = client.token(event, "ann")
    assert client.enter(token).json["reservation_token"] == client.enter(token).json["reservation_token"]


def test_an_entry_before_one_s_turn_is_forbidden(client, event):
    fill(client, event)
    reply = client.enter(client.token(event, "ann"))
    assert (reply.status, reply.code) == (403, "NOT_READY")


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_leaving_is_answered_with_left_and_may_be_repeated(client, event, method):
    fill(client, event)
    token = client.token(event, "ann")
    for _ in range(2):
        reply = client.leave(token, method)
        assert (reply.status, reply.json) == (200, {"status": "left"})


def test_a_beacon_with_a_body_leaves_as_well(client, event):
    fill(client, event)
    token = client.token(event)
    reply = client.ask("POST", f"{API}/queue/leave?token={token}", "closing", {"Content-Type": "text/plain"})
    assert reply.json == {"status": "left"}
    assert client.status(token).status == 404


def test_who_has_left_is_not_found_and_those_behind_move_up(client, event):
    fill(client, event)
    first, second = client.token(event, "ann"), client.token(event, "ben")
    assert client.status(second).json["position"] == 2
    client.leave(first)
    assert (client.status(first).status, client.status(first).code) == (404, "TOKEN_NOT_FOUND")
    assert (client.enter(first).status, client.enter(first).code) == (404, "TOKEN_NOT_FOUND")
    assert client.status(second).json["position"] == 1


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"event_id"', "1", '{"event_id":"a","event_id":"b"}', b"\xff\xfe",
                                  '{"event_id":"a\\u0000b"}'])
def test_a_join_with_a_body_that_is_no_object_is_invalid(client, body):
    reply = client.ask("POST", f"{API}/queue/join", body)
    assert (reply.status, reply.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("body", [{}, {"event_id": ""}, {"event_id": None}, {"user_id": "ann"}])
def test_a_join_without_an_event_says_that_it_is_missing(client, body):
    reply = client.ask("POST", f"{API}/queue/join", body)
    assert (reply.status, reply.code) == (400, "MISSING_EVENT_ID")


@pytest.mark.parametrize("event_id", ["a b", "a/b", "ä", "a" * 65, "a{b}", "../x", "a:b", 7, ["a"], {"a": 1}, True])
def test_an_event_id_that_cannot_be_one_is_invalid(client, event_id):
    reply = client.ask("POST", f"{API}/queue/join", {"event_id": event_id})
    assert (reply.status, reply.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("user_id", [7, ["ann"], "a" * 256])
def test_a_user_id_that_cannot_be_one_is_invalid(client, event, user_id):
    reply = client.ask("POST", f"{API}/queue/join", {"event_id": event, "user_id": user_id})
    assert (reply.status, reply.code) == (400, "INVALID_REQUEST")


def test_an_idempotency_key_that_is_too_long_is_invalid(client, event):
    reply = client.join(event, **{"Idempotency-Key": "k" * 256})
    assert (reply.status, reply.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("method, path", [("GET", "/queue/status"), ("GET", "/queue/status?token="), ("DELETE", "/queue/leave"),
                                          ("POST", "/queue/leave?token="), ("GET", "/queue/events?other=1")])
def test_a_call_without_its_token_says_that_it_is_missing(client, method, path):
    reply = client.ask(method, API + path)
    assert (reply.status, reply.code) == (400, "MISSING_TOKEN")


@pytest.mark.parametrize("body", [{}, {"waiting_token": ""}, {"waiting_token": None}])
def test_an_entry_without_its_token_says_that_it_is_missing(client, body):
    reply = client.ask("POST", f"{API}/queue/enter", body)
    assert (reply.status, reply.code) == (400, "MISSING_TOKEN")


@pytest.mark.parametrize("body", ["{", "[]", '{"waiting_token":7}'])
def test_an_entry_that_cannot_be_read_is_invalid(client, body):
    reply = client.ask("POST", f"{API}/queue/enter", body)
    assert (reply.status, reply.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("token", ["nothing", "a.b", ".", "a.", ".b", "%00", "%zz", "x" * 500,
                                   "concert." + "A" * 62, "a%2Fb." + "A" * 62])
def test_a_token_that_is_none_is_not_found(client, token):
    assert (client.status(token).status, client.status(token).code) == (404, "TOKEN_NOT_FOUND")
    assert (client.leave(token).status, client.leave(token).code) == (404, "TOKEN_NOT_FOUND")
    assert (client.enter(token).status, client.enter(token).code) == (404, "TOKEN_NOT_FOUND")


def test_an_altered_token_is_not_found(client, event):
    token = client.token(event)
    for at in (len(event) + 1, len(event) + 20, len(token) - 3):
        other = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]
        assert (client.status(other).status, client.status(other).code) == (404, "TOKEN_NOT_FOUND")


def test_a_ticket_of_one_event_is_none_of_another(client, event):
    ticket = client.token(event).rsplit(".", 1)[1]
    client.token("other")
    assert client.status(f"other.{ticket}").code == "TOKEN_NOT_FOUND"


def test_a_token_may_come_percent_encoded(client, event):
    token = client.token(event)
    assert client.status("".join(f"%{ord(c):02x}" for c in token)).status == 200


def test_an_event_may_have_dots_in_its_name(client, event):
    name = f"a.b-{event}"[:64]
    assert client.status(client.token(name)).status == 200


def test_errors_have_a_code_a_message_and_a_trace_id(client):
    error = client.status("nothing").json
    assert set(error) == {"error"} and set(error["error"]) == {"code", "message", "trace_id"}
    assert len(error["error"]["trace_id"]) == 32
    assert client.status("nothing").json["error"]["trace_id"] != error["error"]["trace_id"]


def test_the_trace_id_of_a_request_comes_back(client):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    for headers in ({"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}, {"X-Request-Id": trace}):
        reply = client.ask("GET", f"{API}/queue/status?token=nothing", headers=headers)
        assert reply.json["error"]["trace_id"] == trace
    reply = client.ask("GET", f"{API}/queue/status?token=nothing", headers={"X-Request-Id": 'a"b'})
    assert reply.json["error"]["trace_id"] != 'a"b'


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/version", "/metrics"])
def test_what_orchestrators_ask_is_found_with_and_without_the_base_path(client, path):
    assert client.ask("GET", path).status == 200
    assert client.ask("GET", API + path).status == 200


@pytest.mark.parametrize("method, path", [("GET", "/queue/join"), ("POST", "/queue/status"), ("PUT", "/queue/enter"),
                                          ("GET", "/queue/leave"), ("DELETE", "/metrics")])
def test_another_method_is_not_allowed(client, method, path):
    reply = client.ask(method, API + path)
    assert (reply.status, reply.code) == (405, "INVALID_REQUEST")


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/api/v2/queue/join", "/queue", "/nothing", "/../etc/passwd"])
def test_a_call_that_does_not_exist_is_not_found(client, path):
    assert client.ask("POST", path).status == 404


def test_an_end_of_the_session_gives_its_slot_back_and_may_be_repeated(client, event):
    reservation = client.enter(client.token(event, "ann")).json["reservation_token"]
    body = {"event_id": event, "reservation_token": reservation}
    renewed = client.ask("POST", f"{API}/queue/renew", body)
    assert renewed.status == 200 and renewed.json["ttl_sec"] >= 29
    for _ in range(2):
        assert client.ask("POST", f"{API}/queue/exit", body).json == {"status": "ended"}
    again = client.ask("POST", f"{API}/queue/renew", body)
    assert (again.status, again.code) == (404, "TOKEN_EXPIRED")


@pytest.mark.parametrize("body, status, code", [
    ({}, 400, "MISSING_EVENT_ID"), ({"event_id": "a"}, 400, "MISSING_TOKEN"),
    ({"event_id": "a b", "reservation_token": "x"}, 400, "INVALID_REQUEST"),
    ({"event_id": "a", "reservation_token": "x"}, 404, "TOKEN_NOT_FOUND"),
    ({"event_id": "a", "reservation_token": "x" * 512}, 400, "INVALID_REQUEST")])
def test_an_exit_that_lacks_something_is_refused(client, body, status, code):
    for call in ("exit", "renew"):
        reply = client.ask("POST", f"{API}/queue/{call}", body)
        assert (reply.status, reply.code) == (status, code)


def test_a_client_of_the_reference_gets_through(client, event):
    """What its load script does: join, three polls, enter; and its browser client enters when it reads both words."""
    joined = client.ask("POST", f"{API}/queue/join", {"event_id": event, "user_id": "user-7"},
                        {"Content-Type": "application/json", "Idempotency-Key": "user-7-once"})
    assert joined.status == 202
    token = joined.json["waiting_token"]
    for _ in range(3):
        status = client.status(token).json
        if status["status"] == "waiting" and status["ready_for_entry"]:
            break
    entered = client.enter(token)
    assert entered.status == 200 and entered.json["admission"] == "granted"


def test_joins_at_the_same_time_get_different_positions(server, event):
    positions, lock = [], threading.Lock()

    def join_some():
        with Client(server.port) as one:
            mine = [one.join(event).json["position_hint"] for _ in range(50)]
        with lock:
            positions.extend(mine)

    with Client(server.port) as one:
        fill(one, event)
    threads = [threading.Thread(target=join_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(positions) == list(range(1, 201))


def test_bodies_are_json_that_a_strict_reader_reads(client, event):
    def no_constant(name):
        raise AssertionError(name)
    for reply in (client.join(event), client.status(client.token(event)), client.status("x")):
        json.loads(reply.bytes, parse_constant=no_constant)
