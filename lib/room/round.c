/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/round.h"

#include <string.h>

#include "base/lock.h"
#include "room/ask.h"
#include "room/keep.h"
#include "room/shared.h"
#include "room/step.h"

/* How often a request is planned anew after others have moved the state on, before it gives up. */
#define CONFLICTS_MAX 1000

/* After so many conflicts in a row rounds are made half as long, and again: whoever plans longer than the others would never be the first. */
#define CONFLICTS_PATIENCE 4
#define SHORTEST_ROUND 4

const struct waitq__state *waitq__round_state(const struct waitq__round *round) {
  return round->has_state ? &round->state : &round->room->state;
}

struct waitq__state *waitq__round_change(struct waitq__round *round) {
  if (!round->has_state) {
    round->state = round->room->state;
    round->has_state = 1;
  }
  return &round->state;
}

int waitq__round_touch(struct waitq__round *round, uint64_t number) {
  for (uint32_t i = 0; i < round->touched_count; i++) {
    if (round->touched[i] == number) {
      return 1;
    }
  }
  if (round->touched_count == round->capacity) {
    return 1;
  }
  round->touched[round->touched_count++] = number;
  return 0;
}

void waitq__round_bit(struct waitq__round *round, unsigned plane, uint64_t number) {
  uint32_t at = round->bits_count++;
  round->bits[at] = waitq__one_bit(plane, number, &round->words[at]);
}

void waitq__round_mark(struct waitq__round *round, unsigned plane, uint64_t number) {
  uint32_t at = round->mark_count++;
  round->marks[at] = waitq__one_bit(plane, number, &round->mark_words[at]);
}

void waitq__round_bits(struct waitq__round *round, const waitq_store_bits *bits) {
  round->bits[round->bits_count++] = *bits;
}

void waitq__round_marks(struct waitq__round *round, const waitq_store_bits *bits) {
  round->marks[round->mark_count++] = *bits;
}

int waitq__round_wants_news(struct waitq__round *round, struct waitq__request *request) {
  if (waitq__room_is_in_process(round->room) || request->has_news) {
    return 0;
  }
  request->has_news = 1;
  request->awaits_news = 1;
  round->refreshes = 1;
  return 1;
}

enum waitq__verdict waitq__request_fail(struct waitq__request *request, int code) {
  request->code = code;
  return WAITQ__DONE;
}

void waitq__room_queue(waitq_room_t *room, struct waitq__request *request) {
  request->next = NULL;
  request->round = room->rounds + 1;
  *room->queue_end = request;
  room->queue_end = &request->next;
}

static void end_request(waitq_room_t *room, struct waitq__request *request) {
  if (request->finish == NULL) {
    request->is_over = 1;
  } else {
    request->next = NULL;
    *room->finished_end = request;
    room->finished_end = &request->next;
  }
}

/* A request that needs a round to begin with would wait for ever where others always come before it: every other round, one such goes
 * first. */
static void bring_forward(waitq_room_t *room) {
  struct waitq__request **at = &room->queue;
  room->brings_forward = !room->brings_forward;
  while (*at != NULL && !(*at)->goes_first) {
    at = &(*at)->next;
  }
  struct waitq__request *first = *at;
  if (!room->brings_forward || first == NULL || first == room->queue) {
    return;
  }
  *at = first->next;
  if (room->queue_end == &first->next) {
    room->queue_end = at;
  }
  first->next = room->queue;
  room->queue = first;
}

/* What all of the queue want, before any of it is planned. */
static int gather(struct waitq__round *round) {
  int chunks = WAITQ__SWEEP_CALL;
  int wants_step = 0;
  bring_forward(round->room);
  int holds_step = round->room->queue != NULL && round->room->queue->holds_step;
  for (const struct waitq__request *request = round->room->queue; request != NULL; request = request->next) {
    if (request->now_us > round->now_us) {
      round->now_us = request->now_us;
    }
    wants_step |= request->wants_step;
    chunks = request->chunks > chunks ? request->chunks : chunks;
  }
  if (!holds_step && (wants_step || waitq__room_is_due(round->room, round->now_us))) {
    waitq__plan_step(round, chunks);
  }
  return chunks;
}

