/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_FAKE_MEMORY_H
#define WAITQ_TESTS_SUPPORT_FAKE_MEMORY_H

/* An allocator that counts, that can be told to fail, and that notices what is written past a block's end or released
 * twice (it aborts then: nothing that follows could be trusted).
 *
 *     struct fake_memory memory;
 *     fake_memory_init(&memory);
 *     options.allocator = &memory.allocator;
 *     fake_memory_fail_at(&memory, 3);      the third request from now on gets NULL, the others succeed
 *     assert_int_equal(fake_memory_blocks(&memory), 0);
 *
 * Any thread may allocate; a test sets failures while no other thread does. */

#include <stdatomic.h>
#include <stdint.h>

#include <waitq/context.h>

struct fake_memory {
  waitq_allocator allocator;
  _Atomic uint64_t requests;  /* calls of allocate and reallocate so far */
  _Atomic uint64_t failed;    /* how many of them were refused */
  _Atomic uint64_t fail_at;   /* the request to refuse; 0: none */
  _Atomic uint64_t fail_from; /* refuse this request and all later ones; 0: none */
  _Atomic int64_t blocks;     /* given out and not released */
  _Atomic int64_t bytes;      /* in those blocks, as requested */
};

void fake_memory_init(struct fake_memory *memory);

/* The n-th request from now on fails, and only that one. 0 takes the order back. */
void fake_memory_fail_at(struct fake_memory *memory, uint64_t n);

/* Every request from now on fails. */
void fake_memory_fail_all(struct fake_memory *memory);

/* No request fails any more. Returns how many have failed since the order. */
uint64_t fake_memory_recover(struct fake_memory *memory);

uint64_t fake_memory_requests(struct fake_memory *memory);
int64_t fake_memory_blocks(struct fake_memory *memory);
int64_t fake_memory_bytes(struct fake_memory *memory);

#endif
