/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SIMULATION_ACCOUNT_H
#define WAITQ_TESTS_SIMULATION_ACCOUNT_H

/* What a token bucket allows, kept apart from the library and in another way: in exact integers, added up step by step.
 *
 * Rates are whole multiples of 1/1024 token per second, so that a microsecond makes a whole number of units of
 * 1/1,024,000,000 token. If an account never goes below zero, then in no interval was more taken than burst + rate x time:
 * the account is full at the interval's start at best.
 *
 * Example: rate 2 (2048/1024), burst 3, full at t = 0. Three are taken at t = 0; at t = 0.5 s there is one again. */

#include <stdint.h>

#define ACCOUNT_TOKEN INT64_C(1024000000)

struct account {
  int64_t at_us;
  int64_t rate_1024;            /* tokens per 1024 s */
  int64_t burst;                /* tokens */
  __extension__ __int128 level; /* units; full is burst * ACCOUNT_TOKEN */
};

void account_init(struct account *account, int64_t rate_1024, uint64_t burst, int64_t now_us);

/* Moves on to a time; an earlier one changes nothing. */
void account_advance(struct account *account, int64_t now_us);

/* Changes the terms from now on: what is in it stays, up to the new burst. */
void account_set(struct account *account, int64_t rate_1024, uint64_t burst, int64_t now_us);

/* Takes tokens, there or not. */
void account_take(struct account *account, uint64_t tokens);

/* Whether this many tokens and a part of a million of one more or less are there. */
int account_has(const struct account *account, uint64_t tokens, int64_t millionths);

/* For people. */
double account_tokens(const struct account *account);

#endif
