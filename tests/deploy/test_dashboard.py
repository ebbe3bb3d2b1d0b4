# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The dashboard is one that Grafana can read, and shows what the gateway measures."""

import copy
import itertools
import json
import pathlib

import jsonschema
import pytest

import promql
from deployed import DEPLOY, rules
from promql import check_expressions, selectors, unanswered

SCHEMA = json.loads(pathlib.Path(__file__).with_name("dashboard.schema.json").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
# What Grafana puts in before it asks.
VALUES = {"$__rate_interval": "1m", "$room": ".*"}


def expression_of(text):
    for name, value in VALUES.items():
        text = text.replace(name, value)
    return text


EXPRESSIONS = [expression_of(target["expr"]) for panel in PANELS for target in panel["targets"]]


@pytest.fixture(scope="module")
def figures():
    return promql.figures()


def is_valid(dashboard):
    return not list(jsonschema.Draft7Validator(SCHEMA).iter_errors(dashboard))


def test_it_is_what_the_model_says():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(DASHBOARD, SCHEMA, jsonschema.Draft7Validator)


@pytest.mark.parametrize("change", [
    lambda dashboard: dashboard["panels"][1].update(titel="Waiting"),
    lambda dashboard: dashboard["panels"][1].pop("gridPos"),
    lambda dashboard: dashboard["panels"][1]["gridPos"].update(w=25),
    lambda dashboard: dashboard["panels"][1]["targets"][0].update(expr=1),
    lambda dashboard: dashboard["panels"][1]["fieldConfig"]["defaults"].update(unit="seconds"),
    lambda dashboard: dashboard["panels"][1]["datasource"].update(uid="mine"),
    lambda dashboard: dashboard["templating"]["list"][0].pop("query"),
], ids=["field", "missing", "wide", "type", "unit", "source", "variable"])
def test_a_mistake_is_seen(change):
    dashboard = copy.deepcopy(DASHBOARD)
    change(dashboard)
    assert is_valid(DASHBOARD) and not is_valid(dashboard)


def test_panels_have_places_and_numbers_of_their_own():
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        assert (one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"] or
                one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]), (one, other)
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert all([target["refId"] for target in panel["targets"]] == list("ABCDEFG"[:len(panel["targets"])]) for panel in PANELS)


def test_promtool_reads_every_expression():
    checked = check_expressions(EXPRESSIONS)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(EXPRESSIONS)} rules found" in checked.stdout
    assert not any("$" in expression for expression in EXPRESSIONS)


def test_every_series_that_is_asked_for_is_there(figures):
    recorded = {rule["record"] for rule in rules("rules.yml")}
    assert {expression: missing for expression in EXPRESSIONS
            if (missing := unanswered(expression, figures, recorded))} == {}


def test_every_family_of_the_programs_is_shown(figures):
    shown = {name for expression in EXPRESSIONS for name, _ in selectors(expression)}
    shown |= {name for rule in rules("rules.yml") if rule["record"] in shown for name, _ in selectors(rule["expr"])}
    assert {name for name in figures.names if name.startswith("waitq_")} - shown == set()


def test_the_variables_are_those_that_are_used(figures):
    names = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert names == {"datasource", "room"}
    room = next(variable for variable in DASHBOARD["templating"]["list"] if variable["name"] == "room")
    assert room["query"]["query"] == "label_values(waitq_room_waiting, room)"
    assert all("room" in labels for labels in figures.labels["waitq_room_waiting"])
    assert "$room" in json.dumps(PANELS)


def panel_of(title):
    return next(panel for panel in PANELS if panel["title"] == title)


def test_the_line_at_the_limit_of_memory_is_that_of_the_manifests():
    assert panel_of("Memory")["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == 50 * 1024 * 1024


@pytest.mark.parametrize("title, limit", [("Connections", "connections"), ("Event streams", "streams"),
                                          ("Calls to enter that are held", "enters_held"), ("Events served", "events")])
def test_limits_that_gateways_tell_are_shown_beside_what_they_limit(title, limit):
    asked = {name for target in panel_of(title)["targets"] for name, _ in selectors(target["expr"])}
    assert {f"waitq_gateway_{limit}", f"waitq_gateway_{limit}_limit"} <= asked
