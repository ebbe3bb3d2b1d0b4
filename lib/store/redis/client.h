/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_CLIENT_H
#define WAITQ_STORE_REDIS_CLIENT_H

/* Scripts run on the server that keeps a name, wherever that is at the moment: one server, the master that the Sentinels name, or the
 * master of a slot of a Cluster. Any number of threads call at once; each takes an idle link or makes a new one.
 *
 * What certainly had no effect (no connection, MOVED, ASK, TRYAGAIN, LOADING, READONLY, NOSCRIPT ...) is tried again until the time is up. What may
 * have had one is WAITQ_E_STORE or WAITQ_E_TIMEOUT, and the caller's to repeat. A server that could not be reached is left alone for a
 * moment that grows with each failure, 50 ms to 1 s: calls fail at once meanwhile. */

#include <stdint.h>

#include <waitq/error.h>
#include <waitq/store.h>

#include "store/redis/codec.h"
#include "store/redis/settings.h"

struct waitq__client;

/* A script, as it was embedded at build time; the generated scripts.h declares one for each file in scripts/. */
struct waitq__script {
  const char *name;
  const char *text;
  size_t length;
  uint32_t index; /* 0 to WAITQ__SCRIPT_COUNT - 1 */
};

struct waitq__call {
  const struct waitq__script *script;
  const struct waitq__text *keys; /* all of one hash tag; the first chooses the server */
  size_t key_count;
  const struct waitq__text *arguments; /* ARGV[2] and up; ARGV[1] is the run_id of the server that is asked */
  size_t argument_count;
  int64_t timeout_us; /* 0: the settings' */
};

int waitq__client_open(const struct waitq__redis_settings *settings, const waitq_store_env *env,
                       struct waitq__client **out, waitq_error *error);
void waitq__client_close(struct waitq__client *client);

/* Runs a script. The caller frees the reply, which is never of type ERROR. */
int waitq__client_call(struct waitq__client *client, const struct waitq__call *call, struct waitq__reply **reply,
                       waitq_error *error);

#endif
