# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A client of the gateway."""

import http.client
import json

from processes import ADMIN_TOKEN

API = "/api/v1"


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.bytes = response.read()

    @property
    def json(self):
        return json.loads(self.bytes)

    @property
    def code(self):
        return self.json["error"]["code"]


class Client:
    """One connection, kept alive, and made again when the other side has closed it."""

    def __init__(self, port, timeout=20, host="127.0.0.1"):
        self.link = http.client.HTTPConnection(host, port, timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()

    def ask(self, method, path, body=None, headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        self.link.request(method, path, body=body, headers=headers or {})
        return Reply(self.link.getresponse())

    def join(self, event="concert", user=None, **headers):
        body = {"event_id": event}
        if user is not None:
            body["user_id"] = user
        return self.ask("POST", f"{API}/queue/join", body, {"Content-Type": "application/json", **headers})

    def token(self, event="concert", user=None):
        reply = self.join(event, user)
        assert reply.status == 202, reply.bytes
        return reply.json["waiting_token"]

    def status(self, token):
        return self.ask("GET", f"{API}/queue/status?token={token}")

    def enter(self, token):
        return self.ask("POST", f"{API}/queue/enter", {"waiting_token": token})

    def leave(self, token, method="DELETE"):
        return self.ask(method, f"{API}/queue/leave?token={token}")

    def admin(self, call, method="POST", token=ADMIN_TOKEN, **body):
        return self.ask(method, f"{API}/admin/{call}", body if method == "POST" else None,
                        {"Authorization": f"Bearer {token}"})
