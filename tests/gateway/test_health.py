# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Rates that follow what backends report."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import time

import pytest

from client import API, Client
from processes import ADMIN_TOKEN, Gateway, backend, gateway, redis
from test_admin import stats_of, wait_for
from test_metrics import metrics, values
from together import Together

REPORT_TOKEN = "token-of-backends-in-tests"
ADAPT = ("--rate-per-s", "100", "--burst", "20", "--join-rate", "0", "--adapt-max-rate-per-s", "200",
         "--adapt-min-rate-per-s", "10", "--adapt-interval-ms", "1000", "--adapt-silent-ms", "1500")
together = Together()


def secrets_in(folder):
    """Files with a key and with the token of reports"""
    (folder / "keys").write_text(f"today hs256 {secrets.token_hex(32)}\n")
    (folder / "token").write_text(REPORT_TOKEN + "\n")
    return folder / "keys", folder / "token"


def report(client, event, token=ADMIN_TOKEN, **fields):
    return client.ask("POST", f"{API}/admin/health-report", {"event_id": event, "source": "a", "served": 0, **fields},
                      {"Authorization": f"Bearer {token}"})


class Reporter:
    """A backend that says what a test wants; its counters grow by so many with each report."""

    def __init__(self, client, event):
        self.client, self.event = client, event
        self.counters = {"served": 0, "shed": 0, "failed": 0}

    def say(self, p95_ms=1, **more):
        for name, value in more.items():
            self.counters[name] += value
        reply = report(self.client, self.event, p95_ms=p95_ms, **self.counters)
        assert reply.status == 200, reply.bytes

    def until(self, condition, **more):
        end = time.monotonic() + 20
        while not condition(stats := stats_of(self.client, self.event)):
            assert time.monotonic() < end, stats
            self.say(**more)
            time.sleep(0.2)
        return stats


@together
def test_an_unwell_backend_gets_less_by_as_much_as_was_too_much(event):
    with gateway(*ADAPT) as server, Client(server.port) as client:
        backend_of = Reporter(client, event)
        backend_of.say()
        stats = backend_of.until(lambda stats: stats["rate_per_s"] < 100, served=60, shed=40)
        assert 50 <= stats["rate_per_s"] <= 60  # 100 x 0.9 x 0.6, but at least the half
        assert stats["health"]["state"] == "closed" and stats["health"]["sources"] == 1
        assert stats["health"]["bad_ratio"] == pytest.approx(0.4, abs=0.02)
        changes = [json.loads(line) for line in server.errors().splitlines() if "the rate follows" in line]
        assert changes[0]["event"] == event and changes[0]["because"] == "errors"


@together
def test_one_that_fails_gets_the_lowest_rate_and_silence_is_no_health(event):
    with gateway(*ADAPT) as server, Client(server.port) as client:
        backend_of = Reporter(client, event)
        backend_of.say()
        stats = backend_of.until(lambda stats: stats["rate_per_s"] == 10, failed=50)
        assert stats["health"]["tripped"] >= 1
        found = values(metrics(client))
        assert found[("waitq_gateway_adapt_sources", ("room", event))] == 1
        assert found[("waitq_gateway_adapt_trips_total", ("room", event))] >= 1
        wait_for(lambda: stats_of(client, event)["health"]["sources"] == 0)
        wait_for(lambda: stats_of(client, event)["health"]["state"] == "open")
        assert stats_of(client, event)["rate_per_s"] == 10


@together
def test_where_that_is_wanted_the_event_pauses_while_its_backend_is_silent(event):
    with gateway(*ADAPT, "--adapt-pause-ms", "3000") as server, Client(server.port) as client:
        backend_of = Reporter(client, event)
        backend_of.say()
        wait_for(lambda: stats_of(client, event)["phase"] == "paused")
        stats = stats_of(client, event)
        assert stats["rate_per_s"] == 10 and stats["goes_on_at_ms"] > stats["now_ms"]
        backend_of.until(lambda stats: stats["phase"] == "open" and stats["health"]["state"] == "probing", served=1)


def test_the_token_of_reports_is_good_for_reports_alone(event, tmp_path):
    _, token_file = secrets_in(tmp_path)
    with gateway(*ADAPT, "--report-token-file", token_file) as server, Client(server.port) as client:
        for token, status in ((REPORT_TOKEN, 200), (ADMIN_TOKEN, 200), ("wrong", 401), ("", 401)):
            assert report(client, event, token=token).status == status
        assert client.admin("rate", token=REPORT_TOKEN, event_id=event, rate_per_s=1).status == 401


@pytest.mark.parametrize("fields, message", [
    ({"source": ""}, "source has to be"), ({"source": "a b"}, "source has to be"), ({"source": 65 * "a"}, "source has to be"),
    ({"served": None}, "served has to be"), ({"served": -1}, "served has to be"), ({"served": 0.5}, "served has to be"),
    ({"served": 1e17}, "served has to be"), ({"served": "1"}, "served has to be"), ({"shed": -1}, "shed has to be"),
    ({"failed": 1e300}, "failed has to be"), ({"p95_ms": -1}, "p95_ms has to be"), ({"p95_ms": 1e9}, "p95_ms has to be"),
    ({"p95_ms": "slow"}, "p95_ms has to be")], ids=str)
