/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include <stddef.h>
#include <string.h>

#include "scenario.h"

/* Long enough that nothing of a run reaches it. */
#define NEVER_S 86400.0

/* In the quick form. */
#define SMALL_PROBES 200
#define SMALL_MINUTE_S 6.0
#define SMALL_SEEDS_TIMES 2

/* Rate, burst, slots; seconds of silence and of unclaimed turns. */
#define ROOM(rate, most, slots, silence, unclaimed) \
  .rate_per_s = (rate), .burst = (most), .max_active = (slots), .heartbeat_s = (silence), .claim_s = (unclaimed)
#define SURGE(number) .visitors = (number), .surge_s = 60, .arrivals_s = 600, .tick_s = 0.05
#define RECORDED(day) .trace = "worldcup98-" day ".csv", .visitors = 420000, .tick_s = 0.2, .probes = 1000, .quick = 14
#define LEAVING .impatient = 0.3, .patience_s = 80

const struct scenario scenarios[] = {
    {
        .name = "1",
        .text = "500/s, 300,000 visitors in ten minutes",
        ROOM(500, 50, 0, 300, 30),
        SURGE(300000),
        .probes = 1000,
        .ceiling = CEILING_PLAN,
        .quick = 20,
        .spans = {{"1", 60, 0, 0}, {"6a", 0, 60, 0}},
    },
    {
        .name = "2",
        .text = "10/s, after 5 min 20/s, after 15 min 5/s, not announced; 20,000 visitors",
        ROOM(10, 10, 0, 300, 30),
        SURGE(20000),
        .changes = {{300, 20}, {900, 5}},
        .probes = 500,
        .ceiling = CEILING_PLAN,
        .quick = 2,
        .spans = {{"2", 60, 0, 1}},
    },
    {
        .name = "2 announced",
        .text = "the same, announced when the room opens",
        ROOM(10, 10, 0, 300, 30),
        SURGE(20000),
        .changes = {{300, 20}, {900, 5}},
        .is_announced = 1,
        .probes = 500,
        .ceiling = CEILING_PLAN,
        .quick = 2,
        .spans = {{"2 announced", 60, 0, 0}},
    },
    {
        .name = "3",
        .text = "5,000 slots, lognormal sessions of 248 s on average; 500/s would be allowed",
        ROOM(500, 50, 5000, 300, 30),
        SURGE(25000),
        .modes = {{1.0, 180, 0.8}},
        .probes = 1000,
        .ceiling = CEILING_SLOTS,
        .quick = 5,
        .spans = {{"3 after 60 s", 60, 0, 0}, {"3 after 300 s", 300, 0, 0}, {"6b", 0, 60, 0}},
    },
    {
        .name = "3m",
        .text = "5,000 slots, two kinds of sessions, of 68 and of 453 s on average",
        ROOM(500, 50, 5000, 300, 30),
        SURGE(25000),
        .modes = {{0.5, 60, 0.5}, {0.5, 400, 0.5}},
        .probes = 1000,
        .ceiling = CEILING_SLOTS,
        .quick = 5,
        .spans = {{"3m", 300, 0, 0}},
    },
    {
        .name = "4a",
        .text = "as 1 with 430,000 visitors; 30 % fall silent, heartbeat 30 s; turns of the silent are lost",
        ROOM(500, 50, 0, 30, NEVER_S),
        SURGE(430000),
        LEAVING,
        .probes = 1000,
        .ceiling = CEILING_LEAVERS,
        .quick = 20,
        .spans = {{"4a", 60, 0, 0}},
    },
    {
        .name = "4b",
        .text = "the same, heartbeat 120 s",
        ROOM(500, 50, 0, 120, NEVER_S),
        SURGE(430000),
        LEAVING,
        .probes = 1000,
        .ceiling = CEILING_LEAVERS,
        .quick = 20,
        .spans = {{"4b", 60, 0, 0}},
    },
    {
        .name = "4c",
        .text = "the same, heartbeat 300 s",
        ROOM(500, 50, 0, 300, NEVER_S),
        SURGE(430000),
        LEAVING,
        .probes = 1000,
        .ceiling = CEILING_LEAVERS,
        .quick = 20,
        .spans = {{"4c", 60, 0, 0}},
    },
    {
        .name = "4d",
        .text = "the same, and the host gives back at once the turns of those who are not there",
        ROOM(500, 50, 0, 300, 30),
        SURGE(430000),
        LEAVING,
        .skips = 1,
        .probes = 1000,
        .ceiling = CEILING_LEAVERS,
        .quick = 20,
        .spans = {{"4d", 60, 0, 0}},
    },
    {
        .name = "4e",
        .text = "the same, and their turns lapse after 30 s",
        ROOM(500, 50, 0, 300, 30),
        SURGE(430000),
        LEAVING,
        .probes = 1000,
        .quick = 20,
        .spans = {{"4e", 60, 0, 0}},
    },
    {
        .name = "5",
        .text = "500/s, 450,000 visitors; from 240 to 420 s the backend ends no session, and nobody says so",
        ROOM(500, 50, 500, 300, 30),
        SURGE(450000),
        .backend_per_s = 1000,
        .outage_from_s = 240,
        .outage_to_s = 420,
        .probes = 1000,
        .ceiling = CEILING_PLAN,
        .quick = 20,
        .spans = {{"5 before", 60, 240, 1}, {"5 during", 241, 420, 1}, {"5 after", 421, 0, 0}},
    },
    {
        .name = "5 announced",
        .text = "500/s, 450,000 visitors; a pause from 240 to 420 s, announced when the room opens",
        ROOM(500, 50, 0, 300, 30),
        SURGE(450000),
        .changes = {{240, 0}, {420, 500}},
        .is_announced = 1,
        .probes = 1000,
        .ceiling = CEILING_PLAN,
        .quick = 20,
        .spans = {{"5 announced", 60, 0, 0}},
    },
    {
        .name = "7",
        .text = "10 slots, exponential sessions of 40 min: 15 turns an hour; 5 visitors in line",
        ROOM(5, 5, 10, 300, 30),
        .session_s = 21600,
        .from_start = 15,
        .visitors = 30,
        .arrivals_s = 7200,
        .tick_s = 1,
        .modes = {{1.0, 2400, 0.0}},
        .end_s = 7200,
        .probes = 1e9,
        .ceiling = CEILING_POISSON,
        .quick = 1,
        .seeds_times = 25,
        .spans = {{"7", 60, 0, 0}},
    },
    {
        .name = "9",
        .text = "500/s, but the backend serves 350/s; max_active 1,000 holds the line; 210,000 visitors",
        ROOM(500, 50, 1000, 300, 30),
        SURGE(210000),
        .backend_per_s = 350,
        .probes = 1000,
        .ceiling = CEILING_PLAN,
        .quick = 20,
        .spans = {{"9", 60, 0, 0}},
    },
    {
        .name = "trace 1998-06-30",
        .text = "a recorded day of 420,000 visitors at 14/s; 10 % leave, half of them with a word",
        ROOM(14, 10, 0, 300, 30),
        RECORDED("1998-06-30"),
        .impatient = 0.1,
        .patience_s = 120,
        .tells = 0.5,
        .spans = {{"trace 1998-06-30", 60, 0, 0}},
    },
    {
        .name = "trace 1998-07-08",
        .text = "a recorded day of 420,000 visitors, 14/s",
        ROOM(14, 10, 0, 300, 30),
        RECORDED("1998-07-08"),
        .spans = {{"trace 1998-07-08", 60, 0, 0}},
    },
    {
        .name = "trace 1998-06-30, slots",
        .text = "the first day with 2,500 slots, lognormal sessions of 248 s on average, 100/s",
        ROOM(100, 50, 2500, 300, 30),
        RECORDED("1998-06-30"),
        .modes = {{1.0, 180, 0.8}},
        .spans = {{"trace 1998-06-30, slots", 60, 0, 0}},
    },
    {
        .name = "trace 1998-07-08, slots",
        .text = "the second day with the same slots; 10 % leave, half of them with a word",
        ROOM(100, 50, 2500, 300, 30),
        RECORDED("1998-07-08"),
        .impatient = 0.1,
        .patience_s = 120,
        .tells = 0.5,
        .modes = {{0.5, 60, 0.5}, {0.5, 400, 0.5}},
        .spans = {{"trace 1998-07-08, slots", 60, 0, 0}},
    },
    {.name = NULL},
};

