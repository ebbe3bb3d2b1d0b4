/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_WAITQ_H
#define WAITQ_WAITQ_H

/** @file waitq.h
 * @brief libwaitq: a waiting room for a server that exists already. This header includes all that a host needs.
 *
 *     waitq_t *context;
 *     waitq_room_t *room;
 *     waitq_open("memory:", NULL, &context, NULL);
 *     waitq_room_open(context, "concert", NULL, &room, NULL);
 *
 *     waitq_join(room, "ann", 3, NULL, &ticket, &status, NULL);   a place in line
 *     waitq_poll(room, ticket.text, &status, NULL);               position, estimate, turn
 *     waitq_enter(room, ticket.text, NULL, &pass, NULL);          the turn is used
 *
 * A host's first steps are in docs/concepts.md. Threads: a context and all it gives may be used from any thread at
 * once, except in the call that closes it. Fork: open the context after the fork (docs/threads-and-fork.md).
 *
 * Structures begin with their size. Initialise them with their _INIT macro, or from another language with their
 * waitq_..._init() function; a library newer than the program then never writes past the program's structure, and
 * refuses what it cannot know of. */

#include <waitq/context.h>
#include <waitq/error.h>
#include <waitq/eta.h>
#include <waitq/export.h>
#include <waitq/limiter.h>
#include <waitq/metrics.h>
#include <waitq/pass.h>
#include <waitq/queue.h>
#include <waitq/room.h>
#include <waitq/store.h>
#include <waitq/submit.h>
#include <waitq/version.h>

#endif
