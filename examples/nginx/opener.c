/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "opener.h"

#include <signal.h>
#include <stdio.h>

#include "rooms.h"

static void tell(const ngx_http_waitq_opener_t *opener, int32_t level, const char *what, const char *name,
                 const char *text) {
  char line[NGX_HTTP_WAITQ_MAIL_LINE];
  snprintf(line, sizeof line, "%s%s%s%s", what, name, text[0] == '\0' ? "" : ": ", text);
  ngx_http_waitq_mail_put(opener->mailbox, level, line);
}

static ngx_int_t open_context(ngx_http_waitq_opener_t *opener) {
  waitq_options options = WAITQ_OPTIONS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  options.keys = opener->main->keys.elts;
  options.key_count = opener->main->keys.nelts;
  options.log = ngx_http_waitq_mail_put;
  options.log_user = opener->mailbox;
  if (waitq_open((const char *)opener->main->store.data, &options, &opener->context, &error) == WAITQ_OK &&
      waitq_completion_fd(opener->context, &opener->fd, &error) == WAITQ_OK) {
    return NGX_OK;
  }
  tell(opener, WAITQ_LOG_ERROR, "the store cannot be opened", "", error.text);
  waitq_close(opener->context);
  opener->context = NULL;
  return NGX_ERROR;
}

/* A room that was there before takes over what the configuration says; what it does not name stays. */
static int apply_terms(const ngx_http_waitq_room_t *room, waitq_room_t *handle, waitq_error *error) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  int code = waitq_room_policy(handle, &policy, error);
  return code == WAITQ_OK && room->terms.apply != 0 && ngx_http_waitq_put_terms(&room->terms, &policy)
             ? waitq_room_configure(handle, &policy, error)
             : code;
}

static ngx_int_t open_room(ngx_http_waitq_opener_t *opener, const ngx_http_waitq_room_t *room, waitq_room_t **handle) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  const char *name = (const char *)room->name.data;
  ngx_http_waitq_put_terms(&room->terms, &policy);
  if (waitq_room_open(opener->context, name, &policy, handle, &error) != WAITQ_OK) {
    *handle = NULL;
    tell(opener, WAITQ_LOG_ERROR, "cannot open the room ", name, error.text);
    return NGX_ERROR;
  }
  if (apply_terms(room, *handle, &error) != WAITQ_OK) {
    tell(opener, WAITQ_LOG_ERROR, "cannot configure the room ", name, error.text);
    waitq_room_close(*handle);
    *handle = NULL;
    return NGX_ERROR;
  }
  tell(opener, WAITQ_LOG_INFO, "opened the room ", name, "");
  return NGX_OK;
}

static void *run(void *user) {
  ngx_http_waitq_opener_t *opener = user;
  ngx_http_waitq_room_t **rooms = opener->main->rooms.elts;
  if (opener->context != NULL || open_context(opener) == NGX_OK) {
    for (ngx_uint_t i = 0; i < opener->main->rooms.nelts && !atomic_load(&opener->is_to_stop); i++) {
      if (opener->handles[i] == NULL && open_room(opener, rooms[i], &opener->handles[i]) != NGX_OK) {
        break; /* the next would wait for the same store */
      }
    }
  }
  atomic_store(&opener->has_ended, 1);
  return NULL;
}

/* Signals are the worker's: nginx takes them by its loop being interrupted. */
ngx_int_t ngx_http_waitq_opener_start(ngx_http_waitq_opener_t *opener) {
  sigset_t all;
  sigset_t before;
  atomic_store(&opener->has_ended, 0);
  atomic_store(&opener->is_to_stop, 0);
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int failed = pthread_create(&opener->thread, NULL, run, opener);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  opener->is_running = !failed;
  return failed ? NGX_ERROR : NGX_OK;
}

ngx_int_t ngx_http_waitq_opener_result(ngx_http_waitq_opener_t *opener) {
  if (!atomic_load(&opener->has_ended)) {
    return NGX_AGAIN;
  }
  ngx_http_waitq_opener_stop(opener);
  for (ngx_uint_t i = 0; i < opener->main->rooms.nelts; i++) {
    if (opener->handles[i] == NULL) {
      return NGX_ERROR;
    }
  }
  return NGX_OK;
}

void ngx_http_waitq_opener_stop(ngx_http_waitq_opener_t *opener) {
  if (opener->is_running) {
    atomic_store(&opener->is_to_stop, 1);
    pthread_join(opener->thread, NULL);
    opener->is_running = 0;
  }
}
