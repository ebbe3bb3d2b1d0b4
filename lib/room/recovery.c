/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/recovery.h"

#include <string.h>

#include "base/lock.h"
#include "core/advance.h"
#include "core/number.h"
#include "room/shared.h"
#include "room/signing.h"

/* How many numbers are skipped after a loss: four seconds of 30,000 joins each that no context has heard of. */
#define GAP_TICKETS (UINT64_C(1) << 17)
#define GAP_WORDS (GAP_TICKETS / 64 + 1)

/* What is put back has a version that no context has known: nothing that was computed before can be committed on top of it. */
#define VERSION_JUMP (UINT64_C(1) << 20)

/* How many runs of bits one exchange brings back. */
#define RUNS 64

/* Bits begin to end - 1 of a bitmap that starts at ticket first. */
static void set_range(uint64_t *words, uint64_t first, uint64_t begin, uint64_t end) {
  for (uint64_t number = begin; number < end; number++) {
    words[(number - first) / 64] |= UINT64_C(1) << (number - first) % 64;
  }
}

/* Which is later: what this context knows, or what the store still has. */
static int is_known_later(const waitq_room_t *room, const struct waitq__told *lost) {
  uint64_t epoch = waitq__word(&room->ledger.epoch);
  if (room->version == WAITQ__VERSION_NONE) {
    return 0;
  }
  return !lost->has_head || lost->epoch < epoch || (lost->epoch == epoch && lost->version <= room->version);
}

static uint64_t most(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

/* What the room is put back as. */
struct revival {
  int is_ours; /* as this context knows it, not as the store still has it */
  uint64_t epoch;
  uint64_t version;
  uint64_t begin; /* of the numbers that are skipped */
  uint64_t end;
  struct waitq__state state;
};

/* Numbers are skipped above all that anybody is known to have handed out. */
static struct revival revive(const waitq_room_t *room, const struct waitq__told *lost) {
  uint64_t known_epoch = waitq__word(&room->ledger.epoch);
  uint64_t known_next = waitq__word(&room->ledger.next);
  struct revival revival = {.is_ours = is_known_later(room, lost)};
  revival.state = revival.is_ours ? room->state : lost->state;
  revival.epoch = revival.is_ours ? known_epoch : lost->epoch;
  revival.begin = revival.is_ours ? known_next : lost->next;
  if (lost->has_head && lost->epoch == revival.epoch) {
    revival.begin = most(revival.begin, lost->next);
  }
  if (room->version != WAITQ__VERSION_NONE && known_epoch == revival.epoch) {
    revival.begin = most(revival.begin, known_next);
  }
  revival.end = revival.begin + GAP_TICKETS < WAITQ__NUMBER_END ? revival.begin + GAP_TICKETS : WAITQ__NUMBER_END;
  revival.version = revival.is_ours ? room->version : lost->version;
  if (lost->has_head) {
    revival.version = most(revival.version, lost->version);
  }
  revival.version += VERSION_JUMP;
  waitq__state_recover(&revival.state, revival.begin, revival.end, waitq__room_now(room));
  return revival;
}

/* Puts it into the store. What is skipped is gone there until it is shown. */
static int put_into_store(waitq_room_t *room, const struct revival *revival, uint64_t *words, waitq_error *error) {
  uint64_t first = revival->begin - revival->begin % 64;
  set_range(words, first, revival->begin, revival->end);
  const waitq_store_bits gone = {WAITQ__PLANE_GONE, (uint32_t)((revival->end - first + 63) / 64), first, words};
  const waitq_store_commit commit = {
      .size = sizeof commit,
      .version = revival->version,
      .epoch = revival->epoch,
      .join_limit = waitq__state_takes_joins(&revival->state) ? revival->end : 0, /* the next step says better */
      .state = &revival->state,
      .state_size = sizeof revival->state,
      .bits_count = 1,
      .bits = &gone,
      .trim_below = revival->state.trim,
      .next_min = revival->end,
  };
  waitq_store_exchange exchange = {.epoch = revival->epoch,
                                   .version = revival->version,
                                   .change = room->shared->change,
                                   .losses = room->shared->losses,
                                   .stood_us = room->shared->stood_us,
                                   .flags = WAITQ_STORE_RECOVER,
                                   .commit = &commit};
  struct waitq__told told = waitq__replica_known(room);
  int code = waitq__replica_ask(room, &exchange, &told, error);
  if (code == WAITQ_OK && exchange.commit_code == WAITQ_OK) {
    waitq__log(&room->context->log, WAITQ_LOG_WARNING,
               "room %s: the store had lost it: put back %s, and numbers %llu to %llu are skipped", room->named.name,
               revival->is_ours ? "as it was known here" : "as the store still had it",
               (unsigned long long)revival->begin, (unsigned long long)(revival->end - 1));
  }
  return code;
}

int waitq__room_recover(waitq_room_t *room, const struct waitq__told *lost, waitq_error *error) {
  if (room->version == WAITQ__VERSION_NONE && !lost->has_head) {
    return waitq__fail(error, WAITQ_E_STORE, "the room \"%s\" is not in the store any more", room->named.name);
  }
  /* The keys go first: whoever reads the room finds the one that it names. */
  int code = waitq__room_agree_again(room, error);
  uint64_t *words = code == WAITQ_OK ? waitq__alloc_zeroed(&room->context->allocator, GAP_WORDS * sizeof *words) : NULL;
  if (words == NULL) {
    return code != WAITQ_OK ? code : waitq__fail(error, WAITQ_E_NOMEM, "no memory to put the room back");
  }
  const struct revival revival = revive(room, lost);
  code = put_into_store(room, &revival, words, error);
  waitq__free(&room->context->allocator, words);
  return code == WAITQ_OK ? WAITQ_E_CONFLICT : code;
}

/* What is brought back, a few runs an exchange. */
struct returns {
  waitq_room_t *room;
  waitq_error *error;
  uint64_t known_next;
  uint32_t mark_count;
  uint32_t unmark_count;
  waitq_store_bits marks[RUNS];
  waitq_store_bits unmarks[RUNS];
  uint64_t words[2 * RUNS][WAITQ__CHUNK_WORDS];
};

static int flush(struct returns *returns) {
  waitq_room_t *room = returns->room;
  if (returns->mark_count + returns->unmark_count == 0) {
    return WAITQ_OK;
  }
  waitq_store_exchange exchange = {.epoch = waitq__word(&room->ledger.epoch),
                                   .version = waitq__replica_version(room),
                                   .change = room->shared->change,
                                   .mark_count = returns->mark_count,
                                   .marks = returns->marks,
                                   .unmark_count = returns->unmark_count,
                                   .unmarks = returns->unmarks};
  struct waitq__told told = waitq__replica_known(room);
  int code = waitq__replica_ask(room, &exchange, &told, returns->error);
  returns->mark_count = 0;
  returns->unmark_count = 0;
  if (code == WAITQ_OK &&
      ((exchange.found & WAITQ_STORE_FOUND_LOSS) != 0 || waitq__word(&room->ledger.epoch) != told.known_epoch)) {
    return WAITQ_E_CONFLICT;
  }
  return code == WAITQ_OK ? waitq__replica_take(room, &exchange, &told, returns->error) : code;
}

/* Whether a chunk is still there: while the store is asked, others may let go of it. */
static int is_held(const struct returns *returns, uint64_t first) {
  const struct waitq__ledger *ledger = &returns->room->ledger;
  return first >= waitq__word(&ledger->first) && first < ledger->end;
}

static int add_plane(struct returns *returns, unsigned plane, uint64_t first) {
  if (!is_held(returns, first)) {
    return WAITQ_OK;
  }
  const _Atomic uint64_t *from = waitq__chunk_plane(waitq__ledger_chunk(&returns->room->ledger, first), plane);
  uint64_t *words = returns->words[returns->mark_count];
  uint64_t all = 0;
  for (unsigned i = 0; from != NULL && i < WAITQ__CHUNK_WORDS; i++) {
    words[i] = waitq__word(&from[i]);
    all |= words[i];
  }
  if (all == 0) {
    return WAITQ_OK;
  }
  returns->marks[returns->mark_count++] = (waitq_store_bits){plane, WAITQ__CHUNK_WORDS, first, words};
  return returns->mark_count == RUNS ? flush(returns) : WAITQ_OK;
}

/* Numbers of the gap that were known here all along, and are not gone. */
static int add_known(struct returns *returns, uint64_t first) {
  if (!is_held(returns, first)) {
    return WAITQ_OK;
  }
  const struct waitq__state *state = &returns->room->state;
  struct waitq__chunk *chunk = waitq__ledger_chunk(&returns->room->ledger, first);
  uint64_t *words = returns->words[RUNS + returns->unmark_count];
  uint64_t all = 0;
  memset(words, 0, sizeof returns->words[0]);
  for (unsigned bit = 0; bit < WAITQ__CHUNK_TICKETS; bit++) {
    uint64_t number = first + bit;
    if (number >= state->gap_begin && number < state->gap_end && number < returns->known_next) {
      words[bit / 64] |= UINT64_C(1) << bit % 64;
    }
  }
  for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
    words[i] &= ~waitq__word(&chunk->gone[i]);
    all |= words[i];
  }
  if (all == 0) {
    return WAITQ_OK;
  }
  returns->unmarks[returns->unmark_count++] = (waitq_store_bits){WAITQ__PLANE_GONE, WAITQ__CHUNK_WORDS, first, words};
  return returns->unmark_count == RUNS ? flush(returns) : WAITQ_OK;
}

