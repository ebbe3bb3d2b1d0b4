/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "naive_skiplist.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "naive.h"

#define LEVELS_MAX 32
#define FIRST_BUCKETS 1024

struct node;

struct link {
  struct node *next;
  uint64_t span; /* how many places further next stands */
};

struct node {
  uint64_t number;        /* order of arrival */
  int64_t seen_us;        /* the last heartbeat */
  struct node *same_hash; /* the next node of the bucket */
  uint32_t hash;
  uint16_t levels;
  uint16_t length;     /* of the id, which follows the links */
  struct link links[]; /* levels of them */
};

struct skiplist {
  pthread_mutex_t mutex;
  struct node *head; /* before the first; has all levels */
  unsigned levels;   /* highest in use */
  uint64_t count;
  uint64_t next_number;
  uint64_t random;
  struct node **buckets;
  size_t bucket_count; /* a power of two */
  unsigned char key[crypto_shorthash_KEYBYTES];
  struct naive_bucket bucket;
};

static char *node_id(struct node *node) {
  return (char *)&node->links[node->levels];
}

static struct node *node_new(unsigned levels, const char *id, size_t length) {
  struct node *node = malloc(sizeof *node + levels * sizeof(struct link) + length);
  if (node == NULL) {
    bench_die("no memory for a node");
  }
  node->levels = (uint16_t)levels;
  node->length = (uint16_t)length;
  if (length > 0) {
    memcpy(node_id(node), id, length);
  }
  return node;
}

/* A quarter of the nodes of one level stand on the next. */
static unsigned random_levels(struct skiplist *list) {
  uint64_t bits = bench_mix(list->random++);
  unsigned levels = 1;
  while (levels < LEVELS_MAX && (bits & 3) == 0) {
    levels++;
    bits >>= 2;
  }
  return levels;
}

static uint32_t hash_id(const struct skiplist *list, const char *id, size_t length) {
  uint64_t hash;
  crypto_shorthash_siphash24((unsigned char *)&hash, (const unsigned char *)id, length, list->key);
  return (uint32_t)hash;
}

/* The link that points to the node, or the empty one at its bucket's end. */
static struct node **find(struct skiplist *list, uint32_t hash, const char *id, size_t length) {
  struct node **at = &list->buckets[hash & (list->bucket_count - 1)];
  while (*at != NULL && ((*at)->hash != hash || (*at)->length != length || memcmp(node_id(*at), id, length) != 0)) {
    at = &(*at)->same_hash;
  }
  return at;
}

static void grow_buckets(struct skiplist *list) {
  size_t count = list->bucket_count * 2;
  struct node **buckets = calloc(count, sizeof *buckets);
  if (buckets == NULL) {
    bench_die("no memory for a table");
  }
  for (struct node *node = list->head->links[0].next; node != NULL; node = node->links[0].next) {
    struct node **at = &buckets[node->hash & (count - 1)];
    node->same_hash = *at;
    *at = node;
  }
  free(list->buckets);
  list->buckets = buckets;
  list->bucket_count = count;
}

/* Puts the node behind all others: its number is the highest. */
static void append(struct skiplist *list, struct node *node) {
  struct node *at = list->head;
  uint64_t place = 0;
  while (list->levels < node->levels) {
    list->head->links[list->levels++] = (struct link){NULL, 0};
  }
  for (unsigned level = list->levels; level-- > 0;) {
    while (at->links[level].next != NULL) {
      place += at->links[level].span;
      at = at->links[level].next;
    }
    if (level < node->levels) {
      at->links[level] = (struct link){node, list->count + 1 - place};
      node->links[level] = (struct link){NULL, 0};
    }
  }
  list->count++;
}

static void unlink_node(struct skiplist *list, struct node *node) {
  struct node *at = list->head;
  for (unsigned level = list->levels; level-- > 0;) {
    while (at->links[level].next != NULL && at->links[level].next->number < node->number) {
      at = at->links[level].next;
    }
    if (at->links[level].next == node) {
      at->links[level].span += node->links[level].span;
      at->links[level].next = node->links[level].next;
    }
    if (at->links[level].next != NULL) {
      at->links[level].span--;
    }
  }
  while (list->levels > 1 && list->head->links[list->levels - 1].next == NULL) {
    list->levels--;
  }
  list->count--;
}

/* 1 for the first in line. */
static uint64_t position(const struct skiplist *list, const struct node *node) {
  const struct node *at = list->head;
  uint64_t place = 0;
  for (unsigned level = list->levels; level-- > 0;) {
    while (at->links[level].next != NULL && at->links[level].next->number <= node->number) {
      place += at->links[level].span;
      at = at->links[level].next;
    }
    if (at == node) {
      break;
    }
  }
  return place;
}

static void *skiplist_open(size_t waiting) {
  struct skiplist *list = calloc(1, sizeof *list);
  (void)waiting;
  if (list == NULL || (list->buckets = calloc(FIRST_BUCKETS, sizeof *list->buckets)) == NULL) {
    bench_die("no memory for a line");
  }
  pthread_mutex_init(&list->mutex, NULL);
  list->bucket_count = FIRST_BUCKETS;
  list->head = node_new(LEVELS_MAX, NULL, 0);
  list->head->links[0] = (struct link){NULL, 0};
  list->levels = 1;
  randombytes_buf(list->key, sizeof list->key);
  naive_bucket_open(&list->bucket);
  return list;
}

