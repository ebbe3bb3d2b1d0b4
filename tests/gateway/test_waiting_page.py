# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The waiting page, as visitors see it: what it shows, and that a place stays the same."""

import json
import re
import time

from client import Client
from processes import gateway
from visitors import (QUICK, address, between, chrome, chrome_of_module, event, line_up, look, place_of,  # noqa: F401
                      server, switch_language, wait_in_line)


# --- what it shows


def test_position_estimate_and_time_are_shown(chrome, server, client, event):
    line_up(client, event, 40)
    client.admin("rate", event_id=event, rate_per_s=0.1)
    chrome.language("en-GB", "Asia/Seoul")
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    for _ in range(12):
        client.token(event)
    chrome.wait_for_text("#range", r"^(Between [\d.]+ and|Less than|About) [\d.]+ minutes$")
    assert chrome.text("#sure") in ("quite sure", "fairly sure", "a rough guess")
    hour, minute = re.match(r"Around .*?(\d+):(\d\d)$", chrome.text("#clock")).groups()
    expected = (time.time() + 9 * 3600 + 400) / 60 % 1440
    assert min((int(hour) * 60 + int(minute) - expected) % 1440, (expected - int(hour) * 60 - int(minute)) % 1440) < 4
    chrome.wait_for_text("#behind", "^12 people are behind you$")
    chrome.wait_for_text("#kept", "come back within 5 minutes.*you keep your place")
    assert chrome.run("return document.title;").startswith(chrome.text("#position"))
    look(chrome, "line")
    for width, scheme in ((1280, "dark"), (390, "light")):
        chrome.viewport(width, 800, mobile=width < 1000)
        chrome.media(scheme)
        chrome.screenshot(f"waiting-line-en-{scheme}-{width}")
        assert chrome.low_contrast() == []