/* How many requests may take part. */
static uint32_t length_of(const struct waitq__round *round) {
  unsigned halvings = round->room->conflicts_in_a_row / CONFLICTS_PATIENCE;
  uint32_t length = halvings < 16 ? round->capacity >> halvings : 0;
  return length > SHORTEST_ROUND || length == round->capacity ? length : SHORTEST_ROUND;
}

/* Whether there is space for what one more may add. */
static int has_space(const struct waitq__round *round) {
  return round->bits_count + 2 <= 2 * round->capacity && round->mark_count + 2 <= 2 * round->capacity;
}

/* Lets the requests of the queue add to the round; returns those that take part. */
static struct waitq__request *plan(struct waitq__round *round) {
  waitq_room_t *room = round->room;
  struct waitq__request *members = NULL;
  struct waitq__request **end = &members;
  struct waitq__request *waiting = room->queue;
  uint32_t length = length_of(round);
  room->queue = NULL;
  room->queue_end = &room->queue;
  while (waiting != NULL) {
    struct waitq__request *request = waiting;
    waiting = request->next;
    int is_full = round->is_exclusive || round->member_count >= length || !has_space(round);
    enum waitq__verdict verdict = is_full ? WAITQ__LATER : request->plan(round, request);
    if (verdict == WAITQ__LATER) {
      waitq__room_queue(room, request);
    } else if (verdict == WAITQ__DONE) {
      end_request(room, request);
    } else {
      request->round = room->rounds;
      request->next = NULL;
      *end = request;
      end = &request->next;
      round->member_count++;
    }
  }
  return members;
}

static void apply_bits(struct waitq__ledger *ledger, const waitq_store_bits *bits) {
  int is_run = bits->count > 1;
  uint64_t number = bits->first + (is_run ? 0 : (uint64_t)__builtin_ctzll(bits->words[0]));
  if (is_run && bits->plane == WAITQ__PLANE_GONE) {
    waitq__ledger_add_gone(ledger, bits->first, bits->words);
  } else if (is_run && bits->plane == WAITQ__PLANE_ENDED) {
    waitq__ledger_add_ended(ledger, bits->first, bits->words);
  } else if (!is_run && bits->plane == WAITQ__PLANE_GONE) {
    waitq__ledger_set_gone(ledger, number);
  } else if (!is_run) {
    waitq__ledger_set(ledger, bits->plane, number);
  }
}

/* Puts into state and ledger what the store has accepted. */
static void apply(struct waitq__round *round) {
  waitq_room_t *room = round->room;
  if (round->has_state && !round->commits && round->state.now_us > room->state.now_us) {
    room->state.now_us = round->state.now_us;
  }
  for (uint32_t i = 0; i < round->bits_count && !round->conflicted; i++) {
    apply_bits(&room->ledger, &round->bits[i]);
  }
  for (uint32_t i = 0; i < round->mark_count; i++) {
    apply_bits(&room->ledger, &round->marks[i]);
  }
  if (round->trims && waitq__room_is_in_process(room)) {
    waitq__ledger_drop(&room->ledger);
  }
}

/* A request whose round has failed. One whose effect has been had before does not fail for it. */
static enum waitq__verdict fail(struct waitq__round *round, struct waitq__request *request, int code) {
  if (request->is_taken) {
    return waitq__request_fail(request, WAITQ_OK);
  }
  if (code == WAITQ_E_CONFLICT && request->conflicts++ < CONFLICTS_MAX) {
    return WAITQ__LATER;
  }
  if ((code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT) && request->cut_off != NULL &&
      !waitq__room_is_in_process(round->room)) {
    /* A connection that has ended in mid-answer is no store that is away: what was asked is asked once more. */
    int may_be_there = code == WAITQ_E_STORE && request->failures++ == 0;
    return may_be_there ? WAITQ__LATER : request->cut_off(round, request);
  }
  waitq__fail(request->error, code, "%s",
              round->failure.text[0] != '\0' ? round->failure.text : waitq_error_text(code));
  return waitq__request_fail(request, code);
}

