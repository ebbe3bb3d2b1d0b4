/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Random histories of a room: whatever happens, what must always hold holds after each step. */

#include <stdio.h>
#include <stdlib.h>

#include "../support/fake_memory.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "core/advance.h"
#include "core/entry.h"

#define TICKETS 60000
#define MAX_ACTIVE 40
#define CLAIM_US INT64_C(8000000)
#define LONGEST_STEP_US INT64_C(3000000)
#define T0 INT64_C(1700000000000000)

enum fate { WAITS, READY, ENTERED, ENDED, LEFT, LAPSED };

/* What happened, ticket by ticket, and what was allowed to. */
struct history {
  struct rng rng;
  struct fake_memory memory;
  struct waitq__state room;
  struct waitq__ledger ledger;
  enum fate fates[TICKETS];
  int64_t turn_us[TICKETS]; /* by the clock that stands still with the room */
  uint64_t counts[LAPSED + 1];
  uint64_t turns; /* given, less those that came back */
  uint64_t entries;
  double allowed; /* burst + rate * time */
  int64_t stood_us;
  uint64_t lapses;
  uint64_t oldest; /* every ticket before it is over */
};

static void become(struct history *h, uint64_t number, enum fate fate) {
  h->counts[h->fates[number]]--;
  h->fates[number] = fate;
  h->counts[fate]++;
}

static int64_t running_us(const struct history *h) {
  return h->room.now_us - h->stood_us;
}

static void join(struct history *h, uint64_t count) {
  uint64_t next = waitq__word(&h->ledger.next);
  count = count < TICKETS - next ? count : TICKETS - next;
  assert_int_equal(waitq__ledger_reserve(&h->ledger, next + count), WAITQ_OK);
  waitq__ledger_extend(&h->ledger, next + count);
  h->counts[WAITS] += count;
}

static void leave(struct history *h, uint64_t number) {
  if (h->fates[number] == WAITS) {
    waitq__ledger_set(&h->ledger, WAITQ__PLANE_LEFT, number);
    waitq__ledger_set_gone(&h->ledger, number);
    become(h, number, LEFT);
  } else if (h->fates[number] == READY) {
    waitq__ledger_set(&h->ledger, WAITQ__PLANE_LEFT, number);
    h->room.ready--;
    waitq__bucket_give(&h->room.turns, 1);
    h->turns--;
    become(h, number, LEFT);
  }
}

static void enter(struct history *h, uint64_t number) {
  if (h->fates[number] != READY || !waitq__state_admits(&h->room) ||
      waitq__entry_wait(&h->room, &h->ledger, number) != 0) {
    return;
  }
  assert_int_equal(waitq__ledger_reserve_session(&h->ledger, number), WAITQ_OK);
  waitq__bucket_take(&h->room.entries, 1, h->room.now_us);
  waitq__ledger_set(&h->ledger, WAITQ__PLANE_ENTERED, number);
  h->room.ready--;
  h->entries++;
  become(h, number, ENTERED);
}

/* Ends the oldest session. */
static void end_one(struct history *h) {
  while (h->oldest < h->room.floor && h->fates[h->oldest] != ENTERED) {
    h->oldest++;
  }
  if (h->fates[h->oldest] == ENTERED) {
    waitq__ledger_set(&h->ledger, WAITQ__PLANE_ENDED, h->oldest);
    become(h, h->oldest, ENDED);
  }
}

/* Reads from head and floor what the step did, and checks each turn and each lapse. */
static void take_over(struct history *h, uint64_t head, uint64_t floor) {
  for (; floor < h->room.floor; floor++) {
    if (h->fates[floor] == READY) {
      int64_t had_us = running_us(h) - h->turn_us[floor];
      assert_in_range(had_us, CLAIM_US, CLAIM_US * 9 / 8 + LONGEST_STEP_US);
      become(h, floor, LAPSED);
      h->turns--;
      h->lapses++;
    }
  }
  for (; head < h->room.head; head++) {
    if (h->fates[head] == WAITS) {
      become(h, head, READY);
      h->turn_us[head] = running_us(h);
      h->turns++;
      assert_in_range(waitq__claim_deadline(&h->room, head) - h->room.now_us, CLAIM_US, CLAIM_US * 9 / 8);
    }
  }
}

