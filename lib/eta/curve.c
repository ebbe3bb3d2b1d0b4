/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/curve.h"

#include <math.h>
#include <stddef.h>

#define STEPS 36
#define FIRST_STEP_S 0.5
#define POWER_LEAST 2.0
#define POWER_MOST 3.5
#define SPAN_LEAST_S 4.0
#define SPAN_MOST_S 1e7

/* Less than this is what rounding leaves. */
#define LEAST_PASSED 1e-6

/* Beyond the line's end the curve goes on for whoever comes next. */
#define BEYOND 1.15

/* The error of an estimate that rests on nothing, as a part of the wait, for lengths of sessions and for who leaves. */
#define SESSIONS_ERROR 1.0
#define LEAVERS_ERROR 0.3
#define GIVEN_ON_PART 0.5    /* of who does not use the turn more is known: some were counted */
#define PATIENCE_ERROR 0.008 /* of the wait itself, where anybody leaves */

/* So many of those ahead may leave as long as nothing is known of it, as a part of the wait. */
#define UNKNOWN_LEAVERS 0.3

/* Chance alone makes a wait uncertain by no more than this part of it: one turn by chance has a deviation of its mean. */
#define NOISE_MOST 1.5
#define LEAST_PACE 0.1

/* Turns come in steps, and are seen late. */
#define GRAIN_ERROR_S 0.3

/* A run ahead, as far as it has come. */
struct run {
  const struct waitq__prospect *prospect;
  double time_s;
  double tokens;
  double turns;        /* given so far */
  double ahead;        /* places passed so far */
  double given_on;     /* turns that somebody did not use before */
  double slots_noise;  /* the variance of turns that depend on sessions */
  double leaver_noise; /* of places passed over */
  double slots_s;      /* for how long slots bound */
  double pace;         /* places a second, in the last step that passed any */
  unsigned segment;
  unsigned steps;
  double began_s[WAITQ__KNOTS]; /* turns given on the way: when */
  double began[WAITQ__KNOTS];   /* and how many */
  double unused[WAITQ__KNOTS];  /* and of those, how many nobody used */
  unsigned claimed;             /* steps whose unused turns were given to others */
  unsigned cohorts;
  double age_s[WAITQ__COHORTS]; /* of the sessions that run at the beginning */
  double running[WAITQ__COHORTS];
};

double waitq__curve_grain(void) {
  return GRAIN_ERROR_S;
}

double waitq__curve_slack(void) {
  return UNKNOWN_LEAVERS;
}

static double chance_to_end(const struct waitq__lifetime *lifetime, double age_s, double later_s) {
  return -expm1(waitq__lifetime_summed(lifetime, age_s) - waitq__lifetime_summed(lifetime, age_s + later_s));
}

/* What is left of the cohorts, of which some were counted a while ago; in sum, as many as hold a slot. */
static void count_sessions(struct run *run) {
  const struct waitq__prospect *prospect = run->prospect;
  const struct waitq__ages *sessions = prospect->sessions;
  int64_t now_us = prospect->line->now_us;
  double sum = 0.0;
  for (unsigned i = 0; i < sessions->cohorts; i++) {
    double age_s = waitq__cohort_age_s(sessions, i, now_us);
    double since_s = waitq__cohort_since_s(sessions, i, now_us);
    run->age_s[i] = age_s;
    run->running[i] = sessions->cohort[i].count *
                      (1.0 - chance_to_end(prospect->session_length, age_s > since_s ? age_s - since_s : 0.0, since_s));
    sum += run->running[i];
  }
  run->cohorts = sessions->cohorts;
  for (unsigned i = 0; i < run->cohorts && sum > 0.0; i++) {
    run->running[i] *= prospect->line->occupied / sum;
  }
}

/* How many of the sessions that run now, or began on the way, have ended at a time. */
static double sessions_ended(const struct run *run, double time_s) {
  const struct waitq__prospect *prospect = run->prospect;
  double ended = 0.0;
  for (unsigned i = 0; i < run->cohorts; i++) {
    ended += run->running[i] * chance_to_end(prospect->session_length, run->age_s[i], time_s);
  }
  for (unsigned i = 0; i < run->steps; i++) {
    ended += run->began[i] * -expm1(-waitq__lifetime_summed(prospect->session_length, time_s - run->began_s[i]));
  }
  return ended;
}

