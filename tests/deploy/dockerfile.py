# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What a Dockerfile says, stage by stage, and which files it is given."""

import fnmatch
import json
import os
import pathlib
import re
import shutil

INSTRUCTIONS = {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "SHELL",
                "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}


class Stage:
    def __init__(self, base, name):
        self.base, self.name, self.instructions = base, name, []

    def all(self, keyword):
        return [value for key, value in self.instructions if key == keyword]

    def last(self, keyword):
        return self.all(keyword)[-1]

    def arguments(self):
        """{name: default}"""
        return {name: default.strip('"') for name, _, default in (value.partition("=") for value in self.all("ARG"))}


def _lines(text):
    """Instructions with their continuation lines, without comments"""
    joined = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        joined += line.rstrip()
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
        else:
            yield joined
            joined = ""
    assert joined == "", f"the file ends within an instruction: {joined}"


def parse(text):
    """The stages in order; arguments before the first of them are put in where a base names them"""
    stages, globals_ = [], {}
    for line in _lines(text):
        keyword, _, value = line.strip().partition(" ")
        keyword, value = keyword.upper(), value.strip()
        assert keyword in INSTRUCTIONS, f"there is no instruction {keyword}"
        if keyword == "FROM":
            found = re.fullmatch(r"(\S+)(?: AS (\S+))?", value)
            base = re.sub(r"\$\{(\w+)\}", lambda name: globals_[name[1]], found[1])
            stages.append(Stage(base, found[2]))
        elif not stages:
            assert keyword == "ARG", f"{keyword} stands before the first stage"
            name, _, default = value.partition("=")
            globals_[name] = default
        else:
            stages[-1].instructions.append((keyword, value))
    return {stage.name: stage for stage in stages}


def exec_form(value):
    """The words of an instruction that runs no shell"""
    words = json.loads(value)
    assert isinstance(words, list) and all(isinstance(word, str) for word in words)
    return words


def _matches(path, pattern):
    """Whether a pattern of .dockerignore is about a file, or a folder that it lies in"""
    parts, wanted = path.split("/"), pattern.strip("/").split("/")
    return len(parts) >= len(wanted) and all(fnmatch.fnmatchcase(part, want) for part, want in zip(parts, wanted))


def files_of(source):
    """The paths of all files of a folder"""
    found = []
    for folder, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__") and not name.startswith("build")]
        found += [str(pathlib.Path(folder, name).relative_to(source)) for name in names]
    return sorted(found)


def context_of(files, ignore):
    """Those of the files that a build is given; of the patterns that are about a file, the last one counts"""
    patterns = [line.strip() for line in ignore.splitlines() if line.strip() and not line.startswith("#")]
    taken = []
    for path in files:
        is_taken = True
        for pattern in patterns:
            if _matches(path, pattern.lstrip("!")):
                is_taken = pattern.startswith("!")
        if is_taken:
            taken.append(path)
    return taken


def copy_context(source, files, target):
    for path in files:
        to = pathlib.Path(target) / path
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(pathlib.Path(source) / path, to)
