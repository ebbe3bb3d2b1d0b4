# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What visitors get, one at a time."""

import http.client
import re
import ssl
import subprocess
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from site_under_test import KEY, Answer, free_port, wait_until

ONE = "waitq_rate 1r/m; waitq_burst 1;"  # the first visitor enters, and for a minute nobody else
MANY = "waitq_rate 1000r/s; waitq_burst 1000;"


def signed(key=KEY, kid="k1", **claims):
    now = int(time.time())
    payload = {"aud": "sale", "exp": now + 600, "iat": now, "nbf": now, "jti": "1-1", **claims}
    return jwt.encode(payload, key, algorithm="HS256", headers={"kid": kid})


def fill(site):
    """Takes the one token there is, so that whoever comes next has to wait."""
    first = site.visitor()
    assert first.get().status == 200
    return first


def test_whoever_comes_when_nobody_waits_goes_through_in_one_request(site):
    visitor = site.open(MANY).visitor()
    answer = visitor.get("/shop?item=7")
    assert (answer.status, answer.text) == (200, "inside")
    assert site.upstream.requests == [("GET /shop?item=7 HTTP/1.0", b"")]
    assert set(visitor.cookies) == {"waitq_sale", "waitq_sale_ticket"}
    for header in answer.set_cookies():
        assert "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" in header and "Secure" not in header


def test_a_pass_is_good_for_all_requests_that_follow(site):
    visitor = site.open(ONE).visitor()
    assert [visitor.get().status for _ in range(5)] == [200] * 5
    assert len({which for _, which in site.upstream.seen}) == 1
    assert not visitor.get().set_cookies()


def test_a_pass_that_another_server_signed_with_the_key_is_good(site):
    site.open(ONE)
    fill(site)
    visitor = site.visitor()
    visitor.cookies = {"waitq_sale": signed()}
    assert visitor.get().status == 200
    assert site.upstream.seen[-1][1] == "1-1"


def test_a_pass_signed_with_ed25519_is_verified_by_whoever_has_the_public_key(site):
    site.open(ONE, key="ed25519")
    visitor = site.visitor()
    assert visitor.get().status == 200 and visitor.get().status == 200
    public = Ed25519PrivateKey.from_private_bytes(KEY).public_key()
    claims = jwt.decode(visitor.cookies["waitq_sale"], public, algorithms=["EdDSA"], audience="sale")
    assert claims["jti"] == site.upstream.seen[0][1]


@pytest.mark.parametrize("bad", [
    signed(key=bytes(32)),
    signed(kid="k2"),
    signed(aud="another"),
    signed(exp=int(time.time()) - 60),
    signed(nbf=int(time.time()) + 3600),
    jwt.encode({"aud": "sale", "exp": int(time.time()) + 600, "jti": "1-1"}, "", algorithm="none"),
    signed()[:-2],
    "x" * 600,
    "",
], ids=["another key", "unknown key", "another room", "expired", "early", "unsigned", "cut", "long", "empty"])
def test_a_pass_that_is_not_good_lets_nobody_through(site, bad):
    site.open(ONE)
    fill(site)
    visitor = site.visitor()
    visitor.cookies = {"waitq_sale": bad}
    answer = visitor.get()
    assert answer.status == 503
    assert len(site.upstream.seen) == 1


def test_whoever_has_to_wait_gets_a_page_and_a_place(site):
    site.open(ONE)
    fill(site)
    visitor = site.visitor()
    answer = visitor.get()
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Retry-After"]) >= 1
    assert "You are number 1 in line." in answer.text
    assert 'data-calls="/waitq/"' in answer.text
    assert "{{" not in answer.text
    assert set(visitor.cookies) == {"waitq_sale_ticket"}
    assert site.visitor().get().text.count("You are number 2 in line.") == 1


def test_a_program_gets_json(site):
    site.open(ONE)
    fill(site)
    answer = site.visitor().ask()
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json["state"] == "waiting" and answer.json["position"] == 1 and answer.json["room"] == "sale"
    assert answer.json["next_poll_ms"] > 0
    assert site.visitor().get(Accept="text/html,application/json;q=0.9").headers["Content-Type"].startswith("text/html")


def test_a_visitor_who_comes_again_keeps_the_place(site):
    site.open(ONE)
    fill(site)
    first, second = site.visitor(), site.visitor()
    assert [first.ask().json["position"], second.ask().json["position"]] == [1, 2]
    place = dict(second.cookies)
    # The other worker may be a quarter of a second behind.
    wait_until(lambda: all(second.ask().json["position"] == 2 for _ in range(10)), "both workers to know the place")
    assert second.call("status").json["position"] == 2
    assert second.call("join").json["position"] == 2
    assert second.cookies == place


