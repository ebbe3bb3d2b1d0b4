# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Every check of the interface notices the fault that it is there for: each is run on a copy with that fault.

    test_checks.py --source <the project's folder>
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = None


class Copy:
    """A copy of headers and symbol map that a test may damage."""

    def __init__(self, directory):
        self.root = pathlib.Path(directory)
        shutil.copytree(ROOT / "include", self.root / "include")
        shutil.copytree(ROOT / "lib", self.root / "lib", ignore=shutil.ignore_patterns("*.c", "*.h"))

    def replace(self, name, old, new):
        """Replaces the first place; how wide the white space is does not count."""
        path = self.root / name
        pattern = r"\s+".join(re.escape(word) for word in old.split())
        text, count = re.subn(pattern, lambda _: new, path.read_text(), count=1)
        assert count == 1, f"{name} does not hold {old!r}"
        path.write_text(text)

    def run(self, *command):
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True)

    def exports(self, version="1.0.0"):
        return self.run("cmake", "-DINCLUDE_DIR=include/waitq", "-DMAP=lib/waitq.map", f"-DVERSION={version}",
                        "-P", "lib/check_exports.cmake")

    def python(self, script, *arguments):
        return self.run(sys.executable, ROOT / "tests/abi" / script, *arguments)

    def layout(self):
        return self.python("layout.py", "--include", "include", "--golden", ROOT / "tests/abi/layout.golden")

    def documentation(self):
        return self.python("rules.py", "documentation", "--include", "include", "--map", "lib/waitq.map")

    def types(self):
        return self.python("rules.py", "types", "--include", "include")


class ChecksNoticeFaults(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.copy = Copy(self.directory.name)

    def assert_noticed(self, result, text):
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(text, " ".join((result.stdout + result.stderr).split()))

    def test_an_untouched_copy_passes_every_check(self):
        for result in (self.copy.exports(), self.copy.layout(), self.copy.documentation(), self.copy.types()):
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_a_function_that_the_map_misses_is_noticed(self):
        self.copy.replace("lib/waitq.map", "waitq_poll;", "")
        self.assert_noticed(self.copy.exports(), "waitq_poll is declared in a public header and missing")

    def test_a_symbol_that_no_header_declares_is_noticed(self):
        self.copy.replace("lib/waitq.map", "waitq_poll;", "waitq_poll;\n    waitq_pool;")
        self.assert_noticed(self.copy.exports(), "waitq_pool is in lib/waitq.map and declared in no public header")

    def test_a_newer_project_version_than_the_newest_node_is_noticed(self):
        self.copy.replace("include/waitq/version.h", "WAITQ_VERSION_MINOR 0", "WAITQ_VERSION_MINOR 1")
        self.assert_noticed(self.copy.exports("1.1.0"), "the newest node of lib/waitq.map is 'WAITQ_1.0'")

    def test_a_version_header_that_lags_behind_is_noticed(self):
        self.assert_noticed(self.copy.exports("1.0.1"), "version.h says 1.0.0")

    def test_two_fields_that_changed_places_are_noticed(self):
        self.copy.replace("include/waitq/queue.h", "size_t size; /**< sizeof(waitq_join_options) */", "")
        self.copy.replace("include/waitq/queue.h", "} waitq_join_options;", "size_t size;\n} waitq_join_options;")
        self.assert_noticed(self.copy.layout(), "+field waitq_join_options.size offset 8")
        self.assert_noticed(self.copy.types(), "waitq_join_options: does not begin with its size")

    def test_an_error_code_that_changed_its_number_is_noticed(self):
        self.copy.replace("include/waitq/error.h", "X(E_CLOSED, -4,", "X(E_CLOSED, -9,")
        self.assert_noticed(self.copy.layout(), "+constant WAITQ_E_CLOSED -9")

    def test_padding_without_a_name_is_noticed(self):
        self.copy.replace("include/waitq/limiter.h", "uint32_t reserved; /**< zero */ uint64_t remaining;",
                          "uint64_t remaining;")
        self.assert_noticed(self.copy.layout(), "waitq_decision.remaining: 4 bytes before it belong to no field")

    def test_a_new_structure_is_noticed(self):
        self.copy.replace("include/waitq/room.h", "/** Phases of a room. */",
                          "typedef struct waitq_extra {\n  size_t size;\n} waitq_extra;\n")
        self.assert_noticed(self.copy.layout(), "+struct waitq_extra size 8")

    def test_a_header_that_the_umbrella_misses_is_noticed(self):
        self.copy.replace("include/waitq/waitq.h", "#include <waitq/submit.h>", "")
        self.assert_noticed(self.copy.layout(), "waitq.h does not include ['submit.h']")

    def test_a_function_without_a_word_on_threads_is_noticed(self):
        self.copy.replace("include/waitq/version.h", "@threadsafe yes", "")
        self.assert_noticed(self.copy.documentation(), "waitq_version_number: misses @threadsafe")

    def test_a_function_without_a_comment_is_noticed(self):
        self.copy.replace("include/waitq/version.h", "shaped like #WAITQ_VERSION_NUMBER.", "*/\nint x;\n/*")
        self.assert_noticed(self.copy.documentation(), "waitq_version_number: no comment before it")

    def test_a_parameter_that_the_comment_misnames_is_noticed(self):
        self.copy.replace("include/waitq/queue.h", "@param state any number", "@param status any number")
        self.assert_noticed(self.copy.documentation(), "waitq_state_name: documents the parameters ['status']")

    def test_a_since_that_is_not_the_map_s_is_noticed(self):
        self.copy.replace("include/waitq/version.h", "@since 1.0", "@since 1.1")
        self.assert_noticed(self.copy.documentation(), "waitq_version_number: @since 1.1, and the symbol map says 1.0")

    def test_an_enum_in_a_signature_is_noticed(self):
        self.copy.replace("include/waitq/queue.h", "waitq_state_name(uint32_t state)",
                          "waitq_state_name(enum waitq_state state)")
        self.assert_noticed(self.copy.types(), "'enum waitq_state state' cannot be called from every language")

    def test_a_structure_by_value_is_noticed(self):
        self.copy.replace("include/waitq/queue.h", "waitq_state_name(uint32_t state)",
                          "waitq_state_name(waitq_status state)")
        self.assert_noticed(self.copy.types(), "passes a structure by value")

    def test_an_initialiser_without_its_function_is_noticed(self):
        self.copy.replace("include/waitq/queue.h", "/** An empty #waitq_status. */", "#define WAITQ_VISITOR_INIT {NULL, 0}")
        self.assert_noticed(self.copy.types(), "other languages have no waitq_visitor_init()")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--source", required=True, type=pathlib.Path)
    ROOT = arguments.parse_args().source.resolve()
    unittest.main(argv=[sys.argv[0], "-v"])
