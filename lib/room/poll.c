/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Poll: one clock read, one MAC, one look. It never blocks: where a step is due and nobody is at it, it does a bounded part. */

#include <string.h>

#include "base/sized.h"
#include "room/lead.h"

int waitq__room_read_ticket(const waitq_room_t *room, const char *text, struct waitq__ticket *ticket,
                            waitq_error *error) {
  return waitq__ticket_read(ticket, room->ticket_keys, room->ticket_key_count, text, error);
}

/* Reads the hot part of the newest view. Before that it does what is due, unless another thread is at it. A failure of the store leaves
 * everything as it is, and is met again by whoever changes something; a poll answers from what is known. */
static void read_view(waitq_room_t *room, int64_t now_us, struct waitq__view *view) {
  waitq__views_read(&room->views, view, WAITQ__VIEW_HOT_WORDS);
  if (now_us < view->due_us || !waitq__room_is_in_process(room) || pthread_mutex_trylock(&room->lock) != 0) {
    return;
  }
  if (now_us >= room->due_us && !room->is_led) {
    waitq__room_look_round(room, now_us);
  }
  pthread_mutex_unlock(&room->lock);
  waitq__views_read(&room->views, view, WAITQ__VIEW_HOT_WORDS);
}

static int poll_one(waitq_room_t *room, const struct waitq__view *newest, const char *text, int64_t now_us,
                    waitq_status *status, waitq_error *error) {
  struct waitq__ticket ticket;
  struct waitq__view view;
  int code = waitq__room_read_ticket(room, text, &ticket, error);
  if (code != WAITQ_OK) {
    return code;
  }
  memcpy(&view, newest, offsetof(struct waitq__view, state));
  if (status->size == sizeof *status) {
    waitq__room_status_by(room, &view, &ticket, now_us, status);
  } else {
    waitq_status known;
    waitq__room_status_by(room, &view, &ticket, now_us, &known);
    waitq__sized_write(status, &known, sizeof known);
  }
  return WAITQ_OK;
}

int waitq_poll(waitq_room_t *room, const char *ticket, waitq_status *status, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(status, "status", error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  int64_t now_us = waitq__room_now(room);
  struct waitq__view view;
  read_view(room, now_us, &view);
  return poll_one(room, &view, ticket, now_us, status, error);
}

int waitq_poll_many(waitq_room_t *room, const waitq_ticket *tickets, size_t count, waitq_status *statuses,
                    int32_t *codes, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code != WAITQ_OK || count == 0) {
    return code;
  }
  code = waitq__sized_check(tickets, "tickets", error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(statuses, "statuses", error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  if (tickets->size < sizeof *tickets) {
    return waitq__fail(error, WAITQ_E_VERSION, "tickets says that its size is %zu", tickets->size);
  }
  size_t ticket_size = tickets->size;
  size_t status_size = statuses->size;
  int64_t now_us = waitq__room_now(room);
  struct waitq__view view;
  read_view(room, now_us, &view);
  for (size_t i = 0; i < count; i++) {
    const waitq_ticket *ticket = (const waitq_ticket *)((const char *)tickets + i * ticket_size);
    waitq_status *status = (waitq_status *)((char *)statuses + i * status_size);
    status->size = status_size;
    int one = poll_one(room, &view, ticket->text, now_us, status, code == WAITQ_OK ? error : NULL);
    if (codes != NULL) {
      codes[i] = one;
    }
    code = code == WAITQ_OK ? one : code;
  }
  return code;
}
