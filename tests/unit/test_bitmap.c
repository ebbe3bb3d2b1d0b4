/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/fake_memory.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "store/bitmap.h"

#define BLOCK ((uint64_t)WAITQ__BITMAP_BLOCK_BITS)
#define WORDS (40 * WAITQ__BITMAP_BLOCK_WORDS)

/* The same bits as a plain array of words: bit 64 * i of it is ticket base + 64 * i. */
static uint64_t plain[WORDS];
static uint64_t loaded[WORDS];
static uint64_t base;
static struct fake_memory memory;
static struct waitq__bitmap bitmap;
static struct rng rng;

static int setup(void **state) {
  (void)state;
  fake_memory_init(&memory);
  bitmap = (struct waitq__bitmap){0};
  base = 0;
  memset(plain, 0, sizeof plain);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  waitq__bitmap_clear(&bitmap, &memory.allocator);
  return fake_memory_blocks(&memory) != 0;
}

static int take_bits(void *user, const waitq_store_bits *bits) {
  assert_ptr_equal(user, &bitmap);
  assert_int_equal(bits->plane, 7);
  assert_int_equal(bits->first % 64, 0);
  assert_true(bits->first >= base && bits->first + (uint64_t)bits->count * 64 <= base + (uint64_t)WORDS * 64);
  memcpy(&loaded[(bits->first - base) / 64], bits->words, bits->count * sizeof(uint64_t));
  return WAITQ_OK;
}

static void check(void) {
  const waitq_store_sink sink = {.size = sizeof sink, .user = &bitmap, .bits = take_bits};
  memset(loaded, 0, sizeof loaded);
  assert_int_equal(waitq__bitmap_load(&bitmap, 7, &sink), WAITQ_OK);
  assert_memory_equal(loaded, plain, sizeof plain);
  assert_int_equal(waitq__bitmap_bytes(&bitmap), fake_memory_bytes(&memory));
}

static uint64_t trimmed_at(void) {
  return bitmap.trimmed * BLOCK > base ? (bitmap.trimmed * BLOCK - base) / 64 : 0;
}

static waitq_store_bits run_of(uint64_t at, uint32_t count, const uint64_t *words) {
  return (waitq_store_bits){.plane = 7, .count = count, .first = base + at * 64, .words = words};
}

static void set(uint64_t at, uint32_t count, const uint64_t *words) {
  const waitq_store_bits bits = run_of(at, count, words);
  assert_int_equal(waitq__bitmap_reserve(&bitmap, &memory.allocator, &bits), WAITQ_OK);
  waitq__bitmap_set(&bitmap, &bits);
  for (uint32_t i = 0; i < count; i++) {
    plain[at + i] |= at + i >= trimmed_at() ? words[i] : 0;
  }
}

static void trim(uint64_t below) {
  waitq__bitmap_trim(&bitmap, &memory.allocator, base + below);
  memset(plain, 0, trimmed_at() * sizeof(uint64_t));
}

static void test_bitmap__an_empty_one_has_no_bits_and_takes_no_memory(void **state) {
  (void)state;
  check();
  assert_int_equal(fake_memory_requests(&memory), 0);
}

static void test_bitmap__bits_are_only_ever_added(void **state) {
  (void)state;
  const uint64_t some = UINT64_C(0x8000000000000001);
  const uint64_t others = UINT64_C(0x0000000100000001);
  set(3, 1, &some);
  set(3, 1, &others);
  check();
  assert_int_equal(plain[3], UINT64_C(0x8000000100000001));
}

static void test_bitmap__a_run_may_lie_across_blocks(void **state) {
  (void)state;
  static uint64_t words[3 * WAITQ__BITMAP_BLOCK_WORDS];
  for (unsigned i = 0; i < 3 * WAITQ__BITMAP_BLOCK_WORDS; i++) {
    words[i] = i + 1;
  }
  set(WAITQ__BITMAP_BLOCK_WORDS - 1, 2, words);
  check();
  set(5 * WAITQ__BITMAP_BLOCK_WORDS + 7, 3 * WAITQ__BITMAP_BLOCK_WORDS, words);
  check();
}

static void test_bitmap__a_block_without_a_bit_takes_a_pointer(void **state) {
  (void)state;
  const uint64_t bit = 1;
  set(0, 1, &bit);
  set(30 * WAITQ__BITMAP_BLOCK_WORDS, 1, &bit);
  assert_int_equal(waitq__bitmap_bytes(&bitmap), 2 * BLOCK / 8 + 32 * sizeof(void *));
  check();
}

static void test_bitmap__bits_may_come_before_the_first(void **state) {
  (void)state;
  const uint64_t bit = 4;
  set(20 * WAITQ__BITMAP_BLOCK_WORDS, 1, &bit);
  set(3 * WAITQ__BITMAP_BLOCK_WORDS, 1, &bit);
  set(0, 1, &bit);
  check();
}

