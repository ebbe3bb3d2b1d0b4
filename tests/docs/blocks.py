# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The code blocks of the documentation, and how they are made into programs.

A block of C is one of these:

    a program      it has a main(): compiled alone, run, and expected to succeed. A block of text that follows it is what it prints
    an excerpt     a comment before it, <!-- from examples/... -->, names a file: the block stands in it, byte by byte
    definitions    it has functions: compiled at file level
    statements     anything else: compiled as the body of a function, and run, in the order of the page

Definitions and statements of one page make one program, around which host.h stands. What readers need not see, such as a call
of a function that was just shown, stands in a comment of the page.
"""
import pathlib
import re
import textwrap

FENCE = re.compile(r"^(?P<before>[^\n]*)\n+```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
FUNCTION = re.compile(r"^(?!return|else|typedef)[a-z_][\w ]* \**[a-z_]\w*\([^;]*?\) \{$", re.M)
EXCERPT = re.compile(r"<!-- from (\S+) -->")


class Block:
    def __init__(self, page, number, line, language, text, source):
        self.page, self.number, self.line, self.language, self.text, self.source = (
            page, number, line, language, text, source)
        self.prints = None

    def __repr__(self):
        return f"{self.page.name}:{self.line}"

    @property
    def is_program(self):
        return "int main(" in self.text

    @property
    def is_definition(self):
        return FUNCTION.search(self.text) is not None


def pages(source):
    root = pathlib.Path(source)
    return [root / "README.md", root / "CHANGELOG.md", *sorted((root / "docs").glob("*.md"))]


def blocks_of(page):
    """All code blocks of a page, in order"""
    content = "\n" + page.read_text()
    found, last_end = [], 0
    for match in FENCE.finditer(content):
        excerpt = EXCERPT.search(match["before"])
        line = content.count("\n", 0, match.start("text"))
        block = Block(page, len(found), line, match["language"], match["text"], excerpt and excerpt[1])
        follows = found and content[last_end:match.start("before")].strip() == "" and match["before"].strip() == ""
        if block.language == "text" and follows and found[-1].language == "c":
            found[-1].prints = block.text
        found.append(block)
        last_end = match.end()
    return found


def c_blocks(page):
    return [block for block in blocks_of(page) if block.language == "c"]


def program_of(page):
    """The C source that definitions and statements of a page make, or None where it has none"""
    parts, calls = [], []
    for block in c_blocks(page):
        if block.is_program or block.source:
            continue
        where = f'#line {block.line + 1} "{page}"\n'
        if block.is_definition:
            parts.append(where + block.text)
        else:
            name = f"snippet_{block.number}"
            parts.append(f"static void {name}(void) {{\n{where}{textwrap.indent(block.text, '  ')}}}\n")
            calls.append(f'  host_run({name}, "{page.name}:{block.line}");\n')
    if not parts:
        return None
    return '#include "host.h"\n' + "\n".join(parts) + f"\nint main(void) {{\n  host_open();\n{''.join(calls)}  return host_close();\n}}\n"
