# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Rules and alerts are read and tried out by promtool, and fit the gateway, the manifests and the guides."""

import json
import pathlib
import re

import pytest
import yaml

import promql
from deployed import DEPLOY, SOURCE, arguments_of, manifests, rules
from promql import promtool, unanswered

HERE = pathlib.Path(__file__).parent
RULES, ALERTS = rules("rules.yml"), rules("alerts.yml")
CASES = sorted(HERE.glob("*.test.yml"))


def alert(name):
    return next(rule for rule in ALERTS if rule["alert"] == name)


@pytest.fixture
def folder(tmp_path):
    """The rules, and the alerts without what is written for people, which the cases would have to repeat"""
    content = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    for group in content["groups"]:
        for rule in group["rules"]:
            del rule["annotations"]
    (tmp_path / "alerts.yml").write_text(yaml.safe_dump(content))
    (tmp_path / "rules.yml").write_text((DEPLOY / "prometheus/rules.yml").read_text())
    for case in CASES:
        (tmp_path / case.name).write_text(case.read_text())
    return tmp_path


def test_promtool_reads_the_configuration_with_its_rules():
    checked = promtool("check", "config", DEPLOY / "prometheus/prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("rules found") == 2


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_alerts_speak_when_they_should(folder, case):
    tried = promtool("test", "rules", folder / case.name)
    assert tried.returncode == 0, tried.stdout + tried.stderr


@pytest.mark.parametrize("case, file, was, becomes", [
    ("gateways near", "alerts.yml", "> 0.8 * waitq_gateway_streams_limit", "> 1.8 * waitq_gateway_streams_limit"),
    ("nine thousand", "alerts.yml", "room:waitq_room_over_limit:15s > 0", "room:waitq_room_over_limit:15s > 9000"),
    ("two a second", "alerts.yml", "room:waitq_room_over_limit:10m > 0", "room:waitq_room_over_limit:1m > 0"),
    ("a burst at once", "rules.yml", "quantile by (room) (0.5, waitq_room_burst_tokens)", "group by (room) (waitq_room_burst_tokens)"),
])
def test_a_mistake_in_the_rules_is_noticed(folder, case, file, was, becomes):
    content = yaml.safe_load((folder / "alerts.test.yml").read_text())
    content["tests"] = [one for one in content["tests"] if one["name"].startswith(case)]
    assert len(content["tests"]) == 1
    (folder / "alerts.test.yml").write_text(yaml.safe_dump(content))
    assert promtool("test", "rules", folder / "alerts.test.yml").returncode == 0
    text = (folder / file).read_text()
    assert text.count(was) == 1
    (folder / file).write_text(text.replace(was, becomes))
    assert promtool("test", "rules", folder / "alerts.test.yml").returncode == 1


def test_there_is_a_case_in_which_each_alert_speaks():
    spoken = {}
    for path in CASES:
        for case in yaml.safe_load(path.read_text())["tests"]:
            for tried in case.get("alert_rule_test", []):
                spoken.setdefault(tried["alertname"], []).append(len(tried["exp_alerts"]))
    assert {rule["alert"] for rule in ALERTS} == {name for name, counts in spoken.items() if max(counts) > 0}


def test_every_series_that_is_asked_for_is_there():
    figures, recorded = promql.figures(), {rule["record"] for rule in RULES}
    assert {rule["expr"]: missing for rule in RULES + ALERTS
            if (missing := unanswered(rule["expr"], figures, recorded))} == {}


def anchors(page):
    headings = re.findall(r"^#+ (.*)$", (SOURCE / page).read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule):
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    page, anchor = rule["annotations"]["runbook"].split("#")
    assert anchor in anchors(page), rule["annotations"]["runbook"]


def test_limits_in_alerts_are_those_of_the_manifests():
    assert alert("WaitqMemoryNearLimit")["expr"].endswith("0.9 * 50 * 1024 * 1024")
    most = manifests()["HorizontalPodAutoscaler", "waitq-gateway"]["spec"]["maxReplicas"]
    assert alert("WaitqScaledOut")["expr"].endswith(f">= {int(0.9 * most)}")


def test_prometheus_asks_the_pods_under_the_job_that_the_rules_name():
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    gateways, backend = config["scrape_configs"]
    found, = gateways["dns_sd_configs"]
    name, namespace, _ = found["names"][0].split(".")
    service = manifests()["Service", name]
    assert service["metadata"]["namespace"] == namespace and service["spec"]["clusterIP"] == "None"
    assert service["spec"]["ports"][0]["port"] == found["port"]
    assert found["port"] == int(arguments_of("waitq-gateway")["listen"].rpartition(":")[2])
    address = backend["static_configs"][0]["targets"][0]
    port = manifests()["Service", "waitq-backend"]["spec"]["ports"][0]["port"]
    assert address == f"waitq-backend.waitq.svc:{port}"
    jobs = {name for rule in RULES + ALERTS for name in re.findall(r'job="([\w-]+)"', rule["expr"])}
    assert jobs == {gateways["job_name"]}
    assert config["global"]["scrape_interval"] == "15s"
