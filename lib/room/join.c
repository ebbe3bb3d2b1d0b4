/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Join: a place at the end, or the place that the visitor has. */

#include <sodium.h>
#include <string.h>

#include "base/lock.h"
#include "base/sized.h"
#include "core/advance.h"
#include "core/number.h"
#include "room/room.h"

/* So many joins are done under one hold of the lock: they live on the stack. */
#define BATCH 64

void waitq_ticket_init(waitq_ticket *ticket, size_t size) {
  waitq__sized_init(ticket, size, &(waitq_ticket)WAITQ_TICKET_INIT, sizeof(waitq_ticket));
}

void waitq_join_options_init(waitq_join_options *options, size_t size) {
  waitq__sized_init(options, size, &(waitq_join_options)WAITQ_JOIN_OPTIONS_INIT, sizeof(waitq_join_options));
}

static int check_visitor(const waitq_visitor *visitor, waitq_error *error) {
  if (visitor->id == NULL && visitor->length != 0) {
    return waitq__fail(error, WAITQ_E_INVALID, "visitor is NULL and its length is %zu", visitor->length);
  }
  if (visitor->id != NULL && (visitor->length == 0 || visitor->length > WAITQ_VISITOR_MAX)) {
    return waitq__fail(error, WAITQ_E_INVALID, "a visitor id has %zu bytes: it must have 1 to %d", visitor->length,
                       WAITQ_VISITOR_MAX);
  }
  return WAITQ_OK;
}

static void ask(const waitq_room_t *room, const waitq_visitor *visitor, waitq_store_join *join) {
  *join = (waitq_store_join){.replaces = WAITQ_STORE_NO_NUMBER, .anonymous = visitor->id == NULL};
  if (visitor->id != NULL) {
    crypto_shorthash_siphashx24(join->visitor, visitor->id, visitor->length, room->visitor_keys[room->visitor_key]);
  }
}

/* Whether a ticket that the store remembers still means something: it waits, or is ready, or its session runs. */
static int is_live(const waitq_room_t *room, uint64_t number) {
  const struct waitq__state *state = &room->state;
  const struct waitq__ledger *ledger = &room->ledger;
  if (number < state->trim) {
    return 0;
  }
  if (number < state->head && waitq__ledger_test(ledger, WAITQ__PLANE_ENTERED, number)) {
    return !waitq__ledger_test(ledger, WAITQ__PLANE_ENDED, number);
  }
  return number >= state->floor && !waitq__ledger_test(ledger, WAITQ__PLANE_GONE, number) &&
         !waitq__ledger_test(ledger, WAITQ__PLANE_LEFT, number);
}

/* Takes a number over into the ledger. Numbers that were handed out and whose answer was lost come before it: their visitors hold
 * places, and get their tickets when they ask again. */
static int take_number(waitq_room_t *room, const waitq_store_join *join, waitq_error *error) {
  uint64_t next = waitq__word(&room->ledger.next);
  if (join->outcome == WAITQ_STORE_FULL || (join->outcome == WAITQ_STORE_EXISTING && join->number < next)) {
    return WAITQ_OK;
  }
  if (join->number < next || join->number >= WAITQ__NUMBER_END) {
    return waitq__fail(error, WAITQ_E_DAMAGED, "the store gave number %llu after %llu",
                       (unsigned long long)join->number, (unsigned long long)next);
  }
  if (waitq__ledger_reserve(&room->ledger, join->number + 1) != WAITQ_OK) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for tickets");
  }
  unsigned slot = waitq__wheel_slot(room->state.heartbeat.current);
  for (; next <= join->number; next++) {
    waitq__ledger_see(waitq__ledger_chunk(&room->ledger, next), slot, next);
  }
  waitq__ledger_extend(&room->ledger, next);
  return WAITQ_OK;
}

/* Places have become free since the last commit: the store learns of it. */
static int raise_limit(waitq_room_t *room, waitq_error *error) {
  if (waitq__word(&room->ledger.next) < room->join_limit ||
      waitq__join_limit(&room->state, &room->ledger) <= room->join_limit) {
    return WAITQ_OK;
  }
  const struct waitq__change change = {.state = room->state};
  return waitq__room_commit(room, &change, error);
}

static int append(waitq_room_t *room, int64_t joined_us, waitq_store_join *join, waitq_error *error) {
  uint64_t epoch = waitq__word(&room->ledger.epoch);
  int code = room->context->ops->append(room->stored, epoch, joined_us, join, 1, error);
  return code == WAITQ_OK ? take_number(room, join, error) : code;
}

