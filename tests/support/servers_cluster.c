/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "servers.h"
#include "servers_plan.h"

#define SLOTS 16384
#define READY_MS 40000
#define ID_SIZE 41

struct cluster {
  struct server *nodes[CLUSTER_NODES];
  char ids[CLUSTER_NODES][ID_SIZE];
  char uri[256];
};

/* What a node says of itself. */
struct self {
  int is_master;
  long long epoch;
  int has_slot;
  char master[ID_SIZE];
};

static int is_up(const struct server *server) {
  return server_pid(server) != 0;
}

static void say(struct server *server, const char *command) {
  const char *reply = server_ask(server, command);
  if (strcmp(reply, "OK") != 0) {
    child_fail("%s: %s", command, reply);
  }
}

static void launch_all(struct cluster *cluster, const struct server_options *options) {
  struct server_plan plan = {.kind = SERVER_OF_CLUSTER};
  if (options != NULL) {
    plan.options = *options;
  }
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    char command[64];
    cluster->nodes[i] = server_launch(&plan);
    snprintf(cluster->ids[i], ID_SIZE, "%s", server_ask(cluster->nodes[i], "CLUSTER MYID"));
    snprintf(command, sizeof command, "CLUSTER SET-CONFIG-EPOCH %u", i + 1);
    say(cluster->nodes[i], command);
  }
}

static void share_slots(struct cluster *cluster) {
  for (unsigned i = 0; i < CLUSTER_MASTERS; i++) {
    char command[64];
    snprintf(command, sizeof command, "CLUSTER ADDSLOTSRANGE %u %u", SLOTS * i / CLUSTER_MASTERS,
             SLOTS * (i + 1) / CLUSTER_MASTERS - 1);
    say(cluster->nodes[i], command);
  }
}

static void introduce(struct cluster *cluster) {
  for (unsigned i = 1; i < CLUSTER_NODES; i++) {
    char command[64];
    snprintf(command, sizeof command, "CLUSTER MEET 127.0.0.1 %u %u", server_port(cluster->nodes[i]),
             server_bus_port(cluster->nodes[i]));
    say(cluster->nodes[0], command);
  }
}

static unsigned count_known(const char *nodes) {
  unsigned known = 0;
  for (const char *at = strstr(nodes, " connected"); at != NULL; at = strstr(at + 1, " connected")) {
    known++;
  }
  return strstr(nodes, "handshake") != NULL || strstr(nodes, "fail") != NULL ? 0 : known;
}

static int all_know_all(void *user) {
  struct cluster *cluster = user;
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    if (count_known(server_ask(cluster->nodes[i], "CLUSTER NODES")) != CLUSTER_NODES) {
      return 0;
    }
  }
  return 1;
}

/* Every node has heard from every replica that it is one: only then will the masters vote for it. */
static int all_know_the_replicas(void *user) {
  struct cluster *cluster = user;
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    const char *nodes = server_ask(cluster->nodes[i], "CLUSTER NODES");
    unsigned replicas = 0;
    for (const char *at = strstr(nodes, "slave "); at != NULL; at = strstr(at + 1, "slave ")) {
      replicas++;
    }
    if (replicas != CLUSTER_NODES - CLUSTER_MASTERS) {
      return 0;
    }
  }
  return 1;
}

static int all_are_well(void *user) {
  struct cluster *cluster = user;
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    if (is_up(cluster->nodes[i])) {
      const char *info = server_try(cluster->nodes[i], "CLUSTER INFO", 1000);
      if (info == NULL || strstr(info, "cluster_state:ok") == NULL) {
        return 0;
      }
    }
  }
  return 1;
}

static void wait_for(struct cluster *cluster, int (*condition)(void *user), const char *what) {
  if (!child_wait(condition, cluster, READY_MS)) {
    for (unsigned i = 0; i < CLUSTER_NODES; i++) {
      const char *nodes = is_up(cluster->nodes[i]) ? server_try(cluster->nodes[i], "CLUSTER NODES", 1000) : NULL;
      fprintf(stderr, "node %u:\n%s\n", i, nodes == NULL ? "no answer" : nodes);
    }
    child_fail("the cluster's nodes never %s", what);
  }
}

void cluster_wait(struct cluster *cluster) {
  wait_for(cluster, all_are_well, "became well");
}

