/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The passes that a room gives, and what a verifier makes of them. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "room_bench.h"

static waitq_verifier_t *open_verifier(struct world *world, const char *audience) {
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_verifier_t *verifier = NULL;
  options.audience = audience;
  options.leeway_ms = 0;
  options.allocator = &world->memory.allocator;
  assert_code(waitq_verifier_open(&world->key, 1, &options, &verifier, NULL), WAITQ_OK);
  return verifier;
}

static int verify(struct world *world, const waitq_pass *pass, const char *audience, const waitq_binding *binding,
                  waitq_claims *claims) {
  waitq_verifier_t *verifier = open_verifier(world, audience);
  int code = waitq_verify(verifier, pass->text, strlen(pass->text), world_now_ms(world), binding, claims, NULL);
  waitq_verifier_close(verifier);
  return code;
}

static void test_passes__verify_with_the_key_of_the_context(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest *guests = crowd_join(room, 5);
  uint64_t epoch = line_stats(room).epoch;
  for (unsigned i = 0; i < 5; i++) {
    waitq_claims claims = WAITQ_CLAIMS_INIT;
    char id[64];
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_ENTERED);
    assert_code(verify(world, &guests[i].pass, "concert", NULL, &claims), WAITQ_OK);
    snprintf(id, sizeof id, "%" PRIu64 "-%u", epoch, i);
    assert_string_equal(claims.id, id);
    assert_int_equal(claims.epoch, epoch);
    assert_int_equal(claims.number, i);
    assert_string_equal(claims.room, "concert");
    assert_string_equal(claims.kid, "k1");
    assert_int_equal(claims.expires_at_ms, guests[i].pass.expires_at_ms);
    assert_true(claims.expires_at_ms >= world_now_ms(world) + 600000);
    assert_true(claims.expires_at_ms <= world_now_ms(world) + 675000 + 1000);
    assert_true(claims.not_before_ms <= world_now_ms(world));
  }
  free(guests);
}

static void test_passes__are_for_their_room_alone(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  waitq_room_t *other = world_room(world, "opera", NULL);
  struct guest guest;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  assert_code(verify(world, &guest.pass, "opera", NULL, NULL), WAITQ_E_AUDIENCE);
  assert_code(verify(world, &guest.pass, NULL, NULL, NULL), WAITQ_OK);
  waitq_pass pass = WAITQ_PASS_INIT;
  assert_code(waitq_renew(other, guest.pass.text, &pass, NULL), WAITQ_E_AUDIENCE);
  assert_code(waitq_exit(other, guest.pass.text, NULL), WAITQ_E_AUDIENCE);
  assert_int_equal(line_stats(room).active, 1);
}

static void test_passes__are_good_until_they_expire(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest guest;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  world_set_ms(world, guest.pass.expires_at_ms - 1);
  assert_code(verify(world, &guest.pass, "concert", NULL, NULL), WAITQ_OK);
  assert_int_equal(line_stats(room).active, 1);
  world_set_ms(world, guest.pass.expires_at_ms);
  assert_code(verify(world, &guest.pass, "concert", NULL, NULL), WAITQ_E_EXPIRED);
}

static void test_passes__of_a_repeated_entry_are_the_same_byte_by_byte(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest *guests = crowd_join(room, 3);
  char first[3][WAITQ_PASS_SIZE];
  int64_t expires_at_ms[3];
  for (unsigned i = 0; i < 3; i++) {
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_ENTERED);
    memcpy(first[i], guests[i].pass.text, sizeof first[i]);
    expires_at_ms[i] = guests[i].pass.expires_at_ms;
    world_advance_ms(world, 10123);
  }
  for (int round = 0; round < 20; round++) {
    for (unsigned i = 0; i < 3; i++) {
      assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_ENTERED);
      assert_string_equal(guests[i].pass.text, first[i]);
      assert_int_equal(guests[i].pass.expires_at_ms, expires_at_ms[i]);
    }
    world_advance_ms(world, 26000);
  }
  free(guests);
}

static void test_passes__stay_the_same_whatever_becomes_of_other_tickets(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1000, 100);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  char first[WAITQ_PASS_SIZE];
  memcpy(first, guest.pass.text, sizeof first);
  for (unsigned i = 0; i < 50; i++) {
    struct guest other;
    guest_join_numbered(room, "other", i, &other);
    guest_enter(room, &other);
    if (i % 2 == 0) {
      guest_exit(room, &other);
    }
    policy.session_ttl_ms += 1000;
    assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
    world_advance_ms(world, 1000);
    assert_state(guest_enter(room, &guest), WAITQ_STATE_ENTERED);
    assert_string_equal(guest.pass.text, first);
  }
}

static void enter_bound(waitq_room_t *room, struct guest *guest, const waitq_binding *binding) {
  waitq_enter_options options = WAITQ_ENTER_OPTIONS_INIT;
  options.binding = binding;
  assert_code(waitq_enter(room, guest->ticket.text, &options, &guest->pass, NULL), WAITQ_OK);
}

