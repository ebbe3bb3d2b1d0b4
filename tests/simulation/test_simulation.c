/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Random histories, step by step beside a model. WAITQ_SIM_STEPS sets their length, WAITQ_TEST_SEED the first seed. */

#include "../../examples/custom_store/store.h"
#include "../support/test.h"
#include "sim.h"

#define SEEDS 3

static uint64_t steps_of_a_run(void) {
  return rng_environment("WAITQ_SIM_STEPS", 100000);
}

static void run(void **state, const char *name, uint64_t first_seed, uint32_t flags) {
  (void)state;
  uint64_t seed = rng_seed(name, first_seed);
  for (uint64_t i = 0; i < SEEDS; i++) {
    sim_run(&memory_subject, seed + i, steps_of_a_run(), flags);
  }
}

static void test_simulation__with_steady_limits(void **state) {
  run(state, "steady limits", 1000, 0);
}

static void test_simulation__with_limits_that_change(void **state) {
  run(state, "changing limits", 2000, SIM_LIMITS);
}

static void test_simulation__with_allocations_that_fail(void **state) {
  run(state, "failing allocations", 3000, SIM_FAILURES | SIM_LIMITS);
}

static void test_simulation__with_crowds_so_that_old_tickets_are_forgotten(void **state) {
  run(state, "crowds", 4000, SIM_CROWDS);
}

/* The example store looks from end to end: it gets shorter runs. */
static void test_simulation__on_a_custom_store(void **state) {
  (void)state;
  const struct subject subject = {"custom store", "plain:", plain_store(), NULL, NULL, 4000};
  uint64_t seed = rng_seed("custom store", 5000);
  sim_run(&subject, seed, steps_of_a_run() / 5, SIM_FAILURES);
  sim_run(&subject, seed + 1, steps_of_a_run() / 5, SIM_LIMITS);
}

/* On this store the outcome of a call may be unknown: it is repeated, and has one effect. */
static void test_simulation__behind_a_bad_line(void **state) {
  (void)state;
  uint64_t seed = rng_seed("bad line", 6000);
  for (uint64_t i = 0; i < SEEDS; i++) {
    struct flaky flaky;
    flaky_init(&flaky, FLAKY_REFUSES);
    const struct subject subject = {"bad line", "flaky:", &flaky.ops, &flaky, NULL, 0};
    sim_run(&subject, seed + i, steps_of_a_run(), i == 0 ? SIM_BAD_LINE : SIM_BAD_LINE | SIM_FAILURES | SIM_LIMITS);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_simulation__with_steady_limits),
      cmocka_unit_test(test_simulation__with_limits_that_change),
      cmocka_unit_test(test_simulation__with_allocations_that_fail),
      cmocka_unit_test(test_simulation__with_crowds_so_that_old_tickets_are_forgotten),
      cmocka_unit_test(test_simulation__on_a_custom_store),
      cmocka_unit_test(test_simulation__behind_a_bad_line),
  };
  return cmocka_run_group_tests_name("simulation", tests, NULL, NULL);
}
