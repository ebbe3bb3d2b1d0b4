# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The operator page, in a browser: signing in, and the figures."""

import re
import time

from browser import KEYS
from client import API, Client
from operators import OPTIONS, chrome, figure, page, quiet, server, sign_in, start, stats, without_complaints  # noqa: F401
from processes import ADMIN_TOKEN, gateway

MOST_BYTES = 40 * 1024  # as sent


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
