/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Bits on their way to Redis and back: in its order, and in few words. */

#include <string.h>

#include "../support/fake_memory.h"
#include "../support/line.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "store/redis/bits.h"

static void test_bits__the_first_ticket_has_the_highest_bit_of_the_first_byte(void **state) {
  (void)state;
  for (unsigned ticket = 0; ticket < 128; ticket++) {
    uint64_t words[2] = {0, 0};
    unsigned char bytes[16];
    words[ticket / 64] = UINT64_C(1) << ticket % 64;
    waitq__bits_write(words, 2, bytes);
    for (unsigned i = 0; i < 128; i++) {
      assert_int_equal(bytes[i / 8] >> (7 - i % 8) & 1, i == ticket);
    }
  }
}

static void test_bits__what_is_written_reads_the_same(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("bits", 4));
  for (unsigned round = 0; round < 100; round++) {
    uint64_t words[20];
    uint64_t read[20];
    unsigned char bytes[sizeof words];
    for (unsigned i = 0; i < 20; i++) {
      words[i] = rng_next(&rng);
    }
    waitq__bits_write(words, 20, bytes);
    waitq__bits_read((const char *)bytes, sizeof bytes, read, 20);
    assert_memory_equal(words, read, sizeof words);
  }
}

static void test_bits__a_string_that_ends_early_reads_as_zeros_from_there(void **state) {
  (void)state;
  unsigned char bytes[16];
  memset(bytes, 0xff, sizeof bytes);
  for (size_t length = 0; length <= sizeof bytes; length++) {
    uint64_t words[2] = {5, 5};
    waitq__bits_read((const char *)bytes, length, words, 2);
    for (size_t i = 0; i < 128; i++) {
      assert_int_equal(words[i / 64] >> i % 64 & 1, i < 8 * length);
    }
  }
}

/* --- What a script is told --- */

static struct fake_memory memory;
static struct waitq__arguments arguments;

static int setup(void **state) {
  (void)state;
  fake_memory_init(&memory);
  waitq__arguments_init(&arguments, &memory.allocator);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  waitq__arguments_free(&arguments);
  assert_int_equal(fake_memory_blocks(&memory), 0);
  return 0;
}

static uint64_t number_at(struct waitq__text text, size_t at, size_t size) {
  uint64_t number = 0;
  for (size_t i = 0; i < size; i++) {
    number = number << 8 | (unsigned char)text.bytes[at + i];
  }
  return number;
}

static void expect_header(struct waitq__text text, unsigned kind, unsigned plane, uint64_t first, uint64_t end) {
  assert_int_equal(text.length, 12);
  assert_int_equal(text.bytes[0], kind);
  assert_int_equal(text.bytes[1], plane);
  assert_int_equal(number_at(text, 2, 5), first);
  assert_int_equal(number_at(text, 7, 5), end);
}

enum { SET_RUN = 1, CLEAR_RUN = 2, SET_EACH = 3, CLEAR_EACH = 4 };

static void test_bits__a_few_are_told_one_by_one_in_order_and_each_once(void **state) {
  (void)state;
  uint64_t words[] = {UINT64_C(1) << 63, 3, 3};
  waitq_store_bits bits[] = {{7, 1, 640, &words[0]}, {7, 1, 64, &words[1]}, {7, 1, 64, &words[2]}};
  assert_int_equal(waitq__bits_add(&arguments, bits, 3, 0, 1000, NULL), 1);
  const struct waitq__text *texts = waitq__arguments_texts(&arguments);
  expect_header(texts[0], SET_EACH, 7, 64, 704);
  assert_int_equal(texts[1].length, 15);
  assert_int_equal(number_at(texts[1], 0, 5), 64);
  assert_int_equal(number_at(texts[1], 5, 5), 65);
  assert_int_equal(number_at(texts[1], 10, 5), 703);
}

static void test_bits__many_are_told_as_one_run_without_the_zeros_around_it(void **state) {
  (void)state;
  uint64_t words[102] = {0};
  memset(&words[1], 0xff, 100 * sizeof words[0]);
  words[1] = UINT64_C(0xffffffffffff0000);
  words[100] = UINT64_C(0x0000000000ffffff);
  waitq_store_bits bits = {2, 102, 6400, words};
  assert_int_equal(waitq__bits_add(&arguments, &bits, 1, 0, 20000, NULL), 1);
  const struct waitq__text *texts = waitq__arguments_texts(&arguments);
  expect_header(texts[0], SET_RUN, 2, 6464 + 16, 6464 + 99 * 64 + 24);
  assert_int_equal(texts[1].length, 100 * 8 - 2 - 5);
  for (size_t i = 0; i < texts[1].length; i++) {
    assert_int_equal((unsigned char)texts[1].bytes[i], 0xff);
  }
}

static void test_bits__to_clear_are_told_as_such(void **state) {
  (void)state;
  uint64_t words[100];
  memset(words, 0xff, sizeof words);
  waitq_store_bits bits[] = {{2, 100, 0, words}, {3, 1, 0, words}};
  words[0] = 1;
  assert_int_equal(waitq__bits_add(&arguments, bits, 2, 1, 7000, NULL), 2);
  const struct waitq__text *texts = waitq__arguments_texts(&arguments);
  expect_header(texts[0], CLEAR_RUN, 2, 0, 6400);
  expect_header(texts[2], CLEAR_EACH, 3, 0, 64);
}

static void test_bits__a_few_in_a_long_line_are_not_worth_a_run_over_all_of_it(void **state) {
  (void)state;
  uint64_t words[2] = {UINT64_MAX, UINT64_MAX};
  waitq_store_bits bits = {0, 2, 0, words};
  assert_int_equal(waitq__bits_add(&arguments, &bits, 1, 0, 1000, NULL), 1);
  assert_int_equal(waitq__bits_add(&arguments, &bits, 1, 0, 10000000, NULL), 1);
  const struct waitq__text *texts = waitq__arguments_texts(&arguments);
  assert_int_equal(texts[0].bytes[0], SET_RUN);
  assert_int_equal(texts[2].bytes[0], SET_EACH);
}

static void test_bits__words_without_a_bit_are_not_told_at_all(void **state) {
  (void)state;
  uint64_t words[2] = {0, 0};
  waitq_store_bits bits = {0, 2, 0, words};
  assert_int_equal(waitq__bits_add(&arguments, &bits, 1, 0, 1000, NULL), 0);
  assert_int_equal(arguments.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_bits__the_first_ticket_has_the_highest_bit_of_the_first_byte, setup, teardown),
      UNIT_TEST(test_bits__what_is_written_reads_the_same, setup, teardown),
      UNIT_TEST(test_bits__a_string_that_ends_early_reads_as_zeros_from_there, setup, teardown),
      UNIT_TEST(test_bits__a_few_are_told_one_by_one_in_order_and_each_once, setup, teardown),
      UNIT_TEST(test_bits__many_are_told_as_one_run_without_the_zeros_around_it, setup, teardown),
      UNIT_TEST(test_bits__to_clear_are_told_as_such, setup, teardown),
      UNIT_TEST(test_bits__a_few_in_a_long_line_are_not_worth_a_run_over_all_of_it, setup, teardown),
      UNIT_TEST(test_bits__words_without_a_bit_are_not_told_at_all, setup, teardown),
  };
  return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
