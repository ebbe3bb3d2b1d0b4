# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What calls cost from Python, beside what they cost from C and what an empty call of ctypes costs.

    bench.py --c <bindings_bench> [--redis redis://localhost] [--quick] [--json figures.json]

Times are in nanoseconds, the least of several runs; on Redis, joins a second, the most of several runs. Nothing fails because
of a time.
"""
import argparse
import asyncio
import itertools
import json
import os
import subprocess
import time
import timeit

import waitq
import waitq.aio
from waitq._library import lib

WAITING = 100_000
OUTSTANDING = 512

#: What was set out to be reached: nanoseconds above C.
TARGETS = {"poll": 1500.0, "poll_many_1000, packed": 60.0}
ASYNC_TARGET = 20_000


class Figures:
    def __init__(self, quick):
        # Short runs, and many: the least of them is one that nothing else on the machine came into.
        self.runs, self.number = (3, 200) if quick else (300, 200)
        self.found = {}

    def measure(self, name, call, each=1):
        number = max(1, self.number // each)
        self.found[name] = min(timeit.repeat(call, number=number, repeat=self.runs)) / number / each * 1e9


def in_process(figures):
    with waitq.Context("memory:") as context:
        room = context.room("bench", waitq.Policy(rate_per_s=0))
        places, _ = room.join_many(waitq.Visitors([None] * WAITING))
        texts = [places[(i * 61813) % WAITING] for i in range(1000)]
        turn = itertools.cycle(texts).__next__
        figures.measure("empty call of ctypes", lib.waitq_version_number)
        figures.measure("poll", lambda: room.poll(turn()))
        for count in (256, 1000):
            packed, into = waitq.Tickets(texts[:count]), waitq.Statuses(count)
            figures.measure(f"poll_many_{count}, packed", lambda: room.poll_many(packed, into), count)
            figures.measure(f"poll_many_{count}, lists", lambda: room.poll_many(texts[:count]), count)
        figures.measure("join", room.join)
        nobody = waitq.Visitors([None] * 1000)
        figures.measure("join_many_1000, packed", lambda: room.join_many(nobody), 1000)
        figures.measure("join_many_1000, lists", lambda: room.join_many([None] * 1000), 1000)


async def joins_per_s(uri, count):
    """Joins of one process, always as many under way as OUTSTANDING"""
    async with waitq.aio.Context(uri) as context:
        room = context.room(f"bench-{os.getpid()}-{time.time_ns()}", waitq.Policy(rate_per_s=0))

        async def join_one_after_the_other(number):
            for i in range(count // OUTSTANDING):
                await room.join(b"%d-%d" % (number, i))

        began = time.perf_counter()
        await asyncio.gather(*map(join_one_after_the_other, range(OUTSTANDING)))
        return count // OUTSTANDING * OUTSTANDING / (time.perf_counter() - began)


def of_c(program):
    lines = subprocess.run([program, str(WAITING)], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {row["name"]: row["ns"] for row in map(json.loads, lines)}


def report(found, c):
    print(f"{'':28}{'Python':>10}{'C':>10}{'above C':>10}{'target':>10}")
    for name, ns in found.items():
        base, target = c.get(name.split(",")[0]), TARGETS.get(name)
        above = "" if base is None else f"{ns - base:.0f}"
        print(f"{name:28}{ns:10.0f}{'' if base is None else f'{base:.0f}':>10}{above:>10}"
              f"{'' if target is None else f'{target:.0f}':>10}  ns")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--c", required=True, help="the program bindings_bench")
    arguments.add_argument("--redis", help="the URI of a Redis to join at as well")
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--json")
    options = arguments.parse_args()
    figures, c = Figures(options.quick), of_c(options.c)
    in_process(figures)
    report(figures.found, c)
    result = {"python_ns": figures.found, "c_ns": c}
    for store in ["memory:", *([options.redis] if options.redis else [])]:
        count, runs = (5_000, 1) if options.quick else (50_000, 5)
        best = max(asyncio.run(joins_per_s(store, count)) for _ in range(runs))
        result["asyncio joins/s, " + store.split(":")[0]] = best
        print(f"asyncio, {OUTSTANDING} outstanding, {store.split(':')[0]}: {best:,.0f} joins/s (target {ASYNC_TARGET:,} on Redis)")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
