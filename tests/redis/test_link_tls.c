/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "../support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/child.h"
#include "../support/proxy.h"
#include "../support/servers.h"
#include "dial.h"

static struct server *server; /* wants no certificate */

static char directory[64];

/* From now on OpenSSL allows what Debian's configuration of it forbids; what is refused then, the library refuses. */
static void allow_old_protocols(void) {
  char path[80];
  child_directory(directory, sizeof directory);
  snprintf(path, sizeof path, "%s/openssl.cnf", directory);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(
      "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = any\n[any]\nMinProtocol = TLSv1\n"
      "CipherString = DEFAULT:@SECLEVEL=0\n",
      file);
  assert_int_equal(fclose(file), 0);
  setenv("OPENSSL_CONF", path, 1);
}

static int start(void **state) {
  (void)state;
  const struct server_options options = {.flags = SERVER_TLS};
  server = server_start(&options);
  allow_old_protocols(); /* after the certificates were made, which needs the system's configuration */
  return 0;
}

static int stop(void **state) {
  (void)state;
  server_stop(server);
  child_remove(directory, 1);
  return 0;
}

/* --- whose certificates are accepted --- */

static void test_tls__a_certificate_of_the_ca_for_the_address_is_accepted(void **state) {
  (void)state;
  dial(server_tls_uri(server));
  assert_string_equal(dial_ask("PING"), "PONG");
  assert_int_equal(waitq__link_server(dial_link)->is_master, 1);
}

static void test_tls__a_certificate_for_the_name_is_accepted(void **state) {
  (void)state;
  dial(dial_uri("rediss://localhost:%u?ca_file=%s", server_tls_port(server), server_certificates()->ca));
  assert_string_equal(dial_ask("PING"), "PONG");
}

static void test_tls__another_name_than_the_hosts_may_be_expected(void **state) {
  (void)state;
  dial(dial_uri("%s&server_name=localhost", server_tls_uri(server)));
  assert_string_equal(dial_ask("PING"), "PONG");
  dial_expect_refusal(dial_uri("%s&server_name=elsewhere.example", server_tls_uri(server)), WAITQ_E_DENIED,
                      "the server's certificate is not accepted: hostname mismatch");
  dial_expect_refusal(dial_uri("%s&server_name=10.0.0.7", server_tls_uri(server)), WAITQ_E_DENIED,
                      "the server's certificate is not accepted: IP address mismatch");
}

static void test_tls__a_ca_that_did_not_sign_it_is_no_reason_to_trust(void **state) {
  (void)state;
  dial_expect_refusal(
      dial_uri("rediss://127.0.0.1:%u?ca_file=%s", server_tls_port(server), server_certificates()->other_ca),
      WAITQ_E_DENIED, "the server's certificate is not accepted:");
}

static void test_tls__without_a_file_the_systems_certificates_decide(void **state) {
  (void)state;
  const char *uri = dial_uri("rediss://127.0.0.1:%u", server_tls_port(server));
  dial_expect_refusal(uri, WAITQ_E_DENIED, "the server's certificate is not accepted:");
  setenv("SSL_CERT_FILE", server_certificates()->ca, 1); /* how OpenSSL is told of another store */
  dial(uri);
  unsetenv("SSL_CERT_FILE");
  assert_string_equal(dial_ask("PING"), "PONG");
}

static void expect_refusal_of_server(const char *certificate, const char *key, const char *text) {
  const char *const arguments[] = {"--tls-cert-file", certificate, "--tls-key-file", key, NULL};
  struct server *other = server_start(&(struct server_options){.flags = SERVER_TLS, .arguments = arguments});
  dial_expect_refusal(server_tls_uri(other), WAITQ_E_DENIED, text);
  server_stop(other);
}

static void test_tls__a_certificate_for_another_host_is_refused(void **state) {
  (void)state;
  const struct certificates *files = server_certificates();
  expect_refusal_of_server(files->wrong_host, files->wrong_host_key, "not accepted: IP address mismatch");
}

