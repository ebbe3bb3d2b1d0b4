/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Reading a room from a store in the process: when it is opened, and again after a conflict.
 *
 * What the store tells goes into a ledger of its own first: a room that cannot be read to the end stays as it is. A room that was read
 * before knows more than the store: what sweeps found and could not be told yet, who polled when, and how late it is. None
 * of that is forgotten as long as the epoch is the same. */

#include <string.h>

#include "core/advance.h"
#include "core/number.h"
#include "room/room.h"

struct reading {
  int is_first; /* nothing is known of the room yet */
  struct waitq__state state;
  uint64_t version;
  uint64_t join_limit;
  struct waitq__ledger ledger;
};

static int read_head(void *user, const waitq_store_head *head) {
  struct reading *reading = user;
  int code = waitq__state_read(&reading->state, head->state, head->state_size, NULL);
  if (code != WAITQ_OK) {
    return code;
  }
  if (head->next < reading->state.head || head->next > WAITQ__NUMBER_END || head->epoch == 0 ||
      head->epoch > WAITQ__EPOCH_MAX) {
    return WAITQ_E_DAMAGED;
  }
  waitq__ledger_reset(&reading->ledger, head->epoch, reading->state.trim);
  if (waitq__ledger_reserve(&reading->ledger, head->next) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  waitq__ledger_extend(&reading->ledger, head->next);
  reading->version = head->version;
  reading->join_limit = head->join_limit;
  return WAITQ_OK;
}

static int is_of_polls(uint32_t plane) {
  return (WAITQ__SEEN_PLANES >> plane & 1) != 0;
}

static int read_bit(struct reading *reading, uint32_t plane, uint64_t number) {
  struct waitq__ledger *ledger = &reading->ledger;
  if (number < waitq__word(&ledger->first) || number >= waitq__word(&ledger->next)) {
    return WAITQ_OK;
  }
  if (plane == WAITQ__PLANE_GONE) {
    waitq__ledger_set_gone(ledger, number);
    return WAITQ_OK;
  }
  if (waitq__chunk_plane(waitq__ledger_chunk(ledger, number), plane) == NULL &&
      waitq__ledger_reserve_session(ledger, number) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  /* Who polled is told to the store when the last handle is closed: whoever has opened the room since knows better. */
  if (!is_of_polls(plane) || (reading->is_first && reading->state.polls_saved)) {
    waitq__ledger_set(ledger, plane, number);
  }
  return WAITQ_OK;
}

static int read_bits(void *user, const waitq_store_bits *bits) {
  for (uint32_t i = 0; i < bits->count; i++) {
    for (uint64_t word = bits->words[i]; word != 0; word &= word - 1) {
      uint64_t number = bits->first + i * UINT64_C(64) + (uint64_t)__builtin_ctzll(word);
      int code = read_bit(user, bits->plane, number);
      if (code != WAITQ_OK) {
        return code;
      }
    }
  }
  return WAITQ_OK;
}

/* Makes the ledger as large as the one that was read. In another epoch its chunks are put to a new use, of which there are enough then. */
static int make_space(struct waitq__ledger *ledger, const struct reading *reading, int is_same) {
  const struct waitq__ledger *read = &reading->ledger;
  if (is_same) {
    return waitq__ledger_reserve(ledger, waitq__word(&read->next));
  }
  uint64_t length = read->end - waitq__word(&read->first);
  int code = waitq__ledger_reserve(ledger, waitq__word(&ledger->first) + length);
  if (code == WAITQ_OK) {
    waitq__ledger_reset(ledger, waitq__word(&read->epoch), reading->state.trim);
    code = waitq__ledger_reserve(ledger, waitq__word(&read->next));
  }
  return code;
}

/* Sessions need space before anything is written. */
static int make_space_for_sessions(struct waitq__ledger *ledger, const struct waitq__ledger *read) {
  int code = WAITQ_OK;
  for (uint64_t at = waitq__word(&read->first); code == WAITQ_OK && at < read->end; at += WAITQ__CHUNK_TICKETS) {
    if (waitq__chunk_plane(waitq__ledger_chunk(read, at), WAITQ__PLANE_ENTERED) != NULL) {
      code = waitq__ledger_reserve_session(ledger, at);
    }
  }
  return code;
}

/* Takes over one plane of a chunk. Sweeps may have told the store less than they found. There is space for it. */
static void take_plane(struct waitq__ledger *ledger, const struct waitq__ledger *read, unsigned plane, uint64_t first) {
  const _Atomic uint64_t *from = waitq__chunk_plane(waitq__ledger_chunk(read, first), plane);
  const _Atomic uint64_t *mine = waitq__chunk_plane(waitq__ledger_chunk(ledger, first), plane);
  int is_swept = plane == WAITQ__PLANE_GONE || plane == WAITQ__PLANE_ENDED;
  uint64_t words[WAITQ__CHUNK_WORDS];
  if (mine == NULL) {
    return;
  }
  for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
    words[i] = (from == NULL ? 0 : waitq__word(&from[i])) | (is_swept ? waitq__word(&mine[i]) : 0);
  }
  waitq__ledger_replace(ledger, plane, first, words, WAITQ__CHUNK_WORDS);
}

static void take_ledger(struct waitq__ledger *ledger, const struct waitq__ledger *read) {
  uint64_t first = waitq__word(&read->first);
  while (waitq__word(&ledger->first) < first && waitq__word(&ledger->first) < ledger->end) {
    waitq__ledger_drop(ledger);
  }
  for (; first < read->end; first += WAITQ__CHUNK_TICKETS) {
    for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
      take_plane(ledger, read, plane, first);
    }
  }
}

