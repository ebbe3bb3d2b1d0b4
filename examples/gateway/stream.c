/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "stream.h"

#include <stdio.h>
#include <string.h>

#include "gateway.h"
#include "loop.h"
#include "reply.h"

/* A turn, a pause or an end is told within this time. */
#define LOOK_MS 500

/* It lives in the memory of its request. */
struct stream {
  h2o_generator_t super; /* first */
  h2o_linklist_t link;
  struct visit *visit;
  struct room *room;
  bool is_sending; /* the client has not taken the last event yet */
  bool is_last;
  uint32_t last_state, last_phase;
  uint64_t due_ms; /* when where it stands is told again, though nothing has happened */
  char ticket[WAITQ_TICKET_SIZE];
  char event[REPLY_STATUS_MAX + 64];
};

static void tick(h2o_timeout_entry_t *entry);

void streams_init(struct streams *streams, struct loop *loop) {
  streams->loop = loop;
  streams->tick.cb = tick;
  for (size_t i = 0; i < STREAM_SLOTS; i++) {
    h2o_linklist_init_anchor(&streams->slots[i]);
  }
}

static uint64_t slot_of_now(const struct streams *streams) {
  return h2o_now(streams->loop->context.loop) / STREAM_SLOT_MS;
}

static void wait(struct stream *stream, int64_t ms) {
  struct streams *streams = &stream->visit->loop->streams;
  const int64_t most = (STREAM_SLOTS - 2) * STREAM_SLOT_MS;
  /* Never the slot that is being looked through. */
  ms = ms < 2 * STREAM_SLOT_MS ? 2 * STREAM_SLOT_MS : ms > most ? most : ms;
  const uint64_t slot = streams->looked_at + (uint64_t)(ms / STREAM_SLOT_MS);
  h2o_linklist_insert(&streams->slots[slot % STREAM_SLOTS], &stream->link);
}

static void forget(struct stream *stream) {
  struct loop *loop = stream->visit->loop;
  if (h2o_linklist_is_linked(&stream->link)) {
    h2o_linklist_unlink(&stream->link);
  }
  loop->streams.count--;
  atomic_fetch_sub_explicit(&loop->gateway->streams, 1, memory_order_relaxed);
}

static void send_event(struct stream *stream, size_t length) {
  h2o_iovec_t part = h2o_iovec_init(stream->event, length);
  tally_add(&stream->visit->loop->tally.events_sent, 1);
  if (stream->is_last) {
    forget(stream);
    h2o_send(stream->visit->req, &part, 1, H2O_SEND_STATE_FINAL);
  } else {
    stream->is_sending = true;
    h2o_send(stream->visit->req, &part, 1, H2O_SEND_STATE_IN_PROGRESS);
  }
}

/* "turn" once, when it has come; "end" where nothing more will; "status" otherwise. */
static const char *event_name(struct stream *stream, const waitq_status *status) {
  const uint32_t before = stream->last_state;
  stream->last_state = status->state;
  stream->last_phase = status->phase;
  stream->is_last = status->state != WAITQ_STATE_WAITING && status->state != WAITQ_STATE_READY;
  if (stream->is_last) {
    return "end";
  }
  return status->state == WAITQ_STATE_READY && before != WAITQ_STATE_READY ? "turn" : "status";
}

static bool is_news(const struct stream *stream, const waitq_status *status) {
  return status->state != stream->last_state || status->phase != stream->last_phase ||
         h2o_now(stream->visit->loop->context.loop) >= stream->due_ms;
}

/* Looks again when there is something to tell in any case, or before, for what may happen meanwhile. */
static void wait_for_news(struct stream *stream) {
  const int64_t left_ms = (int64_t)(stream->due_ms - h2o_now(stream->visit->loop->context.loop));
  wait(stream, left_ms < LOOK_MS ? left_ms : LOOK_MS);
}

static void look(struct stream *stream) {
  waitq_status status = WAITQ_STATUS_INIT;
  if (stream->is_sending) {
    wait(stream, LOOK_MS); /* a client that takes nothing at all is dropped by TCP_USER_TIMEOUT */
    return;
  }
  if (waitq_poll(stream->room->handle, stream->ticket, &status, NULL) != WAITQ_OK) {
    stream->is_last = true;
    send_event(stream, (size_t)snprintf(stream->event, sizeof stream->event, "event: end\ndata: {}\n\n"));
    return;
  }
  if (!is_news(stream, &status)) {
    wait_for_news(stream);
    return;
  }
  size_t length =
      (size_t)snprintf(stream->event, sizeof stream->event, "event: %s\ndata: ", event_name(stream, &status));
  length += reply_write_status(stream->event + length, &status, stream->room);
  memcpy(stream->event + length, "\n\n", 2);
  if (!stream->is_last) {
    stream->due_ms = h2o_now(stream->visit->loop->context.loop) + (uint64_t)status.next_poll_ms;
    wait_for_news(stream);
  }
  send_event(stream, length + 2);
}

