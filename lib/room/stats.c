/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* The counts of a room. They come from the planes and their totals, so they always add up. */

#include "room/stats.h"

#include "base/sized.h"
#include "core/advance.h"
#include "room/keep.h"
#include "room/lead.h"

void waitq_stats_init(waitq_stats *stats, size_t size) {
  waitq__sized_init(stats, size, &(waitq_stats)WAITQ_STATS_INIT, sizeof(waitq_stats));
}

void waitq__room_fill_stats(const waitq_room_t *room, int64_t now_us, waitq_stats *stats) {
  const struct waitq__state *state = &room->state;
  const struct waitq__ledger *ledger = &room->ledger;
  const waitq_store_ops *ops = room->context->ops;
  int64_t level = waitq__bucket_level(&state->turns.terms, state->turns.used, state->turns.touched_us, state->now_us);
  *stats = (waitq_stats){
      .size = sizeof *stats,
      .epoch = waitq__word(&ledger->epoch),
      .issued = waitq__word(&ledger->next),
      .waiting = waitq__waiting(state, ledger),
      .ready = state->ready,
      .entered = state->trimmed_entered + ledger->entered,
      .left = state->trimmed_left + ledger->left,
      .active = waitq__active(ledger),
      .head = state->head,
      .rate_per_s = state->rate_per_s,
      .tokens = (double)level / (double)WAITQ__TOKEN + (double)state->turns.surplus,
      .now_ms = state->now_us / 1000,
      .age_ms = waitq__room_age_ms(room, now_us),
      .memory_bytes = sizeof *room + ledger->bytes + (ops->memory_bytes == NULL ? 0 : ops->memory_bytes(room->stored)),
      .phase = state->phase,
  };
  int64_t goes_on_us = waitq__state_goes_on_us(state);
  const struct waitq__calibration *calibration = &state->history.calibration;
  stats->eta_scored = calibration->scored;
  stats->eta_acc = calibration->acc;
  stats->eta_hit = calibration->hit;
  stats->eta_bias = calibration->bias;
  stats->eta_cov90 = calibration->cov90;
  stats->eta_width = calibration->width;
  stats->goes_on_at_ms = goes_on_us == WAITQ__NEVER_US ? 0 : goes_on_us / 1000;
  stats->expired = stats->issued - stats->waiting - stats->ready - stats->entered - stats->left;
}

struct stats_request {
  struct waitq__request request;
  waitq_stats *stats;
};

static enum waitq__verdict plan_stats(struct waitq__round *round, struct waitq__request *request) {
  (void)request;
  round->refreshes = 1;
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_stats(struct waitq__round *round, struct waitq__request *request) {
  waitq__room_fill_stats(round->room, request->now_us, ((struct stats_request *)request)->stats);
  return WAITQ__DONE;
}

int waitq_room_stats(waitq_room_t *room, waitq_stats *stats, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(stats, "stats", error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  waitq_stats known;
  struct stats_request asked = {{.plan = plan_stats,
                                 .settle = settle_stats,
                                 .wants_step = 1,
                                 .chunks = WAITQ__SWEEP_ALL,
                                 .error = error,
                                 .now_us = waitq__room_now(room)},
                                &known};
  if (!waitq__room_is_in_process(room)) {
    code = waitq__room_keep(room, asked.request.now_us, error);
  }
  if (code == WAITQ_OK) {
    code = waitq__room_run(room, &asked.request);
  }
  if (code == WAITQ_OK) {
    waitq__sized_write(stats, &known, sizeof known);
  }
  return code;
}