int waitq__room_put_back(waitq_room_t *room, uint64_t losses, uint64_t known_next, waitq_error *error) {
  if (!room->shared->has_losses) {
    room->shared->has_losses = 1;
    room->shared->losses = losses;
    return WAITQ_OK;
  }
  int code = waitq__room_agree_again(room, error);
  if (code != WAITQ_OK) {
    return code;
  }
  struct returns *returns = waitq__alloc(&room->context->allocator, sizeof *returns);
  if (returns == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory to put the room back");
  }
  returns->room = room;
  returns->error = error;
  returns->known_next = known_next;
  returns->mark_count = 0;
  returns->unmark_count = 0;
  uint64_t first = waitq__word(&room->ledger.first);
  for (; code == WAITQ_OK && first < known_next && first < room->ledger.end; first += WAITQ__CHUNK_TICKETS) {
    code = add_known(returns, first);
    for (unsigned plane = 0; code == WAITQ_OK && plane < WAITQ__PLANE_COUNT; plane++) {
      code = plane == WAITQ__PLANE_GONE || (WAITQ__SEEN_PLANES >> plane & 1) != 0 ? WAITQ_OK
                                                                                  : add_plane(returns, plane, first);
    }
    code = code == WAITQ_OK ? add_plane(returns, WAITQ__PLANE_GONE, first) : code;
  }
  code = code == WAITQ_OK ? flush(returns) : code;
  waitq__free(&room->context->allocator, returns);
  if (code == WAITQ_OK) {
    room->shared->losses = losses;
    room->shared->flushed_generation = 0; /* what was told of polls is lost as well */
  }
  return code;
}
