/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_RUN_H
#define WAITQ_STORE_REDIS_RUN_H

/* Running a script on a link, by the name that Redis gave it (the SHA1 of its text). A server that does not know it, because it is new,
 * was promoted or has forgotten its scripts, is given the text. */

#include <pthread.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>

#include "store/redis/client.h"
#include "store/redis/link.h"
#include "store/redis/scripts.h"

#define WAITQ__SHA_LENGTH 40

/* The names, as far as they are known. */
struct waitq__shelf {
  pthread_mutex_t lock;
  char names[WAITQ__SCRIPT_COUNT][WAITQ__SHA_LENGTH];
  unsigned char is_known[WAITQ__SCRIPT_COUNT];
};

int waitq__shelf_init(struct waitq__shelf *shelf); /* 0 or -1 */
void waitq__shelf_destroy(struct waitq__shelf *shelf);

/* What is run, and where. */
struct waitq__run {
  struct waitq__shelf *shelf;
  const waitq_allocator *allocator;
  struct waitq__link *link;
  const struct waitq__call *call;
  int is_asking; /* the server is to make an exception, as ASK says */
  int64_t deadline_us;
};

/* WAITQ_OK with a reply, which the caller frees and which may be an error that the server answers. Otherwise the link is of no use any
 * more, and *was_sent tells whether the script may have run. */
int waitq__run(const struct waitq__run *run, struct waitq__reply **reply, int *was_sent, waitq_error *error);

#endif
