/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_LIMIT_MODEL_H
#define WAITQ_TESTS_SUPPORT_LIMIT_MODEL_H

/* Limiters of a store that is shared, as waitq/store.h describes them, in exact integers and with a clock of the test's.
 *
 * It is what the script in Redis is compared with, and a store whose failures a test commands. Rates are whole tokens a second;
 * the model checks with each step that bucket and leases together hold no more than the burst.
 *
 *     struct limit_model model;
 *     limit_model_init(&model);
 *     options.store = limit_model_store();
 *     options.store_user = &model;
 *
 * It keeps no rooms. */

#include <pthread.h>
#include <stdatomic.h>

#include <waitq/waitq.h>

#define LIMIT_MODEL_BUCKETS 8
#define LIMIT_MODEL_LEASES 64

/* A millionth of a token: what one token a second makes in a microsecond. */
#define LIMIT_MODEL_TOKEN INT64_C(1000000)

struct limit_model_lease {
  unsigned char lessee[16];
  uint64_t number;
  int64_t tokens;
  int64_t until_us;
};

struct limit_model_bucket {
  char name[72]; /* empty: not there */
  int64_t rate_per_s;
  int64_t burst;
  int64_t level; /* millionths */
  int64_t at_us;
  struct limit_model_lease leases[LIMIT_MODEL_LEASES];
};

enum limit_model_fault {
  LIMIT_MODEL_WELL,
  LIMIT_MODEL_REFUSING, /* nothing is done, WAITQ_E_STORE */
  LIMIT_MODEL_MUTE      /* all is done, and WAITQ_E_TIMEOUT answered */
};

struct limit_model {
  pthread_mutex_t lock;
  _Atomic int64_t now_us;
  _Atomic int fault; /* enum limit_model_fault */
  _Atomic uint64_t rounds;
  _Atomic uint64_t tries;
  _Atomic uint64_t largest; /* round, in tries */
  _Atomic int under_way;    /* rounds at this moment */
  _Atomic int most_under_way;
  void (*before)(void *user,
                 const waitq_store_limit *limit); /* called before each round, without a lock; may be NULL */
  void *user;
  struct limit_model_bucket buckets[LIMIT_MODEL_BUCKETS];
};

void limit_model_init(struct limit_model *model);

/* A context that is handed this has the model that options.store_user points to. */
const waitq_store_ops *limit_model_store(void);

/* One round trip, at a moment. */
void limit_model_apply(struct limit_model *model, const char *name, waitq_store_limit *limit, int64_t now_us);

/* Forgets everything, as a store does that is flushed. */
void limit_model_flush(struct limit_model *model);

/* The bucket of that name, which must exist. */
struct limit_model_bucket *limit_model_bucket(struct limit_model *model, const char *name);

/* Tokens that lie in its leases. */
int64_t limit_model_leased(const struct limit_model_bucket *bucket);

#endif
