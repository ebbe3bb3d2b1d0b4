/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <string.h>

#include "../support/rng.h"
#include "../support/test.h"
#include "core/wheel.h"

#define T0 INT64_C(1700000000000000)

static void check_consistent(const struct waitq__wheel *wheel, int64_t now_us) {
  assert_true(wheel->oldest <= wheel->current);
  assert_true(wheel->current - wheel->oldest < WAITQ__WHEEL_SLOTS);
  uint32_t live = waitq__wheel_live_slots(wheel, now_us);
  uint32_t expired = waitq__wheel_expired_slots(wheel, now_us);
  uint32_t known = 0;
  int64_t next_us = wheel->ends_us;
  for (uint64_t generation = wheel->oldest; generation <= wheel->current; generation++) {
    uint32_t slot = UINT32_C(1) << waitq__wheel_slot(generation);
    int is_retired = (wheel->retired & slot) != 0;
    int is_current = generation == wheel->current;
    int64_t deadline_us = waitq__wheel_deadline(wheel, generation);
    known |= slot;
    assert_int_equal((live & slot) != 0, is_current || deadline_us > now_us);
    assert_int_equal((expired & slot) != 0, !is_current && !is_retired && deadline_us <= now_us);
    if (!is_current && !is_retired && deadline_us < next_us) {
      next_us = deadline_us;
    }
  }
  assert_int_equal((live | expired) & ~known, 0);
  assert_int_equal(waitq__wheel_next(wheel), next_us);
}

static void test_wheel__the_example_of_its_header(void **state) {
  (void)state;
  struct waitq__wheel wheel;
  waitq__wheel_init(&wheel, 8000000, 1, 0);
  waitq__wheel_roll(&wheel, 300000);
  assert_int_equal(wheel.current, 0);
  assert_int_equal(wheel.ends_us, 1000000);
  assert_int_equal(waitq__wheel_deadline(&wheel, 0), 9000000);
  for (int64_t now_us = 1000000; now_us <= 9000000; now_us += 1000000) {
    waitq__wheel_roll(&wheel, now_us);
    assert_int_equal(waitq__wheel_expired_slots(&wheel, now_us), now_us == 9000000 ? 1 : 0);
  }
  assert_int_equal(waitq__wheel_expired_slots(&wheel, 8999999), 0);
}

/* Looks every microsecond, and notes one thing each time: none is called silent before ttl, or after ttl and an eighth. */
static void check_every_phase(int64_t ttl_us) {
  struct waitq__wheel wheel;
  int64_t first_noted[WAITQ__WHEEL_SLOTS] = {0};
  int64_t last_noted[WAITQ__WHEEL_SLOTS] = {0};
  int64_t eighth_us = (ttl_us + 7) / 8;
  uint64_t retired = 0;
  waitq__wheel_init(&wheel, ttl_us, 1, T0);
  for (int64_t now_us = T0; now_us < T0 + 5 * ttl_us; now_us++) {
    waitq__wheel_roll(&wheel, now_us);
    check_consistent(&wheel, now_us);
    uint32_t expired = waitq__wheel_expired_slots(&wheel, now_us);
    for (unsigned slot = 0; slot < WAITQ__WHEEL_SLOTS; slot++) {
      if ((expired >> slot & 1) != 0) {
        assert_true(now_us - last_noted[slot] >= ttl_us);
        assert_true(now_us - first_noted[slot] <= ttl_us + eighth_us);
        first_noted[slot] = 0;
        retired++;
      }
    }
    waitq__wheel_retire(&wheel, expired);
    unsigned slot = waitq__wheel_slot(wheel.current);
    first_noted[slot] = first_noted[slot] == 0 ? now_us : first_noted[slot];
    last_noted[slot] = now_us;
  }
  assert_true(retired >= (uint64_t)(3 * ttl_us / eighth_us));
}

static void test_wheel__silence_ends_between_ttl_and_an_eighth_more_in_every_phase(void **state) {
  (void)state;
  const int64_t ttls_us[] = {1, 2, 7, 8, 9, 63, 64, 65, 800, 1001};
  for (unsigned i = 0; i < sizeof ttls_us / sizeof ttls_us[0]; i++) {
    check_every_phase(ttls_us[i]);
  }
}

