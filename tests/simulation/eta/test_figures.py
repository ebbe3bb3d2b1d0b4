# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What simulate_eta prints is what programs expect."""
import json
import os
import subprocess

SIMULATE = os.environ["WAITQ_SIMULATE_ETA"]
KEYS = ["scenario", "estimator", "acc", "hit", "cov90", "width"]
ESTIMATORS = ["default", "reference", "reference_as_coded", "known_rate", "ceiling"]


def simulate(*arguments):
    return subprocess.run([SIMULATE, "--quick", *arguments], check=True, capture_output=True, text=True, timeout=200).stdout


def test_json_is_a_list_with_a_line_for_each_scenario_and_estimator():
    figures = json.loads(simulate("--json", "--seeds", "2", "--scenario", "3"))
    assert [list(line) for line in figures] == [KEYS] * len(figures)
    scenarios = ["3 after 60 s", "3 after 300 s", "6b"]
    assert [(line["scenario"], line["estimator"]) for line in figures] == [(s, e) for s in scenarios for e in ESTIMATORS]
    for line in figures:
        assert 0 <= line["acc"] <= 100 and 0 <= line["hit"] <= 100
        assert (line["cov90"] is None) == (line["width"] is None) == (line["estimator"] != "default")


def test_the_figures_do_not_depend_on_how_many_run_at_a_time():
    arguments = ["--json", "--seeds", "3", "--scenario", "4a"]
    assert simulate(*arguments, "--jobs", "1") == simulate(*arguments, "--jobs", "3")


def test_every_scenario_can_be_asked_for_by_the_names_of_its_parts():
    assert simulate("--json", "--seeds", "1", "--scenario", "6a") == simulate("--json", "--seeds", "1", "--scenario", "1")


def test_samples_are_polls_with_what_came(tmp_path):
    simulate("--seeds", "1", "--scenario", "1", "--samples", str(tmp_path), "--one-in", "100")
    lines = (tmp_path / "0000.csv").read_text().splitlines()
    heading = lines[0].split(",")
    assert heading[:5] == ["scenario", "seed", "at_s", "position", "truth_s"]
    polls = [dict(zip(heading, line.split(","))) for line in lines[1:]]
    assert len(polls) > 50
    assert all(abs(float(poll["position"]) / 25 - float(poll["truth_s"])) < 3 for poll in polls)


def test_a_scenario_that_does_not_exist_is_refused():
    refused = subprocess.run([SIMULATE, "--scenario", "10"], capture_output=True, text=True, timeout=20)
    assert refused.returncode == 2
    assert "no such scenario" in refused.stderr
