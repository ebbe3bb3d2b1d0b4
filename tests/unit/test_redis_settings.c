/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "../support/test.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store/redis/settings.h"

static struct waitq__redis_settings settings;
static waitq_error detail;

static int setup(void **state) {
  (void)state;
  memset(&settings, 0xa5, sizeof settings);
  detail = (waitq_error)WAITQ_ERROR_INIT;
  return 0;
}

static void read_uri(const char *uri) {
  memset(&settings, 0xa5, sizeof settings);
  if (waitq__redis_settings_read(&settings, uri, &detail) != WAITQ_OK) {
    fail_msg("%s: %s", uri, detail.text);
  }
}

/* A mistake is named, with its place, and nothing of it is left. */
static void expect_mistake(const char *uri, const char *text) {
  memset(&settings, 0xa5, sizeof settings);
  detail = (waitq_error)WAITQ_ERROR_INIT;
  assert_int_equal(waitq__redis_settings_read(&settings, uri, &detail), WAITQ_E_INVALID);
  assert_int_equal(detail.code, WAITQ_E_INVALID);
  assert_int_equal(detail.retriable, 0);
  if (strstr(detail.text, text) == NULL) {
    fail_msg("%s: \"%s\" does not say \"%s\"", uri, detail.text, text);
  }
  assert_true(sodium_is_zero((const unsigned char *)&settings, sizeof settings));
}

static void expect_address(uint32_t index, const char *host, unsigned port) {
  assert_true(index < settings.address_count);
  assert_string_equal(settings.addresses[index].host, host);
  assert_int_equal(settings.addresses[index].port, port);
}

static void test_settings__a_host_is_enough(void **state) {
  (void)state;
  read_uri("redis://redis.example");
  assert_int_equal(settings.topology, WAITQ__REDIS_SINGLE);
  assert_int_equal(settings.address_count, 1);
  expect_address(0, "redis.example", 6379);
  assert_int_equal(settings.database, 0);
  assert_int_equal(settings.tls, 0);
  assert_string_equal(settings.user, "");
  assert_string_equal(settings.password, "");
  assert_string_equal(settings.ca_file, "");
  assert_int_equal(settings.connect_timeout_us, 1000000);
  assert_int_equal(settings.command_timeout_us, 1000000);
  assert_int_equal(settings.key_ttl_s, 172800);
  assert_int_equal(settings.allow_eviction, 0);
}

static void test_settings__a_server_with_all_there_is(void **state) {
  (void)state;
  read_uri(
      "rediss://app:s3cret@redis.example:6380/7?connect_timeout_ms=250&command_timeout_ms=600000&ca_file=/etc/ca.pem"
      "&cert_file=/etc/c.pem&key_file=/etc/k.pem&server_name=shard&allow_eviction=1&key_ttl_s=60");
  expect_address(0, "redis.example", 6380);
  assert_int_equal(settings.tls, 1);
  assert_string_equal(settings.user, "app");
  assert_string_equal(settings.password, "s3cret");
  assert_int_equal(settings.database, 7);
  assert_int_equal(settings.connect_timeout_us, 250000);
  assert_int_equal(settings.command_timeout_us, 600000000);
  assert_string_equal(settings.ca_file, "/etc/ca.pem");
  assert_string_equal(settings.cert_file, "/etc/c.pem");
  assert_string_equal(settings.key_file, "/etc/k.pem");
  assert_string_equal(settings.server_name, "shard");
  assert_int_equal(settings.allow_eviction, 1);
  assert_int_equal(settings.key_ttl_s, 60);
}

static void test_settings__user_and_password_may_each_be_missing(void **state) {
  (void)state;
  read_uri("redis://:only@h");
  assert_string_equal(settings.user, "");
  assert_string_equal(settings.password, "only");
  read_uri("redis://app@h");
  assert_string_equal(settings.user, "app");
  assert_string_equal(settings.password, "");
  read_uri("redis://app:@h");
  assert_string_equal(settings.user, "app");
  assert_string_equal(settings.password, "");
  expect_mistake("redis://@h", "at character 9: a user or a password is missing");
  expect_mistake("redis://:@h", "at character 9: a user or a password is missing");
}

