/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_PASSES_H
#define NGX_HTTP_WAITQ_PASSES_H

/* What visitors carry: the cookies of ticket and pass, and the headers that are read besides. */

#include "module.h"

/* The value of a header of the request, by its name in lower case; NULL where it has none. */
const ngx_str_t *ngx_http_waitq_header(const ngx_http_request_t *r, const char *name);

/* Adds a header to the answer. Both texts have to stay. */
ngx_int_t ngx_http_waitq_add_header(ngx_http_request_t *r, const char *name, const ngx_str_t *value);

/* The text of a ticket that the visitor shows, NUL-terminated; empty where there is none that could be one. */
void ngx_http_waitq_shown_ticket(ngx_http_request_t *r, const ngx_http_waitq_room_t *room,
                                 char ticket[WAITQ_TICKET_SIZE]);

/* The text of a pass that the visitor shows, NUL-terminated; empty where there is none that could be one. */
void ngx_http_waitq_shown_pass(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, char pass[WAITQ_PASS_SIZE]);

/* WAITQ_OK where the text is a pass of the room, for this request where the location binds passes. */
int ngx_http_waitq_verify(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, const char *pass,
                          waitq_claims *claims);

/* What passes are bound to in a location, for waitq_enter(). Returns NULL where it binds none. */
const waitq_binding *ngx_http_waitq_binding(ngx_http_request_t *r, waitq_binding *binding);

/* Give the visitor a cookie; an empty text takes it away. */
ngx_int_t ngx_http_waitq_give_ticket(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, const char *ticket);
ngx_int_t ngx_http_waitq_give_pass(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, const waitq_pass *pass);

/* The server's time, Unix ms. */
int64_t ngx_http_waitq_now_ms(void);

#endif
