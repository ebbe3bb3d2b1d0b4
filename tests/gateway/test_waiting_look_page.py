# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What the waiting page weighs, its languages, that it is there for everybody, and what others may make of it."""

import gzip
import pathlib
import re
import shutil
import urllib.parse

import pytest

from browser import KEYS
from client import Client
from processes import Gateway, gateway
from visitors import (QUICK, address, between, chrome, chrome_of_module, enlarge, event, line_up, look,  # noqa: F401
                      place_of, server, switch_language, wait_in_line)

PAGES = pathlib.Path(__file__).parents[2] / "examples" / "gateway" / "pages"
BYTES_MAX = 30000


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


def test_twice_as_large_letters_still_fit_on_a_phone_and_so_does_a_place_in_a_line_of_millions(chrome, server, client, event):
    line_up(client, event)
    with between(server, position=1234567, behind=2345678, eta_sec=9000, eta_low_sec=5400, eta_high_sec=9100) as (link, _):
        chrome.visit(address(link, event))
        wait_in_line(chrome, "1,234,567")
        assert chrome.overflow() <= 0 and chrome.crowded() == []
        for width in (1280, 390, 320):
            chrome.viewport(width, 640, mobile=width < 1000)
            assert chrome.overflow() <= 0 and chrome.crowded() == []
            for language in ("en", "ko"):
                with enlarge(chrome):
                    chrome.screenshot(f"waiting-large-{language}-{width}")
                    assert chrome.overflow() <= 0 and chrome.crowded() == []
                switch_language(chrome)
        assert "user-scalable" not in chrome.run("return document.querySelector('meta[name=viewport]').content;")
        chrome.visit("about:blank")


# --- what others may try


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
