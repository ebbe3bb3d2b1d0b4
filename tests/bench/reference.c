/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "reference.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block.h"
#include "machine.h"

#define EVENT "concert-2026"
#define QUEUE "queue:event:" EVENT
#define POSITIONS "position_index:{" EVENT "}"
#define ADMISSIONS "metrics:admission:" EVENT
#define BUCKET "admission:bucket:" EVENT

#define FILLED_AT_ONCE 500
#define ADMISSIONS_OF_15_MIN 30000
#define SHA_SIZE 41
#define TOKEN_SIZE 37

static const char join_script[] =
    "if redis.call('EXISTS', KEYS[1]) == 1 then return {0, 'DUPLICATE'} end\n"
    "local now = redis.call('TIME')\n"
    "local id = redis.call('XADD', KEYS[2], '*', 'token', ARGV[1], 'event_id', ARGV[2], 'user_id', ARGV[3],\n"
    "                      'enqueued_at', now[1] .. '.' .. now[2])\n"
    "redis.call('SETEX', KEYS[1], ARGV[4], ARGV[1])\n"
    "return {1, id}\n";

static const char bucket_script[] =
    "local time = redis.call('TIME')\n"
    "local now = time[1] + time[2] / 1000000\n"
    "local capacity, rate, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
    "local kept = redis.call('HMGET', KEYS[1], 'tokens', 'last_refill')\n"
    "local tokens = tonumber(kept[1]) or capacity\n"
    "tokens = math.min(capacity, tokens + (now - (tonumber(kept[2]) or now)) * rate)\n"
    "local admitted = 0\n"
    "if tokens >= wanted then\n"
    "  tokens = tokens - wanted\n"
    "  admitted = 1\n"
    "end\n"
    "redis.call('HMSET', KEYS[1], 'tokens', tokens, 'last_refill', now)\n"
    "redis.call('EXPIRE', KEYS[1], 3600)\n"
    "return admitted\n";

/* What a join leaves behind, for many. ARGV: the event, then token, user and JSON of each. */
static const char fill_script[] =
    "local event = ARGV[1]\n"
    "local now = redis.call('TIME')\n"
    "for i = 2, #ARGV, 3 do\n"
    "  local token, user, json = ARGV[i], ARGV[i + 1], ARGV[i + 2]\n"
    "  redis.call('XADD', 'stream:event:{' .. event .. '}:user:' .. user, '*', 'token', token, 'event_id', event,\n"
    "             'user_id', user, 'enqueued_at', now[1] .. '.' .. now[2])\n"
    "  redis.call('SETEX', 'dedupe:{' .. event .. '}:' .. user .. ':' .. event, 300, token)\n"
    "  redis.call('SET', 'queue:waiting:' .. token, json, 'EX', 1800)\n"
    "  redis.call('ZADD', 'queue:event:' .. event, now[1], token)\n"
    "  redis.call('SET', 'heartbeat:' .. token, 'alive', 'EX', 300)\n"
    "  redis.call('ZADD', 'position_index:{' .. event .. '}', now[1], token)\n"
    "end\n"
    "redis.call('EXPIRE', 'queue:event:' .. event, 3600)\n"
    "redis.call('EXPIRE', 'position_index:{' .. event .. '}', 3600)\n"
    "return #ARGV\n";

/* ARGV: the event, how many, over how many seconds. */
static const char admissions_script[] =
    "local now = redis.call('TIME')[1]\n"
    "for i = 1, ARGV[2] do\n"
    "  redis.call('ZADD', 'metrics:admission:' .. ARGV[1], now - i * ARGV[3] / ARGV[2], 'earlier-' .. i)\n"
    "end\n"
    "return 1\n";

struct bench_reference {
  redisContext *connection;
  uint64_t waiting;
  char join_sha[SHA_SIZE];
  char bucket_sha[SHA_SIZE];
};

/* A version 4 UUID, and a user id of 32 digits. */
struct visitor {
  char token[TOKEN_SIZE];
  char user[BENCH_ID_LENGTH + 1];
};

static struct visitor visitor_of(uint64_t number) {
  struct visitor visitor;
  uint64_t high = bench_mix(number * 2);
  uint64_t low = bench_mix(number * 2 + 1);
  snprintf(visitor.token, sizeof visitor.token, "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-9%03" PRIx64 "-%012" PRIx64,
           high >> 32, high >> 16 & 0xffff, high & 0xfff, low >> 52, low & UINT64_C(0xffffffffffff));
  snprintf(visitor.user, sizeof visitor.user, "%016" PRIx64 "%016" PRIx64, low, high);
  return visitor;
}

