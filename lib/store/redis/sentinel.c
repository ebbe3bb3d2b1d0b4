/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/sentinel.h"

#include <string.h>

#include "base/error.h"
#include "base/lock.h"
#include "store/redis/refusal.h"

int waitq__sentinel_init(struct waitq__sentinel *sentinel, struct waitq__directory *directory) {
  memset(sentinel, 0, sizeof *sentinel);
  sentinel->directory = directory;
  for (unsigned i = 0; i < WAITQ__REDIS_ADDRESSES_MAX; i++) {
    sentinel->order[i] = (uint8_t)i;
  }
  if (waitq__backoff_init(&sentinel->backoff) != 0) {
    return -1;
  }
  if (pthread_mutex_init(&sentinel->lock, NULL) != 0) {
    waitq__backoff_destroy(&sentinel->backoff);
    return -1;
  }
  return 0;
}

void waitq__sentinel_destroy(struct waitq__sentinel *sentinel) {
  pthread_mutex_destroy(&sentinel->lock);
  waitq__backoff_destroy(&sentinel->backoff);
}

struct waitq__pool *waitq__sentinel_master(struct waitq__sentinel *sentinel) {
  waitq__lock(&sentinel->lock);
  struct waitq__pool *master = sentinel->master;
  pthread_mutex_unlock(&sentinel->lock);
  return master;
}

void waitq__sentinel_forget(struct waitq__sentinel *sentinel, const struct waitq__pool *master) {
  waitq__lock(&sentinel->lock);
  int is_it = sentinel->master == master;
  if (is_it) {
    sentinel->master = NULL;
  }
  pthread_mutex_unlock(&sentinel->lock);
  if (is_it) {
    waitq__backoff_doubt(&sentinel->backoff);
  }
}

static void found(struct waitq__sentinel *sentinel, struct waitq__pool *master, uint8_t by) {
  waitq__lock(&sentinel->lock);
  sentinel->master = master;
  unsigned at = 0;
  while (sentinel->order[at] != by) {
    at++;
  }
  memmove(&sentinel->order[1], &sentinel->order[0], at * sizeof sentinel->order[0]);
  sentinel->order[0] = by;
  pthread_mutex_unlock(&sentinel->lock);
}

/* Reads the host and the port, both texts, that GET-MASTER-ADDR-BY-NAME answers. 0 or -1. */
static int address_read(const struct waitq__reply *reply, struct waitq__redis_address *address) {
  if (waitq__reply_count(reply) != 2) {
    return -1;
  }
  struct waitq__text host = waitq__reply_text(waitq__reply_at(reply, 0));
  struct waitq__text digits = waitq__reply_text(waitq__reply_at(reply, 1));
  if (host.length == 0 || host.length >= sizeof address->host || memchr(host.bytes, 0, host.length) != NULL ||
      digits.length == 0 || digits.length > 5) {
    return -1;
  }
  unsigned port = 0;
  for (size_t i = 0; i < digits.length; i++) {
    if (digits.bytes[i] < '0' || digits.bytes[i] > '9') {
      return -1;
    }
    port = port * 10 + (unsigned)(digits.bytes[i] - '0');
  }
  if (port == 0 || port > UINT16_MAX) {
    return -1;
  }
  memset(address, 0, sizeof *address);
  memcpy(address->host, host.bytes, host.length);
  address->port = (uint16_t)port;
  return 0;
}

static int reply_use(const struct waitq__reply *reply, const struct waitq__redis_address *asked, const char *name,
                     struct waitq__redis_address *address, waitq_error *error) {
  if (waitq__reply_type(reply) == WAITQ__REPLY_ERROR) {
    struct waitq__refusal refusal = waitq__refusal_of(waitq__reply_text(reply));
    return waitq__refusal_fail(&refusal, asked, waitq__reply_text(reply), error);
  }
  char sentinel[WAITQ__REDIS_ADDRESS_TEXT];
  waitq__redis_address_text(asked, sentinel);
  if (waitq__reply_type(reply) == WAITQ__REPLY_NULL) {
    return waitq__fail(error, WAITQ_E_STORE, "the Sentinel %s knows no master named %s", sentinel, name);
  }
  if (address_read(reply, address) != 0) {
    return waitq__fail(error, WAITQ_E_STORE, "the Sentinel %s names a master that makes no sense", sentinel);
  }
  return WAITQ_OK;
}

