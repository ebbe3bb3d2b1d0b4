/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_REDIS_CALLER_H
#define WAITQ_TESTS_REDIS_CALLER_H

/* A client of Redis with a small script, for tests of how calls find their way.
 *
 * The script counts: what was done twice, or not at all, shows in the sum. */

#include <stdatomic.h>
#include <stdint.h>

#include "../support/fake_memory.h"
#include "store/redis/client.h"

struct caller {
  struct fake_memory memory;
  waitq_store_env env;
  struct waitq__redis_settings settings;
  struct waitq__client *client;
  waitq_error error; /* of opening */
  _Atomic unsigned warnings;
};

/* Opens a client for a URI, to which more, such as "?command_timeout_ms=5000", is added. The code. */
int caller_open(struct caller *caller, const char *uri, const char *more);

/* The same, and it must work. */
void caller_start(struct caller *caller, const char *uri, const char *more);

/* Closes it, if it is open; all memory must have been given back. */
void caller_close(struct caller *caller);

/* One call. From any thread; checks nothing. */
struct answer {
  int code;
  int64_t number;
  char text[64]; /* where the script answers a text */
  waitq_error error;
};

struct answer caller_ask(struct caller *caller, const char *what, const char *key, const char *other_key,
                         int64_t timeout_ms);

/* Adds one to what a key counts, and returns the sum; anything but success fails the test. */
int64_t caller_count(struct caller *caller, const char *key);

/* The same, and returns the code. */
int caller_try(struct caller *caller, const char *key, int64_t timeout_ms);

/* --- Threads that count without a pause --- */

struct counting;

/* threads threads count, each one key after the other; keys is an array of key_count texts. */
struct counting *counting_start(struct caller *caller, unsigned threads, const char *const *keys, unsigned key_count,
                                int64_t timeout_ms);

struct counted {
  int64_t done;     /* calls that succeeded */
  int64_t unknown;  /* calls after which it is not known whether they did anything */
  int64_t refused;  /* calls that certainly did nothing */
  waitq_error last; /* of those that did not succeed */
};

/* How many have succeeded up to now. */
int64_t counting_done(struct counting *counting);
/* Waits until that many more have succeeded. */
void counting_wait(struct counting *counting, int64_t more);
struct counted counting_stop(struct counting *counting);

#endif
