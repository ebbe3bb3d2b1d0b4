/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/visitors.h"

#include <string.h>

#include "base/mem.h"

#define BLOCK_RECORDS 512
#define BUCKET_ENTRIES 62
#define BUCKET_FULL 54 /* split from here on: runs of entries stay short */
#define DEPTH_MAX 30
#define TRIM_STEP 32
#define ANONYMOUS INT64_MIN /* in place of a join time: the record is in no bucket */

/* An entry lies at the place that the upper bits of its hash say, or at the next one that is free: finding it touches a line or two. */
struct waitq__visitor_bucket {
  uint32_t depth; /* how many low bits of the hash all entries share */
  uint32_t count;
  uint64_t occupied;                /* a bit a place */
  uint64_t entries[BUCKET_ENTRIES]; /* 32 bits of the hash, 32 of the number */
};

/* Mixes well whatever the 16 bytes are (the finalizer of SplitMix64). */
static uint32_t hash_of(const unsigned char *visitor) {
  uint64_t low;
  uint64_t high;
  memcpy(&low, visitor, 8);
  memcpy(&high, visitor + 8, 8);
  uint64_t mixed = low ^ (high * UINT64_C(0x9e3779b97f4a7c15));
  mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)(mixed ^ mixed >> 31);
}

void waitq__visitors_init(struct waitq__visitors *visitors, const waitq_allocator *allocator, uint64_t next) {
  *visitors =
      (struct waitq__visitors){.allocator = allocator, .first = next, .swept = next, .begin = next, .end = next};
}

static struct waitq__visitor_bucket **place_of(const struct waitq__visitors *visitors, uint32_t hash) {
  return &visitors->directory[hash & ((UINT32_C(1) << visitors->depth) - 1)];
}

void waitq__visitors_free(struct waitq__visitors *visitors) {
  for (size_t i = 0; i < visitors->block_count; i++) {
    waitq__free(visitors->allocator, visitors->blocks[i]);
  }
  waitq__free(visitors->allocator, visitors->blocks);
  uint32_t size = visitors->directory == NULL ? 0 : UINT32_C(1) << visitors->depth;
  for (uint32_t i = size; i-- > 0;) {
    /* A bucket stands in several places; the first of them is its own low bits. */
    struct waitq__visitor_bucket *bucket = visitors->directory[i];
    if (i < UINT32_C(1) << bucket->depth) {
      waitq__free(visitors->allocator, bucket);
    }
  }
  waitq__free(visitors->allocator, visitors->directory);
  waitq__visitors_init(visitors, visitors->allocator, 0);
}

static struct waitq__visitor_record *record_of(const struct waitq__visitors *visitors, uint64_t number) {
  uint64_t at = number - visitors->first;
  return &visitors->blocks[at / BLOCK_RECORDS][at % BLOCK_RECORDS];
}

static uint32_t first_place(uint32_t hash) {
  return (uint32_t)(((uint64_t)hash * BUCKET_ENTRIES) >> 32);
}

static uint32_t next_place(uint32_t place) {
  return place + 1 == BUCKET_ENTRIES ? 0 : place + 1;
}

static int is_occupied(const struct waitq__visitor_bucket *bucket, uint32_t place) {
  return (bucket->occupied >> place & 1) != 0;
}

/* The place of a visitor's entry, and the ticket that it names; or the free place where it would lie, with is_found 0. A bucket is never
 * full. */
static uint32_t locate(const struct waitq__visitors *visitors, const struct waitq__visitor_bucket *bucket,
                       const unsigned char *visitor, uint32_t hash, uint64_t *number, int *is_found) {
  uint32_t place = first_place(hash);
  *is_found = 0;
  for (; is_occupied(bucket, place); place = next_place(place)) {
    if ((uint32_t)(bucket->entries[place] >> 32) != hash) {
      continue;
    }
    uint64_t candidate = visitors->swept + (uint32_t)((uint32_t)bucket->entries[place] - (uint32_t)visitors->swept);
    if (memcmp(record_of(visitors, candidate)->visitor, visitor, WAITQ_STORE_VISITOR_SIZE) == 0) {
      *number = candidate;
      *is_found = 1;
      return place;
    }
  }
  return place;
}

static void put(struct waitq__visitor_bucket *bucket, uint64_t entry) {
  uint32_t place = first_place((uint32_t)(entry >> 32));
  while (is_occupied(bucket, place)) {
    place = next_place(place);
  }
  bucket->occupied |= UINT64_C(1) << place;
  bucket->entries[place] = entry;
  bucket->count++;
}

