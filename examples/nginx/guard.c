/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "guard.h"

#include "answer.h"
#include "errand.h"
#include "passes.h"
#include "worker.h"

/* Each step returns what the phase is to be told: NGX_DECLINED to go through, NGX_AGAIN when an answer is awaited, after
 * which the phase is run again and takes up ctx->stage; NGX_DONE when the request has been answered. */

static ngx_int_t join(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx);

static void run_again(ngx_http_request_t *r) {
  r->read_event_handler = ngx_http_block_reading;
  r->write_event_handler = ngx_http_core_run_phases;
  ngx_http_core_run_phases(r);
}

/* Until then, the request notices when its client goes away, and nothing else. */
static ngx_int_t suspend(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx, ngx_uint_t stage) {
  ctx->stage = stage;
  ctx->resume = run_again;
  if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  r->read_event_handler = ngx_http_test_reading;
  r->write_event_handler = ngx_http_request_empty_handler;
  return NGX_AGAIN;
}

static ngx_int_t admit(ngx_http_waitq_ctx_t *ctx, const char *result) {
  ctx->admitted = ctx->room;
  ctx->result = result;
  ctx->stage = NGX_HTTP_WAITQ_BEGIN;
  return NGX_DECLINED;
}

static ngx_int_t answer(ngx_http_request_t *r, ngx_int_t rc) {
  ngx_http_finalize_request(r, rc);
  return NGX_DONE;
}

