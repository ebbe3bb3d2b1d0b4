/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "keys.h"

#define KEYS_MAX 8

static const struct {
  const char *name;
  uint32_t algorithm;
} algorithms[] = {
    {"hs256", WAITQ_KEY_HS256},
    {"ed25519", WAITQ_KEY_ED25519},
    {"ed25519-public", WAITQ_KEY_ED25519_PUBLIC},
};

static char *set_algorithm(const ngx_str_t *name, waitq_key *key) {
  for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
    if (ngx_strcmp(name->data, algorithms[i].name) == 0) {
      key->algorithm = algorithms[i].algorithm;
      return NGX_CONF_OK;
    }
  }
  return "knows the algorithms hs256, ed25519 and ed25519-public";
}

static int digit(u_char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = (u_char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of the key's text, whatever is not two digits for a byte is refused. */
static char *decode(const u_char *text, size_t length, waitq_key *key) {
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) {
    length--;
  }
  if (length % 2 != 0 || length / 2 > sizeof key->bytes) {
    return "needs a file of 64 to 128 hexadecimal digits";
  }
  for (size_t i = 0; i < length; i += 2) {
    int high = digit(text[i]);
    int low = digit(text[i + 1]);
    if (high < 0 || low < 0) {
      return "needs a file of hexadecimal digits, and nothing else";
    }
    key->bytes[i / 2] = (unsigned char)(high * 16 + low);
  }
  key->length = (uint32_t)(length / 2);
  return NGX_CONF_OK;
}

static char *read_file(ngx_conf_t *cf, ngx_str_t *name, waitq_key *key) {
  u_char text[2 * sizeof key->bytes + 3];
  if (ngx_conf_full_name(cf->cycle, name, 1) != NGX_OK) {
    return NGX_CONF_ERROR;
  }
  ngx_fd_t fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
  if (fd == NGX_INVALID_FILE) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, ngx_open_file_n " \"%V\" failed", name);
    return NGX_CONF_ERROR;
  }
  ssize_t length = ngx_read_fd(fd, text, sizeof text);
  ngx_close_file(fd);
  if (length < 0) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, ngx_read_fd_n " \"%V\" failed", name);
    return NGX_CONF_ERROR;
  }
  char *result = decode(text, (size_t)length, key);
  ngx_explicit_memzero(text, sizeof text);
  return result;
}

char *ngx_http_waitq_read_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  (void)cmd;
  ngx_http_waitq_main_conf_t *main = conf;
  ngx_str_t *value = cf->args->elts;
  waitq_key *key = ngx_array_push(&main->keys);
  if (key == NULL) {
    return NGX_CONF_ERROR;
  }
  waitq_key_init(key, sizeof *key);
  key->algorithm = WAITQ_KEY_HS256;
  if (main->keys.nelts > KEYS_MAX) {
    return "can stand eight times";
  }
  if (value[1].len >= sizeof key->kid) {
    return "needs a key id of at most 31 characters";
  }
  ngx_memcpy(key->kid, value[1].data, value[1].len + 1);
  char *result = cf->args->nelts == 4 ? set_algorithm(&value[3], key) : NGX_CONF_OK;
  return result == NGX_CONF_OK ? read_file(cf, &value[2], key) : result;
}
