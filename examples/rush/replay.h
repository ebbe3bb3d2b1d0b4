/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_REPLAY_H
#define RUSH_REPLAY_H

/* A crowd that comes as a trace says, in virtual time: a day in seconds.
 *
 * All visitors poll when the library asks them to. The library's clock is the crowd's (waitq_options.clock), and every
 * event has a time stamp of its own, so that the order of events is known exactly. */

#include <stdatomic.h>
#include <stdbool.h>

#include "crowd.h"
#include "trace.h"

/* How many visitors a trace brings when its busiest minute brings so many a second; a few more than the mean, for
 * arrivals are drawn at random. */
double replay_visitors(const struct trace *trace, double peak_joins_per_s);

/* Runs until the end of the trace, or until *stop. The crowd's plan has a clock. */
void replay_run(struct crowd *crowd, const struct trace *trace, double peak_joins_per_s, const atomic_bool *stop);

#endif
