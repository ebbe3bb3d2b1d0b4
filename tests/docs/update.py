# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Brings the excerpts in the README and the guides up to their files.

    update.py            run from anywhere

An excerpt that begins with a function is that function as it is now; one that begins with an #include is all from there on.
"""
import pathlib
import re

from blocks import c_blocks, pages

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def current(block):
    text = (SOURCE / block.source).read_text()
    first = block.text.splitlines()[0]
    if first.startswith("#include"):
        return text[text.index("#include"):]
    name = re.search(r"(\w+)\(", first)[1]
    return re.search(rf"^\w[^\n]*\b{name}\([^;]*?\) \{{\n.*?^\}}\n", text, re.M | re.S)[0]


def main():
    for page in pages(SOURCE):
        old = new = page.read_text()
        for block in c_blocks(page):
            if block.source:
                new = new.replace(block.text, current(block))
        if new != old:
            page.write_text(new)
            print(page.relative_to(SOURCE))


if __name__ == "__main__":
    main()
