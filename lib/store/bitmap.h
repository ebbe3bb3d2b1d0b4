/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_BITMAP_H
#define WAITQ_STORE_BITMAP_H

/* A bitmap over ticket numbers that only grows at its end and is dropped from its beginning, in blocks of 16,384 bits; a block
 * without a bit takes a pointer. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/store.h>

#define WAITQ__BITMAP_BLOCK_WORDS 256
#define WAITQ__BITMAP_BLOCK_BITS (WAITQ__BITMAP_BLOCK_WORDS * 64)

struct waitq__bitmap {
  uint64_t **blocks;
  uint64_t trimmed; /* blocks below are gone for good */
  uint64_t first;   /* number of the block that blocks[0] is */
  size_t count;     /* blocks, the empty ones included */
  size_t capacity;
  size_t allocated; /* blocks that take memory */
};

/* Makes room for a run of bits. 0, or WAITQ_E_NOMEM; bits are as before either way. Bits below the first block are ignored from
 * here on. */
int waitq__bitmap_reserve(struct waitq__bitmap *bitmap, const waitq_allocator *allocator, const waitq_store_bits *bits);

/* Sets a run of bits that room was made for. */
void waitq__bitmap_set(struct waitq__bitmap *bitmap, const waitq_store_bits *bits);

/* Drops the blocks that lie below a ticket as a whole. */
void waitq__bitmap_trim(struct waitq__bitmap *bitmap, const waitq_allocator *allocator, uint64_t below);

/* Empties the bitmap and frees its memory. */
void waitq__bitmap_clear(struct waitq__bitmap *bitmap, const waitq_allocator *allocator);

/* Hands every block that takes memory to a sink. */
int waitq__bitmap_load(const struct waitq__bitmap *bitmap, uint32_t plane, const waitq_store_sink *sink);

size_t waitq__bitmap_bytes(const struct waitq__bitmap *bitmap);

#endif
