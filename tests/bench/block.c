/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "block.h"

#include <string.h>

#include "machine.h"

uint64_t bench_mix(uint64_t number) {
  uint64_t z = number * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

struct bench_block *bench_block_new(void) {
  struct bench_block *block = bench_alloc(sizeof *block);
  for (size_t i = 0; i < BENCH_BLOCK; i++) {
    block->visitors[i] = (waitq_visitor){block->ids[i], BENCH_ID_LENGTH};
    block->tickets[i].size = sizeof(waitq_ticket);
  }
  return block;
}

void bench_visitor_id(uint64_t visitor, char id[BENCH_ID_LENGTH]) {
  static const char digits[] = "0123456789abcdef";
  uint64_t halves[2] = {bench_mix(visitor * 2), bench_mix(visitor * 2 + 1)};
  for (size_t d = 0; d < BENCH_ID_LENGTH; d++) {
    id[d] = digits[(halves[d / 16] >> (d % 16 * 4)) & 15];
  }
}

void bench_block_visitor(struct bench_block *block, size_t i, uint64_t visitor) {
  char id[BENCH_ID_LENGTH];
  bench_visitor_id(visitor, id);
  bench_block_id(block, i, id);
}

void bench_block_id(struct bench_block *block, size_t i, const char *id) {
  memcpy(block->ids[i], id, BENCH_ID_LENGTH);
  memcpy(block->tickets[i].text, id, BENCH_ID_LENGTH);
  block->tickets[i].text[BENCH_ID_LENGTH] = '\0';
}

void bench_block_warm(struct bench_block *block) {
  volatile unsigned char *bytes = (volatile unsigned char *)block;
  for (size_t i = 0; i < sizeof *block; i += 64) {
    bytes[i] = bytes[i];
  }
}
