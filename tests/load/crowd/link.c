/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void link_close(struct link *link) {
  if (link->fd >= 0) {
    close(link->fd);
  }
  link->fd = -1;
  link->is_busy = false;
}

static bool dial(struct link *link, int epoll_fd) {
  const int one = 1;
  const struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(link->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = link};
  link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (link->fd < 0) {
    return false;
  }
  setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if ((connect(link->fd, (const struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) ||
      epoll_ctl(epoll_fd, EPOLL_CTL_ADD, link->fd, &event) != 0) {
    link_close(link);
    return false;
  }
  return true;
}

static bool push(struct link *link) {
  while (link->out_sent < link->out_length) {
    const ssize_t sent = send(link->fd, link->out + link->out_sent, link->out_length - link->out_sent, MSG_NOSIGNAL);
    if (sent < 0) {
      return errno == EAGAIN || errno == ENOTCONN;
    }
    link->out_sent += (size_t)sent;
  }
  return true;
}

bool link_send(struct link *link, int epoll_fd) {
  link->out_sent = 0;
  link->in_length = 0;
  if (link->fd >= 0 && push(link)) {
    link->is_busy = true;
    return true;
  }
  link_close(link);
  link->out_sent = 0;
  link->is_busy = dial(link, epoll_fd);
  return link->is_busy && push(link);
}

/* Where the body begins, and how long it is; 0 where the head is not all there. */
static size_t read_head(const struct link *link, int *status, size_t *body_length) {
  const char *end = memmem(link->in, link->in_length, "\r\n\r\n", 4);
  if (end == NULL) {
    return 0;
  }
  *status = (int)strtol(link->in + 9, NULL, 10);
  *body_length = 0;
  for (const char *line = link->in; line < end; line = strstr(line, "\r\n") + 2) {
    if (strncasecmp(line, "content-length:", 15) == 0) {
      *body_length = strtoul(line + 15, NULL, 10);
    }
  }
  return (size_t)(end + 4 - link->in);
}

enum link_result link_go_on(struct link *link, int *status, const char **body) {
  if (!push(link)) {
    return LINK_BROKEN;
  }
  for (;;) {
    const ssize_t got = recv(link->fd, link->in + link->in_length, sizeof link->in - 1 - link->in_length, 0);
    if (got < 0) {
      return errno == EAGAIN || errno == ENOTCONN ? LINK_AGAIN : LINK_BROKEN;
    }
    if (got == 0) {
      return LINK_BROKEN;
    }
    link->in_length += (size_t)got;
    link->in[link->in_length] = '\0';
    size_t length = 0;
    const size_t begin = read_head(link, status, &length);
    if (begin > 0 && link->in_length >= begin + length) {
      *body = link->in + begin;
      link->is_busy = false;
      return LINK_REPLY;
    }
  }
}
