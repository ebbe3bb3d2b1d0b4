/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fake_memory.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "base/registry.h"

#define THINGS 1000

struct thing {
  struct waitq__named named;
  int is_in;
};

static struct fake_memory memory;
static struct waitq__registry registry;
static struct thing things[THINGS];

static void destroy(struct waitq__named *named) {
  ((struct thing *)named)->is_in = 0;
}

static int setup(void **state) {
  (void)state;
  fake_memory_init(&memory);
  registry = (struct waitq__registry){.allocator = &memory.allocator};
  memset(things, 0, sizeof things);
  for (unsigned i = 0; i < THINGS; i++) {
    things[i].named.destroy = destroy;
  }
  return 0;
}

static int teardown(void **state) {
  (void)state;
  waitq__registry_destroy(&registry);
  return fake_memory_blocks(&memory) != 0;
}

static const char *name_of(unsigned i) {
  static char name[72];
  snprintf(name, sizeof name, "room.%u", i);
  return name;
}

static int add(unsigned i) {
  int code = waitq__registry_add(&registry, &things[i].named, name_of(i));
  things[i].is_in = code == WAITQ_OK || things[i].is_in;
  return code;
}

static void check_all(unsigned count) {
  size_t in = 0;
  for (unsigned i = 0; i < count; i++) {
    assert_ptr_equal(waitq__registry_find(&registry, name_of(i)), things[i].is_in ? &things[i].named : NULL);
    in += (size_t)things[i].is_in;
  }
  assert_int_equal(registry.count, in);
}

static void test_registry__an_empty_one_has_nothing(void **state) {
  (void)state;
  assert_null(waitq__registry_find(&registry, "concert"));
  assert_null(waitq__registry_find(&registry, name_of(0)));
  assert_int_equal(fake_memory_requests(&memory), 0);
}

static void test_registry__a_thing_is_found_by_its_whole_name(void **state) {
  (void)state;
  struct waitq__named *named = &things[0].named;
  assert_int_equal(waitq__registry_add(&registry, named, "concert"), WAITQ_OK);
  assert_ptr_equal(waitq__registry_find(&registry, "concert"), named);
  assert_null(waitq__registry_find(&registry, "concer"));
  assert_null(waitq__registry_find(&registry, "concerts"));
  assert_null(waitq__registry_find(&registry, "Concert"));
  assert_null(waitq__registry_find(&registry, ""));
  assert_string_equal(named->name, "concert");
}

static void test_registry__a_name_of_71_characters_fits(void **state) {
  (void)state;
  char name[72];
  memset(name, 'n', 71);
  name[71] = '\0';
  things[0].is_in = 0x5a5a;
  assert_int_equal(waitq__registry_add(&registry, &things[0].named, name), WAITQ_OK);
  assert_ptr_equal(waitq__registry_find(&registry, name), &things[0].named);
  assert_int_equal(things[0].is_in, 0x5a5a);
  name[70] = 'm';
  assert_null(waitq__registry_find(&registry, name));
}

static void test_registry__as_it_grows_all_are_still_found(void **state) {
  (void)state;
  for (unsigned i = 0; i < THINGS; i++) {
    assert_int_equal(add(i), WAITQ_OK);
    if (i % 97 == 0) {
      check_all(i + 2);
    }
  }
  check_all(THINGS);
  assert_true(registry.capacity >= THINGS);
}

static void test_registry__random_additions_and_removals_agree_with_a_list(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("registry", 1));
  for (unsigned step = 0; step < 20000; step++) {
    unsigned i = (unsigned)rng_below(&rng, 200);
    if (things[i].is_in) {
      waitq__registry_remove(&registry, &things[i].named);
      things[i].is_in = 0;
    } else {
      assert_int_equal(add(i), WAITQ_OK);
    }
    if (step % 100 == 0) {
      check_all(200);
    }
  }
}

static void test_registry__destroyed_it_destroys_each_thing_once(void **state) {
  (void)state;
  for (unsigned i = 0; i < 40; i++) {
    assert_int_equal(add(i), WAITQ_OK);
  }
  waitq__registry_remove(&registry, &things[7].named);
  waitq__registry_destroy(&registry);
  for (unsigned i = 0; i < 40; i++) {
    assert_int_equal(things[i].is_in, i == 7);
  }
  assert_int_equal(registry.count, 0);
  things[7].is_in = 0;
}

static void test_registry__without_memory_nothing_is_added_and_nothing_lost(void **state) {
  (void)state;
  unsigned refused = 0;
  for (unsigned i = 0; i < 200; i++) {
    fake_memory_fail_all(&memory);
    int code = add(i);
    fake_memory_recover(&memory);
    if (code != WAITQ_OK) {
      refused++;
      assert_int_equal(code, WAITQ_E_NOMEM);
      assert_null(waitq__registry_find(&registry, name_of(i)));
      assert_int_equal(add(i), WAITQ_OK);
    }
  }
  check_all(200);
  assert_int_equal(refused, 5); /* at 0, 16, 32, 64 and 128 */
}

static void test_registry__freed_it_is_empty_and_can_be_used_again(void **state) {
  (void)state;
  assert_int_equal(add(0), WAITQ_OK);
  waitq__registry_remove(&registry, &things[0].named);
  waitq__registry_destroy(&registry);
  assert_int_equal(fake_memory_blocks(&memory), 0);
  assert_null(waitq__registry_find(&registry, name_of(0)));
  assert_int_equal(add(0), WAITQ_OK);
  check_all(2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_registry__an_empty_one_has_nothing, setup, teardown),
      UNIT_TEST(test_registry__a_thing_is_found_by_its_whole_name, setup, teardown),
      UNIT_TEST(test_registry__a_name_of_71_characters_fits, setup, teardown),
      UNIT_TEST(test_registry__as_it_grows_all_are_still_found, setup, teardown),
      UNIT_TEST(test_registry__random_additions_and_removals_agree_with_a_list, setup, teardown),
      UNIT_TEST(test_registry__destroyed_it_destroys_each_thing_once, setup, teardown),
      UNIT_TEST(test_registry__without_memory_nothing_is_added_and_nothing_lost, setup, teardown),
      UNIT_TEST(test_registry__freed_it_is_empty_and_can_be_used_again, setup, teardown),
  };
  return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
