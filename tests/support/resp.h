/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_RESP_H
#define WAITQ_TESTS_SUPPORT_RESP_H

/* The Redis protocol (RESP2) as far as tests need it, apart from the library's own client, which is what they test.
 *
 * Replies become text: what redis-cli shows when its output is a file, one line for each element of an array. An error
 * begins with its '-', as in "-READONLY You can't write ...", and a nil is "(nil)". */

#include <stddef.h>
#include <stdint.h>

/* A text that grows. Begin with zeros, end with resp_text_free(). */
struct resp_text {
  char *bytes; /* NUL-terminated where it is not NULL */
  size_t length;
  size_t capacity;
};

void resp_text_add(struct resp_text *text, const void *bytes, size_t length);
void resp_text_clear(struct resp_text *text);
void resp_text_free(struct resp_text *text);

/* Adds a command, as a client sends it. */
void resp_encode(struct resp_text *text, const char *const *words, const size_t *lengths, size_t count);

/* Splits a line at its spaces: count words of at most capacity. The line is written to. */
size_t resp_split(char *line, const char **words, size_t capacity);

/* Connects to 127.0.0.1; -1 when nobody listens. All reading and writing ends after timeout_ms. */
int resp_connect(uint16_t port, int64_t timeout_ms);

/* Sends a command and reads its reply; 0, or -1 when the connection is of no use any more. */
int resp_ask(int fd, const char *const *words, size_t count, struct resp_text *reply);

/* Reads one reply more: of a subscription, or of a command that was sent without waiting. */
int resp_read(int fd, struct resp_text *reply);
int resp_send(int fd, const void *bytes, size_t length);

#endif
