/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_STEP_H
#define WAITQ_ROOM_STEP_H

#include "room/round.h"

/* Lets time do its work on the state of a round: plans, generations, claims, turns. Sweeps at most chunks chunks. */
void waitq__plan_step(struct waitq__round *round, int chunks);

#endif
