/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "resp_peer.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "resp.h"

#define CALLERS_MAX 64
#define WORDS_MAX 16 /* of a command, that can be compared */

/* A word of a command, in the bytes that were received. */
struct word {
  const char *bytes;
  size_t length;
};

struct caller {
  int fd;
  struct resp_text input;
};

struct resp_peer {
  pthread_t thread;
  pthread_mutex_t lock; /* guards all below but the thread's own */
  const struct resp_step *rules;
  const struct resp_step *script; /* the step that comes next */
  unsigned connections;
  unsigned unexpected;
  struct resp_text heard;
  int is_over;
  uint16_t port;
  int listener;
  int wake[2];
  struct caller callers[CALLERS_MAX]; /* the thread's own */
  size_t caller_count;
};

#define INFO_TEXT                                                                                      \
  "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"                                      \
  "run_id:0123456789012345678901234567890123456789\r\n# Persistence\r\nloading:0\r\n# Memory\r\n"      \
  "maxmemory_policy:noeviction\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n# Cluster\r\n" \
  "cluster_enabled:0\r\n"
/* The length of the text above, which the reply says before it. */
#define INFO_LENGTH "247"

const struct resp_step resp_peer_redis[] = {
    {"AUTH", "+OK\r\n", RESP_GO_ON},
    {"HELLO", "-ERR unknown command 'HELLO'\r\n", RESP_GO_ON},
    {"SELECT", "+OK\r\n", RESP_GO_ON},
    {"PING", "+PONG\r\n", RESP_GO_ON},
    {"CLIENT", "+OK\r\n", RESP_GO_ON},
    {"READONLY", "+OK\r\n", RESP_GO_ON},
    {"INFO", "$" INFO_LENGTH "\r\n" INFO_TEXT "\r\n", RESP_GO_ON},
    {"ROLE", "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n", RESP_GO_ON},
    {"CONFIG GET maxmemory-policy", "*2\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n", RESP_GO_ON},
    {NULL, NULL, RESP_GO_ON},
};
_Static_assert(sizeof INFO_TEXT - 1 == 247, "INFO_LENGTH is the length of INFO_TEXT");

static int same_word(const char *wanted, size_t length, const struct word *word) {
  if (length == 1 && *wanted == '*') {
    return 1;
  }
  if (length != word->length) {
    return 0;
  }
  for (size_t i = 0; i < length; i++) {
    if (tolower((unsigned char)wanted[i]) != tolower((unsigned char)word->bytes[i])) {
      return 0;
    }
  }
  return 1;
}

static int fits(const char *expect, const struct word *words, size_t count) {
  for (size_t at = 0; *expect != '\0'; at++) {
    size_t length = strcspn(expect, " ");
    if (at >= count || !same_word(expect, length, &words[at])) {
      return 0;
    }
    expect += length;
    expect += strspn(expect, " ");
  }
  return 1;
}

static void note(struct resp_peer *peer, const struct word *words, size_t count) {
  for (size_t i = 0; i < count && i < 3; i++) {
    resp_text_add(&peer->heard, " ", i > 0);
    for (size_t b = 0; b < words[i].length && b < 80; b++) {
      char shown = isprint((unsigned char)words[i].bytes[b]) ? words[i].bytes[b] : '?';
      resp_text_add(&peer->heard, &shown, 1);
    }
  }
  resp_text_add(&peer->heard, "\n", 1);
}

static struct resp_step choose(struct resp_peer *peer, const struct word *words, size_t count) {
  struct resp_step none = {NULL, "-ERR not in the script\r\n", RESP_GO_ON};
  note(peer, words, count);
  if (peer->script != NULL && peer->script->expect != NULL && fits(peer->script->expect, words, count)) {
    return *peer->script++;
  }
  for (const struct resp_step *rule = peer->rules; rule != NULL && rule->expect != NULL; rule++) {
    if (fits(rule->expect, words, count)) {
      return *rule;
    }
  }
  peer->unexpected++;
  return none;
}

/* Reads "<mark><number>\r\n" at *at; 0 when it is not all there. */
static int read_number(const struct resp_text *input, size_t *at, long *number) {
  const char *line = input->bytes + *at;
  const char *end = memchr(line, '\n', input->length - *at);
  if (end == NULL) {
    return 0;
  }
  *number = strtol(line + 1, NULL, 10);
  *at = (size_t)(end + 1 - input->bytes);
  return 1;
}

/* How many bytes the first command takes; 0 when it is not all there. */
static size_t parse(const struct resp_text *input, struct word *words, size_t *count) {
  size_t at = 0;
  long left = 0;
  *count = 0;
  if (input->length == 0 || !read_number(input, &at, &left)) {
    return 0;
  }
  for (; left > 0; left--) {
    long length = 0;
    if (at >= input->length || !read_number(input, &at, &length) || at + (size_t)length + 2 > input->length) {
      return 0;
    }
    if (*count < WORDS_MAX) {
      words[(*count)++] = (struct word){input->bytes + at, (size_t)length};
    }
    at += (size_t)length + 2;
  }
  return at;
}

/* 0 when the connection is to end, by *then. */
static int answer(struct resp_peer *peer, struct caller *caller, enum resp_then *then) {
  struct word words[WORDS_MAX];
  size_t count = 0;
  for (size_t used = parse(&caller->input, words, &count); used > 0; used = parse(&caller->input, words, &count)) {
    pthread_mutex_lock(&peer->lock);
    struct resp_step step = choose(peer, words, count);
    pthread_mutex_unlock(&peer->lock);
    memmove(caller->input.bytes, caller->input.bytes + used, caller->input.length - used);
    caller->input.length -= used;
    if (step.reply != NULL && resp_send(caller->fd, step.reply, strlen(step.reply)) != 0) {
      return 0;
    }
    *then = step.then;
    if (step.then != RESP_GO_ON) {
      return 0;
    }
  }
  return 1;
}

