/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call.h"
#include "gateway.h"
#include "log.h"

#define ACCEPTS_AT_ONCE 16

struct order {
  h2o_multithread_message_t message;
  enum loop_order what;
};

uint64_t loop_random(struct loop *loop) { /* xorshift128+ */
  uint64_t a = loop->random[0];
  const uint64_t b = loop->random[1];
  loop->random[0] = b;
  a ^= a << 23;
  loop->random[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
  return loop->random[1] + b;
}

static void on_close(void *data) {
  struct loop *loop = data;
  atomic_fetch_sub_explicit(&loop->gateway->connections, 1, memory_order_relaxed);
}

static void on_accept(h2o_socket_t *listener, const char *error) {
  struct loop *loop = listener->data;
  struct gateway *gateway = loop->gateway;
  const uint32_t most = (uint32_t)gateway->options->max_connections;
  for (int i = 0; error == NULL && i < ACCEPTS_AT_ONCE; i++) {
    h2o_socket_t *socket = h2o_evloop_socket_accept(listener);
    if (socket == NULL) {
      return;
    }
    if (atomic_fetch_add_explicit(&gateway->connections, 1, memory_order_relaxed) >= most) {
      atomic_fetch_sub_explicit(&gateway->connections, 1, memory_order_relaxed);
      tally_add(&loop->tally.connections_refused, 1);
      h2o_socket_close(socket);
      continue;
    }
    socket->on_close.cb = on_close;
    socket->on_close.data = loop;
    h2o_accept(&loop->accept, socket);
  }
}

static void on_completions(h2o_socket_t *socket, const char *error) {
  (void)error;
  call_collect(socket->data);
}

static void on_errands(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages) {
  (void)receiver;
  while (!h2o_linklist_is_empty(messages)) {
    struct errand *errand = H2O_STRUCT_FROM_MEMBER(struct errand, message.link, messages->next);
    h2o_linklist_unlink(&errand->message.link);
    errand->done(errand);
  }
}

/* A connection without a request under way reads the end of its input, and closes; one with a request closes after the reply. */
static int end_input(h2o_req_t *req, void *user) {
  (void)user;
  shutdown(h2o_socket_get_fd(req->conn->callbacks->get_socket(req->conn)), SHUT_RD);
  return 0;
}

static void obey(struct loop *loop, enum loop_order what) {
  if (what == LOOP_LAST_REPLIES) {
    h2o_context_request_shutdown(&loop->context);
    streams_end(&loop->streams);
    holds_end(&loop->holds);
  } else if (what == LOOP_NO_MORE) {
    h2o_socket_close(loop->listener);
    loop->listener = NULL;
    loop->context.globalconf->http1.callbacks.foreach_request(&loop->context, end_input, NULL);
  } else {
    loop->is_over = true;
  }
}

static void on_orders(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages) {
  struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, orders, receiver);
  while (!h2o_linklist_is_empty(messages)) {
    struct order *order = H2O_STRUCT_FROM_MEMBER(struct order, message.link, messages->next);
    h2o_linklist_unlink(&order->message.link);
    obey(loop, order->what);
    free(order);
  }
}

void loop_order(struct loop *loop, enum loop_order what) {
  struct order *order = calloc(1, sizeof *order);
  if (order == NULL) {
    abort(); /* there is nothing to go on with, nor any harm in ending at once: lines are in the store */
  }
  order->what = what;
  h2o_multithread_send_message(&loop->orders, &order->message);
}

/* In the loop's own thread: h2o takes the memory of a socket from the thread that makes it, and gives it back there. */
static void set_up(struct loop *loop) {
  h2o_context_init(&loop->context, h2o_evloop_create(), loop->config);
  loop->accept.ctx = &loop->context;
  loop->accept.hosts = loop->config->hosts;
  h2o_multithread_register_receiver(loop->context.queue, &loop->receiver, on_errands);
  h2o_multithread_register_receiver(loop->context.queue, &loop->orders, on_orders);
  loop->listener = h2o_evloop_socket_create(loop->context.loop, loop->listen_fd, H2O_SOCKET_FLAG_DONT_READ);
  loop->listener->data = loop;
  h2o_socket_read_start(loop->listener, on_accept);
  if (loop->completion_fd >= 0) {
    loop->completions = h2o_evloop_socket_create(loop->context.loop, loop->completion_fd, H2O_SOCKET_FLAG_DONT_READ);
    loop->completions->data = loop;
    h2o_socket_read_start(loop->completions, on_completions);
  }
  streams_init(&loop->streams, loop);
  holds_init(&loop->holds, loop);
}

static void *run(void *user) {
  struct loop *loop = user;
  set_up(loop);
  sem_post(&loop->is_set_up);
  while (!loop->is_over) {
    if (h2o_evloop_run(loop->context.loop, 1000) != 0 && errno != EINTR) {
      log_line(LOG_ERROR, "a loop cannot go on", "reason", strerror(errno), NULL);
      abort();
    }
  }
  return NULL;
}

bool loop_start(struct loop *loop, struct gateway *gateway, h2o_globalconf_t *config, int listen_fd,
                int completion_fd) {
  memset(loop, 0, sizeof *loop);
  loop->gateway = gateway;
  loop->config = config;
  loop->listen_fd = listen_fd;
  loop->completion_fd = completion_fd;
  if (getrandom(loop->random, sizeof loop->random, 0) != (ssize_t)sizeof loop->random) {
    return false;
  }
  loop->random[1] |= 1;
  sem_init(&loop->is_set_up, 0, 0);
  loop->is_running = pthread_create(&loop->thread, NULL, run, loop) == 0;
  while (loop->is_running && sem_wait(&loop->is_set_up) != 0) {
  }
  return loop->is_running;
}

void loop_join(struct loop *loop) {
  if (loop->is_running) {
    pthread_join(loop->thread, NULL);
    loop->is_running = false;
  }
}

void loop_free(struct loop *loop) {
  while (loop->free_calls != NULL) {
    struct call *call = loop->free_calls;
    loop->free_calls = call->next_waiting;
    free(call);
  }
}
