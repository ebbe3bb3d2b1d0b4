/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* States and reasons in words. */

#include <waitq/queue.h>

const char *waitq_state_name(uint32_t state) {
  static const char *const names[] = {"none", "waiting", "ready", "entered", "left", "expired", "stale"};
  return state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

const char *waitq_reason_text(uint32_t reason) {
  static const char *const texts[] = {
      "nothing to say",
      "the rate of admissions binds",
      "all places are taken: a session must end first",
      "nothing is known yet of how fast the line moves",
      "the rate was changed a moment ago",
      "the room is paused",
      "the store cannot be reached",
      "the room opens later",
      "the room takes nobody any more",
      "the room is closed",
      "as many wait as may",
      "others enter at this instant: ask again in a moment",
      "the rate is zero: nobody is let in",
      "the store lost something: places are being put back",
  };
  return reason < sizeof texts / sizeof texts[0] ? texts[reason] : "unknown reason";
}
