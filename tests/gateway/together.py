# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Tests that wait most of the time, for a second of a gateway's or a token of a bucket: those of a module wait at the same time, each in
a thread of its own and with processes of its own."""

import concurrent.futures
import inspect
import pathlib
import tempfile

import pytest


class Together:
    """As a decorator. What a test may ask for: event, a name that no other uses; folder, which is empty; and, with
    on_both_stores, store, a URI."""

    def __init__(self):
        self.bodies, self.runs = {}, {}

    def __call__(self, body):
        self.bodies[body.__name__] = body

        def test(request):
            self._result(request)
        test.__doc__ = body.__doc__
        return test

    def on_both_stores(self, body):
        self.bodies[body.__name__] = body

        @pytest.mark.parametrize("store", ["memory", "redis"])
        def test(request, store):
            self._result(request)
        test.__doc__ = body.__doc__
        return test

    def _result(self, request):
        if not self.runs:
            items = [item for item in request.session.items if self.bodies.get(item.originalname) and item.module is request.module]
            self.pool = concurrent.futures.ThreadPoolExecutor(len(items))
            for item in items:
                store = getattr(item, "callspec", None) and item.callspec.params["store"]
                uri = request.getfixturevalue("redis_server").uri if store == "redis" else "memory:"
                event = item.name.replace("[", "-").replace("]", "")[-64:]
                self.runs[item.nodeid] = self.pool.submit(_run, self.bodies[item.originalname], event, uri)
        self.runs[request.node.nodeid].result()


def _run(body, event, store):
    with tempfile.TemporaryDirectory() as folder:
        known = {"event": event, "store": store, "folder": pathlib.Path(folder)}
        body(**{name: known[name] for name in inspect.signature(body).parameters})
