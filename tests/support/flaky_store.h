/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_FLAKY_STORE_H
#define WAITQ_TESTS_SUPPORT_FLAKY_STORE_H

/* The memory store behind a bad line: one call fails, or succeeds and the answer is lost, or somebody else was quicker.
 *
 *     struct flaky flaky;
 *     flaky_init(&flaky, FLAKY_LOSES_THE_ANSWER);
 *     flaky.at = 7;                                   the seventh call of the store
 *     const struct subject subject = {"flaky", "flaky:", &flaky.ops, &flaky, NULL, 0};
 *
 * One store at a time may be open behind a struct flaky. */

#include <stdint.h>

#include <waitq/store.h>

enum flaky_mode {
  FLAKY_REFUSES,           /* the call fails with WAITQ_E_STORE, and nothing was done */
  FLAKY_LOSES_THE_ANSWER,  /* the call was carried out, and fails with WAITQ_E_TIMEOUT */
  FLAKY_HAS_A_RIVAL,       /* just before the call another process has committed, without a change */
  FLAKY_DAMAGES_THE_STATE, /* load hands over a state that has one byte altered */
  FLAKY_CUTS_THE_STATE     /* load hands over a state that is too short */
};

struct flaky {
  waitq_store_ops ops;
  enum flaky_mode mode;
  uint64_t at;    /* the call that fails, counted from 1; 0: none */
  uint64_t until; /* the last of those that fail in a row; 0: only the one */
  uint64_t calls; /* of room_open, load, append, mark and commit so far */
  uint64_t loads; /* how many of them were of load */
  uint64_t failed;
  size_t byte; /* which byte of the state is altered, or how many are left */
};

void flaky_init(struct flaky *flaky, enum flaky_mode mode);

/* No call fails any more. Returns how many have. */
uint64_t flaky_recover(struct flaky *flaky);

#endif
