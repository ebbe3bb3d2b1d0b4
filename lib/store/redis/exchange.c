/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/exchange.h"

#include <string.h>

#include "base/error.h"
#include "core/number.h"
#include "store/redis/bits.h"
#include "store/redis/client.h"
#include "store/redis/describe.h"
#include "store/redis/joining.h"
#include "store/redis/link.h"
#include "store/redis/scripts.h"

#define BEAT_US 500000
#define JOINS_MAX 65536
#define NUMBER_SIZE 5
#define TIME_SIZE 8

static int add_commit(struct waitq__redis_room *room, const waitq_store_commit *commit, waitq_error *error) {
  struct waitq__arguments *arguments = &room->arguments;
  waitq__arguments_add_decimal(arguments, commit->epoch);
  waitq__arguments_add_decimal(arguments, commit->version);
  waitq__arguments_add_decimal(arguments, commit->join_limit);
  waitq__arguments_add(arguments, commit->state, commit->state_size);
  waitq__arguments_begin(arguments);
  waitq__arguments_put_number(arguments, 4, commit->clear_planes);
  waitq__arguments_put_number(arguments, 8, commit->trim_below);
  waitq__arguments_put_number(arguments, 8, commit->next_min);
  size_t counts_at = arguments->used;
  waitq__arguments_put_number(arguments, 8, 0);
  waitq__arguments_put_number(arguments, 8, room->losses);
  waitq__arguments_put_number(arguments, 8, room->stood_ms);
  waitq__arguments_put_number(arguments, 8, room->change);
  uint32_t fields = waitq__describe(arguments, commit->state, commit->state_size);
  int marks = waitq__bits_add(arguments, commit->bits, commit->bits_count, 0, room->next, error);
  if (marks < 0) {
    return marks;
  }
  waitq__arguments_set_number(arguments, counts_at, 4, (uint64_t)marks);
  waitq__arguments_set_number(arguments, counts_at + 4, 4, fields);
  return WAITQ_OK;
}

/* The record of a ticket, as exchange.lua writes it of joins. */
static void put_record(struct waitq__arguments *arguments, const waitq_store_shown *shown) {
  waitq__arguments_put_number(arguments, NUMBER_SIZE, shown->number);
  waitq__arguments_put_number(arguments, TIME_SIZE, (uint64_t)shown->joined_us);
}

static int is_anonymous(const waitq_store_shown *shown) {
  static const unsigned char nobody[WAITQ_STORE_VISITOR_SIZE];
  return memcmp(shown->visitor, nobody, sizeof nobody) == 0;
}

/* Tickets that were shown, and joins. Returns how many were shown by somebody. */
static uint32_t add_visitors(struct waitq__arguments *arguments, const waitq_store_exchange *exchange) {
  waitq__arguments_begin(arguments);
  waitq__arguments_put_number(arguments, TIME_SIZE, (uint64_t)exchange->joined_us);
  waitq__arguments_begin(arguments);
  waitq__joins_put_special(arguments, exchange->joins, exchange->join_count);
  uint32_t shown = 0;
  waitq__arguments_begin(arguments);
  for (uint32_t i = 0; i < exchange->shown_count; i++) {
    if (!is_anonymous(&exchange->shown[i])) {
      put_record(arguments, &exchange->shown[i]);
      shown++;
    }
  }
  waitq__arguments_begin(arguments);
  for (uint32_t i = 0; i < exchange->shown_count; i++) {
    if (!is_anonymous(&exchange->shown[i])) {
      waitq__arguments_put(arguments, exchange->shown[i].visitor, WAITQ_STORE_VISITOR_SIZE);
    }
  }
  waitq__joins_put_visitors(arguments, exchange->joins, exchange->join_count);
  return shown;
}

