/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/presence.h"

#include <math.h>

#include "eta/sound.h"

/* The first bin ends here. */
#define FIRST_END_S 10.0

/* What was learnt longer ago than about this fades. */
#define FADE_S 3600.0

/* What was given a delay ago is known as an average over about as long, which is right from so many delays on. */
#define SETTLED 2.0
#define GIVEN_MOST_S 1e6F

/* So few unused turns are chance, or what rounding leaves of them; the latter as a part of the turns. */
#define LEAST_UNUSED 3.0
#define LEAST_PART 0.01

/* Times that are looked at: from the first on, each longer by a factor. */
#define TIMES 24
#define TIME_FIRST_S 7.0
#define TIME_STEP 1.35

/* Before anything is known: the share of those who leave, and how far from it it may well be. */
#define SHARE 0.3
#define SHARE_WIDTH 0.3

/* No family is better than this part of what it says, and this. */
#define MISFIT 0.02
#define MISFIT_LEAST 0.003

/* Where it was seen that the family is wrong, by more than so many standard errors, it is as was seen. */
#define BELIEF 2.0

/* Nobody knows that nobody stays. */
#define SHARE_MOST 0.98

static unsigned bin_of(double age_s) {
  unsigned bin = 0;
  double end_s = FIRST_END_S;
  while (bin + 1 < WAITQ__PRESENCE_BINS && age_s >= end_s) {
    bin++;
    end_s *= 2.0;
  }
  return bin;
}

void waitq__presence_add(struct waitq__presence *presence, double span_s, double turns, double age_s, double back,
                         double delay_s) {
  if (!(span_s > 0.0)) {
    return;
  }
  float kept = (float)exp(-span_s / FADE_S);
  for (unsigned i = 0; i < WAITQ__PRESENCE_BINS; i++) {
    presence->turns[i] *= kept;
    presence->unused[i] *= kept;
  }
  double follow = delay_s > 0.0 ? -expm1(-span_s / delay_s) : 1.0;
  presence->given_per_s += (float)(follow * (turns / span_s - presence->given_per_s));
  presence->given_age_s += (float)(follow * (age_s - presence->given_age_s));
  presence->given_s += presence->given_s < GIVEN_MOST_S ? (float)span_s : 0.0F;
  double given = presence->given_per_s * span_s;
  if (given > 0.0 && presence->given_s > SETTLED * delay_s) {
    unsigned bin = bin_of(presence->given_age_s);
    presence->turns[bin] += (float)given;
    presence->unused[bin] = fminf(presence->unused[bin] + (float)back, presence->turns[bin]);
    presence->age_s[bin] += (presence->given_age_s - presence->age_s[bin]) * (float)(given / presence->turns[bin]);
  }
}

/* What was seen, by bins: the share that was not there, and what it is worth. */
struct seen {
  double age_s;
  double share;
  double worth; /* one over its variance, and that of the family */
  double error; /* its standard error */
  double more;  /* by how much more that is than the family says */
};

static unsigned look(const struct waitq__presence *presence, struct seen seen[WAITQ__PRESENCE_BINS], double *all,
                     double *unused) {
  unsigned count = 0;
  for (unsigned i = 0; i < WAITQ__PRESENCE_BINS; i++) {
    double turns = presence->turns[i];
    if (turns >= 1.0) {
      double share = (presence->unused[i] + 0.5) / (turns + 1.0);
      double variance = share * (1.0 - share) / (turns + 1.0);
      double misfit = MISFIT * share + MISFIT_LEAST;
      seen[count++] = (struct seen){.age_s = presence->age_s[i],
                                    .share = share,
                                    .worth = 1.0 / (variance + misfit * misfit),
                                    .error = sqrt(variance)};
      *all += turns;
      *unused += presence->unused[i];
    }
  }
  return count;
}

/* One time after which those who leave do: the share of them that explains what was seen best, and the logarithm of how well. */
static double explain(const struct seen *seen, unsigned count, double time_s, double *merit) {
  double prior = 1.0 / (SHARE_WIDTH * SHARE_WIDTH);
  double weight = prior;
  double sum = prior * SHARE;
  double apart = prior * SHARE * SHARE;
  for (unsigned i = 0; i < count; i++) {
    double gone = -expm1(-seen[i].age_s / time_s);
    weight += seen[i].worth * gone * gone;
    sum += seen[i].worth * gone * seen[i].share;
    apart += seen[i].worth * seen[i].share * seen[i].share;
  }
  double share = sum / weight;
  *merit = -0.5 * (apart - sum * share + log(weight));
  if (share > SHARE_MOST) {
    *merit -= 0.5 * weight * (share - SHARE_MOST) * (share - SHARE_MOST);
    share = SHARE_MOST;
  }
  return share;
}