/* One join. Whoever holds a ticket that means nothing any more is asked for again, so that it gives way. */
static int join_one(waitq_room_t *room, int64_t now_us, waitq_store_join *join, waitq_error *error) {
  int64_t joined_us = waitq__ticket_time(now_us);
  int was_empty = waitq__waiting(&room->state, &room->ledger) == 0;
  int code = raise_limit(room, error);
  if (code == WAITQ_OK) {
    code = append(room, joined_us, join, error);
  }
  if (code == WAITQ_OK && join->outcome == WAITQ_STORE_EXISTING && !is_live(room, join->number)) {
    join->replaces = join->number;
    code = append(room, joined_us, join, error);
  }
  if (code == WAITQ_OK && was_empty && join->outcome == WAITQ_STORE_NEW) {
    /* The line was empty, so nothing was due for it: now there may be a token for the first in it. The place is taken whether or not
     * this succeeds: where it does not, whoever comes next does it. */
    waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, NULL);
  }
  return code;
}

/* One after the other, so that each finds what the ones before it have left: the same as as many single joins. Those that were not
 * come to when it fails have no outcome. */
static int join_locked(waitq_room_t *room, int64_t now_us, waitq_store_join *joins, size_t count, waitq_error *error) {
  int code = WAITQ_OK;
  if (now_us >= room->due_us) {
    code = waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, error);
  }
  if (code == WAITQ_OK && waitq__ledger_reserve(&room->ledger, waitq__word(&room->ledger.next) + count) != WAITQ_OK) {
    code = waitq__fail(error, WAITQ_E_NOMEM, "no memory for tickets");
  }
  for (size_t i = 0; code == WAITQ_OK && i < count; i++) {
    if (joins[i].outcome == 0) {
      code = join_one(room, now_us, &joins[i], error);
      joins[i].outcome = code == WAITQ_OK ? joins[i].outcome : 0;
    }
  }
  return code;
}

/* A conflict means that the room was read anew: what was asked is asked again. */
static int join_batch(waitq_room_t *room, int64_t now_us, waitq_store_join *joins, size_t count, waitq_error *error) {
  waitq__lock(&room->lock);
  int code = join_locked(room, now_us, joins, count, error);
  if (code == WAITQ_E_CONFLICT) {
    code = waitq__room_load(room, error);
    code = code == WAITQ_OK ? join_locked(room, now_us, joins, count, error) : code;
  }
  pthread_mutex_unlock(&room->lock);
  return code;
}

static int refuse(const waitq_room_t *room, waitq_status *status, waitq_error *error) {
  struct waitq__view view;
  waitq__views_read(&room->views, &view, WAITQ__VIEW_HOT_WORDS);
  *status = (waitq_status)WAITQ_STATUS_INIT;
  status->phase = (uint32_t)view.phase;
  status->next_poll_ms = view.max_poll_us / 1000;
  if (view.phase == WAITQ_PHASE_CLOSED) {
    status->reason = WAITQ_REASON_CLOSED;
  } else if (view.phase == WAITQ_PHASE_DRAINING) {
    status->reason = WAITQ_REASON_DRAINING;
  } else {
    status->reason = WAITQ_REASON_FULL;
  }
  if (waitq__word(&room->ledger.next) >= WAITQ__NUMBER_END) {
    return waitq__fail(error, WAITQ_E_EXHAUSTED, "all ticket numbers of this epoch are used: reset the room");
  }
  return WAITQ_OK;
}

static int answer(const waitq_room_t *room, const waitq_store_join *join, int64_t now_us, waitq_ticket *ticket,
                  waitq_status *status, waitq_error *error) {
  waitq_status known;
  ticket->text[0] = '\0';
  int code = WAITQ_OK;
  if (join->outcome == WAITQ_STORE_FULL) {
    code = refuse(room, &known, error);
  } else {
    struct waitq__ticket signed_ticket = {join->number, waitq__word(&room->ledger.epoch), join->joined_us, {0}};
    memcpy(signed_ticket.visitor, join->visitor, sizeof signed_ticket.visitor);
    waitq__ticket_write(&signed_ticket, room->ticket_keys[0], ticket->text);
    if (status == NULL) {
      return WAITQ_OK;
    }
    if (status->size == sizeof *status) {
      waitq__room_status(room, &signed_ticket, now_us, status);
      return WAITQ_OK;
    }
    waitq__room_status(room, &signed_ticket, now_us, &known);
  }
  if (status != NULL) {
    waitq__sized_write(status, &known, sizeof known);
  }
  return code;
}

