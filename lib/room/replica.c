/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/replica.h"

#include "base/lock.h"
#include "core/advance.h"
#include "core/number.h"
#include "room/recovery.h"
#include "room/shared.h"
#include "room/signing.h"
#include "room/store_time.h"

/* All planes but those of polls: those are asked for when a generation ends. */
#define PLANES_FOLLOWED (((UINT32_C(1) << WAITQ__PLANE_COUNT) - 1) & ~WAITQ__SEEN_PLANES)

#define TIMEOUT_US 0 /* the store's own */

/* The numbers that others have handed out. */
static int take_next(waitq_room_t *room, uint64_t next) {
  if (next <= waitq__word(&room->ledger.next)) {
    return WAITQ_OK;
  }
  if (next > WAITQ__NUMBER_END) {
    return WAITQ_E_DAMAGED;
  }
  int code = waitq__ledger_reserve(&room->ledger, next);
  if (code == WAITQ_OK) {
    waitq__ledger_extend(&room->ledger, next);
  }
  return code;
}

/* A later epoch has taken the place of the one that was known. */
static void note_reset(waitq_room_t *room, uint64_t new_epoch) {
  uint64_t epoch = waitq__word(&room->ledger.epoch);
  if (new_epoch > epoch) {
    atomic_store_explicit(&room->shared->over_epoch, epoch, memory_order_relaxed);
  }
}

/* Another epoch: ledger and state begin anew, and together. Where there is no memory, the room is empty and of no epoch, as before it was
 * read first. */
static int begin_epoch(waitq_room_t *room, const struct waitq__told *told) {
  note_reset(room, told->epoch);
  waitq__ledger_reset(&room->ledger, told->epoch, told->state.trim);
  room->shared->seen_change = 0;
  room->shared->is_behind = 1;
  int code = take_next(room, told->next);
  if (code == WAITQ_OK) {
    room->state = told->state;
    room->version = told->version;
    room->join_limit = told->join_limit;
    return WAITQ_OK;
  }
  waitq__ledger_reset(&room->ledger, 0, 0);
  waitq__state_reset(&room->state);
  room->version = WAITQ__VERSION_NONE;
  return code;
}

static int told_head(void *user, const waitq_store_head *head) {
  struct waitq__told *told = user;
  waitq_room_t *room = told->room;
  int code = waitq__state_read(&told->state, head->state, head->state_size, told->why);
  if (code != WAITQ_OK) {
    return code;
  }
  if (head->next < told->state.head || head->epoch == 0 || head->epoch > WAITQ__EPOCH_MAX) {
    return waitq__fail(told->why, WAITQ_E_DAMAGED, "its epoch or next number cannot be, or does not fit its state");
  }
  told->has_head = 1;
  told->version = head->version;
  told->epoch = head->epoch;
  told->next = head->next;
  told->join_limit = head->join_limit;
  waitq__lock(&room->lock);
  /* What was lost is put back before it is believed. */
  int is_lost = (told->exchange->found & WAITQ_STORE_FOUND_LOSS) != 0;
  if (!is_lost && head->epoch != waitq__word(&room->ledger.epoch)) {
    code = begin_epoch(room, told);
  }
  pthread_mutex_unlock(&room->lock);
  return code;
}

/* After a loss, what the store tells is added to what is known here, and numbers that were known all along are not gone. */
static void merge(const struct waitq__told *told, const waitq_store_bits *bits, uint32_t from, uint32_t count,
                  uint64_t *merged) {
  const struct waitq__state *state = told->has_head ? &told->state : &told->room->state;
  uint64_t first = bits->first + from * UINT64_C(64);
  const _Atomic uint64_t *known = waitq__chunk_plane(waitq__ledger_chunk(&told->room->ledger, first), bits->plane);
  unsigned at = (unsigned)(first % WAITQ__CHUNK_TICKETS / 64);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t mine = known == NULL ? 0 : waitq__word(&known[at + i]);
    merged[i] = bits->words[from + i];
    for (unsigned bit = 0; bits->plane == WAITQ__PLANE_GONE && bit < 64; bit++) {
      uint64_t number = first + i * UINT64_C(64) + bit;
      if (number >= state->gap_begin && number < state->gap_end && number < told->known_next) {
        merged[i] &= ~(UINT64_C(1) << bit);
      }
    }
    merged[i] |= mine;
  }
}

