# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Checks that each WAITQ_..._INIT macro and its waitq_..._init() function make the same bytes, and that the function
writes no further than the size it is given.

    initialisers.py --include include --library libwaitq.a [--link="-lsodium ..."] [--compiler gcc]
"""
import argparse
import pathlib
import shlex
import subprocess
import sys
import tempfile

from public_headers import Interface

HEADER = """#include <stdio.h>
#include <string.h>
#include <waitq/waitq.h>
static int failures;
static void expect(int condition, const char *name, const char *what) {
  if (!condition) { printf("%s: %s\\n", name, what); failures++; }
}
#define CHECK(TYPE, MACRO, INIT) { \\
    const TYPE by_macro = MACRO; \\
    unsigned char raw[sizeof(TYPE) + 8]; \\
    TYPE by_function; \\
    size_t size; \\
    memset(raw, 0x5a, sizeof raw); \\
    INIT((TYPE *)memset(&by_function, 0x5a, sizeof by_function), sizeof by_function); \\
    expect(memcmp(&by_macro, &by_function, sizeof by_macro) == 0, #TYPE, "macro and function differ"); \\
    INIT((TYPE *)raw, 2 * sizeof size); \\
    memcpy(&size, raw, sizeof size); \\
    expect(size == 2 * sizeof size, #TYPE, "a smaller size is not kept"); \\
    for (size_t i = 2 * sizeof size; i < sizeof raw; i++) { \\
      expect(raw[i] == 0x5a, #TYPE, "written past the caller's size"); } \\
    INIT(NULL, sizeof(TYPE)); \\
  }
"""


def program(interface):
    lines = [HEADER, "int main(void) {"]
    for macro in interface.initialisers:
        function = macro.lower()
        lines.append(f"CHECK({function.removesuffix('_init')}, {macro}, {function})")
    return "\n".join(lines + ["return failures != 0; }", ""])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--include", required=True)
    arguments.add_argument("--library", required=True)
    arguments.add_argument("--link", default="-lsodium -lm -pthread", help="what the library itself needs")
    arguments.add_argument("--compiler", default="gcc")
    options = arguments.parse_args()
    interface = Interface(options.include, options.compiler)
    with tempfile.TemporaryDirectory() as directory:
        source, binary = pathlib.Path(directory) / "initialisers.c", pathlib.Path(directory) / "initialisers"
        source.write_text(program(interface))
        subprocess.run([options.compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", options.include, source,
                        options.library, *shlex.split(options.link), "-o", binary], check=True)
        code = subprocess.run([binary]).returncode
    if code == 0:
        print(f"{len(interface.initialisers)} initialisers agree with their functions")
    return code


if __name__ == "__main__":
    sys.exit(main())
