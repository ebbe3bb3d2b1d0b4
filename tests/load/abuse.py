# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What hostile clients do, while somebody else measures what others notice of it.

    abuse.py slow|malformed PORT SECONDS [CONNECTIONS]
"""
import random
import selectors
import socket
import sys
import time

HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"


def slow(port, seconds, connections):
    """Keeps so many connections open, on each of which a request goes on and never ends."""
    end = time.monotonic() + seconds
    links, dropped = [], 0
    while time.monotonic() < end:
        while len(links) < connections:
            try:
                link = socket.create_connection(("127.0.0.1", port), 5)
                link.setblocking(False)
                link.sendall(HEAD)
                links.append(link)
            except OSError:
                dropped += 1
                break
        for link in list(links):
            try:
                link.sendall(b"X: y\r\n")
                if link.recv(1000) == b"":
                    raise ConnectionError
            except BlockingIOError:
                pass
            except OSError:
                link.close()
                links.remove(link)
                dropped += 1
        time.sleep(0.5)
    print(f"slow: {connections} connections held, {dropped} were dropped")


def malformed(port, seconds, connections):
    """Sends noise that resembles requests."""
    seed = int(time.time())
    source = random.Random(seed)
    good = b"POST /api/v1/queue/join HTTP/1.1\r\nHost: a\r\nContent-Length: 22\r\n\r\n" + b'{"event_id":"concert"}'
    end = time.monotonic() + seconds
    sent = answered = 0
    while time.monotonic() < end:
        with selectors.DefaultSelector() as selector:
            for _ in range(connections):
                noise = bytearray(good)
                for _ in range(source.randint(1, 12)):
                    at = source.randrange(len(noise))
                    noise[at:at + source.randint(0, 3)] = source.randbytes(source.randint(0, 4))
                try:
                    link = socket.create_connection(("127.0.0.1", port), 5)
                    link.sendall(noise)
                    link.shutdown(socket.SHUT_WR)
                    link.setblocking(False)
                    selector.register(link, selectors.EVENT_READ)
                    sent += 1
                except OSError:
                    pass
            until = time.monotonic() + 1
            while selector.get_map() and time.monotonic() < until:
                for key, _ in selector.select(0.1):
                    try:
                        answered += key.fileobj.recv(4096) != b""
                    except OSError:
                        pass
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            for key in list(selector.get_map().values()):
                key.fileobj.close()
    print(f"malformed: seed {seed}, {sent} sent, {answered} answered, the rest closed")


if __name__ == "__main__":
    kind, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    {"slow": slow, "malformed": malformed}[kind](port, seconds, int(sys.argv[4]) if len(sys.argv) > 4 else 200)