static void check(const struct history *h, int gave_turns) {
  const struct waitq__state *room = &h->room;
  assert_true(room->floor <= room->head && room->head <= waitq__word(&h->ledger.next));
  assert_int_equal(room->ready, h->counts[READY]);
  assert_int_equal(waitq__ledger_unclaimed(&h->ledger, room->floor, room->head), h->counts[READY]);
  assert_int_equal(waitq__waiting(room, &h->ledger), h->counts[WAITS]);
  assert_int_equal(waitq__active(&h->ledger), h->counts[ENTERED]);
  assert_true(!gave_turns || h->counts[ENTERED] + h->counts[READY] <= MAX_ACTIVE);
  assert_true((double)h->turns <= h->allowed + 0.001);
  assert_true((double)h->entries <= h->allowed + 0.001);
  assert_true(waitq__advance_due(room, &h->ledger) > room->now_us);
  int could_give = waitq__state_admits(room) && !waitq__bucket_is_dry(&room->turns.terms) && h->counts[WAITS] > 0 &&
                   waitq__bucket_available(&room->turns, room->now_us) > 0 &&
                   h->counts[ENTERED] + h->counts[READY] < MAX_ACTIVE;
  assert_true(!could_give || waitq__entries_caught_up(room) > room->now_us);
}

static void advance(struct history *h) {
  int64_t before_us = h->room.now_us;
  int64_t step_us = rng_between(&h->rng, 0, rng_once_in(&h->rng, 30) ? LONGEST_STEP_US : 200000);
  uint64_t head = h->room.head;
  uint64_t floor = h->room.floor;
  waitq__advance_time(&h->room, before_us + (rng_once_in(&h->rng, 20) ? -step_us : step_us));
  waitq__advance_generations(&h->room, &h->ledger);
  int64_t passed_us = h->room.now_us - before_us;
  assert_true(passed_us >= 0);
  h->allowed += waitq__state_admits(&h->room) ? h->room.rate_per_s * (double)passed_us * 1e-6 : 0.0;
  h->stood_us += waitq__state_stands_still(&h->room) ? passed_us : 0;
  waitq__advance_turns(&h->room, &h->ledger);
  take_over(h, head, floor);
  check(h, h->room.head > head);
}

static void do_something(struct history *h) {
  static const uint32_t phases[] = {WAITQ_PHASE_PAUSED, WAITQ_PHASE_DRAINING, WAITQ_PHASE_CLOSED};
  uint64_t next = waitq__word(&h->ledger.next);
  for (unsigned i = 0; i < 6 && next > 0; i++) {
    uint64_t number = h->room.floor + rng_below(&h->rng, h->room.head - h->room.floor + 20);
    number = number < next ? number : next - 1;
    rng_once_in(&h->rng, 20) ? leave(h, number) : enter(h, number);
  }
  if (rng_once_in(&h->rng, 2)) {
    end_one(h);
  }
  if (rng_once_in(&h->rng, 10)) {
    join(h, rng_below(&h->rng, 30));
  }
  if (rng_once_in(&h->rng, 300)) {
    waitq__state_set_rate(&h->room, (double)rng_below(&h->rng, 40), h->room.now_us);
  }
  if (rng_once_in(&h->rng, h->room.phase == WAITQ_PHASE_OPEN ? 500 : 20)) {
    uint32_t phase = h->room.phase == WAITQ_PHASE_OPEN ? phases[rng_below(&h->rng, 3)] : WAITQ_PHASE_OPEN;
    assert_int_equal(waitq__state_set_phase(&h->room, phase, NULL), WAITQ_OK);
  }
}

static void test_advance__in_random_histories_no_limit_is_broken_and_nobody_forgotten(void **state) {
  (void)state;
  struct history *h = calloc(1, sizeof *h);
  assert_non_null(h);
  rng_init(&h->rng, rng_seed("advance", 1));
  fake_memory_init(&h->memory);
  assert_int_equal(waitq__ledger_init(&h->ledger, &h->memory.allocator), WAITQ_OK);
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.claim_ttl_ms = CLAIM_US / 1000;
  policy.session_ttl_ms = policy.heartbeat_ttl_ms = INT64_C(315360000000);
  policy.max_active = MAX_ACTIVE;
  waitq__state_init(&h->room, &policy, 0, T0);
  h->allowed = (double)policy.burst;
  for (unsigned step = 0; step < 60000; step++) {
    advance(h);
    do_something(h);
  }
  printf("%u entered, %u lapsed\n", (unsigned)h->entries, (unsigned)h->lapses);
  assert_true(h->entries > 1000 && h->lapses > 100);
  waitq__ledger_free(&h->ledger);
  assert_int_equal(fake_memory_blocks(&h->memory), 0);
  free(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_advance__in_random_histories_no_limit_is_broken_and_nobody_forgotten),
  };
  return cmocka_run_group_tests_name("advance: histories", tests, NULL, NULL);
}
