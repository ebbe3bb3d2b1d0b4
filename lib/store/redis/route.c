/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/route.h"

#include "base/error.h"
#include "store/redis/fitness.h"

/* Servers that send a call back and forth wait for each other to learn something. */
#define HOPS_MOST 4

static enum waitq__redis_topology topology_of(const struct waitq__route *route) {
  return route->dialer.settings->topology;
}

int waitq__route_init(struct waitq__route *route, const struct waitq__dialer *dialer) {
  const struct waitq__redis_settings *settings = dialer->settings;
  route->dialer = *dialer;
  if (waitq__directory_init(&route->directory, dialer->allocator) != 0) {
    return WAITQ_E_NOMEM;
  }
  if (waitq__cluster_init(&route->cluster, &route->directory) != 0) {
    waitq__directory_destroy(&route->directory);
    return WAITQ_E_NOMEM;
  }
  if (waitq__sentinel_init(&route->sentinel, &route->directory) != 0) {
    waitq__cluster_destroy(&route->cluster);
    waitq__directory_destroy(&route->directory);
    return WAITQ_E_NOMEM;
  }
  route->only = NULL;
  if (settings->topology == WAITQ__REDIS_SINGLE) {
    route->only = waitq__directory_find(&route->directory, &settings->addresses[0], NULL);
    if (route->only == NULL) {
      waitq__route_destroy(route);
      return WAITQ_E_NOMEM;
    }
  }
  return WAITQ_OK;
}

void waitq__route_destroy(struct waitq__route *route) {
  waitq__sentinel_destroy(&route->sentinel);
  waitq__cluster_destroy(&route->cluster);
  waitq__directory_destroy(&route->directory);
}

/* The moment when half of the time that is left will be over. */
static int64_t half_of(int64_t deadline_us) {
  int64_t now_us = waitq__monotonic_us();
  return now_us + (deadline_us - now_us) / 2;
}

static int replica_fail(const struct waitq__pool *pool, waitq_error *error) {
  return waitq__fail(error, WAITQ_E_STORE, "%s is a replica, which takes no writes; name its master", pool->name);
}

/* --- The first time --- */

/* Looks at the server of a new link, which is given to its pool or closed. */
static int look_at(struct waitq__route *route, struct waitq__pool *pool, struct waitq__link *link, waitq_error *error) {
  const struct waitq__server *server = waitq__link_server(link);
  int code = waitq__fitness_check(server, pool->name, route->dialer.settings, error);
  if (code == WAITQ_OK && pool == route->only && !server->is_master) {
    code = replica_fail(pool, error);
  }
  if (code == WAITQ_OK) {
    waitq__pool_give(pool, link);
  } else {
    waitq__link_close(link);
  }
  return code;
}

static int reach(struct waitq__route *route, struct waitq__pool *pool, int64_t deadline_us, waitq_error *error) {
  struct waitq__link *link = NULL;
  int code = waitq__pool_dial(pool, &route->dialer, deadline_us, &link, error);
  return code == WAITQ_OK ? look_at(route, pool, link, error) : code;
}

static int reach_cluster(struct waitq__route *route, int64_t deadline_us, waitq_error *error) {
  const struct waitq__redis_settings *settings = route->dialer.settings;
  int code = WAITQ_E_STORE;
  for (uint32_t i = 0; i < settings->address_count; i++) {
    struct waitq__pool *pool = waitq__directory_find(&route->directory, &settings->addresses[i], NULL);
    if (pool == NULL) {
      return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a server");
    }
    code = reach(route, pool, half_of(deadline_us), error);
    if (code == WAITQ_OK) {
      code = waitq__cluster_refresh(&route->cluster, &route->dialer, pool, NULL, deadline_us, error);
    }
    if (code != WAITQ_E_STORE && code != WAITQ_E_TIMEOUT) {
      break; /* it worked, or another seed would say the same */
    }
  }
  return code;
}

int waitq__route_open(struct waitq__route *route, int64_t deadline_us, waitq_error *error) {
  struct waitq__pool *master = NULL;
  struct waitq__link *link = NULL;
  int code;
  switch (topology_of(route)) {
    case WAITQ__REDIS_CLUSTER:
      return reach_cluster(route, deadline_us, error);
    case WAITQ__REDIS_SENTINEL:
      code = waitq__sentinel_connect(&route->sentinel, &route->dialer, deadline_us, &master, &link, error);
      return code == WAITQ_OK ? look_at(route, master, link, error) : code;
    default:
      return reach(route, route->only, deadline_us, error);
  }
}

