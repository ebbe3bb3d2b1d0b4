/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"

#define MANY 300

static void note(struct story *story, const void *bytes, size_t count) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < count; i++) {
    story->hash = (story->hash ^ at[i]) * UINT64_C(1099511628211);
  }
}

static void note_number(struct story *story, uint64_t number) {
  note(story, &number, sizeof number);
}

/* Takes the trouble back. Returns whether there was some. */
static int trouble_ends(const struct story *story) {
  uint64_t failed = fake_memory_recover(&story->world->memory);
  if (story->trouble != NULL && story->trouble->flaky != NULL) {
    failed += flaky_recover(story->trouble->flaky);
  }
  return failed > 0;
}

/* Whether the call has to be made again. */
static int again(struct story *story, int code, const waitq_error *error, const char *call) {
  if (code == WAITQ_OK) {
    return 0;
  }
  if (!trouble_ends(story) || code != story->trouble->code) {
    fail_msg("%s: %s: %s", call, waitq_error_name(code), error->text);
  }
  assert_int_equal(error->code, code);
  assert_int_equal(error->retriable, 1);
  assert_string_not_equal(error->text, "");
  story->failures++;
  return 1;
}

#define UNTIL_OK(story, name, call)              \
  do {                                           \
    int code_;                                   \
    waitq_error error = WAITQ_ERROR_INIT;        \
    do {                                         \
      code_ = (call);                            \
    } while (again(story, code_, &error, name)); \
  } while (0)

static void note_status(struct story *story, const waitq_status *status) {
  note_number(story, status->state);
  note_number(story, status->reason);
  note_number(story, status->position);
  note_number(story, status->behind);
  note_number(story, (uint64_t)status->eta_ms);
  note_number(story, (uint64_t)status->enter_by_ms);
}

/* What is noted is where the ticket stands afterwards: a turn that could not be given within the join is given to whoever
 * comes by next. */
static void join(struct story *story, waitq_room_t *room, const char *visitor, waitq_ticket *ticket) {
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_ticket_init(ticket, sizeof *ticket);
  size_t length = visitor == NULL ? 0 : strlen(visitor);
  UNTIL_OK(story, "join", waitq_join(room, visitor, length, NULL, ticket, NULL, &error));
  UNTIL_OK(story, "poll", waitq_poll(room, ticket->text, &status, &error));
  note(story, ticket->text, strlen(ticket->text));
  note_status(story, &status);
}

/* Those behind a failure are still tried, so that the order of places depends on it: what is compared is how many got which.
 * Whoever had joined before the failure has a ticket, and gets it again. */
static void join_many(struct story *story, waitq_room_t *room, int first, int share) {
  waitq_visitor visitors[MANY];
  char names[MANY][16];
  waitq_ticket tickets[MANY];
  waitq_status statuses[MANY];
  uint64_t counts[8] = {0};
  waitq_ticket_init(&tickets[0], sizeof tickets[0]);
  waitq_status_init(&statuses[0], sizeof statuses[0]);
  for (int i = 0; i < MANY; i++) {
    snprintf(names[i], sizeof names[i], "many-%d", (first + i) / share);
    visitors[i] = (waitq_visitor){names[i], strlen(names[i])};
  }
  UNTIL_OK(story, "join_many", waitq_join_many(room, visitors, MANY, NULL, tickets, NULL, NULL, &error));
  UNTIL_OK(story, "poll_many", waitq_poll_many(room, tickets, MANY, statuses, NULL, &error));
  for (int i = 0; i < MANY; i++) {
    assert_string_not_equal(tickets[i].text, "");
    counts[statuses[i].state]++;
  }
  note(story, counts, sizeof counts);
}

static void enter(struct story *story, waitq_room_t *room, const waitq_ticket *ticket, waitq_pass *pass) {
  waitq_pass_init(pass, sizeof *pass);
  UNTIL_OK(story, "enter", waitq_enter(room, ticket->text, NULL, pass, &error));
  note_number(story, pass->state);
  note(story, pass->text, strlen(pass->text));
}

