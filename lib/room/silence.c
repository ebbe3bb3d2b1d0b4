/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/silence.h"

#include <string.h>

#include "core/tally.h"

#define WIDTH_LEAST 512

/* Of a long strip, so many tickets are counted, in runs of so many: a share of them is known to less than a hundredth by that, and a line of
 * any length takes the same time. Both are multiples of 64. */
#define COUNTED 4096
#define RUN 1024

/* Fewer and fewer lose patience the longer all have waited: of those who were heard of late, fewer will fall silent than did of those
 * before, by so much. */
static const double waning[] = {0.05, 0.15, 0.5};
#define LAG_WANING (sizeof waning / sizeof waning[0])

/* Who is silent so surely for good has gone already. */
#define SURE 0.85

/* Who was silent for so many whole generations is swept at the end of the next. */
#define LAG_MOST (WAITQ__WHEEL_DIVISIONS - 1)

/* What was learnt of silences is worth so much less with each generation. */
#define FADE 0.15

/* Before it is learnt: how many are still silent after a generation more, and how many visitors that is worth. Policies let nobody
 * poll less than nearly three times a time limit, which is eight generations. */
static const double kept_prior[LAG_MOST + 1] = {0.3, 0.3, 0.03, 0.95, 1.0, 1.0, 1.0, 1.0};
#define PRIOR_WORTH 8.0

/* The generation in which the ticket was issued, or the oldest that is kept. */
static uint64_t issued_in(const struct waitq__state *state, uint64_t number) {
  const struct waitq__wheel *wheel = &state->heartbeat;
  uint64_t generation = wheel->current;
  while (generation > wheel->oldest && number < state->heartbeat_end[waitq__wheel_slot(generation - 1)]) {
    generation--;
  }
  return generation;
}

/* Counts 64 tickets from first on: in which generation each was heard last. */
static void count_word(struct waitq__strip *strip, const struct waitq__state *state, const struct waitq__chunk *chunk,
                       uint64_t first, uint64_t range) {
  const struct waitq__wheel *wheel = &state->heartbeat;
  unsigned at = (unsigned)(first % WAITQ__CHUNK_TICKETS / 64);
  uint64_t left = ~waitq__word(&chunk->gone[at]) & range;
  for (uint64_t generation = wheel->current + 1; left != 0 && generation-- > wheel->oldest;) {
    unsigned slot = waitq__wheel_slot(generation);
    uint64_t heard = left & waitq__word(&chunk->seen[slot][at]);
    strip->heard[slot] += (uint32_t)__builtin_popcountll(heard);
    left &= ~heard;
  }
  if (left != 0) {
    strip->heard[waitq__wheel_slot(issued_in(state, first))] += (uint32_t)__builtin_popcountll(left);
  }
}

/* Runs lie at multiples of their distance, so that they are the same ones from one generation to the next. */
static void count_strip(struct waitq__strip *strip, const struct waitq__state *state,
                        const struct waitq__ledger *ledger, uint64_t begin, uint64_t end, uint64_t width) {
  uint64_t distance = width > COUNTED ? width / COUNTED * RUN : RUN;
  memset(strip, 0, sizeof *strip);
  for (uint64_t run = begin - begin % distance; run < end; run += distance) {
    uint64_t stop = run + RUN < end ? run + RUN : end;
    for (uint64_t first = run < begin ? begin - begin % 64 : run; first < stop; first += 64) {
      count_word(strip, state, waitq__ledger_chunk(ledger, first), first, waitq__bits_between(first, begin, end));
    }
  }
}

/* The first generation of which nobody can have been swept. */
static uint64_t first_whole(const struct waitq__state *state) {
  const struct waitq__wheel *wheel = &state->heartbeat;
  return wheel->oldest + (waitq__wheel_deadline(wheel, wheel->oldest) <= state->now_us ? 1 : 0);
}

