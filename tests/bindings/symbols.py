# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Fails when a function or a constant of the public headers is missing in a binding.

    symbols.py --source <root> [--compiler gcc]

A function counts where a binding calls it, a constant of an enumeration where a binding names it. What a binding leaves out
on purpose is listed here with the reason; what is listed and not left out is a mistake, too.
"""
import argparse
import pathlib
import re
import sys

STORES = "stores of one's own are written in C: each of their calls would come back into the other language, many times a second"
OWN_SIZE = "the binding makes this structure itself, and sets its size"

LEFT_OUT = {
    "python": {
        "waitq_store_memory": STORES,
        "waitq_allocator_init": "memory comes from malloc: Python has no allocator to offer that may be called without its lock",
        "waitq_error_name": "the names are those of the constants",
        "waitq_join_options_init": "there is no option yet",
        **dict.fromkeys(["waitq_error_init", "waitq_ticket_init", "waitq_status_init", "waitq_pass_init", "waitq_claims_init",
                         "waitq_decision_init", "waitq_completion_init", "waitq_estimate_init",
                         "waitq_eta_accuracy_init"], OWN_SIZE),
        "WAITQ_LOG_NONE": "without a logger no function is given",
    },
    "go": {
        "waitq_store_memory": STORES,
        "waitq_allocator_init": "memory comes from malloc: C may not keep what Go allocates",
        "waitq_join_options_init": "there is no option yet",
        "waitq_completion_init": OWN_SIZE,
        "WAITQ_LOG_NONE": "without a logger no function is given",
    },
}


def python_text(source):
    package = source / "bindings" / "python" / "waitq"
    return "\n".join(path.read_text() for path in sorted(package.glob("*.py")) if path.name != "_cdefs.py")


def go_text(source):
    folder = source / "bindings" / "go"
    files = [*folder.rglob("*.go"), *folder.rglob("*.c"), *folder.rglob("*.h")]
    return "\n".join(path.read_text() for path in sorted(files) if not path.name.endswith("_test.go"))


def without_comments(text, language):
    if language == "python":
        return re.sub(r"#.*", "", text)
    # In Go, the C that stands before `import "C"` is in a comment, and calls functions.
    return re.sub(r"^\s*//(?!export).*", "", text, flags=re.M)


def problems(language, text, functions, constants):
    left_out = LEFT_OUT[language]
    text = without_comments(text, language)
    names = set(re.findall(r"\b(?:waitq|WAITQ)_\w+", text))
    for name in [*functions, *constants]:
        if name not in names and name not in left_out:
            yield f"{language}: {name} is missing"
        if name in names and name in left_out:
            yield f"{language}: {name} is there, and listed as left out"
    for name in left_out:
        if name not in functions and name not in constants:
            yield f"{language}: {name} is listed as left out, and is in no header"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--source", required=True, type=pathlib.Path)
    arguments.add_argument("--compiler", default="gcc")
    options = arguments.parse_args()
    sys.path.insert(0, str(options.source / "tests" / "abi"))
    from public_headers import Interface
    interface = Interface(str(options.source / "include"), options.compiler)
    functions = sorted(interface.functions)
    # The constants of the store interface belong to stores of one's own.
    constants = [name for name in interface.enumerators if not name.startswith("WAITQ_STORE_")]
    texts = {"python": python_text(options.source), "go": go_text(options.source)}
    found = [problem for language, text in texts.items() for problem in problems(language, text, functions, constants)]
    print("\n".join(found) or f"{len(functions)} functions and {len(constants)} constants, in {' and '.join(texts)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
