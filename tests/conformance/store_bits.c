/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* mark: bits in planes. */

#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "conformance.h"
#include "store_bench.h"

static void test_mark__a_bit_is_set_in_its_plane_alone(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 1100);
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    bench_mark(bench, bench->room, plane, 1000 + plane);
  }
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture_total(capture), WAITQ_STORE_PLANES);
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    assert_true(capture_has(capture, plane, 1000 + plane));
  }
  capture_free(capture);
}

static void test_mark__each_bit_of_a_word_has_its_place(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 130);
  for (uint64_t number = 0; number < 130; number++) {
    bench_mark(bench, bench->room, 5, number);
    struct capture *capture = bench_load(bench, bench->room);
    assert_int_equal(capture_total(capture), number + 1);
    assert_true(capture_has(capture, 5, number));
    assert_false(capture_has(capture, 5, number + 1));
    capture_free(capture);
  }
}

static void test_mark__bits_are_added_to_those_that_are_set(void **state) {
  struct bench *bench = *state;
  uint64_t first[2] = {UINT64_C(0x00ff00ff00ff00ff), 1};
  uint64_t second[2] = {UINT64_C(0x0ff00ff00ff00ff0), 0};
  waitq_store_bits bits = {1, 2, 640, first};
  bench_issue(bench, bench->room, 768);
  assert_code(bench->ops->mark(bench->room, BENCH_EPOCH, &bits, 1, NULL), WAITQ_OK);
  bits.words = second;
  assert_code(bench->ops->mark(bench->room, BENCH_EPOCH, &bits, 1, NULL), WAITQ_OK);
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture->count, 2);
  assert_int_equal(capture->words[0].bits, first[0] | second[0]);
  assert_int_equal(capture->words[1].bits, 1);
  capture_free(capture);
}

static void test_mark__bits_marked_again_change_nothing(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 1000);
  bench_mark(bench, bench->room, 1, 777);
  struct capture *before = bench_load(bench, bench->room);
  bench_mark(bench, bench->room, 1, 777);
  assert_unchanged(bench, bench->room, before);
}

static void test_mark__leaves_the_head_as_it_is(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 5);
  struct capture *before = bench_load(bench, bench->room);
  bench_mark(bench, bench->room, 0, 0);
  struct capture *after = bench_load(bench, bench->room);
  assert_int_equal(after->head.version, before->head.version);
  assert_int_equal(after->head.next, before->head.next);
  assert_int_equal(after->head.epoch, before->head.epoch);
  assert_int_equal(after->head.join_limit, before->head.join_limit);
  assert_memory_equal(after->state, before->state, before->head.state_size);
  capture_free(before);
  capture_free(after);
}

static void test_mark__several_runs_are_set_by_one_call(void **state) {
  struct bench *bench = *state;
  uint64_t a[3] = {1, 2, 4};
  uint64_t b[1] = {8};
  uint64_t c[2] = {UINT64_C(1) << 63, 16};
  uint64_t far = bench_many() - 64;
  waitq_store_bits bits[] = {{0, 3, 0, a}, {7, 1, 128, b}, {0, 2, 64, c}, {23, 1, far, b}};
  bench_issue(bench, bench->room, bench_many());
  assert_code(bench->ops->mark(bench->room, BENCH_EPOCH, bits, 4, NULL), WAITQ_OK);
  struct capture *capture = bench_load(bench, bench->room);
  const struct {
    uint32_t plane;
    uint64_t number;
  } set[] = {{0, 0}, {0, 65}, {0, 130}, {7, 131}, {0, 127}, {0, 132}, {23, far + 3}};
  for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
    assert_true(capture_has(capture, set[i].plane, set[i].number));
  }
  assert_int_equal(capture_total(capture), sizeof set / sizeof set[0]);
  capture_free(capture);
}

/* Some bits of each word, as far as there are tickets; beyond, a run may go on with zeros. */
static uint64_t fill_words(uint64_t *words, uint64_t first, uint32_t count, uint64_t next) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t number = first + 64 * (uint64_t)i + i % 64;
    words[i] = number < next ? UINT64_C(1) << (i % 64) : 0;
    bits += number < next;
  }
  return bits;
}

