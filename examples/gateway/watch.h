/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_WATCH_H
#define GATEWAY_WATCH_H

/* A thread that looks after the rooms once a second: it keeps lines moving in which nobody polls, and has figures ready for those who
 * must not wait for the store. */

#include <pthread.h>
#include <stdbool.h>

struct gateway;

struct watch {
  struct gateway *gateway;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  bool is_running, is_stopping;
};

bool watch_start(struct watch *watch, struct gateway *gateway);
void watch_stop(struct watch *watch);

#endif
