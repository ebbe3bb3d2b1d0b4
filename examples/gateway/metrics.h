/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

/* GET /metrics: the library's metrics and the gateway's own, as Prometheus reads them. */

struct visit;

void metrics_reply(struct visit *visit);

#endif
