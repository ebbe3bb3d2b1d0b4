# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Passes and JWTs of another implementation, PyJWT, read each other's texts.

Run: WAITQ_PASS_TOOL=<build>/pass_tool /usr/bin/python3 test_jwt_interop.py
Needs Debian's python3-jwt and python3-cryptography.
"""

import base64
import hashlib
import json
import os
import random
import struct
import subprocess
import time
import unittest

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TOOL = os.environ["WAITQ_PASS_TOOL"]
SECRET = bytes(range(1, 49))
SEED = bytes(range(101, 133))
PRIVATE = Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = PRIVATE.public_key()
PUBLIC_BYTES = PUBLIC.public_bytes(Encoding.Raw, PublicFormat.Raw)
KEYS = {"HS256": ("HS256", SECRET), "EdDSA": ("Ed25519-public", PUBLIC_BYTES)}
PYTHON_KEYS = {"HS256": SECRET, "EdDSA": PRIVATE}
NOTHING = ("-", "-", "-")
REQUIRED = {"require": ["aud", "exp", "iat", "jti", "nbf"]}


def tool(*arguments, lines=()):
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run([TOOL, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"pass_tool {arguments[0]} failed: {done.stderr}")
    return done.stdout.splitlines()


def our_pass(algorithm, kid, key, issued, expires, room="concert", epoch=7, number=41, binding=NOTHING):
    return tool("sign", algorithm, kid, key.hex(), room, epoch, number, issued, expires, *binding)[0]


def our_verdicts(algorithm, passes, now_s, audience="concert", binding=NOTHING, kid="k1", key=None):
    ours, ours_key = KEYS[algorithm]
    return tool("verify", ours, kid, (key or ours_key).hex(), audience, now_s * 1000, *binding, lines=passes)


def our_verdict(algorithm, text, now_s, **options):
    return our_verdicts(algorithm, [text], now_s, **options)[0]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def craft(header, payload, algorithm="HS256", key=None):
    """A token over any bytes, signed by PyJWT's implementation of the algorithm."""
    implementation = jwt.algorithms.get_default_algorithms()[algorithm]
    prepared = implementation.prepare_key(key or PYTHON_KEYS[algorithm])
    message = base64url(header) + b"." + base64url(payload)
    return (message + b"." + base64url(implementation.sign(message, prepared))).decode()


def claims_now(now, **changes):
    claims = {"aud": "concert", "exp": now + 600, "iat": now, "nbf": now, "jti": "7-41", **changes}
    return {name: value for name, value in claims.items() if value is not None}


def seed_of_the_environment(otherwise):
    seed = int(os.environ.get("WAITQ_TEST_SEED") or otherwise)
    print(f"WAITQ_TEST_SEED={seed}", flush=True)
    return seed


