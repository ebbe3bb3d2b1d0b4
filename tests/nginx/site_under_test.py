# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""An nginx with the module, a Redis and an upstream: each on a free port of 127.0.0.1, gone when the test is over."""

import asyncio
import contextlib
import ctypes
import http.client
import http.cookies
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

MODULE = os.environ["WAITQ_NGINX_MODULE"]
NGINX = "/usr/sbin/nginx"
KEY = bytes(range(1, 33))
PATIENCE_S = 20


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ends_with_us(how):
    """A child that does not outlive a test that is killed."""
    return lambda: ctypes.CDLL(None).prctl(1, how)


def wait_until(is_true, what):
    end = time.monotonic() + PATIENCE_S
    while not is_true():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def answers(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


class Redis:
    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder),
             "--logfile", str(self.folder / "redis.log")], preexec_fn=ends_with_us(signal.SIGKILL))
        wait_until(lambda: answers(self.port), "Redis")

    def stall(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def uri(self):
        return f"redis://127.0.0.1:{self.port}"


class Upstream:
    """What the room protects. It notes when which pass came first, and how many passes it saw at once."""

    def __init__(self):
        self.seen = []
        self.requests = []
        self.loop = asyncio.new_event_loop()
        self.port = free_port()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", self.port))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line = head.splitlines()[0]
                passed = re.search(r"(?im)^x-pass: (\S+)", head)
                length = re.search(r"(?im)^content-length: (\d+)", head)
                body = await reader.readexactly(int(length.group(1))) if length else b""
                self.seen.append((time.time(), passed.group(1) if passed else ""))
                self.requests.append((line, body))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\ninside")
                await writer.drain()
        writer.close()

    def entries(self):
        """When each pass came first."""
        first = {}
        for when, which in self.seen:
            first.setdefault(which, when)
        return sorted(first.values())

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        self.loop.close()


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    def set_cookies(self):
        return self.headers.get_all("Set-Cookie") or []


class Visitor:
    """A client with a cookie jar."""

    def __init__(self, port):
        self.port, self.cookies = port, {}

    def send(self, path, method="GET", body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, headers)
        answer = Answer(connection.getresponse())
        connection.close()
        for header in answer.set_cookies():
            for name, morsel in http.cookies.SimpleCookie(header).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def get(self, path="/", **headers):
        return self.send(path, **headers)

    def ask(self, path="/"):
        """As a program asks."""
        return self.send(path, Accept="application/json")

    def call(self, name):
        return self.send(f"/waitq/{name}", "GET" if name == "status" else "POST")

    def wait_and_enter(self):
        """Until it is let in: by the calls, as the page does."""
        wait_until(lambda: self.call("status").json["state"] == "ready", "a turn")
        wait_until(lambda: self.call("enter").json["state"] == "entered", "an entry")


class Nginx:
    def __init__(self, folder):
        self.folder, self.port, self.process = pathlib.Path(folder), free_port(), None
        (self.folder / "key").write_text(KEY.hex() + "\n")
        (self.folder / "html").mkdir(exist_ok=True)
        (self.folder / "html" / "file.txt").write_text("a file")

    def write(self, server, http="", workers=2):
        temporary = "\n".join(f"  {kind}_temp_path {self.folder}/{kind};"
                              for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
daemon off;
load_module {MODULE};
{"user root;" if os.getuid() == 0 else ""}
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log notice;
http {{
{temporary}
  log_format waitq '$status|$waitq_room|$waitq_result|$waitq_position|$waitq_eta_ms|$waitq_pass_id|$request';
  access_log {self.folder}/access.log waitq;
{http}
  server {{
    listen 127.0.0.1:{self.port};
    root {self.folder}/html;
    location = /free {{ return 200 "free"; }}
{server}
  }}
}}
events {{ worker_connections 512; }}
worker_processes {workers};
""")

    def command(self, *arguments):
        return [NGINX, "-p", str(self.folder), "-c", "nginx.conf", "-e", str(self.folder / "error.log"), *arguments]

    def check(self):
        """nginx -t: whether it takes the configuration, and what it says."""
        done = subprocess.run(self.command("-t"), capture_output=True, text=True, timeout=60)
        return done.returncode == 0, done.stderr + (self.folder / "error.log").read_text()

    def start(self):
        self.process = subprocess.Popen(self.command(), preexec_fn=ends_with_us(signal.SIGTERM),
                                        stderr=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port), "nginx")

    def workers(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in children.read_text().split()}

    def reload(self):
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.workers() - before) == 2, "the workers of the new configuration")

    def log(self):
        return (self.folder / "error.log").read_text()

    def accesses(self):
        return [line.split("|") for line in (self.folder / "access.log").read_text().splitlines()]

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGQUIT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=PATIENCE_S)
        is_late = self.process.poll() is None
        if is_late:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=PATIENCE_S)
        self.process = None
        assert not is_late, "nginx did not end when it was asked to"
        bad = [line for line in self.log().splitlines() if re.search(r"\[(alert|emerg|crit)\]|signal 11|AddressSan", line)]
        assert not bad, bad

    def visitor(self):
        return Visitor(self.port)


class Site:
    """All three. Start what a test needs, by open()."""

    def __init__(self, folder):
        self.redis, self.upstream, self.nginx = Redis(folder), Upstream(), Nginx(folder)

    def configure(self, terms, http="", server="", location="", store=None, key="hs256"):
        self.nginx.write(f"""
    location / {{
      waitq on; waitq_room sale; {terms} {location}
      proxy_pass http://127.0.0.1:{self.upstream.port}; proxy_set_header X-Pass $waitq_pass_id;
    }}
    location /waitq/ {{ waitq_endpoint; waitq_room sale; }}
{server}""", http=f"  waitq_store {store or self.redis.uri}; waitq_key k1 key {key};\n{http}")

    def open(self, terms, **more):
        self.configure(terms, **more)
        if self.redis.process is None:
            self.redis.start()
        self.nginx.start()
        return self

    def until_open(self):
        """Both workers have reached the store: from now on a join is one, and not put aside."""
        wait_until(lambda: self.nginx.log().count("opened the room sale") == 2, "both workers to open the room")

    def visitor(self):
        return self.nginx.visitor()

    def close(self):
        try:
            if self.redis.process is not None:
                self.redis.go_on()
            self.nginx.stop()
        finally:
            self.redis.stop()
            self.upstream.stop()