static void test_tls__an_expired_certificate_is_refused(void **state) {
  (void)state;
  const struct certificates *files = server_certificates();
  expect_refusal_of_server(files->expired, files->expired_key, "not accepted: certificate has expired");
}

/* --- this side's certificate --- */

static void test_tls__a_client_certificate_is_shown_where_one_is_wanted(void **state) {
  (void)state;
  const struct certificates *files = server_certificates();
  struct server *strict = server_start(&(struct server_options){.flags = SERVER_TLS_MUTUAL});
  unsigned port = server_tls_port(strict);
  dial(server_tls_uri(strict));
  assert_string_equal(dial_ask("PING"), "PONG");
  dial_expect_refusal(dial_uri("rediss://127.0.0.1:%u?ca_file=%s", port, files->ca), WAITQ_E_DENIED, "refused TLS");
  dial_expect_refusal(dial_uri("rediss://127.0.0.1:%u?ca_file=%s&cert_file=%s&key_file=%s", port, files->ca,
                               files->other_client, files->other_client_key),
                      WAITQ_E_DENIED, "refused TLS");
  server_stop(strict);
}

static void expect_bad_file(const char *options, const char *text) {
  assert_int_equal(dial_code(dial_uri("%s%s", server_tls_uri(server), options), WAITQ__LINK_TO_SERVER, 20000),
                   WAITQ_E_INVALID);
  assert_int_equal(dial_error.retriable, 0);
  if (strstr(dial_error.text, text) == NULL) {
    fail_msg("\"%s\" does not say \"%s\"", dial_error.text, text);
  }
}

static void test_tls__files_that_cannot_be_used_are_named(void **state) {
  (void)state;
  const struct certificates *files = server_certificates();
  char options[400];
  assert_int_equal(dial_code(dial_uri("rediss://127.0.0.1:%u?ca_file=/nonexistent/ca", server_tls_port(server)),
                             WAITQ__LINK_TO_SERVER, 20000),
                   WAITQ_E_INVALID);
  assert_non_null(strstr(dial_error.text, "the ca_file '/nonexistent/ca' cannot be used"));
  expect_bad_file("&cert_file=/nonexistent/c&key_file=/nonexistent/k", "the cert_file '/nonexistent/c'");
  snprintf(options, sizeof options, "&cert_file=%s&key_file=/nonexistent/k", files->client);
  expect_bad_file(options, "the key_file '/nonexistent/k'");
  snprintf(options, sizeof options, "&cert_file=%s&key_file=%s", files->client, files->server_key);
  expect_bad_file(options, "key values mismatch");
}

/* OpenSSL would ask for it, at the terminal or, where there is none, of the standard input. */
static void test_tls__a_key_with_a_pass_phrase_is_refused(void **state) {
  (void)state;
  const struct certificates *files = server_certificates();
  char log[80];
  char key[80];
  char options[400];
  snprintf(key, sizeof key, "%s/locked.key", directory);
  snprintf(log, sizeof log, "%s/log", directory);
  const char *const arguments[] = {"openssl", "ec", "-in", files->client_key, "-aes256", "-passout", "pass:pass",
                                   "-out",    key,  NULL};
  child_run(arguments, log);
  int answer[2];
  int input = dup(0);
  assert_int_equal(pipe(answer), 0);
  assert_int_equal(write(answer[1], "pass\n", 5), 5);
  assert_int_equal(dup2(answer[0], 0), 0);
  snprintf(options, sizeof options, "&cert_file=%s&key_file=%s", files->client, key);
  expect_bad_file(options, "the key_file");
  dup2(input, 0);
  close(input);
  close(answer[0]);
  close(answer[1]);
}

/* --- the other side speaks something else --- */

