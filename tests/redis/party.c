/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "party.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/rng.h"
#include "store/redis/store.h"

struct server *party_server;

int party_group_setup(void **state) {
  static const char *const arguments[] = {"--enable-debug-command", "local", NULL};
  const struct server_options options = {.arguments = arguments};
  (void)state;
  party_server = server_start(&options);
  return 0;
}

int party_group_teardown(void **state) {
  (void)state;
  server_stop(party_server);
  return 0;
}

static int take_head(void *user, const waitq_store_head *head) {
  struct member *member = user;
  assert_int_equal(member->runs, 0);
  member->heads++;
  member->head = *head;
  assert_true(head->state_size <= sizeof member->state);
  memcpy(member->state, head->state, head->state_size);
  member->head.state = member->state;
  if (head->epoch != member->epoch) {
    memset(member->words, 0, sizeof member->words);
  }
  return member->sink_code;
}

static int take_bits(void *user, const waitq_store_bits *bits) {
  struct member *member = user;
  member->runs++;
  assert_true(bits->plane < WAITQ_STORE_PLANES);
  assert_int_equal(bits->first % 64, 0);
  assert_true(bits->first / 64 + bits->count <= sizeof member->words[0] / 8);
  memcpy(&member->words[bits->plane][bits->first / 64], bits->words, 8 * (size_t)bits->count);
  return member->sink_code;
}

static struct member *member_new(struct party *party) {
  struct member *member = calloc(1, sizeof *member);
  assert_non_null(member);
  member->sink = (waitq_store_sink){sizeof member->sink, member, take_head, take_bits};
  member->epoch = PARTY_EPOCH;
  member->version = UINT64_MAX;
  const waitq_store_head initial = {.size = sizeof initial,
                                    .epoch = PARTY_EPOCH,
                                    .join_limit = UINT64_MAX - 1,
                                    .state = PARTY_STATE,
                                    .state_size = sizeof PARTY_STATE};
  assert_code(party->ops->open(server_uri(party->server), &party->env, &member->store, NULL), WAITQ_OK);
  assert_code(party->ops->room_open(member->store, "room", &initial, &member->room, NULL), WAITQ_OK);
  return member;
}

int party_setup(void **state) {
  struct party *party = calloc(1, sizeof *party);
  assert_non_null(party);
  server_ask(party_server, "FLUSHALL");
  party->server = party_server;
  fake_memory_init(&party->memory);
  party->env.size = sizeof party->env;
  party->env.allocator = &party->memory.allocator;
  party->ops = waitq__store_redis();
  for (unsigned i = 0; i < 2; i++) {
    party->members[i] = member_new(party);
    member_refresh(party, i);
  }
  *state = party;
  return 0;
}

int party_teardown(void **state) {
  struct party *party = *state;
  fake_memory_recover(&party->memory);
  for (unsigned i = 0; i < 2; i++) {
    party->ops->room_close(party->members[i]->room);
    party->ops->close(party->members[i]->store);
    free(party->members[i]);
  }
  assert_int_equal(fake_memory_blocks(&party->memory), 0);
  free(party);
  return 0;
}

waitq_store_exchange member_ask(const struct member *member) {
  return (waitq_store_exchange){.size = sizeof(waitq_store_exchange),
                                .epoch = member->epoch,
                                .version = member->version,
                                .change = member->change,
                                .joined_us = PARTY_NOW,
                                .timeout_us = 5000000,
                                .planes_wanted = PARTY_ALL,
                                .sink = &member->sink};
}

int member_try(struct party *party, unsigned number, waitq_store_exchange *exchange, waitq_error *error) {
  struct member *member = party->members[number];
  member->heads = 0;
  member->runs = 0;
  int code = party->ops->exchange(member->room, exchange, error);
  if (code != WAITQ_OK || (exchange->found & WAITQ_STORE_FOUND_LOSS) != 0) {
    return code;
  }
  if (exchange->commit != NULL && exchange->commit_code == WAITQ_OK) {
    member->version = exchange->commit->version + 1;
    member->epoch = exchange->commit->epoch;
  } else if (member->heads > 0) {
    member->version = member->head.version;
    member->epoch = member->head.epoch;
  }
  member->change = exchange->change;
  return code;
}

