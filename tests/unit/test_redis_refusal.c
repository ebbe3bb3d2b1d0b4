/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "../support/test.h"

#include <stdio.h>
#include <string.h>

#include "store/redis/refusal.h"

static struct waitq__text text_of(const char *text) {
  return (struct waitq__text){text, strlen(text)};
}

static struct waitq__refusal refusal_of(const char *text) {
  return waitq__refusal_of(text_of(text));
}

static void expect(const char *text, enum waitq__refusal_action action, int code) {
  struct waitq__refusal refusal = refusal_of(text);
  if (refusal.action != action || refusal.code != code) {
    fail_msg("%s: action %d, code %d", text, (int)refusal.action, refusal.code);
  }
}

/* Each as Redis 7.0 words it, or 6.0 where that differs. */
static void test_refusal__what_passes_is_waited_for(void **state) {
  (void)state;
  const char *const texts[] = {
      "LOADING Redis is loading the dataset in memory",
      "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
      "TRYAGAIN Multiple keys request during rehashing of slot",
      "CLUSTERDOWN The cluster is down",
      "CLUSTERDOWN Hash slot not served",
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      "NOREPLICAS Not enough good replicas to write.",
      "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
      "ERR max number of clients reached",
      "ERR max number of clients + cluster connections reached"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    expect(texts[i], WAITQ__REFUSAL_WAIT, WAITQ_E_STORE);
  }
}

static void test_refusal__a_replica_means_that_the_master_is_another(void **state) {
  (void)state;
  expect("READONLY You can't write against a read only replica.", WAITQ__REFUSAL_RENEW, WAITQ_E_STORE);
  expect("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
         WAITQ__REFUSAL_RENEW, WAITQ_E_STORE);
}

static void test_refusal__a_script_may_have_to_be_loaded(void **state) {
  (void)state;
  expect("NOSCRIPT No matching script. Please use EVAL.", WAITQ__REFUSAL_LOAD, WAITQ_E_STORE);
}

static void test_refusal__who_may_not_will_not_be_able_to_later(void **state) {
  (void)state;
  expect("NOAUTH Authentication required.", WAITQ__REFUSAL_FAIL, WAITQ_E_DENIED);
  expect("NOPERM this user has no permissions to run the 'eval' command", WAITQ__REFUSAL_FAIL, WAITQ_E_DENIED);
  expect("WRONGPASS invalid username-password pair or user is disabled.", WAITQ__REFUSAL_FAIL, WAITQ_E_DENIED);
  expect("DENIED Redis is running in protected mode because", WAITQ__REFUSAL_FAIL, WAITQ_E_DENIED);
}

