# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What tests of the operator page share: a browser, a gateway with events, and what an operator does first."""

import time

import pytest

from browser import KEYS, browser
from client import Client
from processes import ADMIN_TOKEN, gateway

OPTIONS = ("--rate-per-s", "20", "--burst", "5", "--join-rate", "0", "--threads", "1")


@pytest.fixture(scope="module")
def chrome():
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def server(request):
    """Has the events of all tests already: a gateway tells figures of a new one within a second, and that adds up."""
    with gateway(*OPTIONS) as process, Client(process.port) as one:
        for item in request.session.items:
            if "event" in item.fixturenames and item.module is request.module:
                one.token(item.name[:64])
        yield process


@pytest.fixture(scope="module")
def quiet(server):
    """An event for tests that give no orders: some wait, and nobody comes or goes."""
    with Client(server.port) as one:
        start(one, "quiet", 20)
    return "quiet"


@pytest.fixture(autouse=True)
def without_complaints(chrome):
    """Neither a script nor the content security policy has anything to complain of, in any test."""
    chrome.fresh()
    yield
    chrome.run("sessionStorage.clear();")
    assert chrome.complaints() == []


def page(server, query=""):
    return f"http://127.0.0.1:{server.port}/admin{query}"


def sign_in(chrome, server, event=None, query="", token=ADMIN_TOKEN):
    """The page as an operator has it who has just signed in, and has chosen an event."""
    chrome.visit(page(server, query or (f"?event={event}" if event else "")))
    chrome.find("#token").send_keys(token, KEYS.ENTER)
    chrome.wait(lambda: chrome.text("#desk") or chrome.text("#refusal") not in ("", "asking …"))
    if event:
        chrome.wait_for_text("#event-name", f"^{event}$")


def stats(client, event):
    return client.admin(f"stats?event_id={event}", method="GET").json["events"][0]


def wait_for_stats(chrome, client, event, condition):
    return chrome.wait(lambda: condition(stats(client, event)), what="what was ordered")


def start(client, event, visitors=1):
    """An event in which so many have joined, and the gateway tells figures of."""
    tokens = [client.token(event) for _ in range(visitors)]
    end = time.monotonic() + 20
    while not client.admin(f"stats?event_id={event}", method="GET").json["events"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    return tokens


def figure(chrome, name, column=1):
    """A figure of the table, as a number; None where it is not known."""
    text = chrome.run("return document.querySelector(`#figure-${arguments[0]}`)?.cells[arguments[1]].textContent", name, column)
    return None if text in (None, "–") else float(text.replace(",", "").rstrip("%"))


def set_time(chrome, field, seconds):
    """Fills in a time so many seconds from now; the browser's clock is that of the tests."""
    chrome.run("""const at = new Date(Math.ceil(Date.now() / 1000 + arguments[1]) * 1000);
                  document.getElementById(arguments[0]).value = at.toISOString().slice(0, 19);""", field, seconds)


def choose_option(chrome, field, value):
    chrome.run("const e = document.getElementById(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change'));",
               field, value)