def test_the_turn_comes_and_the_page_enters_by_its_calls(site):
    site.open("waitq_rate 20r/s; waitq_burst 1;")
    visitors = [site.visitor() for _ in range(4)]
    for visitor in visitors:
        visitor.get()
    for visitor in visitors[1:]:
        if "waitq_sale" not in visitor.cookies:
            visitor.wait_and_enter()
        assert visitor.get().status == 200
    assert len(site.upstream.entries()) == 4


def test_without_scripts_the_page_is_loaded_again_and_enters_all_the_same(site):
    site.open(MANY + "waitq_max_active 1;")
    first, visitor = fill(site), site.visitor()
    answer = visitor.get()
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', answer.text)
    first.call("exit")
    wait_until(lambda: visitor.get().status == 200, "a turn")


def test_an_entry_before_the_turn_is_refused(site):
    site.open(ONE)
    fill(site)
    visitor = site.visitor()
    visitor.get()
    answer = visitor.call("enter")
    assert answer.status in (202, 403)
    assert answer.json["state"] == "waiting"
    assert "waitq_sale" not in visitor.cookies


def test_whoever_leaves_makes_room_for_those_behind(site):
    site.open(ONE)
    fill(site)
    first, second = site.visitor(), site.visitor()
    first.get()
    second.get()
    answer = first.call("leave")
    assert answer.json["state"] == "left"
    assert first.cookies == {}
    wait_until(lambda: second.call("status").json["position"] == 1, "the place of whoever left")


def test_a_session_that_ends_makes_room_for_the_next(site):
    site.open(MANY + "waitq_max_active 1;")
    first, second = fill(site), site.visitor()
    assert second.get().status == 503
    assert first.call("exit").status == 204
    assert first.cookies == {}
    second.wait_and_enter()
    assert second.get().status == 200


def test_calls_that_make_no_sense_are_refused(site):
    site.open(ONE)
    visitor = site.visitor()
    assert visitor.call("status").json == {"error": "no_ticket"}
    assert visitor.call("enter").status == 404
    assert visitor.call("exit").json == {"error": "no_pass"}
    assert visitor.call("dance").json == {"error": "no_such_call"}
    assert visitor.send("/waitq/").status == 404
    wrong = visitor.send("/waitq/join")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    visitor.cookies = {"waitq_sale_ticket": "A" * 62, "waitq_sale": signed(key=bytes(32))}
    for name in ("status", "enter", "leave", "exit"):
        answer = visitor.call(name)
        assert (answer.status, answer.json) == (400, {"error": "not_of_this_room"}), name
    assert "[error]" not in site.nginx.log()


def test_a_forged_ticket_is_no_ticket(site):
    site.open(ONE)
    fill(site)
    visitor = site.visitor()
    visitor.get()
    visitor.cookies["waitq_sale_ticket"] = "B" + visitor.cookies["waitq_sale_ticket"][1:]
    assert visitor.ask().json["position"] == 2


def test_a_full_line_says_so(site):
    site.open(ONE + "waitq_max_waiting 1;")
    fill(site)
    site.visitor().get()
    visitor = site.visitor()
    answer = visitor.get()
    assert answer.status == 503 and "The line is full at the moment." in answer.text
    assert visitor.cookies == {}
    assert visitor.ask().json["reason"] == "full"
    assert visitor.call("join").status == 503


def test_a_named_visitor_has_one_place_on_all_devices(site):
    site.open(ONE, location="waitq_visitor $cookie_account;")
    fill(site)
    phone, laptop, stranger = site.visitor(), site.visitor(), site.visitor()
    phone.cookies = {"account": "ann"}
    laptop.cookies = {"account": "ann"}
    assert phone.ask().json["position"] == laptop.ask().json["position"] == 1
    assert stranger.ask().json["position"] == 2


def test_pictures_of_a_page_do_not_join(site):
    site.open(ONE)
    fill(site)
    visitor = site.visitor()
    for header in ({"Sec_Fetch_Dest": "image"}, {"Sec_Purpose": "prefetch"}):
        answer = visitor.get("/logo.png", **header)
        assert (answer.status, answer.body) == (503, b"")
    assert visitor.cookies == {}
    assert site.visitor().ask().json["position"] == 1
    assert site.visitor().get(Sec_Fetch_Dest="document").text.count("You are number 2 in line.") == 1


