# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Two gateways and a Redis are ended in turn under load. Visitors try again elsewhere, as a balancer in front would for them; what
they may notice is a moment, and what the backend may notice is nothing."""

import dataclasses
import http.client
import os
import random
import secrets
import signal
import threading
import time

from client import Client
from processes import backend, free_port, gateway, redis, Gateway

RATE, BURST = 60, 6
VISITORS_AT_ONCE = 60
POLICY = ("--rate-per-s", RATE, "--burst", BURST, "--min-poll-ms", "100", "--max-poll-ms", "1000", "--join-rate", "0",
          "--drain-timeout", "5", "--threads", "2")


@dataclasses.dataclass
class Visitor:
    source: random.Random
    port: int


class Crowd:
    """Visitors one after the other in each of many threads, until it is stopped."""

    def __init__(self, gateways, backend_port):
        self.ports = gateways
        self.backend_port = backend_port
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.served, self.problems, self.retries = [], [], 0
        self.seed = int(os.environ.get("WAITQ_SEED", time.time()))
        print("seed", self.seed)
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(VISITORS_AT_ONCE)]
        for thread in self.threads:
            thread.start()

    def problem(self, what):
        with self.lock:
            self.problems.append(what)

    def ask(self, visitor, call):
        """Asks the visitor's gateway, and goes to another when it does not answer or cannot at the moment."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                with Client(visitor.port, timeout=10) as client:
                    reply = call(client)
                if reply.status < 500:
                    return reply
            except (OSError, http.client.HTTPException):
                pass
            with self.lock:
                self.retries += 1
            visitor.port = visitor.source.choice(self.ports)
            time.sleep(0.05)
        self.problem("nobody answered for half a minute")
        raise TimeoutError

    def wait_for_turn(self, visitor, token):
        """Polls until it is told that it may enter; its position may not rise meanwhile, unless another gateway, which knows the
        line as it was a moment before or after, tells it."""
        last, told_by = None, visitor.port
        while True:
            reply = self.ask(visitor, lambda client: client.status(token))
            if reply.status != 200:
                self.problem(("status", reply.status, reply.bytes))
                return False
            status = reply.json
            if status["state"] not in ("waiting", "ready"):
                self.problem(("state", status))
                return False
            if status["ready_for_entry"]:
                return True
            allowed = 0 if visitor.port == told_by else 2 * RATE
            if last is not None and status["position"] > last + allowed and status["reason"] != "restored":
                self.problem(("position rose", last, status))
            last, told_by = status["position"], visitor.port
            time.sleep(status["next_poll_ms"] / 1000)

    def visit(self, visitor, user):
        joined = self.ask(visitor, lambda client: client.join("concert", user))
        if joined.status != 202:
            self.problem(("join", joined.status, joined.bytes))
            return
        token = joined.json["waiting_token"]
        while True:
            if not self.wait_for_turn(visitor, token):
                return
            reply = self.ask(visitor, lambda client: client.enter(token))
            if reply.status == 200:
                break
            if reply.status != 403:  # the other gateway may not know of the turn yet; it is the first to say so
                self.problem(("enter", reply.status, reply.bytes))
                return
            time.sleep(reply.json["error"].get("retry_after_ms", 100) / 1000)
        with Client(self.backend_port) as client:
            served = client.ask("GET", "/", headers={"Authorization": "Bearer " + reply.json["reservation_token"]})
        if served.status != 200:
            self.problem(("backend", served.status, served.bytes))
        with self.lock:
            self.served.append(user)

    def run(self, number):
        source = random.Random(f"{self.seed}-{number}")
        count = 0
        try:
            while not self.stopping.is_set():
                count += 1
                self.visit(Visitor(source, source.choice(self.ports)), f"user-{number}-{count}")
        except Exception as error:  # a thread that ends without a word would be a test that cannot fail
            self.problem(repr(error))

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def most_above_limit(times_us):
    """By how many requests the busiest interval was above rate x time."""
    lowest, worst = 0.0, 0.0
    begin = times_us[0]
    for count, at in enumerate(times_us):
        over = count - RATE * (at - begin) / 1e6
        lowest = min(lowest, over)
        worst = max(worst, over + 1 - lowest)
    return worst


