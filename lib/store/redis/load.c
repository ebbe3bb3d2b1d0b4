/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/load.h"

#include "base/error.h"
#include "base/mem.h"
#include "store/redis/exchange.h"

/* 8 MiB of bits: for most rooms one page is the whole. */
#define PAGE_CHUNKS 4096
#define ATTEMPTS_MAX 16

/* Bits that are set while pages are fetched come again on a later one, so what all of them say is true of the moment of the last; unless a
 * commit comes between, which may empty planes: then all is fetched anew. */
struct page {
  struct page *before;
  struct waitq__reply *reply;
  struct waitq__answer answer; /* points into the reply */
};

static void drop(struct waitq__redis_room *room, struct page *last) {
  while (last != NULL) {
    struct page *before = last->before;
    waitq__reply_free(last->reply);
    waitq__free(room->store->allocator, last);
    last = before;
  }
}

/* Fetches the page after *last, which it becomes. */
static int fetch(struct waitq__redis_room *room, struct page **last, waitq_error *error) {
  static const waitq_store_sink told = {.size = sizeof told};
  struct page *page = waitq__alloc_zeroed(room->store->allocator, sizeof *page);
  if (page == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for what a room holds");
  }
  page->before = *last;
  *last = page;
  waitq_store_exchange exchange = {.size = sizeof exchange,
                                   .change = page->before == NULL ? 0 : page->before->answer.change,
                                   .planes_wanted = (UINT32_C(1) << WAITQ_STORE_PLANES) - 1,
                                   .sink = &told};
  int code = waitq__redis_converse(room, &exchange, WAITQ__EXCHANGE_LOADING | WAITQ__EXCHANGE_ANY_EPOCH, PAGE_CHUNKS,
                                   &page->answer, &page->reply, error);
  if (code == WAITQ_OK && !page->answer.has_head) {
    code = waitq__fail(error, WAITQ_E_STORE, "%s is not there any more", room->keys.names[WAITQ__KEY_HEAD]);
  }
  return code;
}

static int is_same_version(const struct page *page) {
  const waitq_store_head *head = &page->answer.head;
  const waitq_store_head *before = page->before == NULL ? head : &page->before->answer.head;
  return head->version == before->version && head->epoch == before->epoch;
}

static int fetch_all(struct waitq__redis_room *room, struct page **last, waitq_error *error) {
  for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    int code;
    do {
      code = fetch(room, last, error);
    } while (code == WAITQ_OK && is_same_version(*last) && (*last)->answer.more);
    if (code != WAITQ_OK || is_same_version(*last)) {
      return code;
    }
    drop(room, *last);
    *last = NULL;
  }
  return waitq__fail(error, WAITQ_E_CONFLICT, "%s changes faster than it can be loaded",
                     room->keys.names[WAITQ__KEY_HEAD]);
}

int waitq__redis_load(void *room, const waitq_store_sink *sink, waitq_error *error) {
  struct waitq__redis_room *redis = room;
  struct page *last = NULL;
  int code = fetch_all(redis, &last, error);
  if (code == WAITQ_OK) {
    code = sink->head(sink->user, &last->answer.head);
  }
  for (const struct page *page = last; code == WAITQ_OK && page != NULL; page = page->before) {
    code = waitq__answer_changes(&page->answer, sink, 0, error);
  }
  drop(redis, last);
  return code;
}