/* The rate that is announced for a time. */
static double rate_at(const struct waitq__line *line, double time_s) {
  double rate_per_s = line->rate_per_s;
  for (unsigned i = 0; i < line->plan_count; i++) {
    if ((double)(line->plans[i].at_us - line->now_us) * 1e-6 <= time_s) {
      rate_per_s = line->plans[i].rate_per_s;
    }
  }
  return (double)(line->goes_on_us - line->now_us) * 1e-6 <= time_s ? rate_per_s : 0.0;
}

/* The next time after time_s at which the rate changes. */
static double next_change(const struct waitq__line *line, double time_s) {
  double next_s = INFINITY;
  double goes_on_s = (double)(line->goes_on_us - line->now_us) * 1e-6;
  if (goes_on_s > time_s) {
    next_s = goes_on_s;
  }
  for (unsigned i = 0; i < line->plan_count; i++) {
    double at_s = (double)(line->plans[i].at_us - line->now_us) * 1e-6;
    if (at_s > time_s && at_s < next_s) {
      next_s = at_s;
    }
  }
  return next_s;
}

/* How many turns slots allow in a step to end_s. Those who begin in it may end in it, and others begin after them: so many that
 * those who are left at its end fill the slots. */
static double slots_for(const struct run *run, double end_s) {
  const struct waitq__prospect *prospect = run->prospect;
  const struct waitq__line *line = prospect->line;
  double span_s = end_s - run->time_s;
  double free_now = line->max_active > line->occupied ? line->max_active - line->occupied : 0.0;
  double free_then = free_now + sessions_ended(run, end_s) - run->turns;
  double stays = span_s > 0.0 ? waitq__lifetime_lived(prospect->session_length, span_s) / span_s : 1.0;
  double slots = free_then / (stays > 1e-9 ? stays : 1e-9);
  return slots > 0.0 ? slots : 0.0;
}

/* The chance to have left by a time. */
struct leaving {
  double told;  /* with a word */
  double known; /* so that it is known by then */
  double later; /* so that it is known by then or later */
};

static struct leaving leaving_by(const struct waitq__prospect *prospect, double age_s, double time_s) {
  if (prospect->patience == NULL) {
    return (struct leaving){0.0, 0.0, 0.0};
  }
  double leave = chance_to_end(prospect->patience, age_s, time_s);
  double from_s = prospect->silence_s;
  if (from_s <= 0.0) {
    return (struct leaving){0.0, leave, leave};
  }
  double silently = 1.0 - prospect->told;
  double told = -expm1(prospect->told * log1p(-(leave < 0.999 ? leave : 0.999)));
  double unheard = time_s > from_s ? chance_to_end(prospect->patience, age_s + from_s, time_s - from_s) : 0.0;
  double known = 1.0 - (1.0 - told) * (1.0 - unheard * silently);
  double later = chance_to_end(prospect->patience, age_s + from_s, time_s) * silently;
  return (struct leaving){told, known, later > known ? later : known};
}

/* The part of a segment that is there to use a turn at a time. Who had its turn before tells most about that. */
static double there_at(const struct waitq__prospect *prospect, const struct waitq__segment *segment, double time_s,
                       const struct leaving *leaving) {
  if (prospect->presence == NULL) {
    double all = segment->swept[WAITQ__SWEEPS - 1];
    return (1.0 - all) * (1.0 - leaving->known) * (1.0 - (leaving->later - leaving->known));
  }
  double since_s = segment->age_s - segment->known_age_s + time_s;
  double goes = chance_to_end(prospect->presence, segment->known_age_s, since_s);
  return (1.0 - segment->sure) * (1.0 - goes) * (1.0 - leaving->told);
}

/* The part of a segment that is taken out of line by a time; and, of those who are not, the part that has gone all the same. */
static void find_gone(const struct waitq__prospect *prospect, const struct waitq__segment *segment, double time_s,
                      double *out, double *silent) {
  double swept = 0.0;
  for (unsigned i = 0; i < WAITQ__SWEEPS && prospect->sweep_s[i] <= time_s; i++) {
    swept = segment->swept[i];
  }
  struct leaving leaving = leaving_by(prospect, segment->age_s, time_s);
  *out = 1.0 - (1.0 - swept) * (1.0 - leaving.known);
  double here = 1.0 - *out;
  double there = there_at(prospect, segment, time_s, &leaving);
  *silent = here > 1e-9 && there < here ? 1.0 - there / here : 0.0;
}

