/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "store/redis/client.h"
#include "store/redis/scripts.h"
#include "store/redis/store.h"

#define KEYS 2
#define ARGUMENTS 11
#define RUN_MAX (10 + 1 + 20 + 2) /* "1024x18446744073709551615 " */
#define RUNS_INLINE 16

/* Where the answers of the runs begin in the reply. */
#define FIRST_RUN 8

/* What goes to the script, as text. */
struct request {
  char keys[KEYS][96];
  char numbers[ARGUMENTS][40];
  char lessee[33];
  char few_runs[RUNS_INLINE * RUN_MAX];
  char *many_runs; /* NULL where the few are enough */
  struct waitq__text key_texts[KEYS];
  struct waitq__text arguments[ARGUMENTS];
};

/* How many tries from one on want the same. */
static uint32_t run_length(const waitq_store_limit *limit, uint32_t from) {
  uint32_t to = from + 1;
  while (to < limit->try_count && limit->tries[to] == limit->tries[from]) {
    to++;
  }
  return to - from;
}

static uint32_t count_runs(const waitq_store_limit *limit) {
  uint32_t runs = 0;
  for (uint32_t i = 0; i < limit->try_count; i += run_length(limit, i)) {
    runs++;
  }
  return runs;
}

static int write_runs(struct request *request, const waitq_allocator *allocator, const waitq_store_limit *limit,
                      struct waitq__text *text, waitq_error *error) {
  size_t size = (size_t)count_runs(limit) * RUN_MAX;
  char *runs = request->few_runs;
  if (size > sizeof request->few_runs) {
    request->many_runs = waitq__alloc(allocator, size);
    if (request->many_runs == NULL) {
      return waitq__fail(error, WAITQ_E_NOMEM, "no memory for the tries of a limiter");
    }
    runs = request->many_runs;
  }
  size_t length = 0;
  for (uint32_t i = 0, count; i < limit->try_count; i += count) {
    count = run_length(limit, i);
    length += (size_t)snprintf(runs + length, RUN_MAX, "%" PRIu32 "x%" PRIu64 " ", count, limit->tries[i]);
  }
  *text = (struct waitq__text){runs, length};
  return WAITQ_OK;
}

static struct waitq__text unsigned_text(char (*buffer)[40], uint64_t number) {
  int length = snprintf(*buffer, sizeof *buffer, "%" PRIu64, number);
  return (struct waitq__text){*buffer, (size_t)length};
}

static struct waitq__text key_text(char (*buffer)[96], const char *name, const char *suffix) {
  int length = snprintf(*buffer, sizeof *buffer, "wq:limiter:{%s}%s", name, suffix);
  return (struct waitq__text){*buffer, (size_t)length};
}

/* A double with a point, whatever the locale of the host. */
static struct waitq__text double_text(char (*buffer)[40], double number) {
  int length = snprintf(*buffer, sizeof *buffer, "%.17g", number);
  char *comma = strchr(*buffer, ',');
  if (comma != NULL) {
    *comma = '.';
  }
  return (struct waitq__text){*buffer, (size_t)length};
}

static struct waitq__text lessee_text(char (*buffer)[33], const unsigned char *lessee) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < 16; i++) {
    (*buffer)[2 * i] = digits[lessee[i] >> 4];
    (*buffer)[2 * i + 1] = digits[lessee[i] & 15];
  }
  return (struct waitq__text){*buffer, 32};
}

static int write_request(struct request *request, const struct waitq__redis_store *store, const char *name,
                         const waitq_store_limit *limit, waitq_error *error) {
  struct waitq__text *arguments = request->arguments;
  request->many_runs = NULL;
  request->key_texts[0] = key_text(&request->keys[0], name, "");
  request->key_texts[1] = key_text(&request->keys[1], name, ":leases");
  arguments[0] = double_text(&request->numbers[0], limit->rate_per_s);
  arguments[1] = unsigned_text(&request->numbers[1], limit->burst);
  arguments[2] = unsigned_text(&request->numbers[2], limit->configure != 0);
  arguments[3] = unsigned_text(&request->numbers[3], (uint64_t)store->settings.key_ttl_s);
  arguments[5] = lessee_text(&request->lessee, limit->lessee);
  arguments[6] = unsigned_text(&request->numbers[6], limit->lease_number);
  arguments[7] = unsigned_text(&request->numbers[7], limit->lease_held);
  arguments[8] = unsigned_text(&request->numbers[8], limit->lease_returned);
  arguments[9] = unsigned_text(&request->numbers[9], limit->lease_wanted);
  arguments[10] = unsigned_text(&request->numbers[10], (uint64_t)limit->lease_ttl_us);
  return write_runs(request, store->allocator, limit, &arguments[4], error);
}

