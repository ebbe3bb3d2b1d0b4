/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "directives.h"

#include "calls.h"
#include "keys.h"
#include "page.h"
#include "rooms.h"

#define ANYWHERE (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF)

#define LOCATION(member) NGX_HTTP_LOC_CONF_OFFSET, offsetof(ngx_http_waitq_loc_conf_t, member)

static ngx_conf_enum_t losses[] = {
    {ngx_string("hold"), WAITQ_LOSS_HOLD},
    {ngx_string("open"), WAITQ_LOSS_OPEN},
    {ngx_string("local"), WAITQ_LOSS_LOCAL},
    {ngx_null_string, 0},
};

static ngx_conf_enum_t secures[] = {
    {ngx_string("auto"), NGX_HTTP_WAITQ_SECURE_AUTO},
    {ngx_string("on"), NGX_HTTP_WAITQ_SECURE_ON},
    {ngx_string("off"), NGX_HTTP_WAITQ_SECURE_OFF},
    {ngx_null_string, 0},
};

static ngx_conf_num_bounds_t statuses = {ngx_conf_check_num_bounds, 200, 599};

/* waitq_rate 500r/s; with up to six digits after the point, and 30r/m for what is slow. */
static char *set_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  (void)cmd;
  ngx_http_waitq_loc_conf_t *location = conf;
  const ngx_str_t *value = cf->args->elts;
  u_char *text = value[1].data;
  size_t length = value[1].len;
  if (location->terms.rate != NGX_CONF_UNSET) {
    return "is duplicate";
  }
  ngx_int_t per_minute = length > 3 && ngx_strncmp(text + length - 3, "r/m", 3) == 0;
  if (length <= 3 || (!per_minute && ngx_strncmp(text + length - 3, "r/s", 3) != 0)) {
    return "must look like 500r/s, 0.5r/s or 30r/m";
  }
  location->terms.rate = ngx_atofp(text, length - 3, 6);
  if (location->terms.rate == NGX_ERROR) {
    return "must be a number with at most six digits after the point, and r/s or r/m";
  }
  if (per_minute) {
    location->terms.rate /= 60;
  }
  return NGX_CONF_OK;
}

static ngx_int_t is_plain_path(const ngx_str_t *path) {
  for (size_t i = 0; i < path->len; i++) {
    u_char c = path->data[i];
    if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && ngx_strchr("/_.~-", c) == NULL) {
      return 0;
    }
  }
  return path->len > 1 && path->data[path->len - 1] == '/';
}

/* The path goes into pages as it is, so it is kept to what needs no escaping there. */
static char *set_endpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  (void)cmd;
  ngx_http_waitq_loc_conf_t *location = conf;
  ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
  if (location->is_endpoint) {
    return "is duplicate";
  }
#if (NGX_PCRE)
  if (core->regex != NULL) {
    return "cannot stand in a location with a regular expression";
  }
#endif
  if (core->named || core->noname || !is_plain_path(&core->name)) {
    return "needs a location with a plain path that ends in a slash, such as /waitq/";
  }
  location->is_endpoint = 1;
  core->handler = ngx_http_waitq_calls;
  return NGX_CONF_OK;
}

