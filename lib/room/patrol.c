/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/patrol.h"

#include <string.h>

#include "base/lock.h"
#include "core/advance.h"
#include "room/keep.h"
#include "room/lead.h"
#include "room/shared.h"

/* How many chunks a round takes. */
#define CHUNKS 64

/* How often it is tried to end sessions only if none was renewed meanwhile. Where many exit and renew, that would never be. */
#define STRICT_TRIES 16

#define FLUSH_MOST_US 5000000
#define FLUSH_LEAST_US 20000

int64_t waitq__patrol_flush_interval(const struct waitq__state *state) {
  int64_t interval_us = state->heartbeat.ttl_us / 16;
  return interval_us > FLUSH_MOST_US ? FLUSH_MOST_US : interval_us < FLUSH_LEAST_US ? FLUSH_LEAST_US : interval_us;
}

/* How long ago the other contexts have told what they heard, at a guess. */
static int64_t likely_lag(const waitq_room_t *room) {
  return room->shared->nodes <= 1 ? 0 : waitq__patrol_flush_interval(&room->state) + room->shared->slowest_us;
}

int waitq__patrol_is_due(const waitq_room_t *room, const struct waitq__state *state, int64_t now_us) {
  int64_t silent_us = now_us - likely_lag(room);
  int64_t again_us = room->shared->patrolled_us + waitq__patrol_flush_interval(state) / 2;
  int may_ask = room->shared->nodes <= 1 || waitq__monotonic_us() >= again_us;
  return (may_ask && waitq__wheel_expired_slots(&state->heartbeat, silent_us) != 0) ||
         waitq__wheel_expired_slots(&state->session, now_us) != 0;
}

struct chunk_words {
  waitq_store_bits bits;
  uint64_t words[WAITQ__CHUNK_WORDS];
};

struct patrol {
  struct waitq__request request;
  struct waitq__sweep sweep;
  int has_fetched;
  int64_t heard_to_us; /* what all contexts have heard up to here is known */
  int is_done;
  unsigned tries;            /* after conflicts */
  struct chunk_words *found; /* CHUNKS of them */
};