void member_exchange(struct party *party, unsigned number, waitq_store_exchange *exchange) {
  waitq_error error = WAITQ_ERROR_INIT;
  int code = member_try(party, number, exchange, &error);
  if (code != WAITQ_OK) {
    fail_msg("exchange: %s: %s", waitq_error_name(code), error.text);
  }
}

void member_refresh(struct party *party, unsigned number) {
  waitq_store_exchange exchange;
  unsigned pages = 0;
  do {
    exchange = member_ask(party->members[number]);
    member_exchange(party, number, &exchange);
    assert_true(++pages < 100);
  } while ((exchange.found & WAITQ_STORE_FOUND_MORE) != 0);
}

waitq_store_join member_join(struct party *party, unsigned number, waitq_store_join join) {
  waitq_store_exchange exchange = member_ask(party->members[number]);
  exchange.joins = &join;
  exchange.join_count = 1;
  member_exchange(party, number, &exchange);
  return join;
}

void member_issue(struct party *party, unsigned number, uint32_t count) {
  waitq_store_join *joins = calloc(count, sizeof *joins);
  assert_non_null(joins);
  for (uint32_t i = 0; i < count; i++) {
    joins[i] = party_anonymous();
  }
  waitq_store_exchange exchange = member_ask(party->members[number]);
  exchange.joins = joins;
  exchange.join_count = count;
  member_exchange(party, number, &exchange);
  free(joins);
}

static void mark(struct party *party, unsigned number, uint32_t plane, uint64_t ticket, int unmarks) {
  struct member *member = party->members[number];
  uint64_t word = UINT64_C(1) << ticket % 64;
  waitq_store_bits bits = {plane, 1, ticket - ticket % 64, &word};
  waitq_store_exchange exchange = member_ask(member);
  exchange.marks = exchange.unmarks = &bits;
  exchange.mark_count = !unmarks;
  exchange.unmark_count = (uint32_t)unmarks;
  member_exchange(party, number, &exchange);
  uint64_t *known = &member->words[plane][ticket / 64];
  *known = unmarks ? *known & ~word : *known | word;
}

void member_mark(struct party *party, unsigned number, uint32_t plane, uint64_t ticket) {
  mark(party, number, plane, ticket, 0);
}

void member_unmark(struct party *party, unsigned number, uint32_t plane, uint64_t ticket) {
  mark(party, number, plane, ticket, 1);
}

int member_has(const struct member *member, uint32_t plane, uint64_t ticket) {
  return (int)(member->words[plane][ticket / 64] >> ticket % 64 & 1);
}

waitq_store_commit member_commit_of(const struct member *member) {
  return (waitq_store_commit){.size = sizeof(waitq_store_commit),
                              .version = member->version,
                              .epoch = member->epoch,
                              .join_limit = UINT64_MAX - 1,
                              .state = PARTY_STATE,
                              .state_size = sizeof PARTY_STATE};
}

int member_commit(struct party *party, unsigned number, const waitq_store_commit *commit) {
  waitq_store_exchange exchange = member_ask(party->members[number]);
  exchange.commit = commit;
  member_exchange(party, number, &exchange);
  return exchange.commit_code;
}

waitq_store_join party_visitor(uint64_t number) {
  waitq_store_join join = {.replaces = WAITQ_STORE_NO_NUMBER};
  struct rng spread;
  rng_init(&spread, number);
  rng_fill(&spread, join.visitor, sizeof join.visitor);
  return join;
}

waitq_store_join party_anonymous(void) {
  return (waitq_store_join){.replaces = WAITQ_STORE_NO_NUMBER, .anonymous = 1};
}

void party_digest(struct party *party, char digest[64]) {
  snprintf(digest, 64, "%s", server_ask(party->server, "DEBUG DIGEST"));
}

const char *party_field(struct party *party, const char *field) {
  const char *const words[] = {"HGET", "wq:{room}", field};
  return server_ask_words(party->server, words, 3);
}

int64_t party_number(struct party *party, const char *field) {
  return strtoll(party_field(party, field), NULL, 10);
}
