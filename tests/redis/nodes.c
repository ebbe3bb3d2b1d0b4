/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "nodes.h"

#include <stdio.h>
#include <string.h>

#include "token/base64url.h"

#define WITHIN_MS 10000

static void keep_line(void *user, int32_t level, const char *line) {
  struct node *node = user;
  (void)level;
  pthread_mutex_lock(&node->lock);
  size_t used = strlen(node->log);
  snprintf(node->log + used, sizeof node->log - used, "%s\n", line);
  pthread_mutex_unlock(&node->lock);
}

int node_try_with_key(struct node *node, const char *uri, const waitq_policy *policy, const waitq_key *key,
                      waitq_error *error) {
  memset(node, 0, sizeof *node);
  node->is_open = 1;
  pthread_mutex_init(&node->lock, NULL);
  fake_memory_init(&node->memory);
  waitq_options options = WAITQ_OPTIONS_INIT;
  options.allocator = &node->memory.allocator;
  options.log = keep_line;
  options.log_user = node;
  options.keys = key;
  options.key_count = key != NULL;
  int code = waitq_open(uri, &options, &node->context, error);
  if (code == WAITQ_OK) {
    code = waitq_room_open(node->context, "room", policy, &node->room, error);
  }
  if (code != WAITQ_OK) {
    node_close(node);
  }
  return code;
}

int node_try(struct node *node, const char *uri, const waitq_policy *policy, waitq_error *error) {
  return node_try_with_key(node, uri, policy, NULL, error);
}

void node_open(struct node *node, const char *uri, const waitq_policy *policy) {
  node_open_with_key(node, uri, policy, NULL);
}

void node_open_with_key(struct node *node, const char *uri, const waitq_policy *policy, const waitq_key *key) {
  waitq_error error = WAITQ_ERROR_INIT;
  int code = node_try_with_key(node, uri, policy, key, &error);
  /* The time limits of the tests are short, and a busy machine may keep a server waiting for longer. */
  for (int attempt = 1; code != WAITQ_OK && error.retriable && attempt < 10; attempt++) {
    code = node_try_with_key(node, uri, policy, key, &error);
  }
  if (code != WAITQ_OK) {
    fail_msg("a node: %s: %s", waitq_error_name(code), error.text);
  }
}

void node_close(struct node *node) {
  if (!node->is_open) {
    return;
  }
  node->is_open = 0;
  waitq_room_close(node->room);
  waitq_close(node->context);
  node->room = NULL;
  node->context = NULL;
  pthread_mutex_destroy(&node->lock);
  assert_int_equal(fake_memory_blocks(&node->memory), 0);
}

int node_has_logged(struct node *node, const char *text) {
  pthread_mutex_lock(&node->lock);
  int has = strstr(node->log, text) != NULL;
  pthread_mutex_unlock(&node->lock);
  return has;
}

waitq_policy quick_policy(double rate_per_s, uint64_t burst) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = rate_per_s;
  policy.burst = burst;
  policy.min_poll_ms = 100;
  policy.max_poll_ms = 1000;
  return policy;
}

/* What a visitor is waiting for. */
struct wish {
  waitq_room_t *room;
  struct guest *guest;
  uint32_t state;
  uint32_t reason;
  uint64_t position;
};

static int has_state(void *user) {
  struct wish *wish = user;
  return guest_poll(wish->room, wish->guest) == wish->state;
}

static int has_reason(void *user) {
  struct wish *wish = user;
  guest_poll(wish->room, wish->guest);
  return wish->guest->status.reason == wish->reason;
}

static int has_lost_reason(void *user) {
  return !has_reason(user);
}

static int has_position(void *user) {
  struct wish *wish = user;
  guest_poll(wish->room, wish->guest);
  return wish->guest->status.position == wish->position;
}

static int has_entered(void *user) {
  struct wish *wish = user;
  return guest_enter(wish->room, wish->guest) == WAITQ_STATE_ENTERED;
}

static void await(int (*condition)(void *user), struct wish *wish) {
  if (!child_wait(condition, wish, WITHIN_MS)) {
    const waitq_status *status = &wish->guest->status;
    fail_msg("after %d ms: %s, %s, position %llu, pass %s, %s; wanted %s, %s, position %llu", WITHIN_MS,
             waitq_state_name(status->state), waitq_reason_text(status->reason), (unsigned long long)status->position,
             waitq_state_name(wish->guest->pass.state), waitq_reason_text(wish->guest->pass.reason),
             waitq_state_name(wish->state), waitq_reason_text(wish->reason), (unsigned long long)wish->position);
  }
}

