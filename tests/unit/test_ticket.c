/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../support/rng.h"
#include "../support/test.h"
#include "token/base64url.h"
#include "token/ticket.h"

#define ORIGIN_US INT64_C(1577836800000000) /* 2020-01-01 */
#define LAST_US (ORIGIN_US + ((INT64_C(1) << 40) - 1) * 1000)

static const unsigned char keys[3][WAITQ__TICKET_KEY_SIZE] = {"the key of room", "another room's", "a third one"};

static const struct waitq__ticket example = {
    .number = UINT64_C(0x0102030405),
    .epoch = UINT64_C(0x06070809),
    .joined_us = ORIGIN_US + INT64_C(0x0a0b0c0d0e) * 1000,
    .visitor = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f}};

static int read_with(const char *text, size_t first, size_t count, struct waitq__ticket *ticket) {
  return waitq__ticket_read(ticket, &keys[first], count, text, NULL);
}

static void check_equal(const struct waitq__ticket *a, const struct waitq__ticket *b) {
  assert_int_equal(a->number, b->number);
  assert_int_equal(a->epoch, b->epoch);
  assert_int_equal(a->joined_us, b->joined_us);
  assert_memory_equal(a->visitor, b->visitor, WAITQ__VISITOR_SIZE);
}

static void test_ticket__its_bytes_are_as_the_header_draws_them(void **state) {
  (void)state;
  static const unsigned char expected[30] = {1,    2,    3,    4,    5,    6,    7,    8,    9,    10,
                                             11,   12,   13,   14,   0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
                                             0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f};
  char text[WAITQ__TICKET_LENGTH + 1];
  unsigned char bytes[46];
  unsigned char mac[16];
  waitq__ticket_write(&example, keys[0], text);
  assert_int_equal(strlen(text), WAITQ__TICKET_LENGTH);
  assert_true(waitq__base64url_decode(text, bytes, sizeof bytes));
  assert_memory_equal(bytes, expected, sizeof expected);
  crypto_shorthash_siphashx24(mac, expected, sizeof expected, keys[0]);
  assert_memory_equal(bytes + 30, mac, sizeof mac);
}

static void test_ticket__comes_back_as_it_was(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("ticket", 1));
  for (unsigned i = 0; i < 20000; i++) {
    struct waitq__ticket ticket = {.number = rng_next(&rng) >> (24 + rng_below(&rng, 40)),
                                   .epoch = rng_next(&rng) >> (32 + rng_below(&rng, 32)),
                                   .joined_us = ORIGIN_US + (int64_t)rng_below(&rng, UINT64_C(1) << 40) * 1000};
    rng_fill(&rng, ticket.visitor, sizeof ticket.visitor);
    char text[WAITQ__TICKET_LENGTH + 1];
    struct waitq__ticket again;
    waitq__ticket_write(&ticket, keys[0], text);
    assert_int_equal(read_with(text, 0, 1, &again), WAITQ_OK);
    check_equal(&again, &ticket);
  }
}

static void test_ticket__the_largest_numbers_fit(void **state) {
  (void)state;
  struct waitq__ticket ticket = {(UINT64_C(1) << 40) - 1, UINT32_MAX, LAST_US, {0}};
  struct waitq__ticket again;
  char text[WAITQ__TICKET_LENGTH + 1];
  memset(ticket.visitor, 0xff, sizeof ticket.visitor);
  waitq__ticket_write(&ticket, keys[0], text);
  assert_int_equal(read_with(text, 0, 1, &again), WAITQ_OK);
  check_equal(&again, &ticket);
}

static void test_ticket__any_bit_flipped_in_any_character_is_refused(void **state) {
  (void)state;
  char text[WAITQ__TICKET_LENGTH + 1];
  waitq__ticket_write(&example, keys[0], text);
  for (unsigned at = 0; at < WAITQ__TICKET_LENGTH; at++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      char altered[WAITQ__TICKET_LENGTH + 1];
      struct waitq__ticket ticket;
      memcpy(altered, text, sizeof altered);
      altered[at] = (char)((unsigned char)altered[at] ^ 1U << bit);
      int code = read_with(altered, 0, 3, &ticket);
      assert_true(code == WAITQ_E_FORGED || code == WAITQ_E_MALFORMED);
    }
  }
}

static void test_ticket__any_character_put_for_another_is_refused(void **state) {
  (void)state;
  char text[WAITQ__TICKET_LENGTH + 1];
  struct waitq__ticket ticket;
  waitq__ticket_write(&example, keys[0], text);
  for (unsigned at = 0; at < WAITQ__TICKET_LENGTH; at++) {
    const char genuine = text[at];
    for (int c = 0; c < 256; c++) {
      text[at] = (char)c;
      assert_int_equal(read_with(text, 0, 1, &ticket) == WAITQ_OK, (char)c == genuine);
    }
    text[at] = genuine;
  }
}

