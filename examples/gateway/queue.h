/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_QUEUE_H
#define GATEWAY_QUEUE_H

/* The calls of the contract on the line. */

struct visit;

void queue_join(struct visit *visit);   /* join.c */
void queue_status(struct visit *visit); /* status.c */
void queue_events(struct visit *visit);
void queue_enter(struct visit *visit); /* enter.c */
void queue_leave(struct visit *visit); /* leave.c */
void queue_renew(struct visit *visit); /* session.c */
void queue_exit(struct visit *visit);

#endif
