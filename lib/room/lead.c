/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/lead.h"

#include <time.h>

#include "base/lock.h"
#include "context/io.h"
#include "room/shared.h"

/* How many requests a round of a store in the process takes at most: what they need lies on the leader's stack. */
#define CAPACITY_IN_PROCESS 64

/* How many rounds the context's thread leads before it looks at what else is due: more may come for ever. */
#define ROUNDS_AT_ONCE 8

/* Bytes of the arrays of a round, for each request. */
#define SPACE_EACH (4 * sizeof(waitq_store_bits) + 4 * sizeof(uint64_t) + sizeof(uint64_t) + sizeof(waitq_store_join))

static void use_space(struct waitq__round *round, void *space, uint32_t capacity) {
  char *at = space;
  round->bits = (waitq_store_bits *)at;
  at += 2 * capacity * sizeof *round->bits;
  round->marks = (waitq_store_bits *)at;
  at += 2 * capacity * sizeof *round->marks;
  round->words = (uint64_t *)at;
  at += 2 * capacity * sizeof *round->words;
  round->mark_words = (uint64_t *)at;
  at += 2 * capacity * sizeof *round->mark_words;
  round->touched = (uint64_t *)at;
  at += capacity * sizeof *round->touched;
  round->joins = (waitq_store_join *)at;
  round->capacity = capacity;
}

/* The more have gathered, the more a round takes; where there is no memory for it, the others wait for the next. */
static void make_space(waitq_room_t *room) {
  struct waitq__shared *shared = room->shared;
  uint32_t waiting = 0;
  for (const struct waitq__request *request = room->queue; request != NULL && waiting < WAITQ__ROUND_MOST;
       request = request->next) {
    waiting++;
  }
  if (waiting > shared->capacity) {
    void *space = waitq__alloc(&room->context->allocator, WAITQ__ROUND_MOST * SPACE_EACH);
    if (space != NULL) {
      waitq__free(&room->context->allocator, shared->space);
      shared->space = space;
      shared->capacity = WAITQ__ROUND_MOST;
    }
  }
}

int waitq__room_make_space(waitq_room_t *room) {
  room->shared->space = waitq__alloc(&room->context->allocator, WAITQ__ROUND_LEAST * SPACE_EACH);
  room->shared->capacity = WAITQ__ROUND_LEAST;
  return room->shared->space == NULL ? WAITQ_E_NOMEM : WAITQ_OK;
}

static void lead_in_process(waitq_room_t *room) {
  uint64_t space[CAPACITY_IN_PROCESS * SPACE_EACH / sizeof(uint64_t)];
  struct waitq__round round;
  waitq__round_begin(&round, room);
  use_space(&round, space, CAPACITY_IN_PROCESS);
  waitq__round_carry(&round);
}

static void lead(waitq_room_t *room) {
  if (waitq__room_is_in_process(room)) {
    lead_in_process(room);
    return;
  }
  struct waitq__round *round = &room->shared->round;
  make_space(room);
  waitq__round_begin(round, room);
  use_space(round, room->shared->space, room->shared->capacity);
  waitq__round_carry(round);
}

static void look_once(waitq_room_t *room, int64_t now_us) {
  struct waitq__round round;
  waitq__round_begin(&round, room);
  waitq__round_look(&round, now_us);
}

void waitq__room_look_round(waitq_room_t *room, int64_t now_us) {
  look_once(room, now_us);
  if (room->conflicts_in_a_row > 0) { /* it was read anew, as it was left a while ago */
    look_once(room, now_us);
  }
}

/* Somebody else leads: waits for the round that the request takes part in. */
static void sleep_through(waitq_room_t *room, const struct waitq__request *request) {
  unsigned parity = (unsigned)(request->round % 2);
  room->sleepers[parity]++;
  pthread_cond_wait(&room->turned[parity], &room->lock);
  room->sleepers[parity]--;
}

/* Whoever stops leading sees to it that somebody goes on with what is left. */
static void hand_on(waitq_room_t *room) {
  if (room->queue == NULL || room->is_led) {
    return;
  }
  unsigned parity = (unsigned)((room->rounds + 1) % 2);
  if (room->sleepers[parity] > 0) {
    pthread_cond_signal(&room->turned[parity]);
  } else if (!waitq__room_is_in_process(room)) {
    waitq__io_serve(&room->context->io, &room->shared->work);
  } else {
    /* It was submitted while this thread led: whoever did so has gone. */
    while (room->queue != NULL && !room->is_led) {
      lead(room);
    }
  }
}

void waitq__room_run_all(waitq_room_t *room, struct waitq__request *const *requests, size_t count) {
  waitq__lock(&room->lock);
  for (size_t i = 0; i < count; i++) {
    waitq__room_queue(room, requests[i]);
  }
  for (size_t i = 0; i < count;) {
    if (requests[i]->is_over) {
      i++;
    } else if (room->is_led) {
      sleep_through(room, requests[i]);
    } else {
      lead(room);
    }
  }
  hand_on(room);
  pthread_mutex_unlock(&room->lock);
}

int waitq__room_run(waitq_room_t *room, struct waitq__request *request) {
  waitq__room_run_all(room, &request, 1);
  return request->code;
}

/* How many have gathered, as far as it matters. */
static uint32_t gathered(const waitq_room_t *room) {
  uint32_t count = 0;
  for (const struct waitq__request *request = room->queue; request != NULL && count < WAITQ__ROUND_LEAST;
       request = request->next) {
    count++;
  }
  return count;
}

/* The context's thread leads a round, but for a moment in which more may come, unless others wait for the thread. */
static void lead_patiently(waitq_room_t *room) {
  struct waitq__gather *gather = &room->shared->gather;
  int64_t wait_us = waitq__gather_wait(gather, waitq__monotonic_us(), gathered(room));
  if (wait_us > 0 && !waitq__io_is_awaited(&room->context->io, &room->shared->work)) {
    const struct timespec pause = {0, (long)wait_us * 1000};
    pthread_mutex_unlock(&room->lock);
    nanosleep(&pause, NULL);
    waitq__lock(&room->lock);
  }
  if (room->queue != NULL && !room->is_led) {
    int64_t begun_us = waitq__monotonic_us();
    lead(room);
    waitq__gather_note(gather, begun_us, room->shared->round.member_count);
  }
}

void waitq__room_serve(waitq_room_t *room) {
  waitq__lock(&room->lock);
  for (unsigned rounds = 0; room->queue != NULL && !room->is_led; rounds++) {
    if (rounds >= ROUNDS_AT_ONCE && !waitq__room_is_in_process(room)) {
      waitq__io_serve(&room->context->io, &room->shared->work);
      break;
    }
    if (waitq__room_is_in_process(room)) {
      lead(room);
    } else {
      lead_patiently(room);
    }
  }
  pthread_mutex_unlock(&room->lock);
}

void waitq__room_submit(waitq_room_t *room, struct waitq__request *request) {
  waitq__lock(&room->lock);
  waitq__room_queue(room, request);
  int is_idle = !room->is_led && request == room->queue;
  pthread_mutex_unlock(&room->lock);
  if (waitq__room_is_in_process(room)) {
    waitq__room_serve(room);
  } else if (is_idle) {
    waitq__io_serve(&room->context->io, &room->shared->work);
  }
}