def test_times_are_said_as_people_say_them(chrome, server, client, event):
    line_up(client, event)
    with between(server, eta_sec=-1) as (link, changes):
        chrome.visit(address(link, event))
        for low, high, english, korean in (
                (-1, -1, "Not known right now", "지금은 알 수 없습니다"),
                (2, 4, "Less than 5 seconds", "5초 이내"),
                (25, 41, "Between 25 and 45 seconds", "25초에서 45초 사이"),
                (245, 355, "Between 4 and 6 minutes", "4분에서 6분 사이"),
                (240, 240, "About 4 minutes", "약 4분"),
                (5400, 9100, "Between 1 hour 30 minutes and 2 hours 40 minutes", "1시간 30분에서 2시간 40분 사이")):
            changes.update(eta_sec=(low + high) // 2, eta_low_sec=low, eta_high_sec=high)
            chrome.wait(lambda: chrome.text("#range") == english, what=english)
            switch_language(chrome)
            assert chrome.text("#range") == korean
            switch_language(chrome)
        for confidence, english in ((0.95, "quite sure"), (0.6, "fairly sure"), (0.1, "a rough guess")):
            changes.update(confidence=confidence)
            chrome.wait(lambda: chrome.text("#sure") == english, what=english)
        chrome.visit("about:blank")


def test_the_line_moves_up_and_the_page_enters_by_itself(chrome, server, client, event):
    line_up(client, event, 8)
    chrome.visit(address(server, event))
    wait_in_line(chrome, 8)
    chrome.run("""window.seen = [];
        new MutationObserver(() => seen.push([position.textContent, bar.value]))
            .observe(document.querySelector('main'), {subtree: true, childList: true, attributes: true});""")
    client.admin("rate", event_id=event, rate_per_s=6)
    chrome.wait_for_text("h1", "^You are in$")
    seen = chrome.run("return seen;")
    positions = [int(position) for position, _ in seen]
    ways = [way for _, way in seen]
    assert positions == sorted(positions, reverse=True) and len(set(positions)) >= 3
    assert ways == sorted(ways) and ways[-1] > ways[0]
    chrome.wait_for_text("#countdown", r"^00:[0-3]\d$")
    token = place_of(chrome, event)["token"]
    assert client.enter(token).json["reservation_token"] == place_of(chrome, event)["pass"]
    look(chrome, "in")


def test_the_way_never_goes_back_also_when_the_position_rises_after_a_loss(chrome, server, client, event):
    line_up(client, event, 9)
    with between(server) as (link, changes):
        chrome.visit(address(link, event))
        wait_in_line(chrome, 9)
        changes.update(position=3)
        wait_in_line(chrome, 3)
        way = chrome.run("return bar.value;")
        assert way > 500
        changes.update(position=1208, reason="restored")
        wait_in_line(chrome, "1,208")
        assert chrome.text("#what") == "Places are being put back" and "may rise" in chrome.text("#why")
        assert chrome.run("return bar.value;") == way
        assert chrome.text("#range") != "Not known right now"
        look(chrome, "restored")
        chrome.visit("about:blank")  # before what it asks goes away


def test_who_comes_before_the_opening_has_a_place_and_a_countdown(chrome, tmp_path, event):
    opens = int(time.time() * 1000) + 3500
    config = tmp_path / "events.json"
    config.write_text(json.dumps({"events": {event: {"opens_at_ms": opens}}}))
    with gateway(*QUICK, "--config", config) as server, Client(server.port) as client:
        client.token(event)
        client.token(event)
        chrome.visit(address(server, event))
        chrome.wait_for_text("h1", "^You have a place. We are not open yet$")
        chrome.wait_for_text("#countdown", r"^00:0[1-3]$")
        assert chrome.text("#position") == "3"
        look(chrome, "scheduled")
        chrome.wait_for_text("h1", "^You are in line$")
        wait_in_line(chrome, 2)  # the first has the turn
        chrome.visit("about:blank")


# --- the same place


def test_a_reload_and_a_second_tab_have_the_same_place(chrome, server, client, event):
    line_up(client, event, 4)
    chrome.visit(address(server, event))
    wait_in_line(chrome, 4)
    token = place_of(chrome, event)["token"]
    client.token(event)
    chrome.visit(address(server, event))
    wait_in_line(chrome, 4)
    chrome.open_tab(address(server, event))
    wait_in_line(chrome, 4)
    assert place_of(chrome, event)["token"] == token
    assert not any("join" in url for _, url in chrome.requests()[2:])
    # They share what the server says: two tabs do not ask twice as often. One alone would ask six to ten times.
    chrome.requests()
    time.sleep(1)
    assert 2 <= len(chrome.requests()) <= 11
    # When one of them leaves, the other knows.
    chrome.click("#leave")
    chrome.click("#really")
    chrome.wait_for_text("h1", "^You have left the line$")
    chrome.show_tab()
    chrome.wait_for_text("h1", "^You have left the line$")


def test_who_comes_back_much_later_begins_anew_and_a_place_that_is_alive_is_found(chrome, server, client, event):
    line_up(client, event, 4)
    chrome.visit(address(server, event))
    wait_in_line(chrome, 4)
    token = place_of(chrome, event)["token"]
    client.token(event)
    for changes, position in (({"at": 1}, 4), ({"at": 1, "key": "somebody-else"}, 6)):
        chrome.visit("about:blank")
        chrome.visit(f"http://127.0.0.1:{server.port}/healthz")
        chrome.run("const [name, changes] = arguments; localStorage.setItem(name, JSON.stringify("
                   "{...JSON.parse(localStorage.getItem(name)), silence: 300000, ...changes}));", f"waitq:{event}", changes)
        chrome.requests()
        chrome.visit(address(server, event))
        wait_in_line(chrome, position)
        assert any("join" in url for _, url in chrome.requests())
    assert place_of(chrome, event)["token"] != token


def test_a_page_without_storage_has_a_place_all_the_same(chrome, server, client, event):
    line_up(client, event)
    script = chrome.cdp("Page.addScriptToEvaluateOnNewDocument", source="""
        for (const name of ['localStorage', 'sessionStorage'])
          Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError'); }});""")
    chrome.visit(address(server, event))
    chrome.wait_for_text("#range", r"\w")
    wait_in_line(chrome, 3)
    client.admin("rate", event_id=event, rate_per_s=50)
    chrome.wait_for_text("h1", "^You are in$")
    chrome.cdp("Page.removeScriptToEvaluateOnNewDocument", **script)


def test_a_page_that_was_away_asks_at_once_when_it_is_back(chrome, event):
    slow = [*QUICK, "--min-poll-ms", "60000", "--max-poll-ms", "60000"]
    with gateway(*slow) as server, Client(server.port) as client:
        line_up(client, event)
        chrome.visit(address(server, event))
        chrome.wait_for_text("#range", r"\w\w")
        for happening in ("window.dispatchEvent(new Event('online'))", "document.dispatchEvent(new Event('visibilitychange'))"):
            chrome.requests()
            chrome.run("const now = Date.now; Date.now = () => now() + 1500;" + happening)
            chrome.wait(lambda: any("/status" in url for _, url in chrome.requests()), what="a poll")
        chrome.visit("about:blank")


def test_closing_the_page_does_not_leave(chrome, server, client, event):
    line_up(client, event)
    chrome.visit("about:blank")
    chrome.open_tab(address(server, event))
    wait_in_line(chrome)
    token = place_of(chrome, event)["token"]
    chrome.close_tab()
    time.sleep(0.3)
    assert client.status(token).json["state"] == "waiting"
