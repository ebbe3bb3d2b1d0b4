# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Each test of the contract runs on both stores."""

import pytest

from client import Client
from processes import gateway, redis

# Two tokens at first, and then one in more time than a test takes: whoever comes third waits.
SLOW = ("--rate-per-s", "0.01", "--burst", "2", "--join-rate", "0", "--allow-flush", "--threads", "2")


@pytest.fixture(scope="session")
def redis_server():
    with redis() as server:
        yield server


@pytest.fixture(scope="session", params=["memory", "redis"])
def server(request):
    store = "memory:" if request.param == "memory" else request.getfixturevalue("redis_server").uri
    with gateway("--store", store, *SLOW) as process:
        yield process


@pytest.fixture
def client(server):
    with Client(server.port) as one:
        yield one


@pytest.fixture
def event(request):
    """A name that no other test uses."""
    return request.node.name.replace("[", "-").replace("]", "")[:64]
