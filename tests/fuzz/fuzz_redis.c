/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Fuzzes what the Redis store reads from outside. The first byte of an input says how:
 *
 *     U text        the text is read as a URI: what is refused leaves nothing, what is good is within its bounds
 *     R n bytes     the bytes are a server's replies: in pieces of n bytes they have to be what they are in one piece
 *     E text        the text is an error of a server
 *     I text        the text is what a server says in INFO
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined ..., then fuzz_redis corpus/redis.
 * As a program that runs files, with any compiler: together with standalone.c, then corpus_redis corpus/redis/... */

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "store/redis/codec.h"
#include "store/redis/handshake.h"
#include "store/redis/refusal.h"
#include "store/redis/settings.h"

#define IS_TERMINATED(array) (memchr((array), '\0', sizeof(array)) != NULL)

static int is_printable(const char *text) {
  for (; *text != '\0'; text++) {
    if (*text < ' ' || *text > '~') {
      return 0;
    }
  }
  return 1;
}

static void check_settings(const struct waitq__redis_settings *settings) {
  REQUIRE(settings->address_count >= 1 && settings->address_count <= WAITQ__REDIS_ADDRESSES_MAX);
  for (uint32_t i = 0; i < settings->address_count; i++) {
    char text[WAITQ__REDIS_ADDRESS_TEXT];
    REQUIRE(IS_TERMINATED(settings->addresses[i].host) && settings->addresses[i].host[0] != '\0');
    REQUIRE((settings->addresses[i].port == 0) == (settings->addresses[i].host[0] == '/'));
    waitq__redis_address_text(&settings->addresses[i], text);
    REQUIRE(IS_TERMINATED(text));
  }
  REQUIRE(IS_TERMINATED(settings->user) && IS_TERMINATED(settings->password));
  REQUIRE(IS_TERMINATED(settings->sentinel_user) && IS_TERMINATED(settings->sentinel_password));
  REQUIRE(IS_TERMINATED(settings->ca_file) && IS_TERMINATED(settings->cert_file));
  REQUIRE(IS_TERMINATED(settings->key_file) && IS_TERMINATED(settings->server_name));
  REQUIRE((settings->master_name[0] != '\0') == (settings->topology == WAITQ__REDIS_SENTINEL));
  REQUIRE(settings->topology != WAITQ__REDIS_CLUSTER || settings->database == 0);
  REQUIRE(settings->connect_timeout_us >= 1000 && settings->connect_timeout_us <= 600000000);
  REQUIRE(settings->command_timeout_us >= 1000 && settings->command_timeout_us <= 600000000);
  REQUIRE(settings->key_ttl_s >= 1);
  REQUIRE(settings->allow_eviction == 0 || settings->allow_eviction == 1);
}

static void read_uri(const char *text) {
  static struct waitq__redis_settings settings;
  waitq_error error = WAITQ_ERROR_INIT;
  memset(&settings, 0xa5, sizeof settings);
  if (waitq__redis_settings_read(&settings, text, &error) == WAITQ_OK) {
    check_settings(&settings);
  } else {
    REQUIRE(error.code == WAITQ_E_INVALID && error.text[0] != '\0' && is_printable(error.text));
    REQUIRE(sodium_is_zero((const unsigned char *)&settings, sizeof settings));
  }
}

/* A number that two equal replies share, and by chance few others. */
static uint64_t sum_of(const struct waitq__reply *reply, uint64_t sum) {
  struct waitq__text text = waitq__reply_text(reply);
  sum = sum * 31 + (uint64_t)waitq__reply_type(reply);
  sum = sum * 31 + (uint64_t)waitq__reply_integer(reply);
  sum = sum * 31 + text.length;
  for (size_t i = 0; i < text.length; i++) {
    sum = sum * 31 + (unsigned char)text.bytes[i];
  }
  REQUIRE(waitq__reply_at(reply, waitq__reply_count(reply)) == NULL);
  for (size_t i = 0; i < waitq__reply_count(reply); i++) {
    sum = sum_of(waitq__reply_at(reply, i), sum);
  }
  return sum;
}

/* All replies up to the end or to what is none; the sum tells them and how it ended. */
static uint64_t read_replies(const char *bytes, size_t size, size_t piece) {
  struct waitq__decoder *decoder = waitq__decoder_new(&waitq__default_allocator);
  REQUIRE(decoder != NULL);
  uint64_t sum = 1;
  int code = WAITQ_OK;
  for (size_t at = 0; code == WAITQ_OK && at < size; at += piece) {
    struct waitq__reply *reply = NULL;
    code = waitq__decoder_feed(decoder, bytes + at, size - at < piece ? size - at : piece);
    while (code == WAITQ_OK && (code = waitq__decoder_next(decoder, &reply)) == WAITQ_OK && reply != NULL) {
      sum = sum_of(reply, sum);
      waitq__reply_free(reply);
    }
    REQUIRE(code == WAITQ_OK || code == WAITQ_E_STORE);
  }
  sum = sum * 2 + (code == WAITQ_OK && waitq__decoder_is_empty(decoder));
  waitq__decoder_free(decoder);
  return sum * 2 + (code == WAITQ_OK);
}

static void read_error(struct waitq__text text) {
  waitq_error error = WAITQ_ERROR_INIT;
  struct waitq__refusal refusal = waitq__refusal_of(text);
  int is_elsewhere = refusal.action == WAITQ__REFUSAL_REDIRECT || refusal.action == WAITQ__REFUSAL_ASK;
  REQUIRE(refusal.code < 0 && refusal.slot < 16384);
  REQUIRE((refusal.address.port != 0) == is_elsewhere);
  REQUIRE(IS_TERMINATED(refusal.address.host) && is_printable(refusal.address.host));
  REQUIRE(waitq__refusal_fail(&refusal, &refusal.address, text, &error) == refusal.code);
  REQUIRE(error.code == refusal.code && is_printable(error.text));
}

static void read_info(struct waitq__text text) {
  struct waitq__server server;
  memset(&server, 0xa5, sizeof server);
  waitq__server_read(&server, text);
  REQUIRE(IS_TERMINATED(server.run_id) && is_printable(server.run_id));
  REQUIRE(IS_TERMINATED(server.maxmemory_policy) && is_printable(server.maxmemory_policy));
  REQUIRE(server.version >= 0 && server.version <= 999999);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) {
    return 0;
  }
  /* A block of its own, with no byte behind the NUL. */
  size_t length = size - 1;
  char *text = malloc(size);
  REQUIRE(text != NULL);
  memcpy(text, data + 1, length);
  text[length] = '\0';
  switch (data[0]) {
    case 'R': {
      size_t piece = (unsigned char)text[0];
      REQUIRE(read_replies(text + 1, length - 1, piece == 0 ? 1 : piece) == read_replies(text + 1, length - 1, length));
      break;
    }
    case 'E':
      read_error((struct waitq__text){text, length});
      break;
    case 'I':
      read_info((struct waitq__text){text, length});
      break;
    default:
      read_uri(text);
  }
  free(text);
  return 0;
}
