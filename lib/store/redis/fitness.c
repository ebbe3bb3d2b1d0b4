/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/fitness.h"

#include <string.h>

#include "base/error.h"

static int topology_check(const struct waitq__server *server, const char *name,
                          const struct waitq__redis_settings *settings, waitq_error *error) {
  const char *s = settings->tls ? "s" : "";
  if (settings->topology == WAITQ__REDIS_CLUSTER) {
    if (!server->is_cluster) {
      return waitq__fail(error, WAITQ_E_INVALID, "%s is no node of a Cluster; its URI begins with redis%s://", name, s);
    }
    if (settings->database != 0) {
      return waitq__fail(error, WAITQ_E_INVALID, "a Cluster has database 0 only, not %u", settings->database);
    }
  } else if (server->is_cluster) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is a node of a Cluster; its URI begins with redis%s+cluster://",
                       name, s);
  }
  return WAITQ_OK;
}

static int eviction_check(const struct waitq__server *server, const char *name,
                          const struct waitq__redis_settings *settings, waitq_error *error) {
  if (settings->allow_eviction || server->maxmemory_policy[0] == '\0' ||
      strcmp(server->maxmemory_policy, "noeviction") == 0) {
    return WAITQ_OK;
  }
  return waitq__fail(error, WAITQ_E_UNSUPPORTED,
                     "%s may evict the keys of a line: its maxmemory-policy is %s. Either CONFIG SET maxmemory-policy "
                     "noeviction, or put allow_eviction=1 into the URI",
                     name, server->maxmemory_policy);
}

int waitq__fitness_check(const struct waitq__server *server, const char *name,
                         const struct waitq__redis_settings *settings, waitq_error *error) {
  int code = topology_check(server, name, settings, error);
  if (code == WAITQ_OK) {
    code = eviction_check(server, name, settings, error);
  }
  return code;
}

void waitq__fitness_log(const struct waitq__server *server, const char *name,
                        const struct waitq__redis_settings *settings, const struct waitq__log *log) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq__log(log, WAITQ_LOG_INFO, "redis: %s is a %s of version %d.%d.%d, run_id %s", name,
             server->is_master ? "master" : "replica", server->version / 10000, server->version / 100 % 100,
             server->version % 100, server->run_id);
  if (waitq__fitness_check(server, name, settings, &error) != WAITQ_OK) {
    waitq__log(log, WAITQ_LOG_WARNING, "redis: %s", error.text);
  }
}