def test_a_report_that_cannot_be_is_refused_and_changes_nothing(adapting, fields, message):
    event = "refused"
    assert report(adapting, event).status == 200
    reply = report(adapting, event, **fields)
    assert (reply.status, reply.code) == (400, "INVALID_REQUEST")
    assert reply.json["error"]["message"].startswith(message)
    stats = stats_of(adapting, event)
    assert stats["rate_per_s"] == 100 and stats["health"]["sources"] == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
def test_what_is_no_number_in_json_is_none(adapting, event, number):
    body = '{"event_id": "%s", "source": "a", "served": %s}' % (event, number)
    reply = adapting.ask("POST", f"{API}/admin/health-report", body, {"Authorization": f"Bearer {ADMIN_TOKEN}"})
    assert (reply.status, reply.code) == (400, "INVALID_REQUEST")


@pytest.fixture(scope="module")
def adapting():
    with gateway(*ADAPT, "--adapt-silent-ms", "60000") as server, Client(server.port) as client:
        yield client


def test_a_seventeenth_source_is_told_that_there_are_enough(adapting, event):
    assert [report(adapting, event, source=f"s{i}").status for i in range(17)] == 16 * [200] + [503]


def test_an_event_that_is_not_adapted_says_so(event):
    with gateway() as server, Client(server.port) as client:
        reply = report(client, event)
        assert (reply.status, reply.json["error"]["message"]) == (400, "the rate of this event is not adapted")
        client.token(event)
        assert stats_of(client, event)["health"] is None


def test_its_metrics_are_as_prometheus_wants_them(adapting, event):
    assert report(adapting, event).status == 200
    text = metrics(adapting)
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stderr, checked.stdout) == (0, "", "")
    found = values(text)
    assert found[("waitq_gateway_adapt_state", ("room", event), ("state", "closed"))] == 1
    assert found[("waitq_gateway_adapt_bound_per_second", ("bound", "max"), ("room", event))] == 200


def test_the_configuration_names_what_is_adapted(tmp_path):
    file = tmp_path / "events.json"
    file.write_text(json.dumps({"events": {"concert": {"rate_per_s": 50, "adapt": {"max_rate_per_s": 80}}}}))
    with gateway("--config", file) as server, Client(server.port) as client:
        assert report(client, "concert").status == 200
        assert report(client, "another").status == 400


@pytest.mark.parametrize("adapt", [{"max_rate_per_s": 40}, {"max_rate_per_s": 80, "min_rate_per_s": 90}, {"max_rate": 1},
                                   {"max_rate_per_s": "80"}, {"decrease": 0.1}, [], {"max_rate_per_s": -1}], ids=str)
def test_a_configuration_that_cannot_be_is_refused(tmp_path, adapt):
    file = tmp_path / "events.json"
    file.write_text(json.dumps({"events": {"concert": {"rate_per_s": 50, "adapt": adapt}}}))
    with pytest.raises(AssertionError, match="did not start"):
        Gateway("--config", file)


@together
def test_backends_tell_each_gateway_and_the_rate_comes_down_once(folder):
    keys, token_file = secrets_in(folder)
    options = ("--keys", keys, *ADAPT, "--report-token-file", token_file)
    with redis() as store, gateway("--store", store.uri, *options) as first, \
            gateway("--store", store.uri, *options) as second:
        urls = [part for server in (first, second) for part in ("--report", f"http://127.0.0.1:{server.port}")]
        with Client(first.port) as client, Client(second.port) as other, \
                backend(keys, "concert", rate=0.01, burst=1,
                        more=("--report-token-file", token_file, "--source", "one", *urls)) as back:
            for one in (client, other):
                one.token("concert")
                wait_for(lambda: stats_of(one, "concert")["health"]["sources"] == 1)
            pass_of = client.enter(client.token("concert")).json["reservation_token"]
            with Client(back.port) as visitor:
                ask = lambda: visitor.ask("GET", "/", headers={"Authorization": f"Bearer {pass_of}"}).status
                end = time.monotonic() + 20
                while stats_of(client, "concert")["rate_per_s"] == 100:
                    assert time.monotonic() < end
                    ask()
                    time.sleep(0.02)
                figures = values(visitor.ask("GET", "/metrics").bytes.decode())
            wait_for(lambda: stats_of(other, "concert")["rate_per_s"] == stats_of(client, "concert")["rate_per_s"])
            assert figures[("waitq_backend_requests_total", ("result", "shed"))] > 0
            assert figures[("waitq_backend_requests_total", ("result", "served"))] == 1
            assert figures[("waitq_backend_reports_total", ("result", "taken"))] >= 2
            assert stats_of(client, "concert")["rate_per_s"] >= 10
            # A backend that stops says nothing any more, which each gateway takes for the same.
            back.signal(signal.SIGSTOP)
            try:
                wait_for(lambda: all(stats_of(one, "concert")["health"]["state"] == "open" for one in (client, other)))
                wait_for(lambda: stats_of(client, "concert")["rate_per_s"] == 10)
            finally:
                back.signal(signal.SIGCONT)
            wait_for(lambda: all(stats_of(one, "concert")["health"]["sources"] == 1 for one in (client, other)))


