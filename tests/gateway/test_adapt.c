/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* How a rate follows a backend, in simulated time. */

#include "adapt.h"

#include <math.h>
#include <string.h>

#include "../support/rng.h"
#include "../support/test.h"

#define BACKENDS_MAX 4
#define GATEWAYS_MAX 3
#define HISTORY_MAX 4096
#define LAG_MAX 20

/* A backend serves so many a second and sheds the rest; its latency rises with what it is asked for. */
struct backend {
  double capacity_per_s;
  bool is_failing, is_silent;
  double served, shed, failed;
};

/* Gateways that each hear all backends, a few hundred ms apart, and know the rate as it was a moment ago. */
struct world {
  struct adapt_policy policy;
  struct adapt gateways[GATEWAYS_MAX];
  struct backend backends[BACKENDS_MAX];
  size_t gateway_count, backend_count;
  int64_t now_ms, paused_until_ms;
  int64_t view_age_ms;
  bool is_draining;
  double rate_per_s, rate_before, first_rate_per_s;
  double entered;
  double share_used; /* of the rate, by visitors */
  size_t lag;        /* tenths of a second from an entry to the backend, at most LAG_MAX */
  double on_the_way[LAG_MAX + 1];
  size_t change_count;
  struct {
    int64_t at_ms;
    double rate_per_s;
  } changes[HISTORY_MAX];
};

static void set_up(struct world *world, double rate_per_s, double capacity_per_s) {
  memset(world, 0, sizeof *world);
  adapt_policy_default(&world->policy);
  world->policy.max_rate_per_s = 1000;
  world->policy.min_rate_per_s = 10;
  world->gateway_count = world->backend_count = 1;
  world->backends[0].capacity_per_s = capacity_per_s;
  world->rate_per_s = world->rate_before = world->first_rate_per_s = rate_per_s;
  world->share_used = 1;
  world->now_ms = 1000000;
}

static struct adapt_report report_of(const struct backend *backend, size_t number, double p95_ms) {
  struct adapt_report report = {.served = (uint64_t)backend->served,
                                .shed = (uint64_t)backend->shed,
                                .failed = (uint64_t)backend->failed,
                                .p95_ms = p95_ms};
  report.source[0] = (char)('a' + number);
  return report;
}

static void set_rate(struct world *world, double rate_per_s) {
  assert_true(world->change_count < HISTORY_MAX);
  world->rate_before = world->rate_per_s;
  world->rate_per_s = rate_per_s;
  world->changes[world->change_count].at_ms = world->now_ms;
  world->changes[world->change_count++].rate_per_s = rate_per_s;
}

static void look(struct world *world, struct adapt *gateway) {
  struct adapt_order order;
  const bool is_seen =
      world->change_count == 0 || world->now_ms - world->changes[world->change_count - 1].at_ms >= world->view_age_ms;
  const struct adapt_look view = {.now_ms = world->now_ms,
                                  .rate_per_s = is_seen ? world->rate_per_s : world->rate_before,
                                  .entered = (uint64_t)world->entered,
                                  .is_flowing = world->now_ms >= world->paused_until_ms,
                                  .may_pause = world->now_ms >= world->paused_until_ms && !world->is_draining};
  if (!adapt_decide(gateway, &world->policy, &view, &order)) {
    return;
  }
  assert_true(order.rate_per_s >= world->policy.min_rate_per_s && order.rate_per_s <= world->policy.max_rate_per_s);
  if (order.rate_per_s != world->rate_per_s) {
    set_rate(world, order.rate_per_s);
  }
  if (order.pauses) {
    world->paused_until_ms = world->now_ms + (int64_t)world->policy.pause_ms;
  }
}

