/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The rights that docs/redis.md gives to a user of Redis: the store gets along with them, and none is more than it needs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/line.h"
#include "../support/servers.h"
#include "../support/test.h"
#include "store/redis/scripts.h"

#define LINE_START "    redis-cli ACL SETUSER waitq "
#define RULES_MAX 100

/* The rules, as the page has them, with a password that a URI can hold. */
struct rules {
  char text[2048];
  const char *words[RULES_MAX];
  size_t count;
};

static struct server *server;

static int group_setup(void **state) {
  (void)state;
  server = server_start(NULL);
  return 0;
}

static int group_teardown(void **state) {
  (void)state;
  server_stop(server);
  return 0;
}

/* Takes the quotes of the shell off, and goes on where a line ends with a backslash. */
static void read_rules(struct rules *rules) {
  FILE *page = fopen(WAITQ_REDIS_PAGE, "r");
  char line[512];
  int is_inside = 0;
  memset(rules, 0, sizeof *rules);
  assert_non_null(page);
  while (fgets(line, sizeof line, page) != NULL) {
    const char *from = line;
    if (strncmp(line, LINE_START, strlen(LINE_START)) == 0 && rules->text[0] == '\0') {
      is_inside = 1;
      from += strlen(LINE_START);
    }
    for (; is_inside && *from != '\0'; from++) {
      if (strchr("'\\\n", *from) == NULL) {
        rules->text[strlen(rules->text)] = *from;
      }
    }
    is_inside = is_inside && strchr(line, '\\') != NULL;
  }
  fclose(page);
  char *position = NULL;
  for (char *word = strtok_r(rules->text, " ", &position); word != NULL; word = strtok_r(NULL, " ", &position)) {
    assert_in_range(rules->count, 0, RULES_MAX - 1);
    rules->words[rules->count++] = word[0] == '>' ? ">secret" : word;
  }
  assert_in_range(rules->count, 10, RULES_MAX);
}

static void set_user(const struct rules *rules) {
  const char *words[RULES_MAX + 4] = {"ACL", "SETUSER", "waitq", "reset"};
  memcpy(words + 4, rules->words, rules->count * sizeof rules->words[0]);
  assert_string_equal(server_ask_words(server, words, 4 + rules->count), "OK");
  server_ask(server, "ACL LOG RESET");
}

static void expect_ok(int code, const waitq_error *error) {
  if (code != WAITQ_OK) {
    fail_msg("%s", error->text);
  }
}

static waitq_t *open_context(void) {
  char uri[128];
  waitq_t *context = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  snprintf(uri, sizeof uri, "redis://waitq:secret@127.0.0.1:%u", server_port(server));
  expect_ok(waitq_open(uri, NULL, &context, &error), &error);
  return context;
}

static waitq_room_t *open_room(waitq_t *context, const waitq_policy *policy) {
  waitq_room_t *room = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  expect_ok(waitq_room_open(context, "concert", policy, &room, &error), &error);
  return room;
}

static void try_limiter(waitq_t *context, const char *name, uint32_t mode) {
  waitq_limit limit = WAITQ_LIMIT_INIT;
  waitq_limiter_t *limiter = NULL;
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  limit.mode = mode;
  expect_ok(waitq_limiter_open(context, name, &limit, &limiter, &error), &error);
  expect_ok(waitq_limiter_try(limiter, 1, &decision, &error), &error);
  assert_int_equal(decision.admitted, 1);
  limit.burst = 5;
  expect_ok(waitq_limiter_configure(limiter, &limit, &error), &error);
  expect_ok(waitq_limiter_try(limiter, 1, &decision, &error), &error);
  waitq_limiter_close(limiter);
}

static int line_is_back(void *room) {
  waitq_stats stats = WAITQ_STATS_INIT;
  return waitq_room_stats(room, &stats, NULL) == WAITQ_OK && stats.issued >= 40;
}

