/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"

#define LINKS_MAX 256
#define CHUNK_SIZE 16384
#define QUEUE_MAX (1 << 20) /* bytes on their way, in one direction of one link, before reading stops */

/* Bytes on their way. */
struct chunk {
  struct chunk *next;
  int64_t due_ms;
  size_t length;
  size_t sent;
  char bytes[];
};

/* One direction of one link. */
struct pipe_end {
  struct chunk *first;
  struct chunk **last;
  size_t queued;
  int ended; /* the sender has closed its side */
  int shut;  /* and the receiver has been told */
};

struct link {
  int fds[2];               /* the client's, the server's */
  struct pipe_end pipes[2]; /* [0]: to the server, read from fds[0]; [1]: to the client */
  uint64_t carried[2];      /* since the latest order to cut */
  int is_swallowed;
};

struct settings {
  int64_t delay_ms[2];
  int split[2];
  int stall[2];
  int swallow;
  int cut_armed[2];
  uint64_t cut_after[2];
  enum proxy_end cut_end[2];
  int drop;
  enum proxy_end drop_end;
  int cut_is_new[2];
  int stop;
  uint16_t port;
};

struct proxy {
  pthread_t thread;
  pthread_mutex_t lock; /* guards wanted and the counts */
  struct settings wanted;
  uint64_t accepted;
  uint64_t open;
  uint64_t cuts;
  uint64_t bytes[2];
  uint16_t listens_on;
  int listener;
  int wake[2];
  struct settings now; /* the thread's copy, as the rest is the thread's own */
  struct link links[LINKS_MAX];
  size_t link_count;
};

static void set_nonblocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void close_fd(int fd, enum proxy_end end) {
  struct linger at_once = {1, 0};
  if (end == PROXY_RESET) {
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close(fd);
}

static void drop_queue(struct pipe_end *pipe) {
  while (pipe->first != NULL) {
    struct chunk *next = pipe->first->next;
    free(pipe->first);
    pipe->first = next;
  }
}

/* With the count set before the peers can know; the last link takes the place of this one. */
static void end_link(struct proxy *proxy, size_t at, enum proxy_end end) {
  struct link *link = &proxy->links[at];
  pthread_mutex_lock(&proxy->lock);
  proxy->open = --proxy->link_count;
  pthread_mutex_unlock(&proxy->lock);
  for (unsigned d = 0; d < 2; d++) {
    drop_queue(&link->pipes[d]);
    if (link->fds[d] >= 0) {
      close_fd(link->fds[d], end);
    }
  }
  *link = proxy->links[proxy->link_count];
  for (unsigned d = 0; d < 2; d++) {
    if (link->pipes[d].first == NULL) {
      link->pipes[d].last = &link->pipes[d].first;
    }
  }
}

static int connect_to(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd >= 0 && (port == 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)) {
    close(fd);
    return -1;
  }
  return fd;
}