ngx_command_t ngx_http_waitq_directives[] = {
    {ngx_string("waitq_store"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_conf_set_str_slot, NGX_HTTP_MAIN_CONF_OFFSET,
     offsetof(ngx_http_waitq_main_conf_t, store), NULL},
    {ngx_string("waitq_key"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE23, ngx_http_waitq_read_key, NGX_HTTP_MAIN_CONF_OFFSET,
     0, NULL},
    {ngx_string("waitq_leeway"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_conf_set_msec_slot, NGX_HTTP_MAIN_CONF_OFFSET,
     offsetof(ngx_http_waitq_main_conf_t, leeway), NULL},
    {ngx_string("waitq"), ANYWHERE | NGX_HTTP_LIF_CONF | NGX_CONF_FLAG, ngx_conf_set_flag_slot, LOCATION(enable), NULL},
    {ngx_string("waitq_endpoint"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, set_endpoint, NGX_HTTP_LOC_CONF_OFFSET, 0,
     NULL},
    {ngx_string("waitq_room"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_str_slot, LOCATION(room_name), NULL},
    {ngx_string("waitq_rate"), ANYWHERE | NGX_CONF_TAKE1, set_rate, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    {ngx_string("waitq_burst"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_num_slot, LOCATION(terms.burst), NULL},
    {ngx_string("waitq_max_active"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_num_slot, LOCATION(terms.max_active),
     NULL},
    {ngx_string("waitq_max_waiting"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_num_slot, LOCATION(terms.max_waiting),
     NULL},
    {ngx_string("waitq_session"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_msec_slot, LOCATION(terms.session), NULL},
    {ngx_string("waitq_claim"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_msec_slot, LOCATION(terms.claim), NULL},
    {ngx_string("waitq_heartbeat"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_msec_slot, LOCATION(terms.heartbeat), NULL},
    {ngx_string("waitq_store_loss"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_enum_slot, LOCATION(terms.on_loss),
     losses},
    {ngx_string("waitq_apply"), ANYWHERE | NGX_CONF_FLAG, ngx_conf_set_flag_slot, LOCATION(terms.apply), NULL},
    {ngx_string("waitq_cookie"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_str_slot, LOCATION(cookie), NULL},
    {ngx_string("waitq_secure"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_enum_slot, LOCATION(secure), secures},
    {ngx_string("waitq_renew"), ANYWHERE | NGX_CONF_FLAG, ngx_conf_set_flag_slot, LOCATION(renew), NULL},
    {ngx_string("waitq_page"), ANYWHERE | NGX_CONF_TAKE1, ngx_http_waitq_read_page, LOCATION(page), NULL},
    {ngx_string("waitq_status"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_num_slot, LOCATION(status), &statuses},
    {ngx_string("waitq_visitor"), ANYWHERE | NGX_CONF_TAKE1, ngx_http_set_complex_value_slot, LOCATION(visitor), NULL},
    {ngx_string("waitq_bind"), ANYWHERE | NGX_CONF_TAKE1, ngx_http_set_complex_value_slot, LOCATION(bind), NULL},
    ngx_null_command,
};

void *ngx_http_waitq_create_main_conf(ngx_conf_t *cf) {
  ngx_http_waitq_main_conf_t *conf = ngx_pcalloc(cf->pool, sizeof *conf);
  if (conf == NULL || ngx_array_init(&conf->keys, cf->pool, 1, sizeof(waitq_key)) != NGX_OK ||
      ngx_array_init(&conf->rooms, cf->pool, 4, sizeof(ngx_http_waitq_room_t *)) != NGX_OK) {
    return NULL;
  }
  conf->leeway = NGX_CONF_UNSET_MSEC;
  return conf;
}

/* This comes before the locations are merged, so there are no rooms yet. */
char *ngx_http_waitq_init_main_conf(ngx_conf_t *cf, void *conf) {
  (void)cf;
  ngx_http_waitq_main_conf_t *main = conf;
  ngx_conf_init_msec_value(main->leeway, 5000);
  return NGX_CONF_OK;
}

void *ngx_http_waitq_create_loc_conf(ngx_conf_t *cf) {
  ngx_http_waitq_loc_conf_t *conf = ngx_pcalloc(cf->pool, sizeof *conf);
  if (conf == NULL) {
    return NULL;
  }
  conf->enable = NGX_CONF_UNSET;
  conf->renew = NGX_CONF_UNSET;
  conf->status = NGX_CONF_UNSET;
  conf->secure = NGX_CONF_UNSET_UINT;
  conf->page = NGX_CONF_UNSET_PTR;
  ngx_memset(&conf->terms, 0xff, sizeof conf->terms); /* each of them NGX_CONF_UNSET */
  return conf;
}

static void merge_terms(ngx_http_waitq_terms_t *conf, const ngx_http_waitq_terms_t *prev) {
  ngx_conf_merge_value(conf->rate, prev->rate, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->burst, prev->burst, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->max_active, prev->max_active, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->max_waiting, prev->max_waiting, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->session, prev->session, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->claim, prev->claim, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->heartbeat, prev->heartbeat, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->on_loss, prev->on_loss, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->apply, prev->apply, NGX_CONF_UNSET);
}

char *ngx_http_waitq_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) {
  const ngx_http_waitq_loc_conf_t *prev = parent;
  ngx_http_waitq_loc_conf_t *conf = child;
  ngx_conf_merge_value(conf->enable, prev->enable, 0);
  ngx_conf_merge_value(conf->renew, prev->renew, 0);
  ngx_conf_merge_value(conf->status, prev->status, NGX_HTTP_SERVICE_UNAVAILABLE);
  ngx_conf_merge_uint_value(conf->secure, prev->secure, NGX_HTTP_WAITQ_SECURE_AUTO);
  ngx_conf_merge_str_value(conf->room_name, prev->room_name, "");
  ngx_conf_merge_str_value(conf->cookie, prev->cookie, "");
  ngx_conf_merge_ptr_value(conf->page, prev->page, NULL);
  merge_terms(&conf->terms, &prev->terms);
  if (conf->visitor == NULL) {
    conf->visitor = prev->visitor;
  }
  if (conf->bind == NULL) {
    conf->bind = prev->bind;
  }
  return conf->enable || conf->is_endpoint ? ngx_http_waitq_take_room(cf, conf) : NGX_CONF_OK;
}
