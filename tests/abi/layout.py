# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Compares every public constant, structure size and field offset with tests/abi/layout.golden.

    layout.py --include include --golden tests/abi/layout.golden [--compiler gcc] [--update]

The C compiler says what they are; this script only asks. It also refuses padding that no field names, which
would hold garbage in one language and zeroes in another.
"""
import argparse
import difflib
import pathlib
import subprocess
import sys
import tempfile

from public_headers import Interface

HEADER = "# Every public constant, and every public structure with its size and the offset and size of its fields (LP64).\n"


def program(interface):
    lines = ["#include <stdio.h>", "#include <waitq/waitq.h>",
             '#define CONSTANT(c) ((c) < 0 ? printf("constant %s %lld\\n", #c, (long long)(c))'
             ' : printf("constant %s %llu\\n", #c, (unsigned long long)(c)))',
             '#define STRUCT(s) printf("struct %s size %zu\\n", #s, sizeof(struct s))',
             '#define FIELD(s, f) printf("field %s.%s offset %zu size %zu\\n", #s, #f, offsetof(struct s, f),'
             " sizeof(((struct s *)0)->f))",
             "int main(void) {"]
    for name in interface.enumerators + interface.constants:
        lines.append(f"CONSTANT({name});")
    for name, fields in interface.structs.items():
        lines.append(f"STRUCT({name});")
        lines += [f"FIELD({name}, {field.name});" for field in fields]
    return "\n".join(lines + ["return 0; }", ""])


def measure(interface, include, compiler):
    with tempfile.TemporaryDirectory() as directory:
        source, binary = pathlib.Path(directory) / "layout.c", pathlib.Path(directory) / "layout"
        source.write_text(program(interface))
        subprocess.run([compiler, "-std=c11", "-w", "-I", include, source, "-o", binary], check=True)
        return subprocess.run([binary], capture_output=True, text=True, check=True).stdout


def padding(layout):
    """Bytes of a structure that belong to no field."""
    found, name, size, end = [], None, 0, 0
    for row in [line.split() for line in layout.splitlines()] + [["struct", "", "size", "0"]]:
        if row[0] == "struct":
            if end != size:
                found.append(f"{name}: {size - end} bytes at the end belong to no field")
            name, size, end = row[1], int(row[3]), 0
        elif row[0] == "field":
            if int(row[3]) != end:
                found.append(f"{row[1]}: {int(row[3]) - end} bytes before it belong to no field")
            end = int(row[3]) + int(row[5])
    return found


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--include", required=True)
    arguments.add_argument("--golden", required=True, type=pathlib.Path)
    arguments.add_argument("--compiler", default="gcc")
    arguments.add_argument("--update", action="store_true")
    options = arguments.parse_args()
    layout = HEADER + measure(Interface(options.include, options.compiler), options.include, options.compiler)
    for line in (problems := padding(layout)):
        print(line)
    if problems:
        return 1
    if options.update:
        options.golden.write_text(layout)
        return 0
    differences = list(difflib.unified_diff(options.golden.read_text().splitlines(), layout.splitlines(),
                                            "golden", "headers", lineterm="", n=1))
    print("\n".join(differences) or f"{len(layout.splitlines()) - 1} constants, structures and fields as they were")
    if differences:
        print("An intended, compatible change is recorded by tests/abi/update.sh.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
