# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Every snippet of the README and the guides is compiled with all warnings as errors, and run where it can be."""
import os
import pathlib
import shlex
import subprocess

import pytest

from blocks import blocks_of, c_blocks, pages, program_of

SOURCE = pathlib.Path(os.environ["WAITQ_SOURCE"])
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
PAGES = pages(SOURCE)


def build_and_run(text, folder):
    """What the program printed"""
    program = folder / "snippet"
    source = folder / "snippet.c"
    source.write_text(text)
    command = [os.environ["WAITQ_CC"], "-std=c11", "-D_POSIX_C_SOURCE=200809L", *WARNINGS,
               *shlex.split(os.environ["WAITQ_CFLAGS"]), str(source), "-o", str(program),
               *shlex.split(os.environ["WAITQ_LIBS"])]
    compiled = subprocess.run(command, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stderr
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def page_id(page):
    return page.name


def programs():
    return [block for page in PAGES for block in c_blocks(page) if block.is_program and not block.source]


def excerpts():
    return [block for page in PAGES for block in c_blocks(page) if block.source]


def test_there_are_snippets_of_each_kind():
    assert len(programs()) >= 3 and len(excerpts()) >= 3
    assert sum(program_of(page) is not None for page in PAGES) >= 4


@pytest.mark.parametrize("page", [page for page in PAGES if program_of(page)], ids=page_id)
def test_the_snippets_of_a_page_compile_and_succeed(page, tmp_path):
    build_and_run(program_of(page), tmp_path)


@pytest.mark.parametrize("block", programs(), ids=repr)
def test_a_program_compiles_and_prints_what_the_page_says(block, tmp_path):
    printed = build_and_run(block.text, tmp_path)
    if block.prints is not None:
        assert printed == block.prints


@pytest.mark.parametrize("block", excerpts(), ids=repr)
def test_an_excerpt_stands_in_its_file(block):
    assert block.text in (SOURCE / block.source).read_text(), "tests/docs/update.py brings it up to date"


def test_the_readme_shows_the_whole_of_the_minimal_example(tmp_path):
    file = (SOURCE / "examples/minimal.c").read_text()
    block = next(block for block in c_blocks(SOURCE / "README.md") if block.source == "examples/minimal.c")
    assert file.endswith(block.text) and "#include" not in file[: -len(block.text)]
    lines = build_and_run(file, tmp_path).splitlines()
    assert [line.split()[0] for line in lines] == ["ticket", "status", "pass"]


def test_another_language_verifies_a_pass_as_the_page_says(tmp_path):
    page = SOURCE / "docs/tickets-and-passes.md"
    program = next(block for block in c_blocks(page) if block.is_program)
    python = {}
    for block in blocks_of(page):
        if block.language == "python":
            exec(compile(block.text, str(block), "exec"), python)
    printed = dict(line.split(" ", 1) for line in build_and_run(program.text, tmp_path).splitlines())
    key = bytes.fromhex(printed["public-key"])
    binding = ("POST", "/checkout", "203.0.113.7")
    claims = python["verify"](printed["pass"], {"sale-1": key}, "concert", binding)
    assert claims["aud"] == "concert" and claims["jti"].endswith("-0")
    altered = printed["pass"][:-20] + ("A" if printed["pass"][-20] != "A" else "B") + printed["pass"][-19:]
    wrong = [
        lambda: python["verify"](printed["pass"], {"sale-1": key}, "another", binding),
        lambda: python["verify"](printed["pass"], {"sale-2": key}, "concert", binding),
        lambda: python["verify"](printed["pass"], {"sale-1": key}, "concert", ("GET", "/checkout", "203.0.113.7")),
        lambda: python["verify"](altered, {"sale-1": key}, "concert", binding),
    ]
    for attempt in wrong:
        with pytest.raises(Exception) as caught:
            attempt()
        assert not isinstance(caught.value, (NameError, TypeError, AssertionError)), caught.value
