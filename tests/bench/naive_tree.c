/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "naive_tree.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "naive.h"

#define FIRST_CAPACITY 1024
#define ID_MAX 50

struct record {
  int64_t seen_us; /* the last heartbeat */
  uint32_t hash;
  uint8_t live;
  uint8_t length;
  char id[ID_MAX];
};
_Static_assert(sizeof(struct record) == 64, "a record is a cache line");

struct entry {
  uint32_t hash;
  uint32_t place; /* 1 + index of the record; 0: the entry is free */
};

struct tree {
  pthread_mutex_t mutex;
  struct record *records; /* capacity of them, in order of arrival */
  uint32_t *sums;         /* the Fenwick tree over live records, indexed from 1 */
  uint32_t capacity;      /* a power of two */
  uint32_t next;          /* the first free record */
  uint32_t first;         /* no record before it is live */
  uint32_t count;         /* live records */
  struct entry *entries;
  size_t entry_mask; /* a power of two, minus one */
  unsigned char key[crypto_shorthash_KEYBYTES];
  struct naive_bucket bucket;
};

static uint32_t hash_id(const struct tree *tree, const char *id, size_t length) {
  uint64_t hash;
  crypto_shorthash_siphash24((unsigned char *)&hash, (const unsigned char *)id, length, tree->key);
  return (uint32_t)hash;
}

static void *allocate(size_t alignment, size_t bytes) {
  void *memory = aligned_alloc(alignment, bytes);
  if (memory == NULL) {
    bench_die("no memory for a line");
  }
  return memory;
}

static void entries_open(struct tree *tree, size_t count) {
  tree->entries = calloc(count, sizeof *tree->entries);
  if (tree->entries == NULL) {
    bench_die("no memory for a table");
  }
  tree->entry_mask = count - 1;
}

/* The entry of that id, or the free one where it belongs. */
static struct entry *find(struct tree *tree, uint32_t hash, const char *id, size_t length) {
  for (size_t at = hash & tree->entry_mask;; at = (at + 1) & tree->entry_mask) {
    struct entry *entry = &tree->entries[at];
    if (entry->place == 0) {
      return entry;
    }
    if (entry->hash == hash) {
      const struct record *record = &tree->records[entry->place - 1];
      if (record->length == length && memcmp(record->id, id, length) == 0) {
        return entry;
      }
    }
  }
}

static void entry_insert(struct tree *tree, uint32_t hash, uint32_t place) {
  size_t at = hash & tree->entry_mask;
  while (tree->entries[at].place != 0) {
    at = (at + 1) & tree->entry_mask;
  }
  tree->entries[at] = (struct entry){hash, place};
}

/* Frees an entry and closes the gap, so that no search ends early. */
static void entry_remove(struct tree *tree, struct entry *entry) {
  size_t gap = (size_t)(entry - tree->entries);
  for (size_t at = (gap + 1) & tree->entry_mask; tree->entries[at].place != 0; at = (at + 1) & tree->entry_mask) {
    size_t home = tree->entries[at].hash & tree->entry_mask;
    if (((at - home) & tree->entry_mask) >= ((at - gap) & tree->entry_mask)) {
      tree->entries[gap] = tree->entries[at];
      gap = at;
    }
  }
  tree->entries[gap] = (struct entry){0, 0};
}

/* Fills an emptied table from the records. */
static void entries_refill(struct tree *tree) {
  for (uint32_t i = tree->first; i < tree->next; i++) {
    if (tree->records[i].live) {
      entry_insert(tree, tree->records[i].hash, i + 1);
    }
  }
}

static void entries_grow(struct tree *tree) {
  free(tree->entries);
  entries_open(tree, (tree->entry_mask + 1) * 2);
  entries_refill(tree);
}

static void sums_add(struct tree *tree, uint32_t place, uint32_t change) {
  for (; place <= tree->capacity; place += place & -place) {
    tree->sums[place] += change;
  }
}

