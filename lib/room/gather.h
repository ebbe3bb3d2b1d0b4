/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_GATHER_H
#define WAITQ_ROOM_GATHER_H

/* Whether the context's thread lets submitted requests gather before it leads the next round.
 *
 * A round costs the store about as much as ten joins, however few are in it. Where thousands of requests a second come by themselves, rounds
 * that follow each other at once are small, and the store spends its time on rounds. So the thread leads at most a round a millisecond, as long
 * as requests do not come more slowly for it: a crowd that waits for its answers before it asks again does, and is not kept waiting. It is
 * tried, and what was found out holds for a while:
 *
 *   LOOK   rounds at once, 10 ms at a time, until rounds are small and many: how fast do requests come?
 *   ON     a round a millisecond, for a second, but no longer than requests come as fast; then LOOK
 *   REST   where they did not from the first: rounds at once, for 200 ms, and longer each time that a trial was in vain; then LOOK
 *
 * Nobody waits who blocks: such callers lead rounds themselves. Nor does who comes alone, for rounds of one are not worth a trial. */

#include <stdint.h>

enum waitq__gather_phase { WAITQ__GATHER_LOOK, WAITQ__GATHER_ON, WAITQ__GATHER_REST };

struct waitq__gather {
  enum waitq__gather_phase phase;
  int64_t since_us; /* since when it is counted */
  int64_t round_us; /* when the last round began */
  uint64_t rounds;  /* since then */
  uint64_t requests;
  double per_us;     /* how fast requests came while rounds went at once */
  unsigned spells;   /* how often it was found in this phase that they come as fast */
  unsigned failures; /* trials in a row that were in vain */
};

/* How long to wait before a round that may begin now, where so many requests have gathered. Times are the monotonic clock's. */
int64_t waitq__gather_wait(const struct waitq__gather *gather, int64_t now_us, uint32_t gathered);

/* Notes that a round of so many requests was begun at now. */
void waitq__gather_note(struct waitq__gather *gather, int64_t now_us, uint32_t requests);

#endif
