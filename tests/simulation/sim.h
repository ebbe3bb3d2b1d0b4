/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SIMULATION_SIM_H
#define WAITQ_TESTS_SIMULATION_SIM_H

/* The real library under an injected clock, memory and chance, beside a model that is too simple to be wrong.
 *
 * The model knows of each ticket what the library has told, and the window of time in which the library may let it expire: time
 * limits hold "at least" so long, and up to an eighth more. Between the two, both answers are right;
 * outside, one is. What is due is done by whoever comes by, so the model asks for statistics (which do all that is due)
 * before it counts.
 *
 *     sim_run(&memory_subject, seed, steps, SIM_FAILURES);     fails the test with the seed, the step, and what was wrong */

#include <stdint.h>

#include <waitq/waitq.h>

#include "../support/flaky_store.h"
#include "../support/world.h"
#include "account.h"

#define SIM_VISITORS 400
#define SIM_OLD 16
#define SIM_NONE SIZE_MAX

/* What a run does besides what all do. */
enum sim_flag {
  SIM_FAILURES = 1, /* now and then an allocation fails */
  SIM_LIMITS = 2,   /* time limits change while the room lives */
  SIM_CROWDS = 4,   /* hundreds join at once, so that old tickets are forgotten */
  SIM_BAD_LINE = 8  /* the store refuses, loses answers, or was used by somebody else in between */
};

/* What the library has told of a ticket. */
enum sim_known { SIM_WAITING, SIM_READY, SIM_ENTERED, SIM_LEFT, SIM_EXPIRED };

struct sim_ticket {
  char text[WAITQ_TICKET_SIZE];
  enum sim_known known;
  uint64_t position;     /* the last one told */
  int64_t waiting_us;    /* when it was last told to wait */
  int64_t claim_lo_us;   /* the shortest claim limit since then */
  int64_t silent_lo_us;  /* it cannot have fallen silent before */
  int64_t silent_hi_us;  /* it has fallen silent by then, if it waits */
  int64_t enter_by_ms;   /* as told */
  uint64_t told_step;    /* in which step that was */
  char *pass;            /* its newest pass */
  char *first_pass;      /* the pass of its entry */
  int64_t expires_at_ms; /* of the newest pass */
  int session_over;      /* by exit */
};

/* A ticket of an earlier epoch. */
struct sim_old {
  char text[WAITQ_TICKET_SIZE];
  char pass[WAITQ_PASS_SIZE];
};

struct sim {
  uint64_t seed;
  uint64_t step;
  const char *doing;
  uint32_t flags;
  struct rng rng;
  struct world *world;
  struct flaky *flaky;    /* the store, where the line is bad; or NULL */
  uint64_t loads;         /* how often that had been read */
  int is_repeating;       /* a call, for it is not known what became of it */
  waitq_room_t *rooms[2]; /* two handles on one room */
  waitq_verifier_t *verifier;

  waitq_policy policy;
  int64_t rate_1024;
  uint32_t phase;
  uint64_t plan_count;
  struct {
    int64_t at_us;
    int64_t rate_1024;
  } plans[WAITQ_RATE_PLANS_MAX];
  int64_t now_us;             /* the latest time shown to the room */
  int64_t unsettled_us;       /* until then windows of silence are wider: the limit was changed */
  uint64_t claims_moved_step; /* the last step that moved claim deadlines */
  struct account account;     /* of entries */
  int64_t door_us;            /* until then those who were paced come again */
  uint64_t allowed_active;    /* max_active, or what ran when it was lowered */
  uint64_t allowed_waiting;

  uint64_t epoch;
  struct sim_ticket *tickets; /* by number */
  size_t issued;
  size_t capacity;
  uint64_t head; /* the least that head can be */
  uint64_t left;
  uint64_t entered;
  size_t ticket_of[SIM_VISITORS]; /* SIM_NONE */
  struct sim_old old[SIM_OLD];
  size_t old_count;
  uint64_t *texts; /* hashes of all texts ever given, an open-addressed set */
  size_t text_count;
  size_t text_capacity;

  uint64_t counts[9]; /* outcomes, for the report */
};

enum sim_count {
  SIM_JOINS,
  SIM_FULLS,
  SIM_ENTRIES,
  SIM_PACED,
  SIM_EXPIRIES,
  SIM_LEAVES,
  SIM_NOMEM,
  SIM_RESETS,
  SIM_REPEATS
};

/* Fails the test with seed and step. */
void sim_fail(const struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

#define SIM_CHECK(sim, condition, ...) \
  do {                                 \
    if (!(condition)) {                \
      sim_fail(sim, __VA_ARGS__);      \
    }                                  \
  } while (0)

/* sim.c: runs a whole simulation. */
void sim_run(const struct subject *subject, uint64_t seed, uint64_t steps, uint32_t flags);

/* sim_model.c: what the model makes of an answer. */
void sim_issue(struct sim *sim, const char *text, size_t visitor);
void sim_observe(struct sim *sim, size_t number, const waitq_status *status);
void sim_heartbeat(struct sim *sim, size_t number);
void sim_sign_of_life(struct sim *sim, size_t number);
void sim_start_epoch(struct sim *sim);
void sim_time_passes(struct sim *sim);

/* The room was read anew, perhaps: then it is not known who was heard when, and all who wait may have their whole time. */
void sim_all_are_heard(struct sim *sim);
void sim_apply_terms(struct sim *sim);
int sim_session_runs(const struct sim *sim, const struct sim_ticket *ticket);

/* Whether a session may still be running: where limits change often, one may run on for longer than its pass says. */
int sim_session_may_run(const struct sim *sim, const struct sim_ticket *ticket);
int sim_may_be_forgotten(const struct sim *sim, size_t number);
int sim_can_be_dead(const struct sim *sim, const struct sim_ticket *ticket);

/* sim_check.c: asks for statistics and compares all that can be compared. */
void sim_sync(struct sim *sim);
void sim_check_position(struct sim *sim, size_t number);

/* sim_visit.c: what visitors do. */
void sim_join(struct sim *sim);
void sim_join_many(struct sim *sim);
void sim_poll(struct sim *sim);
void sim_enter(struct sim *sim);
void sim_leave(struct sim *sim);
void sim_renew(struct sim *sim);
void sim_exit(struct sim *sim);
void sim_old_ticket(struct sim *sim);

/* sim_operate.c: what operators do, and time. */
void sim_clock(struct sim *sim);
void sim_set_rate(struct sim *sim);
void sim_set_rate_at(struct sim *sim);
void sim_configure(struct sim *sim);
void sim_set_phase(struct sim *sim);
void sim_reset(struct sim *sim);
void sim_reopen(struct sim *sim);
waitq_policy sim_first_policy(struct sim *sim);
waitq_room_t *sim_room(struct sim *sim);

/* Lets an allocation or a call of the store fail in the next call, now and then. */
void sim_maybe_fail(struct sim *sim);

/* After a call: true where it failed for the store, and has to be repeated: its outcome is unknown. */
int sim_again(struct sim *sim, int code);

/* After a call: true where it failed for want of memory, and then nothing has changed. Any other failure fails the test. */
int sim_out_of_memory(struct sim *sim, int code, const waitq_error *error);

#endif