/* Everything that exchange.lua is told but the run_id. */
static int ask(struct waitq__redis_room *room, const waitq_store_exchange *exchange, unsigned mode, uint32_t page,
               waitq_error *error) {
  struct waitq__arguments *arguments = &room->arguments;
  waitq__arguments_clear(arguments);
  waitq__arguments_add(arguments, room->store->node, strlen(room->store->node));
  waitq__arguments_add_decimal(arguments, exchange->epoch);
  waitq__arguments_add_decimal(arguments, exchange->version);
  waitq__arguments_begin(arguments);
  for (unsigned i = 0; i < WAITQ__EXCHANGE_MODES; i++) {
    waitq__arguments_put_number(arguments, 1, mode >> i & 1);
  }
  waitq__arguments_put_number(arguments, 4, exchange->planes_wanted);
  waitq__arguments_put_number(arguments, 4, page);
  waitq__arguments_put_number(arguments, 8, exchange->change);
  waitq__arguments_put_number(arguments, 8, (uint64_t)room->store->settings.key_ttl_s * 1000);
  size_t counts_at = arguments->used;
  waitq__arguments_put_number(arguments, 8, 0);
  waitq__arguments_put_number(arguments, 4, exchange->join_count);
  waitq__arguments_put_number(arguments, 4, (uint64_t)exchange->told_age_us / 1000);
  waitq__arguments_put_number(arguments, 8, room->born_us);
  waitq__arguments_put_number(arguments, 8, room->next);
  int code = exchange->commit == NULL ? WAITQ_OK : add_commit(room, exchange->commit, error);
  if (code != WAITQ_OK) {
    return code;
  }
  int marks = waitq__bits_add(arguments, exchange->marks, exchange->mark_count, 0, room->next, error);
  int unmarks =
      marks < 0 ? marks : waitq__bits_add(arguments, exchange->unmarks, exchange->unmark_count, 1, room->next, error);
  if (unmarks < 0) {
    return unmarks;
  }
  uint32_t shown = exchange->join_count + exchange->shown_count == 0 ? 0 : add_visitors(arguments, exchange);
  waitq__arguments_set_number(arguments, counts_at, 4, (uint64_t)marks + (uint64_t)unmarks);
  waitq__arguments_set_number(arguments, counts_at + 4, 4, shown);
  return WAITQ_OK;
}

static void remember(struct waitq__redis_room *room, const struct waitq__answer *answer, unsigned mode) {
  if (answer->code != WAITQ__ANSWER_LOSS) {
    room->next = answer->next;
  }
  if (answer->code != WAITQ__ANSWER_OK) {
    return;
  }
  room->change = answer->change > room->change ? answer->change : room->change;
  room->losses = answer->losses;
  room->stood_ms = answer->stood_ms;
  room->born_us = answer->born_us;
  if ((mode & WAITQ__EXCHANGE_BEAT) != 0) {
    room->next_beat_us = waitq__monotonic_us() + BEAT_US;
  }
  if (answer->nodes != 0) {
    room->nodes = (uint32_t)answer->nodes;
  }
}

int waitq__redis_converse(struct waitq__redis_room *room, const waitq_store_exchange *exchange, unsigned mode,
                          uint32_t page, struct waitq__answer *answer, struct waitq__reply **reply,
                          waitq_error *error) {
  *reply = NULL;
  mode |= exchange->commit != NULL ? WAITQ__EXCHANGE_COMMITTING : 0;
  mode |= exchange->sink == NULL ? WAITQ__EXCHANGE_UNTOLD : 0;
  mode |= waitq__joins_have_twins(exchange->joins, exchange->join_count) ? WAITQ__EXCHANGE_REPEATING : 0;
  if (exchange->commit != NULL && exchange->commit->state_size > WAITQ_STORE_STATE_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "a state of %zu bytes is too large", exchange->commit->state_size);
  }
  if (exchange->join_count > JOINS_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "%u joins at once are too many", exchange->join_count);
  }
  int code = ask(room, exchange, mode, page, error);
  const struct waitq__text *arguments = waitq__arguments_texts(&room->arguments);
  if (code == WAITQ_OK && arguments == NULL) {
    code = waitq__fail(error, WAITQ_E_NOMEM, "no memory for what the store is asked");
  }
  if (code != WAITQ_OK) {
    return code;
  }
  const struct waitq__call call = {.script = &waitq__script_exchange,
                                   .keys = room->keys.texts,
                                   .key_count = WAITQ__KEY_COUNT,
                                   .arguments = arguments,
                                   .argument_count = room->arguments.count,
                                   .timeout_us = exchange->timeout_us};
  code = waitq__client_call(room->store->client, &call, reply, error);
  if (code == WAITQ_OK) {
    code = waitq__answer_read(answer, *reply, error);
  }
  if (code == WAITQ_OK) {
    remember(room, answer, mode);
  }
  return code;
}