def test_gateways_and_redis_end_in_turn_and_the_backend_does_not_notice(tmp_path):
    keys, log = tmp_path / "keys", tmp_path / "log"
    keys.write_text(f"today hs256 {secrets.token_hex(32)}\n")
    ports = [free_port(), free_port()]
    with redis() as store, backend(keys, "concert", rate=10000, burst=10000, log=log) as back:
        options = ("--store", store.uri, "--keys", keys, *POLICY)
        with gateway(*options, listen=f"127.0.0.1:{ports[0]}") as first, \
                gateway(*options, listen=f"127.0.0.1:{ports[1]}") as second:
            crowd = Crowd(ports, back.port)
            again = []
            try:
                time.sleep(2)
                first.kill()
                time.sleep(1.5)
                again.append(Gateway(*options, listen=f"127.0.0.1:{ports[0]}"))
                time.sleep(1.5)
                second.signal(signal.SIGTERM)
                assert second.wait() == 0
                time.sleep(1)
                again.append(Gateway(*options, listen=f"127.0.0.1:{ports[1]}"))
                time.sleep(1)
                store.restart()
                time.sleep(4)
            finally:
                crowd.stop()
                statuses = [process.stop() for process in again]
        assert crowd.problems == []
        assert statuses == [0, 0]
    lines = [line.split() for line in log.read_text().splitlines()]
    ids = [line[2] for line in lines if line[1] == "served"]
    print(len(ids), "served,", crowd.retries, "calls tried again")
    assert len(ids) == len(set(ids)) == len(crowd.served) > 3 * RATE
    # Requests may bunch between the entry and the backend: as many as there are visitors at once, and no more.
    assert most_above_limit([int(line[0]) for line in lines]) <= BURST + VISITORS_AT_ONCE


def test_a_token_of_one_gateway_is_known_to_another_that_has_never_heard_of_its_event():
    with redis() as store:
        options = ("--store", store.uri, "--rate-per-s", "0.01", "--burst", "1")
        with gateway(*options) as first, Client(first.port) as client:
            tokens = [client.token("concert") for _ in range(3)]
        with gateway(*options) as second, Client(second.port) as client:
            assert [client.status(token).json["position"] for token in tokens] == [0, 1, 2]
            assert client.enter(tokens[0]).status == 200
            assert client.leave(tokens[1]).json == {"status": "left"}
            assert client.status(tokens[2]).json["position"] == 1
            assert client.join("concert").json["position_hint"] == 2


def test_while_redis_is_away_polls_go_on_and_joins_are_asked_to_come_again():
    with redis() as store:
        with gateway("--store", store.uri, "--rate-per-s", "0.01", "--burst", "1") as server, Client(server.port) as client:
            tokens = [client.token("concert") for _ in range(3)]
            store.kill()
            end = time.monotonic() + 20
            while (reply := client.join("concert")).status != 500:
                assert time.monotonic() < end
            assert reply.code == "QUEUE_ERROR" and int(reply.headers["Retry-After"]) >= 1
            status = client.status(tokens[2])
            assert (status.status, status.json["position"]) == (200, 2)
            assert client.ask("GET", "/readyz").status == 200
            while client.status(tokens[2]).json["reason"] != "stalled":
                assert time.monotonic() < end
            while client.admin("health", method="GET").json["store"]["status"] != "unreachable":
                assert time.monotonic() < end
            assert b"waitq_room_store_errors_total{room=\"concert\"} 0\n" not in client.ask("GET", "/metrics").bytes
            store.restart()
            while client.join("concert").status != 202:
                assert time.monotonic() < end + 20
                time.sleep(0.1)
            assert client.status(tokens[2]).json["position"] == 2


def test_a_gateway_that_starts_without_redis_says_so_and_ends():
    try:
        Gateway("--store", f"redis://127.0.0.1:{free_port()}")
    except AssertionError as error:
        assert "did not start" in str(error)
    else:
        raise AssertionError("it started")