struct cluster *cluster_start(const struct server_options *options) {
  struct cluster *cluster = calloc(1, sizeof *cluster);
  if (cluster == NULL) {
    child_fail("out of memory");
  }
  launch_all(cluster, options);
  share_slots(cluster);
  introduce(cluster);
  wait_for(cluster, all_know_all, "met");
  for (unsigned i = CLUSTER_MASTERS; i < CLUSTER_NODES; i++) {
    char command[96];
    snprintf(command, sizeof command, "CLUSTER REPLICATE %s", cluster->ids[i - CLUSTER_MASTERS]);
    say(cluster->nodes[i], command);
  }
  cluster_wait(cluster);
  wait_for(cluster, all_know_the_replicas, "knew the replicas");
  for (unsigned i = CLUSTER_MASTERS; i < CLUSTER_NODES; i++) {
    server_wait_info(cluster->nodes[i], "master_link_status", "up");
  }
  const char *password = options == NULL ? NULL : options->password;
  snprintf(cluster->uri, sizeof cluster->uri, "redis+cluster://%s%s%s127.0.0.1:%u,127.0.0.1:%u,127.0.0.1:%u",
           password == NULL ? "" : ":", password == NULL ? "" : password, password == NULL ? "" : "@",
           server_port(cluster->nodes[0]), server_port(cluster->nodes[1]), server_port(cluster->nodes[2]));
  return cluster;
}

void cluster_stop(struct cluster *cluster) {
  if (cluster == NULL) {
    return;
  }
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    server_stop(cluster->nodes[i]);
  }
  free(cluster);
}

struct server *cluster_node(const struct cluster *cluster, unsigned node) {
  return cluster->nodes[node];
}

const char *cluster_uri(const struct cluster *cluster) {
  return cluster->uri;
}

unsigned cluster_slot(struct cluster *cluster, const char *key) {
  char command[256];
  snprintf(command, sizeof command, "CLUSTER KEYSLOT %s", key);
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    if (is_up(cluster->nodes[i])) {
      return (unsigned)server_ask_number(cluster->nodes[i], command);
    }
  }
  child_fail("no node of the cluster runs");
}

/* "93", "0-5460", and "[93->-id]" for a slot that is on its way */
static int serves(const char *ranges, unsigned slot) {
  while (*ranges != '\0' && *ranges != '\n') {
    char *end = NULL;
    unsigned long first = strtoul(ranges, &end, 10);
    unsigned long last = end != ranges && *end == '-' ? strtoul(end + 1, &end, 10) : first;
    if (end != ranges && slot >= first && slot <= last) {
      return 1;
    }
    ranges += strcspn(ranges, " \n");
    ranges += strspn(ranges, " ");
  }
  return 0;
}

/* <id> <address> <flags> <master> <ping> <pong> <epoch> <link> <slots>... */
static int read_self(struct server *server, unsigned slot, struct self *self) {
  const char *nodes = is_up(server) ? server_try(server, "CLUSTER NODES", 1000) : NULL;
  const char *flags = nodes == NULL ? NULL : strstr(nodes, "myself,");
  if (flags == NULL) {
    return 0;
  }
  *self = (struct self){.is_master = strncmp(flags, "myself,master", 13) == 0};
  const char *field = flags;
  for (unsigned i = 0; i < 6; i++) {
    field += strcspn(field, " \n");
    field += *field == ' ';
    if (i == 0) {
      snprintf(self->master, ID_SIZE, "%.40s", field);
    } else if (i == 3) {
      self->epoch = strtoll(field, NULL, 10);
    }
  }
  self->has_slot = serves(field, slot);
  return 1;
}

static unsigned index_of(const struct cluster *cluster, const struct server *server) {
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    if (cluster->nodes[i] == server) {
      return i;
    }
  }
  child_fail("that server is no node of the cluster");
}

static struct server *find_owner(struct cluster *cluster, unsigned slot) {
  struct server *owner = NULL;
  long long epoch = -1;
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    struct self self;
    if (read_self(cluster->nodes[i], slot, &self) && self.is_master && self.has_slot && self.epoch > epoch) {
      owner = cluster->nodes[i];
      epoch = self.epoch;
    }
  }
  return owner;
}

struct server *cluster_owner(struct cluster *cluster, unsigned slot) {
  struct server *owner = find_owner(cluster, slot);
  if (owner == NULL) {
    child_fail("nobody serves slot %u", slot);
  }
  return owner;
}

struct server *cluster_replica(struct cluster *cluster, unsigned slot) {
  const char *master = cluster->ids[index_of(cluster, cluster_owner(cluster, slot))];
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    struct self self;
    if (read_self(cluster->nodes[i], slot, &self) && !self.is_master && strcmp(self.master, master) == 0) {
      return cluster->nodes[i];
    }
  }
  return NULL;
}