def test_a_body_goes_through_with_whoever_is_let_in(site):
    visitor = site.open(ONE).visitor()
    assert visitor.send("/buy", "POST", b"x" * 50000).status == 200
    assert site.upstream.requests == [("POST /buy HTTP/1.0", b"x" * 50000)]
    assert site.visitor().send("/buy", "POST", b"x" * 50000).status == 503
    assert len(site.upstream.seen) == 1


def test_a_head_request_gets_no_body(site):
    site.open(ONE)
    fill(site)
    answer = site.visitor().send("/", "HEAD")
    assert (answer.status, answer.body) == (503, b"") and int(answer.headers["Content-Length"]) > 1000


def test_a_bound_pass_is_good_for_the_client_that_got_it_alone(site):
    site.open(ONE, location="waitq_bind $http_x_client;")
    visitor = site.visitor()
    assert visitor.get(X_Client="ann").status == 200
    assert visitor.get(X_Client="ann").status == 200
    thief = site.visitor()
    thief.cookies = {"waitq_sale": visitor.cookies["waitq_sale"]}
    assert thief.get(X_Client="ben").status == 503
    assert thief.get().status == 503


def test_an_internal_redirect_joins_once(site):
    site.open(MANY, server="""
    location /old/ { waitq on; waitq_room sale; try_files /nothing @new; }
    location @new { waitq on; waitq_room sale; return 200 $waitq_pass_id; }""")
    visitor = site.visitor()
    answer = visitor.get("/old/page")
    assert answer.status == 200 and answer.text.endswith("-0")
    assert len(answer.set_cookies()) == 2


def test_limit_req_bounds_what_one_address_joins(site):
    site.open(ONE, http="  limit_req_zone $binary_remote_addr zone=address:1m rate=1r/m;",
              location="limit_req zone=address burst=2 nodelay; limit_req_status 429;")
    assert [site.visitor().get().status for _ in range(5)] == [200, 503, 503, 429, 429]


def test_a_location_may_choose_its_status_page_and_cookie(site, tmp_path):
    (tmp_path / "mine.html").write_text("<p>{{message}} {{nothing}} {{room}}:{{position}}:{{state}}:{{retry_s}} {{status}}")
    site.open(ONE, location="waitq_status 202; waitq_page mine.html; waitq_cookie my; waitq_secure on;")
    first = fill(site)
    assert set(first.cookies) == {"my", "my_ticket"}
    answer = site.visitor().get()
    assert answer.status == 202
    assert re.match(r"<p>You are number 1 in line. {{nothing}} sale:1:waiting:\d+ {\"room\":\"sale\"", answer.text)
    assert all(header.endswith("; Secure") for header in answer.set_cookies())


def test_a_session_in_use_is_renewed_where_that_is_asked_for(site):
    site.open(MANY + "waitq_session 4s;", location="waitq_renew on;")
    visitor = site.visitor()
    visitor.get()
    before = visitor.cookies["waitq_sale"]
    wait_until(lambda: visitor.get().set_cookies(), "a renewal")
    claims = [jwt.decode(text, KEY, algorithms=["HS256"], audience="sale", options={"verify_exp": False})
              for text in (before, visitor.cookies["waitq_sale"])]
    assert claims[0]["jti"] == claims[1]["jti"] and claims[0]["exp"] < claims[1]["exp"]


def test_the_log_knows_what_became_of_a_request(site):
    site.open(ONE)
    fill(site).get("/again")
    site.visitor().get("/waits")
    site.visitor().get("/free")
    wait_until(lambda: len(site.nginx.accesses()) == 4, "four lines of the log")
    lines = {line[6]: line for line in site.nginx.accesses()}
    entered, passed, waited, free = (lines[f"GET {path} HTTP/1.1"] for path in ("/", "/again", "/waits", "/free"))
    assert entered[:4] == ["200", "sale", "entered", "-"] and entered[5] == passed[5] != "-"
    assert passed[2] == "pass"
    assert waited[:4] == ["503", "sale", "waiting", "1"]
    assert free[:6] == ["200", "-", "-", "-", "-", "-"]


def test_over_tls_cookies_are_for_tls_alone(site, tmp_path):
    port = free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=localhost", "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.pem"],
                   check=True, capture_output=True)
    site.open(MANY, server=f"listen 127.0.0.1:{port} ssl; ssl_certificate tls.pem; ssl_certificate_key tls.key;")
    context = ssl.create_default_context(cafile=tmp_path / "tls.pem")
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
    connection.request("GET", "/")
    answer = Answer(connection.getresponse())
    connection.close()
    assert answer.status == 200
    assert len(answer.set_cookies()) == 2
    assert all(header.endswith("; Secure") for header in answer.set_cookies())
