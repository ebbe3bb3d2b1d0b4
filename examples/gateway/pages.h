/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_PAGES_H
#define GATEWAY_PAGES_H

/* The pages: the files of the folder pages, which the build makes a part of the program, or those of another folder. All are read
 * when the gateway starts. /name.html is found as /name as well, and index.html as /. */

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

struct visit;

/* Made by the build (embed.cmake). */
extern const struct page_file built_in_pages[];
extern const size_t built_in_page_count;

struct pages {
  struct page *all;
  size_t count;
};

/* folder NULL: those that are built in. False with the reason in message. */
bool pages_open(struct pages *pages, const char *folder, char *message, size_t capacity);
void pages_close(struct pages *pages);

/* Answers with a page; false where there is none by that path. */
bool pages_reply(struct visit *visit, const char *path, size_t length);

#endif