/* A tenth of a second; each second everybody reports, and every gateway looks, at a tenth of its own. */
static void step(struct world *world) {
  const bool is_open = world->now_ms >= world->paused_until_ms;
  const double arrivals = is_open ? world->rate_per_s * world->share_used / 10 : 0;
  const int64_t tenth = world->now_ms / 100 % 10;
  world->entered += arrivals;
  memmove(world->on_the_way + 1, world->on_the_way, LAG_MAX * sizeof(double));
  world->on_the_way[0] = arrivals;
  for (size_t i = 0; i < world->backend_count; i++) {
    struct backend *backend = &world->backends[i];
    const double asked = world->on_the_way[world->lag] / (double)world->backend_count;
    const double served = backend->is_failing ? 0 : fmin(asked, backend->capacity_per_s / 10);
    backend->served += served;
    *(backend->is_failing ? &backend->failed : &backend->shed) += asked - served;
    const struct adapt_report report = report_of(backend, i, 40 * asked * 10 / backend->capacity_per_s);
    for (size_t g = 0; g < world->gateway_count && tenth == (int64_t)(2 * i) && !backend->is_silent; g++) {
      assert_true(adapt_take(&world->gateways[g], &report, world->now_ms));
    }
  }
  for (size_t g = 0; g < world->gateway_count; g++) {
    if (tenth == (int64_t)(3 * g + 1)) {
      look(world, &world->gateways[g]);
    }
  }
  world->now_ms += 100;
}

static void run(struct world *world, double seconds) {
  const int64_t end_ms = world->now_ms + (int64_t)(seconds * 1000);
  while (world->now_ms < end_ms) {
    step(world);
  }
}

/* Lets time pass, and says between what the rate was. */
static void watch(struct world *world, double seconds, double *low, double *high) {
  const int64_t end_ms = world->now_ms + (int64_t)(seconds * 1000);
  *low = *high = world->rate_per_s;
  while (world->now_ms < end_ms) {
    step(world);
    *low = fmin(*low, world->rate_per_s);
    *high = fmax(*high, world->rate_per_s);
  }
}

/* Gateways that decide before they see one another's change all start from the same rate: what comes of that is one change
 * of it. */
static void assert_spaced(const struct world *world, int64_t least_ms) {
  const double step = world->policy.max_rate_per_s / 50;
  for (size_t i = 1; i < world->change_count; i++) {
    const int64_t apart_ms = world->changes[i].at_ms - world->changes[i - 1].at_ms;
    const double rate_per_s = world->changes[i].rate_per_s;
    const double start = i > 1 ? world->changes[i - 2].rate_per_s : world->first_rate_per_s;
    assert_true(apart_ms >= least_ms ||
                (apart_ms <= world->view_age_ms && rate_per_s >= 0.499 * start && rate_per_s <= start + step + 0.001));
  }
}

static void test_adapt__a_rate_comes_down_within_ten_seconds_and_up_within_two_minutes(void **unused) {
  (void)unused;
  struct world world;
  double low, high;
  set_up(&world, 500, 500);
  world.lag = 12;
  run(&world, 60);
  world.backends[0].capacity_per_s = 300;
  run(&world, 10);
  assert_true(world.rate_per_s <= 310);
  watch(&world, 120, &low, &high);
  assert_true(low >= 0.85 * 300 && high <= 300 + 1000.0 / 50);
  world.backends[0].capacity_per_s = 500;
  run(&world, 120);
  watch(&world, 120, &low, &high);
  assert_true(low >= 0.85 * 500 && high <= 500 + 1000.0 / 50 + 10);
  assert_true(high >= 500);
  assert_spaced(&world, 5000);
}

static void test_adapt__latency_alone_brings_it_down_and_between_well_and_unwell_nothing_changes(void **unused) {
  (void)unused;
  struct world world;
  double low, high;
  set_up(&world, 500, 1000);
  world.policy.p95_ms = 25; /* at 500/s of 1,000 it is 20 ms: neither */
  world.policy.max_rate_per_s = 900;
  watch(&world, 60, &low, &high);
  assert_true(low == 500 && high <= 518);
  world.policy.p95_ms = 10; /* which is 250/s */
  run(&world, 60);
  watch(&world, 120, &low, &high);
  assert_true(low >= 0.85 * 200 && high <= 250 + 18);
}

