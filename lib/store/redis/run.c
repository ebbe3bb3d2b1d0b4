/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/run.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/lock.h"
#include "base/mem.h"
#include "store/redis/refusal.h"

/* Who else flushes the scripts again and again is not to keep a call for ever. */
#define LOADS_MOST 3

int waitq__shelf_init(struct waitq__shelf *shelf) {
  memset(shelf, 0, sizeof *shelf);
  return pthread_mutex_init(&shelf->lock, NULL) == 0 ? 0 : -1;
}

void waitq__shelf_destroy(struct waitq__shelf *shelf) {
  pthread_mutex_destroy(&shelf->lock);
}

static int name_of(struct waitq__shelf *shelf, const struct waitq__script *script, char *name) {
  waitq__lock(&shelf->lock);
  int is_known = shelf->is_known[script->index];
  memcpy(name, shelf->names[script->index], WAITQ__SHA_LENGTH);
  pthread_mutex_unlock(&shelf->lock);
  return is_known;
}

static void name_keep(struct waitq__shelf *shelf, const struct waitq__script *script, const char *name) {
  waitq__lock(&shelf->lock);
  memcpy(shelf->names[script->index], name, WAITQ__SHA_LENGTH);
  shelf->is_known[script->index] = 1;
  pthread_mutex_unlock(&shelf->lock);
}

static struct waitq__text text_of(const char *text) {
  return (struct waitq__text){text, strlen(text)};
}

/* Gives the server the text. *reply is NULL where it took it, and otherwise the error that it answered. */
static int load(const struct waitq__run *run, char *name, struct waitq__reply **reply, waitq_error *error) {
  const struct waitq__script *script = run->call->script;
  const struct waitq__text words[] = {{"SCRIPT", 6}, {"LOAD", 4}, {script->text, script->length}};
  int was_sent = 0;
  int code = waitq__link_queue(run->link, words, 3, error);
  if (code == WAITQ_OK) {
    code = waitq__link_exchange(run->link, reply, 1, run->deadline_us, &was_sent, error);
  }
  if (code != WAITQ_OK || waitq__reply_type(*reply) == WAITQ__REPLY_ERROR) {
    return code;
  }
  struct waitq__text answer = waitq__reply_text(*reply);
  if (answer.length == WAITQ__SHA_LENGTH) {
    memcpy(name, answer.bytes, WAITQ__SHA_LENGTH);
    name_keep(run->shelf, script, name);
  } else {
    code = waitq__fail(error, WAITQ_E_STORE, "SCRIPT LOAD gave the script %s no name", script->name);
  }
  waitq__reply_free(*reply);
  *reply = NULL;
  return code;
}

/* EVALSHA name numkeys key... run_id argument... */
static int queue_call(const struct waitq__run *run, const char *name, waitq_error *error) {
  const struct waitq__call *call = run->call;
  size_t count = 3 + call->key_count + 1 + call->argument_count;
  struct waitq__text *words = waitq__alloc(run->allocator, count * sizeof *words);
  if (words == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a command");
  }
  char key_count[24];
  snprintf(key_count, sizeof key_count, "%zu", call->key_count);
  struct waitq__text *word = words;
  *word++ = text_of("EVALSHA");
  *word++ = (struct waitq__text){name, WAITQ__SHA_LENGTH};
  *word++ = text_of(key_count);
  for (size_t i = 0; i < call->key_count; i++) {
    *word++ = call->keys[i];
  }
  *word++ = text_of(waitq__link_server(run->link)->run_id);
  for (size_t i = 0; i < call->argument_count; i++) {
    *word++ = call->arguments[i];
  }
  int code = waitq__link_queue(run->link, words, count, error);
  waitq__free(run->allocator, words);
  return code;
}

static int evaluate(const struct waitq__run *run, const char *name, struct waitq__reply **reply, int *was_sent,
                    waitq_error *error) {
  static const struct waitq__text asking[] = {{"ASKING", 6}};
  struct waitq__reply *replies[2] = {NULL, NULL};
  size_t count = run->is_asking ? 2 : 1;
  int code = run->is_asking ? waitq__link_queue(run->link, asking, 1, error) : WAITQ_OK;
  if (code == WAITQ_OK) {
    code = queue_call(run, name, error);
  }
  if (code == WAITQ_OK) {
    code = waitq__link_exchange(run->link, replies, count, run->deadline_us, was_sent, error);
  }
  if (code == WAITQ_OK) {
    *reply = replies[count - 1];
    if (count == 2) {
      waitq__reply_free(replies[0]);
    }
  }
  return code;
}

static int is_unknown_script(const struct waitq__reply *reply) {
  return waitq__reply_type(reply) == WAITQ__REPLY_ERROR &&
         waitq__refusal_of(waitq__reply_text(reply)).action == WAITQ__REFUSAL_LOAD;
}

int waitq__run(const struct waitq__run *run, struct waitq__reply **reply, int *was_sent, waitq_error *error) {
  char name[WAITQ__SHA_LENGTH];
  int must_load = !name_of(run->shelf, run->call->script, name);
  *reply = NULL;
  *was_sent = 0;
  for (unsigned loads = 0;;) {
    if (must_load) {
      loads++;
      int code = load(run, name, reply, error);
      if (code != WAITQ_OK || *reply != NULL) {
        return code;
      }
    }
    int code = evaluate(run, name, reply, was_sent, error);
    if (code != WAITQ_OK || loads == LOADS_MOST || !is_unknown_script(*reply)) {
      return code;
    }
    waitq__reply_free(*reply);
    *reply = NULL;
    *was_sent = 0;
    must_load = 1;
  }
}