static void test_settings__what_is_encoded_is_decoded(void **state) {
  (void)state;
  read_uri("redis://a%3Ab:p%40s%2Fs%3f%25@h?allow_eviction=0");
  assert_string_equal(settings.user, "a:b");
  assert_string_equal(settings.password, "p@s/s?%");
  read_uri("redis://:a+b:c@h");
  assert_string_equal(settings.password, "a+b:c");
  read_uri("rediss://h?ca_file=/etc/my%20certs/%C3%BC%26.pem");
  assert_string_equal(settings.ca_file, "/etc/my certs/\xc3\xbc&.pem");
  read_uri("redis+unix:///tmp/a%20b.sock");
  expect_address(0, "/tmp/a b.sock", 0);
  read_uri("redis+sentinel://h/my%2Fmaster");
  assert_string_equal(settings.master_name, "my/master");
}

static void test_settings__a_percent_sign_needs_two_digits_and_no_zero(void **state) {
  (void)state;
  expect_mistake("redis://:a%4@h", "at character 11: two hexadecimal digits");
  expect_mistake("redis://:a%@h", "at character 11: two hexadecimal digits");
  expect_mistake("redis://:%4g@h", "at character 10: two hexadecimal digits");
  expect_mistake("redis://:%g4@h", "at character 10: two hexadecimal digits");
  expect_mistake("redis://:ab%00@h", "at character 12: a zero byte");
}

static void test_settings__an_unencoded_at_sign_belongs_to_the_password(void **state) {
  (void)state;
  read_uri("redis://app:p@ss@h");
  assert_string_equal(settings.password, "p@ss");
  expect_address(0, "h", 6379);
}

static void test_settings__hosts_are_names_or_addresses(void **state) {
  (void)state;
  read_uri("redis://10.0.0.7:1");
  expect_address(0, "10.0.0.7", 1);
  read_uri("redis://a-b_c.D9:65535/");
  expect_address(0, "a-b_c.D9", 65535);
  read_uri("redis://[::1]");
  expect_address(0, "::1", 6379);
  read_uri("redis://[fe80::12]:7000/3");
  expect_address(0, "fe80::12", 7000);
  expect_mistake("redis://", "at character 9: not the name of a host");
  expect_mistake("redis://:7000", "at character 9: not the name of a host");
  expect_mistake("redis:///1", "at character 9: not the name of a host");
  expect_mistake("redis://user@", "at character 14: not the name of a host");
  expect_mistake("redis://a b", "at character 9: not the name of a host");
  expect_mistake("redis://a%62", "at character 9: not the name of a host");
  expect_mistake("redis://a\r\nb", "at character 9: not the name of a host");
  expect_mistake("redis://::1", "not the name of a host");
  expect_mistake("redis://fe80::1", "an IPv6 address stands in brackets");
  expect_mistake("redis://[::1", "at character 10: not an IPv6 address in brackets");
  expect_mistake("redis://[]", "not an IPv6 address in brackets");
  expect_mistake("redis://[10.0.0.7]", "not an IPv6 address in brackets");
  expect_mistake("redis://[::1]7000", "at character 14: not a port");
}

static void test_settings__ports_are_1_to_65535(void **state) {
  (void)state;
  const char *const wrong[] = {"redis://h:",       "redis://h:0",     "redis://h:65536",
                               "redis://h:-1",     "redis://h:+1",    "redis://h:99999999999999999999",
                               "redis://h:6379x",  "redis://h: 6379", "redis://h:0x17",
                               "redis://h:63:79/0"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    expect_mistake(wrong[i], "at character 10: not a port");
  }
}

static void test_settings__databases_are_numbers(void **state) {
  (void)state;
  read_uri("redis://h/");
  assert_int_equal(settings.database, 0);
  read_uri("redis://h/2147483647");
  assert_int_equal(settings.database, 2147483647);
  read_uri("redis://h?key_ttl_s=5");
  assert_int_equal(settings.database, 0);
  expect_mistake("redis://h/2147483648", "at character 11: not the number of a database");
  expect_mistake("redis://h/-1", "at character 11: not the number of a database");
  expect_mistake("redis://h/one", "at character 11: not the number of a database");
  expect_mistake("redis://h/1/2", "at character 11: not the number of a database");
}

static void test_settings__a_socket_is_a_path(void **state) {
  (void)state;
  read_uri("redis+unix:///run/redis/redis.sock");
  assert_int_equal(settings.topology, WAITQ__REDIS_SINGLE);
  assert_int_equal(settings.address_count, 1);
  expect_address(0, "/run/redis/redis.sock", 0);
  read_uri("redis+unix://app:pw@/run/r.sock?database=3&command_timeout_ms=5");
  expect_address(0, "/run/r.sock", 0);
  assert_string_equal(settings.user, "app");
  assert_int_equal(settings.database, 3);
  assert_int_equal(settings.command_timeout_us, 5000);
  expect_mistake("redis+unix://", "the path of a socket is missing");
  expect_mistake("redis+unix:///", "the path of a socket is missing");
  expect_mistake("redis+unix://run/redis.sock", "at character 14: the path of a socket begins with a /");
  expect_mistake("redis+unix:///s?database=x", "database must be a number from 0 to 2147483647");
}

