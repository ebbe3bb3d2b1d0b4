# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Three processes in three languages share a line: Python joins, Go enters, C verifies the pass.

    shared_line.py --transcript <program> --enter <program>

The Redis server is one of its own.
"""
import argparse
import ctypes
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import jwt

HERE = pathlib.Path(__file__).resolve().parent
KEY = bytes(range(1, 33))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_redis(folder):
    port = free_port()
    server = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
                              stdout=subprocess.DEVNULL, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
    last = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server, f"redis://127.0.0.1:{port}"
        except OSError:
            if time.monotonic() > last or server.poll() is not None:
                raise
            time.sleep(0.02)


def ask(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout.strip()


def check(condition, what):
    if not condition:
        raise SystemExit(f"shared_line: {what}")


def share(uri, enter, transcript):
    # Python makes the room; ann's turn comes at once.
    ticket = ask(sys.executable, HERE / "shared_line_join.py", uri, "concert", "ann")
    check(len(ticket) == 62, f"no ticket: {ticket}")
    check(ask(sys.executable, HERE / "shared_line_join.py", uri, "concert", "ann") == ticket, "ann has two tickets")
    granted = ask(enter, uri, "concert", ticket)
    check(ask(transcript, "--verify", KEY.hex(), "concert", granted) == "WAITQ_OK", "C does not take the pass")
    check(ask(transcript, "--verify", KEY.hex(), "theatre", granted) == "WAITQ_E_AUDIENCE", "C takes it for another room")
    claims = jwt.decode(granted, KEY, algorithms=["HS256"], audience="concert", options={"require": ["aud", "exp", "jti"]})
    check(claims["jti"].endswith("-0"), f"the pass is of another ticket: {claims}")
    again = jwt.decode(ask(enter, uri, "concert", ticket), KEY, algorithms=["HS256"], audience="concert")
    check(again["jti"] == claims["jti"], "a second entry is another admission")
    print(f"Python joined, Go entered, C and PyJWT verified {claims['jti']}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--transcript", required=True)
    arguments.add_argument("--enter", required=True)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server, uri = start_redis(folder)
        try:
            share(uri, options.enter, options.transcript)
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
