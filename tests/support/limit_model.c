/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limit_model.h"

#include <assert.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

void limit_model_init(struct limit_model *model) {
  memset(model, 0, sizeof *model);
  pthread_mutex_init(&model->lock, NULL);
  atomic_init(&model->now_us, INT64_C(1700000000) * SECOND_US);
}

int64_t limit_model_leased(const struct limit_model_bucket *bucket) {
  int64_t leased = 0;
  for (size_t i = 0; i < LIMIT_MODEL_LEASES; i++) {
    leased += bucket->leases[i].tokens;
  }
  return leased;
}

/* Lets time pass up to a moment while nothing changes. */
static void fill(struct limit_model_bucket *bucket, int64_t to_us) {
  int64_t full = (bucket->burst - limit_model_leased(bucket)) * LIMIT_MODEL_TOKEN;
  full = full > 0 ? full : 0;
  int64_t span_us = to_us - bucket->at_us;
  if (span_us > 0) {
    __extension__ __int128 level = (__int128)bucket->rate_per_s * span_us + bucket->level;
    bucket->level = level < full ? (int64_t)level : full;
    bucket->at_us = to_us;
  }
  bucket->level = smaller(bucket->level, full);
}

static struct limit_model_lease *next_to_end(struct limit_model_bucket *bucket, int64_t now_us) {
  struct limit_model_lease *next = NULL;
  for (size_t i = 0; i < LIMIT_MODEL_LEASES; i++) {
    struct limit_model_lease *lease = &bucket->leases[i];
    if (lease->number != 0 && lease->until_us <= now_us && (next == NULL || lease->until_us > next->until_us)) {
      next = lease;
    }
  }
  return next;
}

/* Leases that have run out leave at the moment when the last of them did, as the contract leaves open and the script does. */
static void advance(struct limit_model_bucket *bucket, int64_t now_us) {
  struct limit_model_lease *last = next_to_end(bucket, now_us);
  if (last != NULL) {
    fill(bucket, last->until_us);
    for (; last != NULL; last = next_to_end(bucket, now_us)) {
      memset(last, 0, sizeof *last);
    }
  }
  fill(bucket, now_us);
}

static struct limit_model_bucket *find(struct limit_model *model, const char *name) {
  for (size_t i = 0; i < LIMIT_MODEL_BUCKETS; i++) {
    if (strcmp(model->buckets[i].name, name) == 0) {
      return &model->buckets[i];
    }
  }
  return NULL;
}

struct limit_model_bucket *limit_model_bucket(struct limit_model *model, const char *name) {
  struct limit_model_bucket *bucket = find(model, name);
  assert(bucket != NULL);
  return bucket;
}

static void set_terms(struct limit_model_bucket *bucket, const waitq_store_limit *limit) {
  bucket->rate_per_s = (int64_t)limit->rate_per_s;
  bucket->burst = (int64_t)limit->burst;
  assert((double)bucket->rate_per_s == limit->rate_per_s);
}

static struct limit_model_bucket *find_or_make(struct limit_model *model, const char *name,
                                               const waitq_store_limit *limit, int64_t now_us) {
  struct limit_model_bucket *bucket = find(model, name);
  if (bucket == NULL) {
    bucket = find(model, "");
    assert(bucket != NULL);
    strncpy(bucket->name, name, sizeof bucket->name - 1);
    set_terms(bucket, limit);
    bucket->level = bucket->burst * LIMIT_MODEL_TOKEN;
    bucket->at_us = now_us;
  }
  return bucket;
}

static struct limit_model_lease *lease_of(struct limit_model_bucket *bucket, const unsigned char *lessee) {
  struct limit_model_lease *unused = NULL;
  for (size_t i = 0; i < LIMIT_MODEL_LEASES; i++) {
    struct limit_model_lease *lease = &bucket->leases[i];
    if (lease->number == 0) {
      unused = lease;
    } else if (memcmp(lease->lessee, lessee, sizeof lease->lessee) == 0) {
      return lease;
    }
  }
  assert(unused != NULL);
  memcpy(unused->lessee, lessee, sizeof unused->lessee);
  return unused;
}

/* What the lessee holds and gives back. Returns its lease; NULL where it comes too late. */
static struct limit_model_lease *report(struct limit_model_bucket *bucket, waitq_store_limit *limit) {
  limit->lease_kept = 0;
  limit->leased = 0;
  limit->lessees = 0;
  if (limit->lease_number == 0) {
    return NULL;
  }
  struct limit_model_lease *lease = lease_of(bucket, limit->lessee);
  if (limit->lease_number <= lease->number) {
    return NULL;
  }
  int64_t kept = smaller((int64_t)limit->lease_held, lease->tokens);
  int64_t returned = smaller((int64_t)limit->lease_returned, lease->tokens - kept);
  lease->tokens = kept;
  bucket->level += returned * LIMIT_MODEL_TOKEN;
  fill(bucket, bucket->at_us); /* no more than the burst allows, which may have become smaller */
  limit->lease_kept = (uint64_t)kept;
  return lease;
}

