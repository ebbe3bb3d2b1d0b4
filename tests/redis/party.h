/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_REDIS_PARTY_H
#define WAITQ_TESTS_REDIS_PARTY_H

/* Contexts that share a room of a Redis store, as the library would: each keeps a mirror of what exchanges tell it. */

#include <waitq/store.h>

#include "../support/fake_memory.h"
#include "../support/servers.h"
#include "../support/test.h"

#define PARTY_EPOCH UINT64_C(77)
#define PARTY_STATE "a state"
#define PARTY_NOW INT64_C(1700000000123456)
#define PARTY_ALL UINT32_C(0xffffff)
#define MIRROR_CHUNKS 24

struct member {
  void *store;
  void *room;
  waitq_store_sink sink;
  /* known, as of the last exchange */
  uint64_t version;
  uint64_t epoch;
  uint64_t change;
  waitq_store_head head; /* told last; its state points into the following */
  unsigned char state[WAITQ_STORE_STATE_MAX];
  unsigned heads; /* told by the last exchange */
  unsigned runs;
  int sink_code; /* what the sink returns */
  uint64_t words[WAITQ_STORE_PLANES][MIRROR_CHUNKS * 256];
};

struct party {
  struct server *server;
  struct fake_memory memory;
  waitq_store_env env;
  const waitq_store_ops *ops;
  struct member *members[2];
};

/* One server for all tests of a program. */
int party_group_setup(void **state);
int party_group_teardown(void **state);
extern struct server *party_server;

/* Both members open "room" of an empty server, and know it as it is at first. */
int party_setup(void **state);
int party_teardown(void **state);

#define PARTY_TEST(function) cmocka_unit_test_setup_teardown(function, party_setup, party_teardown)

/* What a member asks with all that it knows; to be added to. */
waitq_store_exchange member_ask(const struct member *member);

/* Exchanges, and takes over what comes back, as far as it is said to be in force. */
int member_try(struct party *party, unsigned number, waitq_store_exchange *exchange, waitq_error *error);

/* The same, and it must work. */
void member_exchange(struct party *party, unsigned number, waitq_store_exchange *exchange);

/* Asks for nothing but what has changed, until all of it is told. */
void member_refresh(struct party *party, unsigned number);

/* Exchanges with one thing asked. */
waitq_store_join member_join(struct party *party, unsigned number, waitq_store_join join);
void member_issue(struct party *party, unsigned number, uint32_t count);
void member_mark(struct party *party, unsigned number, uint32_t plane, uint64_t ticket);
void member_unmark(struct party *party, unsigned number, uint32_t plane, uint64_t ticket);
int member_has(const struct member *member, uint32_t plane, uint64_t ticket);

/* A commit that changes nothing but the version. */
waitq_store_commit member_commit_of(const struct member *member);

/* Exchanges with a commit; returns what became of it. A new epoch is known afterwards. */
int member_commit(struct party *party, unsigned number, const waitq_store_commit *commit);

waitq_store_join party_visitor(uint64_t number);
waitq_store_join party_anonymous(void);

/* DEBUG DIGEST of all data: whether anything has changed at all. */
void party_digest(struct party *party, char digest[64]);

/* What HGET says of a field of the head. */
const char *party_field(struct party *party, const char *field);
int64_t party_number(struct party *party, const char *field);

#endif