/* Whether there was a loss that is not taken in yet. */
static int is_after_loss(const struct waitq__told *told) {
  const struct waitq__shared *shared = told->room->shared;
  return shared->has_losses && told->exchange->losses != shared->losses &&
         waitq__word(&told->room->ledger.epoch) == told->known_epoch;
}

/* Whether readers would take tickets that are only skipped for ones that are gone. */
static int is_unprepared(const struct waitq__told *told) {
  return is_after_loss(told) && told->exchange->losses != told->room->shared->shown_losses;
}

static int take_bits(struct waitq__told *told, const waitq_store_bits *bits, uint32_t from, uint32_t count) {
  struct waitq__ledger *ledger = &told->room->ledger;
  uint64_t first = bits->first + from * UINT64_C(64);
  uint64_t merged[WAITQ__CHUNK_WORDS];
  const uint64_t *words = &bits->words[from];
  int code = waitq__ledger_reserve(ledger, first + count * UINT64_C(64));
  if (code != WAITQ_OK) {
    return code;
  }
  if (is_after_loss(told)) {
    merge(told, bits, from, count, merged);
    words = merged;
  }
  return waitq__ledger_replace(ledger, bits->plane, first, words, count);
}

static int told_bits(void *user, const waitq_store_bits *bits) {
  struct waitq__told *told = user;
  waitq_room_t *room = told->room;
  struct waitq__ledger *ledger = &room->ledger;
  int code = WAITQ_OK;
  told->bits_count++;
  waitq__lock(&room->lock);
  int is_for_later = is_unprepared(told);
  for (uint32_t i = is_for_later ? bits->count : 0; code == WAITQ_OK && i < bits->count;) {
    uint64_t first = bits->first + i * UINT64_C(64);
    uint32_t count = (uint32_t)((WAITQ__CHUNK_TICKETS - first % WAITQ__CHUNK_TICKETS) / 64);
    count = count < bits->count - i ? count : bits->count - i;
    if (first >= waitq__word(&ledger->first) && first < WAITQ__NUMBER_END) {
      code = take_bits(told, bits, i, count);
    }
    i += count;
  }
  pthread_mutex_unlock(&room->lock);
  return code;
}

/* Empties the planes of generations that a new state has retired. */
static void empty_retired(waitq_room_t *room, const struct waitq__state *next) {
  uint32_t seen = waitq__wheel_retired_since(&room->state.heartbeat, &next->heartbeat);
  uint32_t renewed = waitq__wheel_retired_since(&room->state.session, &next->session);
  waitq__ledger_empty(&room->ledger, seen << WAITQ__PLANE_SEEN | renewed << WAITQ__PLANE_RENEWED);
}

void waitq__replica_take_state(waitq_room_t *room, const struct waitq__state *state, uint64_t version,
                               uint64_t join_limit) {
  empty_retired(room, state);
  room->state = *state;
  room->version = version;
  room->join_limit = join_limit;
  while (waitq__word(&room->ledger.first) + WAITQ__CHUNK_TICKETS <= state->trim &&
         waitq__word(&room->ledger.first) < room->ledger.end) {
    waitq__ledger_drop(&room->ledger);
  }
}

/* A state that cannot be read is worth a line, once: until it can be, all that this context knows is what was before. */
static void note_readable(waitq_room_t *room, const waitq_error *why) {
  struct waitq__shared *shared = room->shared;
  if (why->code != WAITQ_OK && shared->unreadable == 0) {
    waitq__log(&room->context->log, WAITQ_LOG_ERROR,
               "room %s: what others have written cannot be read, and nobody joins or enters here: %s",
               room->named.name, why->text);
  } else if (why->code == WAITQ_OK && shared->unreadable != 0) {
    waitq__log(&room->context->log, WAITQ_LOG_INFO, "room %s: it can be read again", room->named.name);
  }
  shared->unreadable = why->code;
}

