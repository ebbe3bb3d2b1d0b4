/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The library's half of the interoperability tests: signs and verifies passes for a test in another language.
 *
 *     pass_tool sign   ALGORITHM KID KEY ROOM EPOCH NUMBER ISSUED_S EXPIRES_S METHOD URL CLIENT    prints the pass
 *     pass_tool verify ALGORITHM KID KEY AUDIENCE NOW_MS METHOD URL CLIENT     reads passes, one a line; prints for each
 *                      WAITQ_OK room kid id epoch number issued_ms not_before_ms expires_ms, or the name of the error
 *     pass_tool public KID SEED                                                prints the public key in hex
 *     pass_tool json                                                           reads texts in hex, one a line; prints
 *                                                                              "object" or "refused" for each
 *
 * ALGORITHM is HS256, Ed25519 or Ed25519-public. Keys are in hex. "-" stands for a text that is not there. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <waitq/pass.h>

#include "token/json.h"
#include "token/keyring.h"
#include "token/pass.h"

#define LINE_SIZE 8192

static _Noreturn void give_up(const char *what, const char *why) {
  fprintf(stderr, "pass_tool: %s: %s\n", what, why);
  exit(2);
}

static void expect(int code, const char *what, const waitq_error *error) {
  if (code != WAITQ_OK) {
    give_up(what, error->text);
  }
}

static const char *optional(const char *text) {
  return strcmp(text, "-") == 0 ? NULL : text;
}

static waitq_key read_key(const char *algorithm, const char *kid, const char *hex) {
  waitq_key key = WAITQ_KEY_INIT;
  size_t length;
  if (sodium_hex2bin(key.bytes, sizeof key.bytes, hex, strlen(hex), NULL, &length, NULL) != 0) {
    give_up("key", "not up to 64 bytes in hex");
  }
  if (strlen(kid) >= sizeof key.kid) {
    give_up("kid", "too long");
  }
  memcpy(key.kid, kid, strlen(kid) + 1);
  key.length = (uint32_t)length;
  key.algorithm = strcmp(algorithm, "HS256") == 0            ? WAITQ_KEY_HS256
                  : strcmp(algorithm, "Ed25519") == 0        ? WAITQ_KEY_ED25519
                  : strcmp(algorithm, "Ed25519-public") == 0 ? WAITQ_KEY_ED25519_PUBLIC
                                                             : 0;
  return key;
}

static waitq_binding read_binding(char **parts) {
  waitq_binding binding = WAITQ_BINDING_INIT;
  binding.method = optional(parts[0]);
  binding.url = optional(parts[1]);
  binding.client = optional(parts[2]);
  return binding;
}

/* Reads a line without its newline into line, and returns its length, or -1 at the end. */
static long read_line(char line[LINE_SIZE]) {
  if (fgets(line, LINE_SIZE, stdin) == NULL) {
    return -1;
  }
  size_t length = strlen(line);
  if (length == 0 || line[length - 1] != '\n') {
    give_up("input", "a line is too long, or does not end");
  }
  line[--length] = '\0';
  return (long)length;
}

static int sign(char **arguments) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_key key = read_key(arguments[0], arguments[1], arguments[2]);
  waitq_binding binding = read_binding(arguments + 8);
  struct waitq__keyring ring;
  struct waitq__pass_content content;
  char text[WAITQ_PASS_SIZE];
  memset(&content, 0, sizeof content);
  snprintf(content.room, sizeof content.room, "%s", arguments[3]);
  content.epoch = strtoull(arguments[4], NULL, 10);
  content.number = strtoull(arguments[5], NULL, 10);
  content.issued_at_s = strtoll(arguments[6], NULL, 10);
  content.expires_at_s = strtoll(arguments[7], NULL, 10);
  content.is_bound = waitq__binding_hash(&binding, content.binding);
  expect(waitq__keyring_init(&ring, &key, 1, 1, &error), "key", &error);
  expect(waitq__pass_sign(&ring, &content, text, &error), "sign", &error);
  waitq__keyring_wipe(&ring);
  puts(text);
  return 0;
}

static int verify(char **arguments) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_key key = read_key(arguments[0], arguments[1], arguments[2]);
  waitq_binding binding = read_binding(arguments + 5);
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_verifier_t *verifier;
  char line[LINE_SIZE];
  long length;
  options.audience = optional(arguments[3]);
  options.leeway_ms = 0;
  int64_t now_ms = strtoll(arguments[4], NULL, 10);
  expect(waitq_verifier_open(&key, 1, &options, &verifier, &error), "key", &error);
  while ((length = read_line(line)) >= 0) {
    waitq_claims claims = WAITQ_CLAIMS_INIT;
    int code = waitq_verify(verifier, line, (size_t)length, now_ms, &binding, &claims, &error);
    printf("%s", waitq_error_name(code));
    if (code == WAITQ_OK) {
      printf(" %s %s %s %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64, claims.room, claims.kid, claims.id,
             claims.epoch, claims.number, claims.issued_at_ms, claims.not_before_ms, claims.expires_at_ms);
    }
    printf("\n");
  }
  waitq_verifier_close(verifier);
  return 0;
}

static int print_public(char **arguments) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_key seed = read_key("Ed25519", arguments[0], arguments[1]);
  waitq_key half = WAITQ_KEY_INIT;
  char hex[2 * sizeof half.bytes + 1];
  expect(waitq_key_public(&seed, &half, &error), "seed", &error);
  puts(sodium_bin2hex(hex, sizeof hex, half.bytes, half.length));
  return 0;
}

static int read_objects(char **arguments) {
  (void)arguments;
  char line[LINE_SIZE];
  unsigned char text[LINE_SIZE / 2];
  long length;
  while ((length = read_line(line)) >= 0) {
    struct waitq__json json;
    struct waitq__json_member member;
    size_t size;
    int more;
    if (sodium_hex2bin(text, sizeof text, line, (size_t)length, NULL, &size, NULL) != 0) {
      give_up("json", "not in hex");
    }
    waitq__json_open(&json, (const char *)text, size);
    while ((more = waitq__json_next(&json, &member)) == 1) {
    }
    puts(more == 0 ? "object" : "refused");
  }
  return 0;
}

static const struct {
  const char *name;
  int arguments;
  int (*run)(char **arguments);
} commands[] = {{"sign", 11, sign}, {"verify", 8, verify}, {"public", 2, print_public}, {"json", 0, read_objects}};

int main(int count, char **arguments) {
  if (sodium_init() < 0) {
    give_up("libsodium", "cannot be initialised");
  }
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (count == commands[i].arguments + 2 && strcmp(arguments[1], commands[i].name) == 0) {
      return commands[i].run(arguments + 2);
    }
  }
  give_up("arguments", "no such command, or not as many arguments as it takes");
}