static void test_passes__that_are_bound_serve_that_request_alone(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest guest;
  waitq_binding binding = WAITQ_BINDING_INIT;
  binding.method = "POST";
  binding.url = "/buy?seat=1";
  binding.client = "203.0.113.9";
  guest_join(room, "ann", &guest);
  enter_bound(room, &guest, &binding);
  assert_state(guest.pass.state, WAITQ_STATE_ENTERED);
  assert_code(verify(world, &guest.pass, "concert", &binding, NULL), WAITQ_OK);
  assert_code(verify(world, &guest.pass, "concert", NULL, NULL), WAITQ_E_BINDING);
  waitq_binding other = binding;
  other.method = "GET";
  assert_code(verify(world, &guest.pass, "concert", &other, NULL), WAITQ_E_BINDING);
  other = binding;
  other.url = "/buy?seat=2";
  assert_code(verify(world, &guest.pass, "concert", &other, NULL), WAITQ_E_BINDING);
  other = binding;
  other.client = NULL;
  assert_code(verify(world, &guest.pass, "concert", &other, NULL), WAITQ_E_BINDING);
}

static void test_passes__that_are_not_bound_are_refused_where_a_binding_is_asked(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest guest;
  waitq_binding binding = WAITQ_BINDING_INIT;
  binding.url = "/buy";
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  assert_code(verify(world, &guest.pass, "concert", &binding, NULL), WAITQ_E_BINDING);
  guest_join(room, "bob", &guest);
  binding.url = "";
  enter_bound(room, &guest, &binding); /* a binding to nothing binds nothing */
  assert_code(verify(world, &guest.pass, "concert", NULL, NULL), WAITQ_OK);
}

static void test_passes__renewed_keep_id_and_binding_and_end_later(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest guest;
  waitq_binding binding = WAITQ_BINDING_INIT;
  waitq_claims before = WAITQ_CLAIMS_INIT;
  waitq_claims after = WAITQ_CLAIMS_INIT;
  binding.client = "device-7";
  guest_join(room, "ann", &guest);
  enter_bound(room, &guest, &binding);
  assert_code(verify(world, &guest.pass, "concert", &binding, &before), WAITQ_OK);
  world_advance_ms(world, 300000);
  assert_state(guest_renew(room, &guest), WAITQ_STATE_ENTERED);
  assert_code(verify(world, &guest.pass, "concert", &binding, &after), WAITQ_OK);
  assert_code(verify(world, &guest.pass, "concert", NULL, NULL), WAITQ_E_BINDING);
  assert_string_equal(before.id, after.id);
  assert_true(after.expires_at_ms > before.expires_at_ms);
  assert_true(after.expires_at_ms >= world_now_ms(world) + 600000);
  assert_true(after.expires_at_ms <= world_now_ms(world) + 676000);
  assert_int_equal(guest.pass.expires_at_ms, after.expires_at_ms);
}

static void test_passes__of_other_keys_are_not_taken(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct world *stranger = world_prepare(&memory_subject);
  stranger->key.bytes[0] ^= 1;
  assert_code(waitq_open("memory:", &stranger->options, &stranger->context, NULL), WAITQ_OK);
  waitq_room_t *elsewhere = world_room(stranger, "concert", NULL);
  struct guest guest;
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  guest_join(elsewhere, "ann", &guest);
  guest_enter(elsewhere, &guest);
  assert_code(waitq_poll(room, guest.ticket.text, &status, NULL), WAITQ_E_FORGED);
  assert_code(waitq_enter(room, guest.ticket.text, NULL, &pass, NULL), WAITQ_E_FORGED);
  assert_code(waitq_leave(room, guest.ticket.text, NULL, NULL), WAITQ_E_FORGED);
  assert_code(waitq_renew(room, guest.pass.text, &pass, NULL), WAITQ_E_FORGED);
  assert_code(waitq_exit(room, guest.pass.text, NULL), WAITQ_E_FORGED);
  assert_int_equal(line_stats(room).issued, 0);
  world_close(stranger);
}

int conformance_room_passes(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_passes__verify_with_the_key_of_the_context),
      ROOM_TEST(test_passes__are_for_their_room_alone),
      ROOM_TEST(test_passes__are_good_until_they_expire),
      ROOM_TEST(test_passes__of_a_repeated_entry_are_the_same_byte_by_byte),
      ROOM_TEST(test_passes__stay_the_same_whatever_becomes_of_other_tickets),
      ROOM_TEST(test_passes__that_are_bound_serve_that_request_alone),
      ROOM_TEST(test_passes__that_are_not_bound_are_refused_where_a_binding_is_asked),
      ROOM_TEST(test_passes__renewed_keep_id_and_binding_and_end_later),
      ROOM_TEST(test_passes__of_other_keys_are_not_taken),
  };
  return cmocka_run_group_tests_name("room: passes", tests, NULL, NULL);
}
