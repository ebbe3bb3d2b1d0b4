/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "page.h"

#include "default_page.h"

#define PIECES_MAX 64
#define PAGE_MAX (1024 * 1024)

typedef struct {
  ngx_str_t text; /* up to the field */
  ngx_uint_t field;
} piece_t;

struct ngx_http_waitq_page_s {
  ngx_uint_t count;
  piece_t pieces[PIECES_MAX];
};

static const char *const names[NGX_HTTP_WAITQ_FIELDS] = {
    NULL, "room", "state", "position", "message", "retry_s", "calls", "status",
};

static ngx_uint_t find_field(const u_char *name, size_t length) {
  for (ngx_uint_t i = 1; i < NGX_HTTP_WAITQ_FIELDS; i++) {
    if (ngx_strlen(names[i]) == length && ngx_strncmp(names[i], name, length) == 0) {
      return i;
    }
  }
  return NGX_HTTP_WAITQ_FIELD_NONE;
}

/* {{ without a known name behind it is text like any other: scripts and styles are full of braces. */
static ngx_int_t cut(ngx_http_waitq_page_t *page, u_char *text, size_t length) {
  u_char *end = text + length;
  u_char *begin = text;
  page->count = 0;
  for (u_char *at = text; at + 4 <= end; at++) {
    if (at[0] != '{' || at[1] != '{') {
      continue;
    }
    u_char *name = at + 2;
    u_char *behind = name;
    while (behind < end && ((*behind >= 'a' && *behind <= 'z') || *behind == '_')) {
      behind++;
    }
    ngx_uint_t field = find_field(name, (size_t)(behind - name));
    if (field == NGX_HTTP_WAITQ_FIELD_NONE || behind + 2 > end || behind[0] != '}' || behind[1] != '}') {
      continue;
    }
    if (page->count == PIECES_MAX - 1) {
      return NGX_ERROR;
    }
    page->pieces[page->count++] = (piece_t){{(size_t)(at - begin), begin}, field};
    begin = behind + 2;
    at = begin - 1;
  }
  page->pieces[page->count++] = (piece_t){{(size_t)(end - begin), begin}, NGX_HTTP_WAITQ_FIELD_NONE};
  return NGX_OK;
}

static char *read_text(ngx_conf_t *cf, const ngx_str_t *name, ngx_str_t *text) {
  ngx_file_info_t info;
  ngx_fd_t fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
  char *result = NGX_CONF_ERROR;
  if (fd == NGX_INVALID_FILE) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, ngx_open_file_n " \"%V\" failed", name);
    return result;
  }
  if (ngx_fd_info(fd, &info) == NGX_FILE_ERROR) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, ngx_fd_info_n " \"%V\" failed", name);
  } else if (ngx_file_size(&info) < 1 || ngx_file_size(&info) > PAGE_MAX) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" is empty, or larger than a page may be", name);
  } else {
    text->len = (size_t)ngx_file_size(&info);
    text->data = ngx_pnalloc(cf->pool, text->len);
    if (text->data != NULL && ngx_read_fd(fd, text->data, text->len) == (ssize_t)text->len) {
      result = NGX_CONF_OK;
    } else {
      ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, ngx_read_fd_n " \"%V\" failed", name);
    }
  }
  ngx_close_file(fd);
  return result;
}

char *ngx_http_waitq_read_page(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_http_waitq_page_t **slot = (ngx_http_waitq_page_t **)((char *)conf + cmd->offset);
  ngx_str_t *value = cf->args->elts;
  ngx_str_t text;
  if (*slot != NGX_CONF_UNSET_PTR) {
    return "is duplicate";
  }
  *slot = ngx_palloc(cf->pool, sizeof **slot);
  if (*slot == NULL || ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK ||
      read_text(cf, &value[1], &text) != NGX_CONF_OK) {
    return NGX_CONF_ERROR;
  }
  return cut(*slot, text.data, text.len) == NGX_OK ? NGX_CONF_OK : "names a page with more than 63 fields";
}

/* Cut once in each process; the text itself is constant. */
static const ngx_http_waitq_page_t *default_page(void) {
  static ngx_http_waitq_page_t page;
  if (page.count == 0) {
    cut(&page, (u_char *)ngx_http_waitq_default_page, sizeof ngx_http_waitq_default_page);
  }
  return &page;
}

ngx_buf_t *ngx_http_waitq_put_page(ngx_pool_t *pool, const ngx_http_waitq_page_t *page,
                                   const ngx_str_t fields[NGX_HTTP_WAITQ_FIELDS]) {
  size_t size = 0;
  if (page == NULL) {
    page = default_page();
  }
  for (ngx_uint_t i = 0; i < page->count; i++) {
    size += page->pieces[i].text.len + fields[page->pieces[i].field].len;
  }
  ngx_buf_t *out = ngx_create_temp_buf(pool, size);
  if (out == NULL) {
    return NULL;
  }
  for (ngx_uint_t i = 0; i < page->count; i++) {
    const ngx_str_t *field = &fields[page->pieces[i].field];
    out->last = ngx_cpymem(out->last, page->pieces[i].text.data, page->pieces[i].text.len);
    if (field->len > 0) {
      out->last = ngx_cpymem(out->last, field->data, field->len);
    }
  }
  return out;
}
