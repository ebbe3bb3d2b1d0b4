/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/round.h"

#include <string.h>
#include <time.h>

#include "base/lock.h"
#include "context/io.h"
#include "room/ask.h"
#include "room/keep.h"
#include "room/shared.h"
#include "room/step.h"

/* How many requests a round of a store in the process takes at most: what they need lies on the leader's stack. */
#define CAPACITY_IN_PROCESS 64

/* How often a request is planned anew after others have moved the state on, before it gives up. */
#define CONFLICTS_MAX 1000

/* After so many conflicts in a row rounds are made half as long, and again: whoever plans longer than the others would never be the first. */
#define CONFLICTS_PATIENCE 4
#define SHORTEST_ROUND 4

/* How many rounds the context's thread leads before it looks at what else is due: more may come for ever. */
#define ROUNDS_AT_ONCE 8

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

static void push(waitq_room_t *room, struct waitq__request *request) {
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
      push(room, request);
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
      push(room, request);
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

static void begin(struct waitq__round *round, waitq_room_t *room) {
  memset(round, 0, offsetof(struct waitq__round, failure));
  round->failure.size = sizeof round->failure;
  round->failure.text[0] = '\0';
  round->room = room;
  round->now_us = room->state.now_us;
  room->is_led = 1;
  room->rounds++;
}

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

/* Carries out what was begun, and hands the room on. */
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

static void lead_in_process(waitq_room_t *room) {
  uint64_t space[CAPACITY_IN_PROCESS * SPACE_EACH / sizeof(uint64_t)];
  struct waitq__round round;
  begin(&round, room);
  use_space(&round, space, CAPACITY_IN_PROCESS);
  int chunks = gather(&round);
  carry_out(&round, chunks);
}

static void lead(waitq_room_t *room) {
  if (waitq__room_is_in_process(room)) {
    lead_in_process(room);
    return;
  }
  struct waitq__round *round = &room->shared->round;
  make_space(room);
  begin(round, room);
  use_space(round, room->shared->space, room->shared->capacity);
  int chunks = gather(round);
  carry_out(round, chunks);
}

static void look_once(waitq_room_t *room, int64_t now_us) {
  struct waitq__round round;
  begin(&round, room);
  if (now_us > round.now_us) {
    round.now_us = now_us;
  }
  waitq__plan_step(&round, WAITQ__SWEEP_POLL);
  carry_out(&round, WAITQ__SWEEP_POLL);
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
    push(room, requests[i]);
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
  push(room, request);
  int is_idle = !room->is_led && request == room->queue;
  pthread_mutex_unlock(&room->lock);
  if (waitq__room_is_in_process(room)) {
    waitq__room_serve(room);
  } else if (is_idle) {
    waitq__io_serve(&room->context->io, &room->shared->work);
  }
}