static void accept_link(struct proxy *proxy) {
  int one = 1;
  int client = accept(proxy->listener, NULL, NULL);
  if (client < 0) {
    return;
  }
  int server = proxy->now.swallow ? -1 : connect_to(proxy->now.port);
  if ((server < 0 && !proxy->now.swallow) || proxy->link_count == LINKS_MAX) {
    close_fd(client, PROXY_RESET);
    if (server >= 0) {
      close(server);
    }
    return;
  }
  struct link *link = &proxy->links[proxy->link_count++];
  *link = (struct link){.fds = {client, server}, .is_swallowed = proxy->now.swallow};
  for (unsigned d = 0; d < 2; d++) {
    link->pipes[d].last = &link->pipes[d].first;
    if (link->fds[d] >= 0) {
      set_nonblocking(link->fds[d]);
      setsockopt(link->fds[d], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
  }
  pthread_mutex_lock(&proxy->lock);
  proxy->accepted++;
  proxy->open = proxy->link_count;
  pthread_mutex_unlock(&proxy->lock);
}

/* 0 when the link is broken. */
static int take_in(struct proxy *proxy, struct link *link, unsigned d) {
  struct pipe_end *pipe = &link->pipes[d];
  struct chunk *chunk = malloc(sizeof *chunk + CHUNK_SIZE);
  if (chunk == NULL) {
    child_fail("out of memory");
  }
  ssize_t got = recv(link->fds[d], chunk->bytes, CHUNK_SIZE, 0);
  if (got <= 0) {
    free(chunk);
    pipe->ended |= got == 0;
    return got == 0 || errno == EAGAIN || errno == EINTR;
  }
  chunk->next = NULL;
  chunk->sent = 0;
  chunk->length = (size_t)got;
  chunk->due_ms = child_now_ms() + proxy->now.delay_ms[d];
  *pipe->last = chunk;
  pipe->last = &chunk->next;
  pipe->queued += (size_t)got;
  return 1;
}

enum outcome { GOES_ON, IS_BROKEN, IS_CUT };

/* With the lock held: whoever has received a byte finds it counted. */
static ssize_t send_counted(struct proxy *proxy, unsigned d, int fd, const char *bytes, size_t length) {
  pthread_mutex_lock(&proxy->lock);
  ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
  proxy->bytes[d] += sent > 0 ? (uint64_t)sent : 0;
  pthread_mutex_unlock(&proxy->lock);
  return sent;
}

static int take_cut(struct proxy *proxy, unsigned d) {
  pthread_mutex_lock(&proxy->lock);
  int armed = proxy->wanted.cut_armed[d];
  proxy->wanted.cut_armed[d] = 0;
  proxy->cuts += (uint64_t)armed;
  pthread_mutex_unlock(&proxy->lock);
  proxy->now.cut_armed[d] = 0;
  return armed;
}

/* Sends what is due of one direction. */
static enum outcome hand_on(struct proxy *proxy, struct link *link, unsigned d) {
  struct pipe_end *pipe = &link->pipes[d];
  const struct settings *now = &proxy->now;
  while (pipe->first != NULL && !now->stall[d] && pipe->first->due_ms <= child_now_ms()) {
    struct chunk *chunk = pipe->first;
    size_t length = now->split[d] ? 1 : chunk->length - chunk->sent;
    if (now->cut_armed[d] && link->carried[d] + length > now->cut_after[d]) {
      length = (size_t)(now->cut_after[d] - link->carried[d]);
      if (length == 0 && take_cut(proxy, d)) {
        return IS_CUT;
      }
    }
    ssize_t sent = send_counted(proxy, d, link->fds[1 - d], chunk->bytes + chunk->sent, length);
    if (sent < 0) {
      return errno == EAGAIN || errno == EINTR ? GOES_ON : IS_BROKEN;
    }
    chunk->sent += (size_t)sent;
    pipe->queued -= (size_t)sent;
    link->carried[d] += (uint64_t)sent;
    if (chunk->sent == chunk->length) {
      pipe->first = chunk->next;
      pipe->last = pipe->first == NULL ? &pipe->first : pipe->last;
      free(chunk);
    }
  }
  if (pipe->ended && !pipe->shut && pipe->first == NULL && !now->stall[d]) {
    shutdown(link->fds[1 - d], SHUT_WR);
    pipe->shut = 1;
  }
  return GOES_ON;
}

static int wants_in(const struct proxy *proxy, const struct link *link, unsigned d) {
  return !proxy->now.stall[d] && !link->is_swallowed && !link->pipes[d].ended && link->pipes[d].queued < QUEUE_MAX;
}

/* When the thread has to look again, in ms from now; -1: when something happens. */
static int look_again(const struct proxy *proxy) {
  int64_t soonest = INT64_MAX;
  for (size_t i = 0; i < proxy->link_count; i++) {
    for (unsigned d = 0; d < 2; d++) {
      const struct chunk *first = proxy->links[i].pipes[d].first;
      if (first != NULL && !proxy->now.stall[d] && first->due_ms < soonest) {
        soonest = first->due_ms;
      }
    }
  }
  if (soonest == INT64_MAX) {
    return -1;
  }
  int64_t left = soonest - child_now_ms();
  return left <= 0 ? 1 : left > 1000 ? 1000 : (int)left;
}

static size_t fill_polls(const struct proxy *proxy, struct pollfd *polls) {
  size_t count = 0;
  polls[count++] = (struct pollfd){.fd = proxy->wake[0], .events = POLLIN};
  polls[count++] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
  for (size_t i = 0; i < proxy->link_count; i++) {
    const struct link *link = &proxy->links[i];
    for (unsigned d = 0; d < 2; d++) {
      /* A descriptor of which nothing is wanted is left out: its hang-up would wake the thread all the time. */
      int is_wanted = link->fds[d] >= 0 && wants_in(proxy, link, d);
      polls[count++] = (struct pollfd){.fd = is_wanted ? link->fds[d] : -1, .events = POLLIN};
    }
  }
  return count;
}

static void read_settings(struct proxy *proxy) {
  pthread_mutex_lock(&proxy->lock);
  proxy->now = proxy->wanted;
  proxy->wanted.drop = 0;
  proxy->wanted.cut_is_new[0] = proxy->wanted.cut_is_new[1] = 0;
  pthread_mutex_unlock(&proxy->lock);
  for (unsigned d = 0; d < 2; d++) {
    for (size_t i = 0; i < proxy->link_count && proxy->now.cut_is_new[d]; i++) {
      proxy->links[i].carried[d] = 0;
    }
  }
  if (proxy->now.drop) {
    while (proxy->link_count > 0) {
      end_link(proxy, proxy->link_count - 1, proxy->now.drop_end);
    }
  }
}

static void serve_link(struct proxy *proxy, size_t at, const struct pollfd *polls) {
  struct link *link = &proxy->links[at];
  for (unsigned d = 0; d < 2 && !link->is_swallowed; d++) {
    if (polls[d].revents != 0 && !take_in(proxy, link, d)) {
      end_link(proxy, at, PROXY_RESET);
      return;
    }
    enum outcome outcome = hand_on(proxy, link, d);
    if (outcome != GOES_ON) {
      end_link(proxy, at, outcome == IS_CUT ? proxy->now.cut_end[d] : PROXY_RESET);
      return;
    }
  }
  if (link->pipes[0].shut && link->pipes[1].shut) {
    end_link(proxy, at, PROXY_CLOSE);
  }
}

static void *run(void *user) {
  struct proxy *proxy = user;
  static const size_t room = 2 + 2 * LINKS_MAX;
  struct pollfd *polls = calloc(room, sizeof *polls);
  if (polls == NULL) {
    child_fail("out of memory");
  }
  for (;;) {
    read_settings(proxy);
    if (proxy->now.stop) {
      break;
    }
    size_t links = proxy->link_count;
    poll(polls, (nfds_t)fill_polls(proxy, polls), look_again(proxy));
    if (polls[0].revents != 0) {
      char bytes[64];
      if (read(proxy->wake[0], bytes, sizeof bytes) < 0) {
        continue;
      }
      read_settings(proxy);
      if (proxy->link_count != links) {
        continue;
      }
    }
    /* From the last to the first: one that ends is replaced by one that has been served. */
    for (size_t i = links; i-- > 0;) {
      serve_link(proxy, i, &polls[2 + 2 * i]);
    }
    if (polls[1].revents != 0) {
      accept_link(proxy);
    }
  }
  while (proxy->link_count > 0) {
    end_link(proxy, proxy->link_count - 1, PROXY_RESET);
  }
  free(polls);
  return NULL;
}

struct proxy *proxy_start(uint16_t port) {
  struct proxy *proxy = calloc(1, sizeof *proxy);
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (proxy == NULL || pipe(proxy->wake) != 0) {
    child_fail("cannot make a proxy");
  }
  int one = 1;
  proxy->wanted.port = port;
  proxy->listens_on = child_free_port();
  address.sin_port = htons(proxy->listens_on);
  proxy->listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(proxy->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(proxy->listener, (const struct sockaddr *)&address, size) != 0 || listen(proxy->listener, 128) != 0) {
    child_fail("the proxy cannot listen on port %u", proxy->listens_on);
  }
  set_nonblocking(proxy->listener);
  set_nonblocking(proxy->wake[0]);
  set_nonblocking(proxy->wake[1]);
  pthread_mutex_init(&proxy->lock, NULL);
  if (pthread_create(&proxy->thread, NULL, run, proxy) != 0) {
    child_fail("cannot start the proxy's thread");
  }
  return proxy;
}

/* Ends a change of the settings. */
static void apply(struct proxy *proxy) {
  pthread_mutex_unlock(&proxy->lock);
  while (write(proxy->wake[1], "", 1) < 0 && errno == EINTR) {
  }
}

void proxy_stop(struct proxy *proxy) {
  if (proxy == NULL) {
    return;
  }
  pthread_mutex_lock(&proxy->lock);
  proxy->wanted.stop = 1;
  apply(proxy);
  pthread_join(proxy->thread, NULL);
  close(proxy->listener);
  close(proxy->wake[0]);
  close(proxy->wake[1]);
  pthread_mutex_destroy(&proxy->lock);
  free(proxy);
}

uint16_t proxy_port(const struct proxy *proxy) {
  return proxy->listens_on;
}

void proxy_forward_to(struct proxy *proxy, uint16_t port) {
  pthread_mutex_lock(&proxy->lock);
  proxy->wanted.port = port;
  apply(proxy);
}

void proxy_delay(struct proxy *proxy, unsigned direction, int64_t ms) {
  pthread_mutex_lock(&proxy->lock);
  for (unsigned d = 0; d < 2; d++) {
    proxy->wanted.delay_ms[d] = direction >> d & 1 ? ms : proxy->wanted.delay_ms[d];
  }
  apply(proxy);
}

void proxy_split(struct proxy *proxy, unsigned direction, int on) {
  pthread_mutex_lock(&proxy->lock);
  for (unsigned d = 0; d < 2; d++) {
    proxy->wanted.split[d] = direction >> d & 1 ? on : proxy->wanted.split[d];
  }
  apply(proxy);
}

void proxy_stall(struct proxy *proxy, unsigned direction) {
  pthread_mutex_lock(&proxy->lock);
  for (unsigned d = 0; d < 2; d++) {
    proxy->wanted.stall[d] |= (int)(direction >> d & 1);
  }
  apply(proxy);
}

void proxy_swallow(struct proxy *proxy, int on) {
  pthread_mutex_lock(&proxy->lock);
  proxy->wanted.swallow = on;
  apply(proxy);
}

void proxy_cut(struct proxy *proxy, enum proxy_direction direction, uint64_t after_bytes, enum proxy_end end) {
  pthread_mutex_lock(&proxy->lock);
  for (unsigned d = 0; d < 2; d++) {
    if ((unsigned)direction >> d & 1) {
      proxy->wanted.cut_armed[d] = 1;
      proxy->wanted.cut_is_new[d] = 1;
      proxy->wanted.cut_after[d] = after_bytes;
      proxy->wanted.cut_end[d] = end;
    }
  }
  apply(proxy);
}

void proxy_drop(struct proxy *proxy, enum proxy_end end) {
  pthread_mutex_lock(&proxy->lock);
  proxy->wanted.drop = 1;
  proxy->wanted.drop_end = end;
  apply(proxy);
}

void proxy_heal(struct proxy *proxy) {
  pthread_mutex_lock(&proxy->lock);
  struct settings healed = {.port = proxy->wanted.port, .drop = proxy->wanted.drop, .drop_end = proxy->wanted.drop_end};
  proxy->wanted = healed;
  apply(proxy);
}

static uint64_t read_count(struct proxy *proxy, const uint64_t *count) {
  pthread_mutex_lock(&proxy->lock);
  uint64_t value = *count;
  pthread_mutex_unlock(&proxy->lock);
  return value;
}

uint64_t proxy_accepted(struct proxy *proxy) {
  return read_count(proxy, &proxy->accepted);
}

uint64_t proxy_open(struct proxy *proxy) {
  return read_count(proxy, &proxy->open);
}

uint64_t proxy_cuts(struct proxy *proxy) {
  return read_count(proxy, &proxy->cuts);
}

uint64_t proxy_bytes(struct proxy *proxy, enum proxy_direction direction) {
  return read_count(proxy, &proxy->bytes[direction == PROXY_TO_CLIENT]);
}
