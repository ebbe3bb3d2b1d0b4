# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The library's lines on their way into the module logging."""
from __future__ import annotations

import logging
from typing import Any

from . import _cdefs

LEVELS = {
    _cdefs.WAITQ_LOG_ERROR: logging.ERROR,
    _cdefs.WAITQ_LOG_WARNING: logging.WARNING,
    _cdefs.WAITQ_LOG_INFO: logging.INFO,
    _cdefs.WAITQ_LOG_DEBUG: logging.DEBUG,
}

default = logging.getLogger("waitq")
default.addHandler(logging.NullHandler())


def level_to_c(logger: logging.Logger) -> int:
    """What C is asked to tell: DEBUG only where the logger wants it now. The others are rare, and left to the logger."""
    return _cdefs.WAITQ_LOG_DEBUG if logger.isEnabledFor(logging.DEBUG) else _cdefs.WAITQ_LOG_INFO


def writer(logger: logging.Logger) -> Any:
    """A function that C calls, from any thread"""

    def write(user: Any, level: int, line: bytes) -> None:
        logger.log(LEVELS.get(level, logging.DEBUG), "%s", line.decode("utf-8", "replace"))

    return _cdefs.waitq_log_fn(write)