static void tick(h2o_timeout_entry_t *entry) {
  struct streams *streams = H2O_STRUCT_FROM_MEMBER(struct streams, tick, entry);
  const uint64_t now = slot_of_now(streams);
  for (; streams->looked_at < now; streams->looked_at++) {
    h2o_linklist_t *slot = &streams->slots[(streams->looked_at + 1) % STREAM_SLOTS];
    while (!h2o_linklist_is_empty(slot)) {
      struct stream *stream = H2O_STRUCT_FROM_MEMBER(struct stream, link, slot->next);
      h2o_linklist_unlink(&stream->link);
      look(stream);
    }
  }
  if (streams->count > 0) {
    h2o_timeout_link(streams->loop->context.loop, &streams->loop->context.hundred_ms_timeout, &streams->tick);
  }
}

static void on_proceed(h2o_generator_t *self, h2o_req_t *req) {
  (void)req;
  ((struct stream *)self)->is_sending = false;
}

static void on_stop(h2o_generator_t *self, h2o_req_t *req) {
  struct stream *stream = (struct stream *)self;
  (void)req;
  if (!stream->is_last) {
    forget(stream);
  }
}

static bool may_begin(struct visit *visit) {
  struct gateway *gateway = visit->loop->gateway;
  const uint32_t most = (uint32_t)gateway->options->max_streams;
  if (!atomic_load_explicit(&gateway->is_draining, memory_order_relaxed) &&
      atomic_fetch_add_explicit(&gateway->streams, 1, memory_order_relaxed) < most) {
    return true;
  }
  atomic_fetch_sub_explicit(&gateway->streams, 1, memory_order_relaxed);
  tally_add(&visit->loop->tally.streams_refused, 1);
  reply_error(visit, 503, "QUEUE_ERROR", "there are as many streams as may be: poll instead", 5000);
  return false;
}

void stream_begin(struct visit *visit, struct room *room, const char *ticket) {
  h2o_req_t *req = visit->req;
  struct streams *streams = &visit->loop->streams;
  waitq_status status = WAITQ_STATUS_INIT;
  const int code = waitq_poll(room->handle, ticket, &status, NULL);
  if (code != WAITQ_OK) {
    reply_failure(visit, code);
    return;
  }
  if (!may_begin(visit)) {
    return;
  }
  struct stream *stream = h2o_mem_alloc_pool(&req->pool, sizeof *stream);
  memset(stream, 0, sizeof *stream);
  stream->super = (h2o_generator_t){on_proceed, on_stop};
  stream->visit = visit;
  stream->room = room;
  strcpy(stream->ticket, ticket);
  streams->count++;
  if (!h2o_timeout_is_linked(&streams->tick)) {
    streams->looked_at = slot_of_now(streams);
    h2o_timeout_link(visit->loop->context.loop, &visit->loop->context.hundred_ms_timeout, &streams->tick);
  }
  req->res.status = 200;
  req->res.reason = "OK";
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, H2O_STRLIT("text/event-stream"));
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CACHE_CONTROL, NULL, H2O_STRLIT("no-store"));
  h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("x-accel-buffering"), 0, NULL, H2O_STRLIT("no"));
  reply_cors(visit);
  reply_begun(visit, 200);
  h2o_start_response(req, &stream->super);
  look(stream);
}

void streams_end(struct streams *streams) {
  for (size_t i = 0; i < STREAM_SLOTS; i++) {
    h2o_linklist_t *link = streams->slots[i].next;
    while (link != &streams->slots[i]) {
      struct stream *stream = H2O_STRUCT_FROM_MEMBER(struct stream, link, link);
      link = link->next;
      if (!stream->is_sending) {
        stream->is_last = true;
        send_event(stream,
                   (size_t)snprintf(stream->event, sizeof stream->event, "event: moved\nretry: 500\ndata: {}\n\n"));
      }
    }
  }
}