static void settle(struct waitq__round *round, struct waitq__request *members, int code) {
  waitq_room_t *room = round->room;
  /* Those who come to another round go before those who have come meanwhile. */
  struct waitq__request *arrived = room->queue;
  struct waitq__request **arrived_end = room->queue_end;
  room->queue = NULL;
  room->queue_end = &room->queue;
  while (members != NULL) {
    struct waitq__request *request = members;
    members = request->next;
    int own_code = code == WAITQ_OK && round->conflicted && !request->is_free ? WAITQ_E_CONFLICT : code;
    int has_asked = request->awaits_news;
    request->awaits_news = 0;
    enum waitq__verdict verdict = own_code != WAITQ_OK ? fail(round, request, own_code)
                                  : has_asked          ? WAITQ__LATER
                                                       : request->settle(round, request);
    if (verdict == WAITQ__LATER) {
      waitq__room_queue(room, request);
    } else {
      end_request(room, request);
    }
  }
  if (arrived != NULL) {
    *room->queue_end = arrived;
    room->queue_end = arrived_end;
  }
}

/* Answers submitted requests, without the lock. */
static void finish(waitq_room_t *room) {
  while (room->finished != NULL) {
    struct waitq__request *request = room->finished;
    room->finished = NULL;
    room->finished_end = &room->finished;
    pthread_mutex_unlock(&room->lock);
    while (request != NULL) {
      struct waitq__request *next = request->next;
      request->finish(request);
      request = next;
    }
    waitq__lock(&room->lock);
  }
}

void waitq__round_begin(struct waitq__round *round, waitq_room_t *room) {
  memset(round, 0, offsetof(struct waitq__round, failure));
  round->failure.size = sizeof round->failure;
  round->failure.text[0] = '\0';
  round->room = room;
  round->now_us = room->state.now_us;
  room->is_led = 1;
  room->rounds++;
}

static void carry_out(struct waitq__round *round, int chunks) {
  waitq_room_t *room = round->room;
  struct waitq__request *members = plan(round);
  if (round->has_state && waitq__room_is_in_process(room) && chunks != WAITQ__SWEEP_POLL) {
    waitq__room_save_swept(room); /* before head moves over whom a sweep has found */
  }
  int code = waitq__room_ask(round);
  room->conflicts_in_a_row = code == WAITQ_E_CONFLICT || round->conflicted ? room->conflicts_in_a_row + 1 : 0;
  if (code == WAITQ_OK) {
    apply(round);
  }
  if (round->has_state) {
    int is_poll = chunks == WAITQ__SWEEP_POLL;
    room->late_us = code == WAITQ_OK ? 0 : is_poll ? round->now_us : room->late_us;
  }
  if (round->has_state || round->bits_count > 0 || round->is_news) {
    /* After a failure as well: what is due is due to whoever comes next. */
    waitq__room_publish(room);
  }
  settle(round, members, code);
  unsigned parity = (unsigned)(room->rounds % 2);
  if (room->sleepers[parity] > 0) {
    pthread_cond_broadcast(&room->turned[parity]);
  }
  finish(room);
  room->is_led = 0;
}

void waitq__round_carry(struct waitq__round *round) {
  int chunks = gather(round);
  carry_out(round, chunks);
}

void waitq__round_look(struct waitq__round *round, int64_t now_us) {
  if (now_us > round->now_us) {
    round->now_us = now_us;
  }
  waitq__plan_step(round, WAITQ__SWEEP_POLL);
  carry_out(round, WAITQ__SWEEP_POLL);
}
