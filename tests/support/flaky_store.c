/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "flaky_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A handle, of the store or of a room. */
struct handle {
  struct flaky *flaky;
  void *inner;
};

static int fail(struct flaky *flaky, waitq_error *error) {
  int code = flaky->mode == FLAKY_REFUSES ? WAITQ_E_STORE : WAITQ_E_TIMEOUT;
  flaky->failed++;
  if (error != NULL) {
    error->code = code;
    error->retriable = 1;
    snprintf(error->text, sizeof error->text, "a bad line");
  }
  return code;
}

/* Counts a call; whether it is the one, or one of those, that goes wrong. */
static int goes_wrong(struct flaky *flaky) {
  uint64_t number = ++flaky->calls;
  uint64_t until = flaky->until > flaky->at ? flaky->until : flaky->at;
  return flaky->at != 0 && number >= flaky->at && number <= until;
}

static struct handle *handle_new(struct flaky *flaky, void *inner) {
  struct handle *handle = malloc(sizeof *handle);
  if (handle != NULL) {
    *handle = (struct handle){flaky, inner};
  }
  return handle;
}

static int flaky_open(const char *uri, const waitq_store_env *env, void **store, waitq_error *error) {
  void *inner = NULL;
  int code = waitq_store_memory()->open(uri, env, &inner, error);
  *store = code == WAITQ_OK ? handle_new(env->user, inner) : NULL;
  return code;
}

static void flaky_close(void *store) {
  waitq_store_memory()->close(((struct handle *)store)->inner);
  free(store);
}

static int flaky_room_open(void *store, const char *name, const waitq_store_head *initial, void **room,
                           waitq_error *error) {
  struct handle *handle = store;
  struct flaky *flaky = handle->flaky;
  void *inner = NULL;
  int wrong = goes_wrong(flaky);
  if (wrong && flaky->mode == FLAKY_REFUSES) {
    return fail(flaky, error);
  }
  int code = waitq_store_memory()->room_open(handle->inner, name, initial, &inner, error);
  if (code == WAITQ_OK && wrong && flaky->mode == FLAKY_LOSES_THE_ANSWER) {
    waitq_store_memory()->room_close(inner);
    return fail(flaky, error);
  }
  *room = code == WAITQ_OK && inner != NULL ? handle_new(flaky, inner) : NULL;
  return code;
}

static void flaky_room_close(void *room) {
  waitq_store_memory()->room_close(((struct handle *)room)->inner);
  free(room);
}

/* What load goes through, where the state is to be spoiled on its way, or the head only looked at. */
struct spoiling {
  const struct flaky *flaky;
  const waitq_store_sink *sink;
  waitq_store_head head;
  unsigned char state[WAITQ_STORE_STATE_MAX];
};

static int spoil_head(void *user, const waitq_store_head *head) {
  struct spoiling *spoiling = user;
  spoiling->head = *head;
  memcpy(spoiling->state, head->state, head->state_size);
  spoiling->head.state = spoiling->state;
  if (spoiling->sink == NULL) {
    return WAITQ_OK;
  }
  if (spoiling->flaky->mode == FLAKY_DAMAGES_THE_STATE) {
    spoiling->state[spoiling->flaky->byte % head->state_size] ^= 0xff;
  } else {
    spoiling->head.state_size = spoiling->flaky->byte;
  }
  return spoiling->sink->head(spoiling->sink->user, &spoiling->head);
}

static int spoil_bits(void *user, const waitq_store_bits *bits) {
  struct spoiling *spoiling = user;
  return spoiling->sink == NULL ? WAITQ_OK : spoiling->sink->bits(spoiling->sink->user, bits);
}