struct server *cluster_other(struct cluster *cluster, unsigned slot) {
  const struct server *owner = cluster_owner(cluster, slot);
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    struct self self;
    if (cluster->nodes[i] != owner && read_self(cluster->nodes[i], slot, &self) && self.is_master) {
      return cluster->nodes[i];
    }
  }
  child_fail("the cluster has one master only");
}

static void set_slot(struct cluster *cluster, struct server *at, unsigned slot, const char *what,
                     const struct server *node) {
  char command[128];
  snprintf(command, sizeof command, "CLUSTER SETSLOT %u %s %s", slot, what, cluster->ids[index_of(cluster, node)]);
  say(at, command);
}

void cluster_migrate_begin(struct cluster *cluster, unsigned slot, struct server *to) {
  struct server *from = cluster_owner(cluster, slot);
  set_slot(cluster, to, slot, "IMPORTING", from);
  set_slot(cluster, from, slot, "MIGRATING", to);
}

void cluster_migrate_keys(struct cluster *cluster, unsigned slot, struct server *to) {
  struct server *from = cluster_owner(cluster, slot);
  char ask[64];
  char port[8];
  snprintf(ask, sizeof ask, "CLUSTER GETKEYSINSLOT %u 10000", slot);
  snprintf(port, sizeof port, "%u", server_port(to));
  const char *reply = server_ask(from, ask);
  char *keys = malloc(strlen(reply) + 1);
  if (keys == NULL) {
    child_fail("out of memory");
  }
  memcpy(keys, reply, strlen(reply) + 1);
  for (char *key = keys; *key != '\0';) {
    size_t length = strcspn(key, "\n");
    char *next = key + length + (key[length] == '\n');
    key[length] = '\0';
    const char *password = server_password(to);
    const char *const words[] = {"MIGRATE", "127.0.0.1", port, key, "0", "5000", password ? "AUTH" : NULL, password};
    const char *moved = server_ask_words(from, words, password == NULL ? 6 : 8);
    if (strcmp(moved, "OK") != 0 && strcmp(moved, "NOKEY") != 0) {
      child_fail("MIGRATE %s: %s", key, moved);
    }
    key = next;
  }
  free(keys);
}

void cluster_migrate_end(struct cluster *cluster, unsigned slot, struct server *to) {
  struct server *from = cluster_owner(cluster, slot);
  set_slot(cluster, to, slot, "NODE", to);
  set_slot(cluster, from, slot, "NODE", to);
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    struct self self;
    if (cluster->nodes[i] != to && cluster->nodes[i] != from && read_self(cluster->nodes[i], slot, &self) &&
        self.is_master) {
      set_slot(cluster, cluster->nodes[i], slot, "NODE", to);
    }
  }
}

void cluster_migrate(struct cluster *cluster, unsigned slot, struct server *to) {
  cluster_migrate_begin(cluster, slot, to);
  cluster_migrate_keys(cluster, slot, to);
  cluster_migrate_end(cluster, slot, to);
  cluster_wait(cluster);
}

struct change {
  struct cluster *cluster;
  unsigned slot;
  const struct server *to;
};

static int has_changed(void *user) {
  struct change *change = user;
  return find_owner(change->cluster, change->slot) == change->to && all_are_well(change->cluster);
}

static struct server *wait_change(struct cluster *cluster, unsigned slot, struct server *to) {
  struct change change = {cluster, slot, to};
  if (!child_wait(has_changed, &change, READY_MS)) {
    child_fail("no failover of slot %u within the time", slot);
  }
  return to;
}

struct heir {
  struct cluster *cluster;
  unsigned slot;
  struct server *replica;
};

/* A master that has just been replaced takes a moment to become a replica. */
static int has_heir(void *user) {
  struct heir *heir = user;
  char link[16];
  heir->replica = cluster_replica(heir->cluster, heir->slot);
  return heir->replica != NULL && server_info(heir->replica, "master_link_status", link, sizeof link) &&
         strcmp(link, "up") == 0;
}

static struct server *wait_heir(struct cluster *cluster, unsigned slot) {
  struct heir heir = {.cluster = cluster, .slot = slot};
  if (!child_wait(has_heir, &heir, READY_MS)) {
    child_fail("slot %u has no replica", slot);
  }
  return heir.replica;
}

struct server *cluster_failover(struct cluster *cluster, unsigned slot) {
  struct server *replica = wait_heir(cluster, slot);
  say(replica, "CLUSTER FAILOVER");
  return wait_change(cluster, slot, replica);
}

struct server *cluster_kill_owner(struct cluster *cluster, unsigned slot) {
  struct server *replica = wait_heir(cluster, slot);
  server_kill(cluster_owner(cluster, slot));
  return wait_change(cluster, slot, replica);
}
