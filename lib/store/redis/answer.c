/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/answer.h"

#include "base/error.h"
#include "store/redis/bits.h"

#define ANSWER_COUNT 5
#define NUMBERS_SIZE 70
#define RECORD_SIZE 13
#define NUMBER_SIZE 5

/* A number up to the end of a text; 0 where it is none. */
static int parse(struct waitq__text text, uint64_t *number) {
  *number = 0;
  for (size_t i = 0; i < text.length; i++) {
    unsigned digit = (unsigned)((unsigned char)text.bytes[i] - '0');
    if (digit > 9 || *number > (UINT64_MAX - digit) / 10) {
      return 0;
    }
    *number = *number * 10 + digit;
  }
  return text.length > 0;
}

static int read_number(const struct waitq__reply *array, size_t index, uint64_t *number) {
  const struct waitq__reply *reply = waitq__reply_at(array, index);
  *number = 0;
  if (reply != NULL && waitq__reply_type(reply) == WAITQ__REPLY_INTEGER) {
    *number = (uint64_t)waitq__reply_integer(reply);
    return waitq__reply_integer(reply) >= 0;
  }
  return reply != NULL && parse(waitq__reply_text(reply), number);
}

static uint64_t read_bytes(const char *bytes, size_t count) {
  uint64_t number = 0;
  for (size_t i = 0; i < count; i++) {
    number = number << 8 | (unsigned char)bytes[i];
  }
  return number;
}

static uint64_t take(const char **at, size_t count) {
  uint64_t number = read_bytes(*at, count);
  *at += count;
  return number;
}

/* In the order of exchange.lua. */
static int read_numbers(struct waitq__answer *answer, const struct waitq__reply *reply) {
  struct waitq__text text = waitq__reply_text(reply);
  if (text.length != NUMBERS_SIZE) {
    return 0;
  }
  const char *at = text.bytes;
  uint64_t seconds = take(&at, 4);
  answer->now_us = (int64_t)(seconds * 1000000 + take(&at, 4));
  answer->next = take(&at, 8);
  answer->change = take(&at, 8);
  answer->losses = take(&at, 8);
  answer->stood_ms = take(&at, 8);
  answer->untold_ms = take(&at, 8);
  answer->born_us = take(&at, 8);
  answer->first_new = take(&at, 8);
  answer->nodes = take(&at, 4);
  answer->more = take(&at, 1) != 0;
  answer->committed = take(&at, 1) != 0;
  return 1;
}

static int read_head(struct waitq__answer *answer, const struct waitq__reply *reply) {
  answer->has_head = waitq__reply_type(reply) == WAITQ__REPLY_ARRAY;
  if (!answer->has_head) {
    return 1;
  }
  waitq_store_head *head = &answer->head;
  struct waitq__text state = {"", 0};
  if (waitq__reply_count(reply) == 4) {
    state = waitq__reply_text(waitq__reply_at(reply, 3));
  }
  *head =
      (waitq_store_head){.size = sizeof *head, .next = answer->next, .state = state.bytes, .state_size = state.length};
  return read_number(reply, 0, &head->version) && read_number(reply, 1, &head->epoch) &&
         read_number(reply, 2, &head->join_limit) && state.length <= WAITQ_STORE_STATE_MAX;
}

int waitq__answer_refusal(const struct waitq__reply *reply, waitq_error *error) {
  const struct waitq__reply *first = waitq__reply_at(reply, 0);
  int64_t code = first == NULL ? 0 : waitq__reply_integer(first);
  if (code >= 0 || waitq__reply_count(reply) != 2) {
    return WAITQ_OK;
  }
  struct waitq__text text = waitq__reply_text(waitq__reply_at(reply, 1));
  int length = text.length < 200 ? (int)text.length : 200;
  return waitq__fail(error, (int)code, "%.*s", length, text.bytes);
}

int waitq__answer_read(struct waitq__answer *answer, const struct waitq__reply *reply, waitq_error *error) {
  *answer = (struct waitq__answer){0};
  int code = waitq__answer_refusal(reply, error);
  if (code != WAITQ_OK) {
    return code;
  }
  uint64_t kind;
  if (waitq__reply_count(reply) == ANSWER_COUNT && read_number(reply, 0, &kind) && kind <= WAITQ__ANSWER_OTHER_EPOCH &&
      read_numbers(answer, waitq__reply_at(reply, 1)) && read_head(answer, waitq__reply_at(reply, 2))) {
    answer->code = (enum waitq__answer_code)kind;
    answer->outcomes = waitq__reply_text(waitq__reply_at(reply, 3));
    answer->changes = waitq__reply_at(reply, 4);
    return WAITQ_OK;
  }
  return waitq__fail(error, WAITQ_E_STORE, "Redis answered something that is no answer of a room");
}