/* When the room was made, in the room's time: once for all, for the host may have a clock of its own. */
static void note_birth(waitq_room_t *room, const waitq_store_exchange *exchange) {
  struct waitq__shared *shared = room->shared;
  int is_lost = (exchange->found & WAITQ_STORE_FOUND_LOSS) != 0;
  if (!is_lost && exchange->born_us != shared->stored_born_us) {
    int64_t age_us = exchange->now_us - exchange->born_us;
    shared->stored_born_us = exchange->born_us;
    atomic_store_explicit(&shared->born_us, exchange->born_us == 0 ? 0 : shared->asked_us - age_us,
                          memory_order_release); /* after the epoch that it is of */
  }
}

int waitq__replica_ask(waitq_room_t *room, waitq_store_exchange *exchange, struct waitq__told *told,
                       waitq_error *error) {
  const waitq_store_sink sink = {sizeof sink, told, told_head, told_bits};
  told->exchange = exchange;
  told->has_head = 0;
  told->bits_count = 0;
  exchange->size = sizeof *exchange;
  exchange->sink = &sink;
  exchange->found = 0;
  exchange->timeout_us = TIMEOUT_US;
  pthread_mutex_unlock(&room->lock);
  struct waitq__store_moment moment = waitq__store_moment_begin(room);
  waitq_error why = WAITQ_ERROR_INIT;
  waitq_error unreadable = WAITQ_ERROR_INIT;
  told->why = &unreadable;
  int code = room->context->ops->exchange(room->stored, exchange, &why);
  told->why = NULL;
  if (code != WAITQ_OK && unreadable.code != WAITQ_OK) {
    why = unreadable; /* whatever the store makes of it */
    code = why.code;
  }
  waitq__lock(&room->lock);
  if (code == WAITQ_OK || unreadable.code != WAITQ_OK) {
    note_readable(room, &unreadable);
  }
  waitq__store_moment_end(room, &moment, code, exchange->now_us);
  if (code == WAITQ_OK) {
    note_birth(room, exchange);
    return WAITQ_OK;
  }
  int is_of_room = code == WAITQ_E_DAMAGED || code == WAITQ_E_VERSION || code == WAITQ_E_NOMEM;
  return waitq__fail(error, code, "%s%s%s%s", is_of_room ? "the room \"" : "", is_of_room ? room->named.name : "",
                     is_of_room ? "\": " : "", why.code == code ? why.text : waitq_error_text(code));
}

uint64_t waitq__replica_version(const waitq_room_t *room) {
  return room->shared->is_behind ? WAITQ__VERSION_NONE : room->version;
}

struct waitq__told waitq__replica_known(waitq_room_t *room) {
  return (struct waitq__told){
      .room = room, .known_next = waitq__word(&room->ledger.next), .known_epoch = waitq__word(&room->ledger.epoch)};
}

int waitq__replica_take(waitq_room_t *room, const waitq_store_exchange *exchange, const struct waitq__told *told,
                        waitq_error *error) {
  int code = take_next(room, exchange->next);
  if (code != WAITQ_OK) {
    return waitq__fail(error, code, "the room \"%s\", next number %llu: %s", room->named.name,
                       (unsigned long long)exchange->next, waitq_error_text(code));
  }
  /* A state without the bits that belong to it is none that something can be decided by. */
  if (told->has_head && exchange->planes_wanted == PLANES_FOLLOWED) {
    waitq__replica_take_state(room, &told->state, told->version, told->join_limit);
    room->shared->has_stepped = 0;
  }
  room->shared->stood_us = exchange->stood_us;
  room->shared->nodes = exchange->nodes;
  return WAITQ_OK;
}

/* What more there is to tell than fits into one exchange. */
static int take_more(waitq_room_t *room, waitq_store_exchange *exchange, struct waitq__told *told, waitq_error *error) {
  int code = WAITQ_OK;
  while (code == WAITQ_OK && (exchange->found & WAITQ_STORE_FOUND_MORE) != 0) {
    waitq_store_exchange more = {.epoch = waitq__word(&room->ledger.epoch),
                                 .version = waitq__replica_version(room),
                                 .change = exchange->change,
                                 .planes_wanted = exchange->planes_wanted};
    code = waitq__replica_ask(room, &more, told, error);
    if (code == WAITQ_OK && ((more.found & WAITQ_STORE_FOUND_LOSS) != 0 || is_unprepared(told))) {
      code = WAITQ_E_CONFLICT; /* the next exchange puts it back */
    }
    code = code == WAITQ_OK ? waitq__replica_take(room, &more, told, error) : code;
    *exchange = more;
  }
  return code;
}

