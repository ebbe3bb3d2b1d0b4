/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "gateway.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "keys.h"
#include "listen.h"
#include "log.h"
#include "loop.h"
#include "routes.h"

/* All that a request brings before its body, in bytes; with a body it may take twice as much. */
#define INPUT_MAX 16384

int64_t gateway_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static h2o_globalconf_t config;

/* h2o reads a request into a buffer that grows up to 400 KiB, and moves one that grows beyond a threshold into a file. A threshold
 * of 16 KiB, and no file to move it to, is the limit that h2o has no setting for: the connection is closed. */
static void limit_input(void) {
  h2o_socket_buffer_mmap_settings.threshold = INPUT_MAX;
  h2o_socket_buffer_mmap_settings.fn_template[0] = '\0';
}

static void configure_http(const struct options *options) {
  h2o_config_init(&config);
  config.server_name = h2o_iovec_init(H2O_STRLIT("waitq"));
  config.max_request_entity_size = (size_t)options->max_body;
  config.http1.req_timeout = (uint64_t)(options->request_timeout_s * 1000);
  config.http1.upgrade_to_http2 = 0; /* a proxy in front speaks it to the world */
  h2o_hostconf_t *host = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
  h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
  h2o_handler_t *handler = h2o_create_handler(path, sizeof *handler);
  handler->on_req = routes_on_request;
  limit_input();
}

static bool open_store(struct gateway *gateway, char *message, size_t capacity) {
  const struct options *options = gateway->options;
  waitq_options how = WAITQ_OPTIONS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_key keys[KEYS_MAX];
  size_t key_count = 0;
  if (options->keys != NULL && !keys_read(options->keys, keys, &key_count, message, capacity)) {
    return false;
  }
  how.log = log_of_library;
  how.keys = key_count > 0 ? keys : NULL;
  how.key_count = key_count;
  const int code = waitq_open(options->store, &how, &gateway->context, &error);
  memset(keys, 0, sizeof keys);
  snprintf(message, capacity, "%s", error.text);
  gateway->is_shared = strcmp(options->store, "memory:") != 0;
  return code == WAITQ_OK;
}

/* A connection needs a descriptor; the store, the log and the loops need some as well. */
static bool check_descriptors(const struct options *options, char *message, size_t capacity) {
  enum { SPARE = 128 };
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return true;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur == RLIM_INFINITY || options->max_connections + SPARE <= (double)limit.rlim_cur) {
    return true;
  }
  snprintf(message, capacity, "--max-connections %.0f needs %.0f file descriptors, and %llu are allowed (ulimit -n)",
           options->max_connections, options->max_connections + SPARE, (unsigned long long)limit.rlim_cur);
  return false;
}

static bool start_loops(struct gateway *gateway, char *message, size_t capacity) {
  const unsigned count = (unsigned)gateway->options->threads;
  int fds[256];
  int32_t completion_fd = -1;
  waitq_error error = WAITQ_ERROR_INIT;
  char name[128];
  gateway->loops = calloc(count, sizeof *gateway->loops);
  if (gateway->is_shared && waitq_completion_fd(gateway->context, &completion_fd, &error) != WAITQ_OK) {
    snprintf(message, capacity, "%s", error.text);
    return false;
  }
  if (gateway->loops == NULL || !listen_on(gateway->options->listen, fds, count, name, sizeof name)) {
    snprintf(message, capacity, "%s", gateway->loops == NULL ? "no memory" : name);
    return false;
  }
  for (unsigned i = 0; i < count; i++) {
    if (!loop_start(&gateway->loops[i], gateway, &config, fds[i], i == 0 ? completion_fd : -1)) {
      snprintf(message, capacity, "a loop could not be started");
      return false;
    }
    gateway->loop_count++;
  }
  rooms_open_known(&gateway->rooms);
  printf("waitq-gateway: listening on %s\n", name);
  fflush(stdout);
  return true;
}

bool gateway_open(struct gateway *gateway, const struct options *options, char *message, size_t capacity) {
  uint64_t seed;
  *gateway = (struct gateway){.options = options};
  snprintf(message, capacity, "no memory, or no thread");
  configure_http(options);
  return getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed && check_descriptors(options, message, capacity) &&
         guard_init(&gateway->guard, options->join_rate, options->join_burst, seed) &&
         pages_open(&gateway->pages, options->pages, message, capacity) &&
         rooms_init(&gateway->rooms, gateway, (size_t)options->max_events) && open_store(gateway, message, capacity) &&
         errands_start(&gateway->errands) && scrapes_start(&gateway->scrapes, gateway) &&
         start_loops(gateway, message, capacity) && watch_start(&gateway->watch, gateway);
}

static void order_all(struct gateway *gateway, enum loop_order order) {
  for (unsigned i = 0; i < gateway->loop_count; i++) {
    loop_order(&gateway->loops[i], order);
  }
}

/* Up to so many seconds, or until nobody is left, or a second signal says that it is enough. */
static void wait_for_visitors(struct gateway *gateway, const sigset_t *signals, double seconds, bool all) {
  enum { STEP_MS = 20 };
  const struct timespec step = {0, STEP_MS * 1000000};
  for (int64_t left_ms = (int64_t)(seconds * 1000); left_ms > 0 && (!all || gateway->connections > 0);
       left_ms -= STEP_MS) {
    if (sigtimedwait(signals, NULL, &step) >= 0) {
      return;
    }
  }
}

void gateway_serve(struct gateway *gateway) {
  int signal_number;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigwait(&signals, &signal_number);
  log_line(LOG_INFO, "draining", NULL);
  gateway->is_draining = true;
  order_all(gateway, LOOP_LAST_REPLIES);
  wait_for_visitors(gateway, &signals, gateway->options->drain_delay_s, false);
  order_all(gateway, LOOP_NO_MORE);
  wait_for_visitors(gateway, &signals, gateway->options->drain_timeout_s, true);
  log_line(LOG_INFO, "done", NULL);
}

void gateway_close(struct gateway *gateway) {
  watch_stop(&gateway->watch);
  errands_stop(&gateway->errands);
  scrapes_stop(&gateway->scrapes);
  for (unsigned i = 0; i < gateway->loop_count; i++) {
    if (gateway->loops[i].is_running) {
      loop_order(&gateway->loops[i], LOOP_END);
    }
  }
  size_t under_way = 0;
  for (unsigned i = 0; i < gateway->loop_count; i++) {
    loop_join(&gateway->loops[i]);
    under_way += gateway->loops[i].calls_under_way;
    loop_free(&gateway->loops[i]);
  }
  if (under_way > 0) {
    return; /* a room has to stay open until its completions are collected, and nobody is left to do that */
  }
  errands_free(&gateway->errands);
  scrapes_free(&gateway->scrapes);
  rooms_close(&gateway->rooms);
  waitq_close(gateway->context);
  guard_free(&gateway->guard);
  pages_close(&gateway->pages);
}
