# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Writes the figures into docs/eta.md, and its plots: report.sh calls it with what simulate_eta has found.

    report.py FIGURES.json SAMPLES-DIRECTORY LIST SEEDS
"""
import csv
import json
import math
import pathlib
import re
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)
import numpy as np  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[3]
PAGE = SOURCE / "docs/eta.md"
PLOTS = SOURCE / "docs/figures"
BEGIN = "<!-- figures: written by tests/simulation/eta/report.sh -->\n"
END = "<!-- end of figures -->\n"

OURS, REFERENCE, CEILING = "#1f5fa8", "#d9822b", "#5b8c5a"
COLUMNS = [("default", "default"), ("reference", "reference"), ("reference_as_coded", "as run"),
           ("known_rate", "known rate"), ("ceiling", "ceiling")]
HIDDEN = {"2", "5 before", "5 during"}


def read_samples(directory):
    """{scenario: {column: array}} of all files"""
    columns = {}
    for path in sorted(directory.glob("*.csv")):
        with path.open() as file:
            for row in csv.DictReader(file):
                into = columns.setdefault(row.pop("scenario"), {})
                for name, text in row.items():
                    into.setdefault(name, []).append(float(text))
    return {name: {key: np.array(values) for key, values in into.items()} for name, into in columns.items()}


def cell(line):
    return f"{line['acc']:.1f}/{line['hit']:.0f}" if line else ""


def table(figures):
    by = {(line["scenario"], line["estimator"]): line for line in figures}
    names = list(dict.fromkeys(line["scenario"] for line in figures))
    rows = ["| scenario | " + " | ".join(title for _, title in COLUMNS) + " | COV90 | width |",
            "|---|" + "---|" * (len(COLUMNS) + 2)]
    for name in names:
        cells = [cell(by.get((name, estimator))) for estimator, _ in COLUMNS]
        ours = by[name, "default"]
        cells[0] = f"**{cells[0]}**"
        rows.append(f"| {name} | " + " | ".join(cells) + f" | {ours['cov90']:.1f} | {ours['width']:.2f} |")
    return "\n".join(rows) + "\n"


def save(figure, name):
    PLOTS.mkdir(exist_ok=True)
    options = {"metadata": {"Date": None}} if name.endswith(".svg") else {"dpi": 100, "metadata": {"Software": None}}
    figure.savefig(PLOTS / name, bbox_inches="tight", **options)
    plt.close(figure)


def plot_predicted(samples):
    names = ["1", "3", "3m", "4c", "5", "9", "7", "trace 1998-06-30"]
    figure, axes = plt.subplots(2, 4, figsize=(13, 6.6))
    for name, axis in zip(names, axes.flat):
        polls = samples[name]
        most = max(1.0, float(np.quantile(polls["truth_s"], 0.995)))
        pick = np.random.default_rng(1).permutation(len(polls["truth_s"]))[:4000]
        truth = polls["truth_s"][pick]
        axis.plot(truth, polls["reference_s"][pick], ".", color=REFERENCE, markersize=2, alpha=0.35, label="reference")
        axis.plot(truth, polls["default_s"][pick], ".", color=OURS, markersize=2, alpha=0.35, label="default")
        axis.plot([0, most], [0, most], color="black", linewidth=0.8)
        axis.set_xlim(0, most)
        axis.set_ylim(0, 2 * most)
        axis.set_title(name, fontsize=10)
        axis.set_xlabel("what came, s", fontsize=8)
        axis.tick_params(labelsize=8)
    axes[0][0].set_ylabel("what was said, s")
    axes[1][0].set_ylabel("what was said, s")
    axes[0][0].legend(loc="upper left", fontsize=8, markerscale=5)
    figure.tight_layout()
    save(figure, "eta-predicted.png")


def is_hit(polls):
    return np.abs(polls["default_s"] - polls["truth_s"]) <= np.maximum(0.1 * polls["truth_s"], 5.0)


def plot_confidence(axis, samples):
    """Of the polls that were given a confidence, how many were right: all scenarios together, and each"""
    known = {name: polls for name, polls in samples.items() if name not in ("2", "5")}
    edges = np.linspace(0, 1, 11)
    for name, polls in [*known.items(), (None, None)]:
        some = list(known.values()) if name is None else [polls]
        confidence = np.concatenate([one["confidence"] for one in some])
        hits = np.concatenate([is_hit(one) for one in some])
        bins = np.clip(np.digitize(confidence, edges) - 1, 0, 9)
        shown = [b for b in range(10) if np.count_nonzero(bins == b) >= 30]
        points = [(confidence[bins == b].mean(), hits[bins == b].mean()) for b in shown]
        style = {"color": OURS, "linewidth": 2, "marker": "o"} if name is None else {"color": "0.75", "linewidth": 0.8}
        axis.plot(*zip(*points), **style, zorder=3 if name is None else 1)
    axis.plot([0, 1], [0, 1], color="black", linewidth=0.8)
    axis.set_xlabel("confidence that was given")
    axis.set_ylabel("share within 10 % or 5 s")
    axis.set_title("confidence: all scenarios (blue) and each (grey), without 2 and 5", fontsize=9)


def plot_coverage(axis, figures):
    ours = [line for line in figures if line["estimator"] == "default"]
    names = [line["scenario"] for line in ours]
    colors = ["0.75" if name in HIDDEN else OURS for name in names]
    axis.barh(range(len(ours)), [line["cov90"] for line in ours], color=colors)
    axis.axvline(90, color="black", linewidth=0.8)
    axis.set_yticks(range(len(ours)), names, fontsize=7)
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    axis.set_xlabel("truth within the 90 % interval, %")
    axis.set_title("coverage (grey: something hidden was to come)", fontsize=9)


def plot_calibration(figures, samples):
    figure, axes = plt.subplots(1, 2, figsize=(12, 4.8))
    plot_confidence(axes[0], samples)
    plot_coverage(axes[1], figures)
    figure.tight_layout()
    save(figure, "eta-calibration.svg")


def median_error(polls, column, width_s):
    """(time, median of |said - came| / came) by slices of time"""
    error = np.abs(polls[column] - polls["truth_s"]) / np.maximum(polls["truth_s"], 1.0)
    slices = (polls["at_s"] // width_s).astype(int)
    there = [at for at in np.unique(slices) if np.count_nonzero(slices == at) >= 20]
    return [(at + 0.5) * width_s for at in there], [max(1e-3, float(np.median(error[slices == at]))) for at in there]


def plot_over_time(samples):
    names = ["1", "3", "3m", "4c", "4d", "5", "9", "trace 1998-07-08, slots"]
    figure, axes = plt.subplots(2, 4, figsize=(13, 5.6), sharey=True)
    for name, axis in zip(names, axes.flat):
        polls = samples[name]
        width_s = max(5.0, float(polls["at_s"].max()) / 120)
        for column, color, label in (("reference_s", REFERENCE, "reference"), ("ceiling_s", CEILING, "ceiling"),
                                     ("default_s", OURS, "default")):
            if not np.isnan(polls[column]).all():
                axis.plot(*median_error(polls, column, width_s), color=color, linewidth=1.2, label=label)
        axis.set_yscale("log")
        axis.set_ylim(1e-3, 5)
        axis.set_title(name, fontsize=10)
        axis.set_xlabel("s from the opening", fontsize=8)
        axis.tick_params(labelsize=8)
    axes[0][0].set_ylabel("median error / truth")
    axes[1][0].set_ylabel("median error / truth")
    axes[0][0].legend(fontsize=8)
    figure.tight_layout()
    save(figure, "eta-over-time.svg")


def scenario_table(text):
    rows = [re.split(r"\s{2,}", line, maxsplit=1) for line in text.splitlines()]
    return "| scenario | what happens |\n|---|---|\n" + "".join(f"| {name} | {what} |\n" for name, what in rows)


def section(figures, scenarios, seeds):
    return f"""{BEGIN}
{scenario_table(scenarios)}
ACC/HIT in %, {seeds} seeds a scenario (7: {seeds * 25}); *width* is the mean width of the interval as a part of the truth.

{table(figures)}
![What was said against what came: on the line it is right](figures/eta-predicted.png)

![Calibration of confidence and interval](figures/eta-calibration.svg)

![Median error over the time of the run](figures/eta-over-time.svg)

{END}"""


def main():
    figures = json.loads(pathlib.Path(sys.argv[1]).read_text())
    samples = read_samples(pathlib.Path(sys.argv[2]))
    assert not any(math.isnan(line["acc"]) for line in figures)
    plt.rcParams["svg.hashsalt"] = "libwaitq"
    plot_predicted(samples)
    plot_calibration(figures, samples)
    plot_over_time(samples)
    page = PAGE.read_text()
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    assert re.search(pattern, page, re.S), f"{PAGE} has no place for the figures"
    text = section(figures, pathlib.Path(sys.argv[3]).read_text(), int(sys.argv[4]))
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.S))


if __name__ == "__main__":
    main()
