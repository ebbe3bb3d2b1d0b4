# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The operator page, in a browser."""

import json
import re
import signal
import time

import pytest

from browser import KEYS, browser
from client import API, Client
from processes import ADMIN_TOKEN, free_port, gateway, redis

OPTIONS = ("--rate-per-s", "20", "--burst", "5", "--join-rate", "0", "--threads", "1")
MOST_BYTES = 40 * 1024  # as sent


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


@pytest.fixture
def client(server):
    with Client(server.port) as one:
        yield one


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


# --- signing in

def test_the_page_is_one_request_and_light(chrome, server, client):
    chrome.visit(page(server))
    assert chrome.requests() == [("GET", page(server))]
    reply = client.ask("GET", "/admin", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["Content-Encoding"] == "gzip" and len(reply.bytes) <= MOST_BYTES
    chrome.screenshot("operator-sign-in")


def test_a_wrong_token_is_refused_and_not_kept(chrome, server):
    sign_in(chrome, server, token="not-the-token-at-all")
    chrome.wait_for_text("#refusal", "refuses this token")
    assert chrome.text("#desk") == "" and chrome.run("return sessionStorage.length;") == 0
    chrome.find("#token").clear()
    chrome.find("#token").send_keys("토큰", KEYS.ENTER)
    chrome.wait_for_text("#refusal", "characters")


def test_a_gateway_without_a_token_says_so(chrome):
    with gateway(*OPTIONS, admin=False) as closed:
        sign_in(chrome, closed)
        chrome.wait_for_text("#refusal", r"started without an admin token \(FORBIDDEN, trace \w+\)")


def test_the_token_is_in_the_session_alone(chrome, server, quiet):
    sign_in(chrome, server, quiet)
    chrome.wait(lambda: any("/admin/stats" in url for _, url in chrome.requests()))
    kept = chrome.run("return [Object.values(sessionStorage), {...localStorage}, document.cookie, location.href];")
    assert kept == [[ADMIN_TOKEN], {}, "", page(server, f"?event={quiet}")]
    chrome.wait(lambda: figure(chrome, "waiting") is not None)
    assert not any(ADMIN_TOKEN in url for _, url in chrome.requests())
    chrome.visit(page(server))
    chrome.wait(lambda: chrome.text("#desk"), what="the desk, after a reload")
    chrome.open_tab(page(server))
    assert chrome.text("#sign-in")
    chrome.close_tab()
    chrome.click("#sign-out")
    assert chrome.text("#sign-in") and chrome.run("return sessionStorage.length;") == 0


def test_the_page_may_talk_to_nobody_else(chrome, server):
    chrome.visit(page(server))
    refused = chrome.driver.execute_async_script("""
        const done = arguments[arguments.length - 1], found = [];
        addEventListener('securitypolicyviolation', violation => {
          found.push(violation.effectiveDirective);
          if (found.length === 4) done(found.sort());
        });
        fetch('http://127.0.0.1:9/').catch(() => {});
        new Image().src = 'http://127.0.0.1:9/a.png';
        document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.foreign = 1'}));
        document.body.append(Object.assign(document.createElement('style'), {textContent: 'body { color: red }'}));""")
    assert refused == ["connect-src", "img-src", "script-src-elem", "style-src-elem"]
    assert chrome.run("return window.foreign === undefined;")
    assert len(chrome.complaints()) >= 4


# --- figures

def test_charts_and_figures_move_when_visitors_join(chrome, server, client, event):
    start(client, event)
    sign_in(chrome, server, event)
    ink = """const canvas = document.getElementById(arguments[0]), pen = canvas.getContext('2d');
             const hex = getComputedStyle(canvas).getPropertyValue('--line-0').trim(), wanted = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
             const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
             let count = 0;
             for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255 && wanted.every((c, j) => data[i + j] === c)) count++;
             return count;"""
    chrome.wait(lambda: figure(chrome, "arrivals") is not None)
    for _ in range(3):
        for _ in range(20):
            client.join(event)
        time.sleep(0.5)
    chrome.wait(lambda: figure(chrome, "arrivals", 4) >= 10 and figure(chrome, "turns", 4) >= 1, what="arrivals and turns")
    chrome.wait(lambda: figure(chrome, "waiting", 4) >= 20, what="visitors who wait")
    for chart in ("arrivals", "flow", "line", "inside", "age"):
        assert chrome.run(ink, f"chart-{chart}") > 20, chart
    label = chrome.run("return document.getElementById('chart-flow').getAttribute('aria-label');")
    assert re.fullmatch(r"Turns and entries, a second, last 10 minutes. turns [\d.–]+, entries [\d.–]+, rate in force 20", label)
    chrome.wait_for_text("#totals", r"Joined\s+62\b")
    assert stats(client, event)["issued"] == 62


def test_the_slider_tells_of_what_was(chrome, server, quiet):
    sign_in(chrome, server, quiet)
    chrome.wait(lambda: chrome.run("return events.get(arguments[0]).history.samples.length;", quiet) >= 3)
    slider = chrome.find("#back")
    chrome.run("document.getElementById('back').focus();")
    slider.send_keys(KEYS.ARROW_LEFT)
    assert chrome.text("#back-at").endswith("1 sec ago")
    assert slider.get_attribute("aria-valuetext") == chrome.text("#back-at") == chrome.text("#at-column")
    slider.send_keys(KEYS.HOME)  # before there was anything
    assert figure(chrome, "waiting") is None
    slider.send_keys(KEYS.END)
    assert chrome.text("#back-at") == "now" and figure(chrome, "waiting") is not None


def test_a_rate_is_the_difference_of_counters_where_that_can_be_said(chrome, server):
    """What the page makes of what the gateway tells, with time of the test's own."""
    chrome.visit(page(server))
    rows = chrome.run("""
        const history = new History(), rows = [];
        const tell = (x, more, gateway = 'a') => {
          const event = {phase: 'open', epoch: 1, now_ms: x, age_ms: 0, issued: 0, entered: 0, turns: 0, rate_per_s: 1, waiting: 0,
                         ready: 0, active: 0, eta: {scored: 0}, ...more};
          const isNew = history.add(event, {now_ms: x, gateway}), last = history.samples.at(-1);
          rows.push([isNew, last.arrivals, last.entries, last.turns, last.waiting]);
        };
        tell(1000, {issued: 10, turns: 4});                                   /* the first: nothing to compare with */
        tell(3000, {issued: 50, entered: 6, turns: 8});                       /* two seconds */
        tell(3500, {issued: 50, now_ms: 3000});                               /* nothing new */
        tell(4000, {issued: 60, entered: 6, turns: 1000}, 'b');               /* turns are each gateway's own count */
        tell(5000, {issued: 60, entered: 6, turns: 1003}, 'b');
        tell(6000, {issued: 60, entered: 6, turns: 14});                      /* the first gateway again, three seconds later */
        tell(7000, {issued: 2, epoch: 2, turns: 14});                         /* a reset */
        tell(8000, {issued: 5, epoch: 2, turns: 13});                         /* a counter that falls */
        tell(60000, {issued: 900, epoch: 2, turns: 90});                      /* the tab slept */
        tell(61000, {issued: 910, epoch: 2, turns: 95, phase: 'paused'});
        tell(65000, {issued: 910, epoch: 2, now_ms: 61000, age_ms: 4000, turns: 95}); /* the store is silent */
        tell(66000, {issued: 990, epoch: 2, turns: 99});                      /* and back */
        tell(67000, {issued: 991, epoch: 2, turns: 99});
        return [rows, history.marks.map(mark => mark.word), history.values('arrivals', 70000, 10000)];""")
    assert rows[0] == [
        [True, None, None, None, 0], [True, 20, 3, 2, 0], [False, 20, 3, 2, 0], [True, 10, 0, None, 0], [True, 0, 0, 3, 0],
        [True, 0, 0, 2, 0], [True, None, None, 0, 0], [True, 3, 0, None, 0], [True, None, None, None, 0], [True, 10, 0, 5, 0],
        [True, None, None, None, None], [True, None, None, None, 0], [True, 1, 0, 0, 0]]
    assert rows[1] == ["mark_reset", "paused", "open"] and rows[2] == [10, 1]


def test_of_many_events_one_is_asked_for_and_found_by_its_name(chrome):
    with gateway(*OPTIONS) as busy, Client(busy.port) as client:
        for i in range(52):
            client.token(f"event-{i:02}")
        start(client, "event-07")
        chrome.wait(lambda: len(client.admin("stats", method="GET").json["events"]) == 52)
        sign_in(chrome, busy, "event-07")
        chrome.wait(lambda: any(url.endswith("stats?event_id=event-07") for _, url in chrome.requests()))
        chrome.find("#filter").send_keys("-31")
        assert [line.split()[0] for line in chrome.text("#events tbody").splitlines()] == ["event-31"]


def test_what_backends_report_is_shown(chrome):
    with gateway(*OPTIONS, "--adapt-max-rate-per-s", 100) as adapted, Client(adapted.port) as client:
        start(client, "concert")
        sign_in(chrome, adapted, "concert")
        chrome.wait_for_text("#health", r"(?s)Backend\s+not heard yet.*Highest rate\s+100")
        reply = client.ask("POST", f"{API}/admin/health-report", {"event_id": "concert", "source": "a", "served": 1, "p95_ms": 3},
                           {"Authorization": f"Bearer {ADMIN_TOKEN}"})
        assert reply.status == 200
        chrome.wait_for_text("#health", r"(?s)Backend\s+takes requests.*Backends heard\s+1")


# --- orders

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


# --- when something is amiss

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
        chrome.wait(lambda: not chrome.text("#alarm"), what="the gateway, back")
        chrome.wait_for_text("#link", "^Live")
    with gateway(*OPTIONS, "--admin-token-file", other, listen=f"127.0.0.1:{port}"):
        chrome.wait_for_text("#refusal", "refuses this token")
        assert chrome.text("#desk") == "" and ADMIN_TOKEN not in chrome.run("return Object.values(sessionStorage).join();")


# --- for everybody

def test_each_text_is_there_in_both_languages(chrome, server):
    chrome.visit(page(server))
    english, korean = chrome.run("""
        return ['en', 'ko'].map(tag => Object.fromEntries(Object.entries(WORDS[tag]).map(
          ([key, text]) => [key, [text.length > 0, (text.match(/{\\w+}/g) || []).sort()]])));""")
    assert english == korean
    used = set(chrome.run("return [...document.querySelectorAll('[data-t], [data-t-label]')].map(e => e.dataset.t || e.dataset.tLabel);"))
    assert used <= set(english)


def test_korean_by_the_address_the_browser_or_the_button(chrome, server, quiet):
    sign_in(chrome, server, quiet, query=f"?lang=ko&event={quiet}")
    assert chrome.run("return [document.documentElement.lang, document.title];") == ["ko", "대기실 운영"]
    chrome.wait_for_text("#event-phase", "진행 중")
    chrome.wait_for_text("#event-says", "초당 20명에게 차례가 돌아갑니다")
    chrome.screenshot("operator-desk-ko")
    chrome.click("#language")
    assert chrome.run("return document.documentElement.lang;") == "en" and chrome.text("h1") == "Waiting rooms"
    chrome.language("ko-KR")
    chrome.visit(page(server))
    assert chrome.text("h1") == "대기실 운영"
    chrome.visit(page(server, "?lang=en"))
    assert chrome.text("h1") == "Waiting rooms"


def test_all_texts_can_be_read(chrome, server, client, event):
    start(client, event, 20)
    client.admin("pause", event_id=event)
    sign_in(chrome, server, event)
    chrome.wait_for_text("#event-phase", "Paused")
    chrome.click("#resume")
    chrome.wait_for_text("#log", "done")
    chrome.wait(lambda: figure(chrome, "arrivals") is not None)
    for scheme in ("light", "dark"):
        chrome.media(scheme)
        assert chrome.low_contrast() == []
        chrome.screenshot(f"operator-desk-{scheme}")
        chrome.click("#reset")
        assert chrome.low_contrast() == []
        chrome.press(KEYS.ESCAPE)
        chrome.wait(lambda: not chrome.text("#ask"))
    chrome.click("#sign-out")
    assert chrome.low_contrast() == []
    chrome.screenshot("operator-sign-in-dark")
    chrome.media("light")
    assert chrome.low_contrast() == []


def test_all_that_can_be_used_has_a_name(chrome, server, quiet):
    sign_in(chrome, server, quiet)
    chrome.wait(lambda: figure(chrome, "waiting") is not None)
    nodes = chrome.accessible()
    usable = [node for node in nodes if node[0] in ("button", "textbox", "combobox", "slider", "spinbutton", "image", "img", "table", "searchbox")]
    assert len(usable) >= 20 and [role for role, name in usable if not name] == []
    assert ("heading", quiet) in nodes and ("log", "") in nodes


def test_a_screen_reader_is_not_told_each_second(chrome, server, client, event):
    start(client, event)
    sign_in(chrome, server, event)
    chrome.run("""
        window.heard = 0; window.seen = 0;
        new MutationObserver(() => seen++).observe(document.getElementById('figures'), {subtree: true, childList: true, characterData: true});
        for (const region of document.querySelectorAll('[role=status], [role=alert], [role=log], [aria-live], output:not([for])')) {
          new MutationObserver(() => heard++).observe(region, {subtree: true, childList: true, characterData: true, attributes: true});
        }""")
    client.token(event)
    chrome.wait(lambda: chrome.run("return window.seen;") >= 2)
    assert chrome.run("return window.heard;") == 0
    client.admin("pause", event_id=event)
    chrome.wait_for_text("#event-phase", "Paused")
    assert chrome.run("return document.getElementById('said').textContent;") == f"{event}: Paused"


def test_the_keyboard_is_enough(chrome, server, client, event):
    start(client, event)
    chrome.visit(page(server))
    focus = "return document.activeElement.id || document.activeElement.textContent;"

    def tab_to(name):
        for _ in range(40):
            chrome.press(KEYS.TAB)
            if chrome.run(focus) == name:
                return chrome.run("return document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle;")
        raise AssertionError(f"{name} is not reached")

    assert tab_to("token") == "solid"
    chrome.press(ADMIN_TOKEN, KEYS.ENTER)
    chrome.wait(lambda: chrome.run(focus) == "events-title")
    chrome.wait_for_text("#events", event)
    assert tab_to(event) == "solid"
    chrome.press(KEYS.ENTER)
    chrome.wait_for_text("#event-name", f"^{event}$")
    assert tab_to("pause") == "solid"
    chrome.press(KEYS.ENTER)
    wait_for_stats(chrome, client, event, lambda told: told["phase"] == "paused")
    tab_to("reset")
    chrome.press(KEYS.ENTER)
    chrome.wait(lambda: chrome.run(focus) == "ask-name")
    chrome.press(KEYS.ESCAPE)
    chrome.wait(lambda: chrome.run(focus) == "reset")


def test_a_phone_shows_all_of_it(chrome, server, client):
    event = "a-name-as-long-as-a-name-may-be-" * 2
    start(client, event, 40)
    chrome.media("dark", reduced_motion=True)
    chrome.viewport(320, 640, mobile=True)
    sign_in(chrome, server, event)
    chrome.wait(lambda: figure(chrome, "arrivals") is not None)
    for width in (320, 390):
        chrome.viewport(width, 740, mobile=True)
        chrome.wait(lambda: chrome.run("return innerWidth;") == width)
        assert chrome.overflow() <= 0 and chrome.small_targets() == []
    assert chrome.run("return document.getAnimations().length;") == 0
    chrome.screenshot("operator-phone-dark")
    chrome.click("#language")
    chrome.wait_for_text("#event-phase", "진행 중")
    assert chrome.overflow() <= 0 and chrome.small_targets() == []
    chrome.screenshot("operator-phone-ko")


def test_a_name_in_the_address_is_only_a_name(chrome, server):
    sign_in(chrome, server, query="?event=%3Cimg%20src%3Dx%20onerror%3Dwindow.foreign%3D1%3E&lang=%3Cb%3E")
    chrome.wait(lambda: chrome.text("#desk"))
    assert chrome.run("return window.foreign === undefined && document.querySelector('img') === null;")
    assert chrome.run("return document.documentElement.lang;") == "en"
