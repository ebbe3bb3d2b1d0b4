/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_SERVERS_H
#define WAITQ_TESTS_SUPPORT_SERVERS_H

/* Real Redis servers for tests: one, a master with its replica, a Cluster, a set of Sentinels.
 *
 *     struct server *server = server_start(NULL);
 *     waitq_open(server_uri(server), NULL, &context, &error);
 *     server_ask(server, "FLUSHALL");
 *     server_kill(server);
 *     server_restart(server, SERVER_EMPTY);
 *     server_stop(server);
 *
 * They listen on 127.0.0.1 on free ports, keep their data in a directory of their own, and end with the test (child.h, also
 * for which thread may start them). What fails ends the test program with a text. One thread at a time may use one server. */

#include <stdint.h>
#include <sys/types.h>

#include "certificates.h"

struct server;

enum server_flag {
  SERVER_AOF = 1,        /* writes every change to its disk before it answers; otherwise it keeps nothing */
  SERVER_TLS = 2,        /* listens with TLS as well, and wants no client certificate */
  SERVER_TLS_MUTUAL = 4, /* listens with TLS as well, and wants one */
  SERVER_UNIX = 8        /* listens on a Unix socket as well */
};

struct server_options {
  unsigned flags;               /* enum server_flag, or'ed */
  const char *password;         /* of the user "default"; NULL: none */
  const char *const *arguments; /* more of redis-server's, such as "--maxmemory", "10mb", NULL; may be NULL */
};

/* Starts a server and waits until it answers; options may be NULL. */
struct server *server_start(const struct server_options *options);
/* Ends it, whatever it does at the moment, removes its data and frees it. NULL is ignored. */
void server_stop(struct server *server);

uint16_t server_port(const struct server *server);
uint16_t server_tls_port(const struct server *server);
pid_t server_pid(const struct server *server);
const char *server_directory(const struct server *server);
const char *server_socket(const struct server *server);

/* How the library reaches it: redis://127.0.0.1:port, with the password where there is one. */
const char *server_uri(const struct server *server);
/* rediss:// with the CA that signed the server's certificate, and with the client's certificate where one is wanted. */
const char *server_tls_uri(const struct server *server);
const char *server_unix_uri(const struct server *server);
/* Made when the first server with TLS starts. */
const struct certificates *server_certificates(void);

/* SIGKILL: what it had not written to its disk is lost. */
void server_kill(struct server *server);

enum server_data { SERVER_KEEP_DATA, SERVER_EMPTY };

/* Ends it as Redis is shut down, unless it has been killed, and starts it again on the same port. Data is kept with SERVER_AOF
 * only. Passwords and settings that were set by command are gone. */
void server_restart(struct server *server, enum server_data data);

/* SIGSTOP and SIGCONT: connections stay, and nothing is answered. */
void server_pause(struct server *server);
void server_resume(struct server *server);

/* Sends a command, words separated by spaces, and returns the reply as text (resp.h), which is good until the next one.
 * Errors are replies, too, and begin with "-". */
const char *server_ask(struct server *server, const char *command);
const char *server_ask_words(struct server *server, const char *const *words, size_t count);
/* For a reply that must be a number. */
long long server_ask_number(struct server *server, const char *command);
/* As server_ask(), but NULL when it does not answer within the time: it is down, paused or busy. */
const char *server_try(struct server *server, const char *command, int64_t within_ms);

/* Copies the value of a line "name:value" of INFO into value; returns 0 when there is no such line. */
int server_info(struct server *server, const char *name, char *value, size_t size);
/* Waits until that line has this value. */
void server_wait_info(struct server *server, const char *name, const char *value);

/* Makes it a replica of 127.0.0.1:port, and waits until the link is up. The port may be that of a proxy in between. */
void server_replicate(struct server *server, uint16_t port);

/* Waits until the replica has all that its master has written. */
void server_wait_in_step(struct server *replica, struct server *master);

/* --- Cluster (servers_cluster.c) --- */

struct cluster;

/* 3 masters and 3 replicas, with a node timeout of one second; each knows all others, and all slots are served. */
struct cluster *cluster_start(const struct server_options *options);
void cluster_stop(struct cluster *cluster);

#define CLUSTER_NODES 6
#define CLUSTER_MASTERS 3 /* nodes 0 to 2 at first; node i + 3 replicates node i */

struct server *cluster_node(const struct cluster *cluster, unsigned node);
const char *cluster_uri(const struct cluster *cluster); /* names the three first masters */

unsigned cluster_slot(struct cluster *cluster, const char *key);
/* The master that serves a slot at the moment, and one of its replicas (NULL where it has none). */
struct server *cluster_owner(struct cluster *cluster, unsigned slot);
struct server *cluster_replica(struct cluster *cluster, unsigned slot);
/* A master that does not serve this slot. */
struct server *cluster_other(struct cluster *cluster, unsigned slot);

/* Moves a slot with its keys. In parts: after begin, keys that the owner has not got answer ASK; keys moves what is there; end
 * tells all nodes. */
void cluster_migrate(struct cluster *cluster, unsigned slot, struct server *to);
void cluster_migrate_begin(struct cluster *cluster, unsigned slot, struct server *to);
void cluster_migrate_keys(struct cluster *cluster, unsigned slot, struct server *to);
void cluster_migrate_end(struct cluster *cluster, unsigned slot, struct server *to);

/* Has the replica of a slot's owner take over, in good order (CLUSTER FAILOVER); returns the new owner. */
struct server *cluster_failover(struct cluster *cluster, unsigned slot);
/* Kills the owner of a slot, and waits until its replica has taken over; returns the new owner. */
struct server *cluster_kill_owner(struct cluster *cluster, unsigned slot);
/* Waits until every node that runs says that the cluster is well. */
void cluster_wait(struct cluster *cluster);

/* --- Sentinel (servers_sentinel.c) --- */

struct proxy;
struct sentinels;

/* 3 Sentinels that watch a master and its replica, with down-after of one second. With a proxy, which must forward to no server
 * yet, the replica is linked through it: stall the proxy, and writes that were acknowledged get lost with the master. The Sentinels
 * put up with that for ten seconds: later, link it again by server_replicate() first. */
struct sentinels *sentinels_start(const struct server_options *options, struct proxy *link);
void sentinels_stop(struct sentinels *sentinels);

#define SENTINELS 3

/* The master's name, as the Sentinels know it. */
#define SENTINELS_MASTER "waiting-room"

const char *sentinels_uri(const struct sentinels *sentinels);
struct server *sentinels_sentinel(const struct sentinels *sentinels, unsigned number);
/* 0: the master at first; 1: its replica. */
struct server *sentinels_server(const struct sentinels *sentinels, unsigned number);
/* Which of the two the Sentinels say is the master. */
struct server *sentinels_master(struct sentinels *sentinels);
/* Waits until all Sentinels that run name another server than this one, and that one says that it is a master. */
struct server *sentinels_wait_failover(struct sentinels *sentinels, const struct server *from);

#endif
