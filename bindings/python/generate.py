# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Writes waitq/_cdefs.py: constants, structures and prototypes of the public headers, for ctypes.

    generate.py              writes the file
    generate.py --check      fails when the file is not what it would write

The headers are read by tests/abi/public_headers.py, and the values of constants are asked of the compiler, so nothing is
copied by hand. What this script does not understand stops it.
"""
import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "abi"))

from layout import measure  # noqa: E402
from public_headers import Interface  # noqa: E402

PLAIN = {
    "char": "c_char", "unsigned char": "c_ubyte", "int": "c_int", "double": "c_double", "size_t": "c_size_t",
    "int32_t": "c_int32", "uint32_t": "c_uint32", "int64_t": "c_int64", "uint64_t": "c_uint64",
}

HEADER = '''# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What the headers of libwaitq declare, for ctypes. Written by generate.py: edit the headers, and run it again."""
from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t,
                    c_ubyte, c_uint32, c_uint64, c_void_p)
from typing import Any
'''


class Writer:
    def __init__(self, interface, constants):
        self.interface, self.constants, self.known, self.lines = interface, constants, set(), [HEADER]

    def plain(self, text):
        """The ctypes name of a type without a name behind it"""
        words = re.sub(r"\b(const|struct)\b", "", text)
        stars, base = words.count("*"), " ".join(words.replace("*", " ").split())
        if stars == 0:
            return base if base in self.functions else PLAIN[base]
        if base == "char" and stars == 1:
            return "c_char_p"
        if base == "void" or base not in PLAIN and base not in self.known:
            # A handle, or a structure that a header only names.
            return "c_void_p" if stars == 1 else "POINTER(c_void_p)"
        if stars != 1:
            raise ValueError(f"not understood: {text}")
        return f"POINTER({base if base in self.known else PLAIN[base]})"

    def function(self, result, parameters):
        types = [self.plain(re.sub(r"\w+$", "", part) if not part.strip().endswith("*") else part)
                 for part in parameters.split(",")]
        return f"CFUNCTYPE({', '.join([self.result(result), *types])})"

    def result(self, text):
        return "None" if text == "void" else self.plain(text)

    def field(self, field):
        pointer = re.match(r"(.*?)\(\*\w+\)\((.*)\)$", field.text)
        if pointer:
            return self.function(pointer[1].strip(), pointer[2])
        array = re.search(r"\[(\d+)\]$", field.text)
        base = self.plain(re.sub(rf"\b{field.name}(\[\d+\])?$", "", field.text))
        return f"{base} * {array[1]}" if array else base

    def write(self):
        self.functions = {name: (result.strip(), parameters) for result, name, parameters in re.findall(
            r"typedef ([\w ]+?\*?) ?\(\*(waitq_\w+)\)\((.*?)\);", self.interface.text)}
        self.lines += [f"{name} = {value}" for name, value in self.constants] + [""]
        for name, (result, parameters) in self.functions.items():
            self.lines.append(f"{name} = {self.function(result, parameters)}")
        for name, fields in self.interface.structs.items():
            rows = [f'        ("{field.name}", {self.field(field)}),' for field in fields]
            self.lines += ["", "", f"class {name}(Structure):", "    _fields_ = [", *rows, "    ]"]
            self.known.add(name)
        self.lines += ["", "", "#: {function: (result, arguments)}", "PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {"]
        for function in self.interface.functions.values():
            arguments = ", ".join(self.field(parameter) for parameter in function.parameters)
            self.lines.append(f'    "{function.name}": ({self.result(function.result)}, [{arguments}]),')
        lines = "\n".join(self.lines + ["}", ""]).split("\n")
        return "\n".join(part for line in lines for part in _wrap(line))


def _wrap(line):
    """A line of at most 120 characters, or several"""
    if len(line) <= 120:
        return [line]
    cut = line.rindex(", ", 0, 119) + 1
    opening = max(line.rfind("[", 0, cut), line.rfind("CFUNCTYPE(", 0, cut) + len("CFUNCTYPE"))
    indent = opening + 1 if opening < 60 else 8
    return [line[:cut], *_wrap(" " * indent + line[cut:].lstrip())]


def generate(include, compiler):
    interface = Interface(include, compiler)
    rows = [line.split() for line in measure(interface, include, compiler).splitlines()]
    return Writer(interface, [(row[1], row[2]) for row in rows if row[0] == "constant"]).write()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--include", default=str(ROOT / "include"))
    arguments.add_argument("--compiler", default="cc")
    options = arguments.parse_args()
    path, text = HERE / "waitq" / "_cdefs.py", generate(options.include, options.compiler)
    if not options.check:
        path.write_text(text)
    elif path.read_text() != text:
        print(f"{path} is not what the headers say: run {pathlib.Path(__file__).name}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