static waitq_store_commit commit_of(struct waitq__round *round) {
  const waitq_room_t *room = round->room;
  return (waitq_store_commit){
      .size = sizeof(waitq_store_commit),
      .version = waitq__replica_version(room),
      .epoch = round->new_epoch != 0 ? round->new_epoch : waitq__word(&room->ledger.epoch),
      .join_limit = round->new_epoch != 0 ? waitq__join_limit_empty(&round->state)
                                          : waitq__join_limit(&round->state, &room->ledger),
      .state = &round->state,
      .state_size = sizeof round->state,
      .clear_planes = round->clear_planes,
      .bits_count = round->bits_count,
      .bits = round->bits,
      .trim_below = round->state.trim,
      .next_min = round->next_min,
  };
}

/* How far what the round asks about is known. */
static uint64_t *change_of(const struct waitq__round *round) {
  struct waitq__shared *shared = round->room->shared;
  return round->wants_polls ? &shared->seen_change : &shared->change;
}

static waitq_store_exchange exchange_of(struct waitq__round *round, const waitq_store_commit *commit) {
  const waitq_room_t *room = round->room;
  return (waitq_store_exchange){
      .epoch = waitq__word(&room->ledger.epoch),
      .version = waitq__replica_version(room),
      .change = *change_of(round),
      .joined_us = waitq__ticket_time(round->now_us),
      .planes_wanted = round->wants_polls ? WAITQ__SEEN_PLANES : PLANES_FOLLOWED,
      .flags = (round->is_strict ? WAITQ_STORE_IF_UNCHANGED : 0U) | (round->tells_polls ? WAITQ_STORE_POLLS_TOLD : 0U),
      .told_age_us = room->shared->slowest_us,
      .mark_count = round->mark_count,
      .marks = round->marks,
      .unmark_count = round->unmark_count,
      .unmarks = round->unmarks,
      .shown_count = round->shown_count,
      .shown = round->shown,
      .join_count = round->join_count,
      .joins = round->joins,
      .commit = round->commits ? commit : NULL,
  };
}

/* What became of the round's own commit. */
static void take_commit(struct waitq__round *round, const waitq_store_commit *commit,
                        const waitq_store_exchange *exchange) {
  waitq_room_t *room = round->room;
  if (!round->commits) {
    return;
  }
  if (exchange->commit_code != WAITQ_OK) {
    round->conflicted = 1;
    return;
  }
  if (round->new_epoch != 0) {
    note_reset(room, round->new_epoch);
    waitq__ledger_reset(&room->ledger, round->new_epoch, 0);
    room->shared->seen_change = 0;
  }
  waitq__replica_take_state(room, &round->state, commit->version + 1, commit->join_limit);
  room->shared->has_stepped = 1;
}

/* What could not be taken in of what others did is no failure of what was asked: the store has done that. */
static int outcome(struct waitq__round *round, int code) {
  uint32_t effects = round->mark_count + round->unmark_count + round->shown_count + round->join_count;
  if ((code != WAITQ_E_NOMEM && code != WAITQ_E_DAMAGED && code != WAITQ_E_VERSION) ||
      (effects == 0 && !round->commits)) {
    return code;
  }
  return waitq__fail(&round->failure, WAITQ_E_STORE, "what others did could not be taken in: %s",
                     waitq_error_text(code));
}

/* After a loss, readers learn which numbers were skipped before the bits say that these are gone. The bits, of which none was taken, are told
 * again. */
