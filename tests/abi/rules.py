# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Checks the rules that every public declaration keeps.

    rules.py documentation --include include --map lib/waitq.map
    rules.py types         --include include

documentation: each function says, in this order, its brief, its parameters by name, what it returns, who owns what,
whether it is thread-safe, whether it blocks, and since when; the last agrees with the node of the symbol map.
types: what other languages cannot call or lay out does not appear.
"""
import argparse
import pathlib
import re
import sys

from public_headers import Interface

ORDER = ["brief", "param", "return", "ownership", "threadsafe", "blocking", "since"]

# Elements of arrays, which can never grow, and so carry no size of their own.
WITHOUT_SIZE = {"waitq_visitor", "waitq_store_bits", "waitq_store_join", "waitq_store_shown"}

# Their width or layout differs between compilers, languages or platforms.
FORBIDDEN = re.compile(r"\b(enum|union|bool|_Bool|long|short|float|va_list|time_t|unsigned int)\b|\.\.\.|:\s*\d|\[\]")


def comments(interface):
    """{function: the text of the comment before it}"""
    raw = "\n".join(path.read_text() for path in interface.files)
    pattern = r"/\*\*((?:(?!\*/).)*)\*/\s*WAITQ_API [^;()]*?(\w+)\("
    return {name: text for text, name in re.findall(pattern, raw, re.S)}


def map_releases(path):
    """{symbol: "1.0"}, from the nodes of the symbol map"""
    releases, release = {}, None
    for line in path.read_text().splitlines():
        node, symbol = re.match(r"WAITQ_([\d.]+) \{", line), re.match(r"\s+(waitq_\w+);", line)
        if node:
            release = node[1]
        elif symbol:
            releases[symbol[1]] = release
    return releases


def required_tags(function):
    tags = ["brief"] + ["param"] * len(function.parameters)
    if function.result != "void":
        tags.append("return")
    handles = [function.result] + [parameter.text for parameter in function.parameters]
    if any("*" in text for text in handles) and not function.name.endswith("_init"):
        tags.append("ownership")
    return tags + ["threadsafe", "blocking", "since"]


def documentation(interface, options):
    texts, releases = comments(interface), map_releases(options.map)
    for name, function in interface.functions.items():
        if name not in texts:
            yield f"{name}: no comment before it"
            continue
        tags = [(tag, rest.strip()) for tag, rest in re.findall(r"@(\w+)([^@]*)", texts[name]) if tag in ORDER]
        found, required = [tag for tag, _ in tags], required_tags(function)
        if missing := [tag for tag in dict.fromkeys(required) if found.count(tag) < required.count(tag)]:
            yield f"{name}: misses {', '.join('@' + tag for tag in missing)}"
        if found != sorted(found, key=ORDER.index):
            yield f"{name}: the order is {', '.join('@' + tag for tag in ORDER)}"
        named = [rest.split()[0] for tag, rest in tags if tag == "param"]
        if named != (declared := [parameter.name for parameter in function.parameters]):
            yield f"{name}: documents the parameters {named}, and has {declared}"
        for tag, rest in tags:
            words = re.sub(r"[\s*]+", " ", rest).strip()
            if not words:
                yield f"{name}: @{tag} says nothing"
            if tag == "since" and words != releases.get(name):
                yield f"{name}: @since {words}, and the symbol map says {releases.get(name)}"


def types(interface, _options):
    for name, function in interface.functions.items():
        for text in [function.result] + [parameter.text for parameter in function.parameters]:
            if FORBIDDEN.search(text):
                yield f"{name}: '{text}' cannot be called from every language"
            if "*" not in text and re.search(r"\bwaitq_(?!\w+_fn\b)", text):
                yield f"{name}: '{text}' passes a structure by value"
    for name, fields in interface.structs.items():
        if name not in WITHOUT_SIZE and (fields[0].name != "size" or fields[0].text != "size_t size"):
            yield f"{name}: does not begin with its size"
        for field in fields:
            if FORBIDDEN.search(field.text):
                yield f"{name}.{field.name}: '{field.text}' has no layout that every language knows"
    for macro in interface.initialisers:
        function = re.sub(r"_INIT$", "_init", macro).lower()
        if macro.startswith("WAITQ_") and function not in interface.functions:
            yield f"{macro}: other languages have no {function}()"
    for name in interface.functions:
        if name.endswith("_init") and name.upper() not in interface.initialisers:
            yield f"{name}(): C has no {name.upper()}"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("rule", choices=["documentation", "types"])
    arguments.add_argument("--include", required=True)
    arguments.add_argument("--map", type=pathlib.Path)
    options = arguments.parse_args()
    interface = Interface(options.include)
    problems = list({"documentation": documentation, "types": types}[options.rule](interface, options))
    print("\n".join(problems) or
          f"{options.rule}: {len(interface.functions)} functions and {len(interface.structs)} structures keep the rules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
