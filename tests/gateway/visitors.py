# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What tests of the waiting page share: a browser, a gateway whose turns come when a test asks for them, and one that stands
between the two."""

import contextlib
import http.client
import http.server
import itertools
import json
import threading
import urllib.parse

import pytest

from browser import browser
from processes import gateway

# Turns come when a test asks for them, and news of them soon.
QUICK = ("--rate-per-s", "0.001", "--burst", "1", "--join-rate", "0", "--min-poll-ms", "100", "--max-poll-ms", "150",
         "--threads", "1")


@pytest.fixture(scope="module")
def chrome_of_module():
    with browser() as one:
        yield one


@pytest.fixture
def chrome(chrome_of_module):
    chrome_of_module.fresh()
    yield chrome_of_module
    assert chrome_of_module.complaints() == []


@pytest.fixture(scope="module")
def server():
    with gateway(*QUICK) as process:
        yield process


numbers = itertools.count(1)


@pytest.fixture
def event():
    """A name that no other test uses."""
    return f"concert-{next(numbers)}"


def address(server, event, **more):
    return f"http://127.0.0.1:{server.port}/?" + urllib.parse.urlencode({"event": event, **more})


def line_up(client, event, count=3):
    """Others, of whom the first has the only turn there is."""
    return [client.token(event) for _ in range(count)]


def place_of(chrome, event):
    return chrome.run("return JSON.parse(localStorage.getItem('waitq:' + arguments[0]));", event)


def look(chrome, name):
    """Takes pictures of a state, and checks what has to hold in each: in English on a desk, in Korean on a phone at night."""
    for language, width, scheme in (("en", 1280, "light"), ("ko", 320, "dark")):
        chrome.viewport(width, 800 if width > 1000 else 640, mobile=width < 1000)
        chrome.media(scheme, reduced_motion=True)
        if chrome.run("return document.documentElement.lang;") != language:
            switch_language(chrome)
        chrome.screenshot(f"waiting-{name}-{language}-{scheme}")
        assert chrome.low_contrast() == []
        assert chrome.overflow() <= 0 and chrome.crowded() == []
        assert chrome.small_targets() == []
        chrome.viewport(320, 640, mobile=True)
        with enlarge(chrome):
            assert chrome.overflow() <= 0 and chrome.crowded() == []
    switch_language(chrome)
    chrome.viewport(1280, 800)
    chrome.media()


@contextlib.contextmanager
def enlarge(chrome):
    """Letters of twice the size."""
    chrome.run("document.documentElement.style.fontSize = '200%';")
    yield
    chrome.run("document.documentElement.style.fontSize = '';")


def switch_language(chrome):
    """Also behind an open dialog."""
    chrome.run("document.querySelector('#languages button').click();")


def wait_in_line(chrome, position=None):
    chrome.wait_for_text("#position", rf"^{position}$" if position else r"^[\d,]+$")


class Between:
    """Stands between a page and a gateway, and may change what that answers, or answer instead of it, for what no gateway
    says on demand."""

    def __init__(self, port, change):
        between = self
        self.change = change
        self.instead = lambda path: None

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                instead = between.instead(self.path)
                if instead is not None:
                    self.answer(instead[0], instead[1], {"Content-Type": "application/json"})
                    return
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                link.request(self.command, self.path, body or None, {
                    name: value for name, value in self.headers.items() if name.lower() in ("content-type", "idempotency-key")})
                reply = link.getresponse()
                content = reply.read()
                link.close()
                status, content = between.change(self.path, reply.status, content)
                self.answer(status, content, reply.headers)

            def answer(self, status, content, headers):
                self.send_response_only(status)
                for name, value in headers.items():
                    if name.lower() not in ("connection", "content-length"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def between(server, **changes):
    """Members of each status are replaced by those of the dictionary that this gives, from when they are put there."""
    def change(path, status, content):
        if "/status" in path and changes:
            content = json.dumps({**json.loads(content), **changes}).encode()
        return status, content

    one = Between(server.port, change)
    try:
        yield one, changes
    finally:
        one.close()


def not_ready(after_ms):
    return json.dumps({"error": {"code": "NOT_READY", "message": "", "trace_id": "", "retry_after_ms": after_ms}}).encode()
