# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The reader of expressions sees all that they ask for: what it did not see would not be held against the gateway."""

import pytest

from promql import Figures, check_expressions, selectors, unanswered

FIGURES = Figures("""
# TYPE a_total counter
a_total{room="x",phase="open"} 1
# TYPE b gauge
# TYPE c_seconds histogram
c_seconds_bucket{le="0.1"} 1
c_seconds_bucket{le="+Inf"} 1
c_seconds_count 1
c_seconds_sum 0.1
""")


@pytest.mark.parametrize("expression, names", [
    ("a_total", ["a_total"]),
    ("sum by (room) (rate(a_total[5m]))", ["a_total"]),
    ("sum(rate(a_total[5m])) by (room)", ["a_total"]),
    ("quantile by (room) (0.5, b{room=~\"x|y\"}) > bool 1e3", ["b"]),
    ("a_total offset 15m - on (room) group_left (phase) b", ["a_total", "b"]),
    ("room:b:rate1m > 3 * (room:b:rate1m offset 15m) and b", ["room:b:rate1m", "room:b:rate1m", "b"]),
    ("timestamp(a_total offset 1m) + 2 * b unless vector(0)", ["a_total", "b"]),
    ("histogram_quantile(0.95, sum by (le) (rate(c_seconds_bucket{call=\"join\"}[5m])))", ["c_seconds_bucket"]),
])
def test_the_names_in_an_expression_are_found(expression, names):
    assert [name for name, _ in selectors(expression)] == names
    assert check_expressions([expression]).returncode == 0


@pytest.mark.parametrize("expression, missing", [
    ("a_total", []),
    ("a_total{room=\"x\"}", []),
    ("a_total{room=\"y\"}", ["a_total"]),
    ("a_total{room=~\".*\", phase!=\"open\"}", ["a_total"]),
    ("a_total{rooms=\"x\"}", ["a_total"]),
    ("b", []),
    ("rate(a[5m])", ["a"]),
    ("c_seconds_bucket{le=\"0.1\"} / c_seconds_count", []),
    ("c_seconds_bucket{le=\"0.15\"}", ["c_seconds_bucket"]),
    ("made:of:others + d", ["d"]),
])
def test_what_nobody_has_is_found(expression, missing):
    assert unanswered(expression, FIGURES, {"made:of:others"}) == missing


def test_what_is_no_expression_is_found():
    assert check_expressions(["rate(a_total[5m])"]).returncode == 0
    assert check_expressions(["rate(a_total)"]).returncode != 0
    assert check_expressions(["sum(a_total"]).returncode != 0
