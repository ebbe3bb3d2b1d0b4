/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "hold.h"

#include <errno.h>
#include <sys/socket.h>

#include "call.h"
#include "gateway.h"
#include "loop.h"

static void tick(h2o_timeout_entry_t *entry);

void holds_init(struct holds *holds, struct loop *loop) {
  holds->loop = loop;
  holds->tick.cb = tick;
  h2o_timeout_init(loop->context.loop, &holds->step, HOLD_SLOT_MS);
  for (size_t i = 0; i < HOLD_SLOTS; i++) {
    h2o_linklist_init_anchor(&holds->slots[i]);
  }
}

static bool take_place(struct gateway *gateway) {
  const uint32_t most = (uint32_t)gateway->options->max_held;
  if (atomic_fetch_add_explicit(&gateway->held, 1, memory_order_relaxed) < most) {
    return true;
  }
  atomic_fetch_sub_explicit(&gateway->held, 1, memory_order_relaxed);
  return false;
}

static void keep_ticking(struct holds *holds) {
  if (!h2o_timeout_is_linked(&holds->tick)) {
    h2o_timeout_link(holds->loop->context.loop, &holds->step, &holds->tick);
  }
}

bool hold_call(struct call *call, int64_t ms) {
  struct loop *loop = call->errand.loop;
  struct holds *holds = &loop->holds;
  struct hold *hold = &call->hold;
  const uint64_t now_ms = h2o_now(loop->context.loop);
  const bool is_first = hold->until_ms == 0;
  if (is_first) {
    hold->until_ms = now_ms + (uint64_t)loop->gateway->options->enter_hold_ms;
  }
  hold->due_ms = now_ms + (uint64_t)(ms > 0 ? ms : 1);
  if (hold->is_over || holds->is_ending || hold->due_ms > hold->until_ms || !take_place(loop->gateway)) {
    return false;
  }
  if (holds->count == 0) {
    holds->looked_at = now_ms / HOLD_SLOT_MS;
  }
  keep_ticking(holds);
  /* The first slot that begins when its time has come, and never the one that is being looked through. */
  h2o_linklist_insert(&holds->slots[(hold->due_ms / HOLD_SLOT_MS + 1) % HOLD_SLOTS], &hold->link);
  holds->count++;
  call->visit->began_ns -= visit_now_ns(); /* made good when it goes on: the time in between does not count */
  tally_add(&loop->tally.enters_held, is_first);
  return true;
}

static void let_go(struct call *call) {
  struct loop *loop = call->errand.loop;
  h2o_linklist_unlink(&call->hold.link);
  loop->holds.count--;
  atomic_fetch_sub_explicit(&loop->gateway->held, 1, memory_order_relaxed);
  call->visit->began_ns += visit_now_ns();
}

/* While a request is under way h2o does not read from its connection, and so does not notice its end. */
static bool client_has_gone(const struct call *call) {
  char byte;
  h2o_conn_t *conn = call->visit->req->conn;
  const int fd = h2o_socket_get_fd(conn->callbacks->get_socket(conn));
  const ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static void give_up(struct call *call, uint64_t now_ms) {
  let_go(call);
  call->hold.is_over = true;
  call->pass.retry_after_ms = call->hold.due_ms > now_ms ? (int64_t)(call->hold.due_ms - now_ms) : 1;
  call->finish(call);
}

static void go_on(struct call *call, uint64_t now_ms) {
  if (client_has_gone(call)) {
    give_up(call, now_ms);
  } else {
    let_go(call);
    call->start(call);
  }
}

static struct call *call_of(h2o_linklist_t *link) {
  return H2O_STRUCT_FROM_MEMBER(struct call, hold.link, link);
}

static void tick(h2o_timeout_entry_t *entry) {
  struct holds *holds = H2O_STRUCT_FROM_MEMBER(struct holds, tick, entry);
  const uint64_t now_ms = h2o_now(holds->loop->context.loop);
  const uint64_t now = now_ms / HOLD_SLOT_MS;
  if (now - holds->looked_at > HOLD_SLOTS) {
    holds->looked_at = now - HOLD_SLOTS; /* once around is enough, however long the loop was busy */
  }
  while (holds->looked_at < now) {
    h2o_linklist_t *slot = &holds->slots[++holds->looked_at % HOLD_SLOTS];
    for (h2o_linklist_t *link = slot->next; link != slot;) {
      struct call *call = call_of(link);
      link = link->next;
      if (call->hold.due_ms <= now_ms) { /* otherwise it is one of a later turn of the wheel */
        go_on(call, now_ms);
      }
    }
  }
  if (holds->count > 0) {
    keep_ticking(holds);
  }
}

void holds_end(struct holds *holds) {
  const uint64_t now_ms = h2o_now(holds->loop->context.loop);
  holds->is_ending = true;
  for (size_t i = 0; i < HOLD_SLOTS; i++) {
    while (!h2o_linklist_is_empty(&holds->slots[i])) {
      give_up(call_of(holds->slots[i].next), now_ms);
    }
  }
}
