/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "worker.h"

#include <poll.h>

#include "errand.h"

#define LOOK_MS 10    /* for the end of the opener, while it runs */
#define TICK_MS 1000  /* lines of the log, and another try */
#define DRAIN_MS 5000 /* for what is under way when the worker ends; each call has a time limit below that by default */

static void on_completions(ngx_event_t *event) {
  const ngx_connection_t *connection = event->data;
  ngx_http_waitq_collect(connection->data);
}

static ngx_int_t watch_completions(ngx_http_waitq_worker_t *worker, int32_t fd) {
  ngx_connection_t *connection = ngx_get_connection(fd, worker->log);
  if (connection == NULL) {
    return NGX_ERROR;
  }
  connection->data = worker;
  connection->pool = NULL;
  connection->read->handler = on_completions;
  connection->read->log = worker->log;
  connection->write->log = worker->log;
  if (ngx_add_event(connection->read, NGX_READ_EVENT, 0) != NGX_OK) {
    ngx_free_connection(connection);
    return NGX_ERROR;
  }
  worker->completions = connection;
  return NGX_OK;
}

/* Before the context closes the descriptor: the kernel forgets it then, and another connection may get its number. */
static void unwatch_completions(ngx_http_waitq_worker_t *worker) {
  if (worker->completions != NULL) {
    ngx_del_event(worker->completions->read, NGX_READ_EVENT, 0);
    ngx_free_connection(worker->completions);
    worker->completions->fd = (ngx_socket_t)-1;
    worker->completions = NULL;
  }
}

void ngx_http_waitq_keep_alive(ngx_http_waitq_worker_t *worker) {
  worker->timer.cancelable = worker->under_way == 0 && ngx_queue_empty(&worker->parked);
}

static void resume_parked(ngx_http_waitq_worker_t *worker) {
  ngx_queue_t waiting;
  ngx_queue_init(&waiting);
  if (!ngx_queue_empty(&worker->parked)) {
    ngx_queue_add(&waiting, &worker->parked);
    ngx_queue_init(&worker->parked);
  }
  while (!ngx_queue_empty(&waiting)) {
    ngx_queue_t *first = ngx_queue_head(&waiting);
    ngx_http_waitq_ctx_t *ctx = ngx_queue_data(first, ngx_http_waitq_ctx_t, parked);
    ngx_queue_remove(first);
    ctx->is_parked = 0;
    ngx_http_waitq_resume(ctx);
  }
  ngx_http_waitq_keep_alive(worker);
}

/* What the opener has opened is the worker's from here on. */
static void take_over(ngx_http_waitq_worker_t *worker) {
  ngx_http_waitq_room_t **rooms = worker->main->rooms.elts;
  if (worker->context == NULL && worker->opener.context != NULL) {
    if (watch_completions(worker, worker->opener.fd) != NGX_OK) {
      ngx_log_error(NGX_LOG_ALERT, worker->log, 0, "waitq: worker_connections are not enough for the waiting room");
      worker->is_complete = 0;
      return;
    }
    worker->context = worker->opener.context;
  }
  for (ngx_uint_t i = 0; i < worker->main->rooms.nelts; i++) {
    rooms[i]->handle = worker->opener.handles[i];
  }
}

static void on_timer(ngx_event_t *event) {
  ngx_http_waitq_worker_t *worker = event->data;
  ngx_msec_t next = TICK_MS;
  if (worker->opener.is_running) {
    ngx_int_t result = ngx_http_waitq_opener_result(&worker->opener);
    if (result == NGX_AGAIN) {
      next = LOOK_MS;
    } else {
      worker->has_tried = 1;
      worker->is_complete = result == NGX_OK;
      take_over(worker);
    }
  } else if (!worker->is_complete) {
    next = !ngx_exiting && ngx_http_waitq_opener_start(&worker->opener) == NGX_OK ? LOOK_MS : TICK_MS;
    worker->has_tried |= next == TICK_MS;
  }
  ngx_http_waitq_mail_flush(&worker->mailbox, worker->log);
  ngx_add_timer(&worker->timer, next);
  if (worker->has_tried) {
    resume_parked(worker);
  }
}

static ngx_http_waitq_worker_t *make_worker(ngx_cycle_t *cycle, ngx_http_waitq_main_conf_t *main) {
  ngx_http_waitq_worker_t *worker = ngx_pcalloc(cycle->pool, sizeof *worker);
  if (worker == NULL) {
    return NULL;
  }
  worker->opener.handles = ngx_pcalloc(cycle->pool, main->rooms.nelts * sizeof(waitq_room_t *));
  worker->main = main;
  worker->log = cycle->log;
  worker->opener.main = main;
  worker->opener.mailbox = &worker->mailbox;
  worker->timer.data = worker;
  worker->timer.handler = on_timer;
  worker->timer.log = cycle->log;
  worker->timer.cancelable = 1;
  ngx_queue_init(&worker->parked);
  ngx_http_waitq_mail_init(&worker->mailbox);
  return worker->opener.handles == NULL ? NULL : worker;
}

ngx_int_t ngx_http_waitq_start_worker(ngx_cycle_t *cycle) {
  ngx_http_waitq_main_conf_t *main = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_waitq_module);
  /* The processes that mind the cache run this as well. */
  if (main == NULL || main->rooms.nelts == 0 ||
      (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)) {
    return NGX_OK;
  }
  main->worker = make_worker(cycle, main);
  if (main->worker == NULL) {
    return NGX_ERROR;
  }
  on_timer(&main->worker->timer);
  return NGX_OK;
}

/* Whatever is under way writes into memory of this process, so it is waited for; within the time limits of the store. */
static void drain(ngx_http_waitq_worker_t *worker) {
  for (int waited_ms = 0; worker->under_way > 0 && waited_ms < DRAIN_MS; waited_ms += LOOK_MS) {
    poll(&(struct pollfd){.fd = worker->opener.fd, .events = POLLIN}, 1, LOOK_MS);
    ngx_http_waitq_collect(worker);
  }
}

void ngx_http_waitq_stop_worker(ngx_cycle_t *cycle) {
  ngx_http_waitq_main_conf_t *main = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_waitq_module);
  ngx_http_waitq_worker_t *worker = main == NULL ? NULL : main->worker;
  if (worker == NULL) {
    return;
  }
  worker->is_stopping = 1;
  ngx_http_waitq_opener_stop(&worker->opener);
  unwatch_completions(worker);
  if (worker->context != NULL) {
    drain(worker);
  }
  if (worker->under_way == 0) {
    for (ngx_uint_t i = 0; i < main->rooms.nelts; i++) {
      waitq_room_close(worker->opener.handles[i]);
    }
    waitq_close(worker->opener.context);
  }
  ngx_http_waitq_mail_flush(&worker->mailbox, worker->log);
}

ngx_int_t ngx_http_waitq_park(ngx_http_waitq_ctx_t *ctx) {
  const ngx_http_waitq_main_conf_t *main = ngx_http_get_module_main_conf(ctx->request, ngx_http_waitq_module);
  if (main->worker == NULL || main->worker->has_tried) {
    return NGX_DECLINED;
  }
  ctx->is_parked = 1;
  ngx_queue_insert_tail(&main->worker->parked, &ctx->parked);
  ngx_http_waitq_keep_alive(main->worker);
  return NGX_AGAIN;
}
