/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_HEALTH_H
#define GATEWAY_HEALTH_H

/* What an orchestrator asks. */

struct visit;

/* 200 as long as a loop answers. */
void health_healthz(struct visit *visit);

/* 200, or 503 while the gateway drains. A store that is away is no reason: visitors are told where they stand from what is known,
 * and another gateway knows no more. */
void health_readyz(struct visit *visit);

void health_version(struct visit *visit);

#endif