static void skiplist_close(void *line) {
  struct skiplist *list = line;
  for (struct node *node = list->head; node != NULL;) {
    struct node *next = node->links[0].next;
    free(node);
    node = next;
  }
  free(list->buckets);
  pthread_mutex_destroy(&list->mutex);
  free(list);
}

static void join_one(struct skiplist *list, const char *id, size_t length, struct naive_status *status) {
  int64_t now_us = naive_now_us();
  uint32_t hash = hash_id(list, id, length);
  pthread_mutex_lock(&list->mutex);
  struct node **at = find(list, hash, id, length);
  struct node *node = *at;
  if (node == NULL) {
    node = node_new(random_levels(list), id, length);
    node->number = list->next_number++;
    node->hash = hash;
    node->same_hash = NULL;
    *at = node;
    append(list, node);
    naive_status_set(status, list->count, list->count, &list->bucket);
  } else {
    naive_status_set(status, position(list, node), list->count, &list->bucket);
  }
  node->seen_us = now_us;
  if (list->count > list->bucket_count) {
    grow_buckets(list);
  }
  pthread_mutex_unlock(&list->mutex);
}

static void poll_one(struct skiplist *list, const char *id, size_t length, struct naive_status *status) {
  int64_t now_us = naive_now_us();
  uint32_t hash = hash_id(list, id, length);
  status->position = 0;
  pthread_mutex_lock(&list->mutex);
  struct node *node = *find(list, hash, id, length);
  if (node != NULL) {
    node->seen_us = now_us;
    naive_status_set(status, position(list, node), list->count, &list->bucket);
  }
  pthread_mutex_unlock(&list->mutex);
}

static void remove_at(struct skiplist *list, struct node **at) {
  struct node *node = *at;
  *at = node->same_hash;
  unlink_node(list, node);
  free(node);
}

static int leave_one(struct skiplist *list, const char *id, size_t length) {
  uint32_t hash = hash_id(list, id, length);
  pthread_mutex_lock(&list->mutex);
  struct node **at = find(list, hash, id, length);
  int found = *at != NULL;
  if (found) {
    remove_at(list, at);
  }
  pthread_mutex_unlock(&list->mutex);
  return found;
}

static int enter_one(struct skiplist *list, const char *id, size_t length, struct naive_reservation *reservation) {
  int64_t now_us = naive_now_us();
  uint32_t hash = hash_id(list, id, length);
  int admitted = 0;
  pthread_mutex_lock(&list->mutex);
  struct node **at = find(list, hash, id, length);
  if (*at != NULL && naive_bucket_take(&list->bucket, position(list, *at), now_us)) {
    remove_at(list, at);
    admitted = 1;
  }
  pthread_mutex_unlock(&list->mutex);
  if (admitted) {
    naive_reserve(reservation);
  }
  return admitted;
}

static void skiplist_join(void *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    struct naive_status status;
    join_one(line, block->visitors[i].id, block->visitors[i].length, &status);
    block->good += status.position > 0;
  }
}

static void skiplist_poll(void *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    struct naive_status status;
    poll_one(line, block->tickets[i].text, BENCH_ID_LENGTH, &status);
    block->good += status.position > 0;
  }
}

static void skiplist_leave(void *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    block->good += (size_t)leave_one(line, block->tickets[i].text, BENCH_ID_LENGTH);
  }
}

static void skiplist_ready(void *line, struct bench_block *block, size_t skip) {
  struct skiplist *list = line;
  struct node *node = list->head->links[0].next;
  for (size_t i = 0; i < skip; i++) {
    node = node->links[0].next;
  }
  for (size_t i = 0; i < block->count; i++, node = node->links[0].next) {
    bench_block_id(block, i, node_id(node));
  }
}

static void skiplist_enter(void *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    struct naive_reservation reservation;
    block->good += (size_t)enter_one(line, block->tickets[i].text, BENCH_ID_LENGTH, &reservation);
  }
}

/* Looks at every heartbeat: there is no order by time to help. Nobody has been silent for long, so nobody goes. */
static void skiplist_turn(void *line, struct bench_block *block) {
  struct skiplist *list = line;
  int64_t silent_since = naive_now_us() - NAIVE_TTL_US;
  pthread_mutex_lock(&list->mutex);
  for (struct node *node = list->head->links[0].next; node != NULL;) {
    struct node *next = node->links[0].next;
    if (node->seen_us < silent_since) {
      remove_at(list, find(list, node->hash, node_id(node), node->length));
    }
    node = next;
  }
  block->good += list->count > 0;
  pthread_mutex_unlock(&list->mutex);
}

const struct bench_design bench_naive_skiplist = {
    .prefix = "naive_skiplist_",
    .open = skiplist_open,
    .close = skiplist_close,
    .join = skiplist_join,
    .poll = skiplist_poll,
    .leave = skiplist_leave,
    .ready = skiplist_ready,
    .enter = skiplist_enter,
    .refill = skiplist_join,
    .turn = skiplist_turn,
};
