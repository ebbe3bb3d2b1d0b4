/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/store.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/name.h"
#include "store/redis/describe.h"
#include "store/redis/exchange.h"
#include "store/redis/limit.h"
#include "store/redis/load.h"
#include "store/redis/scripts.h"

static int name_node(struct waitq__redis_store *redis, const waitq_store_env *env, waitq_error *error) {
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[8];
  if (env->random == NULL) {
    randombytes_buf(bytes, sizeof bytes);
  } else if (env->random(env->random_user, bytes, sizeof bytes) != 0) {
    return waitq__fail(error, WAITQ_E_RANDOM, "no random bytes for the name of this context");
  }
  for (size_t i = 0; i < sizeof bytes; i++) {
    redis->node[2 * i] = digits[bytes[i] >> 4];
    redis->node[2 * i + 1] = digits[bytes[i] & 15];
  }
  return WAITQ_OK;
}

static int redis_open(const char *uri, const waitq_store_env *env, void **store, waitq_error *error) {
  struct waitq__redis_store *redis = waitq__alloc_zeroed(env->allocator, sizeof *redis);
  if (redis == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a store");
  }
  redis->allocator = env->allocator;
  int code = waitq__redis_settings_read(&redis->settings, uri, error);
  if (code == WAITQ_OK) {
    code = name_node(redis, env, error);
  }
  if (code == WAITQ_OK) {
    code = waitq__client_open(&redis->settings, env, &redis->client, error);
  }
  waitq__redis_settings_wipe(&redis->settings);
  if (code != WAITQ_OK) {
    waitq__free(env->allocator, redis);
    return code;
  }
  *store = redis;
  return WAITQ_OK;
}

static void redis_close(void *store) {
  struct waitq__redis_store *redis = store;
  waitq__client_close(redis->client);
  waitq__free(redis->allocator, redis);
}

static void redis_room_close(void *stored) {
  struct waitq__redis_room *room = stored;
  waitq__arguments_free(&room->arguments);
  waitq__free(room->store->allocator, room);
}

/* Runs a small script, and returns what it found wrong. */
static int run(struct waitq__redis_store *redis, const struct waitq__call *call, struct waitq__reply **reply,
               waitq_error *error) {
  int code = waitq__client_call(redis->client, call, reply, error);
  if (code == WAITQ_OK) {
    code = waitq__answer_refusal(*reply, error);
  }
  return code;
}

/* Sees to it that the room is there in Redis; *is_there tells whether it is. */
static int make(struct waitq__redis_room *room, const waitq_store_head *initial, int *is_there, waitq_error *error) {
  struct waitq__arguments *arguments = &room->arguments;
  waitq__arguments_add_decimal(arguments, (uint64_t)room->store->settings.key_ttl_s * 1000);
  if (initial != NULL) {
    waitq__arguments_add_decimal(arguments, initial->epoch);
    waitq__arguments_add_decimal(arguments, initial->next);
    waitq__arguments_add_decimal(arguments, initial->join_limit);
    waitq__arguments_add(arguments, initial->state, initial->state_size);
    waitq__describe(arguments, initial->state, initial->state_size);
  }
  const struct waitq__text *texts = waitq__arguments_texts(arguments);
  if (texts == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a room");
  }
  const struct waitq__call call = {.script = &waitq__script_open,
                                   .keys = room->keys.texts,
                                   .key_count = WAITQ__KEY_COUNT,
                                   .arguments = texts,
                                   .argument_count = arguments->count};
  struct waitq__reply *reply = NULL;
  int code = run(room->store, &call, &reply, error);
  if (code == WAITQ_OK) {
    const struct waitq__reply *first = waitq__reply_at(reply, 0);
    *is_there = first != NULL && waitq__reply_integer(first) == 1;
  }
  waitq__reply_free(reply);
  return code;
}

static int redis_room_open(void *store, const char *name, const waitq_store_head *initial, void **out,
                           waitq_error *error) {
  struct waitq__redis_store *redis = store;
  *out = NULL;
  int code = waitq__name_check(name, WAITQ__ROOM_NAME_MAX, "room", error);
  if (code != WAITQ_OK) {
    return code;
  }
  if (initial != NULL && initial->state_size > WAITQ_STORE_STATE_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "a state of %zu bytes is too large", initial->state_size);
  }
  struct waitq__redis_room *room = waitq__alloc_zeroed(redis->allocator, sizeof *room);
  if (room == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a room");
  }
  room->store = redis;
  waitq__keys_init(&room->keys, name);
  waitq__arguments_init(&room->arguments, redis->allocator);
  int is_there = 0;
  code = make(room, initial, &is_there, error);
  if (code != WAITQ_OK || !is_there) {
    redis_room_close(room);
    return code;
  }
  *out = room;
  return WAITQ_OK;
}

