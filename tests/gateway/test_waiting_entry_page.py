# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The way in from the waiting page, and the way out: the turn, where it leads, and leaving."""

import json
import threading
import time
import urllib.parse

import pytest

from client import Client
from processes import gateway
from visitors import (QUICK, address, between, chrome, chrome_of_module, event, line_up, look, not_ready,  # noqa: F401
                      place_of, server, wait_in_line)


# --- the way in


def test_who_is_let_in_goes_where_the_address_says_with_the_pass(chrome, server, client, event):
    chrome.visit(address(server, event, **{"return": "/healthz?a=b#c"}))
    chrome.wait(lambda: "/healthz?a=b" in chrome.run("return location.href;"), what="the way in")
    pass_ = place_of(chrome, event)["pass"]
    cookies = {cookie["name"]: cookie for cookie in chrome.driver.get_cookies()}
    assert cookies[f"waitq_{event}"]["value"] == pass_
    assert cookies[f"waitq_{event}"]["sameSite"] == "Lax"


def test_nobody_is_sent_to_another_place_by_an_address(chrome, server, event):
    for number, path in enumerate(("//evil.example/", "/\\evil.example/", "https://evil.example/", "javascript:alert(1)",
                                   "/\t/evil.example/", "\\\\evil.example", "data:text/html,x", "evil.example", "/\n/[")):
        chrome.visit(address(server, f"{event}-{number}", **{"return": path}))
        chrome.wait_for_text("#countdown", r"^00:\d\d$")
        assert chrome.run("return location.origin;") == f"http://127.0.0.1:{server.port}"
    assert not any("evil" in urllib.parse.urlsplit(url).netloc for _, url in chrome.requests())


def test_a_door_that_is_busy_is_tried_again_at_the_instant_that_it_names(chrome, event):
    with gateway(*QUICK, "--rate-per-s", "2") as server, Client(server.port) as client:
        client.token(event)
        with between(server) as (link, _):
            tries = []

            def instead(path):
                if "/enter" not in path:
                    return None
                tries.append(time.monotonic())
                return (403, not_ready(1900)) if len(tries) == 1 else None

            link.instead = instead
            chrome.visit(address(link, event))
            chrome.wait_for_text("#text", "^Those whose turn it is are let in one after another")
            look(chrome, "door")
            chrome.wait_for_text("h1", "^You are in$")
            assert len(tries) == 2 and tries[1] - tries[0] >= 1.9
            chrome.visit("about:blank")


def test_the_time_inside_ends(chrome, event):
    with gateway(*QUICK, "--session-ttl-ms", "1000") as server:
        chrome.visit(address(server, event))
        chrome.wait_for_text("h1", "^You are in$")
        chrome.wait_for_text("h1", "^Your time inside is over$")
        look(chrome, "over")
        chrome.visit("about:blank")


# --- leaving


@pytest.mark.parametrize(("call", "others"), [("/status", 3), ("/enter", 0)])
def test_an_answer_that_comes_after_one_has_left_changes_nothing(chrome, server, client, event, call, others):
    line_up(client, event, others)
    asked, left = threading.Event(), threading.Event()
    with between(server) as (link, _):
        def instead(path):
            if call not in path:
                return None
            asked.set()
            left.wait(20)
            return 404, json.dumps({"error": {"code": "TOKEN_NOT_FOUND", "message": "", "trace_id": ""}}).encode()

        link.instead = instead
        try:
            chrome.visit(address(link, event))
            chrome.wait(lambda: asked.is_set() and chrome.text("#leave"), what="the call")
            chrome.click("#leave")
            chrome.click("#really")
            # At once, so that this is what is read when the focus comes to it.
            assert chrome.text("h1") == "You have left the line"
            heads = "window.heads = []; new MutationObserver(() => heads.push(head.textContent)).observe(head, {childList: true});"
            chrome.run(heads)
        finally:
            left.set()
        chrome.wait(lambda: chrome.run("return !isBusy;"), what="the answer")
        chrome.click("#languages button")
        chrome.click("#languages button")
        assert chrome.run("return heads;") == ["대기를 취소하셨습니다", "You have left the line"]
        chrome.visit("about:blank")


def test_leaving_is_asked_for_and_gives_the_place_up(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    token = place_of(chrome, event)["token"]
    chrome.click("#leave")
    look(chrome, "leave")
    chrome.click("#stay")
    assert chrome.text("#ask") == "" and client.status(token).status == 200
    chrome.click("#leave")
    chrome.click("#really")
    chrome.wait_for_text("h1", "^You have left the line$")
    chrome.wait(lambda: client.status(token).code == "TOKEN_NOT_FOUND", what="the leave")
    look(chrome, "left")
    chrome.run("location.reload();")
    chrome.wait_for_text("h1", "^You have left the line$")
    chrome.click("#again")
    wait_in_line(chrome)
    assert place_of(chrome, event)["token"] != token