static void test_ticket__any_bit_flipped_under_the_signature_is_forged(void **state) {
  (void)state;
  char text[WAITQ__TICKET_LENGTH + 1];
  unsigned char bytes[46];
  waitq__ticket_write(&example, keys[0], text);
  assert_true(waitq__base64url_decode(text, bytes, sizeof bytes));
  for (unsigned bit = 0; bit < sizeof bytes * 8; bit++) {
    struct waitq__ticket ticket;
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    waitq__base64url_encode(bytes, sizeof bytes, text);
    assert_int_equal(read_with(text, 0, 3, &ticket), WAITQ_E_FORGED);
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
  }
}

static void test_ticket__each_key_of_the_ring_reads_it_and_no_other(void **state) {
  (void)state;
  for (unsigned signer = 0; signer < 3; signer++) {
    char text[WAITQ__TICKET_LENGTH + 1];
    waitq__ticket_write(&example, keys[signer], text);
    for (size_t first = 0; first < 3; first++) {
      for (size_t count = 0; first + count <= 3; count++) {
        struct waitq__ticket ticket;
        int is_in = signer >= first && signer < first + count;
        assert_int_equal(read_with(text, first, count, &ticket), is_in ? WAITQ_OK : WAITQ_E_FORGED);
      }
    }
  }
}

static void expect_refusal(const char *text, int code, const char *why) {
  struct waitq__ticket ticket;
  waitq_error error = WAITQ_ERROR_INIT;
  assert_int_equal(waitq__ticket_read(&ticket, keys, 1, text, &error), code);
  assert_int_equal(error.code, code);
  assert_string_equal(error.text, why);
}

static void test_ticket__a_refusal_says_why(void **state) {
  (void)state;
  char text[WAITQ__TICKET_LENGTH + 2];
  expect_refusal(NULL, WAITQ_E_INVALID, "ticket is NULL");
  expect_refusal("", WAITQ_E_MALFORMED, "a ticket has 62 characters; this text has 0");
  memset(text, 'A', sizeof text);
  text[61] = '\0';
  expect_refusal(text, WAITQ_E_MALFORMED, "a ticket has 62 characters; this text has 61");
  text[61] = 'A';
  text[63] = '\0';
  expect_refusal(text, WAITQ_E_MALFORMED, "a ticket has 62 characters; this text has 63 or more");
  text[62] = '\0';
  expect_refusal(text, WAITQ_E_FORGED,
                 "the ticket's signature does not match: it was altered, or is of another room or another key");
  text[30] = '=';
  expect_refusal(text, WAITQ_E_MALFORMED, "the text has characters that no ticket has");
}

static void test_ticket__an_endless_text_is_not_read_to_its_end(void **state) {
  (void)state;
  struct waitq__ticket ticket;
  char *text = malloc(WAITQ__TICKET_LENGTH + 1);
  assert_non_null(text);
  memset(text, 'A', WAITQ__TICKET_LENGTH + 1);
  assert_int_equal(read_with(text, 0, 1, &ticket), WAITQ_E_MALFORMED);
  free(text);
}

static void test_ticket__times_are_cut_to_what_it_can_hold(void **state) {
  (void)state;
  static const struct {
    int64_t given_us;
    int64_t held_us;
  } times[] = {{ORIGIN_US, ORIGIN_US},
               {ORIGIN_US + 999, ORIGIN_US},
               {ORIGIN_US + 1000, ORIGIN_US + 1000},
               {ORIGIN_US + 123456, ORIGIN_US + 123000},
               {ORIGIN_US - 1, ORIGIN_US},
               {0, ORIGIN_US},
               {-ORIGIN_US, ORIGIN_US},
               {LAST_US, LAST_US},
               {LAST_US + 999, LAST_US},
               {LAST_US + 1000, LAST_US},
               {INT64_MAX, LAST_US}};
  for (unsigned i = 0; i < sizeof times / sizeof times[0]; i++) {
    char text[WAITQ__TICKET_LENGTH + 1];
    struct waitq__ticket ticket = {.joined_us = times[i].given_us};
    assert_int_equal(waitq__ticket_time(times[i].given_us), times[i].held_us);
    waitq__ticket_write(&ticket, keys[0], text);
    assert_int_equal(read_with(text, 0, 1, &ticket), WAITQ_OK);
    assert_int_equal(ticket.joined_us, times[i].held_us);
  }
}

static int setup_group(void **state) {
  (void)state;
  return sodium_init() < 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ticket__its_bytes_are_as_the_header_draws_them),
      cmocka_unit_test(test_ticket__comes_back_as_it_was),
      cmocka_unit_test(test_ticket__the_largest_numbers_fit),
      cmocka_unit_test(test_ticket__any_bit_flipped_in_any_character_is_refused),
      cmocka_unit_test(test_ticket__any_character_put_for_another_is_refused),
      cmocka_unit_test(test_ticket__any_bit_flipped_under_the_signature_is_forged),
      cmocka_unit_test(test_ticket__each_key_of_the_ring_reads_it_and_no_other),
      cmocka_unit_test(test_ticket__a_refusal_says_why),
      cmocka_unit_test(test_ticket__an_endless_text_is_not_read_to_its_end),
      cmocka_unit_test(test_ticket__times_are_cut_to_what_it_can_hold),
  };
  return cmocka_run_group_tests_name("ticket", tests, setup_group, NULL);
}