/* Fills in all but the change that was told last: that is the caller's once the sink has taken what was told. */
static void fill_in(const struct waitq__redis_room *room, const struct waitq__answer *answer,
                    waitq_store_exchange *exchange) {
  exchange->next = answer->next;
  exchange->losses = answer->losses;
  exchange->now_us = answer->now_us;
  exchange->stood_us = (int64_t)answer->stood_ms * 1000;
  exchange->nodes = room->nodes;
  exchange->untold_us = (int64_t)answer->untold_ms * 1000;
  exchange->born_us = (int64_t)answer->born_us;
  exchange->commit_code = exchange->commit == NULL || answer->committed ? WAITQ_OK : WAITQ_E_CONFLICT;
  exchange->found = answer->code == WAITQ__ANSWER_LOSS ? WAITQ_STORE_FOUND_LOSS : 0;
  exchange->found |= answer->more ? WAITQ_STORE_FOUND_MORE : 0;
}

static int tell(const struct waitq__answer *answer, waitq_store_exchange *exchange, waitq_error *error) {
  if (exchange->sink == NULL) {
    return WAITQ_OK;
  }
  int code = answer->has_head ? exchange->sink->head(exchange->sink->user, &answer->head) : WAITQ_OK;
  if (code == WAITQ_OK) {
    code = waitq__answer_changes(answer, exchange->sink, 1, error);
  }
  return code;
}

static int asks_for_effects(const waitq_store_exchange *exchange) {
  return exchange->commit != NULL ||
         exchange->mark_count + exchange->unmark_count + exchange->shown_count + exchange->join_count > 0;
}

/* An exchange by exchange.lua. */
static int exchange_all(struct waitq__redis_room *redis, waitq_store_exchange *exchange, waitq_error *error) {
  unsigned mode = 0;
  if ((exchange->flags & WAITQ_STORE_RECOVER) != 0) {
    if (exchange->commit == NULL) {
      return waitq__fail(error, WAITQ_E_INVALID, "a room is put back with a commit");
    }
    mode |= WAITQ__EXCHANGE_RECOVERING;
  }
  mode |= (exchange->flags & WAITQ_STORE_POLLS_TOLD) != 0 ? WAITQ__EXCHANGE_TELLING : 0;
  mode |= (exchange->flags & WAITQ_STORE_IF_UNCHANGED) != 0 ? WAITQ__EXCHANGE_STRICT : 0;
  if (waitq__monotonic_us() >= redis->next_beat_us) {
    mode |= WAITQ__EXCHANGE_BEAT;
  }
  struct waitq__answer answer;
  struct waitq__reply *reply;
  int code = waitq__redis_converse(redis, exchange, mode, WAITQ__EXCHANGE_PAGE, &answer, &reply, error);
  if (code == WAITQ_OK) {
    fill_in(redis, &answer, exchange);
    if (answer.code == WAITQ__ANSWER_OK &&
        !waitq__answer_joins(&answer, exchange->joins, exchange->join_count, exchange->joined_us)) {
      code = waitq__fail(error, WAITQ_E_STORE, "Redis answered for other joins than were asked for");
    }
  }
  if (code == WAITQ_OK) {
    code = tell(&answer, exchange, error);
    if (code != WAITQ_OK && asks_for_effects(exchange)) {
      code = waitq__fail(error, WAITQ_E_STORE, "what others did could not be taken in: %s", waitq_error_text(code));
    }
  }
  if (code == WAITQ_OK) {
    exchange->change = answer.change;
  }
  waitq__reply_free(reply);
  return code;
}

/* What is left of the time that an exchange may take, in which it goes on. */
static int64_t time_left(const struct waitq__redis_room *room, const waitq_store_exchange *exchange, int64_t since_us) {
  int64_t timeout_us = exchange->timeout_us > 0 ? exchange->timeout_us : room->store->settings.command_timeout_us;
  int64_t left_us = since_us + timeout_us - waitq__monotonic_us();
  return left_us > 1 ? left_us : 1;
}

int waitq__redis_exchange(void *room, waitq_store_exchange *exchange, waitq_error *error) {
  struct waitq__redis_room *redis = room;
  if (!waitq__redis_can_join(redis, exchange)) {
    return exchange_all(redis, exchange, error);
  }
  int64_t since_us = waitq__monotonic_us();
  int result = waitq__redis_join(redis, exchange, error);
  if (result != WAITQ__JOINED_NOTHING) {
    return result == WAITQ__JOINED ? WAITQ_OK : result;
  }
  int64_t timeout_us = exchange->timeout_us;
  exchange->timeout_us = time_left(redis, exchange, since_us);
  int code = exchange_all(redis, exchange, error);
  exchange->timeout_us = timeout_us;
  return code;
}
