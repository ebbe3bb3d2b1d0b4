/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_SERVERS_PLAN_H
#define WAITQ_TESTS_SUPPORT_SERVERS_PLAN_H

/* How the parts of a Cluster and of a set of Sentinels are started: for servers*.c alone. */

#include "servers.h"

enum server_kind { SERVER_ALONE, SERVER_OF_CLUSTER, SERVER_OF_SENTINEL };

struct server_plan {
  struct server_options options;
  enum server_kind kind;
  const char *config; /* the text of a configuration file, which the server may write to; NULL: none */
};

struct server *server_launch(const struct server_plan *plan);
uint16_t server_bus_port(const struct server *server);
const char *server_password(const struct server *server); /* NULL: none */

#endif
