# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The waiting page, as visitors see it: in a browser, with a gateway behind it."""

import contextlib
import gzip
import http.client
import http.server
import itertools
import json
import pathlib
import re
import shutil
import signal
import threading
import time
import urllib.parse

import pytest

from browser import KEYS, browser
from client import Client
from processes import Gateway, gateway

PAGES = pathlib.Path(__file__).parents[2] / "examples" / "gateway" / "pages"
BYTES_MAX = 30000

# Turns come when a test asks for them, and news of them soon.
QUICK = ("--rate-per-s", "0.001", "--burst", "1", "--join-rate", "0", "--min-poll-ms", "200", "--max-poll-ms", "300",
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
        assert chrome.overflow() <= 0
        assert chrome.small_targets() == []
    switch_language(chrome)
    chrome.viewport(1280, 800)
    chrome.media()


def switch_language(chrome):
    """Also behind an open dialog."""
    chrome.run("document.querySelector('#languages button').click();")


def wait_in_line(chrome, position=None):
    chrome.wait_for_text("#position", rf"^{position}$" if position else r"^[\d,]+$")


# --- what it weighs


def test_a_first_visit_takes_two_requests_until_the_position_is_there(chrome, server, client, event):
    line_up(client, event)
    script = chrome.cdp("Page.addScriptToEvaluateOnNewDocument", source="""
        window.asked = [];
        window.fetch = new Proxy(window.fetch, {apply(fetch, self, all) {
          asked.push(document.getElementById('position').innerText);
          return Reflect.apply(fetch, self, all);
        }});""")
    chrome.visit(address(server, event))
    chrome.wait_for_text("#range", r"\w")
    chrome.cdp("Page.removeScriptToEvaluateOnNewDocument", **script)
    assert [(method, urllib.parse.urlsplit(url).path) for method, url in chrome.requests()][:3] == [
        ("GET", "/"), ("POST", "/api/v1/queue/join"), ("GET", "/api/v1/queue/status")]
    assert chrome.run("return asked;")[:2] == ["", "3"]  # it was there before the third was sent


def test_the_page_is_light_and_lighter_when_compressed(client):
    page = client.ask("GET", "/?event=a")
    assert page.status == 200 and len(page.bytes) <= BYTES_MAX
    assert not re.search(rb"""<(script|link|img)[^>]+(src|href)=["'](?!data:)""", page.bytes)
    packed = client.ask("GET", "/?event=a", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.bytes) == page.bytes and len(packed.bytes) < len(page.bytes) / 2
    assert page.headers["ETag"] != packed.headers["ETag"]
    for reply in (page, packed):
        again = client.ask("GET", "/", headers={"If-None-Match": reply.headers["ETag"], **(
            {"Accept-Encoding": "gzip"} if reply is packed else {})})
        assert again.status == 304 and again.bytes == b""


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
    chrome.wait_for_text("#kept", "kept for 5 minutes")
    assert chrome.run("return document.title;").startswith(chrome.text("#position"))
    look(chrome, "line")
    for width, scheme in ((1280, "dark"), (390, "light")):
        chrome.viewport(width, 800, mobile=width < 1000)
        chrome.media(scheme)
        chrome.screenshot(f"waiting-line-en-{scheme}-{width}")
        assert chrome.low_contrast() == []


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
        assert chrome.text("#range") != "Not known yet"
        look(chrome, "restored")
        chrome.visit("about:blank")  # before what it asks goes away


def test_times_are_said_as_people_say_them(chrome, server, client, event):
    line_up(client, event)
    with between(server, eta_sec=-1) as (link, changes):
        chrome.visit(address(link, event))
        for low, high, english, korean in (
                (-1, -1, "Not known yet", "아직 알 수 없습니다"),
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
    # They share what the server says: two tabs do not ask twice as often. One alone would ask five to seven times.
    time.sleep(1.5)
    assert 3 <= len(chrome.requests()) <= 11
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


# --- what may happen meanwhile


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
        tries = []

        def instead(path):
            if "/enter" not in path:
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
        tried = len(tries)
        time.sleep(1)
        assert len(tries) == tried and chrome.text("h1") == "You are in line"
        client.admin("resume", event_id=event)
        chrome.wait_for_text("h1", "^You are in$")
        chrome.visit("about:blank")


def not_ready(after_ms):
    return json.dumps({"error": {"code": "NOT_READY", "message": "", "trace_id": "", "retry_after_ms": after_ms}}).encode()


def test_a_closed_event_says_so_to_those_who_come_and_to_those_who_wait(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    client.admin("close", event_id=event)
    chrome.wait_for_text("#notice", "(?s)^Closed.*keep your place")
    chrome.fresh()
    chrome.visit(address(server, event))
    chrome.wait_for_text("h1", "^Closed$")
    chrome.wait_for_text("#text", r"^We ask again in \d+ seconds\.")
    assert chrome.text("#place") == ""
    look(chrome, "closed")
    client.admin("drain", event_id=event)
    chrome.visit(address(server, event))
    chrome.wait_for_text("h1", "^Nobody can join any more$")


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


def test_too_many_joins_of_an_address_are_told_and_tried_again(chrome, event):
    with gateway(*QUICK, "--join-rate", "0.5", "--join-burst", "1") as server, Client(server.port) as client:
        client.token(event)
        chrome.visit(address(server, event))
        chrome.wait_for_text("h1", "^Many people are joining from your network$")
        look(chrome, "limited")
        wait_in_line(chrome)
        chrome.visit("about:blank")


def test_a_store_that_is_away_is_told_and_the_place_is_kept(chrome, redis_server, event):
    with gateway("--store", redis_server.uri, *QUICK) as server, Client(server.port) as client:
        line_up(client, event)
        chrome.visit(address(server, event))
        wait_in_line(chrome, 3)
        redis_server.signal(signal.SIGSTOP)
        try:
            chrome.wait_for_text("#notice", "(?s)^The line stands still.*You keep your place")
            assert chrome.text("#position") == "3"
            assert chrome.text("#range") == "Not known yet"  # what was known is of no use now
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
        assert chrome.text("#position") == "3"
        look(chrome, "unreachable")
        second = Gateway("--store", redis_server.uri, *QUICK, listen=f"127.0.0.1:{first.port}")
        stack.callback(second.stop)
        chrome.run("dispatchEvent(new Event('online'));")
        chrome.wait(lambda: not chrome.text("#notice"), what="the gateway")
        assert chrome.text("#position") == "3"
        chrome.visit("about:blank")


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


def test_a_turn_that_passed_while_nobody_was_there_is_told_and_one_may_join_again(chrome, event):
    with gateway(*QUICK, "--claim-ttl-ms", "1000") as server, Client(server.port) as client:
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


def test_a_place_that_the_room_does_not_know_any_more_is_told(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    client.admin("reset", event_id=event)
    chrome.wait_for_text("h1", "^This place is not known any more$")
    look(chrome, "gone")


def test_the_time_inside_ends(chrome, event):
    with gateway(*QUICK, "--session-ttl-ms", "1000") as server:
        chrome.visit(address(server, event))
        chrome.wait_for_text("h1", "^You are in$")
        chrome.wait_for_text("h1", "^Your time inside is over$")
        look(chrome, "over")
        chrome.visit("about:blank")


def test_a_door_that_is_busy_is_tried_again_at_the_instant_that_it_names(chrome, event):
    with gateway(*QUICK, "--rate-per-s", "0.5") as server, Client(server.port) as client:
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


# --- leaving


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


def test_closing_the_page_does_not_leave(chrome, server, client, event):
    line_up(client, event)
    chrome.visit("about:blank")
    chrome.open_tab(address(server, event))
    wait_in_line(chrome)
    token = place_of(chrome, event)["token"]
    chrome.close_tab()
    time.sleep(0.3)
    assert client.status(token).json["state"] == "waiting"


# --- languages


def test_the_language_is_that_of_the_address_or_of_the_browser(chrome, server):
    for accepted, parameter, language in (("ko-KR,en", {}, "ko"), ("de-DE,ko", {}, "ko"), ("de-DE", {}, "en"),
                                          ("en-US", {"lang": "ko"}, "ko"), ("ko-KR", {"lang": "en"}, "en"),
                                          ("en-US", {"lang": "__proto__"}, "en")):
        chrome.language(accepted)
        chrome.visit(address(server, "", **parameter))
        chrome.wait_for_text("h1", {"en": "^Which event", "ko": "^어떤 행사"}[language])
        assert chrome.run("return document.documentElement.lang;") == language


def test_the_language_is_changed_on_the_page_and_stays_after_a_reload(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    assert chrome.run("return document.querySelector('#languages button').lang;") == "ko"
    chrome.click("#languages button")
    assert chrome.text("h1") == "차례를 기다리고 있습니다" and chrome.text("#leave") == "대기 취소"
    chrome.run("location.reload();")
    chrome.wait_for_text("h1", "^차례를 기다리고 있습니다$")
    assert place_of(chrome, event)["position"] == 3


def test_both_languages_say_all_that_there_is_to_say(chrome, server):
    chrome.visit(address(server, ""))
    chrome.wait_for_text("h1", "^Which event?")
    shapes = chrome.run("""
        const shape = value => typeof value === 'object' ?
            Object.entries(value).filter(([key]) => key !== 'one').map(([key, inner]) => [key, shape(inner)]) :
            [...value.matchAll(/\\{(\\w+)\\}/g)].map(match => match[1].replace(/^a$/, 'low')).sort();
        return Object.values(WORDS).map(shape);""")
    assert len(shapes) == 2 and shapes[0] == shapes[1]
    look(chrome, "none")


# --- for everybody


def test_the_keyboard_is_enough(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    focus = "return document.activeElement.id || document.activeElement.parentElement.id;"
    chrome.press(KEYS.TAB)
    assert chrome.run(focus) == "languages"
    outline = "const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)];"
    assert chrome.run(outline) == ["solid", 3]
    chrome.press(KEYS.ENTER)
    assert chrome.text("h1") == "차례를 기다리고 있습니다" and chrome.run(focus) == "languages"
    chrome.press(KEYS.ENTER)
    chrome.press(KEYS.TAB)
    assert chrome.run(focus) == "leave"
    chrome.screenshot("waiting-focus")
    chrome.press(KEYS.ENTER)
    assert chrome.run(focus) == "stay"
    chrome.press(KEYS.ESCAPE)
    assert chrome.run(focus) == "leave" and chrome.text("#ask") == ""
    chrome.press(KEYS.ENTER)
    chrome.press(KEYS.TAB)
    assert chrome.run(focus) == "really"
    chrome.press(KEYS.ENTER)
    chrome.wait_for_text("h1", "^You have left the line$")
    assert chrome.run(focus) == "head"


def test_a_screen_reader_finds_names_and_roles(chrome, server, client, event):
    line_up(client, event)
    chrome.visit(address(server, event))
    chrome.wait_for_text("#range", r"\w\w")
    found = chrome.accessible()
    assert ("heading", "You are in line") in found
    assert ("progressbar", "How far you have come") in found
    assert {("button", "한국어"), ("button", "Leave the line")} <= set(found)
    assert {"main", "status", "term", "definition"} <= {role for role, _ in found}
    assert all(name for role, name in found if role in ("button", "link", "progressbar", "heading", "dialog"))
    chrome.click("#leave")
    assert ("dialog", "Leave the line?") in chrome.accessible()


def test_a_screen_reader_is_told_what_happens_and_not_each_step(chrome, server, client, event):
    line_up(client, event, 20)
    chrome.visit(address(server, event))
    wait_in_line(chrome)
    chrome.run("""window.told = [];
        new MutationObserver(() => told.push(said.textContent)).observe(said, {childList: true, characterData: true, subtree: true});""")
    told = lambda: chrome.run("return told;")  # noqa: E731
    chrome.wait(told, what="a first word")
    assert len(told()) == 1 and re.match(r"You are in line\. +You are number 20\. Still to wait: ", told()[0])
    client.admin("rate", event_id=event, rate_per_s=6)
    wait_in_line(chrome, r"1[0-7]")
    assert len(told()) == 1
    chrome.run("const now = Date.now; Date.now = () => now() + 31000;")
    chrome.wait(lambda: len(told()) == 2, what="a second word")
    assert re.match(r"You are number \d+\. Still to wait: ", told()[1])
    client.admin("pause", event_id=event)
    chrome.wait(lambda: len(told()) == 3, what="word of the pause")
    assert told()[2].startswith("Paused. Nobody is let in")
    client.admin("resume", event_id=event)
    client.admin("rate", event_id=event, rate_per_s=100)
    chrome.wait(lambda: told()[-1].startswith("You are in."), what="word of the entry")
    assert len(told()) <= 6


def test_the_bar_stands_still_for_who_wants_no_motion(chrome, server, client, event):
    line_up(client, event)
    for reduced, expected in ((False, {"0s", "1s"}), (True, {"0s"})):
        chrome.media(reduced_motion=reduced)
        chrome.visit(address(server, event))
        wait_in_line(chrome)
        assert chrome.motion() == expected


def test_twice_as_large_letters_still_fit_on_a_phone(chrome, server, client, event):
    line_up(client, event)
    chrome.viewport(320, 640, mobile=True)
    chrome.visit(address(server, event))
    chrome.wait_for_text("#range", r"\w\w")
    chrome.run("document.documentElement.style.fontSize = '200%';")
    assert chrome.overflow() <= 0
    chrome.screenshot("waiting-large")
    assert "user-scalable" not in chrome.run("return document.querySelector('meta[name=viewport]').content;")


# --- what others may try


def test_nobody_is_sent_to_another_place_by_an_address(chrome, server, event):
    for number, path in enumerate(("//evil.example/", "/\\evil.example/", "https://evil.example/", "javascript:alert(1)",
                                   "/\t/evil.example/", "\\\\evil.example", "data:text/html,x", "evil.example", "/\n/[")):
        chrome.visit(address(server, f"{event}-{number}", **{"return": path}))
        chrome.wait_for_text("#countdown", r"^00:\d\d$")
        assert chrome.run("return location.origin;") == f"http://127.0.0.1:{server.port}"
    assert not any("evil" in urllib.parse.urlsplit(url).netloc for _, url in chrome.requests())


def test_who_is_let_in_goes_where_the_address_says_with_the_pass(chrome, server, client, event):
    chrome.visit(address(server, event, **{"return": "/healthz?a=b#c"}))
    chrome.wait(lambda: "/healthz?a=b" in chrome.run("return location.href;"), what="the way in")
    pass_ = place_of(chrome, event)["pass"]
    cookies = {cookie["name"]: cookie for cookie in chrome.driver.get_cookies()}
    assert cookies[f"waitq_{event}"]["value"] == pass_
    assert cookies[f"waitq_{event}"]["sameSite"] == "Lax"


def test_the_name_of_an_event_is_never_more_than_text(chrome, server):
    chrome.viewport(320, 640, mobile=True)
    for name in ("<img src=x onerror=alert(1)>", "</h1><script>document.title='x'</script>", "'\"&amp;\u202e", "__proto__",
                 "x" * 300):
        chrome.visit(address(server, name))
        chrome.wait_for_text("h1", "^(There is no such event|You are in|You are in line)$")
        assert chrome.run("return document.querySelector('#event').textContent;") == name[:64]
        assert chrome.run("return document.querySelectorAll('img, h1 script, #event *').length;") == 0
        assert chrome.overflow() <= 0
    chrome.screenshot("waiting-long-name")


def test_only_the_scripts_of_the_page_run(chrome, server, client, event):
    policy = client.ask("GET", "/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/]{43}='", policy)) == 3  # two scripts and a style
    chrome.visit(address(server, event))
    chrome.wait_for_text("h1", "^You are in$")
    assert chrome.complaints() == []
    chrome.run("""const script = document.createElement('script');
        script.textContent = 'document.title = "injected"';
        document.body.append(script);""")
    assert "injected" not in chrome.run("return document.title;")
    assert any("Content Security Policy" in complaint for complaint in chrome.complaints())


# --- whoever changes it


def test_pages_of_ones_own_are_plain_files(chrome, tmp_path, event):
    folder = tmp_path / "pages"
    shutil.copytree(PAGES, folder)
    words = folder / "words.js"
    words.write_text(words.read_text().replace("You are in line", "Bitte warten").replace("\n", "\r\n"))
    with gateway(*QUICK, "--pages", folder) as server, Client(server.port) as client:
        line_up(client, event)
        chrome.visit(address(server, event))
        chrome.wait_for_text("h1", "^Bitte warten$")
        assert len(chrome.requests()) <= 3
        chrome.visit("about:blank")


def test_a_page_may_name_where_to_go(chrome, tmp_path, event):
    folder = tmp_path / "pages"
    shutil.copytree(PAGES, folder)
    page = folder / "index.html"
    page.write_text(page.read_text().replace('data-target=""', 'data-target="/readyz"'))
    with gateway(*QUICK, "--pages", folder) as server:
        chrome.visit(address(server, event))
        chrome.wait(lambda: chrome.run("return location.pathname;") == "/readyz", what="the way in")


def test_a_page_of_another_origin_gets_the_pass_in_its_address(chrome, server, tmp_path, event):
    folder = tmp_path / "pages"
    shutil.copytree(PAGES, folder)
    page = folder / "index.html"
    page.write_text(page.read_text().replace('data-target=""', f'data-target="http://127.0.0.1:{server.port}/healthz?a=b"'))
    with gateway(*QUICK, "--pages", folder) as other:
        chrome.visit(address(other, event))
        chrome.wait(lambda: chrome.run("return location.pathname;") == "/healthz", what="the way in")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(chrome.run("return location.href;")).query)
        assert query["a"] == ["b"] and query["reservation_token"][0].count(".") == 2
        chrome.visit(f"http://127.0.0.1:{other.port}/readyz")
        assert place_of(chrome, event)["pass"] == query["reservation_token"][0]


def test_a_file_that_would_end_its_page_is_refused(tmp_path):
    (tmp_path / "index.html").write_text('<!doctype html><title>a</title><script src="a.js"></script>')
    (tmp_path / "a.js").write_text("const a = '</script>';")
    with pytest.raises(AssertionError, match="a.js cannot stand in a page"):
        Gateway("--pages", tmp_path)
