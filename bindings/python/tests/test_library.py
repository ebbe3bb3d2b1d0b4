# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Finding the library, and refusing one that does not fit; and the structures of ctypes beside those of the compiler."""
import ctypes
import os
import subprocess
import sys

import pytest

import waitq
from conftest import SOURCE
from waitq import _cdefs, _records

sys.path.insert(0, str(SOURCE / "tests" / "abi"))
from layout import measure  # noqa: E402
from public_headers import Interface  # noqa: E402

COMPILER = os.environ["WAITQ_CC"]
IMPORT = "import waitq"


def fake(folder, number=None):
    """A library with a version and nothing else"""
    source, library = folder / "fake.c", folder / "libfake.so"
    body = "int unrelated;" if number is None else f"unsigned waitq_version_number(void) {{ return {number}u; }}"
    source.write_text(body)
    subprocess.run([COMPILER, "-shared", "-fPIC", source, "-o", library], check=True)
    return str(library)


@pytest.mark.parametrize("number, says", [
    (0x020000, "is libwaitq 2.0.0: too new for this package, which knows 1.x. Update the package waitq"),
    (0x000903, "is libwaitq 0.9.3: too old for this package, which needs 1.0.0 or later"),
    (0x010000, "has no waitq_"),
    (None, "is not libwaitq"),
])
def test_a_library_that_does_not_fit_is_refused_with_a_text_that_says_what_to_do(run_python, tmp_path, number, says):
    run_python(IMPORT, ends_with=1, expect_errors=says, WAITQ_LIBRARY=fake(tmp_path, number))
    run_python("try:\n  import waitq\nexcept ImportError:\n  pass", WAITQ_LIBRARY=fake(tmp_path, number))


def test_a_library_that_is_not_there_is_told_with_all_that_was_tried(run_python, tmp_path):
    run_python(IMPORT, ends_with=1, expect_errors="Tried: /nowhere/libwaitq.so", WAITQ_LIBRARY="/nowhere/libwaitq.so")
    text = tmp_path / "text.so"
    text.write_text("no library at all")
    run_python(IMPORT, ends_with=1, expect_errors="libwaitq cannot be loaded. Install it (Debian: libwaitq1)",
               WAITQ_LIBRARY=str(text))


def test_the_library_that_is_named_is_the_one_that_is_loaded(run_python):
    library = os.environ["WAITQ_LIBRARY"]
    printed = run_python("import waitq, waitq._library; print(waitq.library_version, waitq._library.path)")
    assert printed.split() == [waitq.library_version, library]


def test_structures_are_laid_out_as_the_compiler_says():
    interface = Interface(str(SOURCE / "include"), COMPILER)
    rows = [line.split() for line in measure(interface, str(SOURCE / "include"), COMPILER).splitlines()]
    structs = {row[1]: int(row[3]) for row in rows if row[0] == "struct"}
    fields = {row[1]: (int(row[3]), int(row[5])) for row in rows if row[0] == "field"}
    assert len(structs) > 20 and len(fields) > 150
    ours = {name: kind for name, kind in vars(_cdefs).items()
            if isinstance(kind, type) and issubclass(kind, ctypes.Structure) and kind is not ctypes.Structure}
    assert {name: ctypes.sizeof(kind) for name, kind in ours.items()} == structs
    described = {f"{name}.{field[0]}": (getattr(kind, field[0]).offset, getattr(kind, field[0]).size)
                 for name, kind in ours.items() for field in kind._fields_}
    assert described == fields
    constants = {row[1]: int(row[2]) for row in rows if row[0] == "constant"}
    assert constants == {name: getattr(_cdefs, name) for name in constants}


def test_functions_are_declared_as_in_the_headers():
    interface = Interface(str(SOURCE / "include"), COMPILER)
    assert {name: len(arguments) for name, (_, arguments) in _cdefs.PROTOTYPES.items()} == {
        name: len(function.parameters) for name, function in interface.functions.items()}


def test_the_definitions_are_those_of_the_headers():
    subprocess.run([sys.executable, SOURCE / "bindings/python/generate.py", "--check", "--compiler", COMPILER], check=True)


@pytest.mark.parametrize("kind, value, extra", [
    (_cdefs.waitq_status, waitq.Status, set()), (_cdefs.waitq_stats, waitq.Stats, {"accuracy"}),
    (_cdefs.waitq_policy, waitq.Policy, set()), (_cdefs.waitq_pass, waitq.Pass, set()),
    (_cdefs.waitq_claims, waitq.Claims, set()), (_cdefs.waitq_decision, waitq.Decision, set()),
    (_cdefs.waitq_limit, waitq.Limit, set()), (_cdefs.waitq_estimate, waitq.Estimate, set()),
    (_cdefs.waitq_eta_accuracy, waitq.Accuracy, set()), (_cdefs.waitq_eta_options, waitq.EtaOptions, set()),
    (_cdefs.waitq_eta_sample, waitq.EtaSample, set()), (_cdefs.waitq_binding, waitq.Binding, set()),
], ids=lambda one: getattr(one, "__name__", ""))
def test_every_field_of_a_structure_is_in_its_value(kind, value, extra):
    in_c = {field[0].removesuffix("_ms") if sys.version_info >= (3, 9) else field[0] for field in kind._fields_}
    in_c -= {"size", "reserved", "allocator"}
    if kind is _cdefs.waitq_stats:
        in_c = {name for name in in_c if not name.startswith("eta_")}
    ours = set(getattr(value, "_fields", ())) or set(value.__dataclass_fields__)
    assert ours == in_c | extra


def test_formats_read_every_byte_of_a_structure():
    import struct
    for kind in (_cdefs.waitq_status, _cdefs.waitq_completion, _cdefs.waitq_stats, _cdefs.waitq_pass):
        assert struct.calcsize(_records.format_of(kind)) == ctypes.sizeof(kind)
