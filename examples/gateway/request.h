/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

/* What the gateway reads itself of a request, behind the HTTP library: query, tokens, bodies, headers. Pure functions: they are
 * fuzzed (tests/gateway/fuzz_request.c). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waitq/queue.h>
#include <waitq/room.h>

#include "text.h"

/* An event's name, a dot, and a ticket, with a NUL. A ticket has no dot in it; an event's name may. */
#define TOKEN_SIZE (WAITQ_ROOM_NAME_MAX + 1 + WAITQ_TICKET_SIZE)

#define IDEMPOTENCY_KEY_MAX 255
#define USER_ID_MAX 255
#define TRACE_ID_SIZE 65

struct token {
  char event[WAITQ_ROOM_NAME_MAX + 1];
  char ticket[WAITQ_TICKET_SIZE];
};

/* The value of a parameter of a query, percent-decoded into out, which has room for capacity bytes with the NUL. False where
 * there is none, or it is empty, does not fit, or is not text. */
bool request_parameter(struct text query, const char *name, char *out, size_t capacity);

/* Takes a waiting token apart. */
bool request_token(const char *text, struct token *token);

/* Whether an event may be called so: [A-Za-z0-9_.-]{1,64}. */
bool request_event_is_valid(struct text name);

/* Whether a header can be an idempotency key: 1 to 255 printable characters. */
bool request_key_is_valid(struct text key);

/* The trace id that a request brought, in traceparent or X-Request-Id; false where neither has one. */
bool request_trace_id(struct text traceparent, struct text request_id, char out[TRACE_ID_SIZE]);

/* The address that the hops-th proxy from the right saw, by X-Forwarded-For; false where the header is shorter or odd. */
bool request_forwarded(struct text header, unsigned hops, char *out, size_t capacity);

/* The JSON object of a body. */
struct body {
  void *root; /* of the JSON library */
};

enum field { FIELD_ABSENT, FIELD_READ, FIELD_WRONG };

/* Reads a body; false where it is no JSON object. body_free() in any case. */
bool body_read(struct body *body, struct text bytes);
void body_free(struct body *body);

/* A member that is a text; empty and null count as absent. out lives as long as the body. */
enum field body_text(const struct body *body, const char *name, size_t longest, struct text *out);

/* A member that is a number. */
enum field body_number(const struct body *body, const char *name, double *out);

#endif
