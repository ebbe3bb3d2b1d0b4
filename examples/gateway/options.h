/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_OPTIONS_H
#define GATEWAY_OPTIONS_H

/* The command line. */

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

#define OPTIONS_TOKEN_SIZE 256

struct options {
  const char *listen; /* address:port */
  const char *store;
  const char *keys;         /* file; NULL: the store's own key */
  const char *admin_token;  /* NULL: no admin calls */
  const char *report_token; /* for reports alone; NULL: they take the admin token */
  const char *allow_origin;
  const char *pages; /* folder; NULL: those that are built in */
  bool allow_flush;
  bool log_calls;
  double threads;
  double max_events;
  double max_connections;
  double max_streams;
  double max_body;
  double request_timeout_s;
  double join_rate; /* per address; 0: no limit */
  double join_burst;
  double trusted_proxies;
  double enter_hold_ms; /* 0: none is held */
  double max_held;
  double drain_delay_s;
  double drain_timeout_s;
  struct config config;
  char admin_token_bytes[OPTIONS_TOKEN_SIZE];
  char report_token_bytes[OPTIONS_TOKEN_SIZE];
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_BAD };

/* Says on standard error what is wrong. options_free() in any case. */
enum options_result options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
