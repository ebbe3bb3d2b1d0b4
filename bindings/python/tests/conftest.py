# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What tests have in common: a clock that only tests move, rooms, and a Redis server of their own."""
import ctypes
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time

import pytest

import waitq

SOURCE = pathlib.Path(os.environ["WAITQ_SOURCE"])
KEY = waitq.Key.hs256("k1", bytes(range(1, 33)))


class Clock:
    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        return self.now

    def tick(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def context(clock):
    with waitq.Context("memory:", keys=[KEY], clock=clock) as context:
        yield context


@pytest.fixture
def room(context):
    """Two may enter at once, one a second after that"""
    return context.room("concert", waitq.Policy(rate_per_s=1, burst=2, max_waiting=5))


@pytest.fixture
def rng():
    seed = int(os.environ.get("WAITQ_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"WAITQ_TEST_SEED={seed}")
    return random.Random(seed)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def end_with_parent():
    """For a child: the kernel ends it when the test is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Redis:
    def __init__(self, folder):
        self.port = free_port()
        self.uri = f"redis://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [os.environ.get("WAITQ_TEST_SERVER", "redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", str(folder)], stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
        last = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                    connection.sendall(b"PING\r\n")
                    if connection.recv(16).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            assert time.monotonic() < last and self.process.poll() is None, "redis-server does not answer"
            time.sleep(0.02)

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def fresh_redis(tmp_path):
    """A server that the test may stop"""
    server = Redis(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def run_python():
    """Runs a program in a Python of its own, and gives what it printed; anything on its error output fails the test."""

    def run(program, *arguments, ends_with=0, expect_errors=None, **environment):
        done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", program, *arguments], capture_output=True, text=True,
                              timeout=120, env={**os.environ, **environment}, preexec_fn=end_with_parent)
        if expect_errors is None:
            assert done.stderr == ""
        else:
            assert expect_errors in done.stderr
        assert done.returncode == ends_with, done.stderr
        return done.stdout

    return run
