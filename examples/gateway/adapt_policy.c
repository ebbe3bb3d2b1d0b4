/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "adapt_policy.h"

#include <stdio.h>
#include <string.h>

struct field_of_policy {
  const char *name;
  size_t offset;
  double low, high, fallback;
  const char *help;
};

#define FIELD(field) offsetof(struct adapt_policy, field)

static const struct field_of_policy fields[] = {
    {"max_rate_per_s", FIELD(max_rate_per_s), 0, 1e9, 0, "highest rate; 0: the rate is not adapted (0)"},
    {"min_rate_per_s", FIELD(min_rate_per_s), 0.001, 1e9, 1, "lowest rate (1)"},
    {"p95_ms", FIELD(p95_ms), 0, 3.6e6, 0, "latency above which the backend is unwell; 0: it does not count (0)"},
    {"max_error_ratio", FIELD(max_error_ratio), 0, 1, 0.02, "share of requests that may fail or be shed (0.02)"},
    {"trip_error_ratio", FIELD(trip_error_ratio), 0.01, 1, 0.5, "share that fails where the backend is down (0.5)"},
    {"decrease", FIELD(decrease), 0.5, 0.99, 0.9, "what the rate of an unwell backend is multiplied by (0.9)"},
    {"increase_per_s", FIELD(increase_per_s), 0, 1e9, 0, "what is added for a healthy one; 0: 1/50 of the highest (0)"},
    {"interval_ms", FIELD(interval_ms), 1000, 3.6e6, 5000, "least time between two changes (5000)"},
    {"min_samples", FIELD(min_samples), 1, 1e6, 10, "requests before anything is concluded (10)"},
    {"silent_ms", FIELD(silent_ms), 1000, 3.6e6, 10000, "without a report for so long the backend is down (10000)"},
    {"pause_ms", FIELD(pause_ms), 0, 3.6e6, 0,
     "for how long nobody is sent to one that is down; 0: min_rate_per_s (0)"},
};

#define FIELDS (sizeof fields / sizeof fields[0])

void adapt_policy_default(struct adapt_policy *policy) {
  for (size_t i = 0; i < FIELDS; i++) {
    memcpy((char *)policy + fields[i].offset, &fields[i].fallback, sizeof(double));
  }
}

const char *adapt_policy_field(size_t index, const char **help) {
  *help = index < FIELDS ? fields[index].help : NULL;
  return index < FIELDS ? fields[index].name : NULL;
}

bool adapt_policy_set(struct adapt_policy *policy, const char *name, double value) {
  for (size_t i = 0; i < FIELDS; i++) {
    if (strcmp(fields[i].name, name) == 0) {
      memcpy((char *)policy + fields[i].offset, &value, sizeof value);
      return value >= fields[i].low && value <= fields[i].high;
    }
  }
  return false;
}

bool adapt_policy_check(const struct adapt_policy *policy, double rate_per_s, char *message, size_t capacity) {
  const char *reason = NULL;
  if (!adapt_policy_is_on(policy)) {
    return true;
  }
  if (policy->min_rate_per_s > policy->max_rate_per_s) {
    reason = "min_rate_per_s is above max_rate_per_s";
  } else if (rate_per_s < policy->min_rate_per_s || rate_per_s > policy->max_rate_per_s) {
    reason = "rate_per_s is not between min_rate_per_s and max_rate_per_s";
  } else if (policy->trip_error_ratio < policy->max_error_ratio) {
    reason = "trip_error_ratio is below max_error_ratio";
  }
  snprintf(message, capacity, "%s", reason != NULL ? reason : "");
  return reason == NULL;
}
