/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fake_memory.h"
#include "../support/test.h"
#include "store/redis/slots.h"

static struct waitq__text text_of(const char *text) {
  return (struct waitq__text){text, strlen(text)};
}

static unsigned slot(const char *key) {
  return waitq__slot_of(text_of(key));
}

/* A reply, from how it goes over the wire. */
static struct waitq__reply *reply_of(const char *wire) {
  static struct fake_memory memory;
  fake_memory_init(&memory);
  struct waitq__decoder *decoder = waitq__decoder_new(&memory.allocator);
  struct waitq__reply *reply = NULL;
  assert_non_null(decoder);
  assert_int_equal(waitq__decoder_feed(decoder, wire, strlen(wire)), WAITQ_OK);
  assert_int_equal(waitq__decoder_next(decoder, &reply), WAITQ_OK);
  assert_non_null(reply);
  waitq__decoder_free(decoder);
  return reply;
}

static const struct waitq__redis_address asked = {"10.0.0.9", 7000};

static void test_slots__a_crc16_is_that_of_the_specification(void **state) {
  (void)state;
  assert_int_equal(waitq__crc16(text_of("")), 0);
  assert_int_equal(waitq__crc16(text_of("123456789")), 0x31c3);
  char all[256];
  for (int i = 0; i < 256; i++) {
    all[i] = (char)i;
  }
  assert_int_equal(waitq__crc16((struct waitq__text){all, sizeof all}), 0x7e55);
}

static void test_slots__a_key_is_where_redis_puts_it(void **state) {
  (void)state;
  assert_int_equal(slot("foo"), 12182);
  assert_int_equal(slot("bar"), 5061);
  assert_int_equal(slot("hello"), 866);
  assert_int_equal(slot("somekey"), 11058);
}

static void test_slots__a_hash_tag_alone_decides(void **state) {
  (void)state;
  assert_int_equal(slot("wq:{concert}:state"), slot("concert"));
  assert_int_equal(slot("wq:{concert}:visitors"), slot("concert"));
  assert_int_not_equal(slot("wq:{concert}:state"), slot("wq:{concerts}:state"));
  assert_int_equal(slot("foo{hash_tag}"), 2515);
}

static void test_slots__the_first_tag_is_the_tag(void **state) {
  (void)state;
  assert_int_equal(slot("foo{bar}{zap}"), slot("bar"));
  assert_int_equal(slot("foo{{bar}}zap"), slot("{bar"));
  assert_int_equal(slot("wq:{e}v1}:state"), slot("e"));
}

static void test_slots__an_empty_or_open_tag_is_none(void **state) {
  (void)state;
  const char *const keys[] = {"wq:{}:state", "foo{}{bar}", "{}", "foo{bar", "foo}bar{", "{"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    assert_int_equal(slot(keys[i]), waitq__crc16(text_of(keys[i])) % WAITQ__SLOTS);
  }
  assert_int_not_equal(slot("foo{}{bar}"), slot("bar"));
}

static void test_slots__a_key_of_any_bytes_has_a_slot(void **state) {
  (void)state;
  const char key[] = {'a', 0, '{', 0, '}', 'b'};
  const char tag[] = {0};
  assert_int_equal(waitq__slot_of((struct waitq__text){key, sizeof key}),
                   waitq__crc16((struct waitq__text){tag, 1}) % WAITQ__SLOTS);
  assert_int_equal(waitq__slot_of((struct waitq__text){NULL, 0}), 0);
}

