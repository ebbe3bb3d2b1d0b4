/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ERRANDS_H
#define GATEWAY_ERRANDS_H

/* A thread for what may wait for the store and cannot be submitted: opening rooms, admin calls. A loop hands it an errand and is
 * told when that is done. There are never more errands than requests under way. */

#include <pthread.h>
#include <stdbool.h>

#include "h2o_loop.h"

struct loop;

/* The first member of what is to be run. */
struct errand {
  h2o_multithread_message_t message;
  struct errand *next;
  struct loop *loop;                   /* which is told; NULL: none */
  void (*run)(struct errand *errand);  /* in the thread */
  void (*done)(struct errand *errand); /* in the loop */
};

struct errands {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  struct errand *first, **last;
  bool is_running, is_stopping;
};

bool errands_start(struct errands *errands);
void errands_submit(struct errands *errands, struct errand *errand);

/* Runs what is left, and ends the thread. What a loop hands in afterwards is not run; errands_free() when none does any more. */
void errands_stop(struct errands *errands);
void errands_free(struct errands *errands);

/* Has errand->done called in its loop. */
void errand_post(struct errand *errand);

#endif
