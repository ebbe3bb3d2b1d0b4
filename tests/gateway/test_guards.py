# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What a hostile client cannot do."""

import json
import os
import random
import socket
import time

import pytest

from client import API, Client
from processes import ADMIN_TOKEN, Gateway, gateway

HOST = b"Host: waitq.test\r\n"


def talk(port, data, timeout=20, end=True):
    """Sends bytes, and gives what comes back until the other side closes, or nothing more comes."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout) as link:
        try:
            link.sendall(data)
            if end:
                link.shutdown(socket.SHUT_WR)
            while chunk := link.recv(65536):
                got += chunk
        except OSError:
            pass
    return got


def resident_kb(process):
    with open(f"/proc/{process.child.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@pytest.fixture(scope="module")
def guarded():
    with gateway("--request-timeout", "1.5", "--join-rate", "0", "--threads", "1", "--max-body", "1000") as process:
        yield process


def serves(port):
    with Client(port) as client:
        return client.ask("GET", "/healthz").status == 200


def test_a_body_that_is_too_long_is_refused_before_it_is_read(guarded):
    head = b"POST /api/v1/queue/join HTTP/1.1\r\n" + HOST
    reply = talk(guarded.port, head + b"Content-Length: 1001\r\n\r\n", end=False)
    assert reply.startswith(b"HTTP/1.1 413 ")
    reply = talk(guarded.port, head + b"Content-Length: 99999999999999999999999\r\n\r\n", end=False)
    assert reply.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))
    reply = talk(guarded.port, head + b"Transfer-Encoding: chunked\r\n\r\n" + 20 * (b"64\r\n" + 100 * b"a" + b"\r\n"), end=False)
    assert reply.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("request_bytes", [
    b"GET /" + 20000 * b"a" + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X-Long: " + 20000 * b"a" + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + 200 * b"X-Many: a\r\n" + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X-Endless: " + 400000 * b"a"], ids=["path", "header", "headers", "endless"])
def test_a_head_that_is_too_long_is_not_answered_with_what_it_asks_for(guarded, request_bytes):
    reply = talk(guarded.port, request_bytes)
    assert reply == b"" or reply.startswith(b"HTTP/1.1 400 ")
    assert serves(guarded.port)


@pytest.mark.parametrize("request_bytes", [
    b"\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n", b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    b"POST /healthz HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
    b"POST /healthz HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /healthz HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"POST /healthz HTTP/1.1\r\n" + HOST + b"Expect: something\r\nContent-Length: 1\r\n\r\n"])
def test_what_is_no_request_gets_an_error_and_the_end_of_the_connection(guarded, request_bytes):
    reply = talk(guarded.port, request_bytes)
    assert reply == b"" or reply.startswith(b"HTTP/1.1 4"), reply
    assert serves(guarded.port)


def test_http_2_is_not_spoken(guarded):
    reply = talk(guarded.port, b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                               b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200 ")


def test_noise_does_not_bring_it_down(guarded):
    seed = int(os.environ.get("WAITQ_SEED", time.time()))
    print("seed", seed)
    source = random.Random(seed)
    good = (b"POST /api/v1/queue/join HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\n" + b'{"event_id":"abc"}')
    for _ in range(300):
        noise = bytearray(good)
        for _ in range(source.randint(1, 12)):
            at = source.randrange(len(noise))
            noise[at:at + source.randint(0, 3)] = source.randbytes(source.randint(0, 4))
        talk(guarded.port, bytes(noise), timeout=5)
    assert serves(guarded.port)


def test_requests_that_never_end_are_dropped_and_others_are_served_meanwhile(guarded):
    slow = []
    try:
        for _ in range(200):
            link = socket.create_connection(("127.0.0.1", guarded.port), 20)
            link.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST)
            slow.append(link)
        began = time.monotonic()
        gone = 0
        while slow and time.monotonic() - began < 15:
            assert serves(guarded.port)
            for link in list(slow):
                link.setblocking(False)
                try:
                    link.sendall(b"X: y\r\n")  # a little now and then does not help
                    if link.recv(100) == b"":
                        raise ConnectionError
                except BlockingIOError:
                    pass
                except ConnectionError:
                    link.close()
                    slow.remove(link)
                    gone += 1
            time.sleep(0.1)
        assert gone == 200
    finally:
        for link in slow:
            link.close()


def test_a_body_that_never_ends_is_dropped(guarded):
    began = time.monotonic()
    talk(guarded.port, b"POST /api/v1/queue/join HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\n{", end=False)
    assert time.monotonic() - began < 15


def test_who_asks_and_does_not_read_takes_no_memory(guarded):
    request = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    serves(guarded.port)
    before = resident_kb(guarded)
    links = []
    try:
        for _ in range(50):
            link = socket.create_connection(("127.0.0.1", guarded.port), 20)
            link.setblocking(False)
            links.append(link)
        for _ in range(20):
            for link in links:
                try:
                    link.send(request * 2000)
                except (BlockingIOError, ConnectionError):
                    pass
            time.sleep(0.02)
        assert serves(guarded.port)
        assert resident_kb(guarded) - before < 20000
    finally:
        for link in links:
            link.close()


def test_heads_that_grow_take_no_memory(guarded):
    before = resident_kb(guarded)
    links = [socket.create_connection(("127.0.0.1", guarded.port), 20) for _ in range(100)]
    try:
        for link in links:
            try:
                link.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"X: " + 300000 * b"a")
            except ConnectionError:
                pass
        assert serves(guarded.port)
        assert resident_kb(guarded) - before < 20000
    finally:
        for link in links:
            link.close()


def test_an_address_may_join_so_often_and_no_more():
    with gateway("--join-rate", "0.5", "--join-burst", "5") as server, Client(server.port) as client:
        replies = [client.join() for _ in range(8)]
        assert [reply.status for reply in replies] == 5 * [202] + 3 * [429]
        assert replies[-1].code == "RATE_LIMITED" and int(replies[-1].headers["Retry-After"]) in (1, 2)
        assert client.status(replies[0].json["waiting_token"]).status == 200


def test_behind_a_proxy_the_address_is_that_which_it_saw():
    with gateway("--join-rate", "0.01", "--join-burst", "1", "--trusted-proxies", "1") as server, Client(server.port) as client:
        def join(forwarded):
            return client.join(**{"X-Forwarded-For": forwarded}).status
        assert join("10.0.0.1") == 202
        assert join("10.0.0.1") == 429
        assert join("10.0.0.2") == 202
        assert join("10.0.0.3, 10.0.0.2") == 429  # what the client itself says does not count
        assert join("2001:db8::1") == 202
        assert join("2001:db8::2") == 429  # the same network


def test_without_a_proxy_the_header_is_not_believed():
    with gateway("--join-rate", "0.01", "--join-burst", "1") as server, Client(server.port) as client:
        assert client.join(**{"X-Forwarded-For": "10.0.0.1"}).status == 202
        assert client.join(**{"X-Forwarded-For": "10.0.0.2"}).status == 429


def test_there_are_no_more_events_than_may_be():
    with gateway("--max-events", "3") as server, Client(server.port) as client:
        assert [client.join(f"event-{i}").status for i in range(5)] == [202, 202, 202, 503, 503]
        assert client.join("event-0").status == 202
        assert client.join("event-9").code == "QUEUE_ERROR"
        assert client.status("event-9." + "A" * 62).status == 503


def test_events_may_be_those_of_the_configuration_alone(tmp_path):
    config = tmp_path / "events.json"
    config.write_text(json.dumps({"events": {"concert": {"rate_per_s": 5, "burst": 1}}, "events_only": True}))
    with gateway("--config", config) as server, Client(server.port) as client:
        assert client.join("concert").status == 202
        assert client.status(client.token("concert")).json["ready_for_entry"] is False
        reply = client.join("other")
        assert (reply.status, reply.code) == (400, "INVALID_REQUEST")
        assert client.status("other." + "A" * 62).code == "TOKEN_NOT_FOUND"


def test_a_policy_is_taken_from_event_default_and_flags_in_this_order(tmp_path):
    config = tmp_path / "events.json"
    config.write_text(json.dumps({"default": {"burst": 3}, "events": {"concert": {"rate_per_s": 7}}}))
    with gateway("--config", config, "--rate-per-s", "2", "--max-waiting", "1") as server, Client(server.port) as client:
        for event, expected in (("concert", 7.0), ("other", 2.0)):
            assert [client.join(event).status for _ in range(5)] == [202, 202, 202, 202, 503]  # 3 turns, and 1 who waits
            assert client.join(event).code == "QUEUE_FULL"
            end = time.monotonic() + 10
            while True:
                stats = client.ask("GET", f"{API}/admin/stats?event_id={event}",
                                   headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}).json["events"]
                if stats or time.monotonic() > end:
                    break
                time.sleep(0.05)
            assert stats[0]["rate_per_s"] == expected


def test_there_are_no_more_connections_than_may_be():
    with gateway("--max-connections", "3", "--threads", "1") as server:
        links = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(3)]
        try:
            time.sleep(0.2)
            assert talk(server.port, b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n") == b""
            links.pop().close()
            end = time.monotonic() + 10
            while not talk(server.port, b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n").startswith(b"HTTP/1.1 200"):
                assert time.monotonic() < end
                time.sleep(0.05)
        finally:
            for link in links:
                link.close()


@pytest.mark.parametrize("options, said", [
    (["--rate-per-s", "-1"], "rate_per_s"), (["--burst", "many"], "burst"), (["--max-poll-ms", "200000"], "poll"),
    (["--threads", "0"], "--threads"), (["--nothing"], "--help"), (["something"], "something"),
    (["--config", "/nothing"], "/nothing"), (["--max-connections", "1000000"], "descriptors"),
    (["--store", "nothing:"], "nothing"), (["--listen", "nowhere"], "nowhere"), (["--keys", "/nothing"], "/nothing"),
    (["--pages", "/nothing"], "/nothing"), (["--admin-token-file", "/nothing"], "/nothing")])
def test_options_that_cannot_be_are_refused_with_a_reason(options, said):
    with pytest.raises(AssertionError, match="did not start") as failure:
        Gateway(*options)
    assert said in str(failure.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"events": []}', '{"events": {"a b": {}}}', '{"events": {"a": {"rate": 1}}}',
                                  '{"default": {"burst": 0}}', '{"default": {"on_store_loss": "pray"}}', '{"other": 1}'])
def test_a_configuration_that_cannot_be_is_refused(tmp_path, text):
    config = tmp_path / "events.json"
    config.write_text(text)
    with pytest.raises(AssertionError, match="did not start.*events.json"):
        Gateway("--config", config)
