/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/link.h"

#include <poll.h>
#include <sodium.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "store/redis/handshake.h"
#include "store/redis/refusal.h"
#include "store/redis/stream.h"

/* The first capacity holds a whole handshake, so that what is wiped after it is the only copy of the password. */
#define FIRST_CAPACITY 4096

/* What an idle link keeps for its next commands. */
#define KEPT_CAPACITY ((size_t)1 << 20)

#define RECEIVE_BYTES 16384

struct waitq__link {
  const waitq_allocator *allocator;
  struct waitq__redis_address address;
  struct waitq__stream stream;
  struct waitq__decoder *decoder;
  struct waitq__server server;
  int is_ready; /* the handshake is done */
  char *out;    /* commands that go out next */
  size_t length;
  size_t capacity;
  size_t queued; /* how many commands that are */
  char last_words[160];
  char received[RECEIVE_BYTES];
};

static void shut(struct waitq__link *link) {
  waitq__stream_close(&link->stream);
  link->length = 0;
  link->queued = 0;
}

static struct waitq__link *new_link(const struct waitq__redis_address *address, const waitq_allocator *allocator) {
  struct waitq__link *link = waitq__alloc_zeroed(allocator, sizeof *link);
  if (link == NULL) {
    return NULL;
  }
  link->allocator = allocator;
  link->address = *address;
  link->stream.fd = -1;
  link->decoder = waitq__decoder_new(allocator);
  link->out = waitq__alloc(allocator, FIRST_CAPACITY);
  link->capacity = FIRST_CAPACITY;
  if (link->decoder == NULL || link->out == NULL) {
    waitq__link_close(link);
    return NULL;
  }
  return link;
}

int waitq__link_open(const struct waitq__redis_settings *settings, const struct waitq__redis_address *address,
                     enum waitq__link_role role, const waitq_allocator *allocator, int64_t deadline_us,
                     struct waitq__link **out, waitq_error *error) {
  *out = NULL;
  struct waitq__link *link = new_link(address, allocator);
  if (link == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a connection");
  }
  int code = waitq__stream_open(&link->stream, settings, address, allocator, deadline_us, error);
  if (code == WAITQ_OK) {
    code = waitq__handshake(link, settings, role, deadline_us, &link->server, error);
    sodium_memzero(link->out, link->capacity);
  }
  if (code != WAITQ_OK) {
    waitq__link_close(link);
    return code;
  }
  link->is_ready = 1;
  *out = link;
  return WAITQ_OK;
}

void waitq__link_close(struct waitq__link *link) {
  if (link != NULL) {
    waitq__stream_close(&link->stream);
    waitq__decoder_free(link->decoder);
    waitq__free(link->allocator, link->out);
    waitq__free(link->allocator, link);
  }
}

const struct waitq__server *waitq__link_server(const struct waitq__link *link) {
  return &link->server;
}

const struct waitq__redis_address *waitq__link_address(const struct waitq__link *link) {
  return &link->address;
}

const char *waitq__link_last_words(const struct waitq__link *link) {
  return link->last_words;
}

static int is_closed(const struct waitq__link *link, waitq_error *error) {
  return link->stream.fd < 0 ? waitq__fail(error, WAITQ_E_STORE, "%s: the connection is closed", link->stream.name)
                             : WAITQ_OK;
}

/* Makes room for more bytes to send. */
static int reserve(struct waitq__link *link, size_t more) {
  size_t capacity = link->capacity;
  while (capacity - link->length < more) {
    if (capacity > SIZE_MAX / 2) {
      return WAITQ_E_NOMEM;
    }
    capacity *= 2;
  }
  if (capacity > link->capacity) {
    char *out = waitq__realloc(link->allocator, link->out, capacity);
    if (out == NULL) {
      return WAITQ_E_NOMEM;
    }
    link->out = out;
    link->capacity = capacity;
  }
  return WAITQ_OK;
}

int waitq__link_queue(struct waitq__link *link, const struct waitq__text *words, size_t count, waitq_error *error) {
  int code = is_closed(link, error);
  if (code != WAITQ_OK) {
    return code;
  }
  size_t length = 0;
  char *command = waitq__codec_command(link->allocator, words, count, &length);
  if (command == NULL || reserve(link, length) != WAITQ_OK) {
    code = waitq__fail(error, WAITQ_E_NOMEM, "%s: no memory for a command", link->stream.name);
    shut(link);
  } else {
    memcpy(link->out + link->length, command, length);
    link->length += length;
    link->queued++;
  }
  if (command != NULL && !link->is_ready) {
    sodium_memzero(command, length); /* it may hold a password */
  }
  waitq__codec_free(command);
  return code;
}

static int no_sense(const struct waitq__link *link, int code, waitq_error *error) {
  if (code == WAITQ_E_NOMEM) {
    /* Not as WAITQ_E_NOMEM, which says that nothing has happened. */
    return waitq__fail(error, WAITQ_E_STORE, "%s: no memory for what it answered", link->stream.name);
  }
  return waitq__fail(error, WAITQ_E_STORE, "%s answered what is no Redis reply, or too long a one", link->stream.name);
}

