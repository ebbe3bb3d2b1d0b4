/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_CODEC_H
#define WAITQ_STORE_REDIS_CODEC_H

/* The Redis protocol: commands into bytes, bytes into replies. hiredis does both, and nothing else; no other file knows it. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>

/* Some bytes that belong to somebody else. */
struct waitq__text {
  const char *bytes;
  size_t length;
};

enum waitq__reply_type {
  WAITQ__REPLY_TEXT,
  WAITQ__REPLY_INTEGER,
  WAITQ__REPLY_ARRAY,
  WAITQ__REPLY_NULL,
  WAITQ__REPLY_ERROR
};

struct waitq__reply;

/* No reply of a server that keeps rooms comes near these; what is over them is not answered by one. */
#define WAITQ__REPLY_BYTES_MAX ((size_t)64 << 20)
#define WAITQ__REPLY_ELEMENTS_MAX ((size_t)1 << 20) /* of one array */
#define WAITQ__REPLY_DEPTH_MAX 7

/* Writes a command. The caller gives it back with waitq__codec_free(). NULL where there is no memory. */
char *waitq__codec_command(const waitq_allocator *allocator, const struct waitq__text *words, size_t count,
                           size_t *length);
void waitq__codec_free(char *command);

struct waitq__decoder;

/* The decoder is the allocator's; hiredis takes memory for what it reads from malloc. */
struct waitq__decoder *waitq__decoder_new(const waitq_allocator *allocator);
void waitq__decoder_free(struct waitq__decoder *decoder); /* NULL is ignored */

/* Takes bytes in. 0, or a negative error code. */
int waitq__decoder_feed(struct waitq__decoder *decoder, const char *bytes, size_t length);

/* The next whole reply, or NULL where more bytes are needed. 0, or a negative error code: then the stream makes no sense any more. */
int waitq__decoder_next(struct waitq__decoder *decoder, struct waitq__reply **reply);

/* Whether all that was fed has been handed out. */
int waitq__decoder_is_empty(const struct waitq__decoder *decoder);

void waitq__reply_free(struct waitq__reply *reply); /* NULL is ignored */
enum waitq__reply_type waitq__reply_type(const struct waitq__reply *reply);
int64_t waitq__reply_integer(const struct waitq__reply *reply);         /* 0 where it is none */
struct waitq__text waitq__reply_text(const struct waitq__reply *reply); /* of a text or an error; empty otherwise */
size_t waitq__reply_count(const struct waitq__reply *reply);            /* 0 where it is no array */
const struct waitq__reply *waitq__reply_at(const struct waitq__reply *reply, size_t index); /* NULL beyond the end */

#endif
