/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "adapt.h"

#include <math.h>
#include <string.h>

/* A source that has said nothing for so long gives its place to another. */
#define FORGET_MS 60000

/* Of the rate, what has to be used before more is given. */
#define USED 0.7

/* Of what is allowed, how much is healthy. */
#define HEALTHY_ERRORS 0.5
#define HEALTHY_LATENCY 0.8

/* Rates come back from a room rounded in the ninth decimal. */
static bool is_same(double a, double b) {
  return fabs(a - b) <= 1e-6 * fmax(fabs(a), fabs(b));
}

static double rounded(double rate_per_s) {
  return rate_per_s < 1 ? rate_per_s : round(rate_per_s * 1000) / 1000;
}

static double clamp(double value, double low, double high) {
  return fmin(fmax(value, low), high);
}

/* Right after a change reports still tell of the rate before. */
static bool is_settled(const struct adapt *adapt, const struct adapt_policy *policy, int64_t now_ms) {
  return (double)(now_ms - adapt->changed_ms) >= policy->interval_ms / 2;
}

static struct adapt_source *find(struct adapt *adapt, const char *name, int64_t now_ms) {
  struct adapt_source *place = NULL;
  for (size_t i = 0; i < ADAPT_SOURCES_MAX; i++) {
    struct adapt_source *source = &adapt->sources[i];
    if (source->is_used && strcmp(source->last.source, name) == 0) {
      return source;
    }
    if (place == NULL && (!source->is_used || now_ms - source->heard_ms > FORGET_MS)) {
      place = source;
    }
  }
  if (place != NULL) {
    place->is_used = false;
  }
  return place;
}

static void add(struct adapt_window *window, const struct adapt_report *before, const struct adapt_report *report) {
  const uint64_t served = report->served - before->served;
  const uint64_t shed = report->shed - before->shed;
  const uint64_t failed = report->failed - before->failed;
  window->served += served;
  window->shed += shed;
  window->failed += failed;
  window->latency_sum += report->p95_ms * (double)(served + shed + failed);
}

bool adapt_take(struct adapt *adapt, const struct adapt_report *report, int64_t now_ms) {
  struct adapt_source *source = find(adapt, report->source, now_ms);
  if (source == NULL) {
    return false;
  }
  const struct adapt_report *before = &source->last;
  /* Counters that have fallen are those of a backend that has begun anew. */
  if (source->is_used && adapt->window.has_begun && report->served >= before->served && report->shed >= before->shed &&
      report->failed >= before->failed) {
    add(&adapt->window, before, report);
  }
  source->last = *report;
  source->heard_ms = now_ms;
  source->is_used = true;
  adapt->state = adapt->state == ADAPT_UNHEARD ? ADAPT_CLOSED : adapt->state;
  return true;
}

size_t adapt_sources(const struct adapt *adapt, const struct adapt_policy *policy, int64_t now_ms) {
  size_t count = 0;
  for (size_t i = 0; i < ADAPT_SOURCES_MAX; i++) {
    const struct adapt_source *source = &adapt->sources[i];
    count += source->is_used && (double)(now_ms - source->heard_ms) < policy->silent_ms;
  }
  return count;
}

static void begin_window(struct adapt *adapt, const struct adapt_look *look) {
  adapt->window = (struct adapt_window){.has_begun = true, .began_ms = look->now_ms, .entered = look->entered};
}

/* Whoever has changed the rate: the interval begins anew. */
static void notice(struct adapt *adapt, const struct adapt_policy *policy, const struct adapt_look *look) {
  if (!is_same(look->rate_per_s, adapt->rate_per_s)) {
    adapt->rate_per_s = look->rate_per_s;
    adapt->changed_ms = look->now_ms;
    adapt->window.has_begun = false;
  }
  const bool has_reset = look->entered < adapt->window.entered;
  const bool is_old = (double)(look->now_ms - adapt->window.began_ms) > 6 * policy->interval_ms;
  if (is_settled(adapt, policy, look->now_ms) && (!adapt->window.has_begun || has_reset || is_old)) {
    begin_window(adapt, look);
  }
}

static bool give(struct adapt *adapt, const struct adapt_look *look, double rate_per_s, enum adapt_reason reason,
                 struct adapt_order *order) {
  *order = (struct adapt_order){.rate_per_s = rounded(rate_per_s), .reason = reason};
  if (is_same(order->rate_per_s, look->rate_per_s)) {
    begin_window(adapt, look);
    return false;
  }
  *(order->rate_per_s > look->rate_per_s ? &adapt->raised : &adapt->lowered) += 1;
  adapt->rate_per_s = order->rate_per_s;
  adapt->changed_ms = look->now_ms;
  adapt->window.has_begun = false;
  return true;
}

