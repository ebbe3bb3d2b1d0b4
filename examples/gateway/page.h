/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_PAGE_H
#define GATEWAY_PAGE_H

/* A page, from its file to what is sent.
 *
 * A visitor of a crowd should have the page with one request. Whoever writes it should have style and script in files of their
 * own, and no build step. So the gateway puts them where the page names them, when it starts:
 *
 *     <link rel="stylesheet" href="waiting.css">    becomes    <style>...</style>
 *     <script src="waiting.js"></script>            becomes    <script>...</script>
 *
 * for files of the same folder, in just these words. What is then in the page may run, by its hash, and the files of the gateway;
 * nothing else, so a text that becomes markup through somebody's mistake is still no script. */

#include <stdbool.h>
#include <stddef.h>

struct page_file {
  const char *name;
  const char *bytes; /* and a NUL behind them */
  size_t length;
};

struct page_body {
  char *bytes;
  size_t length;
  char tag[40]; /* its ETag */
};

struct page {
  char *name;
  const char *type;
  char *policy; /* the Content-Security-Policy */
  struct page_body plain;
  struct page_body gzip; /* length 0 where it would not be shorter */
};

/* The media type of a file by its name; NULL for one that is no part of a page. */
const char *page_type(const char *name);

/* Makes a page of files[index]. False with the reason in message. */
bool page_make(struct page *page, const struct page_file *files, size_t count, size_t index, char *message,
               size_t capacity);
void page_free(struct page *page);

#endif