/* --- Each time --- */

static enum waitq__step has_link(struct waitq__errand *errand, struct waitq__pool *pool, struct waitq__link *link) {
  errand->pool = pool;
  errand->link = link;
  errand->has_begun = 1;
  return WAITQ__STEP_DONE;
}

/* What a failure means that was not the server's answer to the call. */
static enum waitq__step after_failure(struct waitq__errand *errand, int code) {
  errand->has_begun = 1;
  return code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT ? WAITQ__STEP_WAIT : WAITQ__STEP_FAIL;
}

/* What to do where the backoff advises against a trial. */
static enum waitq__step after_advice(const struct waitq__errand *errand, enum waitq__backoff_advice advice) {
  return advice == WAITQ__BACKOFF_LATER && !errand->has_begun ? WAITQ__STEP_FAIL : WAITQ__STEP_WAIT;
}

static enum waitq__step open_link(struct waitq__route *route, struct waitq__errand *errand, struct waitq__pool *pool,
                                  int64_t deadline_us) {
  struct waitq__link *link = NULL;
  int code = WAITQ_OK;
  enum waitq__backoff_advice advice = waitq__pool_open(pool, &route->dialer, deadline_us, &link, &code, &errand->last);
  if (advice != WAITQ__BACKOFF_TRY) {
    return after_advice(errand, advice);
  }
  return code == WAITQ_OK ? has_link(errand, pool, link) : after_failure(errand, code);
}

static enum waitq__step take_only(struct waitq__route *route, struct waitq__errand *errand) {
  struct waitq__link *link = waitq__pool_take(route->only, NULL);
  if (link != NULL) {
    return has_link(errand, route->only, link);
  }
  enum waitq__step step = open_link(route, errand, route->only, errand->deadline_us);
  if (step == WAITQ__STEP_DONE && !waitq__link_server(errand->link)->is_master) {
    waitq__link_close(errand->link);
    replica_fail(route->only, &errand->last);
    return WAITQ__STEP_FAIL;
  }
  return step;
}

static enum waitq__step take_master(struct waitq__route *route, struct waitq__errand *errand) {
  struct waitq__pool *master = waitq__sentinel_master(&route->sentinel);
  struct waitq__link *link = NULL;
  if (master != NULL) {
    int found_dead = 0;
    link = waitq__pool_take(master, &found_dead);
    if (link != NULL) {
      return has_link(errand, master, link);
    }
    if (found_dead) {
      waitq__sentinel_forget(&route->sentinel, master);
    }
  }
  enum waitq__backoff_advice advice =
      waitq__backoff_ask(&route->sentinel.backoff, waitq__monotonic_us(), &errand->last);
  if (advice != WAITQ__BACKOFF_TRY) {
    return after_advice(errand, advice);
  }
  int code =
      waitq__sentinel_connect(&route->sentinel, &route->dialer, errand->deadline_us, &master, &link, &errand->last);
  return code == WAITQ_OK ? has_link(errand, master, link) : after_failure(errand, code);
}

static void refresh(struct waitq__route *route, struct waitq__errand *errand, struct waitq__pool *first,
                    const struct waitq__pool *avoid) {
  waitq_error error = WAITQ_ERROR_INIT;
  int64_t deadline_us = half_of(errand->deadline_us); /* the rest is for the call itself */
  if (waitq__cluster_refresh(&route->cluster, &route->dialer, first, avoid, deadline_us, &error) != WAITQ_OK) {
    waitq__log(&route->dialer.log, WAITQ_LOG_DEBUG, "redis: %s", error.text);
  }
}

/* The master of the errand's slot, if need be after a look around. */
static struct waitq__pool *owner_of(struct waitq__route *route, struct waitq__errand *errand) {
  struct waitq__pool *owner = waitq__cluster_owner(&route->cluster, errand->slot);
  if (owner == NULL) {
    refresh(route, errand, NULL, NULL);
    owner = waitq__cluster_owner(&route->cluster, errand->slot);
  }
  if (owner == NULL) {
    waitq__fail(&errand->last, WAITQ_E_STORE, "no server of the Cluster keeps slot %u", errand->slot);
  }
  return owner;
}

