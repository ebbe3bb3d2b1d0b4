/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/restore.h"

#include <string.h>

#include "core/number.h"
#include "core/state.h"
#include "room/lead.h"
#include "room/shared.h"

/* How many tickets go back in one exchange. */
#define BATCH 256

/* How far numbers are skipped where a ticket is shown that lies beyond all that are known, and how far beyond it may lie. */
#define BEYOND 4096
#define BEYOND_CHUNKS 16

struct restore {
  struct waitq__request request;
  int has_refreshed;
  uint32_t count;
  uint32_t unmark_count;
  waitq_store_shown shown[BATCH];
  waitq_store_bits unmarks[BATCH];
  uint64_t words[BATCH];
  uint64_t skipped[BEYOND_CHUNKS][WAITQ__CHUNK_WORDS];
};

int waitq__restore_is_due(const waitq_room_t *room) {
  const struct waitq__shown_ring *ring = &room->shared->shown;
  return atomic_load_explicit(&ring->puts, memory_order_relaxed) != ring->taken_puts;
}

/* Numbers from begin to end count as gone until they are shown. */
static void skip(struct waitq__round *round, struct restore *restore, uint64_t begin, uint64_t end) {
  uint64_t first = begin - begin % WAITQ__CHUNK_TICKETS;
  memset(restore->skipped, 0, sizeof restore->skipped);
  for (unsigned chunk = 0; first < end; chunk++, first += WAITQ__CHUNK_TICKETS) {
    for (unsigned bit = 0; bit < WAITQ__CHUNK_TICKETS; bit++) {
      if (first + bit >= begin && first + bit < end) {
        restore->skipped[chunk][bit / 64] |= UINT64_C(1) << bit % 64;
      }
    }
    waitq__round_bits(round,
                      &(waitq_store_bits){WAITQ__PLANE_GONE, WAITQ__CHUNK_WORDS, first, restore->skipped[chunk]});
  }
}

/* A ticket that lies beyond all numbers that are known, and yet is genuine. Returns whether there is one. */
static int reach_beyond(struct waitq__round *round, struct restore *restore) {
  uint64_t next = waitq__word(&round->room->ledger.next);
  uint64_t most = next + (BEYOND_CHUNKS - 1) * (uint64_t)WAITQ__CHUNK_TICKETS - BEYOND;
  uint64_t end = 0;
  for (uint32_t i = 0; i < restore->count; i++) {
    uint64_t number = restore->shown[i].number;
    end = number >= end && number < most ? number + 1 : end;
  }
  if (end <= next) {
    return 0;
  }
  end = end + BEYOND < WAITQ__NUMBER_END ? end + BEYOND : WAITQ__NUMBER_END;
  waitq__state_recover(waitq__round_change(round), next, end, round->now_us);
  skip(round, restore, next, end);
  round->next_min = end;
  round->commits = 1;
  return 1;
}

static enum waitq__verdict plan_restore(struct waitq__round *round, struct waitq__request *request) {
  struct restore *restore = (struct restore *)request;
  const waitq_room_t *room = round->room;
  const struct waitq__state *state = waitq__round_state(round);
  if (round->member_count > 0) {
    return WAITQ__LATER;
  }
  round->is_exclusive = 1;
  round->refreshes = 1;
  if (!restore->has_refreshed) {
    return WAITQ__PLANNED;
  }
  if (reach_beyond(round, restore)) {
    return WAITQ__PLANNED;
  }
  restore->unmark_count = 0;
  for (uint32_t i = 0; i < restore->count; i++) {
    uint64_t number = restore->shown[i].number;
    if (number >= state->gap_begin && number < state->gap_end && number >= state->floor &&
        number < waitq__word(&room->ledger.next) && number >= waitq__word(&room->ledger.first) &&
        waitq__ledger_test(&room->ledger, WAITQ__PLANE_GONE, number) &&
        !waitq__ledger_test(&room->ledger, WAITQ__PLANE_LEFT, number)) {
      uint32_t at = restore->unmark_count++;
      restore->unmarks[at] = waitq__one_bit(WAITQ__PLANE_GONE, number, &restore->words[at]);
    }
  }
  if (state->gap_until_us != 0) {
    round->unmarks = restore->unmarks;
    round->unmark_count = restore->unmark_count;
    round->shown = restore->shown;
    round->shown_count = restore->count;
  }
  return WAITQ__PLANNED;
}

/* What was put back is no longer gone. */
static void unmark(waitq_room_t *room, const waitq_store_bits *bits) {
  uint64_t chunk_word = bits->first % WAITQ__CHUNK_TICKETS / 64;
  uint64_t word = waitq__word(&waitq__ledger_chunk(&room->ledger, bits->first)->gone[chunk_word]) & ~bits->words[0];
  waitq__ledger_replace(&room->ledger, WAITQ__PLANE_GONE, bits->first, &word, 1);
}

static enum waitq__verdict settle_restore(struct waitq__round *round, struct waitq__request *request) {
  struct restore *restore = (struct restore *)request;
  if (!restore->has_refreshed) {
    restore->has_refreshed = 1;
    return WAITQ__LATER;
  }
  if (round->next_min != 0) {
    return WAITQ__LATER;
  }
  for (uint32_t i = 0; i < round->unmark_count; i++) {
    unmark(round->room, &round->unmarks[i]);
  }
  return WAITQ__DONE;
}

int waitq__room_restore(waitq_room_t *room, int64_t now_us, waitq_error *error) {
  struct restore *restore = waitq__alloc_zeroed(&room->context->allocator, sizeof *restore);
  if (restore == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory to put places back");
  }
  int code = waitq__shown_make(&room->shared->shown, &room->context->allocator);
  while (code == WAITQ_OK) {
    restore->request = (struct waitq__request){.plan = plan_restore,
                                               .settle = settle_restore,
                                               .wants_step = 1,
                                               .goes_first = 1,
                                               .now_us = now_us,
                                               .error = error};
    restore->has_refreshed = 0;
    restore->count = waitq__shown_take(&room->shared->shown, restore->shown, BATCH);
    if (restore->count == 0) {
      break;
    }
    code = waitq__room_run(room, &restore->request);
  }
  waitq__free(&room->context->allocator, restore);
  return code;
}