class PythonReadsOurs(unittest.TestCase):
    def setUp(self):
        self.now = int(time.time())

    def test_python__verifies_our_hs256_passes_of_every_secret_length(self):
        for length in range(32, 65):
            key = bytes(range(1, length + 1))
            text = our_pass("HS256", "k1", key, self.now, self.now + 600)
            claims = jwt.decode(text, key, algorithms=["HS256"], audience="concert", options=REQUIRED)
            self.assertEqual(claims, claims_now(self.now))
            self.assertEqual(jwt.get_unverified_header(text), {"alg": "HS256", "kid": "k1", "typ": "JWT"})

    def test_python__verifies_our_eddsa_passes(self):
        text = our_pass("Ed25519", "k1", SEED, self.now, self.now + 600)
        claims = jwt.decode(text, PUBLIC, algorithms=["EdDSA"], audience="concert", options=REQUIRED)
        self.assertEqual(claims, claims_now(self.now))
        self.assertEqual(jwt.get_unverified_header(text), {"alg": "EdDSA", "kid": "k1", "typ": "JWT"})

    def test_python__verifies_our_longest_pass(self):
        room, kid = "r" * 64, "k" * 31
        text = our_pass(
            "Ed25519", kid, SEED, self.now, self.now + 600, room, 2**32 - 1, 2**40, ("POST", "/" * 900, "192.0.2.7")
        )
        claims = jwt.decode(text, PUBLIC, algorithms=["EdDSA"], audience=room, options=REQUIRED)
        self.assertEqual(claims["jti"], f"{2**32 - 1}-{2**40}")
        self.assertLess(len(text), 512)

    def test_python__derives_the_public_key_that_we_derive(self):
        self.assertEqual(tool("public", "k1", SEED.hex()), [PUBLIC_BYTES.hex()])

    def test_python__computes_our_binding(self):
        for binding in (("POST", "https://tickets.example/buy?é", "192.0.2.7"), ("-", "/a", "-"), ("-", "-", "me")):
            text = our_pass("HS256", "k1", SECRET, self.now, self.now + 600, binding=binding)
            parts = [b"" if part == "-" else part.encode() for part in binding]
            message = b"".join(struct.pack("<Q", len(part)) + part for part in parts)
            digest = hashlib.blake2b(message, digest_size=16).digest()
            claims = jwt.decode(text, SECRET, algorithms=["HS256"], audience="concert")
            self.assertEqual(claims, claims_now(self.now, bnd=base64url(digest).decode()))

    def test_python__refuses_ours_for_the_reasons_it_should(self):
        good = our_pass("HS256", "k1", SECRET, self.now, self.now + 600)
        old = our_pass("HS256", "k1", SECRET, self.now - 1200, self.now - 600)
        early = our_pass("HS256", "k1", SECRET, self.now + 600, self.now + 1200)
        signed = our_pass("Ed25519", "k1", SEED, self.now, self.now + 600)
        for text, key, algorithm, audience, error in (
            (good, SECRET, "HS256", "cinema", jwt.InvalidAudienceError),
            (old, SECRET, "HS256", "concert", jwt.ExpiredSignatureError),
            (early, SECRET, "HS256", "concert", jwt.ImmatureSignatureError),
            (good, SECRET[1:], "HS256", "concert", jwt.InvalidSignatureError),
            (signed, PUBLIC_BYTES, "HS256", "concert", jwt.InvalidAlgorithmError),
            (signed, Ed25519PrivateKey.generate().public_key(), "EdDSA", "concert", jwt.InvalidSignatureError),
        ):
            with self.assertRaises(error):
                jwt.decode(text, key, algorithms=[algorithm], audience=audience)


