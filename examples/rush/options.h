/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_OPTIONS_H
#define RUSH_OPTIONS_H

/* The command line. */

#include <stdbool.h>

struct options {
  double rate; /* admissions per second */
  double burst;
  double visitors;
  double join_rate, poll_rate; /* per second, of all threads */
  double leave_percent;
  double seconds;
  double threads;
  double seed;
  double peak; /* joins per second in the busiest minute of a trace */
  const char *store;
  const char *trace; /* NULL: real time */
  bool submit;       /* calls are submitted, whatever the store */
  bool json, plain;
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_BAD };

/* Reads the command line. HELP and BAD have said on stdout or stderr what there is to say. */
enum options_result options_parse(struct options *options, int argc, char **argv);

#endif
