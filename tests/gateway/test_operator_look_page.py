# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The operator page for everybody: its languages, contrast, the keyboard, a screen reader, a phone."""

from browser import KEYS
from operators import chrome, figure, page, quiet, server, sign_in, start, wait_for_stats, without_complaints  # noqa: F401
from processes import ADMIN_TOKEN


# --- languages


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


# --- for everybody


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
