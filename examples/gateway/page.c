/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "page.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SHA256_BYTES 32
#define SHA256_TEXT 45 /* in base64, with a NUL */

const char *page_type(const char *name) {
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

static void hash(const char *bytes, size_t length, char out[SHA256_TEXT]) {
  unsigned char sum[SHA256_BYTES];
  EVP_Digest(bytes, length, sum, NULL, EVP_sha256(), NULL);
  EVP_EncodeBlock((unsigned char *)out, sum, sizeof sum);
}

/* Tags that name a file, and what stands around the file in their place. */
static const struct tag {
  const char *before, *after, *open, *close;
} tags[] = {
    {"<link rel=\"stylesheet\" href=\"", "\">", "<style>", "</style>"},
    {"<script src=\"", "\"></script>", "<script>", "</script>"},
};

#define TAGS (sizeof tags / sizeof tags[0])

/* The file that a tag at this place names, with what is behind the tag in rest; NULL where there is no such tag, or file. */
static const struct page_file *named(const struct tag *tag, const char *at, const struct page_file *files, size_t count,
                                     const char **rest) {
  const size_t before = strlen(tag->before);
  const size_t after = strlen(tag->after);
  if (strncmp(at, tag->before, before) != 0) {
    return NULL;
  }
  for (size_t i = 0; i < count; i++) {
    const size_t length = strlen(files[i].name);
    if (strncmp(at + before, files[i].name, length) == 0 && strncmp(at + before + length, tag->after, after) == 0) {
      *rest = at + before + length + after;
      return &files[i];
    }
  }
  return NULL;
}

/* A browser hashes what it has read, in which every line ends with a newline alone. */
static void put(FILE *out, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] != '\r') {
      fputc(bytes[i], out);
    }
  }
}

/* The page with its files in it. False where one has in it what would end it. */
static bool put_together(FILE *out, const char *html, const struct page_file *files, size_t count, char *message,
                         size_t capacity) {
  while (*html != '\0') {
    const struct page_file *file = NULL;
    size_t i = 0;
    while (i < TAGS && (file = named(&tags[i], html, files, count, &html)) == NULL) {
      i++;
    }
    if (file == NULL) {
      put(out, html++, 1);
      continue;
    }
    if (strstr(file->bytes, "</script") != NULL || strstr(file->bytes, "</style") != NULL ||
        strstr(file->bytes, "<!--") != NULL) {
      snprintf(message, capacity, "%s cannot stand in a page: there is a \"</script\", \"</style\" or \"<!--\" in it",
               file->name);
      return false;
    }
    fputs(tags[i].open, out);
    put(out, file->bytes, file->length);
    fputs(tags[i].close, out);
  }
  return true;
}

/* The hashes of all that stands between tags of a name. */
static void put_hashes(FILE *out, const char *html, const char *name) {
  char open[16], close[16], text[SHA256_TEXT];
  snprintf(open, sizeof open, "<%s", name);
  snprintf(close, sizeof close, "</%s>", name);
  while ((html = strstr(html, open)) != NULL) {
    const char *begin = strchr(html, '>');
    const char *end = begin == NULL ? NULL : strstr(begin, close);
    if (end == NULL) {
      return;
    }
    hash(begin + 1, (size_t)(end - begin - 1), text);
    fprintf(out, " 'sha256-%s'", text);
    html = end;
  }
}

static bool make_policy(struct page *page) {
  size_t length;
  FILE *out = open_memstream(&page->policy, &length);
  if (out == NULL) {
    return false;
  }
  const bool is_html = strncmp(page->type, "text/html", 9) == 0;
  fputs("default-src 'none'; script-src 'self'", out);
  if (is_html) {
    put_hashes(out, page->plain.bytes, "script");
  }
  fputs("; style-src 'self'", out);
  if (is_html) {
    put_hashes(out, page->plain.bytes, "style");
  }
  fputs("; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", out);
  return fclose(out) == 0;
}

static void make_gzip(struct page *page) {
  z_stream stream = {0};
  const int gzip_window = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return;
  }
  page->gzip.bytes = malloc(page->plain.length);
  stream.next_in = (unsigned char *)page->plain.bytes;
  stream.avail_in = (uInt)page->plain.length;
  stream.next_out = (unsigned char *)page->gzip.bytes;
  stream.avail_out = (uInt)page->plain.length;
  if (page->gzip.bytes != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END) {
    page->gzip.length = stream.total_out;
  }
  deflateEnd(&stream);
}

static void make_tag(struct page_body *body) {
  char text[SHA256_TEXT];
  hash(body->bytes, body->length, text);
  snprintf(body->tag, sizeof body->tag, "\"%.22s\"", text);
}

bool page_make(struct page *page, const struct page_file *files, size_t count, size_t index, char *message,
               size_t capacity) {
  const struct page_file *file = &files[index];
  *page = (struct page){.name = strdup(file->name), .type = page_type(file->name)};
  FILE *out = open_memstream(&page->plain.bytes, &page->plain.length);
  if (out != NULL && strncmp(page->type, "text/html", 9) != 0) {
    fwrite(file->bytes, 1, file->length, out);
  } else if (out != NULL && !put_together(out, file->bytes, files, count, message, capacity)) {
    fclose(out);
    return false;
  }
  if (out == NULL || fclose(out) != 0 || page->name == NULL || !make_policy(page)) {
    snprintf(message, capacity, "there is no memory for %s", file->name);
    return false;
  }
  make_gzip(page);
  make_tag(&page->plain);
  make_tag(&page->gzip);
  return true;
}

void page_free(struct page *page) {
  free(page->name);
  free(page->policy);
  free(page->plain.bytes);
  free(page->gzip.bytes);
}
