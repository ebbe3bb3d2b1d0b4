/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "scenarios.h"

#include <string.h>

#include "../support/child.h"

/* How long nodes may take to find that the store forgot, and to put back what they remember. */
#define RESTORED_MS 1500

static void calm(struct stage *stage) {
  child_sleep_ms(stage->is_long ? 10000 : 500);
}

static void kill_node(struct stage *stage) {
  uint32_t node = (uint32_t)rng_below(&stage->rng, stage->nodes);
  crew_kill_node(stage->crew, node);
  child_sleep_ms(500);
  crew_start_node(stage->crew, node);
}

static void kill_redis_with_aof(struct stage *stage) {
  server_kill(stage->server);
  child_sleep_ms(300);
  server_restart(stage->server, SERVER_KEEP_DATA);
}

/* What the nodes saw last is at most as old as a snapshot. */
static void forget_since(struct stage *stage, int64_t since_us) {
  child_sleep_ms(RESTORED_MS);
  crew_note_loss(stage->crew, since_us, 500000);
}

static void kill_redis_and_its_data(struct stage *stage) {
  int64_t since_us = torture_now_us();
  server_kill(stage->server);
  child_sleep_ms(300);
  server_restart(stage->server, SERVER_EMPTY);
  forget_since(stage, since_us);
}

static void flush_all(struct stage *stage) {
  int64_t since_us = torture_now_us();
  server_ask(stage->server, "FLUSHALL");
  forget_since(stage, since_us);
}

static void flush_scripts(struct stage *stage) {
  for (int i = 0; i < 5; i++) {
    server_ask(stage->server, "SCRIPT FLUSH");
    child_sleep_ms(100);
  }
}

static void kill_clients(struct stage *stage) {
  for (int i = 0; i < 5; i++) {
    server_ask(stage->server, "CLIENT KILL TYPE normal SKIPME yes");
    child_sleep_ms(rng_between(&stage->rng, 50, 400));
  }
}

static void pause_redis(struct stage *stage) {
  server_pause(stage->server);
  child_sleep_ms(stage->is_long ? 10000 : 3000);
  server_resume(stage->server);
}

/* What the master acknowledges while the replica's link is stalled, the new master does not know. */
static void fail_over(struct stage *stage) {
  struct server *master = sentinels_master(stage->sentinels);
  server_replicate(sentinels_server(stage->sentinels, master == sentinels_server(stage->sentinels, 0) ? 1 : 0),
                   proxy_port(stage->proxy));
  proxy_stall(stage->proxy, PROXY_BOTH);
  int64_t stalled_us = torture_now_us();
  child_sleep_ms(500);
  int64_t since_us = torture_now_us();
  server_kill(master);
  struct server *heir = sentinels_wait_failover(stage->sentinels, master);
  child_sleep_ms(RESTORED_MS);
  crew_note_loss(stage->crew, since_us, since_us - stalled_us + 500000);
  proxy_heal(stage->proxy);
  proxy_forward_to(stage->proxy, server_port(heir));
  server_restart(master, SERVER_EMPTY);
  server_replicate(master, proxy_port(stage->proxy));
}

/* Redis replicates after it has answered: what it answered last may be lost even so. */
static void fail_over_in_order(struct stage *stage) {
  struct server *master = sentinels_master(stage->sentinels);
  int64_t since_us = torture_now_us();
  if (strcmp(server_ask(sentinels_sentinel(stage->sentinels, 0), "SENTINEL FAILOVER " SENTINELS_MASTER), "OK") != 0) {
    return; /* the one before is not over yet */
  }
  sentinels_wait_failover(stage->sentinels, master);
  child_sleep_ms(RESTORED_MS);
  crew_note_loss(stage->crew, since_us, 500000);
}

static void fail_over_slot(struct stage *stage) {
  cluster_failover(stage->cluster, cluster_slot(stage->cluster, stage->room_key));
}

static void kill_owner(struct stage *stage) {
  unsigned slot = cluster_slot(stage->cluster, stage->room_key);
  struct server *owner = cluster_owner(stage->cluster, slot);
  int64_t since_us = torture_now_us();
  cluster_kill_owner(stage->cluster, slot);
  forget_since(stage, since_us);
  server_restart(owner, SERVER_EMPTY);
  cluster_wait(stage->cluster);
}

static void migrate(struct stage *stage) {
  unsigned slot = cluster_slot(stage->cluster, stage->room_key);
  for (int i = 0; i < 3; i++) {
    struct server *to = cluster_other(stage->cluster, slot);
    cluster_migrate_begin(stage->cluster, slot, to);
    child_sleep_ms(50);
    cluster_migrate_keys(stage->cluster, slot, to);
    child_sleep_ms(50);
    cluster_migrate_end(stage->cluster, slot, to);
    child_sleep_ms(300);
  }
}