/* Of whom it is not known when they polled, they have a whole heartbeat_ttl to be heard. */
static void see_from(waitq_room_t *room, uint64_t number) {
  unsigned slot = waitq__wheel_slot(room->state.heartbeat.current);
  uint64_t first = waitq__word(&room->ledger.first);
  for (number = number < first ? first : number; number < waitq__word(&room->ledger.next); number++) {
    waitq__ledger_see(waitq__ledger_chunk(&room->ledger, number), slot, number);
  }
}

/* Whoever was heard in the generation that was the last one known here may have been heard after its end. */
static void see_again(waitq_room_t *room, uint64_t generation) {
  uint64_t current = room->state.heartbeat.current;
  for (uint64_t at = waitq__word(&room->ledger.first); generation != current && at < room->ledger.end;
       at += WAITQ__CHUNK_TICKETS) {
    struct waitq__chunk *chunk = waitq__ledger_chunk(&room->ledger, at);
    uint64_t words[WAITQ__CHUNK_WORDS];
    for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
      words[i] = waitq__word(&chunk->seen[waitq__wheel_slot(generation)][i]);
    }
    waitq__ledger_replace(&room->ledger, WAITQ__PLANE_SEEN + waitq__wheel_slot(current), at, words,
                          WAITQ__CHUNK_WORDS); /* adds them: who polled is only ever added to */
  }
}

/* A room that nobody has known for a while, or that is in another epoch now. */
static void begin(waitq_room_t *room) {
  struct waitq__wheel *wheel = &room->state.heartbeat;
  if (!room->state.polls_saved) {
    waitq__wheel_init(wheel, wheel->ttl_us, wheel->grain_us, room->state.now_us);
    see_from(room, room->state.head);
  }
  memset(room->unsaved, 0, sizeof room->unsaved);
  room->reference_total = waitq__room_turns(room);
}

/* Puts what was read into the room. What fails for want of memory fails before anything is changed; but for sessions of another epoch: then
 * no version is known that something could be committed on top of. */
static int take(waitq_room_t *room, const struct reading *reading) {
  struct waitq__ledger *ledger = &room->ledger;
  const struct waitq__ledger *read = &reading->ledger;
  int is_same = !reading->is_first && waitq__word(&ledger->epoch) == waitq__word(&read->epoch) &&
                waitq__word(&ledger->first) <= waitq__word(&read->first);
  uint64_t known_next = waitq__word(&ledger->next);
  uint64_t generation = room->state.heartbeat.current;
  int64_t now_us = reading->is_first ? INT64_MIN : room->state.now_us;
  int code = make_space(ledger, reading, is_same);
  if (code == WAITQ_OK && !is_same) {
    waitq__ledger_extend(ledger, waitq__word(&read->next));
    room->state = reading->state;
    room->version = UINT64_MAX;
  }
  code = code == WAITQ_OK ? make_space_for_sessions(ledger, read) : code;
  if (code != WAITQ_OK) {
    return code;
  }
  take_ledger(ledger, read);
  waitq__ledger_extend(ledger, waitq__word(&read->next));
  room->state = reading->state;
  room->state.now_us = now_us > room->state.now_us ? now_us : room->state.now_us;
  room->version = reading->version;
  room->join_limit = reading->join_limit;
  room->silent.running = 0;
  room->sessions.running = 0;
  if (is_same) {
    see_from(room, known_next);
    see_again(room, generation);
  } else {
    begin(room);
  }
  room->state.polls_saved = 0; /* from here on, polls are noted in this process alone */
  waitq__room_publish(room);
  return WAITQ_OK;
}

void waitq__room_empty(waitq_room_t *room, uint64_t epoch, const struct waitq__state *state, uint64_t join_limit) {
  waitq__ledger_reset(&room->ledger, epoch, 0);
  room->state = *state;
  room->version++;
  room->join_limit = join_limit;
  room->silent.running = 0;
  room->sessions.running = 0;
  begin(room);
  waitq__room_publish(room);
}

int waitq__room_load(waitq_room_t *room, waitq_error *error) {
  struct reading reading = {.is_first = waitq__word(&room->ledger.epoch) == 0};
  const waitq_store_sink sink = {sizeof sink, &reading, read_head, read_bits};
  int code = waitq__ledger_init(&reading.ledger, &room->context->allocator);
  if (code == WAITQ_OK) {
    code = room->context->ops->load(room->stored, &sink, error);
  }
  if (code == WAITQ_OK) {
    code = take(room, &reading);
  }
  waitq__ledger_free(&reading.ledger);
  if (code == WAITQ_E_NOMEM) {
    return waitq__fail(error, code, "no memory for the room \"%s\"", room->named.name);
  }
  if (code == WAITQ_E_DAMAGED || code == WAITQ_E_VERSION) {
    return waitq__fail(error, code, "the room \"%s\": %s", room->named.name, waitq_error_text(code));
  }
  return code;
}
