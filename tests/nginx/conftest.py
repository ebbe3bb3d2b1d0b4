# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
import pytest

from site_under_test import Nginx, Site


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    try:
        yield site
    finally:
        site.close()


@pytest.fixture
def nginx(tmp_path):
    """Only for its configuration: it is not started."""
    return Nginx(tmp_path)