static void test_adapt__several_gateways_do_no_more_than_one(void **unused) {
  (void)unused;
  struct world world;
  double low, high;
  set_up(&world, 500, 250);
  world.gateway_count = 3;
  world.backend_count = 2;
  world.backends[1].capacity_per_s = 250;
  world.view_age_ms = 400; /* which is more than the 300 ms between their looks */
  run(&world, 60);
  world.backends[0].capacity_per_s = world.backends[1].capacity_per_s = 150;
  run(&world, 12);
  assert_true(world.rate_per_s <= 310);
  watch(&world, 200, &low, &high);
  assert_true(low >= 0.85 * 300 && high <= 300 + 20);
  assert_spaced(&world, 4000); /* by looks of a second */
}

static void test_adapt__a_backend_that_is_down_gets_the_lowest_rate_and_comes_back_by_doubling(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 400, 500);
  run(&world, 20);
  const double before = world.rate_per_s;
  world.backends[0].is_failing = true;
  run(&world, 10);
  assert_true(world.rate_per_s == 10);
  assert_int_equal(world.gateways[0].state == ADAPT_OPEN || world.gateways[0].state == ADAPT_PROBING, true);
  run(&world, 60);
  assert_true(world.rate_per_s == 10);
  world.backends[0].is_failing = false;
  const size_t changes = world.change_count;
  run(&world, 60);
  assert_true(world.rate_per_s >= 0.8 * before);
  assert_true(world.changes[changes].rate_per_s == 20 && world.changes[changes + 1].rate_per_s == 40);
  assert_int_equal(world.gateways[0].state, ADAPT_CLOSED);
  assert_spaced(&world, 5000);
}

static void test_adapt__one_that_sheds_all_is_down(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 400, 0.001);
  run(&world, 10);
  assert_true(world.change_count == 1 && world.rate_per_s == 10);
  assert_int_equal(world.gateways[0].tripped, 1);
}

static void test_adapt__silence_is_taken_for_an_end_and_reports_that_come_again_for_a_probe(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 400, 500);
  run(&world, 20);
  world.backends[0].is_silent = true;
  run(&world, 9);
  assert_true(world.rate_per_s >= 400);
  run(&world, 7);
  assert_true(world.rate_per_s == 10);
  assert_int_equal(world.gateways[0].state, ADAPT_OPEN);
  run(&world, 100);
  assert_true(world.rate_per_s == 10);
  assert_int_equal(world.gateways[0].tripped, 1);
  world.backends[0].is_silent = false;
  run(&world, 60);
  assert_true(world.rate_per_s >= 300);
}

static void test_adapt__while_it_is_down_the_room_pauses_where_that_is_wanted(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 400, 500);
  world.policy.pause_ms = 20000;
  run(&world, 20);
  world.backends[0].is_silent = true;
  run(&world, 16);
  assert_true(world.paused_until_ms > world.now_ms);
  const int64_t first_ms = world.paused_until_ms;
  run(&world, 30);
  assert_true(world.paused_until_ms > first_ms); /* it is paused again while nothing is heard */
  world.backends[0].is_silent = false;
  run(&world, 20);
  assert_true(world.paused_until_ms <= world.now_ms);
  run(&world, 60);
  assert_true(world.rate_per_s >= 300);
}

static void test_adapt__a_room_that_drains_is_not_paused_and_comes_back_all_the_same(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 400, 500);
  world.policy.pause_ms = 20000;
  world.is_draining = true;
  run(&world, 20);
  world.backends[0].is_silent = true;
  run(&world, 40);
  assert_true(world.rate_per_s == 10 && world.paused_until_ms == 0);
  world.backends[0].is_silent = false;
  run(&world, 60);
  assert_true(world.rate_per_s >= 300);
}

static void test_adapt__a_gateway_that_has_heard_nobody_does_nothing(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 400, 100);
  world.backends[0].is_silent = true;
  run(&world, 120);
  assert_int_equal(world.change_count, 0);
  assert_int_equal(world.gateways[0].state, ADAPT_UNHEARD);
}

