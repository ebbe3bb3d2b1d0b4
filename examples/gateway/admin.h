/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ADMIN_H
#define GATEWAY_ADMIN_H

/* The calls of the operator, behind a bearer token. */

struct visit;

void admin_rate(struct visit *visit);    /* {"event_id", "rate_per_s"} */
void admin_rate_at(struct visit *visit); /* {"event_id", "rate_per_s", "at_ms"} */
void admin_pause(struct visit *visit);   /* {"event_id", "until_ms"}; until_ms may be absent */
void admin_resume(struct visit *visit);  /* {"event_id"} */
void admin_drain(struct visit *visit);
void admin_close(struct visit *visit);
void admin_reset(struct visit *visit);
void admin_flush(struct visit *visit); /* {"event_id"}; absent: all events */
void admin_stats(struct visit *visit);
void admin_health(struct visit *visit);

#endif