static enum waitq__step take_owner(struct waitq__route *route, struct waitq__errand *errand) {
  struct waitq__pool *pool = errand->sent_to != NULL ? errand->sent_to : owner_of(route, errand);
  errand->sent_to = NULL;
  if (pool == NULL) {
    errand->has_begun = 1;
    return WAITQ__STEP_WAIT;
  }
  struct waitq__link *link = waitq__pool_take(pool, NULL);
  if (link != NULL) {
    return has_link(errand, pool, link);
  }
  /* One that does not answer leaves time to find out who has taken its place. */
  enum waitq__step step = open_link(route, errand, pool, half_of(errand->deadline_us));
  if (step == WAITQ__STEP_WAIT) {
    /* Another one may keep the slot by now. */
    errand->is_asking = 0;
    refresh(route, errand, NULL, pool);
    struct waitq__pool *owner = waitq__cluster_owner(&route->cluster, errand->slot);
    if (owner != NULL && owner != pool && ++errand->hops <= HOPS_MOST) {
      return WAITQ__STEP_AGAIN;
    }
  }
  return step;
}

enum waitq__step waitq__route_take(struct waitq__route *route, struct waitq__errand *errand) {
  switch (topology_of(route)) {
    case WAITQ__REDIS_CLUSTER:
      return take_owner(route, errand);
    case WAITQ__REDIS_SENTINEL:
      return take_master(route, errand);
    default:
      return take_only(route, errand);
  }
}

void waitq__route_give(struct waitq__errand *errand) {
  waitq__pool_give(errand->pool, errand->link);
  errand->link = NULL;
}

void waitq__route_lost(struct waitq__route *route, struct waitq__errand *errand, int took_too_long) {
  waitq__link_close(errand->link);
  errand->link = NULL;
  errand->is_asking = 0;
  if (took_too_long) {
    waitq__pool_drop(errand->pool);
  }
  if (topology_of(route) == WAITQ__REDIS_SENTINEL) {
    waitq__sentinel_forget(&route->sentinel, errand->pool);
  }
}

/* --- Sent on --- */

enum waitq__step waitq__route_redirect(struct waitq__route *route, struct waitq__errand *errand,
                                       const struct waitq__refusal *refusal) {
  if (topology_of(route) != WAITQ__REDIS_CLUSTER) {
    return WAITQ__STEP_FAIL;
  }
  struct waitq__redis_address address = refusal->address;
  if (address.host[0] == '\0') {
    address = errand->pool->address;
    address.port = refusal->address.port;
  }
  struct waitq__pool *pool = waitq__directory_find(&route->directory, &address, NULL);
  if (pool == NULL) {
    waitq__fail(&errand->last, WAITQ_E_NOMEM, "no memory for a server");
    return WAITQ__STEP_FAIL;
  }
  errand->is_asking = refusal->action == WAITQ__REFUSAL_ASK;
  if (!errand->is_asking) {
    waitq__cluster_moved(&route->cluster, errand->slot, &address);
    refresh(route, errand, pool, NULL);
  }
  if (++errand->hops > HOPS_MOST) {
    errand->is_asking = 0;
    return WAITQ__STEP_WAIT;
  }
  errand->sent_to = pool;
  return WAITQ__STEP_AGAIN;
}

enum waitq__step waitq__route_renew(struct waitq__route *route, struct waitq__errand *errand) {
  waitq__pool_drop(errand->pool);
  switch (topology_of(route)) {
    case WAITQ__REDIS_CLUSTER:
      refresh(route, errand, NULL, errand->pool);
      return WAITQ__STEP_WAIT;
    case WAITQ__REDIS_SENTINEL:
      waitq__sentinel_forget(&route->sentinel, errand->pool);
      return WAITQ__STEP_WAIT;
    default:
      return WAITQ__STEP_FAIL;
  }
}

enum waitq__step waitq__route_wait(struct waitq__route *route, struct waitq__errand *errand) {
  if (topology_of(route) == WAITQ__REDIS_CLUSTER) {
    refresh(route, errand, NULL, errand->pool);
  }
  return WAITQ__STEP_WAIT;
}
