/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/observer.h"

#include <math.h>
#include <string.h>

/* What began since the last fold did so half a fold ago, on average, and not longer ago than this. */
#define BEGAN_MOST_US 2000000

void waitq__observer_init(struct waitq__observer *observer) {
  memset(observer, 0, sizeof *observer);
  waitq__history_init(&observer->history, 0);
}

/* Counters that fall are a new line; what was learnt stays. */
static void begin_line(struct waitq__observer *observer, int64_t now_us, const waitq_eta_sample *sample) {
  waitq__history_new_line(&observer->history, now_us);
  waitq__ages_begin(&observer->history.sessions, now_us, sample->admitted);
  waitq__ages_begin(&observer->history.visitors, now_us, sample->joined);
  observer->folded = *sample;
  observer->latest = *sample;
  observer->has_sample = 1;
}

static uint64_t count_all(const struct waitq__ages *ages) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < ages->cohorts; i++) {
    sum += ages->cohort[i].count;
  }
  return sum;
}

/* Counts all cohorts anew, so many less in all, each by its share. */
static void recount(struct waitq__ages *ages, int64_t now_us, uint64_t missing) {
  uint64_t all = count_all(ages);
  uint64_t before = 0;
  uint64_t taken = 0;
  for (unsigned i = 0; i < ages->cohorts; i++) {
    uint64_t count = ages->cohort[i].count;
    before += count;
    uint64_t until = all == 0 ? 0 : (uint64_t)((double)missing * ((double)before / (double)all) + 0.5);
    uint64_t take = until - taken < count ? until - taken : count;
    taken += take;
    waitq__cohort_recount(ages, i, now_us, INFINITY, count - take);
  }
}

/* Takes who had the turn from the front of the line. */
static void take_first(struct waitq__ages *ages, int64_t now_us, uint64_t turns) {
  for (unsigned i = 0; i < ages->cohorts && turns > 0; i++) {
    uint64_t count = ages->cohort[i].count;
    uint64_t take = turns < count ? turns : count;
    waitq__cohort_correct(ages, i, now_us, count - take);
    turns -= take;
  }
  waitq__ages_drop(ages, 0);
}

static void fold_sessions(struct waitq__observer *observer, int64_t now_us, int64_t span_us,
                          const waitq_eta_sample *sample) {
  struct waitq__ages *sessions = &observer->history.sessions;
  uint64_t turns = sample->admitted - observer->folded.admitted;
  uint64_t all = count_all(sessions) + turns;
  uint64_t missing = all > sample->active ? all - sample->active : 0;
  uint64_t unseen = sample->active > all ? sample->active - all : 0; /* they were there before we looked */
  uint64_t old = all - turns;
  uint64_t young = missing > old ? missing - old : 0; /* these began and ended within the span */
  recount(sessions, now_us, missing - young);
  waitq__ages_drop(sessions, 0);
  waitq__ages_young(sessions, (double)span_us * 1e-6, turns, turns - young);
  waitq__ages_open(sessions, now_us - span_us / 2, now_us, sample->admitted + (turns == 0 && unseen > 0 ? 1 : 0),
                   turns - young + unseen);
}

/* Places that are watched come forward by their share of those who left and were not told of. */
static void bring_forward(struct waitq__calibration *calibration, const waitq_eta_sample *sample, uint64_t missing) {
  double share = sample->waiting > 0 ? (double)missing / (double)(sample->waiting + missing) : 0.0;
  for (unsigned i = 0; i < WAITQ__PROBES; i++) {
    struct waitq__probe *probe = &calibration->probes[i];
    if (probe->number != UINT64_MAX && probe->number > sample->admitted) {
      probe->number -= (uint64_t)((double)(probe->number - sample->admitted) * share + 0.5);
    }
  }
}

static void fold_visitors(struct waitq__observer *observer, int64_t now_us, int64_t span_us,
                          const waitq_eta_sample *sample) {
  struct waitq__ages *visitors = &observer->history.visitors;
  uint64_t turns = sample->admitted - observer->folded.admitted;
  uint64_t joins = sample->joined - observer->folded.joined;
  uint64_t all = count_all(visitors) + joins;
  uint64_t stay = all > turns ? all - turns : 0;
  uint64_t missing = stay > sample->waiting ? stay - sample->waiting : 0;
  uint64_t unseen = sample->waiting > stay ? sample->waiting - stay : 0;
  bring_forward(&observer->history.calibration, sample, missing);
  recount(visitors, now_us, missing);
  waitq__ages_open(visitors, now_us - span_us / 2, now_us, sample->joined + (joins == 0 && unseen > 0 ? 1 : 0),
                   joins + unseen);
  take_first(visitors, now_us, turns);
}

