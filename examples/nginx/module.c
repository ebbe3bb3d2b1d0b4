/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The two modules of the file: the one of HTTP, and one of the core, which looks at the configuration as a whole. Only the
 * core's may refuse it then: a failure in init_module would end the master at a reload. */

#include "module.h"

#include "calls.h"
#include "directives.h"
#include "errand.h"
#include "guard.h"
#include "rooms.h"
#include "variables.h"
#include "worker.h"

static void forget_request(void *data) {
  ngx_http_waitq_ctx_t *ctx = data;
  if (ctx->is_parked) {
    ngx_queue_remove(&ctx->parked);
  }
  ngx_http_waitq_detach(ctx);
}

/* An internal redirect clears the contexts of a request; what is to be done with its pool stays. */
ngx_http_waitq_ctx_t *ngx_http_waitq_find_ctx(ngx_http_request_t *r) {
  ngx_http_waitq_ctx_t *ctx = ngx_http_get_module_ctx(r->main, ngx_http_waitq_module);
  if (ctx != NULL) {
    return ctx;
  }
  for (ngx_pool_cleanup_t *cleanup = r->pool->cleanup; cleanup != NULL; cleanup = cleanup->next) {
    if (cleanup->handler == forget_request) {
      return cleanup->data;
    }
  }
  return NULL;
}

ngx_http_waitq_ctx_t *ngx_http_waitq_ctx(ngx_http_request_t *r) {
  ngx_http_waitq_ctx_t *ctx = ngx_http_waitq_find_ctx(r);
  if (ctx == NULL) {
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof *ctx);
    if (cleanup == NULL) {
      return NULL;
    }
    ctx = cleanup->data;
    ngx_memzero(ctx, sizeof *ctx);
    ctx->request = r;
    cleanup->handler = forget_request;
  }
  ngx_http_set_ctx(r, ctx, ngx_http_waitq_module);
  return ctx;
}

static ngx_int_t install(ngx_conf_t *cf) {
  ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
  ngx_http_handler_pt *handler = ngx_array_push(&core->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
  if (handler == NULL) {
    return NGX_ERROR;
  }
  *handler = ngx_http_waitq_guard;
  return ngx_http_waitq_finish_rooms(cf);
}

static char *check_whole(ngx_cycle_t *cycle, void *unused) {
  (void)unused;
  const ngx_http_waitq_main_conf_t *main = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_waitq_module);
  return main == NULL || main->rooms.nelts == 0 ? NGX_CONF_OK : ngx_http_waitq_check_store(cycle, main);
}

static ngx_http_module_t http_context = {
    ngx_http_waitq_add_variables,
    install,
    ngx_http_waitq_create_main_conf,
    ngx_http_waitq_init_main_conf,
    NULL,
    NULL,
    ngx_http_waitq_create_loc_conf,
    ngx_http_waitq_merge_loc_conf,
};

ngx_module_t ngx_http_waitq_module = {
    NGX_MODULE_V1,
    &http_context,
    ngx_http_waitq_directives,
    NGX_HTTP_MODULE,
    NULL, /* init master */
    NULL, /* init module */
    ngx_http_waitq_start_worker,
    NULL, /* init thread */
    NULL, /* exit thread */
    ngx_http_waitq_stop_worker,
    NULL, /* exit master */
    NGX_MODULE_V1_PADDING,
};

static ngx_core_module_t core_context = {ngx_string("waitq"), NULL, check_whole};

ngx_module_t ngx_waitq_module = {
    NGX_MODULE_V1, &core_context, NULL, NGX_CORE_MODULE,       NULL, NULL, NULL, NULL,
    NULL,          NULL,          NULL, NGX_MODULE_V1_PADDING,
};