static void test_adapt__a_rate_that_is_not_used_is_not_raised(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 400, 500);
  world.share_used = 0.5;
  run(&world, 120);
  assert_int_equal(world.change_count, 0);
}

static void test_adapt__a_rate_out_of_bounds_is_the_operator_s(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 400, 100);
  for (int i = 0; i < 2; i++) {
    world.rate_per_s = i == 0 ? 0 : 1200;
    run(&world, 60);
    assert_int_equal(world.change_count, 0);
  }
  world.rate_per_s = 400;
  run(&world, 10);
  assert_true(world.rate_per_s <= 200);
}

static void test_adapt__few_requests_prove_nothing_but_at_a_low_rate_few_have_to_do(void **unused) {
  (void)unused;
  struct world world;
  set_up(&world, 100, 0.5);
  world.policy.min_samples = 1000;
  run(&world, 9);
  assert_int_equal(world.change_count, 0);
  run(&world, 10);
  assert_true(world.change_count > 0);
  set_up(&world, 0.2, 1000);
  world.policy.min_rate_per_s = 0.1;
  world.policy.max_rate_per_s = 1;
  run(&world, 200);
  assert_true(world.rate_per_s > 0.4);
}

static void test_adapt__a_backend_that_begins_anew_and_a_report_that_comes_twice_count_once(void **unused) {
  (void)unused;
  struct adapt_policy policy;
  struct adapt adapt = {.state = ADAPT_UNHEARD};
  struct adapt_order order;
  struct adapt_look view = {.now_ms = 1000, .rate_per_s = 100, .is_flowing = true};
  struct adapt_report report = {.source = "a", .served = 1000};
  adapt_policy_default(&policy);
  policy.max_rate_per_s = 1000;
  adapt_decide(&adapt, &policy, &view, &order);
  view.now_ms = 4000;
  adapt_decide(&adapt, &policy, &view, &order);
  assert_true(adapt_take(&adapt, &report, 4000)); /* what it counted before it was known does not count */
  assert_int_equal(adapt.window.served, 0);
  report.served += 50;
  for (int i = 0; i < 2; i++) {
    assert_true(adapt_take(&adapt, &report, 5000));
    assert_int_equal(adapt.window.served, 50);
  }
  report.served = 7;
  assert_true(adapt_take(&adapt, &report, 6000));
  assert_int_equal(adapt.window.served, 50);
  report.served = 10;
  assert_true(adapt_take(&adapt, &report, 7000));
  assert_int_equal(adapt.window.served, 53);
}

static void test_adapt__sources_are_bounded_and_those_that_are_long_silent_give_way(void **unused) {
  (void)unused;
  struct adapt_policy policy;
  struct adapt adapt = {.state = ADAPT_UNHEARD};
  struct adapt_report report = {.source = "a"};
  adapt_policy_default(&policy);
  for (int i = 0; i < ADAPT_SOURCES_MAX; i++) {
    report.source[1] = (char)('a' + i);
    assert_true(adapt_take(&adapt, &report, 1000));
  }
  report.source[1] = 'Z';
  assert_false(adapt_take(&adapt, &report, 2000));
  assert_int_equal(adapt_sources(&adapt, &policy, 2000), ADAPT_SOURCES_MAX);
  assert_int_equal(adapt_sources(&adapt, &policy, 12000), 0);
  assert_true(adapt_take(&adapt, &report, 62000));
  assert_int_equal(adapt_sources(&adapt, &policy, 62000), 1);
}

