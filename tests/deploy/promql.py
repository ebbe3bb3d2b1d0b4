# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What expressions of PromQL ask for, and whether anybody answers."""

import pathlib
import re
import subprocess
import tempfile

import yaml
from prometheus_client.parser import text_string_to_metric_families

from client import API, Client
from processes import ADMIN_TOKEN, backend, gateway

# Words that stand where a metric might; behind some of them stand labels in brackets.
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = GROUPING | {"and", "or", "unless", "bool", "offset", "inf", "nan"}
TOKEN = re.compile(r'\{[^}]*\}|\[[^\]]*\]|\d[\w.]*|[a-zA-Z_:][\w:]*|"(?:[^"\\]|\\.)*"|\S')
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')

# What others measure: Prometheus itself, and the kubelets.
FOREIGN = {"up", "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"}


def selectors(expression):
    """(metric, matchers) of all series that an expression asks for"""
    tokens = TOKEN.findall(expression)
    found, labels = [], False
    for token, following in zip(tokens, tokens[1:] + [""]):
        is_name = re.fullmatch(r"[a-zA-Z_:][\w:]*", token) is not None
        if token in GROUPING and following == "(":
            labels = True
        elif labels:
            labels = token != ")"
        elif is_name and token.lower() not in WORDS and following != "(" and following not in GROUPING:
            found.append((token, MATCHER.findall(following) if following.startswith("{") else []))
    return found


class Figures:
    """The metrics of a gateway: the names of its series, and the labels that it has for each"""

    def __init__(self, text):
        self.labels, self.names = {}, set()
        for family in text_string_to_metric_families(text):
            kinds = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
            self.names |= {family.name + kind for kind in kinds}
            for sample in family.samples:
                self.labels.setdefault(sample.name, []).append(sample.labels)

    def answers(self, name, matchers):
        """Whether a series has such labels; of a metric that has none yet, only the name is asked"""
        if name not in self.labels:
            return name in self.names
        # Which gateway and which job it is, Prometheus says.
        asked = [matcher for matcher in matchers if matcher[0] not in ("job", "instance", "pod", "namespace")]
        return any(all(_holds(labels.get(label, ""), how, value) for label, how, value in asked)
                   for labels in self.labels[name])


def _holds(label, how, value):
    is_same = re.fullmatch(value, label) is not None if how.endswith("~") else label == value
    return is_same != how.startswith("!")


def figures():
    """Those of a gateway that has been called in each way, and of a backend"""
    with tempfile.TemporaryDirectory() as folder:
        keys = pathlib.Path(folder) / "keys"
        keys.write_text("2026-a hs256 " + "5c" * 32 + "\n")
        with backend(keys, "concert") as server, Client(server.port) as client:
            client.ask("GET", "/")
            of_backend = client.ask("GET", "/metrics").bytes.decode()
    return Figures(_figures_of_a_gateway() + of_backend)


def _figures_of_a_gateway():
    with gateway("--rate-per-s", "0.01", "--burst", "2", "--join-rate", "0") as server, Client(server.port) as client:
        tokens = [client.token("concert") for _ in range(4)]
        client.status(tokens[3])
        passed = client.enter(tokens[0]).json["reservation_token"]
        client.ask("POST", f"{API}/queue/exit", {"event_id": "concert", "reservation_token": passed})
        client.leave(tokens[3])
        client.ask("GET", "/")
        client.admin("stats", "GET", token=ADMIN_TOKEN)
        return client.ask("GET", "/metrics").bytes.decode()


def unanswered(expression, figures, recorded):
    """What an expression asks for and nobody has"""
    return [name for name, matchers in selectors(expression)
            if name not in recorded and name not in FOREIGN and not figures.answers(name, matchers)]


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


def check_expressions(expressions):
    """What promtool says of expressions, as the rules of a file"""
    rules = [{"record": f"checked:{number}", "expr": expression} for number, expression in enumerate(expressions)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rules.yml"
        path.write_text(yaml.safe_dump({"groups": [{"name": "checked", "rules": rules}]}))
        return promtool("check", "rules", path)