static void test_wheel__deadlines_are_rounded_up_to_the_grain(void **state) {
  (void)state;
  struct waitq__wheel wheel;
  waitq__wheel_init(&wheel, 800, 1000, T0 + 1);
  assert_int_equal(wheel.ends_us, T0 + 200);
  assert_int_equal(waitq__wheel_deadline(&wheel, 0), T0 + 1000);
  for (int64_t now_us = T0 + 1; now_us < T0 + 100000; now_us += 37) {
    waitq__wheel_roll(&wheel, now_us);
    check_consistent(&wheel, now_us);
    waitq__wheel_retire(&wheel, waitq__wheel_expired_slots(&wheel, now_us));
    int64_t deadline_us = waitq__wheel_deadline(&wheel, wheel.current);
    assert_int_equal(deadline_us % 1000, 0);
    assert_in_range(deadline_us - now_us, 800, 800 + 100 + 999);
  }
}

static void test_wheel__looked_at_seldom_it_waits_longer_but_never_shorter(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("wheel seldom", 1));
  struct waitq__wheel wheel;
  int64_t noted_us[WAITQ__WHEEL_SLOTS] = {0};
  int64_t now_us = T0;
  waitq__wheel_init(&wheel, 8000, 1, now_us);
  for (unsigned step = 0; step < 100000; step++) {
    now_us += (int64_t)rng_below(&rng, rng_once_in(&rng, 20) ? 50000 : 700);
    waitq__wheel_roll(&wheel, now_us);
    assert_true(now_us < wheel.ends_us);
    assert_true(waitq__wheel_begin(&wheel, wheel.current) <= now_us);
    assert_true(wheel.ends_us - waitq__wheel_begin(&wheel, wheel.current) == 1000);
    uint32_t expired = waitq__wheel_expired_slots(&wheel, now_us);
    for (unsigned slot = 0; slot < WAITQ__WHEEL_SLOTS; slot++) {
      assert_true((expired >> slot & 1) == 0 || now_us - noted_us[slot] >= 8000);
    }
    waitq__wheel_retire(&wheel, expired);
    noted_us[waitq__wheel_slot(wheel.current)] = now_us;
    assert_in_range(waitq__wheel_deadline(&wheel, wheel.current), now_us + 8000, now_us + 9000);
  }
}

static void test_wheel__generations_follow_each_other_without_a_gap(void **state) {
  (void)state;
  struct waitq__wheel wheel;
  waitq__wheel_init(&wheel, 800, 1, T0);
  waitq__wheel_roll(&wheel, T0 + 99);
  assert_int_equal(wheel.current, 0);
  waitq__wheel_roll(&wheel, T0 + 150);
  assert_int_equal(wheel.current, 1);
  assert_int_equal(waitq__wheel_begin(&wheel, 1), T0 + 100);
  assert_int_equal(wheel.ends_us, T0 + 200);
  waitq__wheel_roll(&wheel, T0 + 7777);
  assert_int_equal(wheel.current, 2);
  assert_int_equal(waitq__wheel_begin(&wheel, 2), T0 + 7777);
  assert_int_equal(wheel.ends_us, T0 + 7877);
}

/* A wheel of many long generations, and then a short ttl: the ring is full. */
static struct waitq__wheel full_ring(int64_t *now_us) {
  struct waitq__wheel wheel;
  waitq__wheel_init(&wheel, 8000, 1, T0);
  *now_us = T0;
  for (unsigned i = 0; i < 4; i++) {
    *now_us += 1000;
    waitq__wheel_roll(&wheel, *now_us);
  }
  waitq__wheel_set_ttl(&wheel, 8, *now_us);
  for (unsigned i = 0; i < 40; i++) {
    *now_us += 1;
    waitq__wheel_roll(&wheel, *now_us);
  }
  return wheel;
}