static int is_word(struct waitq__text text, const char *word) {
  return text.length == strlen(word) && memcmp(text.bytes, word, text.length) == 0;
}

/* A double of the script's, which writes them with a point. strtod() reads the point of the locale. */
static int read_double(const struct waitq__reply *reply, double *number) {
  struct waitq__text text = waitq__reply_text(reply);
  char digits[40];
  if (text.length == 0 || text.length >= sizeof digits) {
    return 0;
  }
  memcpy(digits, text.bytes, text.length);
  digits[text.length] = '\0';
  char *end;
  *number = strtod(digits, &end);
  char *point = strchr(digits, '.');
  if (*end == '.' && point != NULL) {
    *point = ',';
    *number = strtod(digits, &end);
  }
  return *end == '\0';
}

static uint64_t read_unsigned(const struct waitq__reply *reply, size_t index) {
  int64_t number = waitq__reply_integer(waitq__reply_at(reply, index));
  return number > 0 ? (uint64_t)number : 0;
}

/* The first of each run got their tokens, as many as the script says. */
static int read_runs(const struct waitq__reply *reply, waitq_store_limit *limit) {
  size_t at = FIRST_RUN;
  for (uint32_t i = 0, count; i < limit->try_count; i += count) {
    const struct waitq__reply *run = waitq__reply_at(reply, at++);
    count = run_length(limit, i);
    if (run == NULL || waitq__reply_type(run) != WAITQ__REPLY_INTEGER) {
      return 0;
    }
    int64_t admitted = waitq__reply_integer(run);
    for (uint32_t j = 0; j < count; j++) {
      limit->admitted[i + j] = (int64_t)j < admitted;
    }
  }
  return waitq__reply_count(reply) == at;
}

static int read_answer(const struct waitq__reply *reply, const char *name, waitq_store_limit *limit,
                       waitq_error *error) {
  const struct waitq__reply *first = waitq__reply_at(reply, 0);
  struct waitq__text word = first != NULL ? waitq__reply_text(first) : (struct waitq__text){"", 0};
  if (is_word(word, "damaged") && waitq__reply_count(reply) == 2) {
    struct waitq__text text = waitq__reply_text(waitq__reply_at(reply, 1));
    return waitq__fail(error, WAITQ_E_DAMAGED, "limiter %s: %.*s", name, (int)text.length, text.bytes);
  }
  if (!is_word(word, "ok") || waitq__reply_count(reply) < FIRST_RUN ||
      !read_double(waitq__reply_at(reply, 2), &limit->level) ||
      !read_double(waitq__reply_at(reply, 3), &limit->rate_per_s) || !read_runs(reply, limit)) {
    return waitq__fail(error, WAITQ_E_STORE, "limiter %s: Redis answered something that is no answer", name);
  }
  limit->now_us = waitq__reply_integer(waitq__reply_at(reply, 1));
  limit->burst = read_unsigned(reply, 4);
  limit->lease_kept = read_unsigned(reply, 5);
  limit->leased = read_unsigned(reply, 6);
  limit->lessees = read_unsigned(reply, 7);
  return WAITQ_OK;
}

int waitq__redis_limit(void *store, const char *name, waitq_store_limit *limit, waitq_error *error) {
  const struct waitq__redis_store *redis = store;
  struct request request;
  struct waitq__reply *reply = NULL;
  if (limit->try_count > WAITQ_STORE_TRIES_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "try_count is %" PRIu32 ": it can be %d", limit->try_count,
                       WAITQ_STORE_TRIES_MAX);
  }
  int code = write_request(&request, redis, name, limit, error);
  if (code == WAITQ_OK) {
    const struct waitq__call call = {.script = &waitq__script_limit,
                                     .keys = request.key_texts,
                                     .key_count = KEYS,
                                     .arguments = request.arguments,
                                     .argument_count = ARGUMENTS,
                                     .timeout_us = limit->timeout_us};
    code = waitq__client_call(redis->client, &call, &reply, error);
  }
  if (code == WAITQ_OK) {
    code = read_answer(reply, name, limit, error);
    waitq__reply_free(reply);
  }
  waitq__free(redis->allocator, request.many_runs);
  return code;
}
