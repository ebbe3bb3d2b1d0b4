/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_LOOP_H
#define GATEWAY_LOOP_H

/* An event loop: a thread with a listening socket of its own (SO_REUSEPORT), and all that comes in by it. */

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h2o_loop.h"
#include "hold.h"
#include "stream.h"
#include "tally.h"

struct call;
struct gateway;

struct loop {
  h2o_context_t context; /* first: a request knows its loop by it */
  struct gateway *gateway;
  pthread_t thread;
  bool is_running;
  bool is_over;
  sem_t is_set_up;
  h2o_globalconf_t *config;
  int listen_fd, completion_fd;
  h2o_accept_ctx_t accept;
  h2o_socket_t *listener;
  h2o_socket_t *completions;
  h2o_multithread_receiver_t receiver; /* of errands that are done */
  h2o_multithread_receiver_t orders;   /* of the main thread */
  h2o_timeout_entry_t tick;
  struct streams streams;
  struct holds holds;
  struct call *free_calls;
  size_t free_call_count;
  size_t calls_under_way;
  uint64_t random[2];
  struct tally tally;
};

/* What the main thread tells a loop. */
enum loop_order {
  LOOP_LAST_REPLIES, /* connections end with their next reply, streams and calls that are held now */
  LOOP_NO_MORE,      /* no new connection is taken, and idle ones end */
  LOOP_END,          /* the loop ends, whatever is left */
};

/* Starts a loop that listens on the descriptor, and owns it; completion_fd is -1 but for the loop that collects. When this
 * returns it can be told things. */
bool loop_start(struct loop *loop, struct gateway *gateway, h2o_globalconf_t *config, int listen_fd, int completion_fd);
void loop_order(struct loop *loop, enum loop_order order);
void loop_join(struct loop *loop);
void loop_free(struct loop *loop);

/* A random number; good for names, not for secrets. */
uint64_t loop_random(struct loop *loop);

static inline struct loop *loop_of(const h2o_req_t *req) {
  return (struct loop *)req->conn->ctx;
}

#endif