/* All that rooms and limiters can do, on two nodes, a loss and a reset among it. */
static void use_everything(void) {
  waitq_t *contexts[2] = {open_context(), open_context()};
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.burst = 3;
  policy.max_active = 3;
  policy.max_waiting = 100;
  waitq_room_t *rooms[2] = {open_room(contexts[0], &policy), open_room(contexts[1], &policy)};
  struct guest guests[40];
  for (unsigned i = 0; i < 40; i++) {
    if (i % 4 == 3) {
      guest_join(rooms[i % 2], NULL, &guests[i]);
    } else {
      guest_join_numbered(rooms[i % 2], "guest", i, &guests[i]);
    }
  }
  assert_state(guest_enter(rooms[0], &guests[0]), WAITQ_STATE_ENTERED);
  assert_state(guest_renew(rooms[1], &guests[0]), WAITQ_STATE_ENTERED);
  guest_exit(rooms[1], &guests[0]);
  assert_state(guest_leave(rooms[1], &guests[39]), WAITQ_STATE_LEFT);
  assert_code(waitq_room_set_rate(rooms[0], 100, NULL), WAITQ_OK);
  policy.max_active = 5;
  assert_code(waitq_room_configure(rooms[1], &policy, NULL), WAITQ_OK);
  try_limiter(contexts[0], "exact", WAITQ_LIMIT_EXACT);
  try_limiter(contexts[1], "leased", WAITQ_LIMIT_LEASED);
  server_ask(server, "FLUSHALL");
  assert_true(child_wait(line_is_back, rooms[0], 10000));
  for (unsigned i = 10; i < 30; i++) {
    guest_poll(rooms[i % 2], &guests[i]);
  }
  guest_join_numbered(rooms[1], "late", 0, &guests[0]);
  assert_code(waitq_room_reset(rooms[0], NULL), WAITQ_OK);
  guest_join_numbered(rooms[0], "later", 0, &guests[0]);
  for (unsigned i = 0; i < 2; i++) {
    waitq_room_close(rooms[i]);
    waitq_close(contexts[i]);
  }
}

static void test_acl__the_user_of_the_page_may_do_all_that_the_store_does(void **state) {
  (void)state;
  struct rules rules;
  read_rules(&rules);
  set_user(&rules);
  use_everything();
  assert_string_equal(server_ask(server, "ACL LOG"), "");
}

static int is_granted(const struct rules *rules, const char *command) {
  for (size_t i = 0; i < rules->count; i++) {
    if (rules->words[i][0] == '+' && strcmp(rules->words[i] + 1, command) == 0) {
      return 1;
    }
  }
  return 0;
}

static int is_command(const char *word) {
  const char *const words[] = {"COMMAND", "INFO", word};
  return strncmp(server_ask_words(server, words, 3), word, strlen(word)) == 0;
}

/* Every word in capitals and quotes that is a command must be granted. Notes each in found, between spaces. */
static void read_script(const struct rules *rules, const struct waitq__script *script, char *found, size_t size) {
  const char *end = script->text + script->length;
  for (const char *at = script->text; (at = memchr(at, '\'', (size_t)(end - at))) != NULL; at++) {
    char word[32] = "";
    size_t length = 0;
    while (length < sizeof word - 1 && at[1 + length] >= 'A' && at[1 + length] <= 'Z') {
      word[length] = (char)(at[1 + length] - 'A' + 'a');
      length++;
    }
    if (length < 3 || at[1 + length] != '\'' || !is_command(word)) {
      continue;
    }
    if (!is_granted(rules, word)) {
      fail_msg("%s.lua uses %s, which the page does not grant", script->name, word);
    }
    size_t used = strlen(found);
    snprintf(found + used, size - used, "%s ", word);
  }
}

static void test_acl__the_rights_are_the_commands_of_the_scripts_and_of_the_client(void **state) {
  (void)state;
  static const struct waitq__script *const scripts[] = {&waitq__script_agree, &waitq__script_exchange,
                                                        &waitq__script_join, &waitq__script_limit, &waitq__script_open};
  _Static_assert(sizeof scripts / sizeof scripts[0] == WAITQ__SCRIPT_COUNT, "all scripts");
  struct rules rules;
  char found[8192] = " evalsha script|load info client|setname select cluster|slots asking ";
  read_rules(&rules);
  for (size_t i = 0; i < WAITQ__SCRIPT_COUNT; i++) {
    read_script(&rules, scripts[i], found, sizeof found);
  }
  for (size_t i = 0; i < rules.count; i++) {
    char word[64];
    snprintf(word, sizeof word, " %s ", rules.words[i] + 1);
    if (rules.words[i][0] == '+' && strstr(found, word) == NULL) {
      fail_msg("%s is granted in vain", rules.words[i] + 1);
    }
  }
}

static void test_acl__other_keys_are_out_of_reach(void **state) {
  (void)state;
  struct rules rules;
  read_rules(&rules);
  set_user(&rules);
  const char *const words[] = {"ACL", "DRYRUN", "waitq", "HSET", "accounts", "field", "value"};
  assert_non_null(strstr(server_ask_words(server, words, 7), "no permissions"));
  const char *const flush[] = {"ACL", "DRYRUN", "waitq", "FLUSHALL"};
  assert_non_null(strstr(server_ask_words(server, flush, 4), "no permissions"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_acl__the_user_of_the_page_may_do_all_that_the_store_does),
      cmocka_unit_test(test_acl__the_rights_are_the_commands_of_the_scripts_and_of_the_client),
      cmocka_unit_test(test_acl__other_keys_are_out_of_reach),
  };
  return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