static void end_caller(struct resp_peer *peer, size_t at, enum resp_then then) {
  struct linger at_once = {1, 0};
  struct caller *caller = &peer->callers[at];
  if (then == RESP_RESET) {
    setsockopt(caller->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close(caller->fd);
  resp_text_free(&caller->input);
  *caller = peer->callers[--peer->caller_count];
}

static void serve(struct resp_peer *peer, size_t at) {
  char bytes[4096];
  enum resp_then then = RESP_CLOSE;
  struct caller *caller = &peer->callers[at];
  ssize_t got = recv(caller->fd, bytes, sizeof bytes, 0);
  if (got <= 0) {
    end_caller(peer, at, RESP_CLOSE);
    return;
  }
  resp_text_add(&caller->input, bytes, (size_t)got);
  if (!answer(peer, caller, &then)) {
    end_caller(peer, at, then);
  }
}

static void welcome(struct resp_peer *peer) {
  int fd = accept(peer->listener, NULL, NULL);
  if (fd >= 0 && peer->caller_count == CALLERS_MAX) {
    close(fd);
  } else if (fd >= 0) {
    peer->callers[peer->caller_count++] = (struct caller){.fd = fd};
    pthread_mutex_lock(&peer->lock);
    peer->connections++;
    pthread_mutex_unlock(&peer->lock);
  }
}

static int is_over(struct resp_peer *peer) {
  pthread_mutex_lock(&peer->lock);
  int over = peer->is_over;
  pthread_mutex_unlock(&peer->lock);
  return over;
}

static void *run(void *user) {
  struct resp_peer *peer = user;
  while (!is_over(peer)) {
    struct pollfd polls[2 + CALLERS_MAX] = {{peer->wake[0], POLLIN, 0}, {peer->listener, POLLIN, 0}};
    size_t callers = peer->caller_count;
    for (size_t i = 0; i < callers; i++) {
      polls[2 + i] = (struct pollfd){peer->callers[i].fd, POLLIN, 0};
    }
    poll(polls, (nfds_t)(2 + callers), -1);
    /* From the last to the first: one that ends is replaced by one that has been served. */
    for (size_t i = callers; i-- > 0;) {
      if (polls[2 + i].revents != 0) {
        serve(peer, i);
      }
    }
    if (polls[1].revents != 0) {
      welcome(peer);
    }
  }
  while (peer->caller_count > 0) {
    end_caller(peer, peer->caller_count - 1, RESP_CLOSE);
  }
  return NULL;
}

struct resp_peer *resp_peer_start(const struct resp_step *rules) {
  int one = 1;
  struct resp_peer *peer = calloc(1, sizeof *peer);
  struct sockaddr_in address = {.sin_family = AF_INET};
  if (peer == NULL || pipe(peer->wake) != 0) {
    child_fail("cannot make a scripted server");
  }
  peer->rules = rules;
  peer->port = child_free_port();
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(peer->port);
  peer->listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(peer->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(peer->listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(peer->listener, 64) != 0) {
    child_fail("the scripted server cannot listen on port %u", peer->port);
  }
  pthread_mutex_init(&peer->lock, NULL);
  resp_text_clear(&peer->heard);
  if (pthread_create(&peer->thread, NULL, run, peer) != 0) {
    child_fail("cannot start the scripted server's thread");
  }
  return peer;
}

void resp_peer_stop(struct resp_peer *peer) {
  if (peer == NULL) {
    return;
  }
  pthread_mutex_lock(&peer->lock);
  peer->is_over = 1;
  pthread_mutex_unlock(&peer->lock);
  while (write(peer->wake[1], "", 1) < 0 && errno == EINTR) {
  }
  pthread_join(peer->thread, NULL);
  close(peer->listener);
  close(peer->wake[0]);
  close(peer->wake[1]);
  resp_text_free(&peer->heard);
  pthread_mutex_destroy(&peer->lock);
  free(peer);
}

uint16_t resp_peer_port(const struct resp_peer *peer) {
  return peer->port;
}

void resp_peer_play(struct resp_peer *peer, const struct resp_step *steps) {
  pthread_mutex_lock(&peer->lock);
  peer->script = steps;
  peer->unexpected = 0;
  resp_text_clear(&peer->heard);
  pthread_mutex_unlock(&peer->lock);
}

size_t resp_peer_left(struct resp_peer *peer) {
  size_t left = 0;
  pthread_mutex_lock(&peer->lock);
  while (peer->script != NULL && peer->script[left].expect != NULL) {
    left++;
  }
  pthread_mutex_unlock(&peer->lock);
  return left;
}

unsigned resp_peer_connections(struct resp_peer *peer) {
  pthread_mutex_lock(&peer->lock);
  unsigned connections = peer->connections;
  pthread_mutex_unlock(&peer->lock);
  return connections;
}

unsigned resp_peer_unexpected(struct resp_peer *peer) {
  pthread_mutex_lock(&peer->lock);
  unsigned unexpected = peer->unexpected;
  pthread_mutex_unlock(&peer->lock);
  return unexpected;
}

void resp_peer_heard(struct resp_peer *peer, char *text, size_t size) {
  pthread_mutex_lock(&peer->lock);
  snprintf(text, size, "%s", peer->heard.bytes);
  pthread_mutex_unlock(&peer->lock);
}