/* Sizes of what the caller passed; the first of an array counts for all. */
static int check_targets(const waitq_ticket *tickets, const waitq_status *statuses, const waitq_join_options *options,
                         waitq_error *error) {
  int code = waitq__sized_check(tickets, "ticket", error);
  if (code == WAITQ_OK && tickets->size < sizeof *tickets) {
    code = waitq__fail(error, WAITQ_E_VERSION, "ticket says that its size is %zu", tickets->size);
  }
  if (code == WAITQ_OK && statuses != NULL) {
    code = waitq__sized_check(statuses, "status", error);
  }
  if (code == WAITQ_OK && options != NULL) {
    waitq_join_options known = WAITQ_JOIN_OPTIONS_INIT;
    code = waitq__sized_read(&known, sizeof known, options, "options", error);
    if (code == WAITQ_OK && known.reserved != 0) {
      code = waitq__fail(error, WAITQ_E_VERSION, "options->reserved is not zero");
    }
  }
  return code;
}

int waitq_join(waitq_room_t *room, const void *visitor, size_t length, const waitq_join_options *options,
               waitq_ticket *ticket, waitq_status *status, waitq_error *error) {
  const waitq_visitor one = {visitor, length};
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = check_targets(ticket, status, options, error);
  }
  if (code == WAITQ_OK) {
    code = check_visitor(&one, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  int64_t now_us = waitq__now(room->context);
  waitq_store_join join;
  ask(room, &one, &join);
  code = join_batch(room, now_us, &join, 1, error);
  return code == WAITQ_OK ? answer(room, &join, now_us, ticket, status, error) : code;
}

struct join_targets {
  waitq_ticket *tickets;
  waitq_status *statuses;
  int32_t *codes;
  size_t ticket_size;
  size_t status_size;
};

static waitq_ticket *ticket_at(const struct join_targets *targets, size_t i) {
  return (waitq_ticket *)((char *)targets->tickets + i * targets->ticket_size);
}

static waitq_status *status_at(const struct join_targets *targets, size_t i) {
  return targets->statuses == NULL ? NULL : (waitq_status *)((char *)targets->statuses + i * targets->status_size);
}

/* Joins visitors[begin] to visitors[end - 1], at most BATCH; returns the first code that is not WAITQ_OK. */
static int join_some(waitq_room_t *room, const waitq_visitor *visitors, size_t begin, size_t end, int64_t now_us,
                     const struct join_targets *targets, waitq_error *error) {
  waitq_store_join joins[BATCH];
  size_t places[BATCH];
  size_t count = 0;
  int first = WAITQ_OK;
  for (size_t i = begin; i < end; i++) {
    waitq_ticket *ticket = ticket_at(targets, i);
    waitq_status *status = status_at(targets, i);
    ticket->size = targets->ticket_size;
    ticket->text[0] = '\0';
    if (status != NULL) {
      status->size = targets->status_size;
    }
    int code = check_visitor(&visitors[i], first == WAITQ_OK ? error : NULL);
    first = first == WAITQ_OK ? code : first;
    if (targets->codes != NULL) {
      targets->codes[i] = code;
    }
    if (code == WAITQ_OK) {
      places[count] = i;
      ask(room, &visitors[i], &joins[count++]);
    }
  }
  int code = count == 0 ? WAITQ_OK : join_batch(room, now_us, joins, count, first == WAITQ_OK ? error : NULL);
  for (size_t k = 0; k < count; k++) {
    int one = code;
    if (joins[k].outcome != 0) {
      one = answer(room, &joins[k], now_us, ticket_at(targets, places[k]), status_at(targets, places[k]),
                   first == WAITQ_OK ? error : NULL);
    }
    if (targets->codes != NULL) {
      targets->codes[places[k]] = one;
    }
    first = first == WAITQ_OK ? one : first;
  }
  return first;
}

int waitq_join_many(waitq_room_t *room, const waitq_visitor *visitors, size_t count, const waitq_join_options *options,
                    waitq_ticket *tickets, waitq_status *statuses, int32_t *codes, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code != WAITQ_OK || count == 0) {
    return code;
  }
  if (visitors == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "visitors is NULL");
  }
  code = check_targets(tickets, statuses, options, error);
  if (code != WAITQ_OK) {
    return code;
  }
  const struct join_targets targets = {tickets, statuses, codes, tickets->size, statuses == NULL ? 0 : statuses->size};
  int64_t now_us = waitq__now(room->context);
  for (size_t begin = 0; begin < count; begin += BATCH) {
    size_t end = count - begin < BATCH ? count : begin + BATCH;
    int some = join_some(room, visitors, begin, end, now_us, &targets, code == WAITQ_OK ? error : NULL);
    code = code == WAITQ_OK ? some : code;
  }
  return code;
}