class WeReadPythons(unittest.TestCase):
    now = 1_700_000_000
    good = f"WAITQ_OK concert k1 7-41 7 41 {now}000 {now}000 {now + 600}000"

    def encode(self, claims, algorithm="HS256", kid="k1", key=None, **headers):
        if kid is not None:
            headers["kid"] = kid
        return jwt.encode(claims, key or PYTHON_KEYS[algorithm], algorithm=algorithm, headers=headers)

    def test_waitq__verifies_what_python_encodes(self):
        for algorithm in KEYS:
            for kid in ("k1", None):
                text = self.encode(claims_now(self.now), algorithm, kid)
                self.assertEqual(our_verdict(algorithm, text, self.now), self.good)

    def test_waitq__does_not_mind_order_and_white_space(self):
        claims = claims_now(self.now)
        for algorithm in KEYS:
            header = {"kid": "k1", "alg": algorithm, "typ": "JWT"}
            for names in (sorted(claims), sorted(claims, reverse=True)):
                for indent, separators in ((None, (",", ":")), (None, (" , ", " : ")), (1, (",", ":\t"))):
                    texts = [
                        json.dumps(part, indent=indent, separators=separators).encode() + b"\r\n "
                        for part in (header, {name: claims[name] for name in names})
                    ]
                    text = craft(*texts, algorithm)
                    self.assertEqual(our_verdict(algorithm, text, self.now), self.good)

    def test_waitq__does_not_mind_claims_that_it_does_not_know(self):
        claims = claims_now(self.now, iss="Café 🎫", sub="x", scope=["a", {"b": [None, True, 1.5e-3]}])
        for ensure_ascii in (True, False):
            payload = json.dumps(claims, ensure_ascii=ensure_ascii).encode()
            text = craft(b'{"alg":"HS256","kid":"k1","x":{"y":[]}}', payload)
            self.assertEqual(our_verdict("HS256", text, self.now), self.good)

    def test_waitq__reads_fractions_of_seconds_and_one_audience_in_a_list(self):
        claims = claims_now(self.now, aud=["concert"], exp=self.now + 600.75, iat=self.now + 0.5, nbf=float(self.now))
        self.assertEqual(our_verdict("HS256", self.encode(claims), self.now), self.good)

    def test_waitq__reads_a_pass_without_iat_and_nbf(self):
        text = self.encode(claims_now(self.now, iat=None, nbf=None))
        self.assertEqual(our_verdict("HS256", text, self.now), f"WAITQ_OK concert k1 7-41 7 41 0 0 {self.now + 600}000")

    def test_waitq__reads_a_binding_that_python_computed(self):
        message = b"".join(struct.pack("<Q", len(part)) + part for part in (b"POST", b"/buy", b"me"))
        bound = base64url(hashlib.blake2b(message, digest_size=16).digest()).decode()
        text = self.encode(claims_now(self.now, bnd=bound))
        self.assertEqual(our_verdict("HS256", text, self.now, binding=("POST", "/buy", "me")), self.good)
        for other in (("GET", "/buy", "me"), ("POST", "/buy", "-"), NOTHING):
            self.assertEqual(our_verdict("HS256", text, self.now, binding=other), "WAITQ_E_BINDING")

    def test_waitq__refuses_what_is_signed_otherwise(self):
        claims = claims_now(self.now)
        other = Ed25519PrivateKey.generate()
        for algorithm, text, verdict in (
            ("HS256", jwt.encode(claims, None, algorithm="none", headers={"kid": "k1"}), "WAITQ_E_KEY"),
            ("EdDSA", jwt.encode(claims, None, algorithm="none"), "WAITQ_E_KEY"),
            ("HS256", self.encode(claims, "HS384", key=SECRET), "WAITQ_E_KEY"),
            ("HS256", self.encode(claims, "HS512", key=SECRET), "WAITQ_E_KEY"),
            ("HS256", self.encode(claims, kid="k2"), "WAITQ_E_KEY"),
            ("HS256", self.encode(claims, "EdDSA"), "WAITQ_E_KEY"),
            ("EdDSA", self.encode(claims, "HS256", key=PUBLIC_BYTES), "WAITQ_E_KEY"),
            ("HS256", self.encode(claims, key=SECRET[:-1]), "WAITQ_E_FORGED"),
            ("EdDSA", self.encode(claims, "EdDSA", key=other), "WAITQ_E_FORGED"),
        ):
            self.assertEqual(our_verdict(algorithm, text, self.now).split()[0], verdict)

    def test_waitq__refuses_claims_that_do_not_fit(self):
        for changes, verdict in (
            ({"exp": None}, "WAITQ_E_MALFORMED"),
            ({"jti": None}, "WAITQ_E_MALFORMED"),
            ({"aud": None}, "WAITQ_E_MALFORMED"),
            ({"jti": "07-41"}, "WAITQ_E_MALFORMED"),
            ({"aud": ["concert", "cinema"]}, "WAITQ_E_MALFORMED"),
            ({"aud": "cinema"}, "WAITQ_E_AUDIENCE"),
            ({"exp": self.now}, "WAITQ_E_EXPIRED"),
            ({"nbf": self.now + 1}, "WAITQ_E_EARLY"),
            ({"iat": -1}, "WAITQ_E_MALFORMED"),
        ):
            text = self.encode(claims_now(self.now, **changes))
            self.assertEqual(our_verdict("HS256", text, self.now), verdict, changes)

    def test_waitq__refuses_headers_that_ask_for_more(self):
        for headers in ({"crit": ["exp"]}, {"typ": "at+jwt"}):
            text = self.encode(claims_now(self.now), **headers)
            self.assertEqual(our_verdict("HS256", text, self.now), "WAITQ_E_MALFORMED")

    def test_waitq__takes_no_damaged_pass_and_nothing_that_python_refuses(self):
        rng = random.Random(seed_of_the_environment(20260101))
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="
        now = int(time.time())
        for algorithm, python_key in (("HS256", SECRET), ("EdDSA", PUBLIC)):
            good = self.encode(claims_now(now), algorithm)
            texts = [good] + [self.damage(rng, good, alphabet) for _ in range(1500)]
            for text, verdict in zip(texts, our_verdicts(algorithm, texts, now), strict=True):
                try:
                    jwt.decode(text, python_key, algorithms=[algorithm], audience="concert")
                    python_takes_it = True
                except jwt.PyJWTError:
                    python_takes_it = False
                # PyJWT decodes base64 leniently; whatever it refuses must be refused here, never the other way round.
                self.assertFalse(verdict.startswith("WAITQ_OK") and not python_takes_it, text)
                self.assertEqual(verdict.startswith("WAITQ_OK"), text == good, text)

    @staticmethod
    def damage(rng, text, alphabet):
        at, kind = rng.randrange(len(text)), rng.randrange(4)
        if kind == 0:
            return text[:at] + text[at + 1 :]
        if kind == 1:
            return text[:at] + rng.choice(alphabet) + text[at:]
        if kind == 2:
            return text[:at] + rng.choice(alphabet.replace(text[at], "")) + text[at + 1 :]
        other = rng.randrange(len(text))
        damaged = list(text)
        damaged[at], damaged[other] = damaged[other], damaged[at]
        return "".join(damaged) if damaged != list(text) else text + "A"


