# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What happens to a line when something else does: reloads, workers and clients that die, a store that does not answer."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import subprocess
import time
from random import Random

import pytest

from site_under_test import answers, wait_until

ONE = "waitq_rate 1r/m; waitq_burst 1;"
MANY = "waitq_rate 1000r/s; waitq_burst 1000;"


@contextlib.contextmanager
def under_way(function, *arguments):
    """A call that goes on in another thread."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield pool.submit(function, *arguments)


def wait_with_places(site, count):
    """So many visitors in line, behind one who entered."""
    assert site.visitor().get().status == 200
    visitors = [site.visitor() for _ in range(count)]
    assert [visitor.ask().json["position"] for visitor in visitors] == list(range(1, count + 1))
    return visitors


def positions(visitors):
    return [visitor.call("status").json.get("position") for visitor in visitors]


def have_places(visitors, expected):
    """In both workers, each of which may be a quarter of a second behind: so often in a row that both were asked."""
    wait_until(lambda: all(positions(visitors) == expected for _ in range(6)), f"the places {expected}")


def test_a_reload_keeps_the_line(site):
    site.open(ONE)
    visitors = wait_with_places(site, 3)
    site.nginx.reload()
    have_places(visitors, [1, 2, 3])
    assert site.visitor().ask().json["position"] == 4


def test_a_reload_changes_the_terms_of_a_live_room(site):
    site.open(ONE)
    visitors = wait_with_places(site, 3)
    site.configure(MANY)
    site.nginx.reload()
    for visitor in visitors:
        visitor.wait_and_enter()
        assert visitor.get().status == 200


def test_a_reload_leaves_the_terms_alone_where_that_is_asked_for(site):
    site.open(ONE)
    visitors = wait_with_places(site, 2)
    site.configure(MANY + "waitq_apply off;")
    site.nginx.reload()
    time.sleep(1)  # for a turn that must not come
    assert positions(visitors) == [1, 2]


def test_a_reload_with_a_configuration_that_is_refused_changes_nothing(site):
    site.open(ONE)
    visitors = wait_with_places(site, 2)
    site.configure(ONE, store="memory:")
    site.nginx.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "each would have a line of its own" in site.nginx.log(), "the refusal")
    have_places(visitors, [1, 2])
    log = site.nginx.folder / "error.log"
    log.write_text(log.read_text().replace("[emerg]", "[asked for]"))


def test_a_worker_that_is_killed_takes_no_place_with_it(site):
    site.open(ONE)
    visitors = wait_with_places(site, 3)
    for pid in site.nginx.workers():
        before = site.nginx.workers()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(site.nginx.workers() - before) == 1, "another worker")
    have_places(visitors, [1, 2, 3])
    log = site.nginx.folder / "error.log"
    log.write_text(log.read_text().replace("[alert]", "[asked for]"))  # nginx tells the kill


def test_other_locations_go_on_while_the_store_does_not_answer(site):
    site.open(MANY, store=f"{site.redis.uri}?command_timeout_ms=10000")
    site.until_open()
    site.redis.stall()
    with under_way(site.visitor().get) as guarded:
        visitor = site.visitor()
        for _ in range(50):
            assert visitor.get("/free").text == "free"
        assert not guarded.done()
        site.redis.go_on()
        assert guarded.result().status == 200


def test_polls_go_on_while_the_store_does_not_answer(site):
    site.open(ONE, store=f"{site.redis.uri}?command_timeout_ms=10000")
    site.until_open()
    visitors = wait_with_places(site, 3)
    have_places(visitors, [1, 2, 3])
    site.redis.stall()
    assert positions(visitors) == [1, 2, 3]


def test_visitors_are_asked_to_come_again_while_the_store_is_away(site):
    site.open(ONE, store=f"{site.redis.uri}?command_timeout_ms=300")
    site.until_open()
    inside = site.visitor()
    assert inside.get().status == 200
    site.redis.stall()
    newcomer = site.visitor()
    answer = newcomer.ask()
    assert answer.status == 503 and answer.json["state"] == "none" and answer.json["reason"] == "stalled"
    assert "cannot be reached at the moment" in newcomer.get().text
    assert newcomer.call("join").status == 503
    assert inside.get().status == 200  # a pass needs no store


@pytest.mark.parametrize("loss, expected", [("hold", 503), ("local", 503), ("open", 200)])
def test_a_store_that_was_never_there_is_as_the_configuration_says(site, loss, expected):
    site.configure(MANY + f"waitq_store_loss {loss};")
    site.nginx.start()
    visitor = site.visitor()
    wait_until(lambda: visitor.get().status == expected, "an answer without the store")
    assert visitor.call("status").json == {"error": "store"}
    assert visitor.get("/free").status == 200
    assert "the store cannot be opened" in site.nginx.log()
    site.redis.start()
    wait_until(lambda: "waitq_sale" in visitor.cookies or visitor.get().set_cookies(), "the store")
    assert visitor.get().status == 200
    wait_until(lambda: visitor.call("status").json.get("state") == "entered", "the store in the other worker")


def test_whoever_comes_while_the_store_is_opened_waits_for_it(site):
    site.redis.start()
    site.redis.stall()
    site.configure(MANY, store=f"{site.redis.uri}?command_timeout_ms=10000&connect_timeout_ms=10000")
    site.nginx.start()
    with under_way(site.visitor().get) as guarded, under_way(site.visitor().call, "join") as called:
        assert site.visitor().get("/free").text == "free"
        assert not guarded.done() and not called.done()
        site.redis.go_on()
        assert guarded.result().status == 200
        assert called.result().json["state"] == "ready"


def test_a_request_under_way_is_answered_by_a_worker_that_is_to_go(site):
    site.open(MANY, store=f"{site.redis.uri}?command_timeout_ms=10000")
    site.until_open()
    site.redis.stall()
    with under_way(site.visitor().get) as guarded:
        wait_until(lambda: is_under_way(site), "the join")
        site.nginx.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "gracefully shutting down" in site.nginx.log(), "the old workers to be told")
        time.sleep(0.3)  # for them to make the mistake of going
        assert not guarded.done()
        site.redis.go_on()
        assert guarded.result().status == 200


def is_under_way(site):
    """nginx has taken a connection: one that was accepted, and is not answered yet."""
    lines = open("/proc/net/tcp", encoding="ascii").read().splitlines()[1:]
    return any(int(line.split()[1].split(":")[1], 16) == site.nginx.port and line.split()[3] == "01"
               and int(line.split()[4].split(":")[1], 16) == 0 for line in lines)


def abandoned_joins(site, count):
    """Clients that ask to be let in and go away before the store has answered."""
    site.until_open()
    site.redis.stall()
    clients = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", site.nginx.port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        clients.append(client)
    wait_until(lambda: is_under_way(site), "the joins")
    time.sleep(0.1)
    for client in clients:
        client.close()
    wait_until(lambda: sum(access[0] == "499" for access in site.nginx.accesses()) == count, "nginx to notice")
    site.redis.go_on()


def test_clients_that_go_away_while_they_join_leave_no_session_behind(site):
    site.open(MANY + "waitq_max_active 5;", store=f"{site.redis.uri}?command_timeout_ms=10000")
    abandoned_joins(site, 20)
    visitors = [site.visitor() for _ in range(5)]
    for visitor in visitors:
        wait_until(lambda: visitor.get().status == 200, "a slot")  # noqa: B023
    assert answers(site.nginx.port)


def test_clients_that_go_away_while_they_join_leave_no_place_behind(site):
    site.open(ONE, store=f"{site.redis.uri}?command_timeout_ms=10000")
    assert site.visitor().get().status == 200
    abandoned_joins(site, 20)
    visitor = site.visitor()
    visitor.get()
    wait_until(lambda: visitor.call("status").json["position"] == 1, "the places of those who went")


def test_sessions_are_those_of_clients_who_were_answered_at_whatever_moment_others_go(site):
    seed = int(os.environ.get("WAITQ_TEST_SEED", time.time_ns() % 1000000))
    print("seed", seed)  # pytest shows it when the test fails
    random = Random(seed)
    site.open("waitq_rate 100000r/s; waitq_burst 100000;")
    site.until_open()
    count = 300
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", site.nginx.port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(random.uniform(0, 0.003))
        client.close()
    wait_until(lambda: len(site.nginx.accesses()) == count, "nginx to be done with all")
    answered = sum(access[2] == "entered" for access in site.nginx.accesses())
    wait_until(lambda: sessions(site) == answered, "the sessions of the others to end")


def sessions(site):
    def bits(plane):
        done = subprocess.run(["redis-cli", "-p", str(site.redis.port), "BITCOUNT", f"wq:{{sale}}:{plane}"],
                              capture_output=True, text=True, check=True)
        return int(done.stdout)
    return bits("entered") - bits("ended")