void await_state(waitq_room_t *room, struct guest *guest, uint32_t state) {
  await(has_state, &(struct wish){.room = room, .guest = guest, .state = state});
}

void await_reason(waitq_room_t *room, struct guest *guest, uint32_t reason) {
  await(has_reason, &(struct wish){.room = room, .guest = guest, .reason = reason});
}

void await_no_reason(waitq_room_t *room, struct guest *guest, uint32_t reason) {
  await(has_lost_reason, &(struct wish){.room = room, .guest = guest, .reason = reason});
}

void await_position(waitq_room_t *room, struct guest *guest, uint64_t position) {
  await(has_position, &(struct wish){.room = room, .guest = guest, .position = position});
}

void await_entry(waitq_room_t *room, struct guest *guest) {
  await(has_entered, &(struct wish){.room = room, .guest = guest, .state = WAITQ_STATE_ENTERED});
}

void join_again(waitq_room_t *room, const char *visitor, struct guest *guest) {
  for (unsigned i = 0; i < 300; i++) {
    guest_join(room, visitor, guest);
    if (guest->status.state != WAITQ_STATE_NONE) {
      return;
    }
    assert_reason(guest->status.reason, WAITQ_REASON_STALLED);
    child_sleep_ms(50);
  }
  fail_msg("%s is not taken", visitor);
}

void join_again_numbered(waitq_room_t *room, unsigned number, struct guest *guest) {
  char visitor[16];
  snprintf(visitor, sizeof visitor, "v%u", number);
  join_again(room, visitor, guest);
}

void join_crowd_again(waitq_room_t *room, struct guest *guests, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    join_again_numbered(room, i, &guests[i]);
  }
}

struct counts {
  waitq_room_t *room;
  uint64_t wanted[4];
  uint64_t found[4];
};

static int counts_agree(void *user) {
  struct counts *counts = user;
  waitq_stats stats = line_stats(counts->room);
  const uint64_t found[4] = {stats.waiting, stats.ready, stats.entered, stats.active};
  memcpy(counts->found, found, sizeof found);
  return memcmp(found, counts->wanted, sizeof found) == 0;
}

void await_counts(waitq_room_t *room, uint64_t waiting, uint64_t ready, uint64_t entered, uint64_t active) {
  struct counts counts = {room, {waiting, ready, entered, active}, {0}};
  if (!child_wait(counts_agree, &counts, WITHIN_MS)) {
    fail_msg("waiting, ready, entered, active: %llu %llu %llu %llu; wanted %llu %llu %llu %llu",
             (unsigned long long)counts.found[0], (unsigned long long)counts.found[1],
             (unsigned long long)counts.found[2], (unsigned long long)counts.found[3], (unsigned long long)waiting,
             (unsigned long long)ready, (unsigned long long)entered, (unsigned long long)active);
  }
}

void check_unreachable(int code, const waitq_error *error, const struct server *server) {
  char name[32];
  snprintf(name, sizeof name, "127.0.0.1:%u", server_port(server));
  if (code != WAITQ_E_STORE && code != WAITQ_E_TIMEOUT) {
    fail_msg("%s: %s", waitq_error_name(code), error->text);
  }
  assert_int_equal(error->code, code);
  assert_int_equal(error->retriable, 1);
  if (strstr(error->text, name) == NULL) {
    fail_msg("\"%s\" does not name %s", error->text, name);
  }
}

void pass_id(const waitq_pass *pass, char id[48]) {
  char payload[WAITQ_PASS_SIZE];
  const char *begin = strchr(pass->text, '.');
  assert_non_null(begin);
  size_t length = strcspn(begin + 1, ".");
  size_t size = length * 3 / 4;
  assert_true(waitq__base64url_decode(begin + 1, (unsigned char *)payload, size));
  payload[size] = '\0';
  const char *claim = strstr(payload, "\"jti\":\"");
  assert_non_null(claim);
  snprintf(id, 48, "%.*s", (int)strcspn(claim + 7, "\""), claim + 7);
}
