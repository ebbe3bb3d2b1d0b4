/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fake_memory.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "core/ledger.h"

#define CHUNK ((uint64_t)WAITQ__CHUNK_TICKETS)
#define TICKETS (48 * CHUNK)

/* The same ledger as plain bytes: ticket base + i stands at i. */
struct plain {
  uint64_t base;
  uint64_t first;
  uint64_t head;
  uint64_t next;
  unsigned char planes[4][TICKETS]; /* GONE, LEFT, ENTERED, ENDED */
};

static struct fake_memory memory;
static struct waitq__ledger ledger;
static struct plain *plain;
static struct rng rng;

/* What the random walk has come through. */
static struct {
  uint64_t drops;
  uint64_t resets;
  uint64_t widest; /* chunks held at once */
} seen;

static void begin_at(uint64_t epoch, uint64_t first) {
  waitq__ledger_reset(&ledger, epoch, first);
  memset(plain, 0, sizeof *plain);
  plain->base = first - first % CHUNK;
  plain->first = plain->base;
  plain->head = first;
  plain->next = first;
}

static int setup(void **state) {
  (void)state;
  plain = malloc(sizeof *plain);
  fake_memory_init(&memory);
  if (plain == NULL || waitq__ledger_init(&ledger, &memory.allocator) != WAITQ_OK) {
    return -1;
  }
  begin_at(0, 0);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  waitq__ledger_free(&ledger);
  free(plain);
  return fake_memory_blocks(&memory) != 0;
}

static unsigned char *mark_of(unsigned plane, uint64_t number) {
  return &plain->planes[plane][number - plain->base];
}

static void extend(uint64_t count) {
  plain->next += count;
  assert_int_equal(waitq__ledger_reserve(&ledger, plain->next), WAITQ_OK);
  waitq__ledger_extend(&ledger, plain->next);
}

static void set_gone(uint64_t number) {
  unsigned char *mark = mark_of(WAITQ__PLANE_GONE, number);
  assert_int_equal(waitq__ledger_set_gone(&ledger, number), !*mark);
  *mark = 1;
}

static void set(unsigned plane, uint64_t number) {
  unsigned char *mark = mark_of(plane, number);
  assert_int_equal(waitq__ledger_reserve_session(&ledger, number), WAITQ_OK);
  assert_int_equal(waitq__ledger_set(&ledger, plane, number), !*mark);
  *mark = 1;
}

/* Every rank there is, every total, and the memory. */
static void check_all(void) {
  uint64_t before = 0;
  uint64_t totals[4] = {0};
  for (uint64_t number = plain->base; number < plain->next; number++) {
    if (number >= plain->first) {
      assert_int_equal(waitq__ledger_gone_before(&ledger, number), before);
      for (unsigned plane = 1; plane < 4; plane++) {
        totals[plane] += *mark_of(plane, number);
      }
    }
    before += *mark_of(WAITQ__PLANE_GONE, number);
  }
  assert_int_equal(waitq__ledger_gone_before(&ledger, plain->next), before);
  assert_int_equal(waitq__ledger_gone_before(&ledger, plain->next + 12345), before);
  assert_int_equal(waitq__word(&ledger.gone), before);
  assert_int_equal(waitq__word(&ledger.next), plain->next);
  assert_int_equal(waitq__word(&ledger.first), plain->first);
  assert_int_equal(ledger.left, totals[WAITQ__PLANE_LEFT]);
  assert_int_equal(ledger.entered, totals[WAITQ__PLANE_ENTERED]);
  assert_int_equal(ledger.ended, totals[WAITQ__PLANE_ENDED]);
  assert_int_equal(ledger.bytes, fake_memory_bytes(&memory));
}

static void check_walk(uint64_t from, uint64_t turns, int moves_head) {
  uint64_t expected = 0;
  uint64_t at = from;
  while (at < plain->next && expected < turns) {
    expected += !*mark_of(WAITQ__PLANE_GONE, at++);
  }
  uint64_t taken;
  assert_int_equal(waitq__ledger_walk(&ledger, from, turns, &taken), at);
  assert_int_equal(taken, expected);
  plain->head = moves_head ? at : plain->head;
}

