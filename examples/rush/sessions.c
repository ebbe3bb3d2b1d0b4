/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "sessions.h"

#include <stdlib.h>
#include <string.h>

int sessions_init(struct sessions *sessions, uint32_t most) {
  *sessions = (struct sessions){.free_count = most};
  sessions->passes = malloc((size_t)most * sizeof *sessions->passes);
  sessions->free = malloc((size_t)most * sizeof *sessions->free);
  if (sessions->passes == NULL || sessions->free == NULL) {
    sessions_free(sessions);
    return -1;
  }
  for (uint32_t i = 0; i < most; i++) {
    sessions->free[i] = i;
  }
  return 0;
}

void sessions_free(struct sessions *sessions) {
  free(sessions->passes);
  free(sessions->free);
  *sessions = (struct sessions){0};
}

uint32_t sessions_keep(struct sessions *sessions, const char *pass) {
  if (sessions->free_count == 0) {
    return SESSION_NONE;
  }
  uint32_t session = sessions->free[--sessions->free_count];
  memcpy(sessions->passes[session], pass, strlen(pass) + 1);
  return session;
}

const char *sessions_pass(const struct sessions *sessions, uint32_t session) {
  return sessions->passes[session];
}

void sessions_give_back(struct sessions *sessions, uint32_t session) {
  sessions->free[sessions->free_count++] = session;
}