static int prepare(struct waitq__round *round, waitq_store_exchange *exchange, struct waitq__told *told) {
  waitq_room_t *room = round->room;
  if (!is_unprepared(told)) {
    return WAITQ_OK;
  }
  waitq_store_exchange look = {.epoch = waitq__word(&room->ledger.epoch), .version = WAITQ__VERSION_NONE};
  struct waitq__told seen = waitq__replica_known(room);
  int code = waitq__replica_ask(room, &look, &seen, &round->failure);
  if (code != WAITQ_OK) {
    return code;
  }
  if (!seen.has_head || (look.found & WAITQ_STORE_FOUND_LOSS) != 0 || look.losses != exchange->losses ||
      seen.epoch != told->known_epoch) {
    return WAITQ_E_CONFLICT; /* another loss, or a new epoch: the next exchange tells */
  }
  room->state.gap_begin = seen.state.gap_begin;
  room->state.gap_end = seen.state.gap_end;
  room->state.gap_until_us = seen.state.gap_until_us;
  room->shared->shown_losses = look.losses;
  waitq__room_publish(room);
  told->has_head = 0;
  exchange->found |= WAITQ_STORE_FOUND_MORE;
  exchange->change = *change_of(round);
  return WAITQ_OK;
}

/* Takes what was told into state and ledger, all of it. */
static int take_all(struct waitq__round *round, waitq_store_exchange *exchange, struct waitq__told *told) {
  waitq_room_t *room = round->room;
  uint64_t known_next = told->known_next;
  uint64_t known_epoch = told->known_epoch;
  int code = prepare(round, exchange, told);
  if (code == WAITQ_OK) {
    code = waitq__replica_take(room, exchange, told, &round->failure);
  }
  if (code == WAITQ_OK) {
    code = take_more(room, exchange, told, &round->failure);
  }
  if (code == WAITQ_OK && (!room->shared->has_losses || exchange->losses != room->shared->losses)) {
    /* Of an epoch that was made in its place nothing is put back. */
    known_next = known_epoch == waitq__word(&room->ledger.epoch) ? known_next : 0;
    code = waitq__room_put_back(room, exchange->losses, known_next, &round->failure);
  }
  return code;
}

/* While the state cannot be read, nothing is asked of the store but whether it can be now. Then all is planned again. */
static int look_again(struct waitq__round *round) {
  waitq_room_t *room = round->room;
  waitq_store_exchange exchange = {.epoch = waitq__word(&room->ledger.epoch),
                                   .version = waitq__replica_version(room),
                                   .change = room->shared->change};
  struct waitq__told told = waitq__replica_known(room);
  int code = waitq__replica_ask(room, &exchange, &told, &round->failure);
  return code == WAITQ_OK ? WAITQ_E_CONFLICT : code;
}

int waitq__replica_exchange(struct waitq__round *round) {
  waitq_room_t *room = round->room;
  if (room->shared->unreadable != 0) {
    return look_again(round);
  }
  if (round->bits_count > 0) {
    waitq__round_change(round);
    round->commits = 1;
  }
  if (!round->commits && round->mark_count + round->unmark_count + round->shown_count + round->join_count == 0 &&
      !round->refreshes && !round->tells_polls) {
    return WAITQ_OK;
  }
  const waitq_store_commit commit = round->commits ? commit_of(round) : (waitq_store_commit){0};
  waitq_store_exchange exchange = exchange_of(round, &commit);
  struct waitq__told told = waitq__replica_known(room);
  int code = waitq__replica_ask(room, &exchange, &told, &round->failure);
  if (code != WAITQ_OK) {
    return code;
  }
  int64_t asked_us = room->shared->asked_us;
  round->is_news = 1;
  if ((exchange.found & WAITQ_STORE_FOUND_LOSS) != 0) {
    return waitq__room_recover(room, &told, &round->failure);
  }
  take_commit(round, &commit, &exchange);
  uint64_t epoch = round->new_epoch != 0 && !round->conflicted ? round->new_epoch : exchange.epoch;
  code = outcome(round, take_all(round, &exchange, &told));
  if (code != WAITQ_OK) {
    room->shared->is_behind = 1; /* all of it is told again, with what was set here */
    return code;
  }
  waitq__room_find_key(room);
  *change_of(round) = exchange.change;
  room->shared->is_behind &= round->wants_polls;
  if (!round->wants_polls) {
    waitq__store_told(room, asked_us);
  }
  round->untold_us = exchange.untold_us;
  return waitq__word(&room->ledger.epoch) == epoch ? WAITQ_OK : WAITQ_E_CONFLICT;
}
