/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <waitq/waitq.h>

#include "../support/child.h"
#include "lives.h"

static const char *const texts[RULE_COUNT] = {
    "entries in any interval <= burst + rate x time",
    "active + unclaimed <= max_active",
    "turns come in order",
    "no number is two visitors'",
    "a visitor keeps one ticket",
    "one pass a ticket",
    "who polls on time keeps the place",
    "states change as they may",
    "positions never rise",
    "the counts add up",
    "calls end in time",
    "no errors without a fault",
    "the history is complete",
};

const char *rule_text(enum rule rule) {
  return texts[rule];
}

static int by_size(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static int64_t quantile(const int64_t *sorted, size_t count, double share) {
  return count == 0 ? 0 : sorted[(size_t)(share * (double)(count - 1) + 0.5)];
}

static void measure(struct check *check) {
  const struct history *history = check->history;
  int64_t *values = calloc(history->count + 1, sizeof *values);
  if (values == NULL) {
    child_fail("out of memory");
  }
  for (uint32_t op = EVENT_JOIN; op <= EVENT_EXIT; op++) {
    size_t count = 0;
    for (size_t i = 0; i < history->count; i++) {
      const struct event *event = &history->events[i];
      if (event->op == op && event->code == WAITQ_OK) {
        values[count++] = event->end_us - event->start_us;
      }
    }
    qsort(values, count, sizeof *values, by_size);
    check->verdict->took_us[op][0] = quantile(values, count, 0.5);
    check->verdict->took_us[op][1] = quantile(values, count, 0.99);
    check->verdict->took_us[op][2] = quantile(values, count, 1);
  }
  size_t count = 0;
  for (size_t i = 0; i < history->count; i++) {
    if (history->events[i].op == EVENT_POLL && history->events[i].code == WAITQ_OK) {
      values[count++] = history->events[i].as.ticket.age_us;
    }
  }
  qsort(values, count, sizeof *values, by_size);
  check->verdict->age_us[0] = quantile(values, count, 0.5);
  check->verdict->age_us[1] = quantile(values, count, 0.9);
  check->verdict->age_us[2] = quantile(values, count, 0.99);
  check->verdict->age_us[3] = quantile(values, count, 1);
  free(values);
}

static void count_all(struct check *check) {
  struct verdict *verdict = check->verdict;
  verdict->events = check->history->count;
  verdict->tickets = check->lives.count;
  for (size_t i = 0; i < check->history->count; i++) {
    verdict->losses += check->history->events[i].op == EVENT_LOSS;
  }
  for (size_t i = 0; i < check->lives.count; i++) {
    verdict->left += (uint64_t)check->lives.lives[i].has_left;
    verdict->expired += (uint64_t)check->lives.lives[i].has_expired;
  }
  if (check->history->dropped > 0) {
    check_violation(check, RULE_COMPLETE, "%" PRIu64 " events found no room in a journal", check->history->dropped);
  }
}

void check_history(const struct history *history, const struct rules *rules, struct verdict *verdict) {
  *verdict = (struct verdict){0};
  struct check check = {.history = history, .rules = rules, .verdict = verdict};
  lives_make(&check.lives, history);
  count_all(&check);
  check_rate(&check);
  check_active(&check);
  check_order(&check);
  check_lost(&check);
  check_states(&check);
  check_positions(&check);
  check_numbers(&check);
  check_one_ticket(&check);
  check_one_entry(&check);
  check_counts(&check);
  check_times(&check);
  check_errors(&check);
  measure(&check);
  lives_free(&check.lives);
}

int verdict_is_good(const struct verdict *verdict) {
  for (unsigned rule = 0; rule < RULE_COUNT; rule++) {
    if (verdict->violations[rule] > 0) {
      return 0;
    }
  }
  return 1;
}

void verdict_print(const struct verdict *verdict, FILE *file) {
  fprintf(file,
          "%" PRIu64 " calls, %" PRIu64 " tickets, %" PRIu64 " entries, %" PRIu64 " left, %" PRIu64 " expired (%" PRIu64
          " missed their turn)\n",
          verdict->events, verdict->tickets, verdict->entries, verdict->left, verdict->expired, verdict->missed_turns);
  fprintf(file,
          "%" PRIu64 " errors, %" PRIu64 " calls without an answer, %" PRIu64 " losses, %" PRIu64
          " second tickets after them\n",
          verdict->errors, verdict->unknown, verdict->losses, verdict->second_tickets);
  fprintf(file, "at most %.1f %% of the entries that may be in an interval; %" PRIu64 " slots taken at most\n",
          100 * verdict->tightest, verdict->most_taken);
  fprintf(file, "views of polls: median %" PRId64 " ms old, 90 %% %" PRId64 ", 99 %% %" PRId64 ", oldest %" PRId64 "\n",
          verdict->age_us[0] / 1000, verdict->age_us[1] / 1000, verdict->age_us[2] / 1000, verdict->age_us[3] / 1000);
  for (uint32_t op = EVENT_JOIN; op <= EVENT_EXIT; op++) {
    fprintf(file, "%-6s median %6" PRId64 " us, 99 %% %7" PRId64 ", most %8" PRId64 "\n", event_name(op),
            verdict->took_us[op][0], verdict->took_us[op][1], verdict->took_us[op][2]);
  }
  for (unsigned rule = 0; rule < RULE_COUNT; rule++) {
    if (verdict->violations[rule] == 0) {
      fprintf(file, "kept    %s\n", texts[rule]);
    } else {
      fprintf(file, "BROKEN  %s: %" PRIu64 " times; %s\n", texts[rule], verdict->violations[rule],
              verdict->first[rule]);
    }
  }
}
