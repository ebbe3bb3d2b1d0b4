/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "errands.h"

#include "loop.h"

void errand_post(struct errand *errand) {
  if (errand->loop != NULL) {
    errand->message = (h2o_multithread_message_t){{NULL, NULL}};
    h2o_multithread_send_message(&errand->loop->receiver, &errand->message);
  }
}

static void *work(void *user) {
  struct errands *errands = user;
  pthread_mutex_lock(&errands->lock);
  while (errands->first != NULL || !errands->is_stopping) {
    struct errand *errand = errands->first;
    if (errand == NULL) {
      pthread_cond_wait(&errands->changed, &errands->lock);
      continue;
    }
    errands->first = errand->next;
    if (errands->first == NULL) {
      errands->last = &errands->first;
    }
    pthread_mutex_unlock(&errands->lock);
    errand->run(errand);
    errand_post(errand);
    pthread_mutex_lock(&errands->lock);
  }
  pthread_mutex_unlock(&errands->lock);
  return NULL;
}

bool errands_start(struct errands *errands) {
  *errands = (struct errands){.last = NULL};
  errands->last = &errands->first;
  pthread_mutex_init(&errands->lock, NULL);
  pthread_cond_init(&errands->changed, NULL);
  errands->is_running = pthread_create(&errands->thread, NULL, work, errands) == 0;
  return errands->is_running;
}

void errands_submit(struct errands *errands, struct errand *errand) {
  errand->next = NULL;
  pthread_mutex_lock(&errands->lock);
  *errands->last = errand;
  errands->last = &errand->next;
  pthread_cond_signal(&errands->changed);
  pthread_mutex_unlock(&errands->lock);
}

void errands_stop(struct errands *errands) {
  if (!errands->is_running) {
    return;
  }
  pthread_mutex_lock(&errands->lock);
  errands->is_stopping = true;
  pthread_cond_signal(&errands->changed);
  pthread_mutex_unlock(&errands->lock);
  pthread_join(errands->thread, NULL);
  errands->is_running = false;
}

void errands_free(struct errands *errands) {
  pthread_cond_destroy(&errands->changed);
  pthread_mutex_destroy(&errands->lock);
}