static int flaky_load(void *room, const waitq_store_sink *sink, waitq_error *error) {
  struct handle *handle = room;
  struct flaky *flaky = handle->flaky;
  int wrong = goes_wrong(flaky);
  flaky->loads++;
  if (wrong && flaky->mode == FLAKY_REFUSES) {
    return fail(flaky, error);
  }
  if (wrong && (flaky->mode == FLAKY_DAMAGES_THE_STATE || flaky->mode == FLAKY_CUTS_THE_STATE)) {
    struct spoiling spoiling = {.flaky = flaky, .sink = sink};
    const waitq_store_sink spoiler = {sizeof spoiler, &spoiling, spoil_head, spoil_bits};
    flaky->failed++;
    return waitq_store_memory()->load(handle->inner, &spoiler, error);
  }
  int code = waitq_store_memory()->load(handle->inner, sink, error);
  return code == WAITQ_OK && wrong && flaky->mode == FLAKY_LOSES_THE_ANSWER ? fail(flaky, error) : code;
}

static void rival_commits(struct handle *handle) {
  struct spoiling look = {.flaky = handle->flaky};
  const waitq_store_sink sink = {sizeof sink, &look, spoil_head, spoil_bits};
  waitq_store_memory()->load(handle->inner, &sink, NULL);
  const waitq_store_commit commit = {.size = sizeof commit,
                                     .version = look.head.version,
                                     .epoch = look.head.epoch,
                                     .join_limit = look.head.join_limit,
                                     .state = look.state,
                                     .state_size = look.head.state_size};
  waitq_store_memory()->commit(handle->inner, &commit, NULL);
  handle->flaky->failed++;
}

/* Before the call itself: whether it is not to be made at all. */
static int is_refused(struct handle *handle, int wrong) {
  if (wrong && handle->flaky->mode == FLAKY_HAS_A_RIVAL) {
    rival_commits(handle);
  }
  return wrong && handle->flaky->mode == FLAKY_REFUSES;
}

static int lose_answer(struct flaky *flaky, int wrong, int code, waitq_error *error) {
  return code == WAITQ_OK && wrong && flaky->mode == FLAKY_LOSES_THE_ANSWER ? fail(flaky, error) : code;
}

static int flaky_append(void *room, uint64_t epoch, int64_t now_us, waitq_store_join *joins, size_t count,
                        waitq_error *error) {
  struct handle *handle = room;
  int wrong = goes_wrong(handle->flaky);
  if (is_refused(handle, wrong)) {
    return fail(handle->flaky, error);
  }
  waitq_store_join *asked = malloc(count * sizeof *asked);
  memcpy(asked, joins, count * sizeof *asked);
  int code = waitq_store_memory()->append(handle->inner, epoch, now_us, joins, count, error);
  code = lose_answer(handle->flaky, wrong, code, error);
  if (code != WAITQ_OK) {
    memcpy(joins, asked, count * sizeof *asked); /* what the answer would have said is not known either */
  }
  free(asked);
  return code;
}

static int flaky_mark(void *room, uint64_t epoch, const waitq_store_bits *bits, size_t count, waitq_error *error) {
  struct handle *handle = room;
  int wrong = goes_wrong(handle->flaky);
  if (is_refused(handle, wrong)) {
    return fail(handle->flaky, error);
  }
  int code = waitq_store_memory()->mark(handle->inner, epoch, bits, count, error);
  return lose_answer(handle->flaky, wrong, code, error);
}

static int flaky_commit(void *room, const waitq_store_commit *commit, waitq_error *error) {
  struct handle *handle = room;
  int wrong = goes_wrong(handle->flaky);
  if (is_refused(handle, wrong)) {
    return fail(handle->flaky, error);
  }
  int code = waitq_store_memory()->commit(handle->inner, commit, error);
  return lose_answer(handle->flaky, wrong, code, error);
}

void flaky_init(struct flaky *flaky, enum flaky_mode mode) {
  *flaky = (struct flaky){.mode = mode,
                          .ops = {.size = sizeof(waitq_store_ops),
                                  .flags = WAITQ_STORE_IN_PROCESS,
                                  .open = flaky_open,
                                  .close = flaky_close,
                                  .room_open = flaky_room_open,
                                  .room_close = flaky_room_close,
                                  .load = flaky_load,
                                  .append = flaky_append,
                                  .mark = flaky_mark,
                                  .commit = flaky_commit}};
}

uint64_t flaky_recover(struct flaky *flaky) {
  uint64_t failed = flaky->failed;
  flaky->at = 0;
  flaky->until = 0;
  flaky->failed = 0;
  return failed;
}