static void test_wheel__a_full_ring_lets_the_current_generation_go_on(void **state) {
  (void)state;
  int64_t now_us;
  struct waitq__wheel wheel = full_ring(&now_us);
  assert_int_equal(wheel.oldest, 0);
  assert_int_equal(wheel.current, WAITQ__WHEEL_SLOTS - 1);
  for (unsigned i = 0; i < 100; i++) {
    now_us++;
    waitq__wheel_roll(&wheel, now_us);
    check_consistent(&wheel, now_us);
    assert_int_equal(wheel.current, WAITQ__WHEEL_SLOTS - 1);
    assert_true(waitq__wheel_deadline(&wheel, wheel.current) >= now_us + 8);
    assert_true(wheel.ends_us > now_us);
  }
}

static void test_wheel__generations_retire_out_of_order_and_give_their_slots_in_order(void **state) {
  (void)state;
  int64_t now_us;
  struct waitq__wheel wheel = full_ring(&now_us);
  uint32_t expired = waitq__wheel_expired_slots(&wheel, now_us);
  assert_true(expired != 0);
  assert_int_equal(expired & 0x1f, 0); /* the long generations, 0 to 4, have not expired */
  waitq__wheel_retire(&wheel, expired);
  assert_int_equal(wheel.oldest, 0);
  assert_int_equal(waitq__wheel_expired_slots(&wheel, now_us), 0);
  check_consistent(&wheel, now_us);
  assert_true(waitq__wheel_next(&wheel) > now_us);
  now_us = T0 + 9000; /* generation 0 expires */
  waitq__wheel_roll(&wheel, now_us);
  assert_int_equal(waitq__wheel_expired_slots(&wheel, now_us) & 0x1f, 1);
  waitq__wheel_retire(&wheel, waitq__wheel_expired_slots(&wheel, now_us));
  assert_int_equal(wheel.oldest, 1);
  now_us = T0 + 20000;
  waitq__wheel_roll(&wheel, now_us);
  waitq__wheel_retire(&wheel, waitq__wheel_expired_slots(&wheel, now_us));
  assert_int_equal(wheel.oldest, wheel.current);
  assert_int_equal(wheel.retired, 0);
}

static void test_wheel__a_new_ttl_keeps_deadlines_and_comes_within_an_eighth(void **state) {
  (void)state;
  const int64_t ttls_us[] = {80, 800, 80000};
  for (unsigned i = 0; i < 3; i++) {
    struct waitq__wheel wheel;
    waitq__wheel_init(&wheel, 8000, 1, T0);
    waitq__wheel_roll(&wheel, T0 + 1000);
    waitq__wheel_set_ttl(&wheel, ttls_us[i], T0 + 1100);
    assert_int_equal(waitq__wheel_deadline(&wheel, 0), T0 + 9000);
    assert_int_equal(waitq__wheel_deadline(&wheel, 1), T0 + 10000);
    int64_t eighth_us = ttls_us[i] > 8000 ? 0 : ttls_us[i] / 8 < 900 ? ttls_us[i] / 8 : 900;
    assert_int_equal(wheel.ends_us, T0 + 1100 + eighth_us);
    waitq__wheel_roll(&wheel, wheel.ends_us);
    assert_int_equal(wheel.current, 2);
    assert_int_equal(waitq__wheel_deadline(&wheel, 2), wheel.ends_us + ttls_us[i]);
  }
}

static void test_wheel__time_that_stood_still_moves_all_deadlines(void **state) {
  (void)state;
  struct waitq__wheel wheel;
  waitq__wheel_init(&wheel, 8000, 1, T0);
  for (int64_t now_us = T0; now_us < T0 + 5000; now_us += 1000) {
    waitq__wheel_roll(&wheel, now_us);
  }
  struct waitq__wheel before = wheel;
  waitq__wheel_shift(&wheel, 12345);
  assert_int_equal(wheel.ends_us, before.ends_us + 12345);
  assert_int_equal(waitq__wheel_next(&wheel), waitq__wheel_next(&before) + 12345);
  for (uint64_t generation = wheel.oldest; generation <= wheel.current; generation++) {
    assert_int_equal(waitq__wheel_deadline(&wheel, generation), waitq__wheel_deadline(&before, generation) + 12345);
  }
}

