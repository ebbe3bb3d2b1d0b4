/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "errands.h"

#include <poll.h>
#include <stdlib.h>

#include "clock.h"

#define COLLECTED_AT_ONCE 64

int errands_init(struct errands *errands, waitq_t *context, uint32_t capacity) {
  *errands = (struct errands){.context = context, .capacity = capacity};
  errands->all = calloc(capacity, sizeof *errands->all);
  if (errands->all == NULL || waitq_completion_fd(context, &errands->fd, NULL) != WAITQ_OK) {
    free(errands->all);
    errands->all = NULL;
    return -1;
  }
  pthread_mutex_init(&errands->lock, NULL);
  for (uint32_t i = 0; i < capacity; i++) {
    errands->all[i].owner = errands;
    errands->all[i].next = errands->idle;
    errands->idle = &errands->all[i];
  }
  return 0;
}

void errands_free(struct errands *errands) {
  if (errands->all != NULL) {
    pthread_mutex_destroy(&errands->lock);
    free(errands->all);
    errands->all = NULL;
  }
}

struct errand *errands_take(struct errands *errands, uint32_t visitor) {
  struct errand *errand = errands->idle;
  if (errand != NULL) {
    errands->idle = errand->next;
    errands->under_way++;
    errand->visitor = visitor;
    waitq_ticket_init(&errand->ticket, sizeof errand->ticket);
    waitq_status_init(&errand->status, sizeof errand->status);
    waitq_pass_init(&errand->pass, sizeof errand->pass);
  }
  return errand;
}

void errands_give_back(struct errand *errand) {
  struct errands *errands = errand->owner;
  errand->next = errands->idle;
  errands->idle = errand;
  errands->under_way--;
}

uint64_t errands_tag(const struct errand *errand) {
  return (uint64_t)(uintptr_t)errand;
}

static void put_done(struct errand *errand) {
  struct errands *owner = errand->owner;
  errand->next = NULL;
  pthread_mutex_lock(&owner->lock);
  if (owner->first_done == NULL) {
    owner->first_done = errand;
  } else {
    owner->last_done->next = errand;
  }
  owner->last_done = errand;
  pthread_mutex_unlock(&owner->lock);
}

bool errands_collect(struct errands *errands) {
  waitq_completion done[COLLECTED_AT_ONCE] = {WAITQ_COMPLETION_INIT};
  size_t count = COLLECTED_AT_ONCE;
  while (count == COLLECTED_AT_ONCE) {
    if (waitq_complete(errands->context, done, COLLECTED_AT_ONCE, &count, NULL) != WAITQ_OK) {
      return false;
    }
    for (size_t i = 0; i < count; i++) {
      struct errand *errand = (struct errand *)(uintptr_t)done[i].tag;
      errand->code = done[i].code;
      errand->retriable = done[i].retriable;
      put_done(errand);
    }
  }
  return true;
}

struct errand *errands_next_done(struct errands *errands) {
  pthread_mutex_lock(&errands->lock);
  struct errand *errand = errands->first_done;
  if (errand != NULL) {
    errands->first_done = errand->next;
  }
  pthread_mutex_unlock(&errands->lock);
  return errand;
}

void errands_wait(struct errands *errands, int64_t until_ns) {
  const int64_t left_ns = until_ns - clock_now_ns();
  if (left_ns > 0) {
    poll(&(struct pollfd){.fd = errands->fd, .events = POLLIN}, 1, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS));
  }
}
