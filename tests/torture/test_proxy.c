/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The bad network of the tests does what its header says. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../support/child.h"
#include "../support/proxy.h"
#include "../support/resp.h"
#include "../support/servers.h"
#include "../support/test.h"

static struct server *server;

static int start(void **state) {
  (void)state;
  server = server_start(NULL);
  return 0;
}

static int stop(void **state) {
  (void)state;
  server_stop(server);
  return 0;
}

/* Asks over a connection; NULL when it is of no use any more. */
static const char *ask(int fd, const char *word, struct resp_text *reply) {
  const char *const words[] = {"ECHO", word};
  return resp_ask(fd, words, 2, reply) == 0 ? reply->bytes : NULL;
}

static void test_proxy__forwards_to_the_server_that_it_is_told(void **state) {
  (void)state;
  struct resp_text reply = {0};
  struct proxy *proxy = proxy_start(0);
  int fd = resp_connect(proxy_port(proxy), 2000);
  assert_null(ask(fd, "nobody", &reply));
  close(fd);
  proxy_forward_to(proxy, server_port(server));
  fd = resp_connect(proxy_port(proxy), 2000);
  assert_string_equal(ask(fd, "hello", &reply), "hello");
  assert_int_equal(proxy_accepted(proxy), 1);
  assert_int_equal(proxy_open(proxy), 1);
  assert_int_equal(proxy_bytes(proxy, PROXY_TO_CLIENT), strlen("$5\r\nhello\r\n"));
  close(fd);
  proxy_stop(proxy);
  resp_text_free(&reply);
}

static void test_proxy__carries_megabytes_unchanged(void **state) {
  (void)state;
  enum { SIZE = 3000000 };
  static char big[SIZE + 1];
  struct resp_text reply = {0};
  struct proxy *proxy = proxy_start(server_port(server));
  int fd = resp_connect(proxy_port(proxy), 10000);
  for (size_t i = 0; i < SIZE; i++) {
    big[i] = (char)('a' + i * 7919 % 26);
  }
  assert_string_equal(ask(fd, big, &reply), big);
  close(fd);
  proxy_stop(proxy);
  resp_text_free(&reply);
}

static void test_proxy__is_late_by_the_delay(void **state) {
  (void)state;
  struct resp_text reply = {0};
  struct proxy *proxy = proxy_start(server_port(server));
  int fd = resp_connect(proxy_port(proxy), 5000);
  ask(fd, "first", &reply);
  proxy_delay(proxy, PROXY_TO_SERVER, 100);
  proxy_delay(proxy, PROXY_TO_CLIENT, 50);
  int64_t start_ms = child_now_ms();
  assert_string_equal(ask(fd, "late", &reply), "late");
  assert_true(child_now_ms() - start_ms >= 149);
  close(fd);
  proxy_stop(proxy);
  resp_text_free(&reply);
}

static void test_proxy__splits_into_bytes(void **state) {
  (void)state;
  struct resp_text reply = {0};
  struct proxy *proxy = proxy_start(server_port(server));
  int fd = resp_connect(proxy_port(proxy), 5000);
  proxy_split(proxy, PROXY_BOTH, 1);
  assert_string_equal(ask(fd, "one by one", &reply), "one by one");
  close(fd);
  proxy_stop(proxy);
  resp_text_free(&reply);
}

/* The reply is "$5\r\nhello\r\n": 11 bytes. */
static void test_proxy__cuts_after_so_many_bytes_and_once(void **state) {
  (void)state;
  for (unsigned end = PROXY_CLOSE; end <= PROXY_RESET; end++) {
    struct resp_text reply = {0};
    struct proxy *proxy = proxy_start(server_port(server));
    int fd = resp_connect(proxy_port(proxy), 5000);
    assert_string_equal(ask(fd, "hello", &reply), "hello");
    proxy_cut(proxy, PROXY_TO_CLIENT, 15, (enum proxy_end)end);
    assert_string_equal(ask(fd, "hello", &reply), "hello");
    errno = 0;
    assert_null(ask(fd, "hello", &reply));
    assert_int_equal(errno, end == PROXY_RESET ? ECONNRESET : 0);
    assert_int_equal(proxy_cuts(proxy), 1);
    assert_int_equal(proxy_bytes(proxy, PROXY_TO_CLIENT), 11 + 15);
    close(fd);
    fd = resp_connect(proxy_port(proxy), 5000);
    assert_string_equal(ask(fd, "hello again", &reply), "hello again");
    close(fd);
    proxy_stop(proxy);
    resp_text_free(&reply);
  }
}

