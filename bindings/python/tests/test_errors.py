# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Exceptions: one for each code, and a text that says what to do."""
import copy
import pickle

import pytest

import waitq
from conftest import KEY
from waitq import _cdefs, _errors


def codes():
    return {name: value for name, value in vars(_cdefs).items() if name.startswith("WAITQ_E_") and isinstance(value, int)
            and value < 0}


def test_every_code_has_an_exception_of_its_own():
    kinds = [type(_errors.error_of(code, "text", False)) for code in codes().values()]
    assert len(codes()) > 15 and len(set(kinds)) == len(kinds) and waitq.WaitqError not in kinds
    for name, code in codes().items():
        error = _errors.error_of(code, "text", True)
        assert error.code == code and error.code_name == name and error.retriable and str(error).startswith("text")


def test_a_code_that_a_later_library_adds_is_a_plain_error():
    error = _errors.error_of(-999, "new", False)
    assert type(error) is waitq.WaitqError and error.code == -999 and error.code_name == "WAITQ_E_UNKNOWN"


def test_exceptions_are_of_pythons_kinds_too():
    for kind, of in ((waitq.InvalidArgument, ValueError), (waitq.StoreTimeout, TimeoutError), (waitq.OutOfMemory, MemoryError),
                     (waitq.StoreUnavailable, ConnectionError), (waitq.StoreDenied, PermissionError),
                     (waitq.LibraryError, ImportError), (waitq.Expired, waitq.Refused), (waitq.StoreConflict, waitq.StoreError)):
        assert issubclass(kind, of) and issubclass(kind, waitq.WaitqError)


def test_an_exception_goes_through_a_pickle_whole():
    error = pickle.loads(pickle.dumps(_errors.error_of(-21, "slow", True)))
    assert type(error) is waitq.StoreTimeout and str(error) == "slow" and error.retriable


def test_the_text_names_the_field_and_its_value(context):
    with pytest.raises(waitq.InvalidArgument, match="max_poll_ms is 200000"):
        context.room("concert", waitq.Policy(max_poll=200))
    with pytest.raises(waitq.InvalidArgument, match="store_uri has no scheme"):
        waitq.Context("nonsense")
    with pytest.raises(waitq.Unsupported, match="etcd"):
        waitq.Context("etcd://host")
    with pytest.raises(waitq.StoreUnavailable):
        waitq.Context("redis://127.0.0.1:1")


CALLS = {
    "join": lambda room: room.join("ann"),
    "poll": lambda room: room.poll("A" * 62),
    "enter": lambda room: room.enter("A" * 62),
    "leave": lambda room: room.leave("A" * 62),
    "renew": lambda room: room.renew("a.b.c"),
    "exit": lambda room: room.exit("a.b.c"),
    "join_many": lambda room: room.join_many(["ann"]),
    "poll_many": lambda room: room.poll_many(["A" * 62]),
    "policy": lambda room: room.policy(),
    "configure": lambda room: room.configure(waitq.Policy()),
    "set_rate": lambda room: room.set_rate(1),
    "set_rate_at": lambda room: room.set_rate_at(1, 2),
    "set_phase": lambda room: room.set_phase(waitq.Phase.OPEN),
    "pause_until": lambda room: room.pause_until(1),
    "reset": lambda room: room.reset(),
    "stats": lambda room: room.stats(),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_closed_room_says_that_it_is_closed(context, name):
    room = context.room("concert")
    room.close()
    room.close()
    assert room.closed and "closed" in repr(room)
    with pytest.raises(waitq.Closed, match="the room is closed"):
        CALLS[name](room)


def test_every_call_of_a_room_is_tried_on_a_closed_one():
    public = {name for name, member in vars(waitq.Room).items() if not name.startswith("_") and callable(member)}
    assert public - {"close"} == set(CALLS)


def test_closing_a_context_closes_what_it_gave():
    context = waitq.Context()
    room, limiter = context.room("concert"), context.limiter("api")
    context.close()
    context.close()
    assert room.closed and limiter.closed and context.closed
    for call in (lambda: room.join(), lambda: limiter.take(), lambda: context.room("x"), lambda: context.limiter("y")):
        with pytest.raises(waitq.Closed):
            call()
    verifier = waitq.Verifier([KEY])
    verifier.close()
    with pytest.raises(waitq.Closed, match="verifier"):
        verifier.verify("a.b.c")


def test_a_room_keeps_its_context_alive():
    room = waitq.Context().room("concert")
    assert room.join("ann") and room.context.room("concert").stats().issued == 1


def test_what_belongs_to_a_process_is_not_copied(room):
    for thing in (room, room.context, waitq.Verifier([KEY]), waitq.Eta()):
        with pytest.raises(TypeError, match="open one there"):
            pickle.dumps(thing)
        with pytest.raises(TypeError):
            copy.copy(thing)


def test_no_text_and_no_repr_shows_a_key_or_a_password():
    key = waitq.Key.hs256("k", b"very secret" * 3)
    assert "secret" not in repr(key) and "secret" not in repr([key])
    with pytest.raises(waitq.WaitqError) as caught:
        waitq.Context("redis://user:hidden@127.0.0.1:1")
    assert "hidden" not in str(caught.value)


def test_a_repr_says_what_it_is_and_whether_it_is_closed(redis):
    with waitq.Context(redis.uri + "/1?key_ttl_s=7777") as context:
        room, limiter = context.room("concert"), context.limiter("api")
        assert [repr(one) for one in (context, room, limiter)] == ["<Context 'redis:'>", "<Room 'concert'>", "<Limiter 'api'>"]
    assert repr(context) == "<Context 'redis:' closed>"
