/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../support/test.h"
#include "room/view.h"

#define READERS 3
#define PUBLICATIONS 60000

static struct waitq__views *views;

static int setup(void **state) {
  (void)state;
  views = calloc(1, sizeof *views);
  return views == NULL;
}

static int teardown(void **state) {
  (void)state;
  free(views);
  return 0;
}

/* A view each of whose words tells which view and which word it is. */
static struct waitq__view numbered(uint64_t number) {
  struct waitq__view view;
  for (uint64_t i = 0; i < WAITQ__VIEW_WORDS; i++) {
    uint64_t word = number << 16 | i;
    memcpy((unsigned char *)&view + 8 * i, &word, 8);
  }
  return view;
}

/* Which view the first words are of; they must all be of one. */
static uint64_t number_of(const struct waitq__view *view, unsigned words) {
  uint64_t first;
  memcpy(&first, view, 8);
  for (uint64_t i = 0; i < words; i++) {
    uint64_t word;
    memcpy(&word, (const unsigned char *)view + 8 * i, 8);
    if (word != (first | i)) {
      return UINT64_MAX;
    }
  }
  return first >> 16;
}

static void test_view__before_the_first_publication_all_is_zero(void **state) {
  (void)state;
  struct waitq__view view = numbered(7);
  waitq__views_read(views, &view, WAITQ__VIEW_WORDS);
  for (unsigned i = 0; i < 8 * WAITQ__VIEW_WORDS; i++) {
    assert_int_equal(((unsigned char *)&view)[i], 0);
  }
}

static void test_view__the_newest_is_read_however_often_the_ring_came_round(void **state) {
  (void)state;
  for (uint64_t number = 1; number < 100; number++) {
    struct waitq__view view = numbered(number);
    waitq__views_publish(views, &view);
    for (unsigned words = 1; words <= WAITQ__VIEW_WORDS; words++) {
      struct waitq__view read = numbered(0);
      waitq__views_read(views, &read, words);
      assert_memory_equal(&read, &view, 8 * words);
    }
  }
}

static void test_view__no_more_is_read_than_was_asked_for(void **state) {
  (void)state;
  struct waitq__view view = numbered(3);
  struct waitq__view read = numbered(9);
  const struct waitq__view before = read;
  waitq__views_publish(views, &view);
  waitq__views_read(views, &read, WAITQ__VIEW_HOT_WORDS);
  assert_memory_equal(&read, &view, offsetof(struct waitq__view, state));
  assert_memory_equal(&read.state, &before.state, sizeof read.state);
}

static void test_view__a_writer_stopped_half_way_holds_nobody_up(void **state) {
  (void)state;
  for (uint64_t number = 1; number < 10; number++) {
    struct waitq__view view = numbered(number);
    struct waitq__view read;
    waitq__views_publish(views, &view);
    for (unsigned i = 0; i < WAITQ__VIEW_WORDS / 2; i++) {
      atomic_store(&views->slots[(number + 1) % WAITQ__VIEW_SLOTS][i], UINT64_MAX);
    }
    waitq__views_read(views, &read, WAITQ__VIEW_WORDS);
    assert_int_equal(number_of(&read, WAITQ__VIEW_WORDS), number);
  }
}

struct reader {
  pthread_t thread;
  unsigned words;
  uint64_t reads;
  uint64_t torn;     /* views of more than one moment */
  uint64_t backward; /* views older than the one before */
  uint64_t last;
};

static void *read_on(void *user) {
  struct reader *reader = user;
  do {
    struct waitq__view view;
    waitq__views_read(views, &view, reader->words);
    uint64_t number = number_of(&view, reader->words);
    reader->torn += number == UINT64_MAX;
    reader->backward += number < reader->last;
    reader->last = number;
    reader->reads++;
  } while (reader->last < PUBLICATIONS);
  return NULL;
}

static void test_view__readers_see_whole_views_in_their_order_while_one_writes(void **state) {
  (void)state;
  struct reader readers[READERS] = {{.words = WAITQ__VIEW_HOT_WORDS}, {.words = WAITQ__VIEW_WORDS}, {.words = 6}};
  struct waitq__view view = numbered(0);
  waitq__views_publish(views, &view);
  for (unsigned i = 0; i < READERS; i++) {
    assert_int_equal(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
  }
  for (uint64_t number = 1; number <= PUBLICATIONS; number++) {
    view = numbered(number);
    waitq__views_publish(views, &view);
  }
  for (unsigned i = 0; i < READERS; i++) {
    assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
    assert_true(readers[i].reads > 0);
    assert_int_equal(readers[i].torn, 0);
    assert_int_equal(readers[i].backward, 0);
    assert_int_equal(readers[i].last, PUBLICATIONS);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_view__before_the_first_publication_all_is_zero, setup, teardown),
      UNIT_TEST(test_view__the_newest_is_read_however_often_the_ring_came_round, setup, teardown),
      UNIT_TEST(test_view__no_more_is_read_than_was_asked_for, setup, teardown),
      UNIT_TEST(test_view__a_writer_stopped_half_way_holds_nobody_up, setup, teardown),
      UNIT_TEST(test_view__readers_see_whole_views_in_their_order_while_one_writes, setup, teardown),
  };
  return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