static void test_settings__the_path_of_a_socket_fits_into_an_address_of_the_system(void **state) {
  (void)state;
  char uri[160] = "redis+unix:///";
  size_t length = strlen(uri);
  memset(uri + length, 's', 106);
  read_uri(uri);
  assert_int_equal(strlen(settings.addresses[0].host), 107);
  uri[length + 106] = 's';
  expect_mistake(uri, "the path of the socket is longer than 107 bytes");
}

static void test_settings__a_cluster_has_some_servers(void **state) {
  (void)state;
  read_uri("redis+cluster://app:pw@a:7000,b,[::1]:7002");
  assert_int_equal(settings.topology, WAITQ__REDIS_CLUSTER);
  assert_int_equal(settings.address_count, 3);
  expect_address(0, "a", 7000);
  expect_address(1, "b", 6379);
  expect_address(2, "::1", 7002);
  assert_int_equal(settings.tls, 0);
  read_uri("rediss+cluster://a/?ca_file=x");
  assert_int_equal(settings.topology, WAITQ__REDIS_CLUSTER);
  assert_int_equal(settings.tls, 1);
  read_uri("redis+cluster://a/0");
  expect_mistake("redis+cluster://a/1", "at character 19: a Cluster has database 0 only");
  expect_mistake("redis+cluster://a,", "at character 19: not the name of a host");
  expect_mistake("redis+cluster://,a", "at character 17: not the name of a host");
  expect_mistake("redis+cluster://a,,b", "at character 19: not the name of a host");
}

static void test_settings__sixteen_servers_are_the_most(void **state) {
  (void)state;
  char uri[256] = "redis+cluster://h0";
  for (int i = 1; i < 16; i++) {
    snprintf(uri + strlen(uri), sizeof uri - strlen(uri), ",h%d", i);
  }
  read_uri(uri);
  assert_int_equal(settings.address_count, 16);
  expect_address(15, "h15", 6379);
  snprintf(uri + strlen(uri), sizeof uri - strlen(uri), ",h16");
  expect_mistake(uri, "more than 16 servers");
}

static void test_settings__one_server_is_one(void **state) {
  (void)state;
  expect_mistake("redis://a,b", "at character 10: several servers are for redis+cluster://");
}

static void test_settings__sentinels_name_a_master(void **state) {
  (void)state;
  read_uri("redis+sentinel://app:pw@s1,s2:1234/mymaster/5?sentinel_user=watch&sentinel_password=p%20w");
  assert_int_equal(settings.topology, WAITQ__REDIS_SENTINEL);
  expect_address(0, "s1", 26379);
  expect_address(1, "s2", 1234);
  assert_string_equal(settings.master_name, "mymaster");
  assert_int_equal(settings.database, 5);
  assert_string_equal(settings.user, "app");
  assert_string_equal(settings.password, "pw");
  assert_string_equal(settings.sentinel_user, "watch");
  assert_string_equal(settings.sentinel_password, "p w");
  read_uri("rediss+sentinel://s1/m");
  assert_int_equal(settings.tls, 1);
  assert_int_equal(settings.database, 0);
  assert_string_equal(settings.sentinel_password, "");
  read_uri("redis+sentinel://s1/m/");
  expect_mistake("redis+sentinel://s1", "the name of the Sentinels' master is missing");
  expect_mistake("redis+sentinel://s1/", "the name of the Sentinels' master is missing");
  expect_mistake("redis+sentinel://s1//3", "the name of the Sentinels' master is missing");
  expect_mistake("redis+sentinel://s1/m/x", "not the number of a database");
}

static void test_settings__an_option_is_known_has_a_value_and_comes_once(void **state) {
  (void)state;
  expect_mistake("redis://h?speed=9", "at character 11: no such option");
  expect_mistake("redis://h?key_ttl=9", "no such option");
  expect_mistake("redis://h?key_ttl_s%3D9", "no such option");
  expect_mistake("redis://h?=9", "no such option");
  expect_mistake("redis://h?&key_ttl_s=9", "no such option");
  expect_mistake("redis://h?key_ttl_s", "at character 20: an option without a value");
  expect_mistake("redis://h?key_ttl_s=", "at character 20: an option without a value");
  expect_mistake("redis://h?key_ttl_s=9&key_ttl_s=9", "at character 23: an option that was given before");
  read_uri("redis://h?");
  read_uri("redis://h?key_ttl_s=9&");
}

