/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Fuzzes the reader of tickets. The first byte of an input says how:
 *
 *     T text     the text is read as a ticket: it may be good only if it is, byte for byte, what its signer writes
 *     F bytes    number, epoch, time and visitor are taken from the bytes, written, and have to come back
 *     M bytes    46 bytes are encoded as a ticket of that content and that signature, and read
 *     B text     the text is decoded as base64url: what is good has to be the encoding of what it says
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined ..., then fuzz_ticket corpus/ticket.
 * As a program that runs files, with any compiler: together with standalone.c, then corpus_ticket corpus/ticket/... */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "token/base64url.h"
#include "token/ticket.h"

#define BYTES_MAX 3000
#define TICKET_BYTES 46

/* The key ring of all inputs. */
static const unsigned char keys[2][WAITQ__TICKET_KEY_SIZE] = {"the signing key", "the key before"};

static int is_written_as(const struct waitq__ticket *ticket, const char *text) {
  for (unsigned i = 0; i < 2; i++) {
    char written[WAITQ__TICKET_LENGTH + 1];
    waitq__ticket_write(ticket, keys[i], written);
    if (strcmp(written, text) == 0) {
      return 1;
    }
  }
  return 0;
}

/* Reads a NUL-terminated text, and checks that the answer is one there is. */
static int read_text(const char *text) {
  struct waitq__ticket ticket;
  waitq_error error = WAITQ_ERROR_INIT;
  int code = waitq__ticket_read(&ticket, keys, 2, text, &error);
  if (code == WAITQ_OK) {
    REQUIRE(ticket.number < UINT64_C(1) << 40 && ticket.epoch <= UINT32_MAX);
    REQUIRE(waitq__ticket_time(ticket.joined_us) == ticket.joined_us);
    REQUIRE(is_written_as(&ticket, text));
    return code;
  }
  REQUIRE(code == WAITQ_E_MALFORMED || code == WAITQ_E_FORGED);
  REQUIRE(error.code == code && error.text[0] != '\0');
  REQUIRE(code != WAITQ_E_FORGED || strlen(text) == WAITQ__TICKET_LENGTH);
  return code;
}

static uint64_t take(const unsigned char **bytes, unsigned size) {
  uint64_t value = 0;
  while (size-- > 0) {
    value = value << 8 | *(*bytes)++;
  }
  return value;
}

static void run_fields(const unsigned char *bytes, size_t size) {
  struct waitq__ticket ticket;
  struct waitq__ticket again;
  char text[WAITQ__TICKET_LENGTH + 1];
  if (size < 5 + 4 + 8 + WAITQ__VISITOR_SIZE) {
    return;
  }
  ticket.number = take(&bytes, 5);
  ticket.epoch = take(&bytes, 4);
  ticket.joined_us = (int64_t)(take(&bytes, 8) >> 1);
  memcpy(ticket.visitor, bytes, WAITQ__VISITOR_SIZE);
  waitq__ticket_write(&ticket, keys[1], text);
  REQUIRE(strlen(text) == WAITQ__TICKET_LENGTH);
  REQUIRE(waitq__ticket_read(&again, keys, 2, text, NULL) == WAITQ_OK);
  REQUIRE(again.number == ticket.number && again.epoch == ticket.epoch);
  REQUIRE(again.joined_us == waitq__ticket_time(ticket.joined_us));
  REQUIRE(memcmp(again.visitor, ticket.visitor, WAITQ__VISITOR_SIZE) == 0);
}

static void run_signed(const unsigned char *bytes, size_t size) {
  char text[WAITQ__TICKET_LENGTH + 1] = "";
  if (size >= TICKET_BYTES) {
    waitq__base64url_encode(bytes, TICKET_BYTES, text);
    REQUIRE(read_text(text) != WAITQ_E_MALFORMED);
  }
}

static void run_base64url(const char *text, size_t length) {
  unsigned char bytes[BYTES_MAX];
  char again[BYTES_MAX * 4 / 3 + 4];
  size_t size = length * 3 / 4;
  if (size > BYTES_MAX || WAITQ__BASE64URL_LENGTH(size) != length) {
    return;
  }
  if (waitq__base64url_decode(text, bytes, size)) {
    waitq__base64url_encode(bytes, size, again);
    REQUIRE(memcmp(again, text, length) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) {
    return 0;
  }
  /* A block of its own, with no byte behind the NUL. */
  char *text = malloc(size);
  REQUIRE(text != NULL);
  memcpy(text, data + 1, size - 1);
  text[size - 1] = '\0';
  switch (data[0]) {
    case 'F':
      run_fields((const unsigned char *)text, size - 1);
      break;
    case 'M':
      run_signed((const unsigned char *)text, size - 1);
      break;
    case 'B':
      run_base64url(text, size - 1);
      break;
    default:
      read_text(text);
  }
  free(text);
  return 0;
}
