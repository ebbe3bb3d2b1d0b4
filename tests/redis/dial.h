/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_REDIS_DIAL_H
#define WAITQ_TESTS_REDIS_DIAL_H

/* One link at a time to where a URI says, for tests of the link. All memory is of a fake_memory; dial_setup() and dial_teardown() are the
 * tests', and the teardown fails where a block is left.
 *
 *     dial(server_uri(server));
 *     assert_string_equal(dial_ask("GET key"), "value");
 */

#include <stdint.h>

#include <waitq/error.h>

#include "../support/fake_memory.h"
#include "store/redis/link.h"

extern struct fake_memory dial_memory;
extern struct waitq__link *dial_link; /* NULL: none */
extern waitq_error dial_error;        /* of the latest failure */
extern int dial_was_sent;             /* of the latest exchange */

int dial_setup(void **state);
int dial_teardown(void **state);

/* Opens the link, within so many milliseconds; hangs up before where there is one. Which of the addresses is the first. */
int dial_code(const char *uri, enum waitq__link_role role, int64_t within_ms);
void dial(const char *uri); /* to a server, and it must succeed */
void dial_hang_up(void);

/* The URI of a port of 127.0.0.1; good until the next call. */
const char *dial_uri(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Queues a command, words separated by single spaces. */
void dial_say(const char *line);
/* Exchanges what was queued for replies. */
int dial_exchange(struct waitq__reply **replies, size_t count, int64_t within_ms);
/* One command and the text of its reply: an error begins with -, a number is written out, anything else but a text is "?". Good until the
 * next one. Fails where there is none. */
const char *dial_ask(const char *line);
/* One command that must fail after it was sent, with this code, and whose error names the server and says text. */
void dial_expect_failure(const char *line, int64_t within_ms, int code, const char *text);
/* The link that was not made: the same of dial_code(). */
void dial_expect_refusal(const char *uri, int code, const char *text);

#endif
