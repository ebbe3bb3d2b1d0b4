# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Compiles each public header alone, twice over, and every initialiser macro, with all warnings as errors.

    check_headers.py --include include --compiler g++ --standard c++17
"""
import argparse
import pathlib
import re
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-pedantic-errors", "-Wconversion", "-Wshadow", "-Werror"]


def sources(include):
    """(what is compiled, its text)"""
    headers = sorted((pathlib.Path(include) / "waitq").glob("*.h"))
    for header in headers:
        line = f"#include <waitq/{header.name}>\n"
        yield header.name, line + line + "int waitq_test_unit;\n"
    names = [name for header in headers for name in re.findall(r"^#define WAITQ_(\w+)_INIT\b", header.read_text(), re.M)]
    lines = ["#include <waitq/waitq.h>", "int waitq_test_initialisers(void);", "int waitq_test_initialisers(void) {"]
    for name in names:
        kind = f"waitq_{name.lower()}"
        lines.append(f"  const {kind} a_{name} = WAITQ_{name}_INIT;\n  if (a_{name}.size != sizeof({kind})) return 1;")
    yield f"{len(names)} initialisers", "\n".join(lines + ["  return 0;", "}", ""])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--include", required=True)
    arguments.add_argument("--compiler", required=True)
    arguments.add_argument("--standard", required=True)
    options = arguments.parse_args()
    language = "c++" if "++" in options.standard else "c"
    command = [options.compiler, "-x", language, f"-std={options.standard}", *WARNINGS, "-fsyntax-only", "-I",
               options.include, "-"]
    failed = 0
    for name, text in sources(options.include):
        result = subprocess.run(command, input=text, text=True)
        print(f"{'ok  ' if result.returncode == 0 else 'FAIL'} {name}", flush=True)
        failed += result.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
