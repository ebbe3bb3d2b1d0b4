/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limiter/limiter.h"

#include <stdio.h>
#include <waitq/submit.h>

#include "base/name.h"
#include "base/sized.h"
#include "context/completions.h"
#include "context/context.h"
#include "core/bucket.h"
#include "core/state.h"
#include "limiter/local.h"
#include "limiter/shared.h"

/* What leased limiters are registered with behind their names; no name contains a slash. */
#define LEASED "/leased"

void waitq_limit_init(waitq_limit *limit, size_t size) {
  waitq__sized_init(limit, size, &(waitq_limit)WAITQ_LIMIT_INIT, sizeof(waitq_limit));
}

void waitq_decision_init(waitq_decision *decision, size_t size) {
  waitq__sized_init(decision, size, &(waitq_decision)WAITQ_DECISION_INIT, sizeof(waitq_decision));
}

static int read_limit(const waitq_limit *theirs, waitq_limit *limit, waitq_error *error) {
  int code = waitq__sized_read(limit, sizeof *limit, theirs, "limit", error);
  if (code == WAITQ_OK) {
    code = waitq__rate_check(limit->rate_per_s, error);
  }
  if (code == WAITQ_OK && (limit->burst < 1 || limit->burst > WAITQ__BURST_MAX)) {
    code = waitq__fail(error, WAITQ_E_INVALID, "burst is %llu: it must be from 1 to %llu",
                       (unsigned long long)limit->burst, (unsigned long long)WAITQ__BURST_MAX);
  }
  if (code == WAITQ_OK && limit->mode > WAITQ_LIMIT_LEASED) {
    code = waitq__fail(error, WAITQ_E_INVALID, "mode is %u, which is none", (unsigned)limit->mode);
  }
  if (code == WAITQ_OK && limit->reserved != 0) {
    code = waitq__fail(error, WAITQ_E_VERSION, "limit->reserved is not zero");
  }
  return code;
}

static struct waitq__local *local_of(waitq_limiter_t *limiter) {
  return (struct waitq__local *)limiter;
}

static struct waitq__shared *shared_of(waitq_limiter_t *limiter) {
  return (struct waitq__shared *)limiter;
}

static int is_local(const waitq_limiter_t *limiter) {
  return limiter->kind == WAITQ__LIMITER_LOCAL;
}

static void limiter_free(waitq_limiter_t *limiter) {
  if (is_local(limiter)) {
    waitq__local_free(local_of(limiter));
  } else {
    waitq__shared_end(shared_of(limiter));
  }
}

static void limiter_destroy(struct waitq__named *named) {
  limiter_free((waitq_limiter_t *)named);
}

static enum waitq__limiter_kind kind_of(const waitq_t *context, const waitq_limit *limit) {
  if ((context->ops->flags & WAITQ_STORE_IN_PROCESS) != 0) {
    return WAITQ__LIMITER_LOCAL;
  }
  return limit->mode == WAITQ_LIMIT_LEASED ? WAITQ__LIMITER_LEASED : WAITQ__LIMITER_EXACT;
}

static int limiter_new(waitq_t *context, const char *name, enum waitq__limiter_kind kind, const waitq_limit *limit,
                       waitq_limiter_t **out, waitq_error *error) {
  if (kind != WAITQ__LIMITER_LOCAL) {
    struct waitq__shared *shared = NULL;
    int code = waitq__shared_new(context, name, kind, &shared, error);
    *out = (waitq_limiter_t *)shared;
    return code;
  }
  *out = (waitq_limiter_t *)waitq__local_new(context, limit);
  return *out != NULL ? WAITQ_OK : waitq__fail(error, WAITQ_E_NOMEM, "no memory for a limiter");
}

/* Finds or makes a limiter, under the context's lock. */
static int limiter_get(waitq_t *context, const char *name, const waitq_limit *limit, waitq_limiter_t **out,
                       waitq_error *error) {
  enum waitq__limiter_kind kind = kind_of(context, limit);
  char registered[sizeof context->limiters.chains[0]->name];
  snprintf(registered, sizeof registered, "%s%s", name, kind == WAITQ__LIMITER_LEASED ? LEASED : "");
  *out = (waitq_limiter_t *)waitq__registry_find(&context->limiters, registered);
  if (*out != NULL) {
    return WAITQ_OK;
  }
  int code = limiter_new(context, name, kind, limit, out, error);
  if (code != WAITQ_OK) {
    return code;
  }
  (*out)->named.destroy = limiter_destroy;
  if (waitq__registry_add(&context->limiters, &(*out)->named, registered) != WAITQ_OK) {
    limiter_free(*out);
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a limiter");
  }
  return WAITQ_OK;
}

