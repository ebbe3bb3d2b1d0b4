/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "rooms.h"

static const struct {
  const char *directive;
  size_t offset;
} words[] = {
    {"waitq_rate", offsetof(ngx_http_waitq_terms_t, rate)},
    {"waitq_burst", offsetof(ngx_http_waitq_terms_t, burst)},
    {"waitq_max_active", offsetof(ngx_http_waitq_terms_t, max_active)},
    {"waitq_max_waiting", offsetof(ngx_http_waitq_terms_t, max_waiting)},
    {"waitq_session", offsetof(ngx_http_waitq_terms_t, session)},
    {"waitq_claim", offsetof(ngx_http_waitq_terms_t, claim)},
    {"waitq_heartbeat", offsetof(ngx_http_waitq_terms_t, heartbeat)},
    {"waitq_store_loss", offsetof(ngx_http_waitq_terms_t, on_loss)},
    {"waitq_apply", offsetof(ngx_http_waitq_terms_t, apply)},
};

static char *agree_on_terms(ngx_conf_t *cf, ngx_http_waitq_room_t *room, ngx_http_waitq_terms_t *said) {
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    ngx_int_t *known = (ngx_int_t *)((char *)&room->terms + words[i].offset);
    ngx_int_t more = *(ngx_int_t *)((char *)said + words[i].offset);
    if (*known != NGX_CONF_UNSET && more != NGX_CONF_UNSET && *known != more) {
      ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the room \"%V\" has two different values of \"%s\" in its locations",
                         &room->name, words[i].directive);
      return NGX_CONF_ERROR;
    }
    if (more != NGX_CONF_UNSET) {
      *known = more;
    }
  }
  return NGX_CONF_OK;
}

static ngx_int_t is_token(const ngx_str_t *text) {
  for (size_t i = 0; i < text->len; i++) {
    if (text->data[i] <= ' ' || text->data[i] >= 0x7f || ngx_strchr("()<>@,;:\\\"/[]?={}", text->data[i]) != NULL) {
      return 0;
    }
  }
  return text->len > 0;
}

static ngx_int_t join_texts(ngx_pool_t *pool, ngx_str_t *out, const char *before, const ngx_str_t *text,
                            const char *after) {
  out->len = ngx_strlen(before) + text->len + ngx_strlen(after);
  out->data = ngx_pnalloc(pool, out->len + 1);
  if (out->data == NULL) {
    return NGX_ERROR;
  }
  *ngx_sprintf(out->data, "%s%V%s", before, text, after) = '\0';
  return NGX_OK;
}

static char *agree_on_cookie(ngx_conf_t *cf, ngx_http_waitq_room_t *room, const ngx_str_t *said) {
  if (said->len == 0) {
    return NGX_CONF_OK;
  }
  if (!is_token(said)) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" cannot be the name of a cookie", said);
    return NGX_CONF_ERROR;
  }
  if (room->pass_cookie.len != 0 &&
      (room->pass_cookie.len != said->len || ngx_strncmp(room->pass_cookie.data, said->data, said->len) != 0)) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "the room \"%V\" has two different values of \"waitq_cookie\" in its locations", &room->name);
    return NGX_CONF_ERROR;
  }
  room->pass_cookie = *said;
  return NGX_CONF_OK;
}

static ngx_http_waitq_room_t *find_room(const ngx_http_waitq_main_conf_t *main, const ngx_str_t *name) {
  ngx_http_waitq_room_t **rooms = main->rooms.elts;
  for (ngx_uint_t i = 0; i < main->rooms.nelts; i++) {
    if (rooms[i]->name.len == name->len && ngx_strncmp(rooms[i]->name.data, name->data, name->len) == 0) {
      return rooms[i];
    }
  }
  return NULL;
}

static ngx_http_waitq_room_t *make_room(ngx_conf_t *cf, ngx_http_waitq_main_conf_t *main, const ngx_str_t *name) {
  ngx_http_waitq_room_t *room = ngx_pcalloc(cf->pool, sizeof *room);
  ngx_http_waitq_room_t **slot = ngx_array_push(&main->rooms);
  if (room == NULL || slot == NULL ||
      ngx_array_init(&room->endpoints, cf->pool, 1, sizeof(ngx_http_waitq_endpoint_t)) != NGX_OK) {
    return NULL;
  }
  *slot = room;
  room->name = *name;
  ngx_memset(&room->terms, 0xff, sizeof room->terms);
  return room;
}