/* Asks one Sentinel for the address of the master. */
static int ask(const struct waitq__dialer *dialer, const struct waitq__redis_address *asked, int64_t deadline_us,
               struct waitq__redis_address *address, waitq_error *error) {
  const char *name = dialer->settings->master_name;
  int64_t connect_us = waitq__monotonic_us() + dialer->settings->connect_timeout_us;
  struct waitq__link *link;
  int code = waitq__link_open(dialer->settings, asked, WAITQ__LINK_TO_SENTINEL, dialer->allocator,
                              connect_us < deadline_us ? connect_us : deadline_us, &link, error);
  if (code != WAITQ_OK) {
    return code;
  }
  const struct waitq__text words[] = {{"SENTINEL", 8}, {"GET-MASTER-ADDR-BY-NAME", 23}, {name, strlen(name)}};
  struct waitq__reply *reply = NULL;
  int was_sent = 0;
  code = waitq__link_queue(link, words, 3, error);
  if (code == WAITQ_OK) {
    code = waitq__link_exchange(link, &reply, 1, deadline_us, &was_sent, error);
  }
  if (code == WAITQ_OK) {
    code = reply_use(reply, asked, name, address, error);
    waitq__reply_free(reply);
  }
  waitq__link_close(link);
  return code;
}

/* Makes a link to what is said to be the master, and hears what it says itself. */
static int connect_verified(const struct waitq__dialer *dialer, struct waitq__pool *pool, int64_t deadline_us,
                            struct waitq__link **link, waitq_error *error) {
  int code = waitq__pool_dial(pool, dialer, deadline_us, link, error);
  if (code == WAITQ_OK && !waitq__link_server(*link)->is_master) {
    waitq__link_close(*link);
    *link = NULL;
    code = waitq__fail(error, WAITQ_E_STORE, "%s is said to be the master, and is a replica", pool->name);
  }
  return code;
}

/* One Sentinel's word, and whether it holds. tried is the last one that did not. */
static int find_by(struct waitq__sentinel *sentinel, const struct waitq__dialer *dialer, uint8_t by,
                   int64_t deadline_us, struct waitq__pool **tried, struct waitq__link **link, waitq_error *error) {
  struct waitq__redis_address address;
  int64_t now_us = waitq__monotonic_us();
  waitq_error why = WAITQ_ERROR_INIT;
  /* One that does not answer leaves half of the time for the others. */
  int code = ask(dialer, &dialer->settings->addresses[by], now_us + (deadline_us - now_us) / 2, &address, &why);
  if (code == WAITQ_OK) {
    struct waitq__pool *pool = waitq__directory_find(sentinel->directory, &address, NULL);
    if (pool == NULL) {
      return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a server");
    }
    if (pool == *tried) {
      return error->code; /* the same word, and what came of it */
    }
    *tried = pool;
    now_us = waitq__monotonic_us();
    code = connect_verified(dialer, pool, now_us + (deadline_us - now_us) / 2, link, &why);
    if (code == WAITQ_OK) {
      found(sentinel, pool, by);
      return code;
    }
  }
  return waitq__fail(error, code, "%s", why.text);
}

static int find(struct waitq__sentinel *sentinel, const struct waitq__dialer *dialer, int64_t deadline_us,
                struct waitq__pool **master, struct waitq__link **link, waitq_error *error) {
  uint8_t order[WAITQ__REDIS_ADDRESSES_MAX];
  waitq__lock(&sentinel->lock);
  memcpy(order, sentinel->order, sizeof order);
  pthread_mutex_unlock(&sentinel->lock);
  int code = WAITQ_E_STORE;
  *master = NULL;
  for (unsigned i = 0; i < WAITQ__REDIS_ADDRESSES_MAX && code != WAITQ_OK && code != WAITQ_E_NOMEM; i++) {
    if (order[i] < dialer->settings->address_count && waitq__monotonic_us() < deadline_us) {
      code = find_by(sentinel, dialer, order[i], deadline_us, master, link, error);
    }
  }
  return code;
}

int waitq__sentinel_connect(struct waitq__sentinel *sentinel, const struct waitq__dialer *dialer, int64_t deadline_us,
                            struct waitq__pool **master, struct waitq__link **link, waitq_error *error) {
  waitq_error why = WAITQ_ERROR_INIT;
  *master = waitq__sentinel_master(sentinel);
  int was_known = *master != NULL;
  int code = was_known ? connect_verified(dialer, *master, deadline_us, link, &why)
                       : find(sentinel, dialer, deadline_us, master, link, &why);
  if (code != WAITQ_OK) {
    if (was_known) {
      waitq__sentinel_forget(sentinel, *master);
    }
    if (waitq__backoff_failed(&sentinel->backoff, waitq__monotonic_us(), &why) == 0) {
      waitq__log(&dialer->log, WAITQ_LOG_WARNING, "redis: %s", why.text);
    }
    return waitq__fail(error, code, "%s", why.text);
  }
  waitq__backoff_succeeded(&sentinel->backoff);
  if (!was_known) {
    waitq__log(&dialer->log, WAITQ_LOG_INFO, "redis: the master %s is %s", dialer->settings->master_name,
               (*master)->name);
  }
  return WAITQ_OK;
}