/* Backends that do anything at all: bounds and spacing hold, which look() and assert_spaced() see to. */
static void test_adapt__whatever_is_reported_the_rate_stays_in_bounds_and_changes_no_faster_than_allowed(
    void **unused) {
  (void)unused;
  struct rng rng;
  rng_init(&rng, rng_seed("adapt", 1));
  for (int history = 0; history < 200; history++) {
    struct world world;
    set_up(&world, 10 + (double)rng_below(&rng, 990), 1 + (double)rng_below(&rng, 1000));
    world.backend_count = 1 + rng_below(&rng, BACKENDS_MAX);
    world.policy.p95_ms = (double)rng_below(&rng, 100);
    world.policy.pause_ms = (double)rng_below(&rng, 2) * 10000;
    world.policy.decrease = 0.5 + (double)rng_below(&rng, 49) / 100;
    for (int change = 0; change < 20; change++) {
      struct backend *backend = &world.backends[rng_below(&rng, world.backend_count)];
      backend->capacity_per_s = 1 + (double)rng_below(&rng, 1000);
      backend->is_failing = rng_below(&rng, 4) == 0;
      backend->is_silent = rng_below(&rng, 4) == 0;
      world.share_used = (double)rng_below(&rng, 11) / 10;
      if (rng_below(&rng, 3) == 0) { /* it begins anew, or says absurd things */
        backend->served = backend->shed = (double)rng_below(&rng, 1ULL << 53);
      }
      run(&world, 1 + (double)rng_below(&rng, 40));
    }
    assert_spaced(&world, 5000);
  }
}

static void test_adapt__policies_that_contradict_themselves_are_refused(void **unused) {
  (void)unused;
  struct adapt_policy policy;
  char reason[128];
  adapt_policy_default(&policy);
  assert_false(adapt_policy_is_on(&policy));
  assert_true(adapt_policy_check(&policy, 1e6, reason, sizeof reason));
  assert_true(adapt_policy_set(&policy, "max_rate_per_s", 500));
  assert_true(adapt_policy_check(&policy, 500, reason, sizeof reason));
  assert_false(adapt_policy_check(&policy, 501, reason, sizeof reason));
  assert_string_equal(reason, "rate_per_s is not between min_rate_per_s and max_rate_per_s");
  assert_true(adapt_policy_set(&policy, "min_rate_per_s", 600));
  assert_false(adapt_policy_check(&policy, 500, reason, sizeof reason));
  for (const char *const *field = (const char *const[]){"decrease", "interval_ms", "nothing", NULL}; *field != NULL;
       field++) {
    assert_false(adapt_policy_set(&policy, *field, 0.1));
  }
  assert_false(adapt_policy_set(&policy, "p95_ms", (double)NAN));
  assert_false(adapt_policy_set(&policy, "p95_ms", -1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_adapt__a_rate_comes_down_within_ten_seconds_and_up_within_two_minutes),
      cmocka_unit_test(test_adapt__latency_alone_brings_it_down_and_between_well_and_unwell_nothing_changes),
      cmocka_unit_test(test_adapt__several_gateways_do_no_more_than_one),
      cmocka_unit_test(test_adapt__a_backend_that_is_down_gets_the_lowest_rate_and_comes_back_by_doubling),
      cmocka_unit_test(test_adapt__one_that_sheds_all_is_down),
      cmocka_unit_test(test_adapt__silence_is_taken_for_an_end_and_reports_that_come_again_for_a_probe),
      cmocka_unit_test(test_adapt__while_it_is_down_the_room_pauses_where_that_is_wanted),
      cmocka_unit_test(test_adapt__a_room_that_drains_is_not_paused_and_comes_back_all_the_same),
      cmocka_unit_test(test_adapt__a_gateway_that_has_heard_nobody_does_nothing),
      cmocka_unit_test(test_adapt__a_rate_that_is_not_used_is_not_raised),
      cmocka_unit_test(test_adapt__a_rate_out_of_bounds_is_the_operator_s),
      cmocka_unit_test(test_adapt__few_requests_prove_nothing_but_at_a_low_rate_few_have_to_do),
      cmocka_unit_test(test_adapt__a_backend_that_begins_anew_and_a_report_that_comes_twice_count_once),
      cmocka_unit_test(test_adapt__sources_are_bounded_and_those_that_are_long_silent_give_way),
      cmocka_unit_test(test_adapt__whatever_is_reported_the_rate_stays_in_bounds_and_changes_no_faster_than_allowed),
      cmocka_unit_test(test_adapt__policies_that_contradict_themselves_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
