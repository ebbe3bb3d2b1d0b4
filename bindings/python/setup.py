# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Builds the package waitq.

By itself it is pure Python and uses the libwaitq of the system. With the environment variable WAITQ_BUNDLE, the path of a
libwaitq.so.1, the wheel brings that library, and is one for this platform.
"""
import os
import pathlib
import shutil

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:
    from wheel.bdist_wheel import bdist_wheel

BUNDLE = os.environ.get("WAITQ_BUNDLE")


class Platform(Distribution):
    def has_ext_modules(self):
        return bool(BUNDLE)


class Build(build_py):
    def run(self):
        super().run()
        place = pathlib.Path(self.build_lib, "waitq", "libwaitq.so.1")
        place.unlink(missing_ok=True)  # of an earlier build
        if BUNDLE:
            shutil.copyfile(os.path.realpath(BUNDLE), place)


class Wheel(bdist_wheel):
    def get_tag(self):
        platform = super().get_tag()[2]
        # The library is loaded by ctypes: any Python 3 does.
        return "py3", "none", platform if BUNDLE else "any"


setup(distclass=Platform, cmdclass={"build_py": Build, "bdist_wheel": Wheel})
