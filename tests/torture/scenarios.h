/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_TORTURE_SCENARIOS_H
#define WAITQ_TESTS_TORTURE_SCENARIOS_H

/* What can break. */

#include "../support/proxy.h"
#include "../support/rng.h"
#include "../support/servers.h"
#include "crew.h"

enum where { ON_SERVER, BEHIND_PROXY, ON_SENTINELS, ON_CLUSTER };

/* What a scenario plays with: of the servers, those that it asked for. */
struct stage {
  struct crew *crew;
  uint32_t nodes;
  struct server *server;
  struct sentinels *sentinels;
  struct cluster *cluster;
  struct proxy *proxy;  /* between nodes and server; or between the Sentinels' master and its replica */
  const char *room_key; /* a key of the room */
  struct rng rng;
  int is_long;
};

struct scenario {
  const char *name;
  const char *what;
  enum where where;
  unsigned server_flags; /* enum server_flag */
  int allow_errors;      /* whether the fault may reach those who call */
  int may_skip;          /* whether another server answers for the room afterwards, or the same after a start */
  /* Breaks something, and mends it. */
  void (*act)(struct stage *stage);
};

/* All of them; the last has no name. */
extern const struct scenario scenarios[];

#endif
