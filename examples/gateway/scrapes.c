/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "scrapes.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "call.h"
#include "gateway.h"
#include "loop.h"
#include "metrics.h"
#include "reply.h"

/* A text, and how many replies are yet to be sent with it. */
struct scrape {
  struct metrics_text text;
  _Atomic size_t readers;
};

static void release(struct scrape *scrape) {
  if (atomic_fetch_sub_explicit(&scrape->readers, 1, memory_order_acq_rel) == 1) {
    free(scrape->text.bytes);
    free(scrape);
  }
}

static void on_end_of_request(void *lease) {
  release(*(struct scrape **)lease);
}

/* In the loop of who asked. */
static void tell(struct errand *errand) {
  struct call *call = (struct call *)errand;
  struct visit *visit = call->visit;
  struct scrape *scrape = call->scrape;
  const int code = call->code;
  call_free(call);
  if (code != WAITQ_OK) {
    reply_failure(visit, code);
    return;
  }
  struct scrape **lease = h2o_mem_alloc_shared(&visit->req->pool, sizeof(struct scrape *), on_end_of_request);
  *lease = scrape;
  reply_kept(visit, 200, "text/plain; version=0.0.4; charset=utf-8", scrape->text.bytes, scrape->text.length);
}

static struct call *take_waiting(struct scrapes *scrapes) {
  pthread_mutex_lock(&scrapes->lock);
  struct call *waiting = scrapes->waiting;
  scrapes->waiting = NULL;
  scrapes->is_writing = waiting != NULL;
  pthread_mutex_unlock(&scrapes->lock);
  return waiting;
}

static void tell_all(struct call *waiting, struct scrape *scrape, int code) {
  while (waiting != NULL) {
    struct call *call = waiting;
    waiting = call->next_waiting;
    call->code = code;
    call->scrape = scrape;
    call->errand.done = tell;
    errand_post(&call->errand);
  }
}

static void write_for(struct scrapes *scrapes, struct call *waiting) {
  struct scrape *scrape = calloc(1, sizeof *scrape);
  int code = WAITQ_E_NOMEM;
  if (scrape != NULL) {
    code = metrics_write(scrapes->gateway, &scrapes->hint, &scrape->text);
  }
  if (code != WAITQ_OK) {
    free(scrape);
    tell_all(waiting, NULL, code);
    return;
  }
  size_t readers = 0;
  for (const struct call *call = waiting; call != NULL; call = call->next_waiting) {
    readers++;
  }
  atomic_init(&scrape->readers, readers);
  tell_all(waiting, scrape, WAITQ_OK);
}

static void run(struct errand *errand) {
  struct scrapes *scrapes = (struct scrapes *)errand;
  struct call *waiting;
  while ((waiting = take_waiting(scrapes)) != NULL) {
    write_for(scrapes, waiting);
  }
}

void scrapes_reply(struct visit *visit) {
  struct scrapes *scrapes = &visit->loop->gateway->scrapes;
  struct call *call = call_new(visit);
  if (call == NULL) {
    return;
  }
  pthread_mutex_lock(&scrapes->lock);
  const bool is_first = !scrapes->is_writing;
  scrapes->is_writing = true;
  call->next_waiting = scrapes->waiting;
  scrapes->waiting = call;
  pthread_mutex_unlock(&scrapes->lock);
  if (is_first) {
    errands_submit(&scrapes->thread, &scrapes->writing);
  }
}

bool scrapes_start(struct scrapes *scrapes, struct gateway *gateway) {
  *scrapes = (struct scrapes){.writing = {.run = run}, .gateway = gateway};
  pthread_mutex_init(&scrapes->lock, NULL);
  return errands_start(&scrapes->thread);
}

void scrapes_stop(struct scrapes *scrapes) {
  errands_stop(&scrapes->thread);
}

void scrapes_free(struct scrapes *scrapes) {
  errands_free(&scrapes->thread);
  pthread_mutex_destroy(&scrapes->lock);
}
