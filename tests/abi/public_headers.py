# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What the public headers declare, as the compiler's preprocessor sees it.

Nothing is listed by hand: a structure, a constant or a function that is added to a header is found here, and then
missing in the golden file, in the symbol map or in a rule's exceptions. The parser knows the style of these headers
and stops at what it does not understand.
"""
import pathlib
import re
import subprocess


class Field:
    def __init__(self, name, text):
        self.name = name
        self.text = text  # the whole declaration, "const char *name"


class Function:
    def __init__(self, name, result, parameters):
        self.name = name
        self.result = result          # "int", "const char *"
        self.parameters = parameters  # Field


class Interface:
    """structs: {name: [Field]}, enumerators and constants: [name], functions: {name: Function}."""

    def __init__(self, include, compiler="gcc"):
        self.directory = pathlib.Path(include) / "waitq"
        self.files = sorted(self.directory.glob("*.h"))
        if not self.files:
            raise ValueError(f"no headers in {self.directory}")
        self.text, self.macros = _preprocess(include, self.files, compiler)
        self.structs = {name: [_field(part) for part in _split(body, ";")]
                        for name, body in re.findall(r"struct (waitq_\w+) \{(.*?)\}", self.text)}
        self.enumerators = [name for body in re.findall(r"enum waitq_\w+ \{(.*?)\}", self.text)
                            for name in re.findall(r"\b(WAITQ_\w+) =", body)]
        self.constants = [name for name, value in self.macros.items()
                          if value and not name.endswith("_INIT") and not _is_declaration_helper(name)]
        self.initialisers = [name for name in self.macros if name.endswith("_INIT")]
        self.functions = {name: Function(name, result.strip(), _parameters(parameters)) for result, name, parameters
                          in re.findall(r'__attribute__\(\(visibility\("default"\)\)\) ([^;()]*?)(\w+)\(([^;]*?)\);',
                                        self.text)}
        self._check_complete()

    def _check_complete(self):
        """Counts in the raw text what the parser should have found."""
        raw = "\n".join(path.read_text() for path in self.files)
        declared = set(re.findall(r"struct (\w+) \{", raw))
        if declared != set(self.structs):
            raise ValueError(f"structures not understood: {sorted(declared ^ set(self.structs))}")
        marked = len(re.findall(r"^WAITQ_API ", raw, re.M))
        if marked != len(self.functions):
            raise ValueError(f"{marked} functions are marked with WAITQ_API, {len(self.functions)} were understood")
        named = set(re.findall(r"^\s+(WAITQ_\w+) =", raw, re.M))
        if not named <= set(self.enumerators):
            raise ValueError(f"enumerators not understood: {sorted(named - set(self.enumerators))}")


def _is_declaration_helper(name):
    return name == "WAITQ_API" or name.endswith("_DECLS")


def _preprocess(include, files, compiler):
    """The declarations of waitq/waitq.h on one line, and its macros that take no arguments: {name: value}."""
    output = subprocess.run([compiler, "-std=c11", "-E", "-dD", "-I", str(include), "-x", "c", "-"],
                            input="#include <waitq/waitq.h>\n", capture_output=True, text=True, check=True).stdout
    inside, seen, declarations, macros = None, set(), [], {}
    for line in output.splitlines():
        marker = re.match(r'# \d+ "(.*?)"', line)
        if marker:
            inside = next((path for path in files if pathlib.Path(marker[1]) == path), None)
            seen.add(inside)
        elif inside is not None and line.startswith("#define"):
            macro = re.match(r"#define (WAITQ_\w+)(?: (.*))?$", line)
            if macro:
                macros[macro[1]] = macro[2] or ""
        elif inside is not None and not line.startswith("#"):
            declarations.append(line.strip())
    missing = sorted(path.name for path in files if path not in seen)
    if missing:
        raise ValueError(f"waitq.h does not include {missing}")
    return " ".join(part for part in declarations if part), macros


def _split(text, separator):
    """Splits where no parenthesis is open."""
    parts, depth, part = [], 0, ""
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == separator and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += character
    return [part for part in parts + [part.strip()] if part]


def _field(text):
    if len(_split(text, ",")) != 1:
        raise ValueError(f"one declaration for several names: {text}")
    pointer = re.match(r".*?\(\*(\w+)\)\(", text)
    name = pointer or re.match(r".*?(\w+)(?:\[.*\])?$", text)
    if name is None:
        raise ValueError(f"not understood: {text}")
    return Field(name[1], text)


def _parameters(text):
    return [] if text.strip() == "void" else [_field(part) for part in _split(text, ",")]