static void check_unclaimed(uint64_t begin, uint64_t end) {
  uint64_t expected = 0;
  for (uint64_t number = begin; number < end; number++) {
    expected += !*mark_of(WAITQ__PLANE_GONE, number) && !*mark_of(WAITQ__PLANE_LEFT, number) &&
                !*mark_of(WAITQ__PLANE_ENTERED, number);
  }
  assert_int_equal(waitq__ledger_unclaimed(&ledger, begin, end), expected);
}

static void test_ledger__the_example_of_its_header(void **state) {
  (void)state;
  extend(10);
  set_gone(1);
  uint64_t taken;
  assert_int_equal(waitq__ledger_walk(&ledger, 0, 2, &taken), 3);
  set_gone(5);
  set_gone(6);
  assert_int_equal(waitq__ledger_gone_before(&ledger, 8), 3);
  assert_int_equal(waitq__ledger_gone_before(&ledger, 3), 1);
}

static void test_ledger__a_ticket_that_is_not_held_has_no_bits_and_none_before_it(void **state) {
  (void)state;
  for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
    assert_false(waitq__ledger_test(&ledger, plane, 0));
  }
  assert_null(waitq__ledger_chunk(&ledger, 0));
  assert_int_equal(waitq__ledger_gone_before(&ledger, 0), 0);
  assert_false(waitq__ledger_can_drop(&ledger, UINT64_MAX));
}

static void test_ledger__holds_tickets_of_its_epoch_from_its_first_on(void **state) {
  (void)state;
  begin_at(7, 3 * CHUNK + 5);
  extend(2 * CHUNK);
  assert_true(waitq__ledger_holds(&ledger, 7, 3 * CHUNK));
  assert_false(waitq__ledger_holds(&ledger, 7, 3 * CHUNK - 1));
  assert_false(waitq__ledger_holds(&ledger, 6, 4 * CHUNK));
  plain->head = plain->next;
  assert_true(waitq__ledger_can_drop(&ledger, plain->head));
  waitq__ledger_drop(&ledger);
  assert_false(waitq__ledger_holds(&ledger, 7, 4 * CHUNK - 1));
  assert_true(waitq__ledger_holds(&ledger, 7, 4 * CHUNK));
  assert_false(waitq__ledger_test(&ledger, WAITQ__PLANE_GONE, 4 * CHUNK - 1));
  assert_int_equal(waitq__ledger_gone_before(&ledger, 4 * CHUNK - 1), 0);
}

static void test_ledger__a_chunk_is_dropped_when_all_its_sessions_are_over(void **state) {
  (void)state;
  extend(CHUNK + 10);
  assert_false(waitq__ledger_can_drop(&ledger, CHUNK - 1));
  assert_true(waitq__ledger_can_drop(&ledger, CHUNK));
  set(WAITQ__PLANE_ENTERED, 4);
  set(WAITQ__PLANE_LEFT, 5);
  assert_false(waitq__ledger_can_drop(&ledger, CHUNK));
  set(WAITQ__PLANE_ENDED, 4);
  assert_true(waitq__ledger_can_drop(&ledger, CHUNK));
  uint64_t left;
  uint64_t entered;
  waitq__ledger_first_counts(&ledger, &left, &entered);
  assert_int_equal(left, 1);
  assert_int_equal(entered, 1);
  waitq__ledger_drop(&ledger);
  plain->first = CHUNK;
  check_all();
  assert_int_equal(ledger.left + ledger.entered + ledger.ended, 0);
}

static void test_ledger__polls_are_noted_in_the_generation_and_only_there(void **state) {
  (void)state;
  extend(100);
  waitq__ledger_see(waitq__ledger_chunk(&ledger, 70), 3, 70);
  waitq__ledger_see(waitq__ledger_chunk(&ledger, 70), 3, 70);
  for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
    for (uint64_t number = 0; number < 100; number++) {
      assert_int_equal(waitq__ledger_test(&ledger, plane, number), plane == WAITQ__PLANE_SEEN + 3 && number == 70);
    }
  }
}

