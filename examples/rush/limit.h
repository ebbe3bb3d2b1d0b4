/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_LIMIT_H
#define RUSH_LIMIT_H

/* Was the limit kept? Looks at every window of several lengths, wherever an entry begins one.
 *
 * An entry happened at some moment between the begin and the end of its call. Only entries that lie in a window as a
 * whole are counted, so whatever exceeds the limit here did exceed it. */

#include <stddef.h>
#include <stdint.h>

#include "history.h"

#define LIMIT_WINDOWS 5

struct limit_window {
  int64_t length_ns;
  uint64_t allowed;    /* burst + rate x (length + gained) */
  uint64_t most;       /* entries in the fullest window */
  uint64_t violations; /* windows with more entries than allowed */
};

struct limit {
  double rate_per_s, burst;
  int64_t gained_ns; /* a window by our clock may be so much longer by the room's */
};

/* 10 ms, 100 ms, 1 s, 5 s and 60 s. 0, or -1 when there is no memory. */
int limit_check(const struct history *const *histories, size_t count, const struct limit *limit,
                struct limit_window windows[LIMIT_WINDOWS]);

#endif
