/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/client.h"

#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/fork.h"
#include "base/mem.h"
#include "store/redis/route.h"
#include "store/redis/run.h"

#define PAUSE_LEAST_US 5000
#define PAUSE_MOST_US 100000

struct waitq__client {
  struct waitq__redis_settings settings;
  struct waitq__shelf shelf;
  struct waitq__route route;
  unsigned forks;
};

static int client_init(struct waitq__client *client, const struct waitq__redis_settings *settings,
                       const waitq_store_env *env) {
  client->settings = *settings;
  client->forks = waitq__fork_count();
  if (waitq__shelf_init(&client->shelf) != 0) {
    return WAITQ_E_NOMEM;
  }
  struct waitq__dialer dialer = {&client->settings, env->allocator, {env->log, env->log_user, env->log_level}};
  int code = waitq__route_init(&client->route, &dialer);
  if (code != WAITQ_OK) {
    waitq__shelf_destroy(&client->shelf);
  }
  return code;
}

int waitq__client_open(const struct waitq__redis_settings *settings, const waitq_store_env *env,
                       struct waitq__client **out, waitq_error *error) {
  *out = NULL;
  struct waitq__client *client = waitq__alloc_zeroed(env->allocator, sizeof *client);
  if (client == NULL || waitq__fork_watch() != 0 || client_init(client, settings, env) != WAITQ_OK) {
    waitq__free(env->allocator, client);
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a client of Redis");
  }
  int64_t deadline_us = waitq__monotonic_us() + settings->connect_timeout_us + settings->command_timeout_us;
  int code = waitq__route_open(&client->route, deadline_us, error);
  if (code != WAITQ_OK) {
    waitq__client_close(client);
    return code;
  }
  *out = client;
  return WAITQ_OK;
}

void waitq__client_close(struct waitq__client *client) {
  const waitq_allocator *allocator = client->route.dialer.allocator;
  waitq__route_destroy(&client->route);
  waitq__shelf_destroy(&client->shelf);
  waitq__redis_settings_wipe(&client->settings);
  waitq__free(allocator, client);
}

/* What an error that the server answered means for the call. */
static enum waitq__step refused(struct waitq__client *client, struct waitq__errand *errand, struct waitq__text text) {
  struct waitq__refusal refusal = waitq__refusal_of(text);
  waitq__refusal_fail(&refusal, &errand->pool->address, text, &errand->last);
  switch (refusal.action) {
    case WAITQ__REFUSAL_REDIRECT:
    case WAITQ__REFUSAL_ASK:
      return waitq__route_redirect(&client->route, errand, &refusal);
    case WAITQ__REFUSAL_RENEW:
      return waitq__route_renew(&client->route, errand);
    case WAITQ__REFUSAL_WAIT:
    case WAITQ__REFUSAL_LOAD:
      return waitq__route_wait(&client->route, errand);
    default:
      return WAITQ__STEP_FAIL;
  }
}

/* What the loss of the link means for the call. */
static enum waitq__step lost(struct waitq__client *client, struct waitq__errand *errand, int code, int was_sent) {
  waitq__route_lost(&client->route, errand, code == WAITQ_E_TIMEOUT);
  if (was_sent && code != WAITQ_E_TIMEOUT) {
    waitq_error why = errand->last; /* whatever it was: what the script did is not known */
    waitq__fail(&errand->last, WAITQ_E_STORE, "%s", why.text);
  }
  return was_sent || (code != WAITQ_E_STORE && code != WAITQ_E_TIMEOUT) ? WAITQ__STEP_FAIL : WAITQ__STEP_AGAIN;
}

static enum waitq__step attempt(struct waitq__client *client, const struct waitq__call *call,
                                struct waitq__errand *errand, struct waitq__reply **reply) {
  enum waitq__step step = waitq__route_take(&client->route, errand);
  if (step != WAITQ__STEP_DONE) {
    return step;
  }
  const struct waitq__run run = {
      &client->shelf, client->route.dialer.allocator, errand->link, call, errand->is_asking, errand->deadline_us};
  int was_sent = 0;
  int code = waitq__run(&run, reply, &was_sent, &errand->last);
  if (code != WAITQ_OK) {
    return lost(client, errand, code, was_sent);
  }
  errand->is_asking = 0;
  waitq__route_give(errand);
  if (waitq__reply_type(*reply) != WAITQ__REPLY_ERROR) {
    return WAITQ__STEP_DONE;
  }
  step = refused(client, errand, waitq__reply_text(*reply));
  waitq__reply_free(*reply);
  *reply = NULL;
  return step;
}

/* Waits before the next attempt, if as much time is left for that one: what is cut short in its middle has an unknown outcome. */
static enum waitq__step wait_a_moment(struct waitq__errand *errand, int64_t *pause_us) {
  int64_t us = waitq__backoff_jitter(*pause_us);
  if (waitq__monotonic_us() + 2 * us >= errand->deadline_us) {
    return WAITQ__STEP_FAIL;
  }
  struct timespec time = {us / 1000000, (long)(us % 1000000) * 1000};
  nanosleep(&time, NULL);
  *pause_us = *pause_us * 2 < PAUSE_MOST_US ? *pause_us * 2 : PAUSE_MOST_US;
  errand->hops = 0;
  return WAITQ__STEP_AGAIN;
}

int waitq__client_call(struct waitq__client *client, const struct waitq__call *call, struct waitq__reply **reply,
                       waitq_error *error) {
  *reply = NULL;
  if (client->forks != waitq__fork_count()) {
    return waitq__fail(error, WAITQ_E_FORKED, "the connections belong to the parent process of a fork");
  }
  int64_t timeout_us = call->timeout_us > 0 ? call->timeout_us : client->settings.command_timeout_us;
  struct waitq__errand errand = {.deadline_us = waitq__monotonic_us() + timeout_us, .last = WAITQ_ERROR_INIT};
  errand.slot = call->key_count == 0 ? 0 : waitq__slot_of(call->keys[0]);
  int64_t pause_us = PAUSE_LEAST_US;
  enum waitq__step step = WAITQ__STEP_AGAIN;
  while (step == WAITQ__STEP_AGAIN) {
    step = attempt(client, call, &errand, reply);
    if (step == WAITQ__STEP_WAIT) {
      step = wait_a_moment(&errand, &pause_us);
    }
  }
  if (step == WAITQ__STEP_DONE) {
    return WAITQ_OK;
  }
  int code = errand.last.code != WAITQ_OK ? errand.last.code : WAITQ_E_TIMEOUT;
  return waitq__fail(error, code, "%s", errand.last.text[0] != '\0' ? errand.last.text : "there was no time to try");
}