static char *add_endpoint(ngx_conf_t *cf, ngx_http_waitq_room_t *room) {
  const ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
  ngx_http_waitq_endpoint_t *endpoint = ngx_array_push(&room->endpoints);
  if (endpoint == NULL) {
    return NGX_CONF_ERROR;
  }
  endpoint->server = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
  endpoint->path = core->name;
  return NGX_CONF_OK;
}

char *ngx_http_waitq_take_room(ngx_conf_t *cf, ngx_http_waitq_loc_conf_t *location) {
  ngx_http_waitq_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf, ngx_http_waitq_module);
  if (location->room_name.len == 0) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%s\" needs \"waitq_room\", with the name of a room",
                       location->is_endpoint ? "waitq_endpoint" : "waitq on");
    return NGX_CONF_ERROR;
  }
  location->room = find_room(main, &location->room_name);
  if (location->room == NULL) {
    location->room = make_room(cf, main, &location->room_name);
  }
  if (location->room == NULL || agree_on_terms(cf, location->room, &location->terms) != NGX_CONF_OK ||
      agree_on_cookie(cf, location->room, &location->cookie) != NGX_CONF_OK) {
    return NGX_CONF_ERROR;
  }
  return location->is_endpoint ? add_endpoint(cf, location->room) : NGX_CONF_OK;
}

static void close_verifier(void *verifier) {
  waitq_verifier_close(verifier);
}

/* A verifier has no lock and no store, so all workers inherit one. */
static ngx_int_t open_verifier(ngx_conf_t *cf, const ngx_http_waitq_main_conf_t *main, ngx_http_waitq_room_t *room) {
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
  options.audience = (const char *)room->name.data;
  options.leeway_ms = (int64_t)main->leeway;
  if (cleanup == NULL) {
    return NGX_ERROR;
  }
  if (waitq_verifier_open(main->keys.elts, main->keys.nelts, &options, &room->verifier, &error) != WAITQ_OK) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "passes of the room \"%V\" cannot be verified: %s", &room->name,
                       error.text);
    return NGX_ERROR;
  }
  cleanup->handler = close_verifier;
  cleanup->data = room->verifier;
  return NGX_OK;
}

ngx_int_t ngx_http_waitq_finish_rooms(ngx_conf_t *cf) {
  const ngx_http_waitq_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf, ngx_http_waitq_module);
  ngx_http_waitq_room_t **rooms = main->rooms.elts;
  if (main->rooms.nelts > 0 && (main->store.len == 0 || main->keys.nelts == 0)) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       main->store.len == 0
                           ? "\"waitq on\" needs \"waitq_store\", such as redis://localhost"
                           : "\"waitq on\" needs \"waitq_key\": passes are verified without the store");
    return NGX_ERROR;
  }
  for (ngx_uint_t i = 0; i < main->rooms.nelts; i++) {
    ngx_http_waitq_room_t *room = rooms[i];
    if ((room->pass_cookie.len == 0 && join_texts(cf->pool, &room->pass_cookie, "waitq_", &room->name, "") != NGX_OK) ||
        join_texts(cf->pool, &room->ticket_cookie, "", &room->pass_cookie, "_ticket") != NGX_OK ||
        open_verifier(cf, main, room) != NGX_OK) {
      return NGX_ERROR;
    }
  }
  return NGX_OK;
}

