/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_REPLICA_H
#define WAITQ_ROOM_REPLICA_H

/* A room of a shared store is a replica: state and ledger as of the last exchange. */

#include "room/round.h"

/* Takes what a round asks for to the store, and what the store tells into state and ledger. Called with the room's lock, which is free while
 * the store is asked. WAITQ_E_CONFLICT: nothing was done, the room is in another epoch; where round->conflicted is set, all but the
 * commit was done. */
int waitq__replica_exchange(struct waitq__round *round);

#endif