static uint64_t divided(uint64_t number, double divisor) {
  uint64_t part = (uint64_t)((double)number / divisor);
  return number > 0 && part == 0 ? 1 : part;
}

struct scenario scenario_in_small(const struct scenario *scenario) {
  struct scenario small = *scenario;
  double divisor = scenario->quick;
  small.visitors /= divisor;
  small.from_start /= divisor;
  if (small.trace != NULL) {
    small.minute_s = SMALL_MINUTE_S;
    divisor *= SMALL_MINUTE_S / 60.0;
  }
  small.rate_per_s /= divisor;
  small.burst = divided(small.burst, divisor);
  small.max_active = divided(small.max_active, divisor);
  small.backend_per_s /= divisor;
  for (unsigned i = 0; i < SCENARIO_CHANGES; i++) {
    small.changes[i].rate_per_s /= divisor;
  }
  small.probes = small.probes > SMALL_PROBES ? SMALL_PROBES : small.probes;
  small.seeds_times = small.seeds_times > 0 ? SMALL_SEEDS_TIMES : 0;
  return small;
}

unsigned scenario_spans(const struct scenario *scenario) {
  unsigned count = 0;
  while (count < SCENARIO_SPANS && scenario->spans[count].name != NULL) {
    count++;
  }
  return count;
}

int scenario_is_asked(const struct scenario *scenario, const char *name) {
  int is_asked = strcmp(scenario->name, name) == 0;
  for (unsigned i = 0; i < scenario_spans(scenario); i++) {
    is_asked |= strcmp(scenario->spans[i].name, name) == 0;
  }
  return is_asked;
}