/* How many come back is learnt of strips that were there before and are still, up to when the silent are swept. */
static void learn(struct waitq__silence *silence, const struct waitq__strip *before, const struct waitq__strip *now,
                  uint64_t first) {
  uint64_t heard = silence->generation - 2; /* the generation that had just ended before */
  for (unsigned lag = 0; lag <= LAG_MOST && heard >= first + lag; lag++) {
    unsigned slot = waitq__wheel_slot(heard - lag);
    silence->had[lag] += before->heard[slot];
    silence->kept[lag] += now->heard[slot] < before->heard[slot] ? now->heard[slot] : before->heard[slot];
  }
}

/* Strips keep their numbers as long as they fit, so that they can be compared. */
static void fit(struct waitq__silence *silence, uint64_t head, uint64_t next) {
  uint64_t width = silence->width < WIDTH_LEAST ? WIDTH_LEAST : silence->width;
  while (next - head > width * (WAITQ__STRIPS - 1)) {
    width *= 2;
  }
  while (width > WIDTH_LEAST && next - head < width * (WAITQ__STRIPS - 1) / 4) {
    width /= 2;
  }
  if (width != silence->width) {
    silence->width = width;
    silence->count = 0;
  }
  uint64_t begin = head - head % width;
  uint64_t passed = silence->count > 0 && begin >= silence->begin ? (begin - silence->begin) / width : WAITQ__STRIPS;
  if (passed < silence->count) {
    silence->count -= (uint32_t)passed;
    memmove(&silence->strips[0], &silence->strips[passed], silence->count * sizeof silence->strips[0]);
  } else {
    silence->count = 0;
  }
  silence->begin = begin;
}

void waitq__silence_count(struct waitq__silence *silence, const struct waitq__state *state,
                          const struct waitq__ledger *ledger) {
  uint64_t next = waitq__word(&ledger->next);
  uint64_t epoch = waitq__word(&ledger->epoch);
  uint64_t generation = state->heartbeat.current;
  if (silence->epoch != epoch) {
    *silence = (struct waitq__silence){.epoch = epoch};
  }
  if (generation == silence->generation) {
    return;
  }
  int is_next = generation >= 2 && silence->generation + 1 == generation;
  silence->generation = generation;
  uint64_t was_end = silence->begin + silence->count * silence->width;
  fit(silence, state->head, next);
  for (unsigned lag = 0; lag < WAITQ__WHEEL_SLOTS; lag++) {
    silence->had[lag] *= FADE;
    silence->kept[lag] *= FADE;
  }
  uint32_t was = silence->count;
  silence->count = 0;
  for (uint64_t begin = silence->begin; begin < next && silence->count < WAITQ__STRIPS; begin += silence->width) {
    struct waitq__strip now;
    uint64_t end = begin + silence->width < next ? begin + silence->width : next;
    count_strip(&now, state, ledger, begin > state->head ? begin : state->head, end, silence->width);
    struct waitq__strip *strip = &silence->strips[silence->count];
    if (is_next && silence->count < was && begin >= state->head && begin + silence->width <= was_end &&
        silence->count + 1 < was) {
      learn(silence, strip, &now, first_whole(state));
    }
    *strip = now;
    silence->count++;
  }
}

int waitq__silence_is_known(const struct waitq__silence *silence, const struct waitq__state *state,
                            const struct waitq__ledger *ledger) {
  return silence->count > 0 && silence->epoch == waitq__word(&ledger->epoch) &&
         silence->generation + 1 >= state->heartbeat.current;
}

/* How likely who was silent for so many generations is never heard again. */
static void chances(const struct waitq__silence *silence, double gone[LAG_MOST + 1]) {
  double chance = 1.0;
  for (unsigned lag = LAG_MOST + 1; lag-- > 0;) {
    double worth = PRIOR_WORTH * kept_prior[lag];
    chance *= (silence->kept[lag] + worth) / (silence->had[lag] + PRIOR_WORTH);
    gone[lag] = chance > SURE || lag >= LAG_WANING ? chance : chance * waning[lag];
  }
}

/* The age of who stands at a number. */
static double age_at(const struct waitq__state *state, uint64_t number) {
  const struct waitq__ages *visitors = &state->history.visitors;
  double age_s = 0.0;
  for (unsigned i = visitors->cohorts; i-- > 0 && waitq__cohort_end(visitors, i) > number;) {
    age_s = waitq__cohort_age_s(visitors, i, state->now_us);
  }
  return age_s;
}

