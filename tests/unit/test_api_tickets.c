/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Texts of tickets: cut, altered, from elsewhere, from before. */

#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

struct bench {
  struct world *world;
  waitq_room_t *room;
  struct guest guests[4]; /* the first two ready, the others waiting */
};

static int setup(void **state) {
  struct bench *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 0.001;
  policy.burst = 2;
  bench->world = world_open(&memory_subject);
  bench->room = world_room(bench->world, "concert", &policy);
  for (unsigned i = 0; i < 4; i++) {
    guest_join_numbered(bench->room, "v", i, &bench->guests[i]);
  }
  *state = bench;
  return 0;
}

static int teardown(void **state) {
  struct bench *bench = *state;
  world_close(bench->world);
  free(bench);
  return 0;
}

static int is_bad_text(int code) {
  return code == WAITQ_E_MALFORMED || code == WAITQ_E_FORGED;
}

/* Every call that takes a ticket refuses this text with a code of bad text, and says why. */
static void expect_bad(waitq_room_t *room, const char *text) {
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  int code = waitq_poll(room, text, &status, &error);
  if (!is_bad_text(code)) {
    fail_msg("\"%s\" was taken: %s", text, waitq_error_name(code));
  }
  assert_int_equal(error.code, code);
  assert_int_equal(error.retriable, 0);
  assert_string_not_equal(error.text, "");
  assert_int_equal(status.state, 0);
  assert_code(waitq_enter(room, text, NULL, &pass, NULL), code);
  assert_string_equal(pass.text, "");
  assert_code(waitq_leave(room, text, &status, NULL), code);
}

static void expect_untouched(struct bench *bench) {
  waitq_stats stats = line_stats(bench->room);
  assert_int_equal(stats.age_ms, 0); /* in the memory of the process nothing is ever old */
  assert_int_equal(stats.issued, 4);
  assert_int_equal(stats.ready, 2);
  assert_int_equal(stats.waiting, 2);
}

static void test_tickets__are_url_safe_text_below_64_bytes(void **state) {
  struct bench *bench = *state;
  for (unsigned i = 0; i < 4; i++) {
    const char *text = bench->guests[i].ticket.text;
    assert_true(strlen(text) < WAITQ_TICKET_SIZE);
    assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(text));
  }
}

static void test_tickets__cut_at_any_length_are_refused(void **state) {
  struct bench *bench = *state;
  const char *text = bench->guests[0].ticket.text;
  for (size_t length = 0; length < strlen(text); length++) {
    char cut[WAITQ_TICKET_SIZE] = {0};
    memcpy(cut, text, length);
    expect_bad(bench->room, cut);
    expect_bad(bench->room, text + strlen(text) - length);
  }
  expect_untouched(bench);
}

static void test_tickets__with_anything_appended_are_refused(void **state) {
  struct bench *bench = *state;
  for (int byte = 1; byte < 256; byte++) {
    char longer[WAITQ_TICKET_SIZE + 200] = {0};
    size_t length = strlen(bench->guests[0].ticket.text);
    memcpy(longer, bench->guests[0].ticket.text, length);
    longer[length] = (char)byte;
    expect_bad(bench->room, longer);
    memset(longer + length, byte, 150);
    expect_bad(bench->room, longer);
  }
  expect_untouched(bench);
}

static void test_tickets__with_any_single_bit_altered_are_refused(void **state) {
  struct bench *bench = *state;
  for (unsigned i = 0; i < 4; i += 3) {
    size_t length = strlen(bench->guests[i].ticket.text);
    for (size_t at = 0; at < length; at++) {
      for (unsigned bit = 0; bit < 8; bit++) {
        char altered[WAITQ_TICKET_SIZE];
        memcpy(altered, bench->guests[i].ticket.text, sizeof altered);
        altered[at] = (char)((unsigned char)altered[at] ^ (1u << bit));
        expect_bad(bench->room, altered);
      }
    }
  }
  expect_untouched(bench);
}

/* Base64 leaves bits of the last character unused: a text that differs in these alone is another text all the same. */
static void test_tickets__with_any_character_replaced_by_any_other_are_refused(void **state) {
  struct bench *bench = *state;
  size_t length = strlen(bench->guests[2].ticket.text);
  for (size_t at = 0; at < length; at++) {
    for (int byte = 1; byte < 256; byte++) {
      char altered[WAITQ_TICKET_SIZE];
      memcpy(altered, bench->guests[2].ticket.text, sizeof altered);
      if ((unsigned char)altered[at] != byte) {
        altered[at] = (char)byte;
        expect_bad(bench->room, altered);
      }
    }
  }
  expect_untouched(bench);
}

static void test_tickets__of_random_text_are_refused(void **state) {
  struct bench *bench = *state;
  struct rng rng;
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  rng_init(&rng, rng_seed("random tickets", 21));
  for (int i = 0; i < 20000; i++) {
    char text[WAITQ_TICKET_SIZE] = {0};
    size_t length = rng_once_in(&rng, 4) ? (size_t)rng_below(&rng, sizeof text) : strlen(bench->guests[0].ticket.text);
    for (size_t at = 0; at < length; at++) {
      text[at] = alphabet[rng_below(&rng, 64)];
    }
    expect_bad(bench->room, text);
  }
  expect_untouched(bench);
}