/* The library is asked whether it would take keys, names and policies: in a store of this process, which opens nothing. */
static char *rehearse(ngx_cycle_t *cycle, const ngx_http_waitq_main_conf_t *main) {
  waitq_t *context = NULL;
  waitq_options options = WAITQ_OPTIONS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  ngx_http_waitq_room_t **rooms = main->rooms.elts;
  options.keys = main->keys.elts;
  options.key_count = main->keys.nelts;
  int code = waitq_open("memory:", &options, &context, &error);
  if (code != WAITQ_OK) {
    ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "waitq: %s", error.text);
  }
  for (ngx_uint_t i = 0; code == WAITQ_OK && i < main->rooms.nelts; i++) {
    waitq_room_t *room = NULL;
    waitq_policy policy = WAITQ_POLICY_INIT;
    ngx_http_waitq_put_terms(&rooms[i]->terms, &policy);
    code = waitq_room_open(context, (const char *)rooms[i]->name.data, &policy, &room, &error);
    if (code != WAITQ_OK) {
      ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "waitq: the room \"%V\" cannot be: %s", &rooms[i]->name, error.text);
    }
    waitq_room_close(room);
  }
  waitq_close(context);
  return code == WAITQ_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}

char *ngx_http_waitq_check_store(ngx_cycle_t *cycle, const ngx_http_waitq_main_conf_t *main) {
  const ngx_core_conf_t *core = (ngx_core_conf_t *)ngx_get_conf(cycle->conf_ctx, ngx_core_module);
  if (ngx_strncmp(main->store.data, "memory:", 7) == 0) {
    if (core->worker_processes > 1) {
      ngx_log_error(
          NGX_LOG_EMERG, cycle->log, 0,
          "waitq: \"memory:\" keeps a line in one worker, and there are %i: each would have a line of its own, and "
          "let in the whole rate. Say \"waitq_store redis://...\", or \"worker_processes 1\"",
          core->worker_processes);
      return NGX_CONF_ERROR;
    }
    ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                  "waitq: \"memory:\" keeps the line in the worker, and it ends with the worker, at a reload as well");
  }
  return rehearse(cycle, main);
}

const ngx_str_t *ngx_http_waitq_endpoint_path(ngx_http_request_t *r, const ngx_http_waitq_room_t *room) {
  const ngx_http_core_srv_conf_t *server = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
  const ngx_http_waitq_endpoint_t *endpoints = room->endpoints.elts;
  for (ngx_uint_t i = 0; i < room->endpoints.nelts; i++) {
    if (endpoints[i].server == server) {
      return &endpoints[i].path;
    }
  }
  return NULL;
}

static ngx_int_t put(ngx_int_t said, uint64_t *value) {
  if (said == NGX_CONF_UNSET || *value == (uint64_t)said) {
    return 0;
  }
  *value = (uint64_t)said;
  return 1;
}

static ngx_int_t put_ms(ngx_int_t said, int64_t *value_ms) {
  uint64_t value = (uint64_t)*value_ms;
  ngx_int_t changed = put(said, &value);
  *value_ms = (int64_t)value;
  return changed;
}

ngx_int_t ngx_http_waitq_put_terms(const ngx_http_waitq_terms_t *terms, waitq_policy *policy) {
  ngx_int_t changed = put(terms->burst, &policy->burst);
  changed |= put(terms->max_active, &policy->max_active);
  changed |= put(terms->max_waiting, &policy->max_waiting);
  changed |= put_ms(terms->session, &policy->session_ttl_ms);
  changed |= put_ms(terms->claim, &policy->claim_ttl_ms);
  changed |= put_ms(terms->heartbeat, &policy->heartbeat_ttl_ms);
  double rate_per_s = (double)terms->rate / 1e6;
  if (terms->rate != NGX_CONF_UNSET && (policy->rate_per_s < rate_per_s || policy->rate_per_s > rate_per_s)) {
    policy->rate_per_s = rate_per_s;
    changed = 1;
  }
  if (terms->on_loss != NGX_CONF_UNSET && policy->on_store_loss != (uint32_t)terms->on_loss) {
    policy->on_store_loss = (uint32_t)terms->on_loss;
    changed = 1;
  }
  /* A poll interval that is not asked for follows the heartbeat, of which it may be a third. */
  if (policy->max_poll_ms > policy->heartbeat_ttl_ms / 3) {
    policy->max_poll_ms = policy->heartbeat_ttl_ms / 3;
    policy->min_poll_ms = policy->min_poll_ms > policy->max_poll_ms ? policy->max_poll_ms : policy->min_poll_ms;
  }
  return changed;
}