static void test_mark__long_runs_are_set_wherever_they_begin_and_end(void **state) {
  struct bench *bench = *state;
  enum { MOST = 3000 };
  static const uint32_t counts[] = {1, 2, 255, 256, 257, 1023, 1024, 1025, MOST};
  static const uint64_t firsts[] = {0, 64, 16320, 16384, 32704, 65472, 65536, 131008};
  uint64_t next = bench_many() - 31; /* in the middle of a word */
  uint64_t *words = calloc(MOST, sizeof *words);
  assert_non_null(words);
  bench_issue(bench, bench->room, next);
  uint32_t plane = 0;
  for (size_t f = 0; f < sizeof firsts / sizeof firsts[0]; f++) {
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++, plane = (plane + 1) % WAITQ_STORE_PLANES) {
      uint64_t first = firsts[f] % bench_many();
      struct capture *before = bench_load(bench, bench->room);
      uint64_t set = fill_words(words, first, counts[c], next);
      waitq_store_bits bits = {plane, counts[c], first, words};
      assert_code(bench->ops->mark(bench->room, BENCH_EPOCH, &bits, 1, NULL), WAITQ_OK);
      struct capture *after = bench_load(bench, bench->room);
      for (uint32_t i = 0; i < counts[c]; i++) {
        assert_true(words[i] == 0 || capture_has(after, plane, first + 64 * (uint64_t)i + i % 64));
      }
      assert_true(capture_total(after) <= capture_total(before) + set);
      capture_free(before);
      capture_free(after);
    }
  }
  free(words);
}

static void test_mark__the_first_and_the_last_of_many_tickets_have_bits(void **state) {
  struct bench *bench = *state;
  const uint64_t numbers[] = {0, 63, 64, bench_many() / 2 - 1, bench_many() / 2, bench_many() - 1};
  enum { COUNT = sizeof numbers / sizeof numbers[0] };
  bench_issue(bench, bench->room, bench_many());
  for (size_t i = 0; i < COUNT; i++) {
    bench_mark(bench, bench->room, 2, numbers[i]);
  }
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture_total(capture), COUNT);
  for (size_t i = 0; i < COUNT; i++) {
    assert_true(capture_has(capture, 2, numbers[i]));
  }
  capture_free(capture);
}

static void test_mark__a_word_without_bits_is_harmless(void **state) {
  struct bench *bench = *state;
  uint64_t none[2] = {0, 0};
  waitq_store_bits bits = {3, 2, 4096, none};
  assert_code(bench->ops->mark(bench->room, BENCH_EPOCH, &bits, 1, NULL), WAITQ_OK);
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture_total(capture), 0);
  capture_free(capture);
}

static void test_mark__another_epoch_is_a_conflict_that_changes_nothing(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 100);
  bench_mark(bench, bench->room, 1, 5);
  struct capture *before = bench_load(bench, bench->room);
  uint64_t word = 2;
  waitq_store_bits bits = {1, 1, 64, &word};
  static const uint64_t epochs[] = {0, BENCH_EPOCH - 1, BENCH_EPOCH + 1, UINT64_MAX};
  for (size_t i = 0; i < 4; i++) {
    assert_code(bench->ops->mark(bench->room, epochs[i], &bits, 1, NULL), WAITQ_E_CONFLICT);
  }
  assert_unchanged(bench, bench->room, before);
}

static void test_mark__the_words_are_copied_and_not_pointed_to(void **state) {
  struct bench *bench = *state;
  uint64_t words[32];
  memset(words, 0xff, sizeof words);
  waitq_store_bits bits = {1, 32, 0, words};
  bench_issue(bench, bench->room, 2048);
  assert_code(bench->ops->mark(bench->room, BENCH_EPOCH, &bits, 1, NULL), WAITQ_OK);
  memset(words, 0, sizeof words);
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture_total(capture), 2048);
  capture_free(capture);
}

int conformance_store_bits(void) {
  const struct CMUnitTest tests[] = {
      BENCH_TEST(test_mark__a_bit_is_set_in_its_plane_alone),
      BENCH_TEST(test_mark__each_bit_of_a_word_has_its_place),
      BENCH_TEST(test_mark__bits_are_added_to_those_that_are_set),
      BENCH_TEST(test_mark__bits_marked_again_change_nothing),
      BENCH_TEST(test_mark__leaves_the_head_as_it_is),
      BENCH_TEST(test_mark__several_runs_are_set_by_one_call),
      BENCH_TEST(test_mark__long_runs_are_set_wherever_they_begin_and_end),
      BENCH_TEST(test_mark__the_first_and_the_last_of_many_tickets_have_bits),
      BENCH_TEST(test_mark__a_word_without_bits_is_harmless),
      BENCH_TEST(test_mark__another_epoch_is_a_conflict_that_changes_nothing),
      BENCH_TEST(test_mark__the_words_are_copied_and_not_pointed_to),
  };
  return cmocka_run_group_tests_name("store: bits", tests, NULL, NULL);
}