static void test_slots__a_range_names_its_servers(void **state) {
  (void)state;
  struct waitq__reply *reply = reply_of(
      "*2\r\n"
      "*4\r\n:0\r\n:5460\r\n*3\r\n$8\r\n10.0.0.1\r\n:6379\r\n$1\r\na\r\n*3\r\n$8\r\n10.0.0.2\r\n:6380\r\n$1\r\nb\r\n"
      "*3\r\n:5461\r\n:5461\r\n*2\r\n$0\r\n\r\n:6381\r\n");
  struct waitq__slot_range range;
  struct waitq__redis_address address;
  assert_int_equal(waitq__slot_range_read(reply, 0, &asked, &range), 0);
  assert_int_equal(range.first, 0);
  assert_int_equal(range.last, 5460);
  assert_string_equal(range.master.host, "10.0.0.1");
  assert_int_equal(range.master.port, 6379);
  assert_int_equal(waitq__slot_server_read(reply, 0, 1, &asked, &address), 0);
  assert_string_equal(address.host, "10.0.0.2");
  assert_int_equal(address.port, 6380);
  assert_int_equal(waitq__slot_server_read(reply, 0, 2, &asked, &address), -1);
  assert_int_equal(waitq__slot_range_read(reply, 1, &asked, &range), 0);
  assert_int_equal(range.first, 5461);
  assert_int_equal(range.last, 5461);
  assert_string_equal(range.master.host, "10.0.0.9");
  assert_int_equal(range.master.port, 6381);
  assert_int_equal(waitq__slot_range_read(reply, 2, &asked, &range), -1);
  waitq__reply_free(reply);
}

static void test_slots__a_host_that_is_nil_is_the_one_that_was_asked(void **state) {
  (void)state;
  struct waitq__reply *reply = reply_of("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$-1\r\n:6379\r\n");
  struct waitq__slot_range range;
  assert_int_equal(waitq__slot_range_read(reply, 0, &asked, &range), 0);
  assert_string_equal(range.master.host, "10.0.0.9");
  assert_int_equal(range.master.port, 6379);
  waitq__reply_free(reply);
}

static void test_slots__what_is_no_range_is_refused(void **state) {
  (void)state;
  const char *const replies[] = {
      "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n",  /* a slot too many */
      "*1\r\n*3\r\n:-1\r\n:5\r\n*2\r\n$1\r\na\r\n:1\r\n",     /* and one below the first */
      "*1\r\n*3\r\n:6\r\n:5\r\n*2\r\n$1\r\na\r\n:1\r\n",      /* backward */
      "*1\r\n*3\r\n$1\r\n0\r\n:5\r\n*2\r\n$1\r\na\r\n:1\r\n", /* texts */
      "*1\r\n*2\r\n:0\r\n:5\r\n",                             /* nobody */
      "*1\r\n*3\r\n:0\r\n:5\r\n*1\r\n$1\r\na\r\n",            /* no port */
      "*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$1\r\na\r\n:0\r\n",      /* port 0 */
      "*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$1\r\na\r\n:65536\r\n",  /* a port too high */
      "*1\r\n:5\r\n",
      "*0\r\n",
      ":1\r\n",
      "$5\r\nslots\r\n",
  };
  struct waitq__slot_range range;
  for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
    struct waitq__reply *reply = reply_of(replies[i]);
    assert_int_equal(waitq__slot_range_read(reply, 0, &asked, &range), -1);
    waitq__reply_free(reply);
  }
}

static void test_slots__a_host_that_is_too_long_is_refused(void **state) {
  (void)state;
  char wire[512];
  char host[257];
  struct waitq__slot_range range;
  for (size_t length = 255; length <= 256; length++) {
    memset(host, 'h', length);
    host[length] = '\0';
    snprintf(wire, sizeof wire, "*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$%zu\r\n%s\r\n:1\r\n", length, host);
    struct waitq__reply *reply = reply_of(wire);
    assert_int_equal(waitq__slot_range_read(reply, 0, &asked, &range), length == 255 ? 0 : -1);
    waitq__reply_free(reply);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_slots__a_crc16_is_that_of_the_specification),
      cmocka_unit_test(test_slots__a_key_is_where_redis_puts_it),
      cmocka_unit_test(test_slots__a_hash_tag_alone_decides),
      cmocka_unit_test(test_slots__the_first_tag_is_the_tag),
      cmocka_unit_test(test_slots__an_empty_or_open_tag_is_none),
      cmocka_unit_test(test_slots__a_key_of_any_bytes_has_a_slot),
      cmocka_unit_test(test_slots__a_range_names_its_servers),
      cmocka_unit_test(test_slots__a_host_that_is_nil_is_the_one_that_was_asked),
      cmocka_unit_test(test_slots__what_is_no_range_is_refused),
      cmocka_unit_test(test_slots__a_host_that_is_too_long_is_refused),
  };
  return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
