/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "errand.h"

#include "worker.h"

#define BATCH 64

/* More than that under way at once is a store that hangs, and memory that grows. */
#define UNDER_WAY_MAX 65536

static ngx_http_waitq_errand_t *prepare(ngx_http_waitq_ctx_t *ctx) {
  ngx_http_waitq_main_conf_t *main = ngx_http_get_module_main_conf(ctx->request, ngx_http_waitq_module);
  ngx_http_waitq_worker_t *worker = main->worker;
  ngx_log_t *log = ctx->request->connection->log;
  if (worker->under_way >= UNDER_WAY_MAX) {
    ngx_log_error(NGX_LOG_ALERT, log, 0, "waitq: %ui calls are under way, no more are made", worker->under_way);
    return NULL;
  }
  if (ctx->errand == NULL) {
    ctx->errand = ngx_alloc(sizeof *ctx->errand, log);
    if (ctx->errand == NULL) {
      return NULL;
    }
    ngx_memzero(ctx->errand, sizeof *ctx->errand);
  }
  ngx_http_waitq_errand_t *errand = ctx->errand;
  errand->ctx = ctx;
  errand->worker = worker;
  errand->room = ctx->room;
  errand->code = WAITQ_OK;
  errand->is_unheard_of = 0;
  waitq_ticket_init(&errand->ticket, sizeof errand->ticket);
  waitq_status_init(&errand->status, sizeof errand->status);
  waitq_pass_init(&errand->pass, sizeof errand->pass);
  return errand;
}

static uint64_t tag_of(const ngx_http_waitq_errand_t *errand) {
  return (uint64_t)(uintptr_t)errand;
}

static ngx_int_t is_of_the_visitor(int code) {
  return code == WAITQ_E_MALFORMED || code == WAITQ_E_FORGED || code == WAITQ_E_KEY || code == WAITQ_E_AUDIENCE ||
         code == WAITQ_E_EXPIRED || code == WAITQ_E_EARLY;
}

static ngx_int_t started(ngx_http_waitq_errand_t *errand, int code, const waitq_error *error) {
  if (code != WAITQ_OK) {
    ngx_uint_t level = is_of_the_visitor(code) ? NGX_LOG_INFO : NGX_LOG_ERR;
    ngx_log_error(level, errand->ctx->request->connection->log, 0, "waitq: %s", error->text);
    errand->code = code;
    return NGX_ERROR;
  }
  errand->is_under_way = 1;
  errand->worker->under_way++;
  ngx_http_waitq_keep_alive(errand->worker);
  return NGX_AGAIN;
}

ngx_int_t ngx_http_waitq_submit_join(ngx_http_waitq_ctx_t *ctx, const ngx_str_t *visitor) {
  ngx_http_waitq_errand_t *errand = prepare(ctx);
  waitq_error error = WAITQ_ERROR_INIT;
  if (errand == NULL) {
    return NGX_ERROR;
  }
  errand->is_unheard_of = visitor->len == 0;
  return started(errand,
                 waitq_submit_join(ctx->room->handle, visitor->len == 0 ? NULL : visitor->data, visitor->len, NULL,
                                   &errand->ticket, &errand->status, tag_of(errand), &error),
                 &error);
}

ngx_int_t ngx_http_waitq_submit_enter(ngx_http_waitq_ctx_t *ctx, const char *ticket, const waitq_binding *binding) {
  ngx_http_waitq_errand_t *errand = prepare(ctx);
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_enter_options options = WAITQ_ENTER_OPTIONS_INIT;
  if (errand == NULL) {
    return NGX_ERROR;
  }
  options.binding = binding;
  errand->is_unheard_of = ctx->is_fresh && !ctx->is_named;
  ngx_cpystrn((u_char *)errand->ticket.text, (u_char *)ticket, sizeof errand->ticket.text);
  return started(errand, waitq_submit_enter(ctx->room->handle, ticket, &options, &errand->pass, tag_of(errand), &error),
                 &error);
}

