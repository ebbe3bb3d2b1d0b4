# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The pages are whole: their links lead somewhere, and what they list is what the headers have."""
import os
import pathlib
import re

import pytest

from blocks import pages

SOURCE = pathlib.Path(os.environ["WAITQ_SOURCE"])
PAGES = pages(SOURCE)
HEADERS = "\n".join(path.read_text() for path in sorted((SOURCE / "include/waitq").glob("*.h")))
ERRORS = (SOURCE / "docs/errors.md").read_text()


def page_id(page):
    return page.name


def anchors(page):
    headings = re.findall(r"^#+ (.*?)(?: \{#.*\})?$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]*)(#[^)\s]*)?\)", page.read_text())
    for path, anchor in links:
        if path.startswith(("http:", "https:")):
            continue
        target = page if path == "" else page.parent / path
        assert target.exists(), f"{page.name} links to {path}"
        if anchor:
            assert anchor[1:] in anchors(target), f"{page.name} links to {path}{anchor}"


def test_the_readme_links_to_every_guide():
    readme = (SOURCE / "README.md").read_text()
    missing = [page.name for page in PAGES if page.parent.name == "docs" and f"](docs/{page.name})" not in readme]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_name_of_the_library_that_a_page_uses_exists(page):
    text = re.sub(r"<!--.*?-->", "", page.read_text(), flags=re.S)
    cmake = "\n".join(path.read_text() for path in SOURCE.glob("**/CMakeLists.txt") if "build" not in path.parts)
    known = set(re.findall(r"\bwaitq_\w+|\bWAITQ_\w+", HEADERS + cmake + (SOURCE / "lib/waitq.map").read_text()))
    known |= {"WAITQ_" + name for name in re.findall(r"X\((\w+),", HEADERS)}
    metrics = "".join(path.read_text() for path in (SOURCE / "examples/gateway").glob("**/*.c"))
    known |= set(re.findall(r"\bwaitq_(?:build|gateway|backend)_\w+", metrics))
    known |= {"WAITQ_SIM_STEPS", "WAITQ_TEST_SEED", "WAITQ_BENCH_BUILD", "WAITQ_BUNDLE", "WAITQ_ADMIN_TOKEN",
              "WAITQ_REPORT_TOKEN", "WAITQ_STORE"}
    used = set(re.findall(r"\bwaitq_[a-z]\w*\w\b(?!\*)|\bWAITQ_[A-Z]\w*[A-Z0-9]\b(?!\*)", text))
    unknown = {name for name in used - known if not name.endswith("_")}
    assert unknown <= {"WAITQ_1", "WAITQ_1_1"}, unknown


def returned_codes():
    """{function: the codes that its comment says it returns}"""
    found = {}
    for text, name in re.findall(r"/\*\*((?:(?!\*/).)*)\*/\s*WAITQ_API int (\w+)\(", HEADERS, re.S):
        said = re.sub(r"[\s*]+", " ", re.search(r"@return(.*?)\* @\w", text, re.S)[1])
        codes = set(re.findall(r"#WAITQ_E_(\w+)", said))
        if "what the store answers" in said:
            codes.add("store")
        found[name] = codes
    return found


def test_the_table_of_codes_is_that_of_the_headers():
    codes = re.findall(r"X\((\w+), (-?\d+), \"(.*?)\"\)", HEADERS)
    rows = re.findall(r"^\| `WAITQ_(\w+)` \| (-?\d+) \|", ERRORS, re.M)
    assert rows == [(name, number) for name, number, _ in codes]


def test_the_table_of_calls_is_that_of_the_headers():
    rows = re.findall(r"^\| `(waitq_\w+)\(\)` \| (.*?) \|$", ERRORS, re.M)
    listed = {name: set(re.findall(r"\b[A-Z]{3,}\b|\bstore\b", codes)) for name, codes in rows}
    expected = returned_codes()
    # These say "the first code that is not", of what a single call returns.
    expected["waitq_join_many"], expected["waitq_poll_many"] = expected["waitq_join"], expected["waitq_poll"]
    assert listed == expected


def log_lines():
    """(level, text) of all that the library logs, with dots for what varies"""
    found = set()
    for path in (SOURCE / "lib").glob("**/*.c"):
        calls = re.findall(r'waitq__log\([^;"]*?WAITQ_LOG_(\w+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', path.read_text())
        for level, literals in calls:
            text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))
            found.add((level, re.sub(r"%[\d.*]*(?:ll|l|z)?[a-z](?:\.%d)*", "...", text)))
    return {(level, text) for level, text in found if level != "DEBUG"}


def test_the_table_of_log_lines_is_that_of_the_library():
    page = (SOURCE / "docs/operations.md").read_text()
    rows = set(re.findall(r"^\| (ERROR|WARNING|INFO) \| `(.*?)` \|", page, re.M))
    assert rows == log_lines()
