# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""What the headers of libwaitq declare, for ctypes. Written by generate.py: edit the headers, and run it again."""
from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t,
                    c_ubyte, c_uint32, c_uint64, c_void_p)
from typing import Any

WAITQ_OK = 0
WAITQ_E_INVALID = -1
WAITQ_E_NOMEM = -2
WAITQ_E_VERSION = -3
WAITQ_E_CLOSED = -4
WAITQ_E_FORKED = -5
WAITQ_E_UNSUPPORTED = -6
WAITQ_E_RANDOM = -7
WAITQ_E_EXHAUSTED = -8
WAITQ_E_STORE = -20
WAITQ_E_TIMEOUT = -21
WAITQ_E_CONFLICT = -22
WAITQ_E_DAMAGED = -23
WAITQ_E_DENIED = -24
WAITQ_E_MALFORMED = -40
WAITQ_E_FORGED = -41
WAITQ_E_KEY = -42
WAITQ_E_EXPIRED = -43
WAITQ_E_EARLY = -44
WAITQ_E_AUDIENCE = -45
WAITQ_E_BINDING = -46
WAITQ_LOG_NONE = 0
WAITQ_LOG_ERROR = 1
WAITQ_LOG_WARNING = 2
WAITQ_LOG_INFO = 3
WAITQ_LOG_DEBUG = 4
WAITQ_KEY_HS256 = 1
WAITQ_KEY_ED25519 = 2
WAITQ_KEY_ED25519_PUBLIC = 3
WAITQ_PHASE_SCHEDULED = 1
WAITQ_PHASE_OPEN = 2
WAITQ_PHASE_PAUSED = 3
WAITQ_PHASE_DRAINING = 4
WAITQ_PHASE_CLOSED = 5
WAITQ_ORDER_FIFO = 1
WAITQ_ETA_DEFAULT = 1
WAITQ_ETA_REFERENCE = 2
WAITQ_LOSS_HOLD = 1
WAITQ_LOSS_OPEN = 2
WAITQ_LOSS_LOCAL = 3
WAITQ_LIMIT_EXACT = 1
WAITQ_LIMIT_LEASED = 2
WAITQ_STATE_NONE = 0
WAITQ_STATE_WAITING = 1
WAITQ_STATE_READY = 2
WAITQ_STATE_ENTERED = 3
WAITQ_STATE_LEFT = 4
WAITQ_STATE_EXPIRED = 5
WAITQ_STATE_STALE = 6
WAITQ_REASON_NONE = 0
WAITQ_REASON_BUCKET = 1
WAITQ_REASON_SLOTS = 2
WAITQ_REASON_NO_SAMPLES = 3
WAITQ_REASON_RATE_CHANGED = 4
WAITQ_REASON_PAUSED = 5
WAITQ_REASON_STALLED = 6
WAITQ_REASON_SCHEDULED = 7
WAITQ_REASON_DRAINING = 8
WAITQ_REASON_CLOSED = 9
WAITQ_REASON_FULL = 10
WAITQ_REASON_PACING = 11
WAITQ_REASON_RATE_ZERO = 12
WAITQ_REASON_RESTORED = 13
WAITQ_STORE_NEW = 1
WAITQ_STORE_EXISTING = 2
WAITQ_STORE_FULL = 3
WAITQ_STORE_RECOVER = 1
WAITQ_STORE_IF_UNCHANGED = 2
WAITQ_STORE_POLLS_TOLD = 4
WAITQ_STORE_FOUND_MORE = 1
WAITQ_STORE_FOUND_LOSS = 2
WAITQ_STORE_IN_PROCESS = 1
WAITQ_ROOM_NAME_MAX = 64
WAITQ_RATE_PLANS_MAX = 8
WAITQ_PASS_SIZE = 512
WAITQ_VISITOR_MAX = 1024
WAITQ_TICKET_SIZE = 64
WAITQ_UNKNOWN_MS = -1
WAITQ_STORE_PLANES = 24
WAITQ_STORE_VISITOR_SIZE = 16
WAITQ_STORE_STATE_MAX = 4096
WAITQ_STORE_NO_NUMBER = 18446744073709551615
WAITQ_STORE_TRIES_MAX = 1024
WAITQ_VERSION_MAJOR = 1
WAITQ_VERSION_MINOR = 0
WAITQ_VERSION_PATCH = 0
WAITQ_VERSION_NUMBER = 65536