/* The fewest silent generations after which nobody comes back. */
static unsigned sure_lag(const double gone[LAG_MOST + 1]) {
  unsigned lag = 0;
  while (lag < LAG_MOST && gone[lag] <= SURE) {
    lag++;
  }
  return lag;
}

/* What a strip says: how many of it are swept when each generation expires, those included that have gone already. */
static void tell_strip(const struct waitq__silence *silence, const struct waitq__state *state,
                       const struct waitq__strip *strip, const double gone[LAG_MOST + 1],
                       struct waitq__segment *segment) {
  const struct waitq__wheel *wheel = &state->heartbeat;
  double all = 0.0;
  double swept = 0.0;
  double sure = 0.0;
  for (uint64_t generation = wheel->oldest; generation <= wheel->current; generation++) {
    all += strip->heard[waitq__wheel_slot(generation)];
  }
  for (unsigned i = 0; i < WAITQ__SWEEPS; i++) {
    uint64_t generation = wheel->oldest + i;
    if (generation < silence->generation && all > 0.0) {
      uint64_t lag = silence->generation - 1 - generation;
      double part = lag <= LAG_MOST ? gone[lag] : 1.0;
      swept += strip->heard[waitq__wheel_slot(generation)] * part;
      sure += part > SURE ? strip->heard[waitq__wheel_slot(generation)] * part : 0.0;
    }
    segment->swept[i] = all > 0.0 ? swept / all : 0.0;
  }
  segment->sure = all > 0.0 ? sure / all : 0.0;
}

/* Up to which age that says who has gone: who has just come could not be missed yet. */
static double known_age(const struct waitq__silence *silence, const struct waitq__state *state, uint64_t number,
                        double age_s, const double gone[LAG_MOST + 1]) {
  unsigned lag = sure_lag(gone);
  const struct waitq__wheel *wheel = &state->heartbeat;
  double generation_s = (double)wheel->ttl_us / WAITQ__WHEEL_DIVISIONS * 1e-6;
  double counted_s = (double)(state->now_us - wheel->begins_us[waitq__wheel_slot(silence->generation)]) * 1e-6;
  /* They left between their last poll, and the one that they owe. */
  double known_s = age_s - counted_s - generation_s * 0.5 * ((double)lag + 0.5);
  return issued_in(state, number) + lag < silence->generation && known_s > 0.0 ? known_s : 0.0;
}

void waitq__silence_tell(const struct waitq__silence *silence, const struct waitq__state *state,
                         const struct waitq__ledger *ledger, struct waitq__prospect *prospect) {
  const struct waitq__wheel *wheel = &state->heartbeat;
  uint64_t next = waitq__word(&ledger->next);
  double gone[LAG_MOST + 1];
  chances(silence, gone);
  for (unsigned i = 0; i < WAITQ__SWEEPS; i++) {
    uint64_t generation = wheel->oldest + i;
    int64_t at_us = generation <= wheel->current ? waitq__wheel_deadline(wheel, generation) : INT64_MAX;
    prospect->sweep_s[i] = at_us == INT64_MAX ? 1e18 : (double)(at_us - state->now_us) * 1e-6;
  }
  for (uint32_t i = 0; i < silence->count; i++) {
    uint64_t begin = silence->begin + i * silence->width;
    uint64_t end = begin + silence->width < next ? begin + silence->width : next;
    if (end > state->head && begin < next) {
      struct waitq__segment *segment = &prospect->segments[prospect->segment_count++];
      uint64_t middle = begin > state->head ? begin + (end - begin) / 2 : state->head + (end - state->head) / 2;
      *segment = (struct waitq__segment){.end = (double)waitq__tally_ahead(ledger, state->head, end),
                                         .age_s = age_at(state, middle)};
      segment->known_age_s = known_age(silence, state, middle, segment->age_s, gone);
      tell_strip(silence, state, &silence->strips[i], gone, segment);
    }
  }
}