static void test_bitmap__only_whole_blocks_below_are_trimmed_and_stay_so(void **state) {
  (void)state;
  static uint64_t all[4 * WAITQ__BITMAP_BLOCK_WORDS];
  memset(all, 0xff, sizeof all);
  set(0, 4 * WAITQ__BITMAP_BLOCK_WORDS, all);
  trim(2 * BLOCK - 1);
  assert_int_equal(bitmap.trimmed, 1);
  check();
  trim(2 * BLOCK);
  assert_int_equal(bitmap.trimmed, 2);
  trim(0);
  assert_int_equal(bitmap.trimmed, 2);
  set(0, 4 * WAITQ__BITMAP_BLOCK_WORDS, all);
  check();
  set(0, WAITQ__BITMAP_BLOCK_WORDS, all);
  check();
  trim(30 * BLOCK);
  assert_int_equal(bitmap.allocated, 0);
  set(0, 4 * WAITQ__BITMAP_BLOCK_WORDS, all);
  set(31 * WAITQ__BITMAP_BLOCK_WORDS, 1, all);
  check();
  assert_int_equal(bitmap.allocated, 1);
}

static void test_bitmap__cleared_it_begins_anew(void **state) {
  (void)state;
  const uint64_t bit = 1;
  set(5 * WAITQ__BITMAP_BLOCK_WORDS, 1, &bit);
  trim(3 * BLOCK);
  waitq__bitmap_clear(&bitmap, &memory.allocator);
  memset(plain, 0, sizeof plain);
  check();
  assert_int_equal(fake_memory_blocks(&memory), 0);
  set(0, 1, &bit);
  check();
}

static int refuse_second(void *user, const waitq_store_bits *bits) {
  unsigned *calls = user;
  (void)bits;
  return ++*calls == 2 ? WAITQ_E_STORE : WAITQ_OK;
}

static void test_bitmap__a_sink_that_fails_ends_the_loading(void **state) {
  (void)state;
  const uint64_t bit = 1;
  for (unsigned block = 0; block < 4; block++) {
    set(block * WAITQ__BITMAP_BLOCK_WORDS, 1, &bit);
  }
  unsigned calls = 0;
  const waitq_store_sink sink = {.size = sizeof sink, .user = &calls, .bits = refuse_second};
  assert_int_equal(waitq__bitmap_load(&bitmap, 7, &sink), WAITQ_E_STORE);
  assert_int_equal(calls, 2);
}

static void test_bitmap__without_memory_bits_stay_as_they_were(void **state) {
  (void)state;
  static uint64_t words[6 * WAITQ__BITMAP_BLOCK_WORDS];
  memset(words, 0x11, sizeof words);
  set(10 * WAITQ__BITMAP_BLOCK_WORDS, 1, words);
  for (uint64_t n = 1; n <= 8; n++) {
    const waitq_store_bits bits = run_of(12 * WAITQ__BITMAP_BLOCK_WORDS + 9, 6 * WAITQ__BITMAP_BLOCK_WORDS, words);
    fake_memory_fail_at(&memory, n);
    int code = waitq__bitmap_reserve(&bitmap, &memory.allocator, &bits);
    uint64_t failed = fake_memory_recover(&memory);
    assert_int_equal(code, failed != 0 ? WAITQ_E_NOMEM : WAITQ_OK);
    check();
    waitq__bitmap_clear(&bitmap, &memory.allocator);
    memset(plain, 0, sizeof plain);
    set(10 * WAITQ__BITMAP_BLOCK_WORDS, 1, words);
  }
}

static void take_one_step(void) {
  static uint64_t words[5 * WAITQ__BITMAP_BLOCK_WORDS];
  uint32_t count = 1 + (uint32_t)rng_below(&rng, rng_once_in(&rng, 10) ? 5 * WAITQ__BITMAP_BLOCK_WORDS : 4);
  for (uint32_t i = 0; i < count; i++) {
    words[i] = rng_once_in(&rng, 2) ? UINT64_C(1) << rng_below(&rng, 64) : rng_next(&rng) & rng_next(&rng);
  }
  set(rng_below(&rng, WORDS - count + 1), count, words);
  if (rng_once_in(&rng, 30)) {
    trim(rng_below(&rng, trimmed_at() * 64 + 2 * BLOCK));
  }
  if (rng_once_in(&rng, 1000)) {
    waitq__bitmap_clear(&bitmap, &memory.allocator);
    memset(plain, 0, sizeof plain);
    base = rng_below(&rng, UINT64_C(1) << 25) * BLOCK;
  }
}

static void test_bitmap__random_use_agrees_with_a_plain_array(void **state) {
  (void)state;
  rng_init(&rng, rng_seed("bitmap", 1));
  for (unsigned step = 0; step < 100000; step++) {
    take_one_step();
    if (step % 100 == 0) {
      check();
    }
  }
  check();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_bitmap__an_empty_one_has_no_bits_and_takes_no_memory, setup, teardown),
      UNIT_TEST(test_bitmap__bits_are_only_ever_added, setup, teardown),
      UNIT_TEST(test_bitmap__a_run_may_lie_across_blocks, setup, teardown),
      UNIT_TEST(test_bitmap__a_block_without_a_bit_takes_a_pointer, setup, teardown),
      UNIT_TEST(test_bitmap__bits_may_come_before_the_first, setup, teardown),
      UNIT_TEST(test_bitmap__only_whole_blocks_below_are_trimmed_and_stay_so, setup, teardown),
      UNIT_TEST(test_bitmap__cleared_it_begins_anew, setup, teardown),
      UNIT_TEST(test_bitmap__a_sink_that_fails_ends_the_loading, setup, teardown),
      UNIT_TEST(test_bitmap__without_memory_bits_stay_as_they_were, setup, teardown),
      UNIT_TEST(test_bitmap__random_use_agrees_with_a_plain_array, setup, teardown),
  };
  return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}
