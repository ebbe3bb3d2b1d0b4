/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What the backend is promised: the rate of entries, and the number of slots. */

#include <inttypes.h>
#include <stdlib.h>
#include <waitq/waitq.h>

#include "../support/child.h"
#include "lives.h"

/* The highest rate that may have been in force from a moment on. */
struct step {
  int64_t from_us;
  double rate_per_s;
  double made; /* tokens made by this moment, since the first step */
};

struct rates {
  struct step *steps;
  size_t count;
};

struct entry {
  int64_t from_us;
  int64_t to_us;
};

/* Something that is added to a count at a moment. */
struct change {
  int64_t at_us;
  int by;
};

static void *allocate(size_t count, size_t size) {
  void *made = calloc(count + 1, size);
  if (made == NULL) {
    child_fail("out of memory");
  }
  return made;
}

static void add_step(struct rates *rates, int64_t from_us, double rate_per_s) {
  rates->steps[rates->count++] = (struct step){.from_us = from_us, .rate_per_s = rate_per_s};
}

/* While the rate is being changed, the higher of the two may hold. One that may or may not have been set, may hold until the
 * end. */
static struct rates make_rates(const struct check *check) {
  const struct history *history = check->history;
  struct rates rates = {allocate(2 * history->count + 2, sizeof(struct step)), 0};
  double now = check->rules->rate_per_s;
  double least = 0;
  add_step(&rates, INT64_MIN / 4, now);
  for (size_t i = 0; i < history->count; i++) {
    const struct event *event = &history->events[i];
    if (event->op != EVENT_SET_RATE || (event->code != WAITQ_OK && !event_is_unknown(event))) {
      continue;
    }
    double set = event->as.rate_per_s;
    if (event_is_unknown(event)) {
      least = set > least ? set : least;
      now = now > least ? now : least;
      add_step(&rates, event->start_us - check->rules->slack_us, now);
      continue;
    }
    add_step(&rates, event->start_us - check->rules->slack_us, now > set ? now : set);
    now = set > least ? set : least;
    add_step(&rates, event->end_us + check->rules->slack_us, now);
  }
  for (size_t i = 1; i < rates.count; i++) {
    const struct step *before = &rates.steps[i - 1];
    if (rates.steps[i].from_us < before->from_us) {
      rates.steps[i].from_us = before->from_us; /* two changes within the slack of each other */
    }
    /* Counted from the first change: what came before it is one rate, and needs no sum. */
    int64_t since_us = i == 1 ? rates.steps[i].from_us : before->from_us;
    rates.steps[i].made = before->made + before->rate_per_s * (double)(rates.steps[i].from_us - since_us) / 1e6;
  }
  return rates;
}

/* Tokens made by a moment; only differences mean something. */
static double made_by(const struct rates *rates, int64_t at_us) {
  size_t low = 0;
  size_t high = rates->count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (rates->steps[middle].from_us <= at_us) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const struct step *step = &rates->steps[low];
  int64_t origin_us = low > 0 ? step->from_us : rates->count > 1 ? rates->steps[1].from_us : 0;
  return step->made + step->rate_per_s * (double)(at_us - origin_us) / 1e6;
}

/* What losses excuse in an interval: the entries of the window that was lost, and a burst. */
static double excused(const struct check *check, int64_t from_us, int64_t to_us) {
  double excess = 0;
  for (size_t i = 0; check->verdict->losses > 0 && i < check->history->count; i++) {
    const struct event *event = &check->history->events[i];
    if (event->op == EVENT_LOSS && event->end_us >= from_us && event->start_us - event->as.window_us <= to_us) {
      double highest = check->rules->rate_per_s;
      for (size_t j = 0; j < check->history->count; j++) {
        const struct event *set = &check->history->events[j];
        highest = set->op == EVENT_SET_RATE && set->as.rate_per_s > highest ? set->as.rate_per_s : highest;
      }
      excess += (double)check->rules->burst + highest * (double)event->as.window_us / 1e6;
    }
  }
  return excess;
}

static int by_end(const void *a, const void *b) {
  const struct entry *left = a;
  const struct entry *right = b;
  return (left->to_us > right->to_us) - (left->to_us < right->to_us);
}

/* All intervals from the beginning of one entry to the end of another. */
static void check_intervals(struct check *check, const struct entry *entries, size_t count) {
  struct rates rates = make_rates(check);
  for (size_t a = 0; a < count; a++) {
    int64_t from_us = entries[a].from_us;
    double made = made_by(&rates, from_us);
    uint64_t inside = 0;
    for (size_t b = 0; b < count; b++) {
      if (entries[b].from_us < from_us) {
        continue;
      }
      inside++;
      double slack = 2 * (double)check->rules->slack_us / 1e6 * rates.steps[0].rate_per_s;
      double limit = (double)check->rules->burst + made_by(&rates, entries[b].to_us) - made + slack;
      double share = (double)inside / limit;
      if (share > check->verdict->tightest && inside > check->rules->burst) {
        check->verdict->tightest = share;
      }
      if ((double)inside > limit + 0.001 &&
          (double)inside > limit + excused(check, from_us, entries[b].to_us) + 0.001) {
        check_violation(check, RULE_RATE, "%" PRIu64 " entries from %" PRId64 " to %" PRId64 " us, where %.3f may be",
                        inside, from_us, entries[b].to_us, limit);
      }
    }
  }
  free(rates.steps);
}

