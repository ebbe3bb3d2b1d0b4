/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef BACKEND_SERVICE_H
#define BACKEND_SERVICE_H

/* What the backend does with a request. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <waitq/waitq.h>

#include "h2o_loop.h"
#include "histogram.h"

struct service {
  waitq_t *context; /* for its limiter alone: it is in this process */
  waitq_limiter_t *limiter;
  waitq_verifier_t *verifier;
  FILE *log;
  uint64_t served;
  uint64_t shed;
  uint64_t refused;
  uint64_t failed;
  uint64_t reports_taken;
  uint64_t reports_lost;
  int64_t second;       /* the current one */
  uint64_t this_second; /* requests with a good token in it */
  uint64_t busiest;     /* and in the busiest so far */
  double rate_per_s;
  struct histogram latency; /* of requests with a good token, since it was asked for last */
  double p95_ms;            /* as it was then */
};

struct service_handler {
  h2o_handler_t super;
  struct service *service;
};

/* service_close() in any case. False with the reason in message. */
bool service_open(struct service *service, const char *keys, const char *event, double rate_per_s, uint64_t burst,
                  const char *log, char *message, size_t capacity);
void service_flush(struct service *service);

/* The latency that 95 of 100 requests did not exceed since this was asked last, from their first byte to the reply; 0 where
 * there were none. */
double service_take_p95_ms(struct service *service);
void service_close(struct service *service);

int service_on_request(h2o_handler_t *self, h2o_req_t *req);

#endif
