/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_REPLY_H
#define GATEWAY_REPLY_H

/* Replies. Each ends its visit. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <waitq/queue.h>

#include "visit.h"

struct room;

/* JSON that was made of checked parts; it is copied. */
void reply_json(struct visit *visit, int status, const char *json, size_t length);

/* The same, by a format. What goes into a %s has to need no escapes. */
void reply_format(struct visit *visit, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* {"error": {"code", "message", "trace_id"}}, and where retry_ms is above 0 "retry_after_ms" and a Retry-After. Code and message
 * are constants that need no escapes. */
void reply_error(struct visit *visit, int status, const char *code, const char *message, int64_t retry_ms);

/* What a call into the library that failed is answered with. */
void reply_failure(struct visit *visit, int code);

/* Any other content. type is a constant; headers follow those of all replies. */
void reply_content(struct visit *visit, int status, const char *type, const char *bytes, size_t length);

/* The same, of bytes that live as long as the request. */
void reply_kept(struct visit *visit, int status, const char *type, const char *bytes, size_t length);

/* The headers that a page of another origin needs. */
void reply_cors(struct visit *visit);

/* The answer to a preflight. */
void reply_preflight(struct visit *visit);

/* More than the longest status takes: some 320 bytes of names, 13 numbers of at most 20, and four words. */
#define REPLY_STATUS_MAX 768

/* A status in the words of the contract, and in ours. Returns its length; there is no NUL. */
size_t reply_write_status(char out[REPLY_STATUS_MAX], const waitq_status *status, const struct room *room);

const char *reply_reason_name(uint32_t reason);
const char *reply_phase_name(uint32_t phase);

/* The reason phrase of a status code. */
const char *reply_phrase(int status);

/* Counts a reply whose body goes out later, bit by bit. */
void reply_begun(struct visit *visit, int status);

#endif
