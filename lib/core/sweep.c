/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/sweep.h"

#include <stddef.h>

#include "core/tally.h"

struct waitq__wheel *waitq__sweep_wheel(enum waitq__sweep_kind kind, struct waitq__state *state) {
  return kind == WAITQ__SWEEP_SILENT ? &state->heartbeat : &state->session;
}

/* The tickets that had been issued when the last of the expired generations ended. */
static uint64_t issued_before(const struct waitq__state *state, const struct waitq__ledger *ledger,
                              uint32_t expired_slots) {
  uint64_t end = 0;
  for (unsigned slot = 0; slot < WAITQ__WHEEL_SLOTS; slot++) {
    if ((expired_slots >> slot & 1) != 0 && state->heartbeat_end[slot] > end) {
      end = state->heartbeat_end[slot];
    }
  }
  return end < waitq__word(&ledger->next) ? end : waitq__word(&ledger->next);
}

int waitq__sweep_begin(struct waitq__sweep *sweep, struct waitq__state *state, const struct waitq__ledger *ledger) {
  const struct waitq__wheel *wheel = waitq__sweep_wheel(sweep->kind, state);
  uint32_t expired_slots = waitq__wheel_expired_slots(wheel, state->now_us);
  if (sweep->running || expired_slots == 0) {
    return sweep->running;
  }
  uint64_t first = waitq__word(&ledger->first);
  sweep->running = 1;
  if (sweep->kind == WAITQ__SWEEP_SILENT) {
    sweep->at = state->head - state->head % WAITQ__CHUNK_TICKETS;
    sweep->end = issued_before(state, ledger, expired_slots);
  } else {
    sweep->at = first;
    sweep->end = state->head;
  }
  sweep->live_slots = waitq__wheel_live_slots(wheel, state->now_us);
  sweep->newest_slot = waitq__wheel_slot(wheel->current);
  sweep->done_slots = expired_slots;
  return 1;
}

int waitq__sweep_is_done(struct waitq__sweep *sweep, const struct waitq__ledger *ledger) {
  uint64_t first = waitq__word(&ledger->first);
  if (sweep->at < first) {
    sweep->at = first;
  }
  return sweep->at >= sweep->end;
}

static int any(const uint64_t words[WAITQ__CHUNK_WORDS]) {
  uint64_t all = 0;
  for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
    all |= words[i];
  }
  return all != 0;
}

/* words &= ~plane, for the planes of all live slots: from the newest back, until nobody is left. Who polls at all is found in the newest
 * one or two, so the others are seldom read. Returns whether anybody is left. */
static int remove_marked(const struct waitq__sweep *sweep, waitq__plane_words *planes,
                         uint64_t words[WAITQ__CHUNK_WORDS]) {
  int is_left = any(words);
  for (unsigned back = 0; is_left && back < WAITQ__WHEEL_SLOTS; back++) {
    unsigned slot = (sweep->newest_slot + WAITQ__WHEEL_SLOTS - back) % WAITQ__WHEEL_SLOTS;
    if ((sweep->live_slots >> slot & 1) != 0) {
      for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
        words[i] &= ~waitq__word(&planes[slot][i]);
      }
      is_left = any(words);
    }
  }
  return is_left;
}

int waitq__sweep_find(const struct waitq__sweep *sweep, const struct waitq__state *state,
                      const struct waitq__ledger *ledger, uint64_t words[WAITQ__CHUNK_WORDS]) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, sweep->at);
  if (sweep->kind == WAITQ__SWEEP_SILENT) {
    for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
      words[i] = ~waitq__word(&chunk->gone[i]) & waitq__bits_between(sweep->at + i * 64, state->head, sweep->end);
    }
    return remove_marked(sweep, chunk->seen, words);
  }
  struct waitq__session_planes *sessions = atomic_load_explicit(&chunk->sessions, memory_order_relaxed);
  if (sessions == NULL) {
    return 0;
  }
  for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
    words[i] = waitq__word(&sessions->entered[i]) & ~waitq__word(&sessions->ended[i]);
  }
  return remove_marked(sweep, sessions->renewed, words);
}

static void empty_done(waitq__plane_words *planes, uint32_t slots) {
  for (unsigned slot = 0; slot < WAITQ__WHEEL_SLOTS; slot++) {
    for (unsigned i = 0; (slots >> slot & 1) != 0 && i < WAITQ__CHUNK_WORDS; i++) {
      waitq__set_word(&planes[slot][i], 0);
    }
  }
}

void waitq__sweep_step(struct waitq__sweep *sweep, struct waitq__ledger *ledger, const uint64_t *words) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, sweep->at);
  if (sweep->kind == WAITQ__SWEEP_SILENT) {
    if (words != NULL) {
      waitq__ledger_add_gone(ledger, sweep->at, words);
    }
    empty_done(chunk->seen, sweep->done_slots);
  } else {
    struct waitq__session_planes *sessions = atomic_load_explicit(&chunk->sessions, memory_order_relaxed);
    if (words != NULL) {
      waitq__ledger_add_ended(ledger, sweep->at, words);
    }
    if (sessions != NULL) {
      empty_done(sessions->renewed, sweep->done_slots);
    }
  }
  sweep->at += WAITQ__CHUNK_TICKETS;
}