static enum waitq__verdict plan_patrol(struct waitq__round *round, struct waitq__request *request) {
  struct patrol *patrol = (struct patrol *)request;
  waitq_room_t *room = round->room;
  if (round->member_count > 0) {
    return WAITQ__LATER;
  }
  round->is_exclusive = 1;
  if (!patrol->has_fetched) {
    round->refreshes = 1;
    round->wants_polls = 1;
    return WAITQ__PLANNED;
  }
  struct waitq__state *state = waitq__round_change(round);
  waitq__advance_time(state, round->now_us);
  struct waitq__state looked = *state;
  if (patrol->sweep.kind == WAITQ__SWEEP_SILENT && patrol->heard_to_us < looked.now_us) {
    looked.now_us = patrol->heard_to_us;
  }
  patrol->is_done = !waitq__sweep_begin(&patrol->sweep, &looked, &room->ledger);
  for (unsigned i = 0; i < CHUNKS && !patrol->is_done; i++) {
    patrol->is_done = waitq__sweep_is_done(&patrol->sweep, &room->ledger);
    struct chunk_words *chunk = &patrol->found[i];
    if (!patrol->is_done && waitq__sweep_find(&patrol->sweep, &looked, &room->ledger, chunk->words)) {
      uint32_t plane = patrol->sweep.kind == WAITQ__SWEEP_SILENT ? WAITQ__PLANE_GONE : WAITQ__PLANE_ENDED;
      chunk->bits = (waitq_store_bits){plane, WAITQ__CHUNK_WORDS, patrol->sweep.at, chunk->words};
      waitq__round_bits(round, &chunk->bits);
    }
    patrol->sweep.at += WAITQ__CHUNK_TICKETS;
  }
  if (patrol->is_done && patrol->sweep.running) {
    unsigned first = patrol->sweep.kind == WAITQ__SWEEP_SILENT ? WAITQ__PLANE_SEEN : WAITQ__PLANE_RENEWED;
    waitq__wheel_retire(waitq__sweep_wheel(patrol->sweep.kind, state), patrol->sweep.done_slots);
    round->clear_planes |= patrol->sweep.done_slots << first;
    round->commits = 1;
  }
  round->is_strict = patrol->sweep.kind == WAITQ__SWEEP_SESSIONS && patrol->tries < STRICT_TRIES;
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_patrol(struct waitq__round *round, struct waitq__request *request) {
  struct patrol *patrol = (struct patrol *)request;
  if (!patrol->has_fetched) {
    patrol->has_fetched = 1;
    patrol->heard_to_us = round->room->shared->nodes <= 1 ? round->now_us : round->now_us - round->untold_us;
    return WAITQ__LATER;
  }
  return patrol->is_done ? WAITQ__DONE : WAITQ__LATER;
}

/* After a conflict the sweep begins anew, with what has moved on. What all contexts have heard up to a moment stays known. */
static enum waitq__verdict plan_again(struct waitq__round *round, struct waitq__request *request) {
  struct patrol *patrol = (struct patrol *)request;
  if (request->conflicts > 0) {
    patrol->sweep.running = 0;
    request->conflicts = 0;
    patrol->tries++;
  }
  return plan_patrol(round, request);
}

static int run_patrol(waitq_room_t *room, enum waitq__sweep_kind kind, int64_t now_us, waitq_error *error) {
  struct patrol patrol = {
      .request = {.plan = plan_again,
                  .settle = settle_patrol,
                  .holds_step = 1,
                  .goes_first = 1,
                  .now_us = now_us,
                  .error = error},
      .sweep = {.kind = kind},
      .has_fetched = kind == WAITQ__SWEEP_SESSIONS,
      .heard_to_us = INT64_MAX,
      .found = waitq__alloc(&room->context->allocator, CHUNKS * sizeof *patrol.found),
  };
  if (patrol.found == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory to look for silent visitors");
  }
  int code = waitq__room_run(room, &patrol.request);
  waitq__free(&room->context->allocator, patrol.found);
  return code;
}

int waitq__room_patrol(waitq_room_t *room, int64_t now_us, waitq_error *error) {
  int code = waitq__room_flush_polls(room, error);
  waitq__lock(&room->lock);
  room->shared->patrolled_us = waitq__monotonic_us();
  pthread_mutex_unlock(&room->lock);
  if (code == WAITQ_OK) {
    code = run_patrol(room, WAITQ__SWEEP_SILENT, now_us, error);
  }
  return code == WAITQ_OK ? run_patrol(room, WAITQ__SWEEP_SESSIONS, now_us, error) : code;
}

struct flush {
  struct waitq__request request;
  struct chunk_words *chunks;
  uint64_t epoch;
  uint64_t generation;
  uint64_t at; /* the chunk to tell next */
};

/* Where to go on: at the generation that was told last, which may have heard more since. */
static void go_on(struct flush *flush, waitq_room_t *room) {
  struct waitq__shared *shared = room->shared;
  const struct waitq__wheel *wheel = &room->state.heartbeat;
  uint64_t epoch = waitq__word(&room->ledger.epoch);
  if (shared->flushed_epoch != epoch) {
    shared->flushed_epoch = epoch;
    shared->flushed_generation = 0;
  }
  if (flush->epoch != epoch) {
    flush->epoch = epoch;
    flush->generation = 0;
    flush->at = 0;
  }
  uint64_t begin = shared->flushed_generation > wheel->oldest ? shared->flushed_generation : wheel->oldest;
  flush->generation = flush->generation < begin ? begin : flush->generation;
  /* After a loss the room may be back as it was a while ago. */
  flush->generation = flush->generation > wheel->current ? wheel->current : flush->generation;
}

/* Copies what was heard in a generation from a chunk, if anything was. */
static int copy_chunk(const waitq_room_t *room, uint64_t generation, uint64_t first, struct chunk_words *chunk) {
  unsigned slot = waitq__wheel_slot(generation);
  const _Atomic uint64_t *from = waitq__ledger_chunk(&room->ledger, first)->seen[slot];
  uint64_t all = 0;
  for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
    chunk->words[i] = waitq__word(&from[i]);
    all |= chunk->words[i];
  }
  chunk->bits = (waitq_store_bits){WAITQ__PLANE_SEEN + slot, WAITQ__CHUNK_WORDS, first, chunk->words};
  return all != 0;
}

static enum waitq__verdict plan_flush(struct waitq__round *round, struct waitq__request *request) {
  struct flush *flush = (struct flush *)request;
  waitq_room_t *room = round->room;
  const struct waitq__wheel *wheel = &room->state.heartbeat;
  if (round->mark_count > 0) {
    return WAITQ__LATER;
  }
  uint64_t head = room->state.head - room->state.head % WAITQ__CHUNK_TICKETS;
  go_on(flush, room);
  for (unsigned used = 0; used < CHUNKS && flush->generation <= wheel->current;) {
    uint64_t from = head > waitq__word(&room->ledger.first) ? head : waitq__word(&room->ledger.first);
    flush->at = flush->at < from ? from : flush->at;
    if (flush->at >= waitq__word(&room->ledger.next)) {
      flush->generation++;
      flush->at = 0;
      continue;
    }
    if (copy_chunk(room, flush->generation, flush->at, &flush->chunks[used])) {
      waitq__round_marks(round, &flush->chunks[used++].bits);
    }
    flush->at += WAITQ__CHUNK_TICKETS;
  }
  round->tells_polls = flush->generation > wheel->current;
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_flush(struct waitq__round *round, struct waitq__request *request) {
  const struct flush *flush = (const struct flush *)request;
  if (flush->generation <= round->room->state.heartbeat.current) {
    return WAITQ__LATER;
  }
  round->room->shared->flushed_generation = flush->generation - 1;
  return WAITQ__DONE;
}

int waitq__room_flush_polls(waitq_room_t *room, waitq_error *error) {
  struct flush flush = {
      .request = {.plan = plan_flush, .settle = settle_flush, .is_free = 1, .goes_first = 1, .error = error},
      .chunks = waitq__alloc(&room->context->allocator, CHUNKS * sizeof *flush.chunks),
  };
  if (flush.chunks == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory to tell who polled");
  }
  int code = waitq__room_run(room, &flush.request);
  waitq__free(&room->context->allocator, flush.chunks);
  return code;
}