static ngx_int_t show(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  ctx->has_status = 1;
  if (ctx->is_fresh && ngx_http_waitq_give_ticket(r, ctx->room, ctx->ticket) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  return answer(r, ngx_http_waitq_answer_wait(r, ctx));
}

/* The store was never reached by this worker, or the library could not answer: what the configuration says of that. */
static ngx_int_t without_store(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  if (ctx->room->terms.on_loss == WAITQ_LOSS_OPEN) {
    return admit(ctx, "open");
  }
  waitq_status_init(&ctx->status, sizeof ctx->status);
  ctx->status.reason = WAITQ_REASON_STALLED;
  return show(r, ctx);
}

static ngx_int_t enter(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  waitq_binding binding;
  if (ngx_http_waitq_submit_enter(ctx, ctx->ticket, ngx_http_waitq_binding(r, &binding)) != NGX_AGAIN) {
    return without_store(r, ctx);
  }
  return suspend(r, ctx, NGX_HTTP_WAITQ_ENTERING);
}

/* Where a ticket stands decides what its visitor gets. */
static ngx_int_t act(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  switch (ctx->status.state) {
    case WAITQ_STATE_READY:
    case WAITQ_STATE_ENTERED:
      return enter(r, ctx);
    case WAITQ_STATE_WAITING:
      return show(r, ctx);
    default:
      return ctx->has_rejoined ? show(r, ctx) : join(r, ctx);
  }
}

/* A page's pictures and scripts are not visitors: whoever has no ticket yet gets one with the page. */
static ngx_int_t is_part_of_a_page(const ngx_http_request_t *r) {
  static const char *const pages[] = {"document", "iframe", "frame", "embed", "object", "empty"};
  const ngx_str_t *purpose = ngx_http_waitq_header(r, "sec-purpose");
  const ngx_str_t *destination = ngx_http_waitq_header(r, "sec-fetch-dest");
  if (purpose != NULL && ngx_strcasestrn(purpose->data, "prefetch", 8 - 1) != NULL) {
    return 1;
  }
  for (size_t i = 0; destination != NULL && i < sizeof pages / sizeof pages[0]; i++) {
    if (ngx_strcasecmp(destination->data, (u_char *)pages[i]) == 0) {
      return 0;
    }
  }
  return destination != NULL;
}

static ngx_int_t join(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  ngx_str_t visitor = ngx_null_string;
  if (is_part_of_a_page(r)) {
    ctx->result = "part";
    return answer(r, ngx_http_waitq_answer_nothing(r, NGX_HTTP_SERVICE_UNAVAILABLE, 1000));
  }
  if (conf->visitor != NULL && ngx_http_complex_value(r, conf->visitor, &visitor) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  if (visitor.len > WAITQ_VISITOR_MAX) {
    return NGX_HTTP_BAD_REQUEST;
  }
  ctx->is_named = visitor.len > 0;
  ctx->has_rejoined = 1;
  if (ngx_http_waitq_submit_join(ctx, &visitor) != NGX_AGAIN) {
    return without_store(r, ctx);
  }
  return suspend(r, ctx, NGX_HTTP_WAITQ_JOINING);
}

static ngx_int_t after_join(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  if (ngx_http_waitq_errand_failed(ctx, "a join")) {
    return without_store(r, ctx);
  }
  ctx->status = ctx->errand->status;
  ctx->is_fresh = ctx->errand->ticket.text[0] != '\0' && ngx_strcmp(ctx->ticket, ctx->errand->ticket.text) != 0;
  ngx_memcpy(ctx->ticket, ctx->errand->ticket.text, sizeof ctx->ticket);
  return act(r, ctx);
}

static ngx_int_t entered(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  if ((ctx->is_fresh && ngx_http_waitq_give_ticket(r, ctx->room, ctx->ticket) != NGX_OK) ||
      ngx_http_waitq_give_pass(r, ctx->room, &ctx->errand->pass) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  ctx->has_claims = ngx_http_waitq_verify(r, ctx->room, ctx->errand->pass.text, &ctx->claims) == WAITQ_OK;
  if (!ctx->has_claims) {
    ngx_log_error(
        NGX_LOG_ERR, r->connection->log, 0,
        "waitq: a new pass of the room \"%V\" cannot be verified: other servers have other keys, or clocks that "
        "differ by more than waitq_leeway",
        &ctx->room->name);
  }
  return admit(ctx, "entered");
}

static ngx_int_t after_enter(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  if (ngx_http_waitq_errand_failed(ctx, "an entry")) {
    return without_store(r, ctx);
  }
  const waitq_pass *pass = &ctx->errand->pass;
  if (pass->text[0] != '\0') {
    return entered(r, ctx);
  }
  if (waitq_poll(ctx->room->handle, ctx->ticket, &ctx->status, NULL) != WAITQ_OK) {
    return without_store(r, ctx);
  }
  ctx->status.state = pass->state;
  ctx->status.reason = pass->reason;
  if (pass->retry_after_ms > 0) {
    ctx->status.next_poll_ms = pass->retry_after_ms;
    return show(r, ctx);
  }
  return pass->state == WAITQ_STATE_WAITING || ctx->has_rejoined ? show(r, ctx) : join(r, ctx);
}

/* Whether the renewal worked or not, the pass that was shown is good for now. */
static ngx_int_t after_renew(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  const waitq_pass *pass = &ctx->errand->pass;
  if (!ngx_http_waitq_errand_failed(ctx, "a renewal") && pass->text[0] != '\0' &&
      ngx_http_waitq_give_pass(r, ctx->room, pass) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  return admit(ctx, pass->text[0] != '\0' ? "renewed" : "pass");
}

static ngx_int_t with_pass(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx, const char *pass) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  int64_t left_ms = ctx->claims.expires_at_ms - ngx_http_waitq_now_ms();
  ctx->has_claims = 1;
  if (conf->renew && ctx->room->handle != NULL && left_ms > 0 &&
      left_ms < (ctx->claims.expires_at_ms - ctx->claims.issued_at_ms) / 2 &&
      ngx_http_waitq_submit_renew(ctx, pass) == NGX_AGAIN) {
    return suspend(r, ctx, NGX_HTTP_WAITQ_RENEWING);
  }
  return admit(ctx, "pass");
}

static ngx_int_t begin(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  char pass[WAITQ_PASS_SIZE];
  ngx_http_waitq_shown_pass(r, ctx->room, pass);
  if (pass[0] != '\0' && ngx_http_waitq_verify(r, ctx->room, pass, &ctx->claims) == WAITQ_OK) {
    return with_pass(r, ctx, pass);
  }
  if (ctx->room->handle == NULL) {
    return ngx_http_waitq_park(ctx) == NGX_AGAIN ? suspend(r, ctx, NGX_HTTP_WAITQ_BEGIN) : without_store(r, ctx);
  }
  ngx_http_waitq_shown_ticket(r, ctx->room, ctx->ticket);
  waitq_status_init(&ctx->status, sizeof ctx->status);
  if (ctx->ticket[0] == '\0') {
    return join(r, ctx);
  }
  int code = waitq_poll(ctx->room->handle, ctx->ticket, &ctx->status, NULL);
  if (code == WAITQ_E_MALFORMED || code == WAITQ_E_FORGED) {
    ctx->ticket[0] = '\0';
    return join(r, ctx);
  }
  return code == WAITQ_OK ? act(r, ctx) : without_store(r, ctx);
}

ngx_int_t ngx_http_waitq_guard(ngx_http_request_t *r) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  if (!conf->enable || conf->is_endpoint || r != r->main) {
    return NGX_DECLINED;
  }
  ngx_http_waitq_ctx_t *ctx = ngx_http_waitq_ctx(r);
  if (ctx == NULL) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  if (ctx->admitted == conf->room) {
    return NGX_DECLINED;
  }
  if (ctx->is_parked || (ctx->errand != NULL && ctx->errand->is_under_way)) {
    return NGX_AGAIN;
  }
  if (ctx->room != conf->room) {
    ctx->room = conf->room;
    ctx->stage = NGX_HTTP_WAITQ_BEGIN;
    ctx->is_fresh = ctx->has_rejoined = 0;
    ctx->has_status = ctx->has_claims = 0;
  }
  switch (ctx->stage) {
    case NGX_HTTP_WAITQ_JOINING:
      return after_join(r, ctx);
    case NGX_HTTP_WAITQ_ENTERING:
      return after_enter(r, ctx);
    case NGX_HTTP_WAITQ_RENEWING:
      return after_renew(r, ctx);
    default:
      return begin(r, ctx);
  }
}