/* A round trip for one of the functions that do one thing. */
static int simply(struct waitq__redis_room *room, const waitq_store_exchange *exchange, unsigned mode,
                  struct waitq__answer *answer, waitq_error *error) {
  struct waitq__reply *reply;
  int code = waitq__redis_converse(room, exchange, WAITQ__EXCHANGE_ADOPTING | mode, 0, answer, &reply, error);
  if (code == WAITQ_OK && answer->code == WAITQ__ANSWER_LOSS) {
    code = waitq__fail(error, WAITQ_E_STORE, "%s is not there any more", room->keys.names[WAITQ__KEY_HEAD]);
  } else if (code == WAITQ_OK && answer->code == WAITQ__ANSWER_OTHER_EPOCH) {
    code = waitq__fail(error, WAITQ_E_CONFLICT, "%s is in another epoch than %llu", room->keys.names[WAITQ__KEY_HEAD],
                       (unsigned long long)exchange->epoch);
  } else if (code == WAITQ_OK &&
             !waitq__answer_joins(answer, exchange->joins, exchange->join_count, exchange->joined_us)) {
    code = waitq__fail(error, WAITQ_E_STORE, "Redis answered for other joins than were asked for");
  }
  waitq__reply_free(reply);
  return code;
}

static int redis_append(void *room, uint64_t epoch, int64_t now_us, waitq_store_join *joins, size_t count,
                        waitq_error *error) {
  struct waitq__answer answer;
  waitq_store_exchange exchange = {.size = sizeof exchange, .epoch = epoch, .joined_us = now_us, .joins = joins};
  exchange.join_count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
  return simply(room, &exchange, 0, &answer, error);
}

static int redis_mark(void *room, uint64_t epoch, const waitq_store_bits *bits, size_t count, waitq_error *error) {
  struct waitq__answer answer;
  waitq_store_exchange exchange = {.size = sizeof exchange, .epoch = epoch, .marks = bits};
  exchange.mark_count = (uint32_t)count;
  return simply(room, &exchange, 0, &answer, error);
}

static int redis_commit(void *room, const waitq_store_commit *commit, waitq_error *error) {
  struct waitq__answer answer;
  waitq_store_exchange exchange = {.size = sizeof exchange, .epoch = commit->epoch, .commit = commit};
  int code = simply(room, &exchange, WAITQ__EXCHANGE_ANY_EPOCH, &answer, error);
  if (code == WAITQ_OK && !answer.committed) {
    const struct waitq__redis_room *redis = room;
    code = waitq__fail(error, WAITQ_E_CONFLICT, "%s is at another version than %llu",
                       redis->keys.names[WAITQ__KEY_HEAD], (unsigned long long)commit->version);
  }
  return code;
}

static uint64_t redis_memory_bytes(void *stored) {
  const struct waitq__redis_room *room = stored;
  return sizeof *room + waitq__arguments_bytes(&room->arguments);
}

static int redis_agree(void *store, const char *name, unsigned char *bytes, size_t size, waitq_error *error) {
  struct waitq__redis_store *redis = store;
  char key[48];
  int length = snprintf(key, sizeof key, "wq:agreed:%.32s", name);
  const struct waitq__text keys[] = {{key, (size_t)length}};
  const struct waitq__text arguments[] = {{(const char *)bytes, size}};
  const struct waitq__call call = {
      .script = &waitq__script_agree, .keys = keys, .key_count = 1, .arguments = arguments, .argument_count = 1};
  struct waitq__reply *reply = NULL;
  int code = run(redis, &call, &reply, error);
  if (code == WAITQ_OK) {
    const struct waitq__reply *second = waitq__reply_at(reply, 1);
    struct waitq__text kept = second == NULL ? (struct waitq__text){"", 0} : waitq__reply_text(second);
    if (kept.length == size) {
      memcpy(bytes, kept.bytes, size);
    } else {
      code = waitq__fail(error, WAITQ_E_DAMAGED, "%s has %zu bytes, not %zu", key, kept.length, size);
    }
  }
  waitq__reply_free(reply);
  return code;
}

const waitq_store_ops *waitq__store_redis(void) {
  static const waitq_store_ops ops = {
      .size = sizeof(waitq_store_ops),
      .open = redis_open,
      .close = redis_close,
      .room_open = redis_room_open,
      .room_close = redis_room_close,
      .load = waitq__redis_load,
      .append = redis_append,
      .mark = redis_mark,
      .commit = redis_commit,
      .memory_bytes = redis_memory_bytes,
      .exchange = waitq__redis_exchange,
      .agree = redis_agree,
      .limit = waitq__redis_limit,
  };
  return &ops;
}
