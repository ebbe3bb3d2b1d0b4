/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "arrivals.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../examples/rush/trace.h"

static double minute_s(const struct arrivals *arrivals) {
  return arrivals->scenario->minute_s > 0.0 ? arrivals->scenario->minute_s : 60.0;
}

static void read_day(struct arrivals *arrivals, const char *name) {
  char path[1024];
  char message[1200];
  struct trace trace;
  snprintf(path, sizeof path, "%s/%s", WAITQ_TRACES, name);
  if (trace_read(&trace, path, message, sizeof message) != 0) {
    fprintf(stderr, "%s\n", message);
    exit(1);
  }
  arrivals->minutes = trace.minutes;
  arrivals->before = malloc((trace.minutes + 1) * sizeof *arrivals->before);
  assert(arrivals->before != NULL);
  arrivals->before[0] = 0.0;
  for (uint32_t i = 0; i < trace.minutes; i++) {
    arrivals->before[i + 1] = arrivals->before[i] + (double)trace.requests[i] / trace.total;
  }
  trace_free(&trace);
}

void arrivals_init(struct arrivals *arrivals, const struct scenario *scenario) {
  *arrivals = (struct arrivals){.scenario = scenario};
  if (scenario->trace != NULL) {
    read_day(arrivals, scenario->trace);
  }
}

void arrivals_free(struct arrivals *arrivals) {
  free(arrivals->before);
}

double arrivals_end(const struct arrivals *arrivals) {
  return arrivals->before != NULL ? arrivals->minutes * minute_s(arrivals) : arrivals->scenario->arrivals_s;
}

/* The share of all who have come by t, which is before the end. */
static double share_until(const struct arrivals *arrivals, double t_s) {
  const struct scenario *scenario = arrivals->scenario;
  if (arrivals->before != NULL) {
    uint32_t minute = (uint32_t)(t_s / minute_s(arrivals));
    double begin = arrivals->before[minute];
    return begin + (arrivals->before[minute + 1] - begin) * (t_s / minute_s(arrivals) - minute);
  }
  if (scenario->surge_s > 0.0) {
    return expm1(-t_s / scenario->surge_s) / expm1(-scenario->arrivals_s / scenario->surge_s);
  }
  return t_s / scenario->arrivals_s;
}

double arrivals_until(const struct arrivals *arrivals, double t_s) {
  double share = t_s < arrivals_end(arrivals) ? share_until(arrivals, t_s) : 1.0;
  return arrivals->scenario->visitors * share;
}
