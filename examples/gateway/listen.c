/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096
#define DROP_AFTER_MS 20000U

static bool split(const char *address, char *host, size_t host_size, const char **port) {
  const char *colon = strrchr(address, ':');
  if (colon == NULL) {
    return false;
  }
  size_t length = (size_t)(colon - address);
  if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
    address++;
    length -= 2;
  }
  *port = colon + 1;
  if (length >= host_size) {
    return false;
  }
  memcpy(host, address, length);
  host[length] = '\0';
  return true;
}

static int open_one(const struct sockaddr *address, socklen_t length) {
  const int one = 1;
  /* A client that does not take what was sent to it is dropped after this time; connections inherit it. */
  const unsigned drop_after_ms = DROP_AFTER_MS;
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -1;
  }
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0 ||
      setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &drop_after_ms, sizeof drop_after_ms) != 0 ||
      bind(fd, address, length) != 0 || listen(fd, BACKLOG) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static void describe(const struct sockaddr *address, socklen_t length, char *name, size_t capacity) {
  char host[64] = "", port[16] = "";
  getnameinfo(address, length, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  snprintf(name, capacity, address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

bool listen_on(const char *address, int *fds, size_t count, char *name, size_t capacity) {
  char host[256];
  const char *port = NULL;
  struct addrinfo *found = NULL;
  const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  if (!split(address, host, sizeof host, &port) ||
      getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &found) != 0) {
    snprintf(name, capacity, "\"%.100s\" is no address:port", address);
    return false;
  }
  struct sockaddr_storage bound;
  socklen_t length = found->ai_addrlen;
  memcpy(&bound, found->ai_addr, length);
  freeaddrinfo(found);
  for (size_t i = 0; i < count; i++) {
    fds[i] = open_one((struct sockaddr *)&bound, length);
    if (fds[i] < 0 || getsockname(fds[i], (struct sockaddr *)&bound, &length) != 0) {
      snprintf(name, capacity, "cannot listen on %.100s: %s", address, strerror(errno));
      while (i > 0) {
        close(fds[--i]);
      }
      return false;
    }
  }
  describe((struct sockaddr *)&bound, length, name, capacity);
  return true;
}