static void test_tickets__of_another_room_are_forged(void **state) {
  struct bench *bench = *state;
  waitq_room_t *other = world_room(bench->world, "opera", NULL);
  waitq_status status = WAITQ_STATUS_INIT;
  assert_code(waitq_poll(other, bench->guests[0].ticket.text, &status, NULL), WAITQ_E_FORGED);
  expect_bad(other, bench->guests[0].ticket.text);
  assert_int_equal(line_stats(other).issued, 0);
}

static void test_tickets__of_another_context_are_forged(void **state) {
  struct bench *bench = *state;
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  waitq_status status = WAITQ_STATUS_INIT;
  assert_code(waitq_open("memory:", NULL, &context, NULL), WAITQ_OK);
  assert_code(waitq_room_open(context, "concert", NULL, &room, NULL), WAITQ_OK);
  assert_code(waitq_poll(room, bench->guests[0].ticket.text, &status, NULL), WAITQ_E_FORGED);
  expect_bad(room, bench->guests[0].ticket.text);
  waitq_room_close(room);
  waitq_close(context);
}

/* A number that this store never gave: the key is the same, the room's memory is not. */
static void test_tickets__of_a_store_that_forgot_them_do_no_harm(void **state) {
  struct bench *bench = *state;
  struct world *fresh = world_open(&memory_subject);
  waitq_room_t *room = world_room(fresh, "concert", NULL);
  for (unsigned i = 0; i < 4; i++) {
    struct guest guest = bench->guests[i];
    uint32_t seen = guest_poll(room, &guest);
    assert_true(seen == WAITQ_STATE_STALE || seen == WAITQ_STATE_EXPIRED);
    assert_int_not_equal(guest_enter(room, &guest), WAITQ_STATE_ENTERED);
    assert_int_not_equal(guest_leave(room, &guest), WAITQ_STATE_LEFT);
  }
  assert_int_equal(line_stats(room).issued, 0);
  world_close(fresh);
}

static void test_tickets__of_an_earlier_epoch_are_stale(void **state) {
  struct bench *bench = *state;
  for (int resets = 0; resets < 3; resets++) {
    assert_code(waitq_room_reset(bench->room, NULL), WAITQ_OK);
    struct guest fresh;
    guest_join(bench->room, "fresh", &fresh);
    for (unsigned i = 0; i < 4; i++) {
      assert_state(guest_poll(bench->room, &bench->guests[i]), WAITQ_STATE_STALE);
      assert_state(guest_enter(bench->room, &bench->guests[i]), WAITQ_STATE_STALE);
      assert_state(guest_leave(bench->room, &bench->guests[i]), WAITQ_STATE_STALE);
    }
    assert_int_equal(line_stats(bench->room).issued, 1);
  }
}

static void test_tickets__are_good_with_any_key_that_is_still_in_the_ring(void **state) {
  struct bench *bench = *state;
  waitq_key keys[2] = {WAITQ_KEY_INIT, WAITQ_KEY_INIT};
  struct world *world = world_prepare(&memory_subject);
  struct guest guest;
  keys[0] = bench->world->key;
  memcpy(keys[0].kid, "k2", 3);
  keys[0].bytes[5] ^= 0x55;
  keys[1] = bench->world->key;
  world->options.keys = keys;
  world->options.key_count = 2;
  assert_code(waitq_open("memory:", &world->options, &world->context, NULL), WAITQ_OK);
  waitq_room_t *room = world_room(world, "concert", NULL);
  guest_join(room, "ann", &guest);
  struct guest old = bench->guests[0];
  assert_int_not_equal(guest_poll(room, &old), WAITQ_STATE_NONE); /* verified: known to the ring, if not to the room */
  guest_enter(room, &guest);
  waitq_claims claims = WAITQ_CLAIMS_INIT;
  waitq_verifier_t *verifier = NULL;
  assert_code(waitq_verifier_open(keys, 2, NULL, &verifier, NULL), WAITQ_OK);
  assert_code(
      waitq_verify(verifier, guest.pass.text, strlen(guest.pass.text), world_now_ms(world), NULL, &claims, NULL),
      WAITQ_OK);
  assert_string_equal(claims.kid, "k2");
  waitq_verifier_close(verifier);
  world_close(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_tickets__are_url_safe_text_below_64_bytes, setup, teardown),
      UNIT_TEST(test_tickets__cut_at_any_length_are_refused, setup, teardown),
      UNIT_TEST(test_tickets__with_anything_appended_are_refused, setup, teardown),
      UNIT_TEST(test_tickets__with_any_single_bit_altered_are_refused, setup, teardown),
      UNIT_TEST(test_tickets__with_any_character_replaced_by_any_other_are_refused, setup, teardown),
      UNIT_TEST(test_tickets__of_random_text_are_refused, setup, teardown),
      UNIT_TEST(test_tickets__of_another_room_are_forged, setup, teardown),
      UNIT_TEST(test_tickets__of_another_context_are_forged, setup, teardown),
      UNIT_TEST(test_tickets__of_a_store_that_forgot_them_do_no_harm, setup, teardown),
      UNIT_TEST(test_tickets__of_an_earlier_epoch_are_stale, setup, teardown),
      UNIT_TEST(test_tickets__are_good_with_any_key_that_is_still_in_the_ring, setup, teardown),
  };
  return cmocka_run_group_tests_name("tickets", tests, NULL, NULL);
}