static void test_ledger__a_chunk_used_again_is_as_new(void **state) {
  (void)state;
  extend(3 * CHUNK);
  for (uint64_t number = 0; number < 3 * CHUNK; number += 7) {
    set_gone(number);
    set(WAITQ__PLANE_ENTERED, number);
    waitq__ledger_see(waitq__ledger_chunk(&ledger, number), 0, number);
  }
  int64_t bytes = fake_memory_bytes(&memory);
  begin_at(1, 0);
  extend(3 * CHUNK);
  check_all();
  assert_int_equal(fake_memory_bytes(&memory), bytes);
  for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
    for (uint64_t number = 0; number < 3 * CHUNK; number++) {
      assert_false(waitq__ledger_test(&ledger, plane, number));
    }
  }
}

static void test_ledger__without_memory_all_stays_as_it_was(void **state) {
  (void)state;
  for (unsigned chunks = 1; chunks < 12; chunks++) {
    for (uint64_t n = 1; n <= 2; n++) {
      uint64_t end = ledger.end;
      fake_memory_fail_at(&memory, n);
      int code = waitq__ledger_reserve(&ledger, plain->next + CHUNK);
      if (fake_memory_recover(&memory) != 0) {
        assert_int_equal(code, WAITQ_E_NOMEM);
        assert_int_equal(ledger.end, end);
      }
      check_all();
    }
    extend(CHUNK);
    set_gone(plain->next - 1 - chunks);
    fake_memory_fail_all(&memory);
    assert_int_equal(waitq__ledger_reserve_session(&ledger, plain->next - 1), WAITQ_E_NOMEM);
    fake_memory_recover(&memory);
    assert_int_equal(waitq__ledger_reserve_session(&ledger, plain->next - 1), WAITQ_OK);
  }
}

static void test_ledger__cannot_begin_without_memory(void **state) {
  (void)state;
  struct waitq__ledger none;
  fake_memory_fail_all(&memory);
  assert_int_equal(waitq__ledger_init(&none, &memory.allocator), WAITQ_E_NOMEM);
  waitq__ledger_free(&none);
  fake_memory_recover(&memory);
}

static uint64_t any_from(uint64_t begin) {
  return begin + rng_below(&rng, plain->next - begin);
}

static void add_random_words(unsigned plane) {
  uint64_t words[WAITQ__CHUNK_WORDS] = {0};
  uint64_t first = any_from(plane == WAITQ__PLANE_GONE ? plain->head : plain->first);
  first -= first % CHUNK;
  uint64_t count = rng_below(&rng, rng_once_in(&rng, 4) ? 5000 : 20);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t number = first + rng_below(&rng, CHUNK);
    int may = plane == WAITQ__PLANE_GONE ? number >= plain->head && number < plain->next
                                         : number < plain->next && *mark_of(WAITQ__PLANE_ENTERED, number);
    if (may) {
      words[number % CHUNK / 64] |= UINT64_C(1) << number % 64;
      *mark_of(plane, number) = 1;
    }
  }
  if (plane == WAITQ__PLANE_GONE) {
    waitq__ledger_add_gone(&ledger, first, words);
  } else if (waitq__ledger_reserve_session(&ledger, first) == WAITQ_OK) {
    waitq__ledger_add_ended(&ledger, first, words);
  }
}

static void drop_if_possible(void) {
  uint64_t running = 0;
  int is_below = plain->first + CHUNK <= plain->head;
  for (uint64_t number = plain->first; is_below && number < plain->first + CHUNK; number++) {
    running += *mark_of(WAITQ__PLANE_ENTERED, number) && !*mark_of(WAITQ__PLANE_ENDED, number);
  }
  assert_int_equal(waitq__ledger_can_drop(&ledger, plain->head), is_below && running == 0);
  if (is_below) {
    for (uint64_t number = plain->first; number < plain->first + CHUNK; number++) {
      if (*mark_of(WAITQ__PLANE_ENTERED, number)) {
        set(WAITQ__PLANE_ENDED, number);
      }
    }
    assert_true(waitq__ledger_can_drop(&ledger, plain->head));
    waitq__ledger_drop(&ledger);
    plain->first += CHUNK;
    seen.drops++;
  }
}