static void test_tls__an_old_protocol_is_refused(void **state) {
  (void)state;
  const char *const arguments[] = {"--tls-protocols", "TLSv1.2", NULL};
  struct server *second = server_start(&(struct server_options){.flags = SERVER_TLS, .arguments = arguments});
  dial(server_tls_uri(second));
  assert_string_equal(dial_ask("PING"), "PONG");
  dial_hang_up();
  server_stop(second);
  const char *const old[] = {"--tls-protocols", "TLSv1.1", "--tls-ciphers", "DEFAULT@SECLEVEL=0", NULL};
  struct server *first = server_start(&(struct server_options){.flags = SERVER_TLS, .arguments = old});
  assert_int_equal(dial_code(server_tls_uri(first), WAITQ__LINK_TO_SERVER, 20000), WAITQ_E_STORE);
  assert_non_null(strstr(dial_error.text, "TLS"));
  server_stop(first);
}

static void test_tls__a_port_without_tls_costs_the_time_given_or_is_named(void **state) {
  (void)state;
  int64_t before_ms = child_now_ms();
  int code = dial_code(dial_uri("rediss://127.0.0.1:%u", server_port(server)), WAITQ__LINK_TO_SERVER, 300);
  assert_true(code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT);
  assert_non_null(strstr(dial_error.text, "TLS"));
  assert_true(child_now_ms() - before_ms < 10000);
}

static void test_tls__a_port_with_tls_is_no_plain_one(void **state) {
  (void)state;
  assert_int_equal(dial_code(dial_uri("redis://127.0.0.1:%u", server_tls_port(server)), WAITQ__LINK_TO_SERVER, 20000),
                   WAITQ_E_STORE);
}

/* --- as the plain link --- */

static void test_tls__megabytes_go_both_ways(void **state) {
  (void)state;
  const size_t size = (size_t)6 << 20;
  char *value = test_malloc(size);
  for (size_t i = 0; i < size; i++) {
    value[i] = (char)(i * 2654435761u >> 13);
  }
  dial(server_tls_uri(server));
  const struct waitq__text set[] = {{"SET", 3}, {"large", 5}, {value, size}};
  struct waitq__reply *replies[3];
  assert_int_equal(waitq__link_queue(dial_link, set, 3, &dial_error), WAITQ_OK);
  dial_say("GET large");
  dial_say("DEL large");
  assert_int_equal(dial_exchange(replies, 3, 20000), WAITQ_OK);
  assert_int_equal(waitq__reply_text(replies[1]).length, size);
  assert_memory_equal(waitq__reply_text(replies[1]).bytes, value, size);
  for (int i = 0; i < 3; i++) {
    waitq__reply_free(replies[i]);
  }
  test_free(value);
}

static void test_tls__bytes_may_come_one_at_a_time(void **state) {
  (void)state;
  struct proxy *proxy = proxy_start(server_tls_port(server));
  proxy_split(proxy, PROXY_BOTH, 1);
  dial(dial_uri("rediss://127.0.0.1:%u?ca_file=%s", proxy_port(proxy), server_certificates()->ca));
  assert_string_equal(dial_ask("ECHO in-many-pieces"), "in-many-pieces");
  dial_hang_up();
  proxy_stop(proxy);
}

static void test_tls__a_server_that_stands_still_costs_the_time_given(void **state) {
  (void)state;
  dial(server_tls_uri(server));
  server_pause(server);
  dial_expect_failure("PING", 200, WAITQ_E_TIMEOUT, "the time for an answer is up");
  int code = dial_code(server_tls_uri(server), WAITQ__LINK_TO_SERVER, 200);
  server_resume(server);
  assert_int_equal(code, WAITQ_E_TIMEOUT);
  assert_non_null(strstr(dial_error.text, "the time for the TLS handshake is up"));
}

