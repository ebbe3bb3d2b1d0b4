/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TOKEN_TICKET_H
#define WAITQ_TOKEN_TICKET_H

/* Tickets as text: 46 bytes in 62 URL-safe characters.
 *
 *     number 5 | epoch 4 | joined 5 (ms since 2020) | visitor 16 | MAC 16      (big endian)
 *
 * The MAC is SipHash-2-4-128 (Aumasson and Bernstein, 2012) over the first 30 bytes, under a key of the room: so a ticket of
 * another room, or with any bit altered, is none. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/error.h>

#define WAITQ__TICKET_LENGTH 62
#define WAITQ__TICKET_KEY_SIZE 16
#define WAITQ__VISITOR_SIZE 16

struct waitq__ticket {
  uint64_t number;
  uint64_t epoch;
  int64_t joined_us; /* whole milliseconds */
  unsigned char visitor[WAITQ__VISITOR_SIZE];
};

/* Cuts a time to what a ticket can hold. */
int64_t waitq__ticket_time(int64_t joined_us);

/* Writes the text and its NUL. */
void waitq__ticket_write(const struct waitq__ticket *ticket, const unsigned char key[WAITQ__TICKET_KEY_SIZE],
                         char text[WAITQ__TICKET_LENGTH + 1]);

/* Reads a text that was signed with one of the keys. WAITQ_E_INVALID for NULL, WAITQ_E_MALFORMED, WAITQ_E_FORGED. */
int waitq__ticket_read(struct waitq__ticket *ticket, const unsigned char keys[][WAITQ__TICKET_KEY_SIZE], size_t count,
                       const char *text, waitq_error *error);

#endif