static void test_refusal__the_rest_fails(void **state) {
  (void)state;
  expect("OOM command not allowed when used memory > 'maxmemory'.", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect("WRONGTYPE Operation against a key holding the wrong kind of value", WAITQ__REFUSAL_FAIL, WAITQ_E_DAMAGED);
  expect("CROSSSLOT Keys in request don't hash to the same slot", WAITQ__REFUSAL_FAIL, WAITQ_E_UNSUPPORTED);
  expect("ERR unknown command 'EVALSHA', with args beginning with: ", WAITQ__REFUSAL_FAIL, WAITQ_E_UNSUPPORTED);
  expect("ERR Unknown Redis command called from script script: f, on @user_script:1.", WAITQ__REFUSAL_FAIL,
         WAITQ_E_UNSUPPORTED);
  expect("ERR something else", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect("", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect("LOADINGS of ships", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect("BUSYGROUP Consumer Group name already exists", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect("loading", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect("LOADIN", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect("LOADING", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE);
}

static void test_refusal__what_a_script_met_is_found_inside_of_its_error(void **state) {
  (void)state;
#define BEFORE_7 "ERR Error running script (call to f_9bd6): @user_script:3: @user_script: 3: "
  expect(BEFORE_7 "-READONLY You can't write against a read only replica. ", WAITQ__REFUSAL_RENEW, WAITQ_E_STORE);
  expect(BEFORE_7 "-OOM command not allowed when used memory > 'maxmemory'. ", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect(BEFORE_7 "-NOREPLICAS Not enough good replicas to write.", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE);
  expect(BEFORE_7 "WRONGTYPE Operation against a key", WAITQ__REFUSAL_FAIL, WAITQ_E_DAMAGED);
  expect(BEFORE_7 "attempt to index a nil value", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect(BEFORE_7 "-", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
  expect("WRONGTYPE Operation against a key script: 62f, on @user_script:1.", WAITQ__REFUSAL_FAIL, WAITQ_E_DAMAGED);
  expect("ERR it said: -READONLY", WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
}

static void expect_address(const char *text, enum waitq__refusal_action action, unsigned slot, const char *host,
                           unsigned port) {
  expect(text, action, WAITQ_E_STORE);
  struct waitq__refusal refusal = refusal_of(text);
  assert_int_equal(refusal.slot, slot);
  assert_string_equal(refusal.address.host, host);
  assert_int_equal(refusal.address.port, port);
}

static void test_refusal__another_server_has_an_address(void **state) {
  (void)state;
  expect_address("MOVED 3999 127.0.0.1:6381", WAITQ__REFUSAL_REDIRECT, 3999, "127.0.0.1", 6381);
  expect_address("ASK 0 redis-2.example:1", WAITQ__REFUSAL_ASK, 0, "redis-2.example", 1);
  expect_address("MOVED 16383 fe80::12:65535", WAITQ__REFUSAL_REDIRECT, 16383, "fe80::12", 65535);
  expect_address("MOVED 7 :7002", WAITQ__REFUSAL_REDIRECT, 7, "", 7002);
}

static void test_refusal__a_server_without_a_name_is_waited_for(void **state) {
  (void)state;
  expect("MOVED 7 ?:7002", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE);
  expect("ASK 7 ?:7002", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE);
}

static void test_refusal__a_wrong_address_is_not_followed(void **state) {
  (void)state;
  const char *const texts[] = {"MOVED",
                               "MOVED ",
                               "MOVED 1",
                               "MOVED 1 ",
                               "MOVED 1 h",
                               "MOVED 1 h:",
                               "MOVED 1 h:0",
                               "MOVED 1 h:65536",
                               "MOVED 1 h:7x",
                               "MOVED 1 h:-7",
                               "MOVED 16384 h:7",
                               "MOVED -1 h:7",
                               "MOVED x h:7",
                               "MOVED  h:7",
                               "MOVED h:7",
                               "MOVED :7",
                               "MOVED 1 a b:7",
                               "MOVED 1 a\nb:7",
                               "MOVED 1 \xff:7",
                               "MOVEDX 1 h:7",
                               "ASK 99999999999999999999 h:7",
                               "ASK 1 h:99999999999999999999"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    expect(texts[i], WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
    assert_int_equal(refusal_of(texts[i]).address.port, 0);
  }
}

static void test_refusal__a_host_fits_or_is_not_followed(void **state) {
  (void)state;
  char text[300] = "MOVED 1 ";
  memset(text + 8, 'h', 255);
  memcpy(text + 8 + 255, ":7", 3);
  expect(text, WAITQ__REFUSAL_REDIRECT, WAITQ_E_STORE);
  assert_int_equal(strlen(refusal_of(text).address.host), 255);
  memcpy(text + 8 + 255, "h:7", 4);
  expect(text, WAITQ__REFUSAL_FAIL, WAITQ_E_STORE);
}

/* Errors of the server may hold anything, and end where their length says. */
static void test_refusal__a_text_is_not_read_beyond_its_end(void **state) {
  (void)state;
  const char *const texts[] = {"MOVED 3999 127.0.0.1:6381", "NOSCRIPT No", BEFORE_7 "-OOM command"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    for (size_t length = 0; length <= strlen(texts[i]); length++) {
      char *exact = test_malloc(length + 1);
      memcpy(exact, texts[i], length); /* cmocka guards the block's end; so does AddressSanitizer */
      struct waitq__refusal refusal = waitq__refusal_of((struct waitq__text){exact, length});
      assert_true(refusal.code == WAITQ_E_STORE);
      test_free(exact);
    }
  }
}

static void test_refusal__an_error_names_the_server_and_what_it_said(void **state) {
  (void)state;
  waitq_error error = WAITQ_ERROR_INIT;
  struct waitq__redis_address address = {"redis.example", 6379};
  struct waitq__refusal refusal = refusal_of("NOPERM this user");
  assert_int_equal(waitq__refusal_fail(&refusal, &address, text_of("NOPERM this user"), &error), WAITQ_E_DENIED);
  assert_int_equal(error.code, WAITQ_E_DENIED);
  assert_int_equal(error.retriable, 0);
  assert_string_equal(error.text, "redis.example:6379 answered: NOPERM this user");
  refusal = refusal_of("OOM");
  assert_int_equal(waitq__refusal_fail(&refusal, &address, text_of("OOM"), &error), WAITQ_E_STORE);
  assert_int_equal(error.retriable, 1);
  assert_int_equal(waitq__refusal_fail(&refusal, &address, text_of("OOM"), NULL), WAITQ_E_STORE);
}

static void test_refusal__a_line_of_log_cannot_be_forged(void **state) {
  (void)state;
  waitq_error error = WAITQ_ERROR_INIT;
  struct waitq__redis_address address = {"h", 1};
  struct waitq__text text = {"ERR a\r\n\x1b[31mb\0c\xc3\xbc", 17};
  struct waitq__refusal refusal = waitq__refusal_of(text);
  waitq__refusal_fail(&refusal, &address, text, &error);
  assert_string_equal(error.text, "h:1 answered: ERR a???[31mb?c??");
}

static void test_refusal__a_long_text_is_cut(void **state) {
  (void)state;
  char out[8];
  memset(out, 'x', sizeof out);
  waitq__refusal_print(text_of("OOM comm"), out, sizeof out);
  assert_string_equal(out, "OOM com");
  waitq__refusal_print(text_of(""), out, sizeof out);
  assert_string_equal(out, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_refusal__what_passes_is_waited_for, NULL, NULL),
      UNIT_TEST(test_refusal__a_replica_means_that_the_master_is_another, NULL, NULL),
      UNIT_TEST(test_refusal__a_script_may_have_to_be_loaded, NULL, NULL),
      UNIT_TEST(test_refusal__who_may_not_will_not_be_able_to_later, NULL, NULL),
      UNIT_TEST(test_refusal__the_rest_fails, NULL, NULL),
      UNIT_TEST(test_refusal__what_a_script_met_is_found_inside_of_its_error, NULL, NULL),
      UNIT_TEST(test_refusal__another_server_has_an_address, NULL, NULL),
      UNIT_TEST(test_refusal__a_server_without_a_name_is_waited_for, NULL, NULL),
      UNIT_TEST(test_refusal__a_wrong_address_is_not_followed, NULL, NULL),
      UNIT_TEST(test_refusal__a_host_fits_or_is_not_followed, NULL, NULL),
      UNIT_TEST(test_refusal__a_text_is_not_read_beyond_its_end, NULL, NULL),
      UNIT_TEST(test_refusal__an_error_names_the_server_and_what_it_said, NULL, NULL),
      UNIT_TEST(test_refusal__a_line_of_log_cannot_be_forged, NULL, NULL),
      UNIT_TEST(test_refusal__a_long_text_is_cut, NULL, NULL),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