waitq_log_fn = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
waitq_clock_fn = CFUNCTYPE(c_int64, c_void_p)
waitq_random_fn = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t)


class waitq_error(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("code", c_int32),
        ("retriable", c_int32),
        ("text", c_char * 240),
    ]


class waitq_allocator(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("allocate", CFUNCTYPE(c_void_p, c_void_p, c_size_t)),
        ("reallocate", CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t)),
        ("release", CFUNCTYPE(None, c_void_p, c_void_p)),
        ("user", c_void_p),
    ]


class waitq_key(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("algorithm", c_uint32),
        ("length", c_uint32),
        ("kid", c_char * 32),
        ("bytes", c_ubyte * 64),
    ]


class waitq_options(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("allocator", POINTER(waitq_allocator)),
        ("log", waitq_log_fn),
        ("log_user", c_void_p),
        ("log_level", c_int32),
        ("reserved", c_uint32),
        ("clock", waitq_clock_fn),
        ("clock_user", c_void_p),
        ("random", waitq_random_fn),
        ("random_user", c_void_p),
        ("keys", POINTER(waitq_key)),
        ("key_count", c_size_t),
        ("store", c_void_p),
        ("store_user", c_void_p),
    ]


class waitq_policy(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("rate_per_s", c_double),
        ("burst", c_uint64),
        ("max_active", c_uint64),
        ("max_waiting", c_uint64),
        ("claim_ttl_ms", c_int64),
        ("session_ttl_ms", c_int64),
        ("heartbeat_ttl_ms", c_int64),
        ("min_poll_ms", c_int64),
        ("max_poll_ms", c_int64),
        ("opens_at_ms", c_int64),
        ("order", c_uint32),
        ("eta_model", c_uint32),
        ("on_store_loss", c_uint32),
        ("reserved", c_uint32),
        ("eta_hour_weights", c_double * 24),
    ]


class waitq_stats(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("epoch", c_uint64),
        ("issued", c_uint64),
        ("waiting", c_uint64),
        ("ready", c_uint64),
        ("entered", c_uint64),
        ("left", c_uint64),
        ("expired", c_uint64),
        ("active", c_uint64),
        ("head", c_uint64),
        ("rate_per_s", c_double),
        ("tokens", c_double),
        ("now_ms", c_int64),
        ("age_ms", c_int64),
        ("memory_bytes", c_uint64),
        ("phase", c_uint32),
        ("reserved", c_uint32),
        ("goes_on_at_ms", c_int64),
        ("eta_scored", c_uint64),
        ("eta_acc", c_double),
        ("eta_hit", c_double),
        ("eta_bias", c_double),
        ("eta_cov90", c_double),
        ("eta_width", c_double),
    ]


class waitq_eta_options(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("rate_per_s", c_double),
        ("burst", c_uint64),
        ("max_active", c_uint64),
        ("session_ttl_ms", c_int64),
        ("hour_weights", c_double * 24),
        ("allocator", POINTER(waitq_allocator)),
        ("model", c_uint32),
        ("reserved", c_uint32),
    ]


class waitq_eta_sample(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("admitted", c_uint64),
        ("joined", c_uint64),
        ("left", c_uint64),
        ("ended", c_uint64),
        ("waiting", c_uint64),
        ("active", c_uint64),
        ("tokens", c_double),
        ("goes_on_at_ms", c_int64),
        ("phase", c_uint32),
        ("reserved", c_uint32),
    ]


class waitq_estimate(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("eta_ms", c_int64),
        ("eta_low_ms", c_int64),
        ("eta_high_ms", c_int64),
        ("confidence", c_double),
        ("reason", c_uint32),
        ("reserved", c_uint32),
    ]


class waitq_eta_accuracy(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("scored", c_uint64),
        ("acc", c_double),
        ("hit", c_double),
        ("bias", c_double),
        ("cov90", c_double),
        ("width", c_double),
    ]


