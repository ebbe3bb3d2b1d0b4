/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/gather.h"

/* The distance of rounds while requests are let gather, and how many are enough for a round. */
#define APART_US 1000
#define ENOUGH 64

#define LOOK_US 10000
#define TRIAL_US 15000
#define SPELL_US 20000
#define SPELLS_MAX 50
#define REST_US 200000
#define DOUBLINGS_MAX 4

/* After a silence of that length what was found out means nothing any more. */
#define SILENCE_US 20000

/* What is not slower than this is as fast as before: requests do not come evenly. */
#define AS_FAST 0.75

int64_t waitq__gather_wait(const struct waitq__gather *gather, int64_t now_us, uint32_t gathered) {
  int64_t wait_us = gather->round_us + APART_US - now_us;
  return gather->phase == WAITQ__GATHER_ON && gathered < ENOUGH && wait_us > 0 && wait_us <= APART_US ? wait_us : 0;
}

static void count_anew(struct waitq__gather *gather, int64_t now_us) {
  gather->since_us = now_us;
  gather->rounds = 0;
  gather->requests = 0;
}

static void enter(struct waitq__gather *gather, enum waitq__gather_phase phase, int64_t now_us) {
  gather->phase = phase;
  gather->spells = 0;
  count_anew(gather, now_us);
}

static int64_t length_of(const struct waitq__gather *gather) {
  if (gather->phase == WAITQ__GATHER_ON) {
    return gather->spells == 0 ? TRIAL_US : SPELL_US;
  }
  return gather->phase == WAITQ__GATHER_LOOK ? LOOK_US : (int64_t)REST_US << gather->failures;
}

/* Whether rounds are small, and follow each other so soon that there would be fewer. Where all are of one, somebody asks again and again. */
static int is_worth_it(const struct waitq__gather *gather, int64_t passed_us) {
  return gather->rounds * APART_US > (uint64_t)passed_us && 8 * gather->requests > 9 * gather->rounds &&
         gather->requests < ENOUGH / 2 * gather->rounds;
}

/* What comes after as long as it was counted. */
static void turn(struct waitq__gather *gather, int64_t now_us) {
  int64_t passed_us = now_us - gather->since_us;
  double per_us = (double)gather->requests / (double)passed_us;
  if (gather->phase == WAITQ__GATHER_LOOK) {
    gather->per_us = per_us;
    enter(gather, is_worth_it(gather, passed_us) ? WAITQ__GATHER_ON : WAITQ__GATHER_LOOK, now_us);
  } else if (gather->phase == WAITQ__GATHER_ON && per_us >= AS_FAST * gather->per_us && gather->spells < SPELLS_MAX) {
    gather->spells++;
    gather->failures = 0;
    count_anew(gather, now_us);
  } else if (gather->phase == WAITQ__GATHER_ON && gather->spells == 0) {
    gather->failures += gather->failures < DOUBLINGS_MAX;
    enter(gather, WAITQ__GATHER_REST, now_us);
  } else {
    enter(gather, WAITQ__GATHER_LOOK, now_us);
  }
}

void waitq__gather_note(struct waitq__gather *gather, int64_t now_us, uint32_t requests) {
  if (now_us - gather->round_us > SILENCE_US) {
    gather->failures = 0;
    enter(gather, WAITQ__GATHER_LOOK, now_us);
  } else if (now_us - gather->since_us >= length_of(gather)) {
    turn(gather, now_us);
  }
  gather->round_us = now_us;
  if (requests >= ENOUGH && gather->phase != WAITQ__GATHER_REST) {
    count_anew(gather, now_us); /* what has piled up tells nothing of how fast it came */
  } else {
    gather->rounds++;
    gather->requests += requests;
  }
}