/* Compares what was said of places whose turn has come, at a moment between the samples as their number lies between the counters. */
static void score(struct waitq__observer *observer, int64_t since_us, int64_t now_us, const waitq_eta_sample *sample) {
  struct waitq__calibration *calibration = &observer->history.calibration;
  uint64_t from = observer->latest.admitted;
  for (unsigned i = 0; i < WAITQ__PROBES; i++) {
    struct waitq__probe *probe = &calibration->probes[i];
    if (probe->number < sample->admitted) {
      double part = probe->number <= from ? 0.0 : (double)(probe->number - from) / (double)(sample->admitted - from);
      waitq__probe_score(calibration, probe, since_us + (int64_t)(part * (double)(now_us - since_us)));
    }
  }
}

uint64_t waitq__observer_take(struct waitq__observer *observer, const struct waitq__line *line,
                              const waitq_eta_sample *sample) {
  struct waitq__history *history = &observer->history;
  const waitq_eta_sample *latest = &observer->latest;
  int64_t now_us = line->now_us;
  if (!observer->has_sample || sample->admitted < latest->admitted || sample->joined < latest->joined ||
      sample->left < latest->left || sample->ended < latest->ended) {
    begin_line(observer, now_us, sample);
  }
  uint64_t turns = sample->admitted - observer->latest.admitted;
  score(observer, history->folded_us, now_us, sample);
  observer->latest = *sample;
  if (now_us < history->folded_us + WAITQ__FOLD_US && (history->flags & WAITQ__HISTORY_FOLDED) != 0) {
    return turns;
  }
  int64_t span_us = now_us - history->folded_us;
  span_us = span_us < BEGAN_MOST_US ? span_us : BEGAN_MOST_US;
  uint64_t since_fold = sample->admitted - observer->folded.admitted;
  if (line->max_active > 0.0 && !waitq__history_may_stand(history, line, since_fold)) {
    fold_sessions(observer, now_us, span_us, sample);
  }
  fold_visitors(observer, now_us, span_us, sample);
  waitq__history_fold(history, line, (double)since_fold, (double)since_fold);
  observer->folded = *sample;
  return turns;
}

void waitq__observer_left(struct waitq__observer *observer, double ahead, int64_t now_us) {
  struct waitq__ages *visitors = &observer->history.visitors;
  double end = 0.0;
  for (unsigned i = 0; i < visitors->cohorts; i++) {
    end += visitors->cohort[i].count;
    if (ahead < end) {
      waitq__ages_end_one(visitors, now_us, waitq__cohort_age_s(visitors, i, now_us));
      break;
    }
  }
  double number = (double)observer->latest.admitted + ahead;
  for (unsigned i = 0; i < WAITQ__PROBES; i++) {
    struct waitq__probe *probe = &observer->history.calibration.probes[i];
    if (probe->number != UINT64_MAX && (double)probe->number > number && probe->number > observer->latest.admitted) {
      probe->number--;
    }
  }
}

void waitq__observer_watch(struct waitq__observer *observer, struct waitq__probe *probe, uint64_t ahead, int64_t now_us,
                           const struct waitq__span *span) {
  waitq__probe_begin(probe, observer->latest.admitted + ahead, now_us, span);
}

void waitq__observer_tell(const struct waitq__observer *observer, int64_t now_us, struct waitq__prospect *prospect) {
  const struct waitq__ages *visitors = &observer->history.visitors;
  double end = 0.0;
  for (unsigned i = 0; i < visitors->cohorts; i++) {
    struct waitq__segment *segment = &prospect->segments[prospect->segment_count++];
    end += visitors->cohort[i].count;
    memset(segment, 0, sizeof *segment);
    segment->end = end;
    segment->age_s = waitq__cohort_age_s(visitors, i, now_us);
  }
}