static void delay(struct stage *stage) {
  proxy_delay(stage->proxy, PROXY_BOTH, 50);
  child_sleep_ms(2000);
  proxy_heal(stage->proxy);
}

static void split(struct stage *stage) {
  proxy_split(stage->proxy, PROXY_BOTH, 1);
  child_sleep_ms(2000);
  proxy_heal(stage->proxy);
}

static void cut(struct stage *stage) {
  for (int i = 0; i < 20; i++) {
    enum proxy_direction direction = rng_once_in(&stage->rng, 2) ? PROXY_TO_SERVER : PROXY_TO_CLIENT;
    enum proxy_end end = rng_once_in(&stage->rng, 2) ? PROXY_CLOSE : PROXY_RESET;
    proxy_cut(stage->proxy, direction, rng_below(&stage->rng, 400), end);
    child_sleep_ms(100);
  }
  proxy_heal(stage->proxy);
}

/* The requests arrive, and their answers do not; or nothing does. */
static void stall(struct stage *stage) {
  static const unsigned directions[] = {PROXY_TO_CLIENT, PROXY_TO_SERVER, PROXY_BOTH};
  proxy_stall(stage->proxy, directions[rng_below(&stage->rng, 3)]);
  child_sleep_ms(stage->is_long ? 10000 : 2500);
  proxy_heal(stage->proxy);
}

static void stall_answers(struct stage *stage) {
  proxy_stall(stage->proxy, PROXY_TO_CLIENT);
  child_sleep_ms(2500);
  proxy_heal(stage->proxy);
}

static void swallow(struct stage *stage) {
  proxy_swallow(stage->proxy, 1);
  proxy_drop(stage->proxy, PROXY_RESET);
  child_sleep_ms(2500);
  proxy_heal(stage->proxy);
  proxy_drop(stage->proxy, PROXY_RESET);
}

const struct scenario scenarios[] = {
    {"calm", "nothing breaks", ON_SERVER, 0, 0, 0, calm},
    {"calm-cluster", "nothing breaks, on a Cluster", ON_CLUSTER, 0, 0, 0, calm},
    {"calm-sentinel", "nothing breaks, behind Sentinels", ON_SENTINELS, 0, 0, 0, calm},
    {"node-killed", "a node is killed, and another takes its place", ON_SERVER, 0, 0, 0, kill_node},
    {"redis-killed-aof", "Redis is killed, and comes back with its append-only file", ON_SERVER, SERVER_AOF, 1, 1,
     kill_redis_with_aof},
    {"redis-killed-empty", "Redis is killed, and comes back empty", ON_SERVER, 0, 1, 1, kill_redis_and_its_data},
    {"flushall", "somebody flushes the database", ON_SERVER, 0, 1, 1, flush_all},
    {"script-flush", "somebody flushes the scripts", ON_SERVER, 0, 0, 0, flush_scripts},
    {"client-kill", "somebody kills all connections", ON_SERVER, 0, 1, 0, kill_clients},
    {"redis-paused", "Redis answers nothing for some seconds", ON_SERVER, 0, 1, 0, pause_redis},
    {"sentinel-failover", "the master is killed while its replica hears nothing", ON_SENTINELS, 0, 1, 1, fail_over},
    {"sentinel-orderly", "the Sentinels are told to fail over", ON_SENTINELS, 0, 1, 1, fail_over_in_order},
    {"cluster-failover", "the replica of the room's slot takes over in good order", ON_CLUSTER, 0, 1, 1,
     fail_over_slot},
    {"cluster-killed", "the master of the room's slot is killed", ON_CLUSTER, 0, 1, 1, kill_owner},
    {"cluster-migration", "the room's slot moves from master to master", ON_CLUSTER, 0, 1, 1, migrate},
    {"proxy-delay", "every byte is late", BEHIND_PROXY, 0, 1, 0, delay},
    {"proxy-split", "every byte comes alone", BEHIND_PROXY, 0, 1, 0, split},
    {"proxy-cut", "connections end in the middle of a command or of its answer", BEHIND_PROXY, 0, 1, 0, cut},
    {"proxy-stall", "connections stand still", BEHIND_PROXY, 0, 1, 0, stall},
    {"proxy-stall-answers", "commands arrive, and their answers do not", BEHIND_PROXY, 0, 1, 0, stall_answers},
    {"proxy-swallow", "connections end, and new ones lead nowhere", BEHIND_PROXY, 0, 1, 0, swallow},
    {NULL, NULL, ON_SERVER, 0, 0, 0, NULL},
};
