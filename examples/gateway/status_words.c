/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* A status in words. This is what nearly all replies are, so it is a template; what goes into it are numbers, and words from the
 * tables below. */

#include <string.h>
#include <waitq/room.h>

#include "reply.h"
#include "rooms.h"

const char *reply_reason_name(uint32_t reason) {
  static const char *const names[] = {
      "none",      "bucket",   "slots",  "no_samples", "rate_changed", "paused",    "stalled",
      "scheduled", "draining", "closed", "full",       "pacing",       "rate_zero", "restored",
  };
  return reason < sizeof names / sizeof names[0] ? names[reason] : "other";
}

const char *reply_phase_name(uint32_t phase) {
  static const char *const names[] = {"none", "scheduled", "open", "paused", "draining", "closed"};
  return phase < sizeof names / sizeof names[0] ? names[phase] : "other";
}

/* The contract knows three: a client of it enters by itself when it reads "waiting" and ready_for_entry. */
static const char *contract_name(uint32_t state) {
  switch (state) {
    case WAITQ_STATE_WAITING:
    case WAITQ_STATE_READY:
      return "waiting";
    case WAITQ_STATE_ENTERED:
      return "ready";
    default:
      return "expired";
  }
}

/* Whole seconds; -1 for a time that is not known. */
static int64_t seconds(int64_t ms) {
  return ms < 0 ? -1 : (ms + 500) / 1000;
}

static char *put(char *at, const char *text) {
  const size_t length = strlen(text);
  memcpy(at, text, length);
  return at + length;
}

static char *put_number(char *at, int64_t number) {
  char digits[20];
  size_t count = 0;
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  do {
    digits[count++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (number < 0) {
    *at++ = '-';
  }
  while (count > 0) {
    *at++ = digits[--count];
  }
  return at;
}

/* From 0 to 1, with two digits. */
static char *put_share(char *at, double share) {
  const int hundredths = share <= 0 ? 0 : share >= 1 ? 100 : (int)(share * 100 + 0.5);
  *at++ = (char)('0' + hundredths / 100);
  *at++ = '.';
  *at++ = (char)('0' + hundredths / 10 % 10);
  *at++ = (char)('0' + hundredths % 10);
  return at;
}

/* printf() would take a tenth of the time of the whole request. */
size_t reply_write_status(char out[REPLY_STATUS_MAX], const waitq_status *status, const struct room *room) {
  const int is_ready = status->state == WAITQ_STATE_READY || status->state == WAITQ_STATE_ENTERED;
  char *at = put(out, "{\"status\":\"");
  at = put(at, contract_name(status->state));
  at = put_number(put(at, "\",\"position\":"), (int64_t)status->position);
  at = put_number(put(at, ",\"eta_sec\":"), seconds(status->eta_ms));
  at = put_number(put(at, ",\"waiting_time\":"), seconds(status->waited_ms));
  at = put(at, is_ready ? ",\"ready_for_entry\":true,\"state\":\"" : ",\"ready_for_entry\":false,\"state\":\"");
  at = put(at, waitq_state_name(status->state));
  at = put(put(at, "\",\"reason\":\""), reply_reason_name(status->reason));
  at = put(put(at, "\",\"phase\":\""), reply_phase_name(status->phase));
  at = put_number(put(at, "\",\"behind\":"), (int64_t)status->behind);
  at = put_number(put(at, ",\"eta_low_sec\":"), seconds(status->eta_low_ms));
  at = put_number(put(at, ",\"eta_high_sec\":"), seconds(status->eta_high_ms));
  at = put_share(put(at, ",\"confidence\":"), status->confidence);
  at = put_number(put(at, ",\"next_poll_ms\":"), status->next_poll_ms);
  at = put_number(put(at, ",\"enter_by_ms\":"), status->enter_by_ms);
  at = put_number(put(at, ",\"goes_on_at_ms\":"), atomic_load_explicit(&room->goes_on_at_ms, memory_order_relaxed));
  at = put_number(put(at, ",\"heartbeat_ttl_ms\":"),
                  atomic_load_explicit(&room->heartbeat_ttl_ms, memory_order_relaxed));
  at = put_number(put(at, ",\"age_ms\":"), status->age_ms);
  *at++ = '}';
  return (size_t)(at - out);
}
