/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Written for hiredis 0.14 and 1.x alike, so with no more of it than the reader and the formatter. It takes its memory from malloc:
 * 0.14 knows no other way. */

#include "store/redis/codec.h"

#include <hiredis.h>
#include <limits.h>
#include <string.h>

#include <waitq/error.h>

#include "base/mem.h"

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct waitq__decoder {
  const waitq_allocator *allocator;
  redisReader *reader;
  redisReplyObjectFunctions functions; /* hiredis' own, but for arrays */
  void *(*make_array)(const redisReadTask *task, element_count count);
  size_t pending; /* bytes fed since the last whole reply */
  int is_out_of_bounds;
};

char *waitq__codec_command(const waitq_allocator *allocator, const struct waitq__text *words, size_t count,
                           size_t *length) {
  if (count == 0 || count > INT_MAX / 2) {
    return NULL;
  }
  /* One block for both arrays that hiredis wants. */
  size_t *lengths = waitq__alloc(allocator, count * (sizeof(size_t) + sizeof(char *)));
  if (lengths == NULL) {
    return NULL;
  }
  const char **texts = (const char **)(void *)(lengths + count);
  for (size_t i = 0; i < count; i++) {
    lengths[i] = words[i].length;
    texts[i] = words[i].bytes;
  }
  char *command = NULL;
  long long written = redisFormatCommandArgv(&command, (int)count, texts, lengths);
  waitq__free(allocator, lengths);
  if (written <= 0) {
    return NULL;
  }
  *length = (size_t)written;
  return command;
}

void waitq__codec_free(char *command) {
  if (command != NULL) {
    redisFreeCommand(command);
  }
}

/* Makes the array where its size and depth are within bounds: memory for all of it is taken before its elements have come, and it is
 * freed by recursion. */
static void *make_array(const redisReadTask *task, element_count count) {
  struct waitq__decoder *decoder = task->privdata;
  int depth = 1;
  for (const redisReadTask *above = task->parent; above != NULL; above = above->parent) {
    depth++;
  }
  if ((unsigned long long)count > WAITQ__REPLY_ELEMENTS_MAX || depth > WAITQ__REPLY_DEPTH_MAX) {
    decoder->is_out_of_bounds = 1;
    return NULL;
  }
  return decoder->make_array(task, count);
}

struct waitq__decoder *waitq__decoder_new(const waitq_allocator *allocator) {
  struct waitq__decoder *decoder = waitq__alloc_zeroed(allocator, sizeof *decoder);
  if (decoder == NULL) {
    return NULL;
  }
  decoder->allocator = allocator;
  decoder->reader = redisReaderCreate();
  if (decoder->reader == NULL) {
    waitq__free(allocator, decoder);
    return NULL;
  }
  decoder->functions = *decoder->reader->fn;
  decoder->make_array = decoder->functions.createArray;
  decoder->functions.createArray = make_array;
  decoder->reader->fn = &decoder->functions;
  decoder->reader->privdata = decoder;
  return decoder;
}

void waitq__decoder_free(struct waitq__decoder *decoder) {
  if (decoder != NULL) {
    redisReaderFree(decoder->reader);
    waitq__free(decoder->allocator, decoder);
  }
}

int waitq__decoder_feed(struct waitq__decoder *decoder, const char *bytes, size_t length) {
  if (length > WAITQ__REPLY_BYTES_MAX - decoder->pending) {
    return WAITQ_E_STORE;
  }
  decoder->pending += length;
  return redisReaderFeed(decoder->reader, bytes, length) == REDIS_OK ? WAITQ_OK : WAITQ_E_NOMEM;
}

/* Whether a reply is of the types of RESP2. Nobody asked for others, and hiredis 1.x reads them. */
static int is_known(const redisReply *reply) {
  if (reply->type == REDIS_REPLY_ARRAY) {
    for (size_t i = 0; i < reply->elements; i++) {
      if (!is_known(reply->element[i])) {
        return 0;
      }
    }
    return 1;
  }
  return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS || reply->type == REDIS_REPLY_ERROR ||
         reply->type == REDIS_REPLY_INTEGER || reply->type == REDIS_REPLY_NIL;
}

int waitq__decoder_next(struct waitq__decoder *decoder, struct waitq__reply **reply) {
  *reply = NULL;
  void *read = NULL;
  if (redisReaderGetReply(decoder->reader, &read) != REDIS_OK) {
    int is_short_of_memory = decoder->reader->err == REDIS_ERR_OOM && !decoder->is_out_of_bounds;
    return is_short_of_memory ? WAITQ_E_NOMEM : WAITQ_E_STORE;
  }
  if (read == NULL) {
    return WAITQ_OK;
  }
  decoder->pending = decoder->reader->len - decoder->reader->pos;
  if (!is_known(read)) {
    freeReplyObject(read);
    return WAITQ_E_STORE;
  }
  *reply = (struct waitq__reply *)read;
  return WAITQ_OK;
}

int waitq__decoder_is_empty(const struct waitq__decoder *decoder) {
  return decoder->pending == 0;
}

/* A struct waitq__reply is a redisReply, under a name that does not need hiredis. */
static const redisReply *of(const struct waitq__reply *reply) {
  return (const redisReply *)(const void *)reply;
}

void waitq__reply_free(struct waitq__reply *reply) {
  if (reply != NULL) {
    freeReplyObject(reply);
  }
}

enum waitq__reply_type waitq__reply_type(const struct waitq__reply *reply) {
  switch (of(reply)->type) {
    case REDIS_REPLY_INTEGER:
      return WAITQ__REPLY_INTEGER;
    case REDIS_REPLY_ARRAY:
      return WAITQ__REPLY_ARRAY;
    case REDIS_REPLY_NIL:
      return WAITQ__REPLY_NULL;
    case REDIS_REPLY_ERROR:
      return WAITQ__REPLY_ERROR;
    default:
      return WAITQ__REPLY_TEXT;
  }
}

int64_t waitq__reply_integer(const struct waitq__reply *reply) {
  return of(reply)->type == REDIS_REPLY_INTEGER ? of(reply)->integer : 0;
}

struct waitq__text waitq__reply_text(const struct waitq__reply *reply) {
  enum waitq__reply_type type = waitq__reply_type(reply);
  if (type != WAITQ__REPLY_TEXT && type != WAITQ__REPLY_ERROR) {
    return (struct waitq__text){"", 0};
  }
  return (struct waitq__text){of(reply)->str, (size_t)of(reply)->len};
}

size_t waitq__reply_count(const struct waitq__reply *reply) {
  return of(reply)->type == REDIS_REPLY_ARRAY ? of(reply)->elements : 0;
}

const struct waitq__reply *waitq__reply_at(const struct waitq__reply *reply, size_t index) {
  return index < waitq__reply_count(reply) ? (const struct waitq__reply *)(const void *)of(reply)->element[index]
                                           : NULL;
}
