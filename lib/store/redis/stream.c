/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/stream.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

/* A dead peer is noticed by deadlines while somebody waits for it; these are for links that nobody uses. */
#define KEEPALIVE_IDLE_S 15
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES 3

/* How long a Unix socket is left alone whose queue of connections is full (EAGAIN). */
#define BACKLOG_PAUSE_MS 5

static int system_error(const struct waitq__stream *stream, const char *what, int number, waitq_error *error) {
  char reason[128];
  if (strerror_r(number, reason, sizeof reason) != 0) {
    snprintf(reason, sizeof reason, "error %d", number);
  }
  return waitq__fail(error, WAITQ_E_STORE, "%s: %s: %s", stream->name, what, reason);
}

static int too_late(const struct waitq__stream *stream, const char *what, waitq_error *error) {
  return waitq__fail(error, WAITQ_E_TIMEOUT, "%s: the time for %s is up", stream->name, what);
}

/* Waits for events of a socket: 1, 0 when the time is up, -1 with errno. */
static int wait_for(int fd, short events, int64_t deadline_us) {
  for (;;) {
    int64_t left_us = deadline_us - waitq__monotonic_us();
    if (left_us <= 0) {
      return 0; /* without a look: a peer that sends a byte now and then would never be late */
    }
    int64_t left_ms = (left_us + 999) / 1000;
    struct pollfd one = {fd, events, 0};
    int ready = poll(&one, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
    if (ready > 0 || (ready < 0 && errno != EINTR)) {
      return ready > 0 ? 1 : -1;
    }
  }
}

int waitq__stream_wait(const struct waitq__stream *stream, short events, int64_t deadline_us, const char *what,
                       waitq_error *error) {
  int ready = wait_for(stream->fd, events, deadline_us);
  if (ready > 0) {
    return WAITQ_OK;
  }
  return ready == 0 ? too_late(stream, what, error) : system_error(stream, "cannot wait", errno, error);
}

static int connect_failed(const struct waitq__stream *stream, int number, waitq_error *error) {
  return system_error(stream, "cannot connect", number, error);
}

/* Connects a socket that does not block; the number of an error, ETIMEDOUT for a deadline that has passed. */
static int connect_until(int fd, const struct sockaddr *address, socklen_t length, int64_t deadline_us) {
  while (connect(fd, address, length) != 0) {
    if (errno == EINPROGRESS || errno == EALREADY) {
      int ready = wait_for(fd, POLLOUT, deadline_us);
      if (ready <= 0) {
        return ready == 0 ? ETIMEDOUT : errno;
      }
      int number = 0;
      socklen_t size = sizeof number;
      return getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno;
    }
    if (errno == EISCONN) {
      return 0; /* an interrupted one has got through meanwhile */
    }
    if (errno != EINTR && errno != EAGAIN) {
      return errno;
    }
    int is_full = errno == EAGAIN;
    if (waitq__monotonic_us() >= deadline_us) {
      return ETIMEDOUT;
    }
    if (is_full) {
      poll(NULL, 0, BACKLOG_PAUSE_MS);
    }
  }
  return 0;
}

static int socket_to(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void set_option(int fd, int level, int option, int value) {
  /* What the system does not take is not worth a connection. */
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

static void tune_tcp(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

static int open_unix(struct waitq__stream *stream, const char *path, int64_t deadline_us, waitq_error *error) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s: too long for the path of a socket", stream->name);
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  stream->fd = socket_to(AF_UNIX);
  if (stream->fd < 0) {
    return connect_failed(stream, errno, error);
  }
  int number = connect_until(stream->fd, (const struct sockaddr *)&address, sizeof address, deadline_us);
  if (number == ETIMEDOUT) {
    return too_late(stream, "a connection", error);
  }
  return number == 0 ? WAITQ_OK : connect_failed(stream, number, error);
}

static int resolve(const struct waitq__stream *stream, const struct waitq__redis_address *address,
                   struct addrinfo **found, waitq_error *error) {
  char service[8];
  snprintf(service, sizeof service, "%u", address->port);
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
  int result = getaddrinfo(address->host, service, &hints, found);
  if (result == EAI_SYSTEM) {
    return system_error(stream, "cannot find the host", errno, error);
  }
  if (result != 0) {
    return waitq__fail(error, WAITQ_E_STORE, "%s: cannot find the host: %s", stream->name, gai_strerror(result));
  }
  return WAITQ_OK;
}

/* Tries each address of the host; one that does not answer leaves the others their share of the time. */
static int open_tcp(struct waitq__stream *stream, const struct waitq__redis_address *address, int64_t deadline_us,
                    waitq_error *error) {
  struct addrinfo *found = NULL;
  int code = resolve(stream, address, &found, error);
  if (code != WAITQ_OK) {
    return code;
  }
  int64_t left = 0;
  for (const struct addrinfo *each = found; each != NULL; each = each->ai_next) {
    left++;
  }
  int number = EADDRNOTAVAIL;
  for (const struct addrinfo *each = found; each != NULL && number != 0; each = each->ai_next) {
    int64_t now_us = waitq__monotonic_us();
    stream->fd = socket_to(each->ai_family);
    number = stream->fd < 0
                 ? errno
                 : connect_until(stream->fd, each->ai_addr, each->ai_addrlen, now_us + (deadline_us - now_us) / left);
    left--;
    if (number != 0) {
      waitq__stream_close(stream);
    }
  }
  freeaddrinfo(found);
  if (number == 0) {
    tune_tcp(stream->fd);
    return WAITQ_OK;
  }
  return number == ETIMEDOUT ? too_late(stream, "a connection", error) : connect_failed(stream, number, error);
}

static int make_tls(struct waitq__stream *stream, const struct waitq__redis_settings *settings,
                    const struct waitq__redis_address *address, const waitq_allocator *allocator, int64_t deadline_us,
                    waitq_error *error) {
  int code = waitq__tls_new(settings, address, stream->name, stream->fd, allocator, &stream->tls, error);
  while (code == WAITQ_OK) {
    short wants = 0;
    code = waitq__tls_handshake(stream->tls, &wants, error);
    if (code != WAITQ_OK || wants == 0) {
      return code;
    }
    code = waitq__stream_wait(stream, wants, deadline_us, "the TLS handshake", error);
  }
  return code;
}

int waitq__stream_open(struct waitq__stream *stream, const struct waitq__redis_settings *settings,
                       const struct waitq__redis_address *address, const waitq_allocator *allocator,
                       int64_t deadline_us, waitq_error *error) {
  memset(stream, 0, sizeof *stream);
  stream->fd = -1;
  waitq__redis_address_text(address, stream->name);
  int code = address->port == 0 ? open_unix(stream, address->host, deadline_us, error)
                                : open_tcp(stream, address, deadline_us, error);
  if (code == WAITQ_OK && settings->tls) {
    code = make_tls(stream, settings, address, allocator, deadline_us, error);
  }
  if (code != WAITQ_OK) {
    waitq__stream_close(stream);
  }
  return code;
}

void waitq__stream_close(struct waitq__stream *stream) {
  waitq__tls_free(stream->tls);
  stream->tls = NULL;
  if (stream->fd >= 0) {
    close(stream->fd);
    stream->fd = -1;
  }
}

/* Whether a call on a socket has to wait. */
static int must_wait(void) {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

int waitq__stream_send(struct waitq__stream *stream, const char *bytes, size_t length, size_t *done,
                       waitq_error *error) {
  *done = 0;
  if (stream->tls != NULL) {
    int code = waitq__tls_send(stream->tls, bytes, length, done, &stream->send_wants, error);
    stream->has_sent |= waitq__tls_has_sent(stream->tls);
    return code;
  }
  ssize_t sent;
  do {
    sent = send(stream->fd, bytes, length, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && !must_wait()) {
    return system_error(stream, "cannot send", errno, error);
  }
  stream->send_wants = POLLOUT;
  *done = sent > 0 ? (size_t)sent : 0;
  stream->has_sent |= sent > 0;
  return WAITQ_OK;
}

int waitq__stream_receive(struct waitq__stream *stream, char *bytes, size_t size, size_t *done, waitq_error *error) {
  *done = 0;
  if (stream->tls != NULL) {
    return waitq__tls_receive(stream->tls, bytes, size, done, &stream->receive_wants, error);
  }
  ssize_t received;
  do {
    received = recv(stream->fd, bytes, size, 0);
  } while (received < 0 && errno == EINTR);
  if (received < 0 && !must_wait()) {
    return system_error(stream, "cannot receive", errno, error);
  }
  if (received == 0) {
    return waitq__fail(error, WAITQ_E_STORE, "%s closed the connection", stream->name);
  }
  stream->receive_wants = POLLIN;
  *done = received > 0 ? (size_t)received : 0;
  return WAITQ_OK;
}

int waitq__stream_is_quiet(const struct waitq__stream *stream) {
  if (stream->tls != NULL) {
    return waitq__tls_is_quiet(stream->tls);
  }
  char byte;
  return recv(stream->fd, &byte, 1, MSG_PEEK) < 0 && must_wait();
}