class waitq_limit(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("rate_per_s", c_double),
        ("burst", c_uint64),
        ("mode", c_uint32),
        ("reserved", c_uint32),
    ]


class waitq_decision(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("admitted", c_uint32),
        ("reserved", c_uint32),
        ("remaining", c_uint64),
        ("retry_after_ms", c_int64),
        ("reset_ms", c_int64),
    ]


class waitq_pass(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("state", c_uint32),
        ("reason", c_uint32),
        ("expires_at_ms", c_int64),
        ("retry_after_ms", c_int64),
        ("text", c_char * 512),
    ]


class waitq_binding(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("method", c_char_p),
        ("url", c_char_p),
        ("client", c_char_p),
    ]


class waitq_verify_options(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("audience", c_char_p),
        ("leeway_ms", c_int64),
        ("allocator", POINTER(waitq_allocator)),
    ]


class waitq_claims(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("epoch", c_uint64),
        ("number", c_uint64),
        ("issued_at_ms", c_int64),
        ("not_before_ms", c_int64),
        ("expires_at_ms", c_int64),
        ("room", c_char * 72),
        ("kid", c_char * 32),
        ("id", c_char * 48),
    ]


class waitq_ticket(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("text", c_char * 64),
    ]


class waitq_status(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("state", c_uint32),
        ("reason", c_uint32),
        ("position", c_uint64),
        ("ahead", c_uint64),
        ("behind", c_uint64),
        ("eta_ms", c_int64),
        ("eta_low_ms", c_int64),
        ("eta_high_ms", c_int64),
        ("confidence", c_double),
        ("waited_ms", c_int64),
        ("enter_by_ms", c_int64),
        ("next_poll_ms", c_int64),
        ("age_ms", c_int64),
        ("phase", c_uint32),
        ("reserved", c_uint32),
    ]


class waitq_visitor(Structure):
    _fields_ = [
        ("id", c_void_p),
        ("length", c_size_t),
    ]


class waitq_join_options(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("reserved", c_uint64),
    ]


class waitq_enter_options(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("binding", POINTER(waitq_binding)),
    ]


class waitq_store_env(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("allocator", POINTER(waitq_allocator)),
        ("user", c_void_p),
        ("log", waitq_log_fn),
        ("log_user", c_void_p),
        ("random", waitq_random_fn),
        ("random_user", c_void_p),
        ("log_level", c_int32),
        ("reserved", c_uint32),
    ]


class waitq_store_head(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("version", c_uint64),
        ("epoch", c_uint64),
        ("next", c_uint64),
        ("join_limit", c_uint64),
        ("state", c_void_p),
        ("state_size", c_size_t),
    ]


class waitq_store_bits(Structure):
    _fields_ = [
        ("plane", c_uint32),
        ("count", c_uint32),
        ("first", c_uint64),
        ("words", POINTER(c_uint64)),
    ]


class waitq_store_join(Structure):
    _fields_ = [
        ("visitor", c_ubyte * 16),
        ("replaces", c_uint64),
        ("number", c_uint64),
        ("joined_us", c_int64),
        ("anonymous", c_uint32),
        ("outcome", c_uint32),
    ]


class waitq_store_commit(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("version", c_uint64),
        ("epoch", c_uint64),
        ("join_limit", c_uint64),
        ("state", c_void_p),
        ("state_size", c_size_t),
        ("clear_planes", c_uint32),
        ("bits_count", c_uint32),
        ("bits", POINTER(waitq_store_bits)),
        ("trim_below", c_uint64),
        ("next_min", c_uint64),
    ]


class waitq_store_sink(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("user", c_void_p),
        ("head", CFUNCTYPE(c_int, c_void_p, POINTER(waitq_store_head))),
        ("bits", CFUNCTYPE(c_int, c_void_p, POINTER(waitq_store_bits))),
    ]


class waitq_store_shown(Structure):
    _fields_ = [
        ("visitor", c_ubyte * 16),
        ("number", c_uint64),
        ("joined_us", c_int64),
    ]


