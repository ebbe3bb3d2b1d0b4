# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The types of the package hold, and those who use it are told when theirs do not."""
import os
import pathlib
import subprocess

import waitq

PACKAGE = pathlib.Path(waitq.__file__).parent

PROGRAM = """
import waitq
room = waitq.Context().room("x")
reveal_type(room.poll("t").eta)
reveal_type(room.poll_many(waitq.Tickets([])))
reveal_type(room.join_many(["a"]))
room.poll(5)
"""


def test_mypy_finds_nothing_in_the_package_and_what_is_wrong_in_a_program(tmp_path):
    assert (PACKAGE / "py.typed").exists()
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    checked = subprocess.run(["/usr/bin/mypy", "--strict", "--cache-dir", os.devnull, "--python-version", "3.9", PACKAGE, program],
                             capture_output=True, text=True, cwd=PACKAGE.parent)
    for expected in ("Union[builtins.float, None]", "_packed.Statuses", "builtins.list[Union", 'has incompatible type "int"'):
        assert expected in checked.stdout, checked.stdout
    errors = [line for line in checked.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 1 and "program.py:7" in errors[0], checked.stdout