/* Takes all entries out of a bucket; returns how many. */
static uint32_t take_all(struct waitq__visitor_bucket *bucket, uint64_t entries[BUCKET_ENTRIES]) {
  uint32_t count = 0;
  for (uint32_t place = 0; place < BUCKET_ENTRIES; place++) {
    if (is_occupied(bucket, place)) {
      entries[count++] = bucket->entries[place];
    }
  }
  bucket->count = 0;
  bucket->occupied = 0;
  return count;
}

/* Whoever lay behind the entry that goes may have to move up: all are put in anew. */
static void remove_at(struct waitq__visitor_bucket *bucket, uint32_t place) {
  uint64_t entries[BUCKET_ENTRIES];
  bucket->occupied &= ~(UINT64_C(1) << place);
  uint32_t count = take_all(bucket, entries);
  for (uint32_t i = 0; i < count; i++) {
    put(bucket, entries[i]);
  }
}

const struct waitq__visitor_record *waitq__visitors_find(const struct waitq__visitors *visitors,
                                                         const unsigned char *visitor, uint64_t *number) {
  if (visitors->directory == NULL) {
    return NULL;
  }
  uint32_t hash = hash_of(visitor);
  const struct waitq__visitor_bucket *bucket = *place_of(visitors, hash);
  int is_found;
  locate(visitors, bucket, visitor, hash, number, &is_found);
  if (!is_found || *number < visitors->begin) {
    return NULL;
  }
  return record_of(visitors, *number);
}

static struct waitq__visitor_bucket *bucket_new(struct waitq__visitors *visitors, uint32_t depth) {
  struct waitq__visitor_bucket *bucket = waitq__alloc(visitors->allocator, sizeof *bucket);
  if (bucket != NULL) {
    bucket->depth = depth;
    bucket->count = 0;
    bucket->occupied = 0;
    visitors->bucket_count++;
  }
  return bucket;
}

static int begin_directory(struct waitq__visitors *visitors) {
  struct waitq__visitor_bucket **directory = waitq__alloc(visitors->allocator, sizeof(struct waitq__visitor_bucket *));
  if (directory == NULL) {
    return WAITQ_E_NOMEM;
  }
  directory[0] = bucket_new(visitors, 0);
  if (directory[0] == NULL) {
    waitq__free(visitors->allocator, directory);
    return WAITQ_E_NOMEM;
  }
  visitors->directory = directory;
  return WAITQ_OK;
}

static int double_directory(struct waitq__visitors *visitors) {
  size_t size = sizeof(struct waitq__visitor_bucket *) << visitors->depth;
  struct waitq__visitor_bucket **directory = waitq__realloc(visitors->allocator, visitors->directory, 2 * size);
  if (directory == NULL) {
    return WAITQ_E_NOMEM;
  }
  memcpy((unsigned char *)directory + size, directory, size);
  visitors->directory = directory;
  visitors->depth++;
  return WAITQ_OK;
}

/* Moves the entries whose next bit is set to a bucket of their own. */
static int split(struct waitq__visitors *visitors, uint32_t hash) {
  struct waitq__visitor_bucket *low = *place_of(visitors, hash);
  if (low->depth == DEPTH_MAX || (low->depth == visitors->depth && double_directory(visitors) != WAITQ_OK)) {
    return WAITQ_E_NOMEM;
  }
  uint32_t bit = UINT32_C(1) << low->depth;
  struct waitq__visitor_bucket *high = bucket_new(visitors, low->depth + 1);
  if (high == NULL) {
    return WAITQ_E_NOMEM;
  }
  low->depth++;
  uint64_t entries[BUCKET_ENTRIES];
  uint32_t count = take_all(low, entries);
  for (uint32_t i = 0; i < count; i++) {
    put((entries[i] >> 32 & bit) != 0 ? high : low, entries[i]);
  }
  for (uint32_t at = (hash & (bit - 1)) | bit; at < UINT32_C(1) << visitors->depth; at += bit << 1) {
    visitors->directory[at] = high;
  }
  return WAITQ_OK;
}

