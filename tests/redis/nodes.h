/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_REDIS_NODES_H
#define WAITQ_TESTS_REDIS_NODES_H

/* Servers of a host that share a room: contexts of one store, as a host opens them, in real time.
 *
 *     static struct node a, b;
 *     node_open(&a, server_uri(server), &policy);
 *     node_open(&b, server_uri(server), NULL);
 *     guest_join(a.room, "ann", &ann);
 *     guest_poll(b.room, &ann);
 *     node_close(&a);                             fails the test when memory was lost
 *
 * Where no key is given, contexts agree on one through the store. */

#include <pthread.h>

#include <waitq/waitq.h>

#include "../support/child.h"
#include "../support/fake_memory.h"
#include "../support/line.h"
#include "../support/servers.h"
#include "../support/test.h"

/* Of static storage: a test that fails leaves its frame while the threads of the library still run. */
struct node {
  int is_open;
  struct fake_memory memory;
  waitq_t *context;
  waitq_room_t *room; /* "room" */
  pthread_mutex_t lock;
  char log[16384]; /* its lines, as many as fit */
};

/* Opens a context and its room, and it must work. */
void node_open(struct node *node, const char *uri, const waitq_policy *policy);

/* The same; the code, with the error filled in. A node that is not open is closed already. */
int node_try(struct node *node, const char *uri, const waitq_policy *policy, waitq_error *error);

/* Both, with a key of the host's own. */
void node_open_with_key(struct node *node, const char *uri, const waitq_policy *policy, const waitq_key *key);
int node_try_with_key(struct node *node, const char *uri, const waitq_policy *policy, const waitq_key *key,
                      waitq_error *error);

/* A node that is not open is left alone. */
void node_close(struct node *node);

/* Whether the log of a node has this in it. */
int node_has_logged(struct node *node, const char *text);

/* A policy for tests that want it quick: visitors poll each 100 ms to 1 s, and nothing runs out within a test. */
waitq_policy quick_policy(double rate_per_s, uint64_t burst);

/* Each fails the test when it does not come within ten seconds. */
void await_state(waitq_room_t *room, struct guest *guest, uint32_t state);
void await_reason(waitq_room_t *room, struct guest *guest, uint32_t reason);
void await_no_reason(waitq_room_t *room, struct guest *guest, uint32_t reason);
void await_position(waitq_room_t *room, struct guest *guest, uint64_t position);
void await_counts(waitq_room_t *room, uint64_t waiting, uint64_t ready, uint64_t entered, uint64_t active);

/* Enters, and comes again as often as it is asked to, until the ticket's state is this one. */
void await_entry(waitq_room_t *room, struct guest *guest);

/* Joins, and comes again as long as the store is away. */
void join_again(waitq_room_t *room, const char *visitor, struct guest *guest);

/* The same for one of "v0", "v1" ... and for all of them. */
void join_again_numbered(waitq_room_t *room, unsigned number, struct guest *guest);
void join_crowd_again(waitq_room_t *room, struct guest *guests, unsigned count);

/* What must hold for a call that fails because the store is away: its code, that it may be tried again, and that the text names the server. */
void check_unreachable(int code, const waitq_error *error, const struct server *server);

/* The id in a pass: epoch and number of its ticket. */
void pass_id(const waitq_pass *pass, char id[48]);

#endif