/* How many live records stand up to that place: its own position, 1 for the first. */
static uint32_t position(const struct tree *tree, uint32_t place) {
  uint32_t sum = 0;
  for (; place > 0; place &= place - 1) {
    sum += tree->sums[place];
  }
  return sum;
}

static void double_capacity(struct tree *tree) {
  uint32_t capacity = tree->capacity * 2;
  struct record *records = allocate(64, (size_t)capacity * sizeof *records);
  uint32_t *sums = realloc(tree->sums, ((size_t)capacity + 1) * sizeof *sums);
  if (sums == NULL) {
    bench_die("no memory for a line");
  }
  memcpy(records, tree->records, (size_t)tree->next * sizeof *records);
  free(tree->records);
  memset(sums + tree->capacity + 1, 0, (size_t)tree->capacity * sizeof *sums);
  sums[capacity] = sums[tree->capacity];
  tree->records = records;
  tree->sums = sums;
  tree->capacity = capacity;
}

/* Closes the ranks: live records move to the front and are numbered anew. */
static void compact(struct tree *tree) {
  uint32_t live = 0;
  for (uint32_t i = tree->first; i < tree->next; i++) {
    if (tree->records[i].live) {
      tree->records[live++] = tree->records[i];
    }
  }
  tree->first = 0;
  tree->next = live;
  memset(tree->sums, 0, ((size_t)tree->capacity + 1) * sizeof *tree->sums);
  for (uint32_t place = 1; place <= tree->capacity; place++) {
    uint32_t parent = place + (place & -place);
    tree->sums[place] += place <= live;
    if (parent <= tree->capacity) {
      tree->sums[parent] += tree->sums[place];
    }
  }
  memset(tree->entries, 0, (tree->entry_mask + 1) * sizeof *tree->entries);
  entries_refill(tree);
}

static void make_space(struct tree *tree) {
  if (tree->next == tree->capacity) {
    if (tree->count < tree->capacity / 2) {
      compact(tree);
    } else {
      double_capacity(tree);
    }
  }
  if ((size_t)tree->count * 4 > tree->entry_mask * 3) {
    entries_grow(tree);
  }
}

static void *tree_open(size_t waiting) {
  struct tree *tree = calloc(1, sizeof *tree);
  (void)waiting;
  if (tree == NULL) {
    bench_die("no memory for a line");
  }
  pthread_mutex_init(&tree->mutex, NULL);
  tree->capacity = FIRST_CAPACITY;
  tree->records = allocate(64, FIRST_CAPACITY * sizeof *tree->records);
  tree->sums = calloc(FIRST_CAPACITY + 1, sizeof *tree->sums);
  if (tree->sums == NULL) {
    bench_die("no memory for a line");
  }
  entries_open(tree, FIRST_CAPACITY * 2);
  randombytes_buf(tree->key, sizeof tree->key);
  naive_bucket_open(&tree->bucket);
  return tree;
}

static void tree_close(void *line) {
  struct tree *tree = line;
  free(tree->records);
  free(tree->sums);
  free(tree->entries);
  pthread_mutex_destroy(&tree->mutex);
  free(tree);
}

static void join_one(struct tree *tree, const char *id, size_t length, struct naive_status *status) {
  int64_t now_us = naive_now_us();
  uint32_t hash = hash_id(tree, id, length);
  pthread_mutex_lock(&tree->mutex);
  make_space(tree);
  struct entry *entry = find(tree, hash, id, length);
  if (entry->place == 0) {
    struct record *record = &tree->records[tree->next++];
    *entry = (struct entry){hash, tree->next};
    record->hash = hash;
    record->live = 1;
    record->length = (uint8_t)length;
    memcpy(record->id, id, length);
    sums_add(tree, tree->next, 1);
    tree->count++;
    naive_status_set(status, tree->count, tree->count, &tree->bucket);
  } else {
    naive_status_set(status, position(tree, entry->place), tree->count, &tree->bucket);
  }
  tree->records[entry->place - 1].seen_us = now_us;
  pthread_mutex_unlock(&tree->mutex);
}