static void lend(struct limit_model_bucket *bucket, struct limit_model_lease *lease, waitq_store_limit *limit,
                 int64_t now_us) {
  int64_t granted = smaller((int64_t)limit->lease_wanted, bucket->level / LIMIT_MODEL_TOKEN);
  bucket->level -= granted * LIMIT_MODEL_TOKEN;
  lease->tokens += granted;
  lease->number = limit->lease_number;
  lease->until_us = now_us + limit->lease_ttl_us;
  if (lease->tokens == 0) {
    memset(lease, 0, sizeof *lease);
  }
  limit->leased = (uint64_t)granted;
}

static uint64_t count_lessees(const struct limit_model_bucket *bucket) {
  uint64_t lessees = 0;
  for (size_t i = 0; i < LIMIT_MODEL_LEASES; i++) {
    lessees += bucket->leases[i].number != 0;
  }
  return lessees;
}

void limit_model_apply(struct limit_model *model, const char *name, waitq_store_limit *limit, int64_t now_us) {
  struct limit_model_bucket *bucket = find_or_make(model, name, limit, now_us);
  now_us = now_us > bucket->at_us ? now_us : bucket->at_us;
  advance(bucket, now_us);
  if (limit->configure) {
    set_terms(bucket, limit);
    fill(bucket, now_us);
  }
  struct limit_model_lease *lease = report(bucket, limit);
  for (uint32_t i = 0; i < limit->try_count; i++) {
    int64_t wanted = (int64_t)limit->tries[i] * LIMIT_MODEL_TOKEN;
    limit->admitted[i] = wanted <= bucket->level;
    bucket->level -= limit->admitted[i] ? wanted : 0;
  }
  if (lease != NULL) {
    lend(bucket, lease, limit, now_us);
    limit->lessees = count_lessees(bucket);
  }
  limit->rate_per_s = (double)bucket->rate_per_s;
  limit->burst = (uint64_t)bucket->burst;
  limit->level = (double)bucket->level / (double)LIMIT_MODEL_TOKEN;
  limit->now_us = now_us;
  assert(bucket->level >= 0);
  assert(bucket->level == 0 ||
         bucket->level + limit_model_leased(bucket) * LIMIT_MODEL_TOKEN <= bucket->burst * LIMIT_MODEL_TOKEN);
}

void limit_model_flush(struct limit_model *model) {
  pthread_mutex_lock(&model->lock);
  memset(model->buckets, 0, sizeof model->buckets);
  pthread_mutex_unlock(&model->lock);
}

static void at_most(_Atomic uint64_t *largest, uint64_t count) {
  uint64_t known = atomic_load(largest);
  while (known < count && !atomic_compare_exchange_weak(largest, &known, count)) {
  }
}

static int model_limit(void *store, const char *name, waitq_store_limit *limit, waitq_error *error) {
  struct limit_model *model = store;
  int under_way = atomic_fetch_add(&model->under_way, 1) + 1;
  if (under_way > atomic_load(&model->most_under_way)) {
    atomic_store(&model->most_under_way, under_way);
  }
  if (model->before != NULL) {
    model->before(model->user, limit);
  }
  atomic_fetch_add(&model->rounds, 1);
  atomic_fetch_add(&model->tries, limit->try_count);
  at_most(&model->largest, limit->try_count);
  int fault = atomic_load(&model->fault);
  if (fault != LIMIT_MODEL_REFUSING) {
    pthread_mutex_lock(&model->lock);
    limit_model_apply(model, name, limit, atomic_load(&model->now_us));
    pthread_mutex_unlock(&model->lock);
  }
  atomic_fetch_sub(&model->under_way, 1);
  if (fault == LIMIT_MODEL_WELL) {
    return WAITQ_OK;
  }
  int code = fault == LIMIT_MODEL_REFUSING ? WAITQ_E_STORE : WAITQ_E_TIMEOUT;
  if (error != NULL) {
    error->code = code;
    strcpy(error->text, "the model was told to fail");
  }
  return code;
}

static int model_open(const char *uri, const waitq_store_env *env, void **store, waitq_error *error) {
  (void)uri;
  (void)error;
  *store = env->user;
  return WAITQ_OK;
}

static void model_close(void *store) {
  (void)store;
}

static int no_room(void *store, const char *name, const waitq_store_head *initial, void **room, waitq_error *error) {
  (void)store;
  (void)name;
  (void)initial;
  (void)room;
  (void)error;
  return WAITQ_E_UNSUPPORTED;
}

const waitq_store_ops *limit_model_store(void) {
  static waitq_store_ops ops;
  if (ops.size != 0) {
    return &ops;
  }
  ops = *waitq_store_memory();
  ops.flags = 0;
  ops.open = model_open;
  ops.close = model_close;
  ops.room_open = no_room;
  ops.limit = model_limit;
  return &ops;
}
