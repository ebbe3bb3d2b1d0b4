/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_JOIN_H
#define WAITQ_ROOM_JOIN_H

#include "room/round.h"

/* Has a store in the process carry out the joins of a round, one after the other, so that each finds what the ones before it have left: the
 * same as as many single joins. It stops where time has work to do before the next. */
int waitq__join_each(struct waitq__round *round);

#endif