ngx_int_t ngx_http_waitq_submit_leave(ngx_http_waitq_ctx_t *ctx, const char *ticket) {
  ngx_http_waitq_errand_t *errand = prepare(ctx);
  waitq_error error = WAITQ_ERROR_INIT;
  return errand == NULL
             ? NGX_ERROR
             : started(errand, waitq_submit_leave(ctx->room->handle, ticket, &errand->status, tag_of(errand), &error),
                       &error);
}

ngx_int_t ngx_http_waitq_submit_renew(ngx_http_waitq_ctx_t *ctx, const char *pass) {
  ngx_http_waitq_errand_t *errand = prepare(ctx);
  waitq_error error = WAITQ_ERROR_INIT;
  return errand == NULL
             ? NGX_ERROR
             : started(errand, waitq_submit_renew(ctx->room->handle, pass, &errand->pass, tag_of(errand), &error),
                       &error);
}

ngx_int_t ngx_http_waitq_submit_exit(ngx_http_waitq_ctx_t *ctx, const char *pass) {
  ngx_http_waitq_errand_t *errand = prepare(ctx);
  waitq_error error = WAITQ_ERROR_INIT;
  return errand == NULL ? NGX_ERROR
                        : started(errand, waitq_submit_exit(ctx->room->handle, pass, tag_of(errand), &error), &error);
}

ngx_int_t ngx_http_waitq_errand_failed(const ngx_http_waitq_ctx_t *ctx, const char *what) {
  if (ctx->errand->code == WAITQ_OK) {
    return 0;
  }
  ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0, "waitq: %s in the room \"%V\": %s", what,
                &ctx->room->name, waitq_error_text(ctx->errand->code));
  return 1;
}

void ngx_http_waitq_detach(ngx_http_waitq_ctx_t *ctx) {
  if (ctx->errand == NULL) {
    return;
  }
  if (ctx->errand->is_under_way) {
    ctx->errand->ctx = NULL;
  } else {
    ngx_free(ctx->errand);
  }
  ctx->errand = NULL;
}

/* What a client asked for who has gone: a session that nobody will use ends, a place that nobody will ask for is left. A
 * client who held the ticket before may come back, and finds all as it was. */
static void give_back(ngx_http_waitq_errand_t *errand) {
  int code = WAITQ_E_INVALID;
  if (errand->is_unheard_of && errand->code == WAITQ_OK && errand->room->handle != NULL) {
    if (errand->pass.text[0] != '\0') {
      code = waitq_submit_exit(errand->room->handle, errand->pass.text, tag_of(errand), NULL);
    } else if (errand->ticket.text[0] != '\0') {
      code = waitq_submit_leave(errand->room->handle, errand->ticket.text, NULL, tag_of(errand), NULL);
    }
  }
  errand->is_unheard_of = 0;
  if (code != WAITQ_OK) {
    ngx_free(errand);
    return;
  }
  errand->is_under_way = 1;
  errand->worker->under_way++;
}

static void take(const waitq_completion *completion) {
  ngx_http_waitq_errand_t *errand = (ngx_http_waitq_errand_t *)(uintptr_t)completion->tag;
  errand->code = completion->code;
  errand->is_under_way = 0;
  errand->worker->under_way--;
  if (errand->ctx == NULL) {
    give_back(errand);
  } else if (!errand->worker->is_stopping) {
    ngx_http_waitq_resume(errand->ctx);
  }
}

void ngx_http_waitq_collect(ngx_http_waitq_worker_t *worker) {
  waitq_completion done[BATCH] = {WAITQ_COMPLETION_INIT};
  size_t count = BATCH;
  while (count == BATCH && waitq_complete(worker->context, done, BATCH, &count, NULL) == WAITQ_OK) {
    for (size_t i = 0; i < count; i++) {
      take(&done[i]);
    }
  }
  ngx_http_waitq_keep_alive(worker);
}

void ngx_http_waitq_resume(ngx_http_waitq_ctx_t *ctx) {
  ngx_http_request_t *r = ctx->request;
  ngx_connection_t *connection = r->connection;
  ngx_http_set_log_request(connection->log, r);
  if (ngx_handle_read_event(connection->read, 0) != NGX_OK) {
    ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
  } else {
    ctx->resume(r);
  }
  ngx_http_run_posted_requests(connection);
}
