/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/rng.h"
#include "../support/test.h"
#include "core/chunk.h"

/* A chunk with all its planes, and the gone among its tickets as plain bytes. */
static struct waitq__chunk *chunk;
static unsigned char gone[WAITQ__CHUNK_TICKETS];

static int setup(void **state) {
  (void)state;
  chunk = calloc(1, sizeof *chunk);
  memset(gone, 0, sizeof gone);
  return chunk == NULL;
}

static int teardown(void **state) {
  (void)state;
  free(atomic_load(&chunk->sessions));
  free(chunk);
  return 0;
}

static void add_sessions(void) {
  struct waitq__session_planes *sessions = calloc(1, sizeof *sessions);
  assert_non_null(sessions);
  atomic_store(&chunk->sessions, sessions);
}

static void set_gone(unsigned number) {
  if (gone[number]) {
    return;
  }
  gone[number] = 1;
  waitq__set_word(&chunk->gone[number / 64], waitq__word(&chunk->gone[number / 64]) | UINT64_C(1) << number % 64);
  waitq__chunk_rank_add(chunk, number / (WAITQ__BLOCK_WORDS * 64), 1);
}

static void check_ranks(void) {
  uint64_t before = 0;
  for (unsigned number = 0; number <= WAITQ__CHUNK_TICKETS; number++) {
    assert_int_equal(waitq__chunk_rank(chunk, number), before);
    before += number < WAITQ__CHUNK_TICKETS ? gone[number] : 0;
  }
  assert_int_equal(waitq__plane_count(chunk->gone), before);
}

static void test_chunk__an_empty_one_counts_nothing(void **state) {
  (void)state;
  check_ranks();
}

static void test_chunk__one_ticket_counts_for_all_behind_it(void **state) {
  (void)state;
  const unsigned numbers[] = {0, 1, 63, 64, 511, 512, 2047, 2048, 8191, 8192, 16320, 16383};
  for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    waitq__chunk_clear(chunk);
    memset(gone, 0, sizeof gone);
    set_gone(numbers[i]);
    check_ranks();
  }
}

static void test_chunk__the_index_holds_a_chunk_that_is_gone_as_a_whole(void **state) {
  (void)state;
  for (unsigned number = WAITQ__CHUNK_TICKETS; number-- > 0;) {
    set_gone(number);
  }
  check_ranks();
  assert_int_equal(waitq__chunk_rank(chunk, WAITQ__CHUNK_TICKETS), WAITQ__CHUNK_TICKETS);
}

static void test_chunk__random_tickets_are_counted_as_a_plain_array_counts_them(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("chunk", 1));
  for (unsigned i = 0; i < 20000; i++) {
    set_gone((unsigned)rng_below(&rng, WAITQ__CHUNK_TICKETS));
    if (i % 500 == 0) {
      check_ranks();
    }
  }
  check_ranks();
}

static void test_chunk__a_block_may_grow_by_many_at_once(void **state) {
  (void)state;
  for (unsigned block = 0; block < WAITQ__CHUNK_BLOCKS; block++) {
    waitq__chunk_clear(chunk);
    for (unsigned i = 0; i < WAITQ__BLOCK_WORDS; i++) {
      waitq__set_word(&chunk->gone[block * WAITQ__BLOCK_WORDS + i], UINT64_MAX);
    }
    waitq__chunk_rank_add(chunk, block, 512);
    for (unsigned number = 0; number <= WAITQ__CHUNK_TICKETS; number += 64) {
      unsigned begin = block * 512;
      unsigned expected = number < begin ? 0 : number - begin < 512 ? number - begin : 512;
      assert_int_equal(waitq__chunk_rank(chunk, number), expected);
    }
  }
}

static void test_chunk__has_a_place_of_its_own_for_every_plane(void **state) {
  (void)state;
  add_sessions();
  _Atomic uint64_t *places[WAITQ__PLANE_COUNT];
  for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
    places[plane] = waitq__chunk_plane(chunk, plane);
    assert_non_null(places[plane]);
    for (unsigned other = 0; other < plane; other++) {
      int64_t distance = (int64_t)((intptr_t)places[plane] - (intptr_t)places[other]);
      assert_true(llabs(distance) >= WAITQ__CHUNK_WORDS * 8);
    }
  }
  struct waitq__session_planes *sessions = atomic_load(&chunk->sessions);
  assert_ptr_equal(places[WAITQ__PLANE_GONE], chunk->gone);
  assert_ptr_equal(places[WAITQ__PLANE_LEFT], chunk->left);
  assert_ptr_equal(places[WAITQ__PLANE_SEEN + 9], chunk->seen[9]);
  assert_ptr_equal(places[WAITQ__PLANE_ENTERED], sessions->entered);
  assert_ptr_equal(places[WAITQ__PLANE_ENDED], sessions->ended);
  assert_ptr_equal(places[WAITQ__PLANE_RENEWED], sessions->renewed[0]);
}

static void test_chunk__without_sessions_has_no_planes_for_them(void **state) {
  (void)state;
  for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
    int is_of_sessions = plane == WAITQ__PLANE_ENTERED || plane == WAITQ__PLANE_ENDED || plane >= WAITQ__PLANE_RENEWED;
    assert_int_equal(waitq__chunk_plane(chunk, plane) == NULL, is_of_sessions);
  }
}

static void test_chunk__cleared_it_is_as_new_and_keeps_its_session_planes(void **state) {
  (void)state;
  add_sessions();
  struct waitq__session_planes *sessions = atomic_load(&chunk->sessions);
  for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
    for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
      waitq__set_word(&waitq__chunk_plane(chunk, plane)[i], UINT64_MAX);
    }
    assert_int_equal(waitq__plane_count(waitq__chunk_plane(chunk, plane)), WAITQ__CHUNK_TICKETS);
  }
  waitq__chunk_rank_add(chunk, 0, 512);
  waitq__chunk_clear(chunk);
  for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
    assert_int_equal(waitq__plane_count(waitq__chunk_plane(chunk, plane)), 0);
  }
  check_ranks();
  assert_ptr_equal(atomic_load(&chunk->sessions), sessions);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_chunk__an_empty_one_counts_nothing, setup, teardown),
      UNIT_TEST(test_chunk__one_ticket_counts_for_all_behind_it, setup, teardown),
      UNIT_TEST(test_chunk__the_index_holds_a_chunk_that_is_gone_as_a_whole, setup, teardown),
      UNIT_TEST(test_chunk__random_tickets_are_counted_as_a_plain_array_counts_them, setup, teardown),
      UNIT_TEST(test_chunk__a_block_may_grow_by_many_at_once, setup, teardown),
      UNIT_TEST(test_chunk__has_a_place_of_its_own_for_every_plane, setup, teardown),
      UNIT_TEST(test_chunk__without_sessions_has_no_planes_for_them, setup, teardown),
      UNIT_TEST(test_chunk__cleared_it_is_as_new_and_keeps_its_session_planes, setup, teardown),
  };
  return cmocka_run_group_tests_name("chunk", tests, NULL, NULL);
}