static void test_proxy__cuts_what_goes_to_the_server(void **state) {
  (void)state;
  struct resp_text reply = {0};
  struct proxy *proxy = proxy_start(server_port(server));
  int fd = resp_connect(proxy_port(proxy), 5000);
  proxy_cut(proxy, PROXY_TO_SERVER, 0, PROXY_CLOSE);
  assert_null(ask(fd, "hello", &reply));
  assert_int_equal(proxy_bytes(proxy, PROXY_TO_SERVER), 0);
  close(fd);
  proxy_stop(proxy);
  resp_text_free(&reply);
}

static void test_proxy__stalls_and_goes_on(void **state) {
  (void)state;
  static const unsigned directions[] = {PROXY_TO_CLIENT, PROXY_TO_SERVER, PROXY_BOTH};
  for (unsigned i = 0; i < 3; i++) {
    struct resp_text reply = {0};
    struct proxy *proxy = proxy_start(server_port(server));
    int fd = resp_connect(proxy_port(proxy), 200);
    proxy_stall(proxy, directions[i]);
    assert_null(ask(fd, "hello", &reply));
    assert_int_equal(proxy_open(proxy), 1);
    proxy_heal(proxy);
    resp_text_clear(&reply);
    assert_int_equal(resp_read(fd, &reply), 0); /* the answer that was on its way */
    assert_string_equal(reply.bytes, "hello");
    close(fd);
    proxy_stop(proxy);
    resp_text_free(&reply);
  }
}

static void test_proxy__swallows_new_connections_only(void **state) {
  (void)state;
  struct resp_text reply = {0};
  struct proxy *proxy = proxy_start(server_port(server));
  int old = resp_connect(proxy_port(proxy), 5000);
  assert_string_equal(ask(old, "hello", &reply), "hello");
  proxy_swallow(proxy, 1);
  int new = resp_connect(proxy_port(proxy), 200);
  assert_null(ask(new, "hello", &reply));
  assert_string_equal(ask(old, "still here", &reply), "still here");
  proxy_heal(proxy);
  assert_null(ask(new, "hello", &reply));
  close(new);
  new = resp_connect(proxy_port(proxy), 5000);
  assert_string_equal(ask(new, "hello", &reply), "hello");
  close(new);
  close(old);
  proxy_stop(proxy);
  resp_text_free(&reply);
}

static void test_proxy__drops_all_connections(void **state) {
  (void)state;
  struct resp_text reply = {0};
  struct proxy *proxy = proxy_start(server_port(server));
  int fds[3];
  for (unsigned i = 0; i < 3; i++) {
    fds[i] = resp_connect(proxy_port(proxy), 5000);
    assert_string_equal(ask(fds[i], "hello", &reply), "hello");
  }
  proxy_drop(proxy, PROXY_RESET);
  for (unsigned i = 0; i < 3; i++) {
    assert_null(ask(fds[i], "hello", &reply));
    close(fds[i]);
  }
  assert_int_equal(proxy_open(proxy), 0);
  proxy_stop(proxy);
  resp_text_free(&reply);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_proxy__forwards_to_the_server_that_it_is_told),
      cmocka_unit_test(test_proxy__carries_megabytes_unchanged),
      cmocka_unit_test(test_proxy__is_late_by_the_delay),
      cmocka_unit_test(test_proxy__splits_into_bytes),
      cmocka_unit_test(test_proxy__cuts_after_so_many_bytes_and_once),
      cmocka_unit_test(test_proxy__cuts_what_goes_to_the_server),
      cmocka_unit_test(test_proxy__stalls_and_goes_on),
      cmocka_unit_test(test_proxy__swallows_new_connections_only),
      cmocka_unit_test(test_proxy__drops_all_connections),
  };
  return cmocka_run_group_tests_name("proxy", tests, start, stop);
}