static void test_settings__numbers_have_bounds(void **state) {
  (void)state;
  const char *text = "at character 30: connect_timeout_ms must be a number from 1 to 600000";
  expect_mistake("redis://h?connect_timeout_ms=0", text);
  expect_mistake("redis://h?connect_timeout_ms=600001", text);
  expect_mistake("redis://h?connect_timeout_ms=1.5", text);
  expect_mistake("redis://h?connect_timeout_ms=-1", text);
  expect_mistake("redis://h?connect_timeout_ms=1s", text);
  expect_mistake("redis://h?command_timeout_ms=0", "command_timeout_ms must be a number from 1 to 600000");
  expect_mistake("redis://h?key_ttl_s=0", "key_ttl_s must be a number from 1 to 315360000");
  expect_mistake("redis://h?key_ttl_s=315360001", "key_ttl_s must be a number from 1 to 315360000");
  expect_mistake("redis://h?allow_eviction=2", "allow_eviction must be a number from 0 to 1");
  expect_mistake("redis://h?allow_eviction=yes", "allow_eviction must be a number from 0 to 1");
}

static void test_settings__an_option_stands_where_it_means_something(void **state) {
  (void)state;
  const char *const of_tls[] = {"ca_file", "cert_file", "key_file", "server_name"};
  for (size_t i = 0; i < 4; i++) {
    char uri[64];
    snprintf(uri, sizeof uri, "redis://h?%s=x", of_tls[i]);
    expect_mistake(uri, "at character 11: an option of TLS, which is for rediss://");
  }
  expect_mistake("redis://h?sentinel_user=x", "an option for redis+sentinel://");
  expect_mistake("redis+cluster://h?sentinel_password=x", "an option for redis+sentinel://");
  expect_mistake("redis://h?database=1", "the database stands in the path");
  expect_mistake("redis+unix:///s?ca_file=x", "an option of TLS");
}

static void test_settings__a_certificate_needs_its_key(void **state) {
  (void)state;
  expect_mistake("rediss://h?cert_file=/c", "cert_file and key_file belong together");
  expect_mistake("rediss://h?key_file=/k", "cert_file and key_file belong together");
}

static void test_settings__what_is_too_long_is_not_cut(void **state) {
  (void)state;
  static const struct {
    const char *before, *after, *name;
    size_t longest;
  } fields[] = {{"redis://", "@h", "the user's name", 127},
                {"redis://:", "@h", "the password", 255},
                {"redis://", "", "the host", 255},
                {"redis+sentinel://h/", "", "the name of the master", 127},
                {"rediss://h?ca_file=", "", "ca_file", 255},
                {"rediss://h?server_name=", "", "server_name", 255},
                {"redis+sentinel://h/m?sentinel_user=", "", "sentinel_user", 127},
                {"redis+sentinel://h/m?sentinel_password=", "", "sentinel_password", 255}};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    char filling[257];
    char uri[400];
    memset(filling, 'x', sizeof filling);
    filling[fields[i].longest] = '\0';
    snprintf(uri, sizeof uri, "%s%s%s", fields[i].before, filling, fields[i].after);
    read_uri(uri);
    filling[fields[i].longest] = 'x';
    filling[fields[i].longest + 1] = '\0';
    snprintf(uri, sizeof uri, "%s%s%s", fields[i].before, filling, fields[i].after);
    char text[80];
    snprintf(text, sizeof text, "%s is longer than %zu bytes", fields[i].name, fields[i].longest);
    expect_mistake(uri, text);
  }
}

static void test_settings__other_schemes_are_not_ours(void **state) {
  (void)state;
  const char *const others[] = {NULL,
                                "",
                                "redis:",
                                "redis:/h",
                                "Redis://h",
                                "http://h",
                                "memory:",
                                "redis+tcp://h",
                                "rediss+unix:///s",
                                "redis+cluster:h",
                                " redis://h",
                                "redissss://h"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    expect_mistake(others[i], "begins with redis://, rediss://");
  }
}

static void test_settings__a_number_sign_must_be_encoded(void **state) {
  (void)state;
  expect_mistake("redis://:a#b@h", "at character 11: a # must be written as %23");
}

