/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Crowds of requests, and a thread that leads their rounds, by a clock that the test moves. */

#include "../support/test.h"
#include "room/gather.h"

#define ROUND_US 100 /* how long a round takes */
#define SECOND_US 1000000

struct crowd {
  struct waitq__gather gather;
  int64_t now_us;
  double per_us;        /* requests that come by themselves */
  uint32_t outstanding; /* or as many at a time, each when the last was answered */
  double came;
  uint64_t rounds;
  uint64_t requests;
  int64_t waited_us;
  int64_t longest_us;
};

static struct crowd crowd_new(double per_us, uint32_t outstanding) {
  return (struct crowd){.now_us = SECOND_US, .per_us = per_us, .outstanding = outstanding};
}

static void pass(struct crowd *crowd, int64_t us) {
  crowd->now_us += us;
  crowd->came += (double)us * crowd->per_us;
}

/* Those who ask again after their answers all do within a round: the next one takes half of them, or all after a pause. */
static uint32_t gathered(const struct crowd *crowd, int64_t waited_us) {
  uint32_t again = waited_us > 0 ? crowd->outstanding : (crowd->outstanding + 1) / 2;
  return (uint32_t)crowd->came + again;
}

static void round_once(struct crowd *crowd) {
  while (gathered(crowd, 0) == 0) {
    pass(crowd, 10);
  }
  int64_t wait_us = waitq__gather_wait(&crowd->gather, crowd->now_us, gathered(crowd, 0));
  pass(crowd, wait_us);
  uint32_t requests = gathered(crowd, wait_us);
  int64_t begun_us = crowd->now_us;
  crowd->came -= (uint32_t)crowd->came;
  pass(crowd, ROUND_US);
  waitq__gather_note(&crowd->gather, begun_us, requests);
  crowd->rounds++;
  crowd->requests += requests;
  crowd->waited_us += wait_us;
  crowd->longest_us = wait_us > crowd->longest_us ? wait_us : crowd->longest_us;
}

static void run(struct crowd *crowd, int64_t us) {
  int64_t until_us = crowd->now_us + us;
  crowd->rounds = 0;
  crowd->requests = 0;
  crowd->waited_us = 0;
  crowd->longest_us = 0;
  while (crowd->now_us < until_us) {
    round_once(crowd);
  }
}

static void test_gather__who_come_by_themselves_share_a_round_a_millisecond(void **state) {
  (void)state;
  struct crowd crowd = crowd_new(0.015, 0);
  run(&crowd, 10 * SECOND_US);
  assert_in_range(crowd.rounds, 9900, 11000);
  assert_in_range(crowd.requests, 149000, 151000);
  assert_in_range(crowd.longest_us, 1, 1000);
}

static void test_gather__who_ask_again_after_their_answers_lose_little(void **state) {
  (void)state;
  for (uint32_t outstanding = 2; outstanding <= 128; outstanding *= 2) {
    struct crowd crowd = crowd_new(0, outstanding);
    run(&crowd, 10 * SECOND_US);
    uint64_t at_once = 10 * SECOND_US / ROUND_US * ((outstanding + 1) / 2);
    assert_in_range(crowd.requests, at_once * 98 / 100, at_once * 102 / 100);
  }
}

static void test_gather__who_comes_alone_never_waits(void **state) {
  (void)state;
  struct crowd crowd = crowd_new(0, 1);
  run(&crowd, 10 * SECOND_US);
  assert_int_equal(crowd.waited_us, 0);
}

static void test_gather__a_crowd_of_few_or_of_very_many_never_waits(void **state) {
  (void)state;
  static const double per_us[] = {0.0001, 0.0009, 0.5, 2.0};
  for (unsigned i = 0; i < sizeof per_us / sizeof per_us[0]; i++) {
    struct crowd crowd = crowd_new(per_us[i], 0);
    run(&crowd, 5 * SECOND_US);
    assert_int_equal(crowd.waited_us, 0);
  }
}

static void test_gather__a_crowd_that_changes_its_ways_is_noticed_at_once(void **state) {
  (void)state;
  struct crowd crowd = crowd_new(0.015, 0);
  run(&crowd, 2 * SECOND_US);
  assert_true(crowd.waited_us > SECOND_US);
  crowd.per_us = 0;
  crowd.outstanding = 8;
  run(&crowd, SECOND_US);
  assert_true(crowd.waited_us < SECOND_US / 10);
  crowd.per_us = 0.015;
  crowd.outstanding = 0;
  run(&crowd, SECOND_US);
  assert_true(crowd.waited_us > SECOND_US / 4);
}

static void test_gather__after_a_silence_the_first_does_not_wait(void **state) {
  (void)state;
  struct crowd crowd = crowd_new(0.015, 0);
  run(&crowd, SECOND_US);
  crowd.now_us += SECOND_US;
  assert_int_equal(waitq__gather_wait(&crowd.gather, crowd.now_us, 1), 0);
  run(&crowd, 5000);
  assert_int_equal(crowd.waited_us, 0);
}

static void test_gather__a_clock_that_runs_backward_lets_nobody_wait_longer(void **state) {
  (void)state;
  struct crowd crowd = crowd_new(0.015, 0);
  run(&crowd, SECOND_US);
  assert_in_range(waitq__gather_wait(&crowd.gather, crowd.now_us - SECOND_US, 1), 0, 1000);
  assert_in_range(waitq__gather_wait(&crowd.gather, 0, 1), 0, 1000);
}

static void test_gather__as_many_as_are_enough_do_not_wait(void **state) {
  (void)state;
  struct crowd crowd = crowd_new(0.015, 0);
  run(&crowd, SECOND_US / 2);
  int64_t now_us = crowd.gather.round_us + 200;
  assert_int_equal(waitq__gather_wait(&crowd.gather, now_us, 63), 800);
  assert_int_equal(waitq__gather_wait(&crowd.gather, now_us, 64), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gather__who_come_by_themselves_share_a_round_a_millisecond),
      cmocka_unit_test(test_gather__who_ask_again_after_their_answers_lose_little),
      cmocka_unit_test(test_gather__who_comes_alone_never_waits),
      cmocka_unit_test(test_gather__a_crowd_of_few_or_of_very_many_never_waits),
      cmocka_unit_test(test_gather__a_crowd_that_changes_its_ways_is_noticed_at_once),
      cmocka_unit_test(test_gather__after_a_silence_the_first_does_not_wait),
      cmocka_unit_test(test_gather__a_clock_that_runs_backward_lets_nobody_wait_longer),
      cmocka_unit_test(test_gather__as_many_as_are_enough_do_not_wait),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