static void note_stats(struct story *story, waitq_room_t *room) {
  waitq_stats stats = WAITQ_STATS_INIT;
  UNTIL_OK(story, "stats", waitq_room_stats(room, &stats, &error));
  const uint64_t counts[] = {stats.epoch, stats.issued,  stats.waiting, stats.ready, stats.entered,
                             stats.left,  stats.expired, stats.active,  stats.head,  stats.phase};
  note(story, counts, sizeof counts);
}

/* A join of nobody whose answer was lost cannot be told from a second one. */
static int may_be_nobody(const struct story *story) {
  return story->trouble == NULL || story->trouble->flaky == NULL ||
         story->trouble->flaky->mode != FLAKY_LOSES_THE_ANSWER;
}

static void visits(struct story *story, waitq_room_t *room) {
  waitq_ticket tickets[20];
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass;
  for (int i = 0; i < 20; i++) {
    char name[16];
    snprintf(name, sizeof name, "v%d", i);
    join(story, room, i % 7 == 6 && may_be_nobody(story) ? NULL : name, &tickets[i]);
  }
  for (int i = 0; i < 6; i++) {
    enter(story, room, &tickets[i], &pass);
    if (pass.state == WAITQ_STATE_ENTERED) {
      waitq_pass renewed = WAITQ_PASS_INIT;
      world_advance_ms(story->world, 1500);
      UNTIL_OK(story, "renew", waitq_renew(room, pass.text, &renewed, &error));
      note(story, renewed.text, strlen(renewed.text));
      UNTIL_OK(story, "exit", waitq_exit(room, pass.text, &error));
    }
  }
  UNTIL_OK(story, "leave", waitq_leave(room, tickets[9].text, &status, &error));
  note_status(story, &status);
  UNTIL_OK(story, "poll", waitq_poll(room, tickets[12].text, &status, &error));
  note_status(story, &status);
  note_stats(story, room);
}

/* Past several growths of everything that grows, and far enough on that the first tickets are forgotten. */
static void crowd(struct story *story, waitq_room_t *room, int count) {
  waitq_ticket ticket;
  waitq_pass pass;
  for (int i = 0; i < count / 9; i++) {
    char name[16];
    snprintf(name, sizeof name, "c%d", i);
    join(story, room, i % 3 == 0 && may_be_nobody(story) ? NULL : name, &ticket);
    if (i % 100 == 0) {
      enter(story, room, &ticket, &pass);
      world_advance_ms(story->world, 2000);
    }
  }
  for (int i = count / 9; i < count; i += MANY) {
    join_many(story, room, i, 1 + i % 2);
  }
  note_stats(story, room);
  world_advance_ms(story->world, 2000000);
  note_stats(story, room);
  join(story, room, "c1", &ticket);
}

static void operate(struct story *story, waitq_room_t *room, waitq_policy *policy) {
  UNTIL_OK(story, "set_rate", waitq_room_set_rate(room, 50, &error));
  UNTIL_OK(story, "set_rate_at", waitq_room_set_rate_at(room, 60, world_now_ms(story->world) + 5000, &error));
  UNTIL_OK(story, "pause", waitq_room_set_phase(room, WAITQ_PHASE_PAUSED, &error));
  world_advance_ms(story->world, 7000);
  UNTIL_OK(story, "open", waitq_room_set_phase(room, WAITQ_PHASE_OPEN, &error));
  policy->burst = 9;
  UNTIL_OK(story, "configure", waitq_room_configure(room, policy, &error));
  UNTIL_OK(story, "policy", waitq_room_policy(room, policy, &error));
  note_number(story, policy->burst);
  note_stats(story, room);
}

static void reset(struct story *story, waitq_room_t *room) {
  UNTIL_OK(story, "reset", waitq_room_reset(room, &error));
  note_stats(story, room);
  visits(story, room);
}

