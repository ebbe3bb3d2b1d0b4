/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_ASK_H
#define WAITQ_ROOM_ASK_H

#include "room/round.h"

/* Takes what a round asks for to the store, and the state over that it has accepted. WAITQ_E_CONFLICT: the room holds what the store
 * holds. Under the lock, which a shared store is asked without. */
int waitq__room_ask(struct waitq__round *round);

#endif
