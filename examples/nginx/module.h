/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_MODULE_H
#define NGX_HTTP_WAITQ_MODULE_H

/* What the configuration says, and what a request carries.
 *
 * A room is what all locations that name it say together: a limit that stands in one place holds in all, and two places
 * that say different things are refused. A worker has one context and a handle for each room; both are its own, though the
 * structures that hold them came with the configuration: each worker writes to its copy of that memory. */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <waitq/waitq.h>

typedef struct ngx_http_waitq_worker_s ngx_http_waitq_worker_t;
typedef struct ngx_http_waitq_errand_s ngx_http_waitq_errand_t;
typedef struct ngx_http_waitq_page_s ngx_http_waitq_page_t;

/* Terms of a room, each a word that is NGX_CONF_UNSET where nobody says anything. */
typedef struct {
  ngx_int_t rate; /* millionths of an admission a second */
  ngx_int_t burst;
  ngx_int_t max_active;
  ngx_int_t max_waiting;
  ngx_int_t session; /* ms, as the two below */
  ngx_int_t claim;
  ngx_int_t heartbeat;
  ngx_int_t on_loss; /* one of enum waitq_loss */
  ngx_int_t apply;   /* whether a room that exists takes these terms over */
} ngx_http_waitq_terms_t;

/* Where the calls of a room are answered in a server. */
typedef struct {
  ngx_http_core_srv_conf_t *server;
  ngx_str_t path;
} ngx_http_waitq_endpoint_t;

typedef struct {
  ngx_str_t name; /* NUL-terminated, as all texts of the configuration */
  ngx_http_waitq_terms_t terms;
  ngx_str_t pass_cookie;
  ngx_str_t ticket_cookie;
  ngx_array_t endpoints; /* of ngx_http_waitq_endpoint_t */
  waitq_verifier_t *verifier;
  waitq_room_t *handle; /* of this worker; NULL until it is open */
} ngx_http_waitq_room_t;

typedef struct {
  ngx_str_t store;
  ngx_array_t keys; /* of waitq_key */
  ngx_msec_t leeway;
  ngx_array_t rooms; /* of ngx_http_waitq_room_t * */
  ngx_http_waitq_worker_t *worker;
} ngx_http_waitq_main_conf_t;

enum { NGX_HTTP_WAITQ_SECURE_AUTO, NGX_HTTP_WAITQ_SECURE_ON, NGX_HTTP_WAITQ_SECURE_OFF };

typedef struct {
  ngx_flag_t enable;
  ngx_flag_t renew;
  ngx_flag_t is_endpoint; /* not inherited */
  ngx_str_t room_name;
  ngx_str_t cookie;
  ngx_http_waitq_terms_t terms;
  ngx_int_t status; /* of an answer to somebody who has to wait */
  ngx_uint_t secure;
  ngx_http_complex_value_t *visitor;
  ngx_http_complex_value_t *bind;
  ngx_http_waitq_page_t *page;
  ngx_http_waitq_room_t *room;
} ngx_http_waitq_loc_conf_t;

/* What a request in a guarded location has got to. */
enum { NGX_HTTP_WAITQ_BEGIN, NGX_HTTP_WAITQ_JOINING, NGX_HTTP_WAITQ_ENTERING, NGX_HTTP_WAITQ_RENEWING };

typedef struct {
  ngx_http_request_t *request;
  ngx_http_waitq_room_t *room;
  ngx_http_waitq_room_t *admitted;       /* that it was let through by, an internal redirect later as well */
  ngx_http_waitq_errand_t *errand;       /* NULL until something was submitted */
  void (*resume)(ngx_http_request_t *r); /* goes on when the errand has ended, or the store is open */
  ngx_queue_t parked;                    /* among those who wait for the store to be opened */
  ngx_uint_t stage;                      /* as above */
  const char *result;                    /* $waitq_result */
  char ticket[WAITQ_TICKET_SIZE];        /* the visitor's; empty where there is none */
  waitq_status status;                   /* as last heard */
  waitq_claims claims;                   /* of the pass that it was let through with */
  unsigned has_status : 1;
  unsigned has_claims : 1;
  unsigned is_parked : 1;
  unsigned is_fresh : 1; /* the visitor has not been told of the ticket */
  unsigned is_named : 1; /* the ticket belongs to a named visitor, who may hold it elsewhere as well */
  unsigned has_rejoined : 1;
} ngx_http_waitq_ctx_t;

extern ngx_module_t ngx_http_waitq_module;
extern ngx_module_t ngx_waitq_module;

/* The context of a request, made where it has none. It outlives internal redirects. NULL: no memory. */
ngx_http_waitq_ctx_t *ngx_http_waitq_ctx(ngx_http_request_t *r);

/* The same, NULL where the request has none. */
ngx_http_waitq_ctx_t *ngx_http_waitq_find_ctx(ngx_http_request_t *r);

#endif
