/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "health.h"

#include "gateway.h"
#include "loop.h"
#include "reply.h"

void health_healthz(struct visit *visit) {
  reply_json(visit, 200, H2O_STRLIT("{\"status\":\"ok\"}"));
}

void health_readyz(struct visit *visit) {
  if (visit->loop->gateway->is_draining) {
    reply_json(visit, 503, H2O_STRLIT("{\"status\":\"draining\"}"));
  } else {
    reply_json(visit, 200, H2O_STRLIT("{\"status\":\"ready\"}"));
  }
}

void health_version(struct visit *visit) {
  reply_format(visit, 200, "{\"name\":\"waitq-gateway\",\"version\":\"%s\"}", waitq_version_string());
}
