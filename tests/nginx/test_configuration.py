# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What nginx -t says of configurations. No store is asked: it may be down when nginx is started."""

import pytest

STORE = "  waitq_store redis://127.0.0.1:1; waitq_key k1 key;"
ROOM = "location / { waitq on; waitq_room sale; waitq_rate 500r/s; }"


def check(nginx, server=ROOM, http=STORE, **more):
    nginx.write(server, http, **more)
    return nginx.check()


def test_a_whole_configuration_is_taken(nginx):
    is_good, text = check(nginx, """
    location / {
      waitq on; waitq_room sale; waitq_rate 0.5r/s; waitq_burst 5; waitq_max_active 100; waitq_max_waiting 1000;
      waitq_session 10m; waitq_claim 30s; waitq_heartbeat 2m; waitq_store_loss local; waitq_apply off;
      waitq_cookie __Host-sale; waitq_secure on; waitq_renew on; waitq_status 202; waitq_visitor $cookie_account;
      waitq_bind $remote_addr;
      if ($arg_vip) { waitq off; }
    }
    location /waitq/ { waitq_endpoint; waitq_room sale; }""", STORE + "waitq_leeway 10s;")
    assert is_good, text


def test_lines_in_memory_are_refused_with_more_than_one_worker(nginx):
    is_good, text = check(nginx, http="  waitq_store memory:; waitq_key k1 key;")
    assert not is_good
    assert '"memory:" keeps a line in one worker, and there are 2: each would have a line of its own' in text


def test_lines_in_memory_are_taken_with_one_worker_and_a_warning(nginx):
    is_good, text = check(nginx, http="  waitq_store memory:; waitq_key k1 key;", workers=1)
    assert is_good
    assert "it ends with the worker, at a reload as well" in text


@pytest.mark.parametrize("http, server, expected", [
    ("  waitq_key k1 key;", ROOM, 'needs "waitq_store"'),
    ("  waitq_store redis://localhost;", ROOM, 'needs "waitq_key"'),
    (STORE, "location / { waitq on; }", 'needs "waitq_room"'),
    (STORE, "location / { waitq on; waitq_room sa!e; }", 'the room "sa!e" cannot be'),
    (STORE, "location / { waitq on; waitq_room sale; waitq_rate 500; }", "must look like 500r/s"),
    (STORE, "location / { waitq on; waitq_room sale; waitq_rate xr/s; }", "must be a number"),
    (STORE, "location / { waitq on; waitq_room sale; waitq_burst 0; }", "burst"),
    (STORE, "location / { waitq on; waitq_room sale; waitq_session 0; }", "session_ttl_ms"),
    (STORE, "location / { waitq on; waitq_room sale; waitq_store_loss maybe; }", "invalid value"),
    (STORE, "location / { waitq on; waitq_room sale; waitq_status 99; }", "must be between 200 and 599"),
    (STORE, "location / { waitq on; waitq_room sale; waitq_cookie 'a b'; }", "cannot be the name of a cookie"),
    (STORE, "location / { waitq on; waitq_room sale; waitq_page none.html; }", "none.html"),
    (STORE, "location /a/ { waitq on; waitq_room sale; waitq_rate 1r/s; }"
            "location /b/ { waitq on; waitq_room sale; waitq_rate 2r/s; }", 'two different values of "waitq_rate"'),
    (STORE, "location /a/ { waitq on; waitq_room sale; waitq_cookie a; }"
            "location /b/ { waitq on; waitq_room sale; waitq_cookie b; }", 'two different values of "waitq_cookie"'),
    (STORE, "location /waitq { waitq_endpoint; waitq_room sale; }", "ends in a slash"),
    (STORE, "location '/a\"b/' { waitq_endpoint; waitq_room sale; }", "plain path"),
    (STORE, "location ~ ^/waitq/ { waitq_endpoint; waitq_room sale; }", "regular expression"),
    (STORE + "waitq_key k1 key;", ROOM, "kid"),
    ("  waitq_store redis://localhost; waitq_key k1 absent;", ROOM, "absent"),
    ("  waitq_store redis://localhost; waitq_key k1 html/file.txt;", ROOM, "hexadecimal"),
    ("  waitq_store redis://localhost; waitq_key k1 key rot13;", ROOM, "knows the algorithms"),
])
def test_what_cannot_be_is_refused_with_the_reason(nginx, http, server, expected):
    is_good, text = check(nginx, server, http)
    assert not is_good
    assert expected in text


def test_a_key_that_only_verifies_cannot_stand_alone(nginx, tmp_path):
    (tmp_path / "public").write_text("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")  # RFC 8032
    is_good, text = check(nginx, http="  waitq_store redis://localhost; waitq_key k1 public ed25519-public;")
    assert not is_good
    assert "sign" in text


def test_places_that_say_different_parts_of_a_room_say_them_together(nginx):
    is_good, text = check(nginx, """
    location /a/ { waitq on; waitq_room sale; waitq_rate 500r/s; }
    location /b/ { waitq on; waitq_room sale; waitq_burst 50; }
    location /c/ { waitq on; waitq_room other; waitq_rate 1r/s; }""")
    assert is_good, text