static void json_of(const struct visitor *visitor, uint64_t number, const char *status, char *json, size_t size) {
  snprintf(json, size,
           "{\"event_id\":\"" EVENT
           "\",\"user_id\":\"%s\",\"joined_at\":\"2026-05-01T20:00:00.123456789+09:00\","
           "\"position\":%" PRIu64 ",\"status\":\"%s\"}",
           visitor->user, number + 1, status);
}

static void load(struct bench_reference *reference, const char *script, char *sha) {
  redisReply *reply = redisCommand(reference->connection, "SCRIPT LOAD %s", script);
  if (reply == NULL || reply->type != REDIS_REPLY_STRING || reply->len != SHA_SIZE - 1) {
    bench_die("Redis does not take a script: %s", reply != NULL ? reply->str : reference->connection->errstr);
  }
  memcpy(sha, reply->str, SHA_SIZE);
  freeReplyObject(reply);
}

static void expect_integer(struct bench_reference *reference, redisReply *reply) {
  if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
    bench_die("cannot fill the line of the reference: %s",
              reply != NULL && reply->str != NULL ? reply->str : reference->connection->errstr);
  }
  freeReplyObject(reply);
}

struct bench_reference *bench_reference_new(uint16_t port) {
  struct bench_reference *reference = bench_alloc(sizeof *reference);
  reference->connection = bench_connect(port);
  load(reference, join_script, reference->join_sha);
  load(reference, bucket_script, reference->bucket_sha);
  expect_integer(reference, redisCommand(reference->connection, "EVAL %s 0 %s %d %d", admissions_script, EVENT,
                                         ADMISSIONS_OF_15_MIN, 900));
  return reference;
}

void bench_reference_free(struct bench_reference *reference) {
  redisFree(reference->connection);
  free(reference);
}

static void fill_some(struct bench_reference *reference, uint64_t first, size_t count) {
  static struct visitor visitors[FILLED_AT_ONCE];
  static char json[FILLED_AT_ONCE][256];
  static const char *words[4 + 3 * FILLED_AT_ONCE];
  int used = 0;
  words[used++] = "EVAL";
  words[used++] = fill_script;
  words[used++] = "0";
  words[used++] = EVENT;
  for (size_t i = 0; i < count; i++) {
    visitors[i] = visitor_of(first + i);
    json_of(&visitors[i], first + i, "waiting", json[i], sizeof json[i]);
    words[used++] = visitors[i].token;
    words[used++] = visitors[i].user;
    words[used++] = json[i];
  }
  expect_integer(reference, redisCommandArgv(reference->connection, used, words, NULL));
}

void bench_reference_fill(struct bench_reference *reference, uint64_t count) {
  for (uint64_t first = 0; first < count; first += FILLED_AT_ONCE) {
    uint64_t left = count - first;
    fill_some(reference, first, left < FILLED_AT_ONCE ? (size_t)left : FILLED_AT_ONCE);
  }
}

static unsigned ask_join(void *user, redisContext *connection, uint64_t number, unsigned step) {
  const struct bench_reference *reference = user;
  struct visitor visitor = visitor_of(number);
  char json[256];
  if (step == 0) {
    redisAppendCommand(
        connection, "EVALSHA %s 2 dedupe:{" EVENT "}:%s:" EVENT " stream:event:{" EVENT "}:user:%s %s " EVENT " %s 300",
        reference->join_sha, visitor.user, visitor.user, visitor.token, visitor.user);
    return 1;
  }
  json_of(&visitor, number, "waiting", json, sizeof json);
  long long now_s = (long long)time(NULL);
  redisAppendCommand(connection, "SET queue:waiting:%s %s EX 1800", visitor.token, json);
  redisAppendCommand(connection, "ZADD " QUEUE " %lld %s", now_s, visitor.token);
  redisAppendCommand(connection, "EXPIRE " QUEUE " 3600");
  redisAppendCommand(connection, "SET heartbeat:%s alive EX 300", visitor.token);
  redisAppendCommand(connection, "ZADD " POSITIONS " %lld %s", now_s, visitor.token);
  redisAppendCommand(connection, "EXPIRE " POSITIONS " 3600");
  return 6;
}

static int is_joined(void *user, unsigned step, unsigned index, const redisReply *reply) {
  (void)user;
  if (step == 0) {
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[0]->integer == 1;
  }
  if (index == 0 || index == 3) {
    return reply->type == REDIS_REPLY_STATUS;
  }
  return reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
}