/* Moves the head past so many who take their turns. Returns how many of those turns nobody uses. */
static double pass(struct run *run, double turns, double time_s) {
  const struct waitq__prospect *prospect = run->prospect;
  double unused = 0.0;
  while (turns > 0.0 && run->segment < prospect->segment_count) {
    const struct waitq__segment *segment = &prospect->segments[run->segment];
    double out;
    double silent;
    find_gone(prospect, segment, time_s, &out, &silent);
    double room = (segment->end - run->ahead) * (1.0 - out);
    double taken = turns < room ? turns : room;
    double passed = turns < room ? turns / (1.0 - out) : segment->end - run->ahead;
    run->leaver_noise += passed * out * (1.0 - out);
    run->ahead += passed;
    unused += taken * silent;
    turns -= taken;
    run->segment += turns > 0.0;
  }
  run->ahead += turns;
  return unused;
}

/* Turns that nobody used, and whose time is up within a step: another has them then. At first they are of those that were given before. */
static double returned(struct run *run, double end_s) {
  double early_s = end_s < run->prospect->claim_s ? end_s : run->prospect->claim_s;
  double sum = early_s > run->time_s ? (early_s - run->time_s) * run->prospect->returned_per_s : 0.0;
  while (run->claimed < run->steps && run->began_s[run->claimed] + run->prospect->claim_s <= end_s) {
    sum += run->unused[run->claimed++];
  }
  return sum;
}

/* How much of what is given in a step comes back in the same step: where turns are claimed in no time, it is given on. */
static double given_on(const struct run *run, double span_s) {
  const struct waitq__prospect *prospect = run->prospect;
  if (prospect->claim_s >= span_s || run->segment >= prospect->segment_count) {
    return 1.0;
  }
  double out;
  double silent;
  find_gone(prospect, &prospect->segments[run->segment], run->time_s, &out, &silent);
  return 1.0 / (1.0 - (silent < 0.95 ? silent : 0.95) * (1.0 - prospect->claim_s / span_s));
}

/* One step, up to end_s. */
static void step(struct run *run, double end_s) {
  const struct waitq__prospect *prospect = run->prospect;
  const struct waitq__line *line = prospect->line;
  double span_s = end_s - run->time_s;
  run->tokens += rate_at(line, run->time_s) * prospect->factor * span_s;
  double back = returned(run, end_s);
  run->given_on += back;
  run->tokens += back;
  double again = given_on(run, span_s);
  double turns = run->tokens * again;
  if (prospect->sessions != NULL) {
    double slots = slots_for(run, end_s);
    if (slots < turns) {
      turns = slots;
      run->slots_noise += turns;
      run->slots_s += span_s;
    }
    double most = line->burst > line->tokens ? line->burst : line->tokens;
    run->tokens = run->tokens - turns / again > most ? most + turns / again : run->tokens;
  }
  run->tokens -= turns / again;
  run->began[run->steps] = turns;
  run->began_s[run->steps] = 0.5 * (run->time_s + end_s);
  double before = run->ahead;
  run->turns += turns;
  double unused = pass(run, turns, 0.5 * (run->time_s + end_s));
  double given_on_here = turns - turns / again;
  run->given_on += given_on_here;
  run->unused[run->steps++] = unused > given_on_here ? unused - given_on_here : 0.0;
  if (run->ahead - before > LEAST_PASSED && span_s > 0.0) {
    run->pace = (run->ahead - before) / span_s;
  }
  run->time_s = end_s;
}

/* Places a second: of late, but where the line has nearly stood of late, of all the time. */
static double pace_of(const struct run *run) {
  double mean = run->time_s > 0.0 ? run->ahead / run->time_s : 0.0;
  return run->pace > LEAST_PACE * mean ? run->pace : LEAST_PACE * mean;
}

static double error_of(const struct run *run) {
  const struct waitq__prospect *prospect = run->prospect;
  double noise = run->slots_noise + run->leaver_noise;
  double pace = pace_of(run);
  double noise_s = pace > 0.0 ? sqrt(noise) / pace : 0.0;
  double most_s = NOISE_MOST * run->time_s;
  noise_s = noise_s < most_s ? noise_s : most_s;
  double ended = prospect->sessions == NULL ? 0.0 : prospect->session_length->ended;
  double sessions_s = run->slots_s * (SESSIONS_ERROR / sqrt(ended + 2.0) + 0.01);
  double factor_s = run->time_s * prospect->factor_error;
  double silent = run->ahead - run->turns + GIVEN_ON_PART * run->given_on;
  double leavers_s = pace > 0.0 ? LEAVERS_ERROR * silent / pace : 0.0;
  leavers_s += prospect->patience != NULL ? PATIENCE_ERROR * run->time_s : 0.0;
  return sqrt(noise_s * noise_s + sessions_s * sessions_s + factor_s * factor_s + leavers_s * leavers_s +
              GRAIN_ERROR_S * GRAIN_ERROR_S);
}