static int reserve_record(struct waitq__visitors *visitors) {
  if (visitors->end - visitors->first < visitors->block_count * BLOCK_RECORDS) {
    return WAITQ_OK;
  }
  if (visitors->block_count == visitors->block_capacity) {
    size_t capacity = visitors->block_capacity == 0 ? 4 : 2 * visitors->block_capacity;
    struct waitq__visitor_record **blocks =
        waitq__realloc(visitors->allocator, visitors->blocks, capacity * sizeof(struct waitq__visitor_record *));
    if (blocks == NULL) {
      return WAITQ_E_NOMEM;
    }
    visitors->blocks = blocks;
    visitors->block_capacity = capacity;
  }
  struct waitq__visitor_record *block =
      waitq__alloc(visitors->allocator, BLOCK_RECORDS * sizeof(struct waitq__visitor_record));
  if (block == NULL) {
    return WAITQ_E_NOMEM;
  }
  visitors->blocks[visitors->block_count++] = block;
  return WAITQ_OK;
}

int waitq__visitors_reserve(struct waitq__visitors *visitors, const unsigned char *visitor) {
  if (reserve_record(visitors) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  if (visitor == NULL) {
    return WAITQ_OK;
  }
  if (visitors->directory == NULL && begin_directory(visitors) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  uint32_t hash = hash_of(visitor);
  while ((*place_of(visitors, hash))->count >= BUCKET_FULL) {
    if (split(visitors, hash) != WAITQ_OK) {
      return WAITQ_E_NOMEM;
    }
  }
  return WAITQ_OK;
}

void waitq__visitors_add(struct waitq__visitors *visitors, const unsigned char *visitor, int64_t joined_us) {
  uint64_t number = visitors->end++;
  struct waitq__visitor_record *record = record_of(visitors, number);
  record->joined_us = visitor == NULL ? ANONYMOUS : joined_us;
  if (visitor == NULL) {
    memset(record->visitor, 0, sizeof record->visitor);
    return;
  }
  memcpy(record->visitor, visitor, sizeof record->visitor);
  uint32_t hash = hash_of(visitor);
  struct waitq__visitor_bucket *bucket = *place_of(visitors, hash);
  uint64_t earlier;
  int is_found;
  uint32_t place = locate(visitors, bucket, visitor, hash, &earlier, &is_found);
  bucket->count += !is_found;
  bucket->occupied |= UINT64_C(1) << place;
  bucket->entries[place] = (uint64_t)hash << 32 | (uint32_t)number;
}

static void forget(struct waitq__visitors *visitors, uint64_t number, uint64_t before) {
  const struct waitq__visitor_record *record = record_of(visitors, number);
  if (record->joined_us == ANONYMOUS) {
    return;
  }
  uint32_t hash = hash_of(record->visitor);
  struct waitq__visitor_bucket *bucket = *place_of(visitors, hash);
  uint64_t held;
  int is_found;
  uint32_t place = locate(visitors, bucket, record->visitor, hash, &held, &is_found);
  if (!is_found || held != number) {
    return;
  }
  int had_before = before >= visitors->swept && before < number &&
                   memcmp(record_of(visitors, before)->visitor, record->visitor, sizeof record->visitor) == 0;
  if (had_before) {
    bucket->entries[place] = (uint64_t)hash << 32 | (uint32_t)before;
    return;
  }
  remove_at(bucket, place);
}

void waitq__visitors_undo(struct waitq__visitors *visitors, uint64_t before) {
  forget(visitors, visitors->end - 1, before);
  visitors->end--;
}

void waitq__visitors_trim(struct waitq__visitors *visitors, uint64_t below) {
  if (below > visitors->begin) {
    visitors->begin = below < visitors->end ? below : visitors->end;
  }
  for (unsigned i = 0; i < TRIM_STEP && visitors->swept < visitors->begin; i++) {
    forget(visitors, visitors->swept, WAITQ_STORE_NO_NUMBER);
    visitors->swept++;
  }
  if (visitors->swept - visitors->first >= BLOCK_RECORDS) {
    waitq__free(visitors->allocator, visitors->blocks[0]);
    visitors->block_count--;
    memmove(visitors->blocks, visitors->blocks + 1, visitors->block_count * sizeof visitors->blocks[0]);
    visitors->first += BLOCK_RECORDS;
  }
}

size_t waitq__visitors_bytes(const struct waitq__visitors *visitors) {
  size_t directory = visitors->directory == NULL ? 0 : sizeof(struct waitq__visitor_bucket *) << visitors->depth;
  return visitors->block_capacity * sizeof(struct waitq__visitor_record *) +
         visitors->block_count * BLOCK_RECORDS * sizeof(struct waitq__visitor_record) + directory +
         visitors->bucket_count * sizeof(struct waitq__visitor_bucket);
}
