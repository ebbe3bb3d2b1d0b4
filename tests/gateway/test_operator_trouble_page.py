# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What the operator page says when something is amiss, in a browser."""

import signal

from client import Client
from operators import OPTIONS, chrome, figure, sign_in, start, without_complaints  # noqa: F401
from processes import ADMIN_TOKEN, free_port, gateway, redis


def test_a_silent_store_is_told_and_an_order_s_failure_as_the_gateway_says_it(chrome):
    with redis() as store, gateway("--store", store.uri, *OPTIONS) as server, Client(server.port) as client:
        start(client, "concert", 8)
        sign_in(chrome, server, "concert")
        chrome.wait(lambda: figure(chrome, "age") is not None and not chrome.text("#alarm"))
        store.signal(signal.SIGSTOP)
        try:
            chrome.wait_for_text("#alarm", r"“concert”: the store has not been heard since \d\d:\d\d:\d\d")
            chrome.wait(lambda: (figure(chrome, "age") or 0) > 3 and figure(chrome, "waiting") is None)
            chrome.screenshot("operator-stalled")
            chrome.click("#pause")
            chrome.wait_for_text("#log", r"(?s)concert\s*pause\s*.+\(QUEUE_ERROR, trace \w+\)")
        finally:
            store.signal(signal.SIGCONT)
        chrome.wait(lambda: not chrome.text("#alarm"), what="the store, back")
        chrome.wait(lambda: figure(chrome, "waiting") is not None)


def test_a_gateway_that_is_gone_is_told_and_one_with_another_token_signs_out(chrome, tmp_path):
    port = free_port()
    other = tmp_path / "token"
    other.write_text("another-token-of-the-tests\n")
    with gateway(*OPTIONS, listen=f"127.0.0.1:{port}") as server, Client(port) as client:
        start(client, "concert", 8)
        sign_in(chrome, server, "concert")
    chrome.wait_for_text("#alarm", r"cannot be reached since \d\d:\d\d:\d\d: no connection")
    assert chrome.run("return document.getElementById('chosen').classList.contains('stale');")
    assert figure(chrome, "waiting") is None
    chrome.screenshot("operator-unreachable")
    with gateway(*OPTIONS, listen=f"127.0.0.1:{port}"):
        chrome.wait(lambda: "cannot be reached" not in chrome.text("#alarm"), what="the gateway, back")
        chrome.wait_for_text("#link", "^Live")
    with gateway(*OPTIONS, "--admin-token-file", other, listen=f"127.0.0.1:{port}"):
        chrome.wait_for_text("#refusal", "refuses this token")
        assert chrome.text("#desk") == "" and ADMIN_TOKEN not in chrome.run("return Object.values(sessionStorage).join();")
