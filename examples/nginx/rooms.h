/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_ROOMS_H
#define NGX_HTTP_WAITQ_ROOMS_H

/* The rooms that a configuration names. */

#include "module.h"

/* The room of a location: made, or found and added to. NGX_CONF_OK, or what is wrong was logged. */
char *ngx_http_waitq_take_room(ngx_conf_t *cf, ngx_http_waitq_loc_conf_t *location);

/* When all locations are known: what a room needs besides. */
ngx_int_t ngx_http_waitq_finish_rooms(ngx_conf_t *cf);

/* When all of the configuration is known: whether store and policies can be. */
char *ngx_http_waitq_check_store(ngx_cycle_t *cycle, const ngx_http_waitq_main_conf_t *main);

/* Where the calls of a room are answered in the server of a request; NULL: nowhere. */
const ngx_str_t *ngx_http_waitq_endpoint_path(ngx_http_request_t *r, const ngx_http_waitq_room_t *room);

/* Puts the terms that the configuration names into a policy, and leaves the others. 1 where that changed anything. */
ngx_int_t ngx_http_waitq_put_terms(const ngx_http_waitq_terms_t *terms, waitq_policy *policy);

#endif