static void test_tls__a_handshake_that_is_cut_is_told(void **state) {
  (void)state;
  struct proxy *proxy = proxy_start(server_tls_port(server));
  char uri[256];
  snprintf(uri, sizeof uri, "rediss://127.0.0.1:%u?ca_file=%s", proxy_port(proxy), server_certificates()->ca);
  for (uint64_t bytes = 0; bytes < 1000; bytes += 97) {
    proxy_cut(proxy, PROXY_TO_CLIENT, bytes, bytes % 2 == 0 ? PROXY_CLOSE : PROXY_RESET);
    assert_int_equal(dial_code(uri, WAITQ__LINK_TO_SERVER, 20000), WAITQ_E_STORE);
    assert_non_null(strstr(dial_error.text, "127.0.0.1"));
  }
  dial(uri);
  dial_hang_up();
  proxy_stop(proxy);
}

static void test_tls__an_idle_one_is_quiet_until_the_server_ends_it(void **state) {
  (void)state;
  dial(server_tls_uri(server));
  assert_int_equal(waitq__link_is_quiet(dial_link), 1);
  assert_string_equal(dial_ask("PING"), "PONG");
  assert_int_equal(waitq__link_is_quiet(dial_link), 1);
  server_ask(server, "CLIENT KILL TYPE normal");
  for (int i = 0; i < 2000 && waitq__link_is_quiet(dial_link); i++) {
    child_sleep_ms(5);
  }
  assert_int_equal(waitq__link_is_quiet(dial_link), 0);
}

static void test_tls__a_server_that_hangs_up_in_mid_write_raises_no_signal(void **state) {
  (void)state;
  signal(SIGPIPE, SIG_DFL);
  const size_t size = (size_t)32 << 20;
  char *value = test_malloc(size);
  memset(value, 'x', size);
  struct server *mortal = server_start(&(struct server_options){.flags = SERVER_TLS});
  dial(server_tls_uri(mortal));
  const struct waitq__text words[] = {{"SET", 3}, {"a", 1}, {value, size}};
  assert_int_equal(waitq__link_queue(dial_link, words, 3, &dial_error), WAITQ_OK);
  server_kill(mortal);
  struct waitq__reply *reply;
  assert_int_equal(dial_exchange(&reply, 1, 20000), WAITQ_E_STORE);
  assert_int_equal(dial_was_sent, 1);
  server_stop(mortal);
  test_free(value);
}

static void test_tls__no_memory_at_any_point_is_told_and_leaves_nothing(void **state) {
  (void)state;
  uint64_t failures = 0;
  for (uint64_t n = 1;; n++) {
    fake_memory_fail_at(&dial_memory, n);
    int code = dial_code(server_tls_uri(server), WAITQ__LINK_TO_SERVER, 20000);
    if (code == WAITQ_OK) {
      break;
    }
    assert_int_equal(code, WAITQ_E_NOMEM);
    failures++;
  }
  fake_memory_recover(&dial_memory);
  assert_true(failures >= 4);
}

static void test_tls__hundreds_of_links_one_after_the_other(void **state) {
  (void)state;
  for (int i = 0; i < 300; i++) {
    dial(server_tls_uri(server));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_tls__a_certificate_of_the_ca_for_the_address_is_accepted, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_certificate_for_the_name_is_accepted, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__another_name_than_the_hosts_may_be_expected, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_ca_that_did_not_sign_it_is_no_reason_to_trust, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__without_a_file_the_systems_certificates_decide, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_certificate_for_another_host_is_refused, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__an_expired_certificate_is_refused, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_client_certificate_is_shown_where_one_is_wanted, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__files_that_cannot_be_used_are_named, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_key_with_a_pass_phrase_is_refused, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__an_old_protocol_is_refused, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_port_without_tls_costs_the_time_given_or_is_named, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_port_with_tls_is_no_plain_one, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__megabytes_go_both_ways, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__bytes_may_come_one_at_a_time, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_server_that_stands_still_costs_the_time_given, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_handshake_that_is_cut_is_told, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__an_idle_one_is_quiet_until_the_server_ends_it, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__a_server_that_hangs_up_in_mid_write_raises_no_signal, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__no_memory_at_any_point_is_told_and_leaves_nothing, dial_setup, dial_teardown),
      UNIT_TEST(test_tls__hundreds_of_links_one_after_the_other, dial_setup, dial_teardown),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
