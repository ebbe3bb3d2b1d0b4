/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "pages.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "loop.h"
#include "reply.h"

#define PAGES_MAX 64
#define PAGE_BYTES_MAX (1 << 20)

static bool read_file(const char *folder, const char *name, struct page_file *file) {
  char path[1024];
  char *bytes = malloc(PAGE_BYTES_MAX);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *from = fopen(path, "rb");
  const size_t length = from != NULL && bytes != NULL ? fread(bytes, 1, PAGE_BYTES_MAX, from) : 0;
  if (from != NULL) {
    fclose(from);
  }
  if (length == 0 || length == PAGE_BYTES_MAX) {
    free(bytes);
    return false;
  }
  bytes[length] = '\0';
  *file = (struct page_file){strdup(name), realloc(bytes, length + 1), length};
  return file->name != NULL;
}

static size_t read_folder(struct page_file files[PAGES_MAX], const char *folder) {
  DIR *directory = opendir(folder);
  struct dirent *entry;
  size_t count = 0;
  while (directory != NULL && count < PAGES_MAX && (entry = readdir(directory)) != NULL) {
    if (page_type(entry->d_name) != NULL && read_file(folder, entry->d_name, &files[count])) {
      count++;
    }
  }
  if (directory != NULL) {
    closedir(directory);
  }
  return count;
}

static bool make_all(struct pages *pages, const struct page_file *files, size_t count, char *message, size_t capacity) {
  pages->all = calloc(count, sizeof *pages->all);
  for (size_t i = 0; pages->all != NULL && i < count; i++) {
    pages->count++;
    if (!page_make(&pages->all[i], files, count, i, message, capacity)) {
      return false;
    }
  }
  return pages->all != NULL;
}

bool pages_open(struct pages *pages, const char *folder, char *message, size_t capacity) {
  struct page_file files[PAGES_MAX];
  *pages = (struct pages){0};
  if (folder == NULL) {
    return make_all(pages, built_in_pages, built_in_page_count, message, capacity);
  }
  const size_t count = read_folder(files, folder);
  if (count == 0) {
    snprintf(message, capacity, "there are no pages in %s", folder);
    return false;
  }
  const bool is_made = make_all(pages, files, count, message, capacity);
  for (size_t i = 0; i < count; i++) {
    free((void *)files[i].name);
    free((void *)files[i].bytes);
  }
  return is_made;
}

void pages_close(struct pages *pages) {
  for (size_t i = 0; i < pages->count; i++) {
    page_free(&pages->all[i]);
  }
  free(pages->all);
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
  const bool is_packed =
      page->gzip.length > 0 && (h2o_get_compressible_types(&req->headers) & H2O_COMPRESSIBLE_GZIP) != 0;
  const struct page_body *body = is_packed ? &page->gzip : &page->plain;
  const struct text known = visit_header(visit, "if-none-match");
  add(req, "etag", body->tag);
  add(req, "cache-control", "no-cache");
  add(req, "vary", "Accept-Encoding");
  add(req, "content-security-policy", page->policy);
  add(req, "x-content-type-options", "nosniff");
  add(req, "referrer-policy", "no-referrer");
  if (is_packed) {
    add(req, "content-encoding", "gzip");
  }
  if (known.length == strlen(body->tag) && memcmp(known.at, body->tag, known.length) == 0) {
    reply_content(visit, 304, page->type, NULL, 0);
  } else {
    reply_content(visit, 200, page->type, body->bytes, body->length);
  }
  return true;
}
