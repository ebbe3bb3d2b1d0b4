# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Checks what the built libraries show to a linker.

    symbols.py --shared libwaitq.so --static libwaitq.a --map lib/waitq.map

The shared library exports what the symbol map lists, under the map's nodes, and nothing else; its soname carries the
major version; it needs the dependencies that the README names, and libc. The static library defines no global name
without the prefix.
"""
import argparse
import pathlib
import re
import subprocess
import sys

from rules import map_releases

# The dependencies that the README names.
USED_LIBRARIES = re.compile(r"lib(sodium|hiredis|ssl|crypto)\.so\.")

# What the C library is made of, depending on the platform.
SYSTEM_LIBRARIES = re.compile(r"(libc|libm|libpthread|ld-linux[\w-]*)\.so\.\d+")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def shared_problems(path, releases):
    exported = {}
    for line in run("nm", "-D", "--defined-only", path).splitlines():
        _, kind, name = line.split()
        symbol, _, node = name.partition("@@")
        if not (kind == "A" and symbol.startswith("WAITQ_")):
            exported[symbol] = node
    expected = {symbol: f"WAITQ_{release}" for symbol, release in releases.items()}
    for symbol in sorted(exported.keys() | expected.keys()):
        if exported.get(symbol) != expected.get(symbol):
            yield f"{symbol}: in the map under {expected.get(symbol)}, exported under {exported.get(symbol)}"
    dynamic = run("readelf", "-d", path)
    major = next(iter(releases.values())).split(".")[0]
    if f"[libwaitq.so.{major}]" not in "".join(re.findall(r"\(SONAME\).*", dynamic)):
        yield f"the soname is not libwaitq.so.{major}"
    for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        if not USED_LIBRARIES.match(needed) and not SYSTEM_LIBRARIES.fullmatch(needed):
            yield f"needs {needed}"


def static_problems(path):
    names = [line.split()[2] for line in run("nm", "-g", "--defined-only", path).splitlines() if len(line.split()) == 3]
    if not names:
        yield f"{path} defines nothing"
    for name in names:
        if not name.startswith("waitq_"):
            yield f"the static library defines {name}"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", required=True)
    arguments.add_argument("--static", required=True)
    arguments.add_argument("--map", required=True, type=pathlib.Path)
    options = arguments.parse_args()
    releases = map_releases(options.map)
    problems = [*shared_problems(options.shared, releases), *static_problems(options.static)]
    print("\n".join(problems) or f"{len(releases)} symbols, as the map says")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
