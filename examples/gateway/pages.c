/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "pages.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "loop.h"
#include "reply.h"

#define PAGES_MAX 64
#define PAGE_BYTES_MAX (1 << 20)

static const char policy[] =
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static const char *type_of(const char *name) {
  static const char *const types[][2] = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".txt", "text/plain; charset=utf-8"},
  };
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(dot, types[i][0]) == 0) {
      return types[i][1];
    }
  }
  return NULL;
}

static bool read_page(const char *folder, const char *name, struct page *page) {
  char path[1024];
  unsigned char *bytes = malloc(PAGE_BYTES_MAX);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  const size_t length = file != NULL && bytes != NULL ? fread(bytes, 1, PAGE_BYTES_MAX, file) : 0;
  if (file != NULL) {
    fclose(file);
  }
  if (length == 0 || length == PAGE_BYTES_MAX) {
    free(bytes);
    return false;
  }
  *page = (struct page){strdup(name), realloc(bytes, length), length};
  return page->name != NULL;
}

static bool read_folder(struct pages *pages, const char *folder) {
  DIR *directory = opendir(folder);
  struct dirent *entry;
  pages->is_read = true;
  pages->all = calloc(PAGES_MAX, sizeof *pages->all);
  while (directory != NULL && pages->all != NULL && pages->count < PAGES_MAX && (entry = readdir(directory)) != NULL) {
    if (type_of(entry->d_name) != NULL && read_page(folder, entry->d_name, &pages->all[pages->count])) {
      pages->count++;
    }
  }
  if (directory != NULL) {
    closedir(directory);
  }
  return pages->count > 0;
}

bool pages_open(struct pages *pages, const char *folder, char *message, size_t capacity) {
  *pages = (struct pages){.all = (struct page *)built_in_pages, .count = built_in_page_count};
  if (folder == NULL) {
    return true;
  }
  pages->count = 0;
  if (!read_folder(pages, folder)) {
    snprintf(message, capacity, "there are no pages in %s", folder);
    return false;
  }
  return true;
}

void pages_close(struct pages *pages) {
  for (size_t i = 0; pages->is_read && i < pages->count; i++) {
    free((void *)pages->all[i].name);
    free((void *)pages->all[i].bytes);
  }
  if (pages->is_read) {
    free(pages->all);
  }
}

static const struct page *find(const struct pages *pages, const char *path, size_t length) {
  static const char index[] = "index";
  const char *name = length == 1 ? index : path + 1;
  const size_t name_length = length == 1 ? sizeof index - 1 : length - 1;
  for (size_t i = 0; i < pages->count; i++) {
    const struct page *page = &pages->all[i];
    if (strncmp(page->name, name, name_length) == 0 &&
        (page->name[name_length] == '\0' || strcmp(page->name + name_length, ".html") == 0)) {
      return page;
    }
  }
  return NULL;
}

static void add(h2o_req_t *req, const char *name, const char *value) {
  h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 1, NULL, value, strlen(value));
}

bool pages_reply(struct visit *visit, const char *path, size_t length) {
  h2o_req_t *req = visit->req;
  const struct page *page = find(&visit->loop->gateway->pages, path, length);
  if (page == NULL) {
    return false;
  }
  uint64_t sum = 14695981039346656037U; /* FNV-1a */
  for (size_t i = 0; i < page->length; i++) {
    sum = (sum ^ page->bytes[i]) * 1099511628211U;
  }
  char tag[24];
  const int tag_length = snprintf(tag, sizeof tag, "\"%016llx\"", (unsigned long long)sum);
  const struct text known = visit_header(visit, "if-none-match");
  add(req, "etag", h2o_strdup(&req->pool, tag, (size_t)tag_length + 1).base);
  add(req, "cache-control", "no-cache");
  add(req, "content-security-policy", policy);
  add(req, "x-content-type-options", "nosniff");
  add(req, "referrer-policy", "no-referrer");
  if (known.length == (size_t)tag_length && memcmp(known.at, tag, known.length) == 0) {
    reply_content(visit, 304, type_of(page->name), NULL, 0);
  } else {
    reply_content(visit, 200, type_of(page->name), (const char *)page->bytes, page->length);
  }
  return true;
}
