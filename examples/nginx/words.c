/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "words.h"

const char *ngx_http_waitq_phase_word(uint32_t phase) {
  static const char *const words[] = {
      [WAITQ_PHASE_SCHEDULED] = "scheduled", [WAITQ_PHASE_OPEN] = "open",     [WAITQ_PHASE_PAUSED] = "paused",
      [WAITQ_PHASE_DRAINING] = "draining",   [WAITQ_PHASE_CLOSED] = "closed",
  };
  return phase < sizeof words / sizeof words[0] && words[phase] != NULL ? words[phase] : "unknown";
}

const char *ngx_http_waitq_reason_word(uint32_t reason) {
  static const char *const words[] = {
      [WAITQ_REASON_BUCKET] = "rate",           [WAITQ_REASON_SLOTS] = "slots",
      [WAITQ_REASON_NO_SAMPLES] = "no_samples", [WAITQ_REASON_RATE_CHANGED] = "rate_changed",
      [WAITQ_REASON_PAUSED] = "paused",         [WAITQ_REASON_STALLED] = "stalled",
      [WAITQ_REASON_SCHEDULED] = "scheduled",   [WAITQ_REASON_DRAINING] = "draining",
      [WAITQ_REASON_CLOSED] = "closed",         [WAITQ_REASON_FULL] = "full",
      [WAITQ_REASON_PACING] = "pacing",         [WAITQ_REASON_RATE_ZERO] = "rate_zero",
      [WAITQ_REASON_RESTORED] = "restored",
  };
  if (reason == WAITQ_REASON_NONE) {
    return NULL;
  }
  return reason < sizeof words / sizeof words[0] && words[reason] != NULL ? words[reason] : "other";
}

static const char *why_not_taken(uint32_t reason) {
  switch (reason) {
    case WAITQ_REASON_FULL:
      return "The line is full at the moment. This page tries again by itself.";
    case WAITQ_REASON_DRAINING:
      return "Nobody can join the line any more.";
    case WAITQ_REASON_CLOSED:
      return "The line is closed.";
    default:
      return "The line cannot be reached at the moment. This page tries again by itself.";
  }
}

ngx_str_t ngx_http_waitq_message(const waitq_status *status, u_char *buffer, size_t size) {
  ngx_str_t message = {0, buffer};
  const char *text = "";
  switch (status->state) {
    case WAITQ_STATE_NONE:
      text = why_not_taken(status->reason);
      break;
    case WAITQ_STATE_WAITING:
      message.len =
          (size_t)(ngx_slprintf(buffer, buffer + size, "You are number %uL in line.", status->position) - buffer);
      return message;
    case WAITQ_STATE_READY:
    case WAITQ_STATE_ENTERED:
      text = "It is your turn. You will be let in in a moment.";
      break;
    default:
      text = "Your place in line is gone. Load this page again to take a new one.";
      break;
  }
  message.len = (size_t)(ngx_slprintf(buffer, buffer + size, "%s", text) - buffer);
  return message;
}
