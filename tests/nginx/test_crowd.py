# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Crowds on both workers at once: the upstream never sees more than the room lets in."""

import asyncio
import re
import time

VISITORS = 120


async def request(port, method, path, cookies):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", "Accept: application/json"]
    if method == "POST":
        lines.append("Content-Length: 0")
    if cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = (await reader.read()).decode()
    writer.close()
    for name, value in re.findall(r"(?m)^Set-Cookie: ([^=]+)=([^;]*)", answer):
        cookies[name] = value
    return int(answer.split()[1])


async def come_until_let_in(port, cookies):
    while await request(port, "GET", "/", cookies) != 200:
        await asyncio.sleep(0.05)


def within(seconds, coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, seconds))


def test_entries_are_never_more_than_burst_and_rate_allow(site):
    rate, burst = 60, 10
    site.open(f"waitq_rate {rate}r/s; waitq_burst {burst};")

    async def crowd():
        await asyncio.gather(*(come_until_let_in(site.nginx.port, {}) for _ in range(VISITORS)))

    began = time.time()
    within(60, crowd())
    entries = site.upstream.entries()
    assert len(entries) == VISITORS
    for count, when in enumerate(entries, start=1):
        assert count <= burst + rate * (when - began) + 1, f"entry {count} after {when - began:.3f} s"


def test_sessions_are_never_more_than_max_active(site):
    most = 7
    site.open(f"waitq_rate 1000r/s; waitq_burst 1000; waitq_max_active {most};")
    inside, highest = 0, 0

    async def visit():
        nonlocal inside, highest
        cookies = {}
        await come_until_let_in(site.nginx.port, cookies)
        inside += 1
        highest = max(highest, inside)
        await asyncio.sleep(0.02)
        inside -= 1
        assert await request(site.nginx.port, "POST", "/waitq/exit", cookies) == 204

    async def crowd():
        await asyncio.gather(*(visit() for _ in range(VISITORS // 2)))

    within(60, crowd())
    assert highest <= most
    assert len(site.upstream.entries()) == VISITORS // 2
