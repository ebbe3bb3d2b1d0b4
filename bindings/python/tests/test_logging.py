# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The library's lines go into logging."""
import logging

import waitq
from conftest import KEY



def test_lines_of_the_library_are_records_of_the_logger_waitq(redis, caplog):
    caplog.set_level(logging.DEBUG, "waitq")
    with waitq.Context(redis.uri, keys=[KEY]) as context:
        context.room("logged").join("ann")
    assert caplog.records
    assert {record.name for record in caplog.records} == {"waitq"}
    assert all(record.levelno in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR) for record in caplog.records)
    assert any("logged" in record.getMessage() or "redis" in record.getMessage() for record in caplog.records)


def test_another_logger_gets_them_or_none(redis, caplog):
    caplog.set_level(logging.DEBUG)
    with waitq.Context(redis.uri, logger=logging.getLogger("mine")) as context:
        context.room("logged")
    assert {record.name for record in caplog.records} == {"mine"}
    caplog.clear()
    with waitq.Context(redis.uri, logger=None) as context:
        context.room("logged")
    assert caplog.records == []


def test_a_store_that_goes_away_is_warned_of_from_whatever_thread(fresh_redis, caplog):
    caplog.set_level(logging.INFO, "waitq")
    with waitq.Context(fresh_redis.uri + "?command_timeout_ms=100") as context:
        room = context.room("logged")
        fresh_redis.stop()
        assert room.join("ann").status.reason is waitq.Reason.STALLED
    assert any(record.levelno >= logging.WARNING for record in caplog.records)


def test_nothing_is_printed_where_logging_is_not_set_up(run_python, redis):
    assert run_python("import sys, waitq; waitq.Context(sys.argv[1]).room('quiet').join('ann')", redis.uri) == ""
