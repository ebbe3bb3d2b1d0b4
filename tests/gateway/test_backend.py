# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The protected resource, which believes reservation tokens and nobody else."""

import secrets
import time

import pytest

from client import Client
from processes import backend, gateway


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    file = tmp_path_factory.mktemp("keys") / "keys"
    file.write_text(f"# of this test\ntoday hs256 {secrets.token_hex(32)}\n")
    return file


@pytest.fixture(scope="module")
def site(keys):
    with gateway("--keys", keys, "--rate-per-s", "1000", "--burst", "1000") as front, \
            backend(keys, "concert", rate=0.01, burst=5) as back:
        yield front, back


def reservation(front, event="concert"):
    with Client(front.port) as client:
        return client.enter(client.token(event)).json["reservation_token"]


def ask(back, token):
    with Client(back.port) as client:
        return client.ask("GET", "/", headers={"Authorization": f"Bearer {token}"} if token else {})


def test_a_reservation_is_served_and_nothing_else_is(site):
    front, back = site
    good = reservation(front)
    head, payload, signature = good.split(".")
    assert ask(back, good).status == 200
    for bad in (None, "", "x", head + "." + payload + ".", head + "." + payload + "." + signature[::-1],
                reservation(front, "other")):
        assert ask(back, bad).status == 401


def test_above_its_limit_it_sheds(site):
    front, back = site
    good = reservation(front)
    statuses = [ask(back, good).status for _ in range(8)]
    assert statuses[-3:] == [503, 503, 503]
    with Client(back.port) as client:
        stats = client.ask("GET", "/stats").json
    assert stats["served"] <= 5 and stats["shed"] >= 3


def test_a_request_that_is_shed_does_not_cost_the_connection(site):
    front, back = site
    good = reservation(front)
    with Client(back.port) as client:
        replies = [client.ask("GET", "/", headers={"Authorization": f"Bearer {token}"}) for token in 8 * [good] + ["x"]]
    assert [reply.status for reply in replies[-2:]] == [503, 401]
    assert {reply.headers["Connection"] for reply in replies} == {"keep-alive"}


def test_it_holds_no_secret_where_keys_are_asymmetric(tmp_path):
    # RFC 8032, section 7.1, test 1
    seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    (tmp_path / "signs").write_text(f"today ed25519 {seed}\n")
    (tmp_path / "verifies").write_text(f"today ed25519-public {public}\n")
    with gateway("--keys", tmp_path / "signs") as front, backend(tmp_path / "verifies", "concert") as back:
        assert ask(back, reservation(front)).status == 200


def test_a_reservation_ends(tmp_path, keys):
    with gateway("--keys", keys, "--session-ttl-ms", "1000") as front, Client(front.port) as client:
        token = client.token("concert")
        reply = client.enter(token)
        assert 0 <= reply.json["ttl_sec"] <= 3
        end = time.monotonic() + 20
        while (again := client.enter(token)).status == 200:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert (again.status, again.code) == (404, "TOKEN_EXPIRED")


@pytest.mark.parametrize("text", ["", "# nothing\n", "today hs256\n", "today hs256 00ff\n", "today hs256 xyz\n", "a b c d\n",
                                  "today rs256 " + 64 * "0" + "\n", 9 * ("k hs256 " + 64 * "0" + "\n")],
                         ids=["none", "a remark", "no bytes", "too short", "no digits", "four words", "no algorithm", "nine"])
def test_keys_that_cannot_be_are_refused(tmp_path, text):
    (tmp_path / "keys").write_text(text)
    with pytest.raises(AssertionError, match="did not start"):
        with gateway("--keys", tmp_path / "keys"):
            pass
