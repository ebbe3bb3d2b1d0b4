# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What the pages show is run, block after block, as one program for each page."""
import re

import pytest

from conftest import SOURCE

PAGES = {"docs/python.md": 8, "bindings/python/README.md": 1}


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page, run_python, tmp_path):
    text = (SOURCE / page).read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    assert len(blocks) >= PAGES[page]
    program = tmp_path / "page.py"
    program.write_text("\n".join(blocks))
    assert run_python(f"exec(compile(open({str(program)!r}).read(), {page!r}, 'exec'))") != ""


def test_the_page_names_every_exception_and_class_of_the_package():
    import waitq
    text = (SOURCE / "docs/python.md").read_text()
    left_out = {"EtaOptions", "EtaSample", "Estimate", "Accuracy", "EtaModel", "Order", "Loss", "LimitMode", "Algorithm",
                "Tickets", "library_version"}
    missing = [name for name in waitq.__all__ if name not in left_out and not re.search(rf"\b{name}\b", text)]
    assert missing == []


def test_the_page_names_nothing_that_is_not_there():
    import waitq
    import waitq.aio
    import waitq.asgi
    import waitq.wsgi
    text = (SOURCE / "docs/python.md").read_text()
    for name in set(re.findall(r"\bwaitq\.([A-Za-z_]+(?:\.[A-Z]\w+)*)", text)):
        thing = waitq
        for part in name.split("."):
            thing = getattr(thing, part)
