/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "passes.h"

/* A browser that is closed meanwhile keeps the place; the room decides how long it is one. */
#define TICKET_MAX_AGE_S 86400

int64_t ngx_http_waitq_now_ms(void) {
  const ngx_time_t *now = ngx_timeofday();
  return (int64_t)now->sec * 1000 + (int64_t)now->msec;
}

const ngx_str_t *ngx_http_waitq_header(const ngx_http_request_t *r, const char *name) {
  size_t length = ngx_strlen(name);
  for (const ngx_list_part_t *part = &r->headers_in.headers.part; part != NULL; part = part->next) {
    const ngx_table_elt_t *headers = part->elts;
    for (ngx_uint_t i = 0; i < part->nelts; i++) {
      if (headers[i].key.len == length && ngx_strncasecmp(headers[i].key.data, (u_char *)name, length) == 0) {
        return &headers[i].value;
      }
    }
  }
  return NULL;
}

ngx_int_t ngx_http_waitq_add_header(ngx_http_request_t *r, const char *name, const ngx_str_t *value) {
  ngx_table_elt_t *header = ngx_list_push(&r->headers_out.headers);
  if (header == NULL) {
    return NGX_ERROR;
  }
  ngx_memzero(header, sizeof *header);
  header->hash = 1;
  header->key.len = ngx_strlen(name);
  header->key.data = (u_char *)name;
  header->value = *value;
  return NGX_OK;
}

static void find_cookie(ngx_http_request_t *r, const ngx_str_t *name, char *out, size_t size) {
  ngx_str_t value;
#if (nginx_version >= 1023000)
  ngx_int_t found = ngx_http_parse_multi_header_lines(r, r->headers_in.cookie, (ngx_str_t *)name, &value) != NULL;
#else
  ngx_int_t found =
      ngx_http_parse_multi_header_lines(&r->headers_in.cookies, (ngx_str_t *)name, &value) != NGX_DECLINED;
#endif
  out[0] = '\0';
  if (found && value.len < size) {
    ngx_memcpy(out, value.data, value.len);
    out[value.len] = '\0';
  }
}

void ngx_http_waitq_shown_ticket(ngx_http_request_t *r, const ngx_http_waitq_room_t *room,
                                 char ticket[WAITQ_TICKET_SIZE]) {
  find_cookie(r, &room->ticket_cookie, ticket, WAITQ_TICKET_SIZE);
}

void ngx_http_waitq_shown_pass(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, char pass[WAITQ_PASS_SIZE]) {
  find_cookie(r, &room->pass_cookie, pass, WAITQ_PASS_SIZE);
}

const waitq_binding *ngx_http_waitq_binding(ngx_http_request_t *r, waitq_binding *binding) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  ngx_str_t client;
  if (conf->bind == NULL || ngx_http_complex_value(r, conf->bind, &client) != NGX_OK || client.len == 0) {
    return NULL;
  }
  u_char *text = ngx_pnalloc(r->pool, client.len + 1);
  if (text == NULL) {
    return NULL;
  }
  *ngx_cpymem(text, client.data, client.len) = '\0';
  waitq_binding_init(binding, sizeof *binding);
  binding->client = (const char *)text;
  return binding;
}

int ngx_http_waitq_verify(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, const char *pass,
                          waitq_claims *claims) {
  waitq_binding binding;
  waitq_claims_init(claims, sizeof *claims);
  return waitq_verify(room->verifier, pass, ngx_strlen(pass), ngx_http_waitq_now_ms(),
                      ngx_http_waitq_binding(r, &binding), claims, NULL);
}

static ngx_int_t is_secure(ngx_http_request_t *r) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  if (conf->secure != NGX_HTTP_WAITQ_SECURE_AUTO) {
    return conf->secure == NGX_HTTP_WAITQ_SECURE_ON;
  }
#if (NGX_HTTP_SSL)
  return r->connection->ssl != NULL;
#else
  return 0;
#endif
}

static ngx_int_t give(ngx_http_request_t *r, const ngx_str_t *name, const char *text, int64_t max_age_s) {
  static const char *const attributes = "; Path=/; HttpOnly; SameSite=Lax; Max-Age=";
  size_t size = name->len + 1 + ngx_strlen(text) + ngx_strlen(attributes) + NGX_INT64_LEN + sizeof "; Secure";
  ngx_str_t value;
  value.data = ngx_pnalloc(r->pool, size);
  if (value.data == NULL) {
    return NGX_ERROR;
  }
  value.len = (size_t)(ngx_slprintf(value.data, value.data + size, "%V=%s%s%L%s", name, text, attributes, max_age_s,
                                    is_secure(r) ? "; Secure" : "") -
                       value.data);
  return ngx_http_waitq_add_header(r, "Set-Cookie", &value);
}

ngx_int_t ngx_http_waitq_give_ticket(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, const char *ticket) {
  return give(r, &room->ticket_cookie, ticket, ticket[0] == '\0' ? 0 : TICKET_MAX_AGE_S);
}

ngx_int_t ngx_http_waitq_give_pass(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, const waitq_pass *pass) {
  int64_t left_s = (pass->expires_at_ms - ngx_http_waitq_now_ms() + 999) / 1000;
  return give(r, &room->pass_cookie, pass->text, pass->text[0] == '\0' || left_s < 1 ? 0 : left_s);
}