struct bench_sequence bench_reference_join(struct bench_reference *reference) {
  return (struct bench_sequence){2, ask_join, is_joined, reference};
}

static void ask_admissions(redisContext *connection, long long seconds) {
  long long now_s = (long long)time(NULL);
  redisAppendCommand(connection, "ZCOUNT " ADMISSIONS " %lld %lld", now_s - seconds, now_s);
}

static unsigned ask_status(void *user, redisContext *connection, uint64_t number, unsigned step) {
  static const long long windows_s[] = {60, 300, 900};
  const struct bench_reference *reference = user;
  struct visitor visitor = visitor_of(bench_mix(number) % reference->waiting);
  switch (step) {
    case 0:
      redisAppendCommand(connection, "EXISTS heartbeat:%s", visitor.token);
      break;
    case 1:
      redisAppendCommand(connection, "EXPIRE heartbeat:%s 300", visitor.token);
      break;
    case 2:
      redisAppendCommand(connection, "GET queue:waiting:%s", visitor.token);
      break;
    case 3:
    case 7:
      redisAppendCommand(connection, "ZRANK " QUEUE " %s", visitor.token);
      break;
    default:
      ask_admissions(connection, windows_s[step - 4]);
      break;
  }
  return 1;
}

static int is_status(void *user, unsigned step, unsigned index, const redisReply *reply) {
  (void)user;
  (void)index;
  switch (step) {
    case 2:
      return reply->type == REDIS_REPLY_STRING;
    case 3:
    case 7:
      return reply->type == REDIS_REPLY_INTEGER;
    default:
      return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 1;
  }
}

struct bench_sequence bench_reference_status(struct bench_reference *reference, uint64_t waiting) {
  reference->waiting = waiting;
  return (struct bench_sequence){8, ask_status, is_status, reference};
}

static void ask_bucket(const struct bench_reference *reference, redisContext *connection) {
  redisAppendCommand(connection, "EVALSHA %s 1 " BUCKET " 1000000000 1000000000 1", reference->bucket_sha);
}

static unsigned ask_enter(void *user, redisContext *connection, uint64_t number, unsigned step) {
  const struct bench_reference *reference = user;
  struct visitor visitor = visitor_of(number);
  struct visitor reservation = visitor_of(number + (UINT64_C(1) << 48));
  long long now_s = (long long)time(NULL);
  char json[256];
  json_of(&visitor, number, "ready", json, sizeof json);
  switch (step) {
    case 0:
      redisAppendCommand(connection, "GET queue:waiting:%s", visitor.token);
      break;
    case 1:
      redisAppendCommand(connection, "ZRANK " QUEUE " %s", visitor.token);
      break;
    case 2:
      ask_bucket(reference, connection);
      break;
    case 3:
      redisAppendCommand(connection, "SET queue:reservation:%s %s EX 30", reservation.token, json);
      break;
    case 4:
      redisAppendCommand(connection, "SET queue:waiting:%s %s EX 1800", visitor.token, json);
      break;
    case 5:
      redisAppendCommand(connection, "DEL heartbeat:%s", visitor.token);
      break;
    case 6:
      redisAppendCommand(connection, "ZREM " QUEUE " %s", visitor.token);
      break;
    case 7:
      redisAppendCommand(connection, "ZADD " ADMISSIONS " %lld %s", now_s, visitor.user);
      break;
    default:
      redisAppendCommand(connection, "ZREMRANGEBYSCORE " ADMISSIONS " -inf %lld", now_s - 3600);
      break;
  }
  return 1;
}

static int is_entered(void *user, unsigned step, unsigned index, const redisReply *reply) {
  (void)user;
  (void)index;
  switch (step) {
    case 0:
      return reply->type == REDIS_REPLY_STRING;
    case 3:
    case 4:
      return reply->type == REDIS_REPLY_STATUS;
    case 1:
    case 8:
      return reply->type == REDIS_REPLY_INTEGER;
    default:
      return reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
  }
}

struct bench_sequence bench_reference_enter(struct bench_reference *reference) {
  return (struct bench_sequence){9, ask_enter, is_entered, reference};
}

static unsigned ask_try(void *user, redisContext *connection, uint64_t number, unsigned step) {
  (void)number;
  (void)step;
  ask_bucket(user, connection);
  return 1;
}

static int is_admitted(void *user, unsigned step, unsigned index, const redisReply *reply) {
  (void)user;
  (void)step;
  (void)index;
  return reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
}

struct bench_sequence bench_reference_bucket(struct bench_reference *reference) {
  return (struct bench_sequence){1, ask_try, is_admitted, reference};
}