/* Numbers are handed out from *next on, which rises. */
static int read_outcomes(struct waitq__text outcomes, uint64_t *next, waitq_store_join *joins, uint32_t count,
                         int64_t joined_us) {
  size_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    char outcome = 'N';
    if (outcomes.length > 0) {
      outcome = '?';
      if (at < outcomes.length) {
        outcome = outcomes.bytes[at++];
      }
    }
    if (outcome == 'N') {
      joins[i].outcome = WAITQ_STORE_NEW;
      joins[i].number = (*next)++;
      joins[i].joined_us = joined_us;
    } else if (outcome == 'E' && outcomes.length - at >= RECORD_SIZE) {
      joins[i].outcome = WAITQ_STORE_EXISTING;
      joins[i].number = read_bytes(outcomes.bytes + at, NUMBER_SIZE);
      joins[i].joined_us = (int64_t)read_bytes(outcomes.bytes + at + NUMBER_SIZE, RECORD_SIZE - NUMBER_SIZE);
      at += RECORD_SIZE;
    } else if (outcome == 'F') {
      joins[i].outcome = WAITQ_STORE_FULL;
    } else {
      return 0;
    }
  }
  return at == outcomes.length;
}

int waitq__answer_joins(const struct waitq__answer *answer, waitq_store_join *joins, uint32_t count,
                        int64_t joined_us) {
  uint64_t next = answer->first_new;
  return read_outcomes(answer->outcomes, &next, joins, count, joined_us);
}

int waitq__answer_joined(struct waitq__answer *answer, const struct waitq__reply *reply, waitq_store_join *joins,
                         uint32_t count, int64_t joined_us) {
  *answer = (struct waitq__answer){.outcomes = {"", 0}};
  uint64_t seconds;
  uint64_t microseconds;
  size_t length = waitq__reply_count(reply);
  if (length < 3 || length > 4 || !read_number(reply, 0, &answer->first_new) || !read_number(reply, 1, &seconds) ||
      !read_number(reply, 2, &microseconds)) {
    return 0;
  }
  if (length == 4) {
    answer->outcomes = waitq__reply_text(waitq__reply_at(reply, 3));
  }
  answer->now_us = (int64_t)(seconds * 1000000 + microseconds);
  answer->next = answer->first_new;
  return (length == 4) == (answer->outcomes.length > 0) &&
         read_outcomes(answer->outcomes, &answer->next, joins, count, joined_us);
}

/* "<plane>:<chunk>" */
static int read_member(struct waitq__text member, uint64_t *plane, uint64_t *chunk) {
  size_t colon = 0;
  while (colon < member.length && member.bytes[colon] != ':') {
    colon++;
  }
  return colon < member.length && parse((struct waitq__text){member.bytes, colon}, plane) &&
         parse((struct waitq__text){member.bytes + colon + 1, member.length - colon - 1}, chunk) &&
         *plane < WAITQ_STORE_PLANES && *chunk < UINT64_MAX / WAITQ__REDIS_CHUNK_TICKETS;
}

static int is_blank(const uint64_t *words) {
  uint64_t any = 0;
  for (size_t i = 0; i < WAITQ__REDIS_CHUNK_WORDS; i++) {
    any |= words[i];
  }
  return any == 0;
}

int waitq__answer_changes(const struct waitq__answer *answer, const waitq_store_sink *sink, int all,
                          waitq_error *error) {
  uint64_t words[WAITQ__REDIS_CHUNK_WORDS];
  size_t count = waitq__reply_count(answer->changes);
  for (size_t i = 0; i + 1 < count; i += 2) {
    uint64_t plane;
    uint64_t chunk;
    struct waitq__text bits = waitq__reply_text(waitq__reply_at(answer->changes, i + 1));
    if (!read_member(waitq__reply_text(waitq__reply_at(answer->changes, i)), &plane, &chunk)) {
      return waitq__fail(error, WAITQ_E_STORE, "Redis told changes of no plane of a room");
    }
    waitq__bits_read(bits.bytes, bits.length, words, WAITQ__REDIS_CHUNK_WORDS);
    if (!all && is_blank(words)) {
      continue;
    }
    waitq_store_bits run = {(uint32_t)plane, WAITQ__REDIS_CHUNK_WORDS, chunk * WAITQ__REDIS_CHUNK_TICKETS, words};
    int code = sink->bits(sink->user, &run);
    if (code != WAITQ_OK) {
      return code;
    }
  }
  return WAITQ_OK;
}
