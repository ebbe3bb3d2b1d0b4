# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Gateways and Redis servers for tests: on free ports of 127.0.0.1, with their data in temporary directories, ended by their
process ids, also when a test fails, and with the test where that is killed."""

import contextlib
import ctypes
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time

GATEWAY = os.environ["WAITQ_GATEWAY"]
BACKEND = os.environ["WAITQ_BACKEND"]
ADMIN_TOKEN = "token-of-the-tests-only"
DEADLINE_S = 60


_PRCTL = ctypes.CDLL(None).prctl  # looked up here: after a fork beside other threads little may be done


def _die_with_parent():
    _PRCTL(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Process:
    """A program that runs until it is stopped; its output goes to a file."""

    def __init__(self, command, environment=None, stdout=subprocess.PIPE):
        self.log = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            command, stdout=stdout, stderr=self.log, env={**os.environ, **(environment or {})},
            preexec_fn=_die_with_parent)

    def errors(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def signal(self, number):
        self.child.send_signal(number)

    def kill(self):
        self.child.kill()
        self.child.wait()

    def wait(self, seconds=DEADLINE_S):
        return self.child.wait(seconds)

    def stop(self):
        """Ends it and gives its exit status; one that does not end is killed."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            return self.child.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            if self.child.stdout:
                self.child.stdout.close()
            self.log.close()


def _first_line(child, seconds):
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        return child.stdout.readline().decode() if selector.select(seconds) else ""


class Gateway(Process):
    def __init__(self, *options, listen="127.0.0.1:0", admin=True, program=GATEWAY):
        environment = {"WAITQ_ADMIN_TOKEN": ADMIN_TOKEN} if admin else {}
        super().__init__([program, "--listen", listen, *map(str, options)], environment)
        line = _first_line(self.child, DEADLINE_S)
        found = re.search(r":(\d+)$", line.strip())
        if not found:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"the gateway did not start: {line!r} {self.errors()!r}")
        self.port = int(found.group(1))


@contextlib.contextmanager
def gateway(*options, **more):
    """A gateway. In the end it is stopped, and has to have ended well: sanitizers speak through that."""
    process = Gateway(*options, **more)
    try:
        yield process
    except BaseException:
        process.kill()
        print(process.errors()[-4000:])
        raise
    if process.child.poll() is None:
        process.signal(signal.SIGTERM)
        status = process.wait()
        assert status == 0, (status, process.errors()[-8000:])
    process.stop()


class Backend(Process):
    def __init__(self, keys, event, rate, burst, log, more, environment):
        super().__init__([BACKEND, "--listen", "127.0.0.1:0", "--keys", str(keys), "--event", event, "--rate", str(rate),
                          "--burst", str(burst), "--log", str(log), *map(str, more)], environment)
        line = _first_line(self.child, DEADLINE_S)
        found = re.search(r":(\d+)$", line.strip())
        if not found:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"the backend did not start: {line!r} {self.errors()!r}")
        self.port = int(found.group(1))


@contextlib.contextmanager
def backend(keys, event, rate=500, burst=50, log="/dev/null", more=(), environment=None):
    process = Backend(keys, event, rate, burst, log, more, environment)
    try:
        yield process
        process.signal(signal.SIGTERM)
        status = process.wait()
        assert status == 0, (status, process.errors()[-8000:])
    finally:
        process.stop()


class Redis(Process):
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="waitq-gateway-"))
        self.port = free_port()
        self._start()

    def _start(self):
        super().__init__(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning"], stdout=subprocess.DEVNULL)
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as link:
                    link.sendall(b"PING\r\n")
                    if link.recv(64).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            if self.child.poll() is not None:
                raise AssertionError(f"redis-server ended: {self.errors()}")
            time.sleep(0.02)
        raise AssertionError("redis-server did not answer")

    @property
    def uri(self):
        return f"redis://127.0.0.1:{self.port}"

    def restart(self):
        """Begins again with what is on disk."""
        self.kill()
        self._start()


@contextlib.contextmanager
def redis():
    server = Redis()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
