# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The orders of the operator page, in a browser."""

import json
import time

from browser import KEYS
from client import Client
from operators import (OPTIONS, choose_option, chrome, figure, server, set_time, sign_in, start, stats,  # noqa: F401
                       wait_for_stats, without_complaints)
from processes import gateway


def test_a_pause_lasts_until_it_is_resumed_or_as_long_as_was_said(chrome, server, client, event):
    tokens = start(client, event, 3)
    sign_in(chrome, server, event)
    chrome.wait_for_text("#event-phase", "Open")
    chrome.click("#pause")
    chrome.wait_for_text("#answer", "pause: done")
    wait_for_stats(chrome, client, event, lambda told: told["phase"] == "paused")
    assert client.enter(tokens[0]).status == 403
    chrome.wait_for_text(f"#events tr[data-name={event}]", "Paused")
    chrome.wait_for_text("#event-says", "until somebody resumes it")
    chrome.screenshot("operator-paused")
    chrome.click("#resume")
    wait_for_stats(chrome, client, event, lambda told: told["phase"] == "open")
    assert client.enter(tokens[0]).status == 200
    chrome.wait_for_text("#log", rf"(?s)\d\d:\d\d:\d\d\s*{event}\s*open\s*done.*{event}\s*pause\s*done")
    choose_option(chrome, "pause-when", "5")
    chrome.click("#pause")
    told = wait_for_stats(chrome, client, event, lambda told: told["phase"] == "paused" and told)
    assert abs(told["goes_on_at_ms"] / 1000 - time.time() - 300) < 15
    chrome.wait_for_text("#event-says", r"goes on at \d\d:\d\d:\d\d, in [45] min")
    choose_option(chrome, "pause-when", "time")
    set_time(chrome, "pause-at", -60)
    chrome.click("#pause")
    chrome.wait_for_text("#answer", "has passed")
    assert stats(client, event)["goes_on_at_ms"] == told["goes_on_at_ms"]


def test_a_rate_is_set_now_or_at_a_time_and_more_than_double_is_asked_about(chrome, server, client, event):
    start(client, event)
    sign_in(chrome, server, event)
    chrome.find("#rate").send_keys("12.5", KEYS.ENTER)
    wait_for_stats(chrome, client, event, lambda told: told["rate_per_s"] == 12.5)
    chrome.wait_for_text("[data-tile=rate]", "^12.5$")
    chrome.find("#rate").clear()
    chrome.find("#rate").send_keys("500", KEYS.ENTER)
    chrome.wait_for_text("#ask-title", f"^500 turns a second for “{event}”")
    chrome.wait_for_text("#ask-text", "12.5")
    chrome.press(KEYS.ESCAPE)
    chrome.wait(lambda: not chrome.text("#ask"))
    assert stats(client, event)["rate_per_s"] == 12.5
    chrome.find("#rate").send_keys(KEYS.ENTER)
    chrome.click("#ask-yes")
    wait_for_stats(chrome, client, event, lambda told: told["rate_per_s"] == 500)
    chrome.find("#rate").clear()
    chrome.find("#rate").send_keys("7")
    choose_option(chrome, "rate-when", "time")
    set_time(chrome, "rate-at", 1.5)
    chrome.click("#set-rate")
    chrome.wait_for_text("#answer", r"rate 7/s from \d\d:\d\d:\d\d on: done")
    assert stats(client, event)["rate_per_s"] == 500
    wait_for_stats(chrome, client, event, lambda told: told["rate_per_s"] == 7)


def test_an_end_is_asked_about_by_name(chrome, server, client, event):
    start(client, event)
    sign_in(chrome, server, event)
    chrome.click("#drain")
    chrome.wait_for_text("#ask-title", f"“{event}”")
    assert chrome.run("return document.activeElement.id;") == "ask-no"
    chrome.click("#ask-no")
    chrome.wait(lambda: not chrome.text("#ask"))
    assert stats(client, event)["phase"] == "open" and chrome.text("#log") == ""
    for order, phase in (("drain", "draining"), ("close", "closed")):
        chrome.click(f"#{order}")
        chrome.click("#ask-yes")
        wait_for_stats(chrome, client, event, lambda told: told["phase"] == phase)
        assert client.join(event).status == 503
    chrome.wait_for_text("#resume", "Open again")


def test_a_reset_wants_the_name_typed(chrome, server, client, event):
    tokens = start(client, event, 30)
    sign_in(chrome, server, event)
    chrome.wait(lambda: figure(chrome, "waiting"))
    chrome.click("#reset")
    chrome.wait_for_text("#ask-text", r"\d+ waiting visitors lose their places")
    assert not chrome.find("#ask-yes").is_enabled()
    chrome.press(event[:-1], KEYS.ENTER)
    assert not chrome.find("#ask-yes").is_enabled() and chrome.text("#ask") and client.status(tokens[29]).status == 200
    chrome.screenshot("operator-reset")
    chrome.press(event[-1], KEYS.ENTER)
    chrome.wait_for_text("#answer", "reset: done")
    chrome.wait(lambda: client.status(tokens[29]).status == 404)
    wait_for_stats(chrome, client, event, lambda told: told["issued"] == 0)
    chrome.wait_for_text("#totals", r"Joined\s+0\b")
    assert (figure(chrome, "arrivals", 3) or 0) >= 0 and (figure(chrome, "entries", 3) or 0) >= 0


def test_an_event_that_is_planned_is_not_opened_by_mistake(chrome, tmp_path):
    config = tmp_path / "events.json"
    config.write_text(json.dumps({"events": {"gala": {"opens_at_ms": int(time.time() * 1000) + 3600000}}}))
    with gateway(*OPTIONS, "--config", config) as planned, Client(planned.port) as client:
        start(client, "gala")
        sign_in(chrome, planned, "gala")
        chrome.wait_for_text("#event-says", r"turns begin at .*, in (1 hr|59 min)")
        chrome.click("#resume")
        chrome.wait_for_text("#ask-title", "Open “gala” now")
        chrome.click("#ask-yes")
        wait_for_stats(chrome, client, "gala", lambda told: told["phase"] == "open")
