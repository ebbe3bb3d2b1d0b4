/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/pool.h"

#include <string.h>

#include "base/error.h"
#include "base/lock.h"
#include "store/redis/fitness.h"

int waitq__pool_init(struct waitq__pool *pool, const struct waitq__redis_address *address) {
  memset(pool, 0, sizeof *pool);
  pool->address = *address;
  waitq__redis_address_text(address, pool->name);
  if (waitq__backoff_init(&pool->backoff) != 0) {
    return -1;
  }
  if (pthread_mutex_init(&pool->lock, NULL) != 0) {
    waitq__backoff_destroy(&pool->backoff);
    return -1;
  }
  return 0;
}

void waitq__pool_destroy(struct waitq__pool *pool) {
  waitq__pool_drop(pool);
  pthread_mutex_destroy(&pool->lock);
  waitq__backoff_destroy(&pool->backoff);
}

static struct waitq__link *pop(struct waitq__pool *pool, int64_t *since_us) {
  struct waitq__link *link = NULL;
  waitq__lock(&pool->lock);
  if (pool->idle_count > 0) {
    pool->idle_count--;
    link = pool->idle[pool->idle_count];
    *since_us = pool->idle_since_us[pool->idle_count];
  }
  pthread_mutex_unlock(&pool->lock);
  return link;
}

struct waitq__link *waitq__pool_take(struct waitq__pool *pool, int *found_dead) {
  struct waitq__link *link;
  int64_t since_us = 0;
  while ((link = pop(pool, &since_us)) != NULL) {
    int is_old = waitq__monotonic_us() - since_us > WAITQ__POOL_IDLE_US;
    if (!is_old && waitq__link_is_quiet(link)) {
      return link;
    }
    if (!is_old && found_dead != NULL) {
      *found_dead = 1;
    }
    waitq__link_close(link);
  }
  return NULL;
}

/* Takes out the link that was idle for longest, if it is too old or in the way. */
static struct waitq__link *oldest(struct waitq__pool *pool, int64_t now_us) {
  if (pool->idle_count == 0 ||
      (pool->idle_count < WAITQ__POOL_IDLE_MOST && now_us - pool->idle_since_us[0] <= WAITQ__POOL_IDLE_US)) {
    return NULL;
  }
  struct waitq__link *link = pool->idle[0];
  pool->idle_count--;
  memmove(&pool->idle[0], &pool->idle[1], pool->idle_count * sizeof pool->idle[0]);
  memmove(&pool->idle_since_us[0], &pool->idle_since_us[1], pool->idle_count * sizeof pool->idle_since_us[0]);
  return link;
}

void waitq__pool_give(struct waitq__pool *pool, struct waitq__link *link) {
  int64_t now_us = waitq__monotonic_us();
  waitq__lock(&pool->lock);
  struct waitq__link *old = oldest(pool, now_us);
  pool->idle[pool->idle_count] = link;
  pool->idle_since_us[pool->idle_count] = now_us;
  pool->idle_count++;
  pthread_mutex_unlock(&pool->lock);
  waitq__link_close(old);
}

void waitq__pool_drop(struct waitq__pool *pool) {
  struct waitq__link *link;
  int64_t since_us;
  while ((link = pop(pool, &since_us)) != NULL) {
    waitq__link_close(link);
  }
}

/* Whether this is another server, or another life of it, than the one of the last link. */
static int is_new_server(struct waitq__pool *pool, const char *run_id) {
  waitq__lock(&pool->lock);
  int is_new = strcmp(pool->run_id, run_id) != 0;
  memcpy(pool->run_id, run_id, sizeof pool->run_id);
  pthread_mutex_unlock(&pool->lock);
  return is_new;
}

int waitq__pool_dial(struct waitq__pool *pool, const struct waitq__dialer *dialer, int64_t deadline_us,
                     struct waitq__link **link, waitq_error *error) {
  int64_t connect_us = waitq__monotonic_us() + dialer->settings->connect_timeout_us;
  int code = waitq__link_open(dialer->settings, &pool->address, WAITQ__LINK_TO_SERVER, dialer->allocator,
                              connect_us < deadline_us ? connect_us : deadline_us, link, error);
  if (code == WAITQ_OK && is_new_server(pool, waitq__link_server(*link)->run_id)) {
    waitq__fitness_log(waitq__link_server(*link), pool->name, dialer->settings, &dialer->log);
  }
  return code;
}

enum waitq__backoff_advice waitq__pool_open(struct waitq__pool *pool, const struct waitq__dialer *dialer,
                                            int64_t deadline_us, struct waitq__link **link, int *code,
                                            waitq_error *error) {
  enum waitq__backoff_advice advice = waitq__backoff_ask(&pool->backoff, waitq__monotonic_us(), error);
  if (advice != WAITQ__BACKOFF_TRY) {
    return advice;
  }
  waitq_error why = WAITQ_ERROR_INIT;
  *code = waitq__pool_dial(pool, dialer, deadline_us, link, &why);
  if (*code == WAITQ_OK) {
    if (waitq__backoff_succeeded(&pool->backoff) > 0) {
      waitq__log(&dialer->log, WAITQ_LOG_INFO, "redis: %s is reached again", pool->name);
    }
    return advice;
  }
  if (waitq__backoff_failed(&pool->backoff, waitq__monotonic_us(), &why) == 0) {
    waitq__log(&dialer->log, WAITQ_LOG_WARNING, "redis: %s", why.text);
  }
  waitq__fail(error, *code, "%s", why.text);
  return advice;
}
