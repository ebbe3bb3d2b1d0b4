/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_REFUSAL_H
#define WAITQ_STORE_REDIS_REFUSAL_H

/* What an error that Redis answers means for whoever asked, by its first word. */

#include <stdint.h>

#include <waitq/error.h>

#include "store/redis/codec.h"
#include "store/redis/settings.h"

enum waitq__refusal_action {
  WAITQ__REFUSAL_FAIL, /* it stays as it is: NOAUTH, NOPERM, WRONGPASS, WRONGTYPE, CROSSSLOT, OOM, ERR ... */
  WAITQ__REFUSAL_WAIT, /* nothing was done; a moment later it may be: LOADING, BUSY, TRYAGAIN, CLUSTERDOWN, MASTERDOWN, NOREPLICAS ... */
  WAITQ__REFUSAL_REDIRECT, /* nothing was done; another server is asked from now on: MOVED */
  WAITQ__REFUSAL_ASK,      /* nothing was done; another server is asked this once: ASK */
  WAITQ__REFUSAL_RENEW, /* nothing was done; who is master must be found out again: READONLY, UNBLOCKED, role changes */
  WAITQ__REFUSAL_LOAD   /* nothing was done; the script must be loaded: NOSCRIPT */
};

struct waitq__refusal {
  enum waitq__refusal_action action;
  int code;                            /* what the caller of the library gets where it comes to that */
  uint32_t slot;                       /* of MOVED and ASK */
  struct waitq__redis_address address; /* of MOVED and ASK; an empty host means the server that answered */
};

struct waitq__refusal waitq__refusal_of(struct waitq__text text);

/* A copy that can be printed: NUL-terminated, cut where it does not fit, everything but printable ASCII replaced. */
void waitq__refusal_print(struct waitq__text text, char *out, size_t size);

/* Fills in an error with host, port and what the server said. */
int waitq__refusal_fail(const struct waitq__refusal *refusal, const struct waitq__redis_address *address,
                        struct waitq__text text, waitq_error *error);

#endif
