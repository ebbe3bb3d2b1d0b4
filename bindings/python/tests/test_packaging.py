# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""A wheel that brings the library and a source package that uses the system's, each installed into a fresh environment."""
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from conftest import SOURCE

LIBRARY = pathlib.Path(os.environ["WAITQ_LIBRARY"])
TOOLS = "/usr/share/python-wheels"  # setuptools and wheel, as Debian has them for environments

PROGRAM = """
import waitq, waitq._library, waitq.aio, waitq.asgi, waitq.wsgi
with waitq.Context("memory:") as context:
    room = context.room("concert")
    assert room.enter(room.join("ann")).state is waitq.State.ENTERED
print(waitq.library_version, waitq.__file__, waitq._library.path)
"""


def run(*command, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WAITQ_", "PYTHON", "PIP_"))}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env={**clean, **environment},
                          timeout=200, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def sources(tmp_path):
    """A copy: building leaves files behind."""
    copy = tmp_path / "sources"
    shutil.copytree(SOURCE / "bindings/python", copy, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    return copy


@pytest.fixture
def environment(tmp_path):
    folder = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    return folder / "bin" / "python"


def install(environment, package):
    # The system's pip, at work on the environment: to give each one of its own takes longer than all the rest.
    run(sys.executable, "-m", "pip", "--python", environment, "install", "--no-index", "--find-links", TOOLS, package)


def test_a_wheel_brings_the_library(sources, environment, tmp_path):
    run(sys.executable, "-m", "pip", "wheel", "--no-index", "--no-build-isolation", "--no-deps", "-w", tmp_path, sources,
        WAITQ_BUNDLE=str(LIBRARY))
    wheel, = tmp_path.glob("*.whl")
    assert wheel.name.startswith("waitq-1.0.0-py3-none-linux_")
    names = zipfile.ZipFile(wheel).namelist()
    assert "waitq/libwaitq.so.1" in names and "waitq/py.typed" in names
    assert not any("test" in name or "generate" in name for name in names)
    install(environment, wheel)
    version, module, library = run(environment, "-c", PROGRAM).split()
    assert pathlib.Path(module).is_relative_to(tmp_path) and library == str(pathlib.Path(module).parent / "libwaitq.so.1")
    assert version == "1.0.0"


def test_a_source_package_uses_the_library_of_the_system(sources, environment, tmp_path):
    run(sys.executable, "-c", f"import os, runpy, sys; os.chdir({str(sources)!r}); "
        f"sys.argv = ['setup.py', '-q', 'sdist', '-d', {str(tmp_path)!r}]; runpy.run_path('setup.py')")
    package, = tmp_path.glob("waitq-*.tar.gz")
    install(environment, package)
    version, module, library = run(environment, "-c", PROGRAM, LD_LIBRARY_PATH=str(LIBRARY.parent)).split()
    assert pathlib.Path(module).is_relative_to(tmp_path) and library == "libwaitq.so.1" and version == "1.0.0"


def test_the_version_of_the_package_is_that_of_the_headers():
    import waitq
    from waitq import _cdefs
    expected = f"{_cdefs.WAITQ_VERSION_MAJOR}.{_cdefs.WAITQ_VERSION_MINOR}.{_cdefs.WAITQ_VERSION_PATCH}"
    assert waitq.__version__ == waitq.library_version == expected
    assert f'version = "{expected}"' in (SOURCE / "bindings/python/pyproject.toml").read_text()
