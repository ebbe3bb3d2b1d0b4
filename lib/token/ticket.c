/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "token/ticket.h"

#include <sodium.h>
#include <string.h>

#include "base/error.h"
#include "token/base64url.h"

#define SIGNED_SIZE 30
#define MAC_SIZE 16
#define SIZE (SIGNED_SIZE + MAC_SIZE)
#define TIME_ORIGIN_US INT64_C(1577836800000000) /* 2020-01-01 */
#define TIME_END_MS (INT64_C(1) << 40)

_Static_assert(crypto_shorthash_siphashx24_BYTES == MAC_SIZE, "a MAC of 128 bits");
_Static_assert(crypto_shorthash_siphashx24_KEYBYTES == WAITQ__TICKET_KEY_SIZE, "a key of 128 bits");
_Static_assert(WAITQ__BASE64URL_LENGTH(SIZE) == WAITQ__TICKET_LENGTH, "the text is as long as documented");

static void put_32(unsigned char *bytes, uint32_t value) {
  bytes[0] = (unsigned char)(value >> 24);
  bytes[1] = (unsigned char)(value >> 16);
  bytes[2] = (unsigned char)(value >> 8);
  bytes[3] = (unsigned char)value;
}

static void put_40(unsigned char *bytes, uint64_t value) {
  bytes[0] = (unsigned char)(value >> 32);
  put_32(bytes + 1, (uint32_t)value);
}

static uint32_t get_32(const unsigned char *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t get_40(const unsigned char *bytes) {
  return (uint64_t)bytes[0] << 32 | get_32(bytes + 1);
}

static int64_t time_ms(int64_t joined_us) {
  int64_t ms = (joined_us - TIME_ORIGIN_US) / 1000;
  if (ms < 0) {
    return 0;
  }
  return ms < TIME_END_MS ? ms : TIME_END_MS - 1;
}

int64_t waitq__ticket_time(int64_t joined_us) {
  return time_ms(joined_us) * 1000 + TIME_ORIGIN_US;
}

void waitq__ticket_write(const struct waitq__ticket *ticket, const unsigned char key[WAITQ__TICKET_KEY_SIZE],
                         char text[WAITQ__TICKET_LENGTH + 1]) {
  unsigned char bytes[SIZE];
  put_40(bytes, ticket->number);
  put_32(bytes + 5, (uint32_t)ticket->epoch);
  put_40(bytes + 9, (uint64_t)time_ms(ticket->joined_us));
  memcpy(bytes + 14, ticket->visitor, WAITQ__VISITOR_SIZE);
  crypto_shorthash_siphashx24(bytes + SIGNED_SIZE, bytes, SIGNED_SIZE, key);
  waitq__base64url_encode(bytes, SIZE, text);
  text[WAITQ__TICKET_LENGTH] = '\0';
}

static int is_signed(const unsigned char bytes[SIZE], const unsigned char keys[][WAITQ__TICKET_KEY_SIZE],
                     size_t count) {
  for (size_t i = 0; i < count; i++) {
    unsigned char mac[MAC_SIZE];
    crypto_shorthash_siphashx24(mac, bytes, SIGNED_SIZE, keys[i]);
    if (crypto_verify_16(mac, bytes + SIGNED_SIZE) == 0) {
      return 1;
    }
  }
  return 0;
}

int waitq__ticket_read(struct waitq__ticket *ticket, const unsigned char keys[][WAITQ__TICKET_KEY_SIZE], size_t count,
                       const char *text, waitq_error *error) {
  if (text == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "ticket is NULL");
  }
  unsigned char bytes[SIZE];
  size_t length = strnlen(text, WAITQ__TICKET_LENGTH + 1);
  if (length != WAITQ__TICKET_LENGTH) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "a ticket has %d characters; this text has %zu%s",
                       WAITQ__TICKET_LENGTH, length, length > WAITQ__TICKET_LENGTH ? " or more" : "");
  }
  if (!waitq__base64url_decode(text, bytes, SIZE)) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the text has characters that no ticket has");
  }
  if (!is_signed(bytes, keys, count)) {
    return waitq__fail(error, WAITQ_E_FORGED,
                       "the ticket's signature does not match: it was altered, or is of another room or another key");
  }
  ticket->number = get_40(bytes);
  ticket->epoch = get_32(bytes + 5);
  ticket->joined_us = (int64_t)get_40(bytes + 9) * 1000 + TIME_ORIGIN_US;
  memcpy(ticket->visitor, bytes + 14, WAITQ__VISITOR_SIZE);
  return WAITQ_OK;
}