static bool trip(struct adapt *adapt, const struct adapt_policy *policy, const struct adapt_look *look,
                 enum adapt_reason reason, struct adapt_order *order) {
  const bool was_lowest = adapt->state != ADAPT_CLOSED && is_same(look->rate_per_s, policy->min_rate_per_s);
  adapt->tripped += adapt->state != ADAPT_OPEN;
  if (!was_lowest) { /* a probe that fails says nothing of what the backend takes when it is well */
    adapt->back_to = fmax(look->rate_per_s * policy->decrease, policy->min_rate_per_s);
  }
  adapt->state = ADAPT_OPEN;
  const bool is_lower = give(adapt, look, policy->min_rate_per_s, reason, order);
  order->pauses = policy->pause_ms > 0 && look->may_pause;
  adapt->changed_ms = look->now_ms;
  return is_lower || order->pauses;
}

static bool judge(struct adapt *adapt, const struct adapt_policy *policy, const struct adapt_look *look,
                  struct adapt_order *order) {
  const struct adapt_window *window = &adapt->window;
  const double served = (double)window->served;
  const double total = served + (double)window->shed + (double)window->failed;
  const double entries_per_s =
      (double)(look->entered - window->entered) * 1000 / (double)(look->now_ms - window->began_ms);
  const double bad = 1 - served / total;
  const double p95_ms = window->latency_sum / total;
  const bool is_slow = policy->p95_ms > 0 && p95_ms > policy->p95_ms;
  adapt->bad_ratio = bad;
  adapt->p95_ms = p95_ms;
  if (window->served == 0 || (double)window->failed > policy->trip_error_ratio * total) {
    return trip(adapt, policy, look, ADAPT_DOWN, order);
  }
  if (bad > policy->max_error_ratio || is_slow) {
    const double factor = clamp(policy->decrease * (1 - bad), 0.5, policy->decrease);
    adapt->state = ADAPT_CLOSED;
    return give(adapt, look, fmax(look->rate_per_s * factor, policy->min_rate_per_s),
                is_slow ? ADAPT_SLOW : ADAPT_ERRORS, order);
  }
  const bool is_healthy = bad <= HEALTHY_ERRORS * policy->max_error_ratio &&
                          (policy->p95_ms <= 0 || p95_ms <= HEALTHY_LATENCY * policy->p95_ms);
  if (!is_healthy || entries_per_s < USED * look->rate_per_s) {
    begin_window(adapt, look);
    return false;
  }
  if (adapt->state == ADAPT_PROBING) {
    const double rate_per_s = fmin(2 * look->rate_per_s, fmin(adapt->back_to, policy->max_rate_per_s));
    adapt->state = 2 * look->rate_per_s >= adapt->back_to ? ADAPT_CLOSED : ADAPT_PROBING;
    return give(adapt, look, fmax(rate_per_s, look->rate_per_s), ADAPT_PROBED, order);
  }
  const double step = policy->increase_per_s > 0 ? policy->increase_per_s : policy->max_rate_per_s / 50;
  return give(adapt, look, fmin(look->rate_per_s + step, policy->max_rate_per_s), ADAPT_HEALTHY, order);
}

/* At a low rate there are not as many as is asked for in three intervals; then those have to do. */
static double samples_needed(const struct adapt_policy *policy, double rate_per_s) {
  return clamp(3 * rate_per_s * policy->interval_ms / 1000, 1, policy->min_samples);
}

bool adapt_decide(struct adapt *adapt, const struct adapt_policy *policy, const struct adapt_look *look,
                  struct adapt_order *order) {
  notice(adapt, policy, look);
  const double rate_per_s = look->rate_per_s;
  const bool is_bounded = (rate_per_s >= policy->min_rate_per_s || is_same(rate_per_s, policy->min_rate_per_s)) &&
                          (rate_per_s <= policy->max_rate_per_s || is_same(rate_per_s, policy->max_rate_per_s));
  if (adapt->state == ADAPT_UNHEARD || !is_bounded ||
      (double)(look->now_ms - adapt->changed_ms) < policy->interval_ms) {
    return false;
  }
  const struct adapt_window *window = &adapt->window;
  if (adapt_sources(adapt, policy, look->now_ms) == 0) {
    const bool has_acted = adapt->state == ADAPT_OPEN && (policy->pause_ms <= 0 || !look->may_pause);
    return !has_acted && trip(adapt, policy, look, ADAPT_SILENT, order);
  }
  if (adapt->state == ADAPT_OPEN) {
    if (look->is_flowing) {
      adapt->state = ADAPT_PROBING;
      begin_window(adapt, look);
    }
    return false;
  }
  if (!window->has_begun || look->now_ms <= window->began_ms ||
      (double)(window->served + window->shed + window->failed) < samples_needed(policy, look->rate_per_s)) {
    return false;
  }
  return judge(adapt, policy, look, order);
}

const char *adapt_state_name(enum adapt_state state) {
  static const char *const names[] = {"unheard", "closed", "open", "probing"};
  return names[state];
}

const char *adapt_reason_name(enum adapt_reason reason) {
  static const char *const names[] = {"healthy", "probes do well", "slow", "errors", "down", "silent"};
  return names[reason];
}
