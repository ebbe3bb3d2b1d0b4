/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_VISITORS_H
#define WAITQ_STORE_VISITORS_H

/* Who holds which ticket: from a visitor's hash of 16 bytes to the visitor's last ticket number.
 *
 * Tickets are records in the order of their numbers (hash and join time, 24 bytes), in blocks, so the old ones go as a block.
 * Over them lies an index by extendible hashing (Fagin, Nievergelt, Pippenger and Strong, 1979): a directory of buckets of 62
 * entries, 8 bytes each: 32 bits of the hash and 32 of the number. A bucket that fills up is split in two; no
 * insertion ever moves more than one bucket, so no join waits for a table to be rehashed. About 39 bytes a ticket.
 *
 * A number of 32 bits is enough to find the record: numbers from the oldest record on span less than 2^32. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/store.h>

struct waitq__visitor_record {
  unsigned char visitor[WAITQ_STORE_VISITOR_SIZE];
  int64_t joined_us;
};

struct waitq__visitor_bucket;

struct waitq__visitors {
  const waitq_allocator *allocator;
  struct waitq__visitor_record **blocks;
  size_t block_count;
  size_t block_capacity;
  uint64_t first; /* the first ticket of blocks[0] */
  uint64_t swept; /* the first ticket that the index may still hold */
  uint64_t begin; /* the first ticket that counts: those below are being forgotten */
  uint64_t end;   /* the ticket after the last */
  struct waitq__visitor_bucket **directory;
  unsigned depth; /* the directory has 2^depth entries */
  size_t bucket_count;
};

/* An empty map whose first ticket will have the number next. */
void waitq__visitors_init(struct waitq__visitors *visitors, const waitq_allocator *allocator, uint64_t next);
/* Frees the memory; the map is then empty, and begins at 0. */
void waitq__visitors_free(struct waitq__visitors *visitors);

/* Makes sure that one more ticket can be added. 0, or WAITQ_E_NOMEM. */
int waitq__visitors_reserve(struct waitq__visitors *visitors, const unsigned char *visitor);

/* The record of a visitor's last ticket, and its number; NULL where there is none. */
const struct waitq__visitor_record *waitq__visitors_find(const struct waitq__visitors *visitors,
                                                         const unsigned char *visitor, uint64_t *number);

/* Adds the next ticket, number visitors->end; room was made. An earlier ticket of the visitor is forgotten. visitor is NULL for an
 * anonymous one. */
void waitq__visitors_add(struct waitq__visitors *visitors, const unsigned char *visitor, int64_t joined_us);

/* Takes back the last ticket added; before is what the visitor had, or WAITQ_STORE_NO_NUMBER. */
void waitq__visitors_undo(struct waitq__visitors *visitors, uint64_t before);

/* Forgets tickets below a number: a few each time it is called, so that nobody waits long. */
void waitq__visitors_trim(struct waitq__visitors *visitors, uint64_t below);

size_t waitq__visitors_bytes(const struct waitq__visitors *visitors);

#endif