@together
def test_a_gateway_that_is_away_costs_the_backend_nothing(folder):
    keys, token_file = secrets_in(folder)
    with backend(keys, "concert", more=("--report-token-file", token_file, "--report", "http://127.0.0.1:1")) as back:
        with Client(back.port) as client:
            wait_for(lambda: values(client.ask("GET", "/metrics").bytes.decode())[
                ("waitq_backend_reports_total", ("result", "lost"))] >= 2)
            assert client.ask("GET", "/healthz").status == 200


class Names:
    """What gateways.test stands for, in a backend that runs with this environment."""

    def __init__(self, folder):
        self.path = folder / "names"
        self.environment = {"LD_PRELOAD": os.environ["WAITQ_NAMES"], "WAITQ_TEST_NAMES": str(self.path),
                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def are(self, *addresses):
        (self.path.parent / "next").write_text("".join(address + "\n" for address in addresses))
        os.replace(self.path.parent / "next", self.path)

    def are_not_answered(self):
        self.path.unlink()


def sources(client):
    return stats_of(client, "concert")["health"]["sources"]


def reports(back):
    with Client(back.port) as client:
        found = values(client.ask("GET", "/metrics").bytes.decode())
        return {result: found[("waitq_backend_reports_total", ("result", result))] for result in ("taken", "lost")}


@contextlib.contextmanager
def gateways_of_one_port(*options):
    """Two of them, at two addresses"""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(gateway(*options))
        second = stack.enter_context(gateway(*options, listen=f"127.0.0.2:{first.port}"))
        yield [stack.enter_context(Client(first.port, host=f"127.0.0.{i}")) for i in (1, 2)], second.port


@together
def test_all_gateways_that_a_name_stands_for_are_told_and_those_that_come_and_go(folder):
    keys, token_file = secrets_in(folder)
    names = Names(folder)
    names.are("127.0.0.1")
    with gateways_of_one_port("--report-token-file", token_file, *ADAPT) as ((first, second), port), \
            backend(keys, "concert", environment=names.environment,
                    more=("--report-token-file", token_file, "--report", f"http://gateways.test:{port}")):
        for client in (first, second):
            client.token("concert")
        wait_for(lambda: sources(first) == 1)
        assert stats_of(second, "concert")["health"]["state"] == "unheard"
        names.are("127.0.0.1", "127.0.0.2")
        wait_for(lambda: sources(second) == 1)
        names.are("127.0.0.2")
        wait_for(lambda: sources(first) == 0)
        assert sources(second) == 1


@together
def test_while_a_name_is_not_answered_or_not_found_those_that_are_known_are_told(folder):
    keys, token_file = secrets_in(folder)
    names = Names(folder)
    with gateway("--report-token-file", token_file, *ADAPT) as server, Client(server.port) as client, \
            backend(keys, "concert", environment=names.environment,
                    more=("--report-token-file", token_file, "--report", f"http://gateways.test:{server.port}")) as back:
        assert reports(back) == {"taken": 0, "lost": 0}  # which is answered: its loop does not wait for the name
        names.are()
        wait_for(lambda: reports(back)["lost"] >= 1)
        assert "gateways.test is not found" in back.errors()
        names.are("127.0.0.1")
        wait_for(lambda: reports(back)["taken"] >= 1)
        names.are()
        before = reports(back)
        wait_for(lambda: reports(back)["taken"] >= before["taken"] + 2)
        names.are_not_answered()
        wait_for(lambda: reports(back)["taken"] >= before["taken"] + 4)
        assert reports(back)["lost"] == before["lost"] and sources(client) == 1
        names.are()  # which ends the question that is under way


def test_the_metrics_of_the_backend_are_as_prometheus_wants_them(tmp_path):
    (tmp_path / "keys").write_text(f"today hs256 {secrets.token_hex(32)}\n")
    with backend(tmp_path / "keys", "concert") as back, Client(back.port) as client:
        text = client.ask("GET", "/metrics").bytes.decode()
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stderr, checked.stdout) == (0, "", "")


def test_the_store_may_be_named_by_the_environment(monkeypatch, redis_server, event):
    monkeypatch.setenv("WAITQ_STORE", redis_server.uri)
    with gateway("--rate-per-s", "0.01", "--burst", "1") as server, Client(server.port) as client:
        token = client.token(event)
    with gateway("--store", redis_server.uri) as server, Client(server.port) as client:
        assert client.status(token).status == 200
