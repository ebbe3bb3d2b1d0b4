/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_REPORT_H
#define GATEWAY_REPORT_H

/* POST /admin/health-report: a backend says how it is. */

struct visit;

/* {"event_id", "source", "served", "shed", "failed", "p95_ms"}; shed, failed and p95_ms may be absent */
void report_health(struct visit *visit);

#endif