void check_rate(struct check *check) {
  struct entry *entries = allocate(check->lives.count, sizeof *entries);
  size_t count = 0;
  for (size_t i = 0; i < check->lives.count; i++) {
    const struct life *life = &check->lives.lives[i];
    if (life->entry_to_us != NEVER) {
      entries[count++] = (struct entry){life->entry_from_us, life->entry_to_us};
    }
  }
  qsort(entries, count, sizeof *entries, by_end);
  check_intervals(check, entries, count);
  check->verdict->entries = count;
  free(entries);
}

/* From when until when a ticket took a slot for certain: from the first view of its turn, as long as that may be claimed;
 * and from its entry until the pass ends, or the visitor begins to exit. */
static int find_stay(const struct check *check, const struct life *life, struct entry *stay) {
  int64_t until_us = INT64_MIN;
  int64_t ends_us = NEVER;
  *stay = (struct entry){NEVER, INT64_MIN};
  for (size_t i = 0; i < life->count; i++) {
    const struct event *event = check->lives.events[life->first + i];
    int is_turn = event_tells_state(event) && event->state == WAITQ_STATE_READY && event->as.ticket.until_us > 0;
    int is_pass = event->code == WAITQ_OK && event->state == WAITQ_STATE_ENTERED &&
                  (event->op == EVENT_ENTER || event->op == EVENT_RENEW);
    if (event->op == EVENT_LEAVE || event->op == EVENT_EXIT) {
      ends_us = event->start_us < ends_us ? event->start_us : ends_us;
    }
    if ((is_turn || is_pass) && event->end_us < ends_us) {
      /* An entry that came after the turn's deadline, or a renewal after the pass's end, began a stay of its own. */
      stay->from_us = stay->from_us == NEVER || event->start_us > until_us ? event->end_us : stay->from_us;
      int64_t new_us = event->as.ticket.until_us - check->rules->slack_us;
      until_us = new_us > until_us || (is_pass && event->op == EVENT_ENTER) ? new_us : until_us;
    }
  }
  stay->to_us = until_us < ends_us ? until_us : ends_us;
  return stay->from_us < stay->to_us;
}

static int by_moment(const void *a, const void *b) {
  const struct change *left = a;
  const struct change *right = b;
  if (left->at_us != right->at_us) {
    return left->at_us < right->at_us ? -1 : 1;
  }
  return left->by - right->by; /* ends before beginnings */
}

static void check_stays(struct check *check) {
  struct change *changes = allocate(2 * check->lives.count, sizeof *changes);
  size_t count = 0;
  for (size_t i = 0; i < check->lives.count; i++) {
    struct entry stay;
    if (find_stay(check, &check->lives.lives[i], &stay)) {
      changes[count++] = (struct change){stay.from_us, 1};
      changes[count++] = (struct change){stay.to_us, -1};
    }
  }
  qsort(changes, count, sizeof *changes, by_moment);
  int64_t taken = 0;
  for (size_t i = 0; i < count; i++) {
    taken += changes[i].by;
    if (taken > (int64_t)check->verdict->most_taken) {
      check->verdict->most_taken = (uint64_t)taken;
    }
    /* Sessions that the store has forgotten run on until they end. */
    double more = excused(check, changes[i].at_us - check->rules->session_us, changes[i].at_us);
    if (check->rules->max_active > 0 && (double)taken > (double)check->rules->max_active + more) {
      check_violation(check, RULE_ACTIVE, "%" PRId64 " slots taken at %" PRId64 " us", taken, changes[i].at_us);
    }
  }
  free(changes);
}

void check_active(struct check *check) {
  check_stays(check);
  for (size_t i = 0; i < check->history->count; i++) {
    const struct event *event = &check->history->events[i];
    if ((event->op != EVENT_STATS && event->op != EVENT_FINAL) || event->code != WAITQ_OK) {
      continue;
    }
    uint64_t taken = event->as.room.active + event->as.room.ready;
    double more = excused(check, event->start_us - check->rules->session_us, event->end_us);
    if (check->rules->max_active > 0 && (double)taken > (double)check->rules->max_active + more) {
      check_violation(check, RULE_ACTIVE, "the room says %" PRIu64 " active and %" PRIu64 " ready at %" PRId64 " us",
                      event->as.room.active, event->as.room.ready, event->start_us);
    }
  }
}
