/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "drift.h"

#include "clock.h"

#define INTERVAL_NS (100 * NS_PER_MS)

/* A reading that took longer says too little. */
#define LONGEST_READING_NS (10 * NS_PER_MS)

static void read_clocks(struct drift *drift) {
  waitq_stats stats = WAITQ_STATS_INIT;
  const int64_t begin_ns = clock_now_ns();
  const int code = waitq_room_stats(drift->room, &stats, NULL);
  const int64_t end_ns = clock_now_ns();
  if (code != WAITQ_OK || end_ns - begin_ns > LONGEST_READING_NS) {
    return;
  }
  const int64_t least_ns = stats.now_ms * NS_PER_MS - end_ns;
  const int64_t most_ns = (stats.now_ms + 1) * NS_PER_MS - begin_ns;
  if (!drift->has_sample || least_ns < drift->least_ahead_ns) {
    drift->least_ahead_ns = least_ns;
  }
  drift->has_sample = true;
  if (most_ns - drift->least_ahead_ns > drift->gained_ns) {
    drift->gained_ns = most_ns - drift->least_ahead_ns;
  }
}

static void *watch(void *argument) {
  struct drift *drift = argument;
  for (int64_t due_ns = clock_now_ns(); !atomic_load(&drift->stop); due_ns += INTERVAL_NS) {
    read_clocks(drift);
    clock_sleep_until_ns(due_ns + INTERVAL_NS);
  }
  return NULL;
}

int drift_start(struct drift *drift, waitq_room_t *room) {
  *drift = (struct drift){.room = room};
  read_clocks(drift);
  drift->is_running = pthread_create(&drift->thread, NULL, watch, drift) == 0;
  return drift->is_running ? 0 : -1;
}

int64_t drift_stop(struct drift *drift) {
  if (drift->is_running) {
    atomic_store(&drift->stop, true);
    pthread_join(drift->thread, NULL);
    drift->is_running = false;
    read_clocks(drift);
  }
  return drift->gained_ns;
}
