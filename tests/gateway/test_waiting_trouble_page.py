# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The waiting page when something is out of the ordinary: what it says of the place, and that it goes on by itself."""

import contextlib
import signal
import time

from client import Client
from processes import Gateway, gateway
from visitors import (QUICK, address, between, chrome, chrome_of_module, event, line_up, look, not_ready,  # noqa: F401
                      place_of, server, wait_in_line)


# --- what the operator orders


def test_a_pause_is_told_and_its_end_counted_down(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    client.admin("pause", event_id=event)
    chrome.wait_for_text("#notice", "(?s)^Paused.*You keep your place")
    chrome.wait_for_text("#sure", "stands still")
    look(chrome, "paused")
    client.admin("pause", event_id=event, until_ms=int(time.time() * 1000) + 2500)
    chrome.wait_for_text("#why", r"in 00:0[12]\.")
    chrome.wait(lambda: not chrome.text("#notice"), what="the end of the pause")
    client.admin("rate", event_id=event, rate_per_s=0)
    chrome.wait_for_text("#notice", "(?s)^Paused.*Nobody is let in")


def test_a_turn_in_a_pause_is_kept_and_taken_afterwards(chrome, server, client, event):
    with between(server) as (link, _):
        tries, polls = [], []

        def instead(path):
            if "/enter" not in path:
                polls.append(path)
                return None
            tries.append(path)
            if len(tries) > 1:
                return None
            with Client(server.port) as operator:
                operator.admin("pause", event_id=event)
            return 403, not_ready(300)

        link.instead = instead
        chrome.visit(address(link, event))
        chrome.wait_for_text("#what", "^Paused$")
        tried, polled = len(tries), len(polls)
        chrome.wait(lambda: len(polls) >= polled + 5, what="polls")  # the door's own time is over with the third
        assert len(tries) == tried and chrome.text("h1") == "You are in line"
        client.admin("resume", event_id=event)
        chrome.wait_for_text("h1", "^You are in$")
        chrome.visit("about:blank")


def test_a_closed_event_says_so_to_those_who_come_and_to_those_who_wait(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    client.admin("close", event_id=event)
    chrome.wait_for_text("#notice", "(?s)^Closed.*keep your place")
    chrome.fresh()
    chrome.visit(address(server, event))
    chrome.wait_for_text("h1", "^Closed$")
    assert chrome.text("#text") == "Should we open again, this page gets you a place by itself."
    assert chrome.text("#place") == ""
    look(chrome, "closed")
    client.admin("drain", event_id=event)
    chrome.visit(address(server, event))
    chrome.wait_for_text("h1", "^Nobody can join any more$")
    assert chrome.text("#text").startswith("Should we open again")
    client.admin("resume", event_id=event)
    chrome.run("step();")
    wait_in_line(chrome)


def test_a_line_that_moves_to_its_end_is_not_said_to_stand_still(chrome, server, client, event):
    line_up(client, event)
    with between(server, phase="draining", eta_sec=-1) as (link, changes):
        chrome.visit(address(link, event))
        chrome.wait_for_text("#notice", "(?s)^Nobody can join any more.*your turn will come")
        assert chrome.text("#sure") == "we are watching how the line moves"
        changes.update(phase="closed")
        chrome.wait_for_text("#sure", "^the line stands still$")
        chrome.visit("about:blank")


def test_a_place_that_the_room_does_not_know_any_more_is_told(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    client.admin("reset", event_id=event)
    chrome.wait_for_text("h1", "^This place is not known any more$")
    look(chrome, "gone")


# --- no place yet


def test_who_finds_the_room_full_gets_a_place_as_soon_as_there_is_one(chrome, event):
    with gateway(*QUICK, "--max-waiting", "2") as server, Client(server.port) as client:
        tokens = line_up(client, event, 3)
        chrome.visit(address(server, event))
        chrome.wait_for_text("h1", "^The waiting room is full$")
        chrome.wait_for_text("#text", "You need not do anything")
        look(chrome, "full")
        client.leave(tokens[2])
        wait_in_line(chrome, 2)
        chrome.visit("about:blank")


def test_too_many_joins_of_an_address_are_told_and_tried_again(chrome, event):
    with gateway(*QUICK, "--join-rate", "0.5", "--join-burst", "1") as server, Client(server.port) as client:
        client.token(event)
        chrome.visit(address(server, event))
        chrome.wait_for_text("h1", "^Many people are joining from your network$")
        look(chrome, "limited")
        wait_in_line(chrome)
        chrome.visit("about:blank")


# --- no answer


def test_a_store_that_is_away_is_told_and_the_place_is_kept(chrome, redis_server, event):
    with gateway("--store", redis_server.uri, *QUICK) as server, Client(server.port) as client:
        line_up(client, event)
        chrome.visit(address(server, event))
        wait_in_line(chrome, 3)
        redis_server.signal(signal.SIGSTOP)
        try:
            chrome.wait_for_text("#notice", "(?s)^The line stands still.*You keep your place")
            assert chrome.text("#position") == "3"
            assert chrome.text("#range") == "Not known right now"  # what was known is of no use now
            look(chrome, "stalled")
        finally:
            redis_server.signal(signal.SIGCONT)
        chrome.wait(lambda: not chrome.text("#notice"), what="the store")
        assert chrome.text("#position") == "3"
        chrome.visit("about:blank")


def test_a_gateway_that_is_gone_and_back_finds_the_page_where_it_was(chrome, redis_server, event):
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(gateway("--store", redis_server.uri, *QUICK))
        with Client(first.port) as client:
            line_up(client, event)
        chrome.visit(address(first, event))
        chrome.wait_for_text("#kept", "5 minutes")
        first.kill()
        chrome.wait_for_text("#notice", r"(?s)^The waiting room cannot be reached.*kept until about \d")
        assert chrome.text("#kept") == ""  # from now on it would be wrong
        assert chrome.text("#position") == "3"
        look(chrome, "unreachable")
        second = Gateway("--store", redis_server.uri, *QUICK, listen=f"127.0.0.1:{first.port}")
        stack.callback(second.stop)
        chrome.run("dispatchEvent(new Event('online'));")
        chrome.wait(lambda: not chrome.text("#notice"), what="the gateway")
        assert chrome.text("#position") == "3"
        chrome.visit("about:blank")


def test_a_turn_that_passed_while_nobody_was_there_is_told_and_one_may_join_again(chrome, event):
    with gateway(*QUICK, "--claim-ttl-ms", "500") as server, Client(server.port) as client:
        tokens = line_up(client, event, 2)
        chrome.visit(address(server, event))
        chrome.wait_for_text("#kept", "5 minutes")
        chrome.offline(True)
        chrome.wait_for_text("#notice", "(?s)^You are offline.*kept until about")
        look(chrome, "offline")
        client.admin("rate", event_id=event, rate_per_s=50)
        chrome.wait(lambda: client.status(place_of(chrome, event)["token"]).json["state"] == "expired", what="the end")
        client.admin("rate", event_id=event, rate_per_s=0)
        chrome.offline(False)
        chrome.wait_for_text("h1", "^Your place has lapsed$")
        look(chrome, "expired")
        chrome.click("#again")
        chrome.wait_for_text("h1", "^(You are in line|It is your turn|You are in)$")
        assert place_of(chrome, event)["token"] not in tokens
        chrome.visit("about:blank")
