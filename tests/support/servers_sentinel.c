/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "proxy.h"
#include "servers.h"
#include "servers_plan.h"

#define READY_MS 30000
/* One that follows another waits for twice the failover-timeout, and on a busy machine a first one may fail. */
#define FAILOVER_MS 90000

struct sentinels {
  struct server *sentinels[SENTINELS];
  struct server *servers[2];
  char uri[256];
};

static void launch(struct sentinels *all, const struct server_options *options, struct proxy *link) {
  all->servers[0] = server_start(options);
  all->servers[1] = server_start(options);
  if (link == NULL) {
    server_replicate(all->servers[1], server_port(all->servers[0]));
  } else {
    proxy_forward_to(link, server_port(all->servers[0]));
    server_replicate(all->servers[1], proxy_port(link));
  }
}

/* After the failover timeout, a Sentinel links a replica that it finds linked through a proxy to its master itself; after twice
 * the timeout, it tries again where it has found no replica that it could promote. */
static void watch(struct sentinels *all, const char *password) {
  char config[512];
  int length = snprintf(config, sizeof config,
                        "sentinel monitor " SENTINELS_MASTER
                        " 127.0.0.1 %u 2\n"
                        "sentinel down-after-milliseconds " SENTINELS_MASTER
                        " 1000\n"
                        "sentinel failover-timeout " SENTINELS_MASTER " 5000\n",
                        server_port(all->servers[0]));
  if (password != NULL) {
    snprintf(config + length, sizeof config - (size_t)length, "sentinel auth-pass " SENTINELS_MASTER " %s\n", password);
  }
  struct server_plan plan = {.kind = SERVER_OF_SENTINEL, .config = config};
  for (unsigned i = 0; i < SENTINELS; i++) {
    all->sentinels[i] = server_launch(&plan);
  }
}

static int says(const char *master, const char *name, const char *value) {
  const char *at = strstr(master, name);
  size_t length = strlen(value);
  return at != NULL && strncmp(at + strlen(name), value, length) == 0 && at[strlen(name) + length] == '\n';
}

static int all_know_all(void *user) {
  struct sentinels *all = user;
  for (unsigned i = 0; i < SENTINELS; i++) {
    const char *master = server_ask(all->sentinels[i], "SENTINEL MASTER " SENTINELS_MASTER);
    if (!says(master, "\nnum-other-sentinels\n", "2") || !says(master, "\nnum-slaves\n", "1") ||
        !says(master, "\nflags\n", "master")) {
      return 0;
    }
  }
  return 1;
}

struct sentinels *sentinels_start(const struct server_options *options, struct proxy *link) {
  struct sentinels *all = calloc(1, sizeof *all);
  if (all == NULL) {
    child_fail("out of memory");
  }
  const char *password = options == NULL ? NULL : options->password;
  launch(all, options, link);
  watch(all, password);
  if (!child_wait(all_know_all, all, READY_MS)) {
    child_fail("the Sentinels do not find each other");
  }
  snprintf(all->uri, sizeof all->uri, "redis+sentinel://%s%s%s127.0.0.1:%u,127.0.0.1:%u,127.0.0.1:%u/" SENTINELS_MASTER,
           password ? ":" : "", password ? password : "", password ? "@" : "", server_port(all->sentinels[0]),
           server_port(all->sentinels[1]), server_port(all->sentinels[2]));
  return all;
}

void sentinels_stop(struct sentinels *sentinels) {
  if (sentinels == NULL) {
    return;
  }
  for (unsigned i = 0; i < SENTINELS; i++) {
    server_stop(sentinels->sentinels[i]);
  }
  server_stop(sentinels->servers[0]);
  server_stop(sentinels->servers[1]);
  free(sentinels);
}

const char *sentinels_uri(const struct sentinels *sentinels) {
  return sentinels->uri;
}

struct server *sentinels_sentinel(const struct sentinels *sentinels, unsigned number) {
  return sentinels->sentinels[number];
}

struct server *sentinels_server(const struct sentinels *sentinels, unsigned number) {
  return sentinels->servers[number];
}

/* Whom one Sentinel names; NULL when it does not answer, or names neither of the two. */
static struct server *named_by(struct sentinels *all, unsigned number) {
  if (server_pid(all->sentinels[number]) == 0) {
    return NULL;
  }
  const char *reply = server_try(all->sentinels[number], "SENTINEL GET-MASTER-ADDR-BY-NAME " SENTINELS_MASTER, 1000);
  const char *port = reply == NULL ? NULL : strchr(reply, '\n');
  for (unsigned i = 0; port != NULL && i < 2; i++) {
    if (strtoul(port + 1, NULL, 10) == server_port(all->servers[i])) {
      return all->servers[i];
    }
  }
  return NULL;
}

struct server *sentinels_master(struct sentinels *sentinels) {
  for (unsigned i = 0; i < SENTINELS; i++) {
    struct server *master = named_by(sentinels, i);
    if (master != NULL) {
      return master;
    }
  }
  child_fail("no Sentinel names a master");
}

struct failover {
  struct sentinels *all;
  struct server *to;
};

static int is_over(void *user) {
  struct failover *failover = user;
  for (unsigned i = 0; i < SENTINELS; i++) {
    if (server_pid(failover->all->sentinels[i]) != 0 && named_by(failover->all, i) != failover->to) {
      return 0;
    }
  }
  char role[16];
  return server_info(failover->to, "role", role, sizeof role) && strcmp(role, "master") == 0;
}

struct server *sentinels_wait_failover(struct sentinels *sentinels, const struct server *from) {
  struct failover failover = {sentinels, sentinels->servers[from == sentinels->servers[0] ? 1 : 0]};
  if (!child_wait(is_over, &failover, FAILOVER_MS)) {
    child_fail("no failover by the Sentinels within the time");
  }
  return failover.to;
}
