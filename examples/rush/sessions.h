/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_SESSIONS_H
#define RUSH_SESSIONS_H

/* The passes of the visitors who are inside. */

#include <stdint.h>
#include <waitq/pass.h>

#define SESSION_NONE UINT32_MAX

struct sessions {
  char (*passes)[WAITQ_PASS_SIZE];
  uint32_t *free; /* numbers that are not in use */
  uint32_t free_count;
};

/* 0, or -1 when there is no memory. */
int sessions_init(struct sessions *sessions, uint32_t most);
void sessions_free(struct sessions *sessions);

/* Keeps the text of a pass; its number, or SESSION_NONE when all are in use. */
uint32_t sessions_keep(struct sessions *sessions, const char *pass);

/* The text of a pass, valid until it is given back. */
const char *sessions_pass(const struct sessions *sessions, uint32_t session);
void sessions_give_back(struct sessions *sessions, uint32_t session);

#endif