static void poll_one(struct tree *tree, const char *id, size_t length, struct naive_status *status) {
  int64_t now_us = naive_now_us();
  uint32_t hash = hash_id(tree, id, length);
  status->position = 0;
  pthread_mutex_lock(&tree->mutex);
  const struct entry *entry = find(tree, hash, id, length);
  if (entry->place != 0) {
    tree->records[entry->place - 1].seen_us = now_us;
    naive_status_set(status, position(tree, entry->place), tree->count, &tree->bucket);
  }
  pthread_mutex_unlock(&tree->mutex);
}

static void remove_entry(struct tree *tree, struct entry *entry) {
  uint32_t place = entry->place;
  tree->records[place - 1].live = 0;
  sums_add(tree, place, UINT32_MAX);
  tree->count--;
  entry_remove(tree, entry);
  while (tree->first < tree->next && !tree->records[tree->first].live) {
    tree->first++;
  }
}

static int leave_one(struct tree *tree, const char *id, size_t length) {
  uint32_t hash = hash_id(tree, id, length);
  pthread_mutex_lock(&tree->mutex);
  struct entry *entry = find(tree, hash, id, length);
  int found = entry->place != 0;
  if (found) {
    remove_entry(tree, entry);
  }
  pthread_mutex_unlock(&tree->mutex);
  return found;
}

static int enter_one(struct tree *tree, const char *id, size_t length, struct naive_reservation *reservation) {
  int64_t now_us = naive_now_us();
  uint32_t hash = hash_id(tree, id, length);
  int admitted = 0;
  pthread_mutex_lock(&tree->mutex);
  struct entry *entry = find(tree, hash, id, length);
  if (entry->place != 0 && naive_bucket_take(&tree->bucket, position(tree, entry->place), now_us)) {
    remove_entry(tree, entry);
    admitted = 1;
  }
  pthread_mutex_unlock(&tree->mutex);
  if (admitted) {
    naive_reserve(reservation);
  }
  return admitted;
}

static void tree_join(void *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    struct naive_status status;
    join_one(line, block->visitors[i].id, block->visitors[i].length, &status);
    block->good += status.position > 0;
  }
}

static void tree_poll(void *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    struct naive_status status;
    poll_one(line, block->tickets[i].text, BENCH_ID_LENGTH, &status);
    block->good += status.position > 0;
  }
}

static void tree_leave(void *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    block->good += (size_t)leave_one(line, block->tickets[i].text, BENCH_ID_LENGTH);
  }
}

static void tree_ready(void *line, struct bench_block *block, size_t skip) {
  const struct tree *tree = line;
  size_t seen = 0;
  for (uint32_t i = tree->first; seen < skip + block->count; i++) {
    if (tree->records[i].live && seen++ >= skip) {
      bench_block_id(block, seen - skip - 1, tree->records[i].id);
    }
  }
}

static void tree_enter(void *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    struct naive_reservation reservation;
    block->good += (size_t)enter_one(line, block->tickets[i].text, BENCH_ID_LENGTH, &reservation);
  }
}

/* Looks at every heartbeat: there is no order by time to help. Nobody has been silent for long, so nobody goes. */
static void tree_turn(void *line, struct bench_block *block) {
  struct tree *tree = line;
  int64_t silent_since = naive_now_us() - NAIVE_TTL_US;
  pthread_mutex_lock(&tree->mutex);
  for (uint32_t i = tree->first; i < tree->next; i++) {
    const struct record *record = &tree->records[i];
    if (record->live && record->seen_us < silent_since) {
      remove_entry(tree, find(tree, record->hash, record->id, record->length));
    }
  }
  block->good += tree->count > 0;
  pthread_mutex_unlock(&tree->mutex);
}

const struct bench_design bench_naive_tree = {
    .prefix = "naive_tree_",
    .open = tree_open,
    .close = tree_close,
    .join = tree_join,
    .poll = tree_poll,
    .leave = tree_leave,
    .ready = tree_ready,
    .enter = tree_enter,
    .refill = tree_join,
    .turn = tree_turn,
};
