/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_WATCH_H
#define GATEWAY_WATCH_H

/* A thread that looks after the rooms once a second: it keeps lines moving in which nobody polls, has figures ready for those who must
 * not wait for the store, and has rates follow the health of backends. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway;

struct watch {
  struct gateway *gateway;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  bool is_running, is_stopping;
  _Atomic int64_t turns_until_ms; /* until when turns are to be read */
  size_t turns_hint;              /* the thread's own: how much text that was the last time */
};

bool watch_start(struct watch *watch, struct gateway *gateway);
void watch_stop(struct watch *watch);

#endif