static void limit(struct story *story) {
  waitq_limit terms = WAITQ_LIMIT_INIT;
  waitq_limiter_t *limiter = NULL;
  waitq_limiter_t *second = NULL;
  terms.burst = 3;
  UNTIL_OK(story, "limiter_open", waitq_limiter_open(story->world->context, "limit", &terms, &limiter, &error));
  UNTIL_OK(story, "limiter_open", waitq_limiter_open(story->world->context, "limit", NULL, &second, &error));
  terms.rate_per_s = 1;
  UNTIL_OK(story, "limiter_configure", waitq_limiter_configure(limiter, &terms, &error));
  for (int i = 0; i < 5; i++) {
    waitq_decision decision = WAITQ_DECISION_INIT;
    UNTIL_OK(story, "limiter_try", waitq_limiter_try(i % 2 == 0 ? limiter : second, 1, &decision, &error));
    note_number(story, decision.admitted);
    note_number(story, (uint64_t)decision.retry_after_ms);
  }
  waitq_limiter_close(second);
  waitq_limiter_close(limiter);
}

static void verify(struct story *story, const waitq_pass *pass) {
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_verifier_t *verifier = NULL;
  options.allocator = &story->world->memory.allocator;
  options.audience = "second";
  UNTIL_OK(story, "verifier_open", waitq_verifier_open(&story->world->key, 1, &options, &verifier, &error));
  note_number(story, (uint64_t)waitq_verify(verifier, pass->text, strlen(pass->text), world_now_ms(story->world), NULL,
                                            NULL, NULL));
  waitq_verifier_close(verifier);
}

static waitq_room_t *open_room(struct story *story, const char *name, const waitq_policy *policy) {
  waitq_room_t *room = NULL;
  UNTIL_OK(story, "room_open", waitq_room_open(story->world->context, name, policy, &room, &error));
  assert_non_null(room);
  return room;
}

static void tell_of_calls(struct story *story) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_ticket ticket;
  waitq_pass pass;
  policy.rate_per_s = 5;
  policy.max_active = 2000;
  waitq_room_t *room = open_room(story, "first", &policy);
  visits(story, room);
  join_many(story, room, 0, 1);
  operate(story, room, &policy);
  waitq_room_close(room);
  room = open_room(story, "first", NULL);
  note_stats(story, room);
  reset(story, room);
  waitq_room_t *second = open_room(story, "second", NULL);
  join(story, second, "ann", &ticket);
  enter(story, second, &ticket, &pass);
  verify(story, &pass);
  limit(story);
  waitq_room_close(second);
  waitq_room_close(room);
}

static void tell_of_a_crowd(struct story *story, int count) {
  waitq_room_t *room = open_room(story, "first", NULL);
  crowd(story, room, count);
  waitq_room_close(room);
  room = open_room(story, "first", NULL);
  /* A close that had no memory may have kept the ends of some sessions to itself: they are found again within an eighth of
   * a session's time. */
  world_advance_ms(story->world, 80000);
  note_stats(story, room);
  waitq_room_close(room);
}

uint64_t story_tell(const struct subject *subject, enum story_kind kind, const struct trouble *trouble,
                    struct story *story) {
  *story = (struct story){.world = world_prepare(subject), .trouble = trouble, .hash = UINT64_C(14695981039346656037)};
  struct world *world = story->world;
  if (trouble != NULL && trouble->allocation != 0) {
    atomic_store(trouble->lasting ? &world->memory.fail_from : &world->memory.fail_at, trouble->allocation);
  }
  UNTIL_OK(story, "open", waitq_open(subject->uri, &world->options, &world->context, &error));
  if (kind == STORY_OF_CALLS) {
    tell_of_calls(story);
  } else {
    tell_of_a_crowd(story, (int)subject_many(subject) / 11);
  }
  uint64_t requests = fake_memory_requests(&world->memory);
  world_close(world);
  return requests;
}
