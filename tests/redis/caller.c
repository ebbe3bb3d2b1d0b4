/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "caller.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/test.h"

static const char script_text[] =
    "local what = ARGV[2]\n"
    "if what == 'count' then return redis.call('INCR', KEYS[1]) end\n"
    "if what == 'count both' then redis.call('INCR', KEYS[2]) return redis.call('INCR', KEYS[1]) end\n"
    "if what == 'read' then return tonumber(redis.call('GET', KEYS[1]) or 0) end\n"
    "if what == 'run_id' then return ARGV[1] end\n"
    "return redis.error_reply('ERR cannot ' .. what)\n";

static const struct waitq__script script = {"count", script_text, sizeof script_text - 1, 0};

static void heard(void *user, int32_t level, const char *line) {
  struct caller *caller = user;
  if (level <= WAITQ_LOG_WARNING) {
    atomic_fetch_add(&caller->warnings, 1);
  }
  printf("  log %d: %s\n", level, line);
}

int caller_open(struct caller *caller, const char *uri, const char *more) {
  char text[1024];
  memset(caller, 0, sizeof *caller);
  waitq_error_init(&caller->error, sizeof caller->error);
  fake_memory_init(&caller->memory);
  caller->env = (waitq_store_env){.size = sizeof caller->env,
                                  .allocator = &caller->memory.allocator,
                                  .log = heard,
                                  .log_user = caller,
                                  .log_level = WAITQ_LOG_DEBUG};
  snprintf(text, sizeof text, "%s%s", uri, more);
  int code = waitq__redis_settings_read(&caller->settings, text, &caller->error);
  if (code == WAITQ_OK) {
    code = waitq__client_open(&caller->settings, &caller->env, &caller->client, &caller->error);
  }
  return code;
}

void caller_start(struct caller *caller, const char *uri, const char *more) {
  if (caller_open(caller, uri, more) != WAITQ_OK) {
    fail_msg("%s%s: %s", uri, more, caller->error.text);
  }
}

void caller_close(struct caller *caller) {
  if (caller->client != NULL) {
    waitq__client_close(caller->client);
    caller->client = NULL;
  }
  assert_int_equal(fake_memory_blocks(&caller->memory), 0);
}

static struct waitq__text text_of(const char *text) {
  return (struct waitq__text){text, strlen(text)};
}

struct answer caller_ask(struct caller *caller, const char *what, const char *key, const char *other_key,
                         int64_t timeout_ms) {
  struct answer answer = {.error = WAITQ_ERROR_INIT};
  const struct waitq__text keys[2] = {text_of(key), text_of(other_key == NULL ? "" : other_key)};
  const struct waitq__text arguments[1] = {text_of(what)};
  const struct waitq__call call = {&script, keys, other_key == NULL ? 1 : 2, arguments, 1, timeout_ms * 1000};
  struct waitq__reply *reply;
  answer.code = waitq__client_call(caller->client, &call, &reply, &answer.error);
  if (answer.code == WAITQ_OK) {
    struct waitq__text text = waitq__reply_text(reply);
    answer.number = waitq__reply_integer(reply);
    snprintf(answer.text, sizeof answer.text, "%.*s", (int)text.length, text.length == 0 ? "" : text.bytes);
    waitq__reply_free(reply);
  }
  return answer;
}

int64_t caller_count(struct caller *caller, const char *key) {
  struct answer answer = caller_ask(caller, "count", key, NULL, 10000);
  if (answer.code != WAITQ_OK) {
    fail_msg("counting %s: %s", key, answer.error.text);
  }
  return answer.number;
}

int caller_try(struct caller *caller, const char *key, int64_t timeout_ms) {
  return caller_ask(caller, "count", key, NULL, timeout_ms).code;
}

/* --- Threads --- */

#define THREADS_MAX 32

struct counting {
  struct caller *caller;
  const char *const *keys;
  unsigned key_count;
  unsigned thread_count;
  int64_t timeout_ms;
  _Atomic int stop;
  _Atomic int64_t done;
  _Atomic int64_t unknown;
  _Atomic int64_t refused;
  pthread_mutex_t lock; /* of last */
  waitq_error last;
  pthread_t threads[THREADS_MAX];
};

static void *count(void *user) {
  struct counting *counting = user;
  for (unsigned i = 0; !atomic_load(&counting->stop); i++) {
    struct answer answer =
        caller_ask(counting->caller, "count", counting->keys[i % counting->key_count], NULL, counting->timeout_ms);
    if (answer.code == WAITQ_OK) {
      atomic_fetch_add(&counting->done, 1);
      continue;
    }
    int is_unknown = answer.code == WAITQ_E_STORE || answer.code == WAITQ_E_TIMEOUT;
    atomic_fetch_add(is_unknown ? &counting->unknown : &counting->refused, 1);
    pthread_mutex_lock(&counting->lock);
    counting->last = answer.error;
    pthread_mutex_unlock(&counting->lock);
    child_sleep_ms(1);
  }
  return NULL;
}

struct counting *counting_start(struct caller *caller, unsigned threads, const char *const *keys, unsigned key_count,
                                int64_t timeout_ms) {
  struct counting *counting = calloc(1, sizeof *counting);
  assert_non_null(counting);
  assert_true(threads <= THREADS_MAX);
  counting->caller = caller;
  counting->keys = keys;
  counting->key_count = key_count;
  counting->timeout_ms = timeout_ms;
  counting->thread_count = threads;
  pthread_mutex_init(&counting->lock, NULL);
  for (unsigned i = 0; i < threads; i++) {
    assert_int_equal(pthread_create(&counting->threads[i], NULL, count, counting), 0);
  }
  return counting;
}

int64_t counting_done(struct counting *counting) {
  return atomic_load(&counting->done);
}

void counting_wait(struct counting *counting, int64_t more) {
  int64_t until = counting_done(counting) + more;
  int64_t until_ms = child_now_ms() + 60000;
  while (counting_done(counting) < until) {
    if (child_now_ms() > until_ms) {
      child_fail("nothing is counted any more: %s", counting->last.text);
    }
    child_sleep_ms(5);
  }
}

struct counted counting_stop(struct counting *counting) {
  atomic_store(&counting->stop, 1);
  for (unsigned i = 0; i < counting->thread_count; i++) {
    pthread_join(counting->threads[i], NULL);
  }
  struct counted counted = {counting->done, counting->unknown, counting->refused, counting->last};
  pthread_mutex_destroy(&counting->lock);
  free(counting);
  return counted;
}
