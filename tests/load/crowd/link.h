/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef CROWD_LINK_H
#define CROWD_LINK_H

/* A connection to a server: one request and its reply at a time, kept alive, and made again when the other side has closed it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_OUT_MAX 1024
#define LINK_IN_MAX 8192

struct link {
  int fd; /* -1: not connected */
  uint16_t port;
  bool is_busy;
  size_t out_length, out_sent;
  size_t in_length;
  char out[LINK_OUT_MAX];
  char in[LINK_IN_MAX];
};

enum link_result { LINK_AGAIN, LINK_REPLY, LINK_BROKEN };

/* Begins a request; out and out_length hold it. */
bool link_send(struct link *link, int epoll_fd);

/* Goes on when the descriptor is ready. LINK_REPLY: status and body, NUL-terminated, are there until the next request. */
enum link_result link_go_on(struct link *link, int *status, const char **body);

void link_close(struct link *link);

#endif