static void change_bits(uint64_t dice) {
  if (dice < 40) {
    if (plain->head < plain->next) {
      set_gone(any_from(plain->head));
    }
  } else if (dice < 60) {
    uint64_t number = any_from(plain->first);
    if (number < plain->head) {
      set(dice < 50 ? WAITQ__PLANE_ENTERED : WAITQ__PLANE_LEFT, number);
    }
  } else if (dice < 65) {
    add_random_words(dice < 63 && plain->head < plain->next ? WAITQ__PLANE_GONE : WAITQ__PLANE_ENDED);
  }
}

static void take_one_step(uint64_t epoch) {
  uint64_t dice = rng_below(&rng, 100);
  if (plain->next - plain->base > TICKETS - 4 * CHUNK) {
    begin_at(epoch, rng_below(&rng, UINT64_C(1) << 39));
    seen.resets++;
  }
  if (ledger.end == plain->first || dice >= 97) {
    extend(1 + rng_below(&rng, rng_once_in(&rng, 20) ? 3 * CHUNK : 1000));
  }
  change_bits(dice);
  uint64_t a = any_from(plain->first);
  uint64_t b = a + rng_below(&rng, plain->next - a < 300 ? plain->next - a : 300);
  uint64_t between = 0;
  for (uint64_t number = a; number < b; number++) {
    between += *mark_of(WAITQ__PLANE_GONE, number);
  }
  assert_int_equal(waitq__ledger_gone_before(&ledger, b) - waitq__ledger_gone_before(&ledger, a), between);
  unsigned plane = (unsigned)rng_below(&rng, 4);
  assert_int_equal(waitq__ledger_test(&ledger, plane, a), *mark_of(plane, a));
  check_unclaimed(a, b);
  check_walk(plain->head, rng_below(&rng, rng_once_in(&rng, 50) ? 9000 : 200), rng_once_in(&rng, 6));
  uint64_t width = (ledger.end - plain->first) / CHUNK;
  seen.widest = width > seen.widest ? width : seen.widest;
  check_walk(a, rng_below(&rng, 100), 0);
  if (rng_once_in(&rng, 100)) {
    drop_if_possible();
  }
}

static void test_ledger__random_use_agrees_with_plain_arrays(void **state) {
  (void)state;
  rng_init(&rng, rng_seed("ledger", 1));
  for (uint64_t step = 0; step < 100000; step++) {
    take_one_step(step);
    if (step % 2500 == 0) {
      check_all();
    }
  }
  check_all();
  printf("%u drops, %u resets, %u chunks at most\n", (unsigned)seen.drops, (unsigned)seen.resets,
         (unsigned)seen.widest);
  assert_true(seen.drops > 10 && seen.resets > 2 && seen.widest > 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_ledger__the_example_of_its_header, setup, teardown),
      UNIT_TEST(test_ledger__a_ticket_that_is_not_held_has_no_bits_and_none_before_it, setup, teardown),
      UNIT_TEST(test_ledger__holds_tickets_of_its_epoch_from_its_first_on, setup, teardown),
      UNIT_TEST(test_ledger__a_chunk_is_dropped_when_all_its_sessions_are_over, setup, teardown),
      UNIT_TEST(test_ledger__polls_are_noted_in_the_generation_and_only_there, setup, teardown),
      UNIT_TEST(test_ledger__a_chunk_used_again_is_as_new, setup, teardown),
      UNIT_TEST(test_ledger__without_memory_all_stays_as_it_was, setup, teardown),
      UNIT_TEST(test_ledger__cannot_begin_without_memory, setup, teardown),
      UNIT_TEST(test_ledger__random_use_agrees_with_plain_arrays, setup, teardown),
  };
  return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