/* Under any changes of the ttl, what was noted lives at least as long as the shorter of two limits: the one in force when it was
 * noted, and the one in force when its generation began. */
static void test_wheel__what_was_noted_too_late_in_a_generation_has_its_whole_time(void **state) {
  (void)state;
  struct waitq__wheel wheel;
  waitq__wheel_init(&wheel, 8000, 1, T0);
  waitq__wheel_prolong(&wheel, T0 + 500); /* not too late */
  assert_int_equal(waitq__wheel_deadline(&wheel, 0), T0 + 1000 + 8000);
  waitq__wheel_prolong(&wheel, T0 + 4000);
  waitq__wheel_roll(&wheel, T0 + 4100);
  assert_int_equal(wheel.current, 1);
  assert_int_equal(waitq__wheel_deadline(&wheel, 0), T0 + 4000 + 8000);
  assert_int_equal(waitq__wheel_expired_slots(&wheel, T0 + 11999), 0);
  assert_int_equal(waitq__wheel_expired_slots(&wheel, T0 + 12000), 1);
  check_consistent(&wheel, T0 + 12000);
}

static void test_wheel__random_changes_of_the_ttl_cut_nobody_short(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("wheel", 2));
  struct waitq__wheel wheel;
  int64_t until_us[WAITQ__WHEEL_SLOTS] = {0};
  int64_t begun_with_us[WAITQ__WHEEL_SLOTS] = {8000};
  int64_t now_us = T0;
  waitq__wheel_init(&wheel, 8000, 1, now_us);
  for (unsigned step = 0; step < 200000; step++) {
    now_us += (int64_t)rng_below(&rng, 300);
    uint64_t before = wheel.current;
    waitq__wheel_roll(&wheel, now_us);
    check_consistent(&wheel, now_us);
    unsigned slot = waitq__wheel_slot(wheel.current);
    if (wheel.current != before) {
      begun_with_us[slot] = wheel.ttl_us;
      until_us[slot] = 0;
    }
    int64_t lives_us = wheel.ttl_us < begun_with_us[slot] ? wheel.ttl_us : begun_with_us[slot];
    until_us[slot] = now_us + lives_us > until_us[slot] ? now_us + lives_us : until_us[slot];
    uint32_t expired = waitq__wheel_expired_slots(&wheel, now_us);
    for (unsigned i = 0; i < WAITQ__WHEEL_SLOTS; i++) {
      assert_true((expired >> i & 1) == 0 || now_us >= until_us[i]);
    }
    if (rng_once_in(&rng, 4)) {
      waitq__wheel_retire(&wheel, expired);
    }
    if (rng_once_in(&rng, 300)) {
      waitq__wheel_set_ttl(&wheel, rng_between(&rng, 1, rng_once_in(&rng, 2) ? 100 : 50000), now_us);
      assert_true(wheel.ends_us - now_us <= (wheel.ttl_us + 7) / 8);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wheel__the_example_of_its_header),
      cmocka_unit_test(test_wheel__silence_ends_between_ttl_and_an_eighth_more_in_every_phase),
      cmocka_unit_test(test_wheel__deadlines_are_rounded_up_to_the_grain),
      cmocka_unit_test(test_wheel__looked_at_seldom_it_waits_longer_but_never_shorter),
      cmocka_unit_test(test_wheel__generations_follow_each_other_without_a_gap),
      cmocka_unit_test(test_wheel__a_full_ring_lets_the_current_generation_go_on),
      cmocka_unit_test(test_wheel__generations_retire_out_of_order_and_give_their_slots_in_order),
      cmocka_unit_test(test_wheel__a_new_ttl_keeps_deadlines_and_comes_within_an_eighth),
      cmocka_unit_test(test_wheel__time_that_stood_still_moves_all_deadlines),
      cmocka_unit_test(test_wheel__what_was_noted_too_late_in_a_generation_has_its_whole_time),
      cmocka_unit_test(test_wheel__random_changes_of_the_ttl_cut_nobody_short),
  };
  return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