class waitq_store_exchange(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("epoch", c_uint64),
        ("version", c_uint64),
        ("change", c_uint64),
        ("joined_us", c_int64),
        ("timeout_us", c_int64),
        ("told_age_us", c_int64),
        ("flags", c_uint32),
        ("planes_wanted", c_uint32),
        ("mark_count", c_uint32),
        ("unmark_count", c_uint32),
        ("shown_count", c_uint32),
        ("join_count", c_uint32),
        ("marks", POINTER(waitq_store_bits)),
        ("unmarks", POINTER(waitq_store_bits)),
        ("shown", POINTER(waitq_store_shown)),
        ("joins", POINTER(waitq_store_join)),
        ("commit", POINTER(waitq_store_commit)),
        ("sink", POINTER(waitq_store_sink)),
        ("next", c_uint64),
        ("losses", c_uint64),
        ("now_us", c_int64),
        ("stood_us", c_int64),
        ("untold_us", c_int64),
        ("commit_code", c_int32),
        ("nodes", c_uint32),
        ("found", c_uint32),
        ("reserved", c_uint32),
        ("born_us", c_int64),
    ]


class waitq_store_limit(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("rate_per_s", c_double),
        ("burst", c_uint64),
        ("tries", POINTER(c_uint64)),
        ("admitted", POINTER(c_ubyte)),
        ("try_count", c_uint32),
        ("configure", c_uint32),
        ("lessee", c_ubyte * 16),
        ("lease_number", c_uint64),
        ("lease_held", c_uint64),
        ("lease_returned", c_uint64),
        ("lease_wanted", c_uint64),
        ("lease_ttl_us", c_int64),
        ("lease_kept", c_uint64),
        ("leased", c_uint64),
        ("lessees", c_uint64),
        ("level", c_double),
        ("now_us", c_int64),
        ("timeout_us", c_int64),
    ]


class waitq_store_ops(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("flags", c_uint32),
        ("reserved", c_uint32),
        ("open", CFUNCTYPE(c_int, c_char_p, POINTER(waitq_store_env), POINTER(c_void_p), POINTER(waitq_error))),
        ("close", CFUNCTYPE(None, c_void_p)),
        ("room_open", CFUNCTYPE(c_int, c_void_p, c_char_p, POINTER(waitq_store_head), POINTER(c_void_p),
                                POINTER(waitq_error))),
        ("room_close", CFUNCTYPE(None, c_void_p)),
        ("load", CFUNCTYPE(c_int, c_void_p, POINTER(waitq_store_sink), POINTER(waitq_error))),
        ("append", CFUNCTYPE(c_int, c_void_p, c_uint64, c_int64, POINTER(waitq_store_join), c_size_t,
                             POINTER(waitq_error))),
        ("mark", CFUNCTYPE(c_int, c_void_p, c_uint64, POINTER(waitq_store_bits), c_size_t, POINTER(waitq_error))),
        ("commit", CFUNCTYPE(c_int, c_void_p, POINTER(waitq_store_commit), POINTER(waitq_error))),
        ("memory_bytes", CFUNCTYPE(c_uint64, c_void_p)),
        ("exchange", CFUNCTYPE(c_int, c_void_p, POINTER(waitq_store_exchange), POINTER(waitq_error))),
        ("agree", CFUNCTYPE(c_int, c_void_p, c_char_p, POINTER(c_ubyte), c_size_t, POINTER(waitq_error))),
        ("limit", CFUNCTYPE(c_int, c_void_p, c_char_p, POINTER(waitq_store_limit), POINTER(waitq_error))),
    ]


class waitq_completion(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("tag", c_uint64),
        ("code", c_int32),
        ("retriable", c_int32),
    ]


