/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/bitmap.h"

#include <string.h>

#include "base/mem.h"

static uint64_t block_of(uint64_t number) {
  return number / WAITQ__BITMAP_BLOCK_BITS;
}

static int grow(struct waitq__bitmap *bitmap, const waitq_allocator *allocator, size_t count) {
  size_t capacity = bitmap->capacity == 0 ? 4 : bitmap->capacity;
  while (capacity < count) {
    capacity *= 2;
  }
  if (capacity != bitmap->capacity) {
    uint64_t **blocks = waitq__realloc(allocator, bitmap->blocks, capacity * sizeof(uint64_t *));
    if (blocks == NULL) {
      return WAITQ_E_NOMEM;
    }
    bitmap->blocks = blocks;
    bitmap->capacity = capacity;
  }
  return WAITQ_OK;
}

/* Lets the table of blocks reach from block begin to, not including, end. */
static int cover(struct waitq__bitmap *bitmap, const waitq_allocator *allocator, uint64_t begin, uint64_t end) {
  if (bitmap->count == 0) {
    bitmap->first = begin;
  }
  uint64_t first = begin < bitmap->first ? begin : bitmap->first;
  uint64_t last = end > bitmap->first + bitmap->count ? end : bitmap->first + bitmap->count;
  size_t count = (size_t)(last - first);
  size_t before = (size_t)(bitmap->first - first);
  if (count == bitmap->count) {
    return WAITQ_OK;
  }
  if (grow(bitmap, allocator, count) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  if (bitmap->count > 0) {
    memmove(bitmap->blocks + before, bitmap->blocks, bitmap->count * sizeof(uint64_t *));
  }
  for (size_t i = 0; i < before; i++) {
    bitmap->blocks[i] = NULL;
  }
  for (size_t i = before + bitmap->count; i < count; i++) {
    bitmap->blocks[i] = NULL;
  }
  bitmap->first = first;
  bitmap->count = count;
  return WAITQ_OK;
}

int waitq__bitmap_reserve(struct waitq__bitmap *bitmap, const waitq_allocator *allocator,
                          const waitq_store_bits *bits) {
  uint64_t begin = block_of(bits->first);
  uint64_t end = block_of(bits->first + (uint64_t)bits->count * 64 - 1) + 1;
  if (begin < bitmap->trimmed) {
    begin = bitmap->trimmed;
  }
  if (begin >= end) {
    return WAITQ_OK;
  }
  if (cover(bitmap, allocator, begin, end) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  for (uint64_t block = begin; block < end; block++) {
    uint64_t **at = &bitmap->blocks[block - bitmap->first];
    if (*at == NULL) {
      *at = waitq__alloc_zeroed(allocator, WAITQ__BITMAP_BLOCK_WORDS * sizeof(uint64_t));
      bitmap->allocated += *at != NULL;
    }
    if (*at == NULL) {
      return WAITQ_E_NOMEM;
    }
  }
  return WAITQ_OK;
}

void waitq__bitmap_set(struct waitq__bitmap *bitmap, const waitq_store_bits *bits) {
  for (uint32_t i = 0; i < bits->count; i++) {
    uint64_t number = bits->first + (uint64_t)i * 64;
    if (block_of(number) >= bitmap->trimmed) {
      bitmap->blocks[block_of(number) - bitmap->first][number % WAITQ__BITMAP_BLOCK_BITS / 64] |= bits->words[i];
    }
  }
}

void waitq__bitmap_trim(struct waitq__bitmap *bitmap, const waitq_allocator *allocator, uint64_t below) {
  uint64_t trimmed = block_of(below);
  if (trimmed <= bitmap->trimmed) {
    return;
  }
  bitmap->trimmed = trimmed;
  if (trimmed <= bitmap->first) {
    return;
  }
  size_t drop = trimmed - bitmap->first < bitmap->count ? (size_t)(trimmed - bitmap->first) : bitmap->count;
  for (size_t i = 0; i < drop; i++) {
    bitmap->allocated -= bitmap->blocks[i] != NULL;
    waitq__free(allocator, bitmap->blocks[i]);
  }
  bitmap->count -= drop;
  if (bitmap->count > 0) {
    memmove(bitmap->blocks, bitmap->blocks + drop, bitmap->count * sizeof(uint64_t *));
  }
  bitmap->first += drop;
}

void waitq__bitmap_clear(struct waitq__bitmap *bitmap, const waitq_allocator *allocator) {
  for (size_t i = 0; i < bitmap->count; i++) {
    waitq__free(allocator, bitmap->blocks[i]);
  }
  waitq__free(allocator, bitmap->blocks);
  *bitmap = (struct waitq__bitmap){0};
}

int waitq__bitmap_load(const struct waitq__bitmap *bitmap, uint32_t plane, const waitq_store_sink *sink) {
  for (size_t i = 0; i < bitmap->count; i++) {
    if (bitmap->blocks[i] != NULL) {
      waitq_store_bits bits = {plane, WAITQ__BITMAP_BLOCK_WORDS, (bitmap->first + i) * WAITQ__BITMAP_BLOCK_BITS,
                               bitmap->blocks[i]};
      int code = sink->bits(sink->user, &bits);
      if (code != WAITQ_OK) {
        return code;
      }
    }
  }
  return WAITQ_OK;
}

size_t waitq__bitmap_bytes(const struct waitq__bitmap *bitmap) {
  return bitmap->capacity * sizeof(uint64_t *) + bitmap->allocated * WAITQ__BITMAP_BLOCK_WORDS * sizeof(uint64_t);
}
