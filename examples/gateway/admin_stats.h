/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ADMIN_STATS_H
#define GATEWAY_ADMIN_STATS_H

/* The figures of all events, or of the one that the query names as event_id. They are at most a second older than what the library
 * says: nobody waits for the store. */

struct visit;

void admin_stats_reply(struct visit *visit);
void admin_health_reply(struct visit *visit);

#endif