/* The times with what they explain: the share that leaves after each, weighted. */
struct family {
  double share[TIMES];
  double weight[TIMES];
};

/* The share of those who have gone at an age, by the mean of the family. */
static double gone_at(const struct family *family, double age_s) {
  double gone = 0.0;
  double time_s = TIME_FIRST_S;
  for (unsigned i = 0; i < TIMES; i++) {
    gone += family->weight[i] > 0.0 ? family->weight[i] * family->share[i] * -expm1(-age_s / time_s) : 0.0;
    time_s *= TIME_STEP;
  }
  return gone;
}

static void correct(const struct family *family, struct seen *seen, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    double more = seen[i].share - gone_at(family, seen[i].age_s);
    double chance = BELIEF * seen[i].error;
    seen[i].more = fabs(more) > chance ? more * (1.0 - chance * chance / (more * more)) : 0.0;
  }
}

/* The correction at an age: nothing at the beginning, straight between what was seen, and the last beyond it. */
static double more_at(const struct seen *seen, unsigned count, double age_s) {
  double from_s = 0.0;
  double from = 0.0;
  for (unsigned i = 0; i < count; i++) {
    if (age_s < seen[i].age_s) {
      return from + (seen[i].more - from) * (age_s - from_s) / (seen[i].age_s - from_s);
    }
    from_s = seen[i].age_s;
    from = seen[i].more;
  }
  return from;
}

/* Makes the curve: who is still there at the beginning of each bin of ages. */
static void draw(const struct family *family, const struct seen *seen, unsigned count,
                 struct waitq__lifetime *lifetime) {
  double there = 1.0;
  lifetime->longest_s = INFINITY;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    double begin_s = waitq__age_begin(bin);
    double stays = 1.0 - gone_at(family, begin_s) - more_at(seen, count, begin_s);
    there = fmin(there, fmax(stays, 1.0 - SHARE_MOST));
    lifetime->begins[bin] = begin_s;
    lifetime->summed[bin] = -log(there);
    lifetime->hazard[bin] = 0.0;
    if (bin > 0) {
      lifetime->hazard[bin - 1] =
          (lifetime->summed[bin] - lifetime->summed[bin - 1]) / (begin_s - lifetime->begins[bin - 1]);
    }
  }
}

int waitq__presence_read(const struct waitq__presence *presence, struct waitq__lifetime *lifetime) {
  struct seen seen[WAITQ__PRESENCE_BINS];
  struct family family;
  double unused = 0.0;
  double all = 0.0;
  unsigned count = look(presence, seen, &all, &unused);
  if (unused < LEAST_UNUSED + LEAST_PART * all) {
    return 0;
  }
  double best = -INFINITY;
  double time_s = TIME_FIRST_S;
  for (unsigned i = 0; i < TIMES; i++) {
    family.share[i] = explain(seen, count, time_s, &family.weight[i]);
    best = fmax(best, family.weight[i]);
    time_s *= TIME_STEP;
  }
  double sum = 0.0;
  for (unsigned i = 0; i < TIMES; i++) {
    family.weight[i] = family.weight[i] > best - 8.0 ? exp(family.weight[i] - best) : 0.0;
    sum += family.weight[i];
  }
  for (unsigned i = 0; i < TIMES; i++) {
    family.weight[i] /= sum;
  }
  correct(&family, seen, count);
  draw(&family, seen, count, lifetime);
  lifetime->ended = unused;
  return 1;
}

int waitq__presence_is_sound(const struct waitq__presence *presence) {
  int is_sound = waitq__are_sound(presence->turns, WAITQ__PRESENCE_BINS) &&
                 waitq__are_sound(presence->unused, WAITQ__PRESENCE_BINS) &&
                 waitq__are_sound(presence->age_s, WAITQ__PRESENCE_BINS) && waitq__is_sound(presence->given_per_s) &&
                 waitq__is_sound(presence->given_age_s) && waitq__is_sound(presence->given_s);
  for (unsigned i = 0; is_sound && i < WAITQ__PRESENCE_BINS; i++) {
    is_sound = presence->unused[i] <= presence->turns[i];
  }
  return is_sound;
}