/* Where turns come by chance, the n-th is as likely to come before as after n - 1/3 are expected (the median of a gamma
 * distribution). */
static double to_median(const struct run *run) {
  return run->turns > 0.0 ? run->slots_noise / run->turns / 3.0 : 0.0;
}

static void add_knot(struct waitq__curve *curve, const struct run *run) {
  if (curve->count < WAITQ__KNOTS) {
    curve->ahead[curve->count] = run->ahead + to_median(run);
    curve->wait_s[curve->count] = run->time_s;
    curve->error_s[curve->count] = error_of(run);
    curve->slack_s[curve->count] = run->prospect->unknown * UNKNOWN_LEAVERS * run->time_s;
    curve->count++;
  }
}

/* When the bucket alone would have made so many tokens. */
static double bucket_span(const struct waitq__prospect *prospect, double turns) {
  const struct waitq__line *line = prospect->line;
  double missing = turns - line->tokens;
  double time_s = 0.0;
  for (;;) {
    double per_s = rate_at(line, time_s) * prospect->factor;
    double next_s = next_change(line, time_s);
    if (missing <= 0.0 || missing <= per_s * (next_s - time_s)) {
      return missing <= 0.0 ? time_s : time_s + missing / per_s;
    }
    if (next_s == INFINITY) {
      return INFINITY;
    }
    missing -= per_s * (next_s - time_s);
    time_s = next_s;
  }
}

/* The last change that is announced. */
static double last_change(const struct waitq__line *line) {
  double last_s = 0.0;
  double at_s = next_change(line, 0.0);
  while (at_s < INFINITY) {
    last_s = at_s;
    at_s = next_change(line, at_s);
  }
  return last_s;
}

/* How far ahead the line has to run until the last has had the turn. */
static double span_of(const struct waitq__prospect *prospect, int *is_open) {
  const struct waitq__line *line = prospect->line;
  double turns = (line->waiting + 1.0) * BEYOND;
  double span_s = bucket_span(prospect, turns);
  *is_open = rate_at(line, last_change(line)) > 0.0;
  if (span_s == INFINITY) {
    span_s = last_change(line) + 1.0;
  }
  if (prospect->sessions != NULL) {
    double mean_s = waitq__lifetime_mean(prospect->session_length);
    double slots_s = turns * mean_s / line->max_active;
    span_s = slots_s * 1.2 > span_s ? slots_s * 1.2 : span_s;
  }
  span_s = span_s < SPAN_LEAST_S ? SPAN_LEAST_S : span_s;
  return span_s < SPAN_MOST_S ? span_s : SPAN_MOST_S;
}

/* Steps grow with a power of their number, so that the first is short however far the curve goes. */
static double power_of(double span_s) {
  double power = log(span_s / FIRST_STEP_S) / log((double)STEPS);
  return power < POWER_LEAST ? POWER_LEAST : power > POWER_MOST ? POWER_MOST : power;
}

void waitq__curve_draw(const struct waitq__prospect *prospect, struct waitq__curve *curve) {
  const struct waitq__line *line = prospect->line;
  struct run run = {.prospect = prospect, .tokens = line->tokens};
  curve->count = 0;
  if (line->goes_on_us == WAITQ__LINE_NEVER) {
    return;
  }
  if (prospect->sessions != NULL) {
    count_sessions(&run);
  }
  double span_s = span_of(prospect, &curve->is_open);
  add_knot(curve, &run);
  if (waitq__line_moves(line)) {
    step(&run, 0.0);
    add_knot(curve, &run);
  }
  double turns = line->waiting * BEYOND;
  double power = power_of(span_s);
  for (unsigned i = 1; i <= STEPS && (run.ahead <= turns || i < 3); i++) {
    double end_s = span_s * pow((double)i / STEPS, power);
    double change_s = next_change(line, run.time_s);
    while (change_s < end_s) {
      step(&run, change_s);
      add_knot(curve, &run);
      change_s = next_change(line, run.time_s);
    }
    step(&run, end_s);
    add_knot(curve, &run);
  }
  if (run.ahead <= 0.0) {
    curve->count = 0;
  }
}
