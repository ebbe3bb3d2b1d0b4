/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_PASSES_H
#define WAITQ_SIMULATION_ETA_PASSES_H

/* Those who are inside: their passes, and in which order they came.
 *
 * With sessions, each lasts its own time. With a backend that serves so many a second, whoever came first is served
 * first; while the backend is out nobody is. */

#include <stdint.h>

struct crowd;
struct passes;

struct passes *passes_new(void);
void passes_free(struct passes *passes);

/* A visitor whose turn has come enters; where the room asks for a moment's patience, it is noted in the calendar. */
void passes_enter(struct crowd *crowd, uint32_t visitor);

/* A session is over. */
void passes_exit(struct crowd *crowd, uint32_t visitor);

/* The backend serves for a tick. */
void passes_serve(struct crowd *crowd);

/* How many are inside whose exits are told, and the visitors, in no order. */
uint32_t passes_inside(const struct passes *passes, const uint32_t **visitors);

#endif
