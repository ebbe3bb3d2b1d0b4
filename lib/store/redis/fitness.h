/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_FITNESS_H
#define WAITQ_STORE_REDIS_FITNESS_H

/* Whether a server is one that rooms can be kept in: of the kind that the URI says, and one that never evicts keys. */

#include <waitq/error.h>

#include "base/log.h"
#include "store/redis/link.h"
#include "store/redis/settings.h"

/* 0, or a negative code and what to change. The name is that of its address. */
int waitq__fitness_check(const struct waitq__server *server, const char *name,
                         const struct waitq__redis_settings *settings, waitq_error *error);

/* Tells of a server that is met later than at the start: what would have been refused then is a warning now. */
void waitq__fitness_log(const struct waitq__server *server, const char *name,
                        const struct waitq__redis_settings *settings, const struct waitq__log *log);

#endif
