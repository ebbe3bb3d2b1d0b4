/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/joining.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "core/number.h"
#include "store/redis/client.h"
#include "store/redis/exchange.h"
#include "store/redis/scripts.h"

#define INDEX_SIZE 4
#define NUMBER_SIZE 5
#define TIME_SIZE 8
#define OF_NOBODY (UINT64_C(1) << 31)

/* What join.lua takes at once. */
#define JOINS_MAX 1000

/* A power of two: twice as many as there may be visitors to compare. */
#define SET_SIZE 4096

int waitq__joins_have_twins(const waitq_store_join *joins, uint32_t count) {
  if (count > SET_SIZE / 2) {
    return 1;
  }
  if (count < 2) {
    return 0;
  }
  uint16_t set[SET_SIZE];
  uint32_t size = 4; /* no more of the set is used than it takes */
  while (size < 2 * count) {
    size *= 2;
  }
  memset(set, 0, size * sizeof set[0]);
  for (uint32_t i = 0; i < count; i++) {
    if (joins[i].anonymous) {
      continue;
    }
    const unsigned char *visitor = joins[i].visitor;
    uint32_t at = ((uint32_t)visitor[0] | (uint32_t)visitor[1] << 8) % size;
    while (set[at] != 0) {
      if (memcmp(joins[set[at] - 1].visitor, visitor, WAITQ_STORE_VISITOR_SIZE) == 0) {
        return 1;
      }
      at = (at + 1) % size;
    }
    set[at] = (uint16_t)(i + 1);
  }
  return 0;
}

void waitq__joins_put_visitors(struct waitq__arguments *arguments, const waitq_store_join *joins, uint32_t count) {
  char *to = waitq__arguments_extend(arguments, (size_t)count * WAITQ_STORE_VISITOR_SIZE);
  for (uint32_t i = 0; to != NULL && i < count; i++) {
    memcpy(to + (size_t)i * WAITQ_STORE_VISITOR_SIZE, joins[i].visitor, WAITQ_STORE_VISITOR_SIZE);
  }
}

void waitq__joins_put_special(struct waitq__arguments *arguments, const waitq_store_join *joins, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (joins[i].anonymous || joins[i].replaces < WAITQ__NUMBER_END) {
      waitq__arguments_put_number(arguments, INDEX_SIZE, joins[i].anonymous ? i + OF_NOBODY : i);
      waitq__arguments_put_number(arguments, NUMBER_SIZE, joins[i].anonymous ? 0 : joins[i].replaces);
    }
  }
}

int waitq__redis_can_join(const struct waitq__redis_room *room, const waitq_store_exchange *exchange) {
  int is_bare = exchange->commit == NULL && exchange->flags == 0 &&
                exchange->mark_count + exchange->unmark_count + exchange->shown_count == 0;
  return is_bare && exchange->join_count > 0 && exchange->join_count <= JOINS_MAX &&
         waitq__monotonic_us() < room->next_beat_us && !waitq__joins_have_twins(exchange->joins, exchange->join_count);
}

/* All that join.lua is told but the run_id. */
static const struct waitq__text *ask(struct waitq__redis_room *room, const waitq_store_exchange *exchange) {
  struct waitq__arguments *arguments = &room->arguments;
  waitq__arguments_clear(arguments);
  waitq__arguments_add_decimal(arguments, exchange->epoch);
  waitq__arguments_add_decimal(arguments, room->losses);
  waitq__arguments_add_decimal(arguments, room->born_us);
  waitq__arguments_add_decimal(arguments, exchange->version);
  waitq__arguments_add_decimal(arguments, exchange->change);
  waitq__arguments_add_decimal(arguments, (uint64_t)room->store->settings.key_ttl_s * 1000);
  waitq__arguments_add_decimal(arguments, room->next);
  waitq__arguments_begin(arguments);
  waitq__arguments_put_number(arguments, TIME_SIZE, (uint64_t)exchange->joined_us);
  waitq__arguments_begin(arguments);
  waitq__joins_put_visitors(arguments, exchange->joins, exchange->join_count);
  waitq__arguments_begin(arguments);
  size_t before = arguments->used;
  waitq__joins_put_special(arguments, exchange->joins, exchange->join_count);
  if (arguments->used == before && !arguments->has_failed) {
    arguments->count--;
  }
  return waitq__arguments_texts(arguments);
}

/* Nothing has changed but what was asked: all else is as it was told last. */
static void fill_in(struct waitq__redis_room *room, const struct waitq__answer *answer,
                    waitq_store_exchange *exchange) {
  room->next = answer->next;
  exchange->next = answer->next;
  exchange->losses = room->losses;
  exchange->now_us = answer->now_us;
  exchange->stood_us = (int64_t)room->stood_ms * 1000;
  exchange->untold_us = 0;
  exchange->born_us = (int64_t)room->born_us;
  exchange->nodes = room->nodes;
  exchange->commit_code = WAITQ_OK;
  exchange->found = 0;
}

int waitq__redis_join(struct waitq__redis_room *room, waitq_store_exchange *exchange, waitq_error *error) {
  const struct waitq__text *arguments = ask(room, exchange);
  if (arguments == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for what the store is asked");
  }
  const struct waitq__call call = {.script = &waitq__script_join,
                                   .keys = room->keys.texts,
                                   .key_count = WAITQ__KEY_VISITORS + 1,
                                   .arguments = arguments,
                                   .argument_count = room->arguments.count,
                                   .timeout_us = exchange->timeout_us};
  struct waitq__reply *reply;
  int code = waitq__client_call(room->store->client, &call, &reply, error);
  if (code != WAITQ_OK) {
    return code;
  }
  int result = WAITQ__JOINED_NOTHING;
  if (waitq__reply_type(reply) != WAITQ__REPLY_NULL) {
    struct waitq__answer answer;
    result = WAITQ__JOINED;
    if (waitq__answer_joined(&answer, reply, exchange->joins, exchange->join_count, exchange->joined_us)) {
      fill_in(room, &answer, exchange);
    } else {
      result = waitq__fail(error, WAITQ_E_STORE, "Redis answered for other joins than were asked for");
    }
  }
  waitq__reply_free(reply);
  return result;
}
