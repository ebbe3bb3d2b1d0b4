/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "fake_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVE UINT64_C(0x6c6976652d626c6b)
#define DEAD UINT64_C(0x646561642d626c6b)

struct header {
  uint64_t mark;
  uint64_t size;
};

/* The header keeps what follows aligned for any type. */
_Static_assert(sizeof(struct header) % _Alignof(max_align_t) == 0, "blocks would not be aligned");

static void damaged(const char *what) {
  fprintf(stderr, "fake_memory: %s\n", what);
  abort();
}

static uint64_t tail_of(const struct header *header) {
  return LIVE ^ (header->size * UINT64_C(0x9e3779b97f4a7c15));
}

static void check(const struct header *header) {
  uint64_t tail;
  if (header->mark != LIVE) {
    damaged(header->mark == DEAD ? "a block was released twice" : "not a block of this allocator");
  }
  memcpy(&tail, (const unsigned char *)(header + 1) + header->size, sizeof tail);
  if (tail != tail_of(header)) {
    damaged("a block was written past its end");
  }
}

static int refuse(struct fake_memory *memory) {
  uint64_t number = atomic_fetch_add(&memory->requests, 1) + 1;
  uint64_t from = atomic_load(&memory->fail_from);
  if (number != atomic_load(&memory->fail_at) && (from == 0 || number < from)) {
    return 0;
  }
  atomic_fetch_add(&memory->failed, 1);
  return 1;
}

static void *grant(struct fake_memory *memory, size_t bytes) {
  struct header *header = malloc(sizeof *header + bytes + sizeof(uint64_t));
  if (header == NULL) {
    return NULL;
  }
  header->mark = LIVE;
  header->size = bytes;
  /* Garbage, so that whoever relies on zeroed memory shows it. */
  memset(header + 1, 0xa5, bytes);
  uint64_t tail = tail_of(header);
  memcpy((unsigned char *)(header + 1) + bytes, &tail, sizeof tail);
  atomic_fetch_add(&memory->blocks, 1);
  atomic_fetch_add(&memory->bytes, (int64_t)bytes);
  return header + 1;
}

static void release(void *user, void *old) {
  struct fake_memory *memory = user;
  if (old == NULL) {
    return;
  }
  struct header *header = (struct header *)old - 1;
  check(header);
  header->mark = DEAD;
  atomic_fetch_sub(&memory->blocks, 1);
  atomic_fetch_sub(&memory->bytes, (int64_t)header->size);
  free(header);
}

static void *allocate(void *user, size_t bytes) {
  struct fake_memory *memory = user;
  return refuse(memory) ? NULL : grant(memory, bytes);
}

/* Always moves, so that a pointer kept to the old block shows under a sanitizer. */
static void *reallocate(void *user, void *old, size_t bytes) {
  struct fake_memory *memory = user;
  if (bytes == 0) {
    damaged("reallocation to nothing: its meaning differs between systems");
  }
  if (refuse(memory)) {
    return NULL;
  }
  void *fresh = grant(memory, bytes);
  if (old != NULL && fresh != NULL) {
    struct header *header = (struct header *)old - 1;
    check(header);
    memcpy(fresh, old, header->size < bytes ? header->size : bytes);
    release(user, old);
  }
  return fresh;
}

void fake_memory_init(struct fake_memory *memory) {
  memset(memory, 0, sizeof *memory);
  memory->allocator.size = sizeof memory->allocator;
  memory->allocator.allocate = allocate;
  memory->allocator.reallocate = reallocate;
  memory->allocator.release = release;
  memory->allocator.user = memory;
}

void fake_memory_fail_at(struct fake_memory *memory, uint64_t n) {
  atomic_store(&memory->failed, 0);
  atomic_store(&memory->fail_from, 0);
  atomic_store(&memory->fail_at, n == 0 ? 0 : atomic_load(&memory->requests) + n);
}

void fake_memory_fail_all(struct fake_memory *memory) {
  atomic_store(&memory->failed, 0);
  atomic_store(&memory->fail_at, 0);
  atomic_store(&memory->fail_from, atomic_load(&memory->requests) + 1);
}

uint64_t fake_memory_recover(struct fake_memory *memory) {
  atomic_store(&memory->fail_at, 0);
  atomic_store(&memory->fail_from, 0);
  return atomic_exchange(&memory->failed, 0);
}

uint64_t fake_memory_requests(struct fake_memory *memory) {
  return atomic_load(&memory->requests);
}

int64_t fake_memory_blocks(struct fake_memory *memory) {
  return atomic_load(&memory->blocks);
}

int64_t fake_memory_bytes(struct fake_memory *memory) {
  return atomic_load(&memory->bytes);
}
