/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"

size_t journal_size(uint64_t capacity) {
  return sizeof(struct journal) + (size_t)capacity * sizeof(struct event);
}

void journal_begin(struct journal *journal, const struct event *event) {
  journal->in_flight = *event;
  journal->is_in_flight = 1;
}

void journal_end(struct journal *journal, const struct event *event) {
  uint64_t at = journal->count;
  if (at < journal->capacity) {
    journal->events[at] = *event;
  }
  journal->count = at + 1;
  journal->is_in_flight = 0;
}

void history_add(struct history *history, const struct event *event) {
  if (history->count == history->capacity) {
    size_t capacity = 2 * history->capacity + 1024;
    struct event *grown = realloc(history->events, capacity * sizeof *grown);
    if (grown == NULL) {
      child_fail("out of memory");
    }
    history->events = grown;
    history->capacity = capacity;
  }
  history->events[history->count++] = *event;
}

void history_gather(struct history *history, const struct journal *journal, int64_t now_us) {
  uint64_t count = journal->count;
  if (count > journal->capacity) {
    history->dropped += count - journal->capacity;
    count = journal->capacity;
  }
  for (uint64_t i = 0; i < count; i++) {
    history_add(history, &journal->events[i]);
  }
  /* Killed between the two writes of journal_end(), the call is in the journal already. */
  const struct event *last = &journal->in_flight;
  if (journal->is_in_flight && (count == 0 || journal->events[count - 1].start_us != last->start_us)) {
    struct event killed = *last;
    killed.end_us = now_us;
    killed.code = EVENT_KILLED;
    history_add(history, &killed);
  }
}

static int by_start(const void *a, const void *b) {
  const struct event *left = a;
  const struct event *right = b;
  if (left->start_us != right->start_us) {
    return left->start_us < right->start_us ? -1 : 1;
  }
  return (left->end_us > right->end_us) - (left->end_us < right->end_us);
}

void history_sort(struct history *history) {
  if (history->count > 0) {
    qsort(history->events, history->count, sizeof *history->events, by_start);
  }
}

void history_free(struct history *history) {
  free(history->events);
  *history = (struct history){0};
}

static const char *const names[] = {"",     "join", "poll",  "enter", "leave", "renew",
                                    "exit", "rate", "stats", "final", "loss",  "kill"};

const char *event_name(uint32_t op) {
  return op < sizeof names / sizeof names[0] ? names[op] : "";
}

static int is_of_room(uint32_t op) {
  return op == EVENT_STATS || op == EVENT_FINAL;
}

static int is_of_ticket(uint32_t op) {
  return op >= EVENT_JOIN && op <= EVENT_EXIT;
}

