/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ADAPT_POLICY_H
#define GATEWAY_ADAPT_POLICY_H

/* How the rate of an event follows the health of its backend: numbers by name, for flags and the configuration file alike. */

#include <stdbool.h>
#include <stddef.h>

struct adapt_policy {
  double min_rate_per_s; /* the rate is never set below */
  double max_rate_per_s; /* nor above; 0: it is not adapted at all */
  double p95_ms;         /* above this latency the backend is unwell; 0: latencies do not count */
  double max_error_ratio;
  double trip_error_ratio;
  double decrease;       /* what the rate is multiplied by, at most */
  double increase_per_s; /* what is added to it; 0: a fiftieth of max_rate_per_s */
  double interval_ms;    /* between two changes, at least */
  double min_samples;    /* requests before anything is concluded */
  double silent_ms;      /* without a report for so long, the backend counts as down */
  double pause_ms;       /* a backend that is down gets nobody for so long; 0: the lowest rate goes on */
};

void adapt_policy_default(struct adapt_policy *policy);

/* The name and the help of the index-th field; NULL after the last. */
const char *adapt_policy_field(size_t index, const char **help);

/* Sets a field; a name that is none, or a value that cannot be one, is false. */
bool adapt_policy_set(struct adapt_policy *policy, const char *field, double value);

/* Whether the fields go together, and with the rate that an event begins with; false with the reason in message. */
bool adapt_policy_check(const struct adapt_policy *policy, double rate_per_s, char *message, size_t capacity);

static inline bool adapt_policy_is_on(const struct adapt_policy *policy) {
  return policy->max_rate_per_s > 0;
}

#endif