class Refused(Exception):
    pass


class Pairs(list):
    """An object as the list of its members, so that names that stand twice can be seen."""


def refuse_constant(name):
    raise Refused(name)


def check_value(value, depth):
    """Refuses lone surrogates and deep nesting, which Python's reader lets through."""
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, list):
        if depth > 8:
            raise Refused("depth")
        for element in value:
            for part in element if isinstance(value, Pairs) else (element,):
                check_value(part, depth + 1)


def json_oracle(text):
    """What the strict reader has to say of a text, according to Python's own reader and the documented bounds."""
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=Pairs, parse_constant=refuse_constant)
        if not isinstance(value, Pairs) or len(value) > 64 or len(text) > 1024:
            return "refused"
        check_value(value, 1)
    except (ValueError, Refused):
        return "refused"
    names = [name for name, _ in value]
    return "object" if len(set(names)) == len(names) else "refused"


class JsonAgreesWithPython(unittest.TestCase):
    seeds = (
        b'{"alg":"HS256","kid":"k1","typ":"JWT"}',
        b'{"aud":["concert"],"exp":1700000600.5e0,"iat":-0,"jti":"7-41","nbf":1.7E+9}',
        b' { "a" : [ 1 , { "b" : null , "b" : [ ] } , true , false ] , "c" : { } } ',
        '{"é":"\\u00e9","e\\u0301":"\\ud83d\\ude00🎫","":"\\"\\\\\\/\\b\\f\\n\\r\\t"}'.encode(),
        b'{"a":[[[[[[[1]]]]]]],"b":{"c":{"d":{"e":{"f":{"g":{}}}}}}}',
    )
    pieces = (
        b'"', b"\\", b"\\u", b"d800", b"\\udc00", b"{", b"}", b"[", b"]", b",", b":", b"0", b"1", b"-", b"+", b".",
        b"e", b"E9", b"true", b"null", b"NaN", b" ", b"\n", b"\x00", b"\x1f", b"\x7f", b"\x80", b"\xc3", b"\xa9", b"\xed\xa0\x80",
        b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b'"a":1,', b'"a":', b"[[", b"]]", b"\\/", b"/",
    )  # fmt: skip

    def mutate(self, rng):
        text = bytearray(rng.choice(self.seeds))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text) + 1)
            kind = rng.randrange(4)
            if kind == 0:
                text[at:at] = rng.choice(self.pieces)
            elif kind == 1:
                del text[at : at + rng.randrange(1, 4)]
            elif kind == 2:
                text[at : at + 1] = rng.choice(self.pieces)
            else:
                start = rng.randrange(len(text) + 1)
                text[at:at] = text[start : start + rng.randrange(1, 12)]
        return bytes(text)

    def test_waitq__reads_and_refuses_json_as_python_does(self):
        rng = random.Random(seed_of_the_environment(20260102))
        texts = list(self.seeds) + [self.mutate(rng) for _ in range(40000)]
        expected = [json_oracle(text) for text in texts]
        self.assertEqual(expected[: len(self.seeds)], ["object"] * len(self.seeds))
        # A comparison in which one side never occurs would show nothing.
        self.assertGreater(expected.count("object"), 1000)
        self.assertGreater(expected.count("refused"), 1000)
        for text, want, got in zip(texts, expected, tool("json", lines=[t.hex() for t in texts]), strict=True):
            self.assertEqual(got, want, text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