void history_write(const struct history *history, FILE *file) {
  for (size_t i = 0; i < history->count; i++) {
    const struct event *e = &history->events[i];
    fprintf(file, "%s %" PRId64 " %" PRId64 " %" PRId32 " %" PRIu32 " %" PRIu32 " %" PRIu32, event_name(e->op),
            e->start_us, e->end_us, e->code, e->node, e->state, e->reason);
    fprintf(file, " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64, e->epoch, e->visitor, e->number, e->mark);
    if (is_of_ticket(e->op)) {
      fprintf(file, " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu32 " %" PRIu32 "\n", e->as.ticket.position,
              e->as.ticket.age_us, e->as.ticket.until_us, e->as.ticket.pass_number, e->as.ticket.pass_epoch,
              e->as.ticket.again);
    } else if (is_of_room(e->op)) {
      fprintf(file, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
              e->as.room.issued, e->as.room.waiting, e->as.room.ready, e->as.room.entered, e->as.room.left,
              e->as.room.expired, e->as.room.active);
    } else if (e->op == EVENT_SET_RATE) {
      fprintf(file, " %.17g\n", e->as.rate_per_s);
    } else {
      fprintf(file, " %" PRId64 "\n", e->as.window_us);
    }
  }
}

/* The fields that all events have; how many bytes of the line they took, 0 when it is no event. */
static int read_common(struct event *e, const char *line) {
  char name[16];
  int used = 0;
  int fields = sscanf(line,
                      "%15s %" SCNd64 " %" SCNd64 " %" SCNd32 " %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32
                      " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n",
                      name, &e->start_us, &e->end_us, &e->code, &e->node, &e->state, &e->reason, &e->epoch, &e->visitor,
                      &e->number, &e->mark, &used);
  for (uint32_t op = EVENT_JOIN; fields == 11 && op <= EVENT_KILL; op++) {
    if (strcmp(names[op], name) == 0) {
      e->op = op;
      return used;
    }
  }
  return 0;
}

static int read_rest(struct event *e, const char *rest) {
  if (is_of_ticket(e->op)) {
    return sscanf(rest, "%" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNu64 " %" SCNu32 " %" SCNu32, &e->as.ticket.position,
                  &e->as.ticket.age_us, &e->as.ticket.until_us, &e->as.ticket.pass_number, &e->as.ticket.pass_epoch,
                  &e->as.ticket.again) == 6;
  }
  if (is_of_room(e->op)) {
    return sscanf(rest, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
                  &e->as.room.issued, &e->as.room.waiting, &e->as.room.ready, &e->as.room.entered, &e->as.room.left,
                  &e->as.room.expired, &e->as.room.active) == 7;
  }
  if (e->op == EVENT_SET_RATE) {
    return sscanf(rest, "%lf", &e->as.rate_per_s) == 1;
  }
  return sscanf(rest, "%" SCNd64, &e->as.window_us) == 1;
}

int history_read(struct history *history, FILE *file) {
  char line[512];
  while (fgets(line, sizeof line, file) != NULL) {
    struct event event = {0};
    int used = read_common(&event, line);
    if (used == 0 || !read_rest(&event, line + used)) {
      return 0;
    }
    history_add(history, &event);
  }
  return 1;
}

/* Decodes base64url; returns how many bytes, 0 when it is none. */
static size_t decode(const char *text, size_t length, unsigned char *bytes, size_t capacity) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint32_t gathered = 0;
  unsigned bits = 0;
  size_t count = 0;
  for (size_t i = 0; i < length && count < capacity; i++) {
    const char *at = text[i] == '\0' ? NULL : strchr(alphabet, text[i]);
    if (at == NULL) {
      return 0;
    }
    gathered = gathered << 6 | (uint32_t)(at - alphabet);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[count++] = (unsigned char)(gathered >> bits);
    }
  }
  return count;
}

int event_read_ticket(struct event *event, const char *text) {
  unsigned char bytes[9];
  if (strlen(text) != 62 || decode(text, 12, bytes, sizeof bytes) != sizeof bytes) {
    return 0;
  }
  event->number = 0;
  event->epoch = 0;
  for (unsigned i = 0; i < 5; i++) {
    event->number = event->number << 8 | bytes[i];
  }
  for (unsigned i = 5; i < 9; i++) {
    event->epoch = event->epoch << 8 | bytes[i];
  }
  event->mark = UINT64_C(14695981039346656037); /* FNV-1a */
  for (const char *at = text; *at != '\0'; at++) {
    event->mark = (event->mark ^ (unsigned char)*at) * UINT64_C(1099511628211);
  }
  return 1;
}

int event_read_pass(struct event *event, const char *text) {
  unsigned char payload[512];
  const char *from = strchr(text, '.');
  const char *to = from == NULL ? NULL : strchr(from + 1, '.');
  if (to == NULL) {
    return 0;
  }
  size_t length = decode(from + 1, (size_t)(to - from - 1), payload, sizeof payload - 1);
  payload[length] = '\0';
  const char *id = strstr((const char *)payload, "\"jti\":\"");
  return id != NULL &&
         sscanf(id + 7, "%" SCNu32 "-%" SCNu64, &event->as.ticket.pass_epoch, &event->as.ticket.pass_number) == 2;
}
