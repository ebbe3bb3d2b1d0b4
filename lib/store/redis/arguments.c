/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/arguments.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* What one unusual call has needed is not kept for good. */
#define KEPT_MAX ((size_t)256 * 1024)

void waitq__arguments_init(struct waitq__arguments *arguments, const waitq_allocator *allocator) {
  *arguments = (struct waitq__arguments){.allocator = allocator};
}

void waitq__arguments_free(struct waitq__arguments *arguments) {
  waitq__free(arguments->allocator, arguments->texts);
  waitq__free(arguments->allocator, arguments->bytes);
  waitq__arguments_init(arguments, arguments->allocator);
}

void waitq__arguments_clear(struct waitq__arguments *arguments) {
  if (waitq__arguments_bytes(arguments) > KEPT_MAX) {
    waitq__arguments_free(arguments);
  }
  arguments->count = 0;
  arguments->used = 0;
  arguments->has_failed = 0;
}

static void add(struct waitq__arguments *arguments, struct waitq__text text) {
  if (arguments->count == arguments->capacity) {
    size_t capacity = arguments->capacity == 0 ? 32 : arguments->capacity * 2;
    struct waitq__text *texts = waitq__realloc(arguments->allocator, arguments->texts, capacity * sizeof *texts);
    if (texts == NULL) {
      arguments->has_failed = 1;
      return;
    }
    arguments->texts = texts;
    arguments->capacity = capacity;
  }
  arguments->texts[arguments->count++] = text;
}

void waitq__arguments_add(struct waitq__arguments *arguments, const void *bytes, size_t length) {
  add(arguments, (struct waitq__text){bytes == NULL ? "" : bytes, length});
}

void waitq__arguments_begin(struct waitq__arguments *arguments) {
  add(arguments, (struct waitq__text){NULL, 0});
}

char *waitq__arguments_extend(struct waitq__arguments *arguments, size_t length) {
  if (arguments->has_failed) {
    return NULL;
  }
  if (length > arguments->room - arguments->used) {
    size_t room = arguments->room * 2 > arguments->used + length ? arguments->room * 2 : arguments->used + length + 256;
    char *bytes = waitq__realloc(arguments->allocator, arguments->bytes, room);
    if (bytes == NULL) {
      arguments->has_failed = 1;
      return NULL;
    }
    arguments->bytes = bytes;
    arguments->room = room;
  }
  char *to = arguments->bytes + arguments->used;
  arguments->used += length;
  arguments->texts[arguments->count - 1].length += length;
  return to;
}

void waitq__arguments_put(struct waitq__arguments *arguments, const void *bytes, size_t length) {
  char *to = waitq__arguments_extend(arguments, length);
  if (to != NULL && length > 0) {
    memcpy(to, bytes, length);
  }
}

static void write_number(char *to, unsigned bytes, uint64_t number) {
  for (unsigned i = bytes; i > 0; i--) {
    to[i - 1] = (char)(unsigned char)number;
    number >>= 8;
  }
}

void waitq__arguments_put_number(struct waitq__arguments *arguments, unsigned bytes, uint64_t number) {
  char *to = waitq__arguments_extend(arguments, bytes);
  if (to != NULL) {
    write_number(to, bytes, number);
  }
}

void waitq__arguments_set_number(struct waitq__arguments *arguments, size_t at, unsigned bytes, uint64_t number) {
  if (!arguments->has_failed) {
    write_number(arguments->bytes + at, bytes, number);
  }
}

void waitq__arguments_add_decimal(struct waitq__arguments *arguments, uint64_t number) {
  char text[24];
  int length = snprintf(text, sizeof text, "%" PRIu64, number);
  waitq__arguments_begin(arguments);
  waitq__arguments_put(arguments, text, (size_t)length);
}

const struct waitq__text *waitq__arguments_texts(struct waitq__arguments *arguments) {
  if (arguments->has_failed) {
    return NULL;
  }
  const char *at = arguments->bytes;
  for (size_t i = 0; i < arguments->count; i++) {
    struct waitq__text *text = &arguments->texts[i];
    if (text->bytes == NULL) {
      text->bytes = text->length == 0 ? "" : at;
      at += text->length;
    }
  }
  return arguments->texts;
}

size_t waitq__arguments_bytes(const struct waitq__arguments *arguments) {
  return arguments->room + arguments->capacity * sizeof *arguments->texts;
}
