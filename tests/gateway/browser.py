# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A browser without a window, for the pages of the gateway.

    @pytest.fixture(scope="module")
    def chrome():
        with browser() as one:
            yield one

    def test_a_page_says_hello(chrome):
        chrome.fresh()
        chrome.visit(f"http://127.0.0.1:{server.port}/admin")
        chrome.wait(lambda: chrome.text("h1") == "Hello")

One browser serves a module; fresh() makes it forget what a test did. What selenium has no call for is said by the DevTools
protocol, with cdp(). The browser ends with its driver, and the driver with the test, also when that is killed."""

import base64
import contextlib
import json
import os
import pathlib
import re
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from processes import Process

KEYS = Keys
WAIT_S = 20

# The pipe, and not a port: a browser whose driver is gone reads its end, and ends as well.
ARGUMENTS = ("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
             "--disable-dev-shm-usage", "--disable-extensions", "--mute-audio", "--hide-scrollbars", "--lang=en-US")

# Contrast as WCAG 2 has it, of each text that is there to be seen; 4.5 is asked for, 3 of large text.
LOW_CONTRAST = """
const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [n[0], n[1], n[2], 1]; };
const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
const luminance = c => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
  const v = c[i] / 255;
  return sum + weight * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
}, 0);
const behind = element => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
  const canvas = matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
  return layers.reduceRight((under, layer) => over(layer, under), canvas);
};
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let looked = 0;
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
  if (!text || ['SCRIPT', 'STYLE', 'TEMPLATE'].includes(element.tagName) || !element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
  looked++;
  const style = getComputedStyle(element), under = behind(element), ink = over(parse(style.color), under);
  const [a, b] = [luminance(ink), luminance(under)];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5)) found.push([text, Math.round(ratio * 100) / 100, style.color, under.join()]);
}
return {looked, found};
"""

# Buttons, fields and links outside of running text that are smaller than a finger.
SMALL_TARGETS = """
return [...document.querySelectorAll('button, select, input, summary, [role=button], a')].filter(e => {
  const box = e.getBoundingClientRect();
  return e.checkVisibility() && box.width > 0 && getComputedStyle(e).display !== 'inline' && (box.width < 43.9 || box.height < 43.9);
}).map(e => [e.tagName, e.id, e.textContent.trim(), e.getBoundingClientRect().width, e.getBoundingClientRect().height]);
"""

# Words that stand in the padding of what they are in, and those that are broken. Hangul may be, and so may the name of an event,
# which is one word of any length; behind ? and - a line may end.
CROWDED = """
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
while (walker.nextNode()) {
  const node = walker.currentNode, element = node.parentElement;
  if (['SCRIPT', 'STYLE', 'TEMPLATE', 'NOSCRIPT'].includes(element.tagName) || !element.checkVisibility() || element.role === 'status') continue;
  const box = element.closest('button, dialog, main, body'), edge = box.getBoundingClientRect(), style = getComputedStyle(box);
  const [left, right] = ['Left', 'Right'].map(side => parseFloat(style['padding' + side]) + parseFloat(style[`border${side}Width`]));
  for (const word of node.data.matchAll(/[^\\s?-]+/g)) {
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const parts = [...range.getClientRects()], isBroken = new Set(parts.map(part => Math.round(part.top))).size > 1;
    if (parts.some(part => part.left < edge.left + left - 1 || part.right > edge.right - right + 1)) found.push(['outside', word[0]]);
    if (isBroken && !/\\p{Script=Hangul}/u.test(word[0]) && element.id !== 'event') found.push(['broken', word[0]]);
  }
}
return found;
"""


class Browser:
    def __init__(self, driver):
        self.driver = driver
        self.first = driver.current_window_handle

    # --- the page

    def visit(self, url):
        self.driver.get(url)

    def run(self, script, *arguments):
        """What a function body of JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """The text of an element as it is to be seen; empty where it is hidden or not there."""
        return self.run("const e = document.querySelector(arguments[0]); return e && e.checkVisibility() ? e.innerText.trim() : '';",
                        selector)

    def click(self, selector):
        self.find(selector).click()

    def press(self, *keys):
        """Keys, to whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def wait(self, condition, seconds=WAIT_S, what=None):
        """Until condition() is true; its value."""
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            assert time.monotonic() < end, f"{what or 'it'} did not come; the page says: {self.text('body')!r}"
            time.sleep(0.05)

    def wait_for_text(self, selector, pattern, seconds=WAIT_S):
        """Until the text of an element fits a regular expression; the match."""
        return self.wait(lambda: re.search(pattern, self.text(selector)), seconds, f"{pattern!r} in {selector}")

    # --- tabs

    def open_tab(self, url):
        """Another tab of the same person, which is looked at from now on; its handle."""
        self.driver.switch_to.new_window("tab")
        self.visit(url)
        return self.driver.current_window_handle

    def show_tab(self, handle=None):
        self.driver.switch_to.window(handle or self.first)

    def close_tab(self):
        """Closes the tab that is looked at, and shows the first one."""
        self.driver.close()
        self.show_tab()

    # --- the world around it

    def cdp(self, command, **parameters):
        return self.driver.execute("executeCdpCommand", {"cmd": command, "params": parameters})["value"]

    def fresh(self):
        """As a new visitor: no other tab, nothing stored, an ordinary window, English, no records of requests or complaints."""
        for handle in self.driver.window_handles:
            if handle != self.first:
                self.show_tab(handle)
                self.driver.close()
        self.show_tab()
        origin = self.run("return location.origin;")
        if origin.startswith("http"):
            self.run("try { sessionStorage.clear(); } catch {}")
            self.visit("about:blank")
            self.cdp("Storage.clearDataForOrigin", origin=origin, storageTypes="local_storage,cookies")
        self.viewport(1280, 800)
        self.media()
        self.language("en-US", "UTC")
        self.offline(False)
        self.requests()
        self.complaints()

    def viewport(self, width, height, mobile=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if mobile else 1,
                 mobile=mobile)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=mobile)

    def media(self, scheme="light", reduced_motion=False):
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"}])

    def language(self, tag, zone="UTC"):
        """What the visitor's browser is set to; counts from the next page on."""
        agent = self.run("return navigator.userAgent;")
        self.cdp("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=tag)
        self.cdp("Emulation.setLocaleOverride", locale=tag.split(",")[0])
        self.cdp("Emulation.setTimezoneOverride", timezoneId=zone)

    def offline(self, is_offline):
        self.cdp("Network.enable")
        self.cdp("Network.emulateNetworkConditions", offline=is_offline, latency=0, downloadThroughput=-1,
                 uploadThroughput=-1)

    # --- what it did

    def requests(self):
        """The requests since the last call, of all tabs, as (method, URL)."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                request = message["params"]["request"]
                if not request["url"].startswith(("data:", "blob:", "about:")):
                    found.append((request["method"], request["url"]))
        return found

    def complaints(self):
        """What the console says since the last call: errors of scripts, violations of the content security policy. That a
        request was answered with an error, or not at all, is not among it: pages have to live with that."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and entry["source"] != "network"]

    def accessible(self):
        """What a screen reader is told: (role, name) of all nodes that are not ignored."""
        nodes = self.cdp("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes
                if not node.get("ignored") and "role" in node]

    def low_contrast(self):
        """Texts that are hard to read, as (text, ratio, colour, background)."""
        result = self.run(LOW_CONTRAST)
        assert result["looked"] > 0, "there is no text"
        return result["found"]

    def small_targets(self):
        return self.run(SMALL_TARGETS)

    def crowded(self):
        """Words that have not the room they need."""
        return self.run(CROWDED)

    def motion(self):
        """How long transitions and animations take, of all elements and the parts that they are made of."""
        self.cdp("DOM.enable")
        self.cdp("CSS.enable")
        found = set()
        for node in self.cdp("DOM.getFlattenedDocument", depth=-1, pierce=True)["nodes"]:
            if node["nodeType"] == 1:
                style = self.cdp("CSS.getComputedStyleForNode", nodeId=node["nodeId"])["computedStyle"]
                found |= {part["value"] for part in style if part["name"] in ("transition-duration", "animation-duration")}
        self.cdp("CSS.disable")
        self.cdp("DOM.disable")
        return found

    def overflow(self):
        """By how many pixels the page is wider than the window."""
        return self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth;")

    def screenshot(self, name):
        """A picture of the whole page, for somebody to look at, in the folder WAITQ_SCREENSHOTS."""
        folder = pathlib.Path(os.environ["WAITQ_SCREENSHOTS"])
        folder.mkdir(parents=True, exist_ok=True)
        picture = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        (folder / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))


class Driver(Process):
    def __init__(self):
        super().__init__(["chromedriver", "--port=0"])
        for line in self.child.stdout:
            found = re.search(rb"successfully on port (\d+)", line)
            if found:
                self.port = int(found.group(1))
                return
        self.wait()
        raise AssertionError(f"chromedriver did not start: {self.errors()!r}")


@contextlib.contextmanager
def browser():
    """A browser with an empty profile."""
    process = Driver()
    driver = None
    try:
        with tempfile.TemporaryDirectory(prefix="waitq-browser-", ignore_cleanup_errors=True) as profile:
            options = Options()
            options.binary_location = "/usr/bin/chromium"
            for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
                options.add_argument(argument)
            options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
            link = ChromiumRemoteConnection(f"http://127.0.0.1:{process.port}", "goog", "chrome", ignore_proxy=True)
            try:
                driver = webdriver.Remote(command_executor=link, options=options)
                driver.set_page_load_timeout(WAIT_S)
                driver.set_script_timeout(WAIT_S)
                yield Browser(driver)
            finally:
                if driver is not None:
                    driver.quit()
    finally:
        process.stop()