int waitq_limiter_open(waitq_t *context, const char *name, const waitq_limit *limit, waitq_limiter_t **out,
                       waitq_error *error) {
  if (context == NULL || out == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is NULL", context == NULL ? "context" : "out");
  }
  waitq_limit known = WAITQ_LIMIT_INIT;
  int code = waitq__guard(context, error);
  if (code == WAITQ_OK) {
    code = waitq__name_check(name, WAITQ_ROOM_NAME_MAX, "limiter", error);
  }
  if (code == WAITQ_OK && limit != NULL) {
    code = read_limit(limit, &known, error);
  }
  if (code == WAITQ_OK && kind_of(context, &known) != WAITQ__LIMITER_LOCAL && context->ops->limit == NULL) {
    code = waitq__fail(error, WAITQ_E_UNSUPPORTED, "the store is shared with other processes and has no limiters");
  }
  if (code != WAITQ_OK) {
    return code;
  }
  waitq_limiter_t *limiter = NULL;
  pthread_mutex_lock(&context->lock);
  code = limiter_get(context, name, &known, &limiter, error);
  if (code == WAITQ_OK) {
    limiter->handles++;
    context->handles++;
  }
  pthread_mutex_unlock(&context->lock);
  if (code == WAITQ_OK && !is_local(limiter)) {
    code = waitq__shared_open(shared_of(limiter), &known, error);
    if (code != WAITQ_OK) {
      waitq_limiter_close(limiter);
    }
  }
  if (code == WAITQ_OK) {
    *out = limiter;
  }
  return code;
}

/* A bucket in this process lives on without handles, as one in a database would: the context's end frees it. Of a shared one
 * nothing is left to keep; a new one is made where it is opened again, even while this one still gives its tokens back. */
void waitq_limiter_close(waitq_limiter_t *limiter) {
  if (limiter == NULL || limiter->context->forks != waitq__fork_count()) {
    return;
  }
  waitq_t *context = limiter->context;
  pthread_mutex_lock(&context->lock);
  limiter->handles--;
  if (limiter->handles == 0 && !is_local(limiter)) {
    waitq__registry_remove(&context->limiters, &limiter->named);
    pthread_mutex_unlock(&context->lock);
    waitq__shared_end(shared_of(limiter));
    pthread_mutex_lock(&context->lock);
  }
  waitq__handle_end(context);
}

static int guard(const waitq_limiter_t *limiter, waitq_error *error) {
  if (limiter == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "limiter is NULL");
  }
  return waitq__guard(limiter->context, error);
}

int waitq_limiter_configure(waitq_limiter_t *limiter, const waitq_limit *limit, waitq_error *error) {
  waitq_limit known = WAITQ_LIMIT_INIT;
  int code = guard(limiter, error);
  if (code == WAITQ_OK) {
    code = read_limit(limit, &known, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  return is_local(limiter) ? waitq__local_configure(local_of(limiter), &known, error)
                           : waitq__shared_configure(shared_of(limiter), &known, error);
}

static int check_try(const waitq_limiter_t *limiter, uint32_t tokens, const waitq_decision *decision,
                     waitq_error *error) {
  int code = guard(limiter, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(decision, "decision", error);
  }
  if (code == WAITQ_OK && tokens == 0) {
    code = waitq__fail(error, WAITQ_E_INVALID, "tokens is 0");
  }
  return code;
}

int waitq_limiter_try(waitq_limiter_t *limiter, uint32_t tokens, waitq_decision *decision, waitq_error *error) {
  int code = check_try(limiter, tokens, decision, error);
  if (code != WAITQ_OK) {
    return code;
  }
  if (!is_local(limiter)) {
    return waitq__shared_try(shared_of(limiter), tokens, decision, error);
  }
  waitq__local_try(local_of(limiter), tokens, decision);
  return WAITQ_OK;
}

int waitq_submit_try(waitq_limiter_t *limiter, uint32_t tokens, waitq_decision *decision, uint64_t tag,
                     waitq_error *error) {
  int code = check_try(limiter, tokens, decision, error);
  if (code == WAITQ_OK) {
    code = waitq__completion_reserve(limiter->context, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  if (!is_local(limiter)) {
    return waitq__shared_submit(shared_of(limiter), tokens, decision, tag, error);
  }
  waitq__local_try(local_of(limiter), tokens, decision);
  waitq__complete(limiter->context, tag, WAITQ_OK);
  return WAITQ_OK;
}