/* Takes whole replies out of what was received, up to count of them. */
static int decode(struct waitq__link *link, struct waitq__reply **replies, size_t count, size_t *got,
                  waitq_error *error) {
  while (*got < count) {
    int code = waitq__decoder_next(link->decoder, &replies[*got]);
    if (code != WAITQ_OK) {
      return no_sense(link, code, error);
    }
    if (replies[*got] == NULL) {
      return WAITQ_OK;
    }
    (*got)++;
  }
  return waitq__decoder_is_empty(link->decoder)
             ? WAITQ_OK
             : waitq__fail(error, WAITQ_E_STORE, "%s answered more than it was asked", link->stream.name);
}

/* Reads all that is there. */
static int receive(struct waitq__link *link, struct waitq__reply **replies, size_t count, size_t *got,
                   waitq_error *error) {
  size_t done;
  do {
    int code = waitq__stream_receive(&link->stream, link->received, sizeof link->received, &done, error);
    if (code == WAITQ_OK && done > 0) {
      code = waitq__decoder_feed(link->decoder, link->received, done);
      code = code == WAITQ_OK ? decode(link, replies, count, got, error) : no_sense(link, code, error);
    }
    if (code != WAITQ_OK) {
      return code;
    }
  } while (done > 0 && *got < count);
  return WAITQ_OK;
}

/* Sends what the socket takes. */
static int transmit(struct waitq__link *link, size_t *at, waitq_error *error) {
  size_t done;
  do {
    int code = waitq__stream_send(&link->stream, link->out + *at, link->length - *at, &done, error);
    if (code != WAITQ_OK) {
      return code;
    }
    *at += done;
  } while (done > 0 && *at < link->length);
  return WAITQ_OK;
}

static int exchange(struct waitq__link *link, struct waitq__reply **replies, size_t count, size_t *got,
                    int64_t deadline_us, waitq_error *error) {
  size_t at = 0;
  link->stream.receive_wants = POLLIN;
  if (count > 0 && waitq__monotonic_us() >= deadline_us) {
    return waitq__fail(error, WAITQ_E_TIMEOUT, "%s: the time was up before anything was sent", link->stream.name);
  }
  while (at < link->length || *got < count) {
    short events = 0;
    if (at < link->length) {
      int code = transmit(link, &at, error);
      if (code != WAITQ_OK) {
        /* What the server said before it hung up tells more. */
        int last = receive(link, replies, count, got, error);
        return last == WAITQ_OK ? code : last;
      }
      if (at < link->length) {
        events = link->stream.send_wants;
      }
    }
    /* It may answer, or complain, before it has heard all. */
    int code = waitq__stream_wait(&link->stream, (short)(events | link->stream.receive_wants), deadline_us, "an answer",
                                  error);
    if (code == WAITQ_OK) {
      code = receive(link, replies, count, got, error);
    }
    if (code != WAITQ_OK) {
      return code;
    }
  }
  return WAITQ_OK;
}

/* A server that ends a connection for a reason of its own gives it as an error, out of turn: too many clients, protected mode. */
static void keep_last_words(struct waitq__link *link, struct waitq__reply *const *replies, size_t got) {
  if (got > 0 && waitq__reply_type(replies[got - 1]) == WAITQ__REPLY_ERROR) {
    struct waitq__text text = waitq__reply_text(replies[got - 1]);
    waitq__refusal_print(text, link->last_words, sizeof link->last_words);
  }
}

static void after_exchange(struct waitq__link *link) {
  link->length = 0;
  link->queued = 0;
  if (link->capacity > KEPT_CAPACITY) {
    char *less = waitq__realloc(link->allocator, link->out, FIRST_CAPACITY);
    if (less != NULL) {
      link->out = less;
      link->capacity = FIRST_CAPACITY;
    }
  }
}

int waitq__link_exchange(struct waitq__link *link, struct waitq__reply **replies, size_t count, int64_t deadline_us,
                         int *was_sent, waitq_error *error) {
  *was_sent = 0;
  for (size_t i = 0; i < count; i++) {
    replies[i] = NULL;
  }
  int code = is_closed(link, error);
  if (code != WAITQ_OK) {
    return code;
  }
  size_t got = 0;
  link->stream.has_sent = 0;
  code = link->queued == count ? exchange(link, replies, count, &got, deadline_us, error)
                               : waitq__fail(error, WAITQ_E_INVALID, "%s: %zu replies to %zu commands",
                                             link->stream.name, count, link->queued);
  *was_sent = link->stream.has_sent;
  if (code == WAITQ_OK) {
    after_exchange(link);
    return WAITQ_OK;
  }
  keep_last_words(link, replies, got);
  for (size_t i = 0; i < got; i++) {
    waitq__reply_free(replies[i]);
    replies[i] = NULL;
  }
  shut(link);
  return code;
}

int waitq__link_is_quiet(const struct waitq__link *link) {
  return link->stream.fd >= 0 && waitq__stream_is_quiet(&link->stream);
}