#: {function: (result, arguments)}
PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "waitq_error_init": (None, [POINTER(waitq_error), c_size_t]),
    "waitq_error_name": (c_char_p, [c_int32]),
    "waitq_error_text": (c_char_p, [c_int32]),
    "waitq_allocator_init": (None, [POINTER(waitq_allocator), c_size_t]),
    "waitq_key_init": (None, [POINTER(waitq_key), c_size_t]),
    "waitq_key_public": (c_int, [POINTER(waitq_key), POINTER(waitq_key), POINTER(waitq_error)]),
    "waitq_options_init": (None, [POINTER(waitq_options), c_size_t]),
    "waitq_open": (c_int, [c_char_p, POINTER(waitq_options), POINTER(c_void_p), POINTER(waitq_error)]),
    "waitq_close": (None, [c_void_p]),
    "waitq_policy_init": (None, [POINTER(waitq_policy), c_size_t]),
    "waitq_room_open": (c_int, [c_void_p, c_char_p, POINTER(waitq_policy), POINTER(c_void_p), POINTER(waitq_error)]),
    "waitq_room_close": (None, [c_void_p]),
    "waitq_room_configure": (c_int, [c_void_p, POINTER(waitq_policy), POINTER(waitq_error)]),
    "waitq_room_policy": (c_int, [c_void_p, POINTER(waitq_policy), POINTER(waitq_error)]),
    "waitq_room_set_rate": (c_int, [c_void_p, c_double, POINTER(waitq_error)]),
    "waitq_room_set_rate_at": (c_int, [c_void_p, c_double, c_int64, POINTER(waitq_error)]),
    "waitq_room_set_phase": (c_int, [c_void_p, c_uint32, POINTER(waitq_error)]),
    "waitq_room_pause_until": (c_int, [c_void_p, c_int64, POINTER(waitq_error)]),
    "waitq_room_reset": (c_int, [c_void_p, POINTER(waitq_error)]),
    "waitq_stats_init": (None, [POINTER(waitq_stats), c_size_t]),
    "waitq_room_stats": (c_int, [c_void_p, POINTER(waitq_stats), POINTER(waitq_error)]),
    "waitq_eta_options_init": (None, [POINTER(waitq_eta_options), c_size_t]),
    "waitq_eta_sample_init": (None, [POINTER(waitq_eta_sample), c_size_t]),
    "waitq_estimate_init": (None, [POINTER(waitq_estimate), c_size_t]),
    "waitq_eta_accuracy_init": (None, [POINTER(waitq_eta_accuracy), c_size_t]),
    "waitq_eta_open": (c_int, [POINTER(waitq_eta_options), POINTER(c_void_p), POINTER(waitq_error)]),
    "waitq_eta_close": (None, [c_void_p]),
    "waitq_eta_configure": (c_int, [c_void_p, c_int64, POINTER(waitq_eta_options), POINTER(waitq_error)]),
    "waitq_eta_set_rate_at": (c_int, [c_void_p, c_double, c_int64, POINTER(waitq_error)]),
    "waitq_eta_left": (c_int, [c_void_p, c_uint64, POINTER(waitq_error)]),
    "waitq_eta_ended": (c_int, [c_void_p, c_int64, POINTER(waitq_error)]),
    "waitq_eta_observe": (c_int, [c_void_p, c_int64, POINTER(waitq_eta_sample), POINTER(waitq_error)]),
    "waitq_eta_estimate": (c_int, [c_void_p, c_int64, c_uint64, POINTER(waitq_estimate), POINTER(waitq_error)]),
    "waitq_eta_measured": (c_int, [c_void_p, POINTER(waitq_eta_accuracy), POINTER(waitq_error)]),
    "waitq_limit_init": (None, [POINTER(waitq_limit), c_size_t]),
    "waitq_decision_init": (None, [POINTER(waitq_decision), c_size_t]),
    "waitq_limiter_open": (c_int, [c_void_p, c_char_p, POINTER(waitq_limit), POINTER(c_void_p), POINTER(waitq_error)]),
    "waitq_limiter_close": (None, [c_void_p]),
    "waitq_limiter_configure": (c_int, [c_void_p, POINTER(waitq_limit), POINTER(waitq_error)]),
    "waitq_limiter_try": (c_int, [c_void_p, c_uint32, POINTER(waitq_decision), POINTER(waitq_error)]),
    "waitq_metrics": (c_int, [c_void_p, c_char_p, c_size_t, POINTER(c_size_t), POINTER(waitq_error)]),
    "waitq_pass_init": (None, [POINTER(waitq_pass), c_size_t]),
    "waitq_binding_init": (None, [POINTER(waitq_binding), c_size_t]),
    "waitq_verify_options_init": (None, [POINTER(waitq_verify_options), c_size_t]),
    "waitq_claims_init": (None, [POINTER(waitq_claims), c_size_t]),
    "waitq_verifier_open": (c_int, [POINTER(waitq_key), c_size_t, POINTER(waitq_verify_options), POINTER(c_void_p),
                                    POINTER(waitq_error)]),
    "waitq_verifier_close": (None, [c_void_p]),
    "waitq_verify": (c_int, [c_void_p, c_char_p, c_size_t, c_int64, POINTER(waitq_binding), POINTER(waitq_claims),
                             POINTER(waitq_error)]),
    "waitq_ticket_init": (None, [POINTER(waitq_ticket), c_size_t]),
    "waitq_status_init": (None, [POINTER(waitq_status), c_size_t]),
    "waitq_join_options_init": (None, [POINTER(waitq_join_options), c_size_t]),
    "waitq_enter_options_init": (None, [POINTER(waitq_enter_options), c_size_t]),
    "waitq_state_name": (c_char_p, [c_uint32]),
    "waitq_reason_text": (c_char_p, [c_uint32]),
    "waitq_join": (c_int, [c_void_p, c_void_p, c_size_t, POINTER(waitq_join_options), POINTER(waitq_ticket),
                           POINTER(waitq_status), POINTER(waitq_error)]),
    "waitq_join_many": (c_int, [c_void_p, POINTER(waitq_visitor), c_size_t, POINTER(waitq_join_options),
                                POINTER(waitq_ticket), POINTER(waitq_status), POINTER(c_int32), POINTER(waitq_error)]),
    "waitq_poll": (c_int, [c_void_p, c_char_p, POINTER(waitq_status), POINTER(waitq_error)]),
    "waitq_poll_many": (c_int, [c_void_p, POINTER(waitq_ticket), c_size_t, POINTER(waitq_status), POINTER(c_int32),
                                POINTER(waitq_error)]),
    "waitq_enter": (c_int, [c_void_p, c_char_p, POINTER(waitq_enter_options), POINTER(waitq_pass),
                            POINTER(waitq_error)]),
    "waitq_leave": (c_int, [c_void_p, c_char_p, POINTER(waitq_status), POINTER(waitq_error)]),
    "waitq_renew": (c_int, [c_void_p, c_char_p, POINTER(waitq_pass), POINTER(waitq_error)]),
    "waitq_exit": (c_int, [c_void_p, c_char_p, POINTER(waitq_error)]),
    "waitq_store_memory": (POINTER(waitq_store_ops), []),
    "waitq_completion_init": (None, [POINTER(waitq_completion), c_size_t]),
    "waitq_submit_join": (c_int, [c_void_p, c_void_p, c_size_t, POINTER(waitq_join_options), POINTER(waitq_ticket),
                                  POINTER(waitq_status), c_uint64, POINTER(waitq_error)]),
    "waitq_submit_enter": (c_int, [c_void_p, c_char_p, POINTER(waitq_enter_options), POINTER(waitq_pass), c_uint64,
                                   POINTER(waitq_error)]),
    "waitq_submit_leave": (c_int, [c_void_p, c_char_p, POINTER(waitq_status), c_uint64, POINTER(waitq_error)]),
    "waitq_submit_renew": (c_int, [c_void_p, c_char_p, POINTER(waitq_pass), c_uint64, POINTER(waitq_error)]),
    "waitq_submit_exit": (c_int, [c_void_p, c_char_p, c_uint64, POINTER(waitq_error)]),
    "waitq_submit_try": (c_int, [c_void_p, c_uint32, POINTER(waitq_decision), c_uint64, POINTER(waitq_error)]),
    "waitq_completion_fd": (c_int, [c_void_p, POINTER(c_int32), POINTER(waitq_error)]),
    "waitq_complete": (c_int, [c_void_p, POINTER(waitq_completion), c_size_t, POINTER(c_size_t), POINTER(waitq_error)]),
    "waitq_version_number": (c_uint32, []),
    "waitq_version_string": (c_char_p, []),
}