/* Whatever part of the URI a password ends up in when its special characters are not encoded. */
static void test_settings__no_mistake_shows_a_password(void **state) {
  (void)state;
  const char *const uris[] = {"redis://:hunter2@",
                              "redis://:hunter2@h:x",
                              "redis://:pass/hunter2@h",
                              "redis://:/hunter2@h",
                              "redis://:pass?hunter2@h",
                              "redis://:pass?hunter2=1@h",
                              "redis://:pass#hunter2@h",
                              "redis://:%zzhunter2@h",
                              "redis+unix://:hunter2@h/s",
                              "redis+cluster://:a,hunter2@h,,",
                              "redis+sentinel://hunter2,:h",
                              "redis+sentinel://h/m?sentinel_password=hunter2%",
                              "redis+sentinel://h/m?sentinel_password=a&hunter2",
                              "hunter2://h"};
  for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
    expect_mistake(uris[i], "");
    assert_true(detail.text[0] != '\0');
    assert_null(strstr(detail.text, "hunter2"));
  }
}

static void test_settings__wiping_leaves_no_password(void **state) {
  (void)state;
  read_uri("redis+sentinel://app:hunter2@h/m?sentinel_password=hunter3");
  waitq__redis_settings_wipe(&settings);
  assert_true(sodium_is_zero((const unsigned char *)settings.password, sizeof settings.password));
  assert_true(sodium_is_zero((const unsigned char *)settings.sentinel_password, sizeof settings.sentinel_password));
  assert_string_equal(settings.user, "app");
  expect_address(0, "h", 26379);
}

static void test_settings__an_address_has_a_text(void **state) {
  (void)state;
  char text[WAITQ__REDIS_ADDRESS_TEXT];
  waitq__redis_address_text(&(struct waitq__redis_address){"redis.example", 6379}, text);
  assert_string_equal(text, "redis.example:6379");
  waitq__redis_address_text(&(struct waitq__redis_address){"fe80::12", 7000}, text);
  assert_string_equal(text, "[fe80::12]:7000");
  waitq__redis_address_text(&(struct waitq__redis_address){"/run/a:b.sock", 0}, text);
  assert_string_equal(text, "/run/a:b.sock");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_settings__a_host_is_enough, setup, NULL),
      UNIT_TEST(test_settings__a_server_with_all_there_is, setup, NULL),
      UNIT_TEST(test_settings__user_and_password_may_each_be_missing, setup, NULL),
      UNIT_TEST(test_settings__what_is_encoded_is_decoded, setup, NULL),
      UNIT_TEST(test_settings__a_percent_sign_needs_two_digits_and_no_zero, setup, NULL),
      UNIT_TEST(test_settings__an_unencoded_at_sign_belongs_to_the_password, setup, NULL),
      UNIT_TEST(test_settings__hosts_are_names_or_addresses, setup, NULL),
      UNIT_TEST(test_settings__ports_are_1_to_65535, setup, NULL),
      UNIT_TEST(test_settings__databases_are_numbers, setup, NULL),
      UNIT_TEST(test_settings__a_socket_is_a_path, setup, NULL),
      UNIT_TEST(test_settings__the_path_of_a_socket_fits_into_an_address_of_the_system, setup, NULL),
      UNIT_TEST(test_settings__a_cluster_has_some_servers, setup, NULL),
      UNIT_TEST(test_settings__sixteen_servers_are_the_most, setup, NULL),
      UNIT_TEST(test_settings__one_server_is_one, setup, NULL),
      UNIT_TEST(test_settings__sentinels_name_a_master, setup, NULL),
      UNIT_TEST(test_settings__an_option_is_known_has_a_value_and_comes_once, setup, NULL),
      UNIT_TEST(test_settings__numbers_have_bounds, setup, NULL),
      UNIT_TEST(test_settings__an_option_stands_where_it_means_something, setup, NULL),
      UNIT_TEST(test_settings__a_certificate_needs_its_key, setup, NULL),
      UNIT_TEST(test_settings__what_is_too_long_is_not_cut, setup, NULL),
      UNIT_TEST(test_settings__other_schemes_are_not_ours, setup, NULL),
      UNIT_TEST(test_settings__a_number_sign_must_be_encoded, setup, NULL),
      UNIT_TEST(test_settings__no_mistake_shows_a_password, setup, NULL),
      UNIT_TEST(test_settings__wiping_leaves_no_password, setup, NULL),
      UNIT_TEST(test_settings__an_address_has_a_text, setup, NULL),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
