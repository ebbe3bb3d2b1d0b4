/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "keys.h"

#include <stdio.h>
#include <string.h>

static bool read_algorithm(const char *name, uint32_t *algorithm) {
  static const struct {
    const char *name;
    uint32_t algorithm;
  } known[] = {
      {"hs256", WAITQ_KEY_HS256}, {"ed25519", WAITQ_KEY_ED25519}, {"ed25519-public", WAITQ_KEY_ED25519_PUBLIC}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(name, known[i].name) == 0) {
      *algorithm = known[i].algorithm;
      return true;
    }
  }
  return false;
}

static bool read_bytes(const char *hex, waitq_key *key) {
  const size_t digits = strlen(hex);
  if (digits % 2 != 0 || digits / 2 > sizeof key->bytes || strspn(hex, "0123456789abcdefABCDEF") != digits) {
    return false;
  }
  for (size_t i = 0; i < digits / 2; i++) {
    unsigned byte = 0;
    if (sscanf(hex + 2 * i, "%2x", &byte) != 1) { /* NOLINT(cert-err34-c): two digits cannot overflow */
      return false;
    }
    key->bytes[i] = (unsigned char)byte;
  }
  key->length = (uint32_t)(digits / 2);
  return true;
}

/* 1: a key was read; 0: the line is empty; -1: it is neither. */
static int read_line(char *line, waitq_key *key) {
  char name[40] = "", algorithm[40] = "", hex[140] = "", more[2] = "";
  line[strcspn(line, "#\r\n")] = '\0';
  const int fields = sscanf(line, "%39s %39s %139s %1s", name, algorithm, hex, more);
  if (fields <= 0) {
    return 0;
  }
  *key = (waitq_key)WAITQ_KEY_INIT;
  if (fields != 3 || strlen(name) >= sizeof key->kid || !read_algorithm(algorithm, &key->algorithm) ||
      !read_bytes(hex, key)) {
    return -1;
  }
  memcpy(key->kid, name, strlen(name) + 1);
  return 1;
}

bool keys_read(const char *path, waitq_key *keys, size_t *count, char *message, size_t capacity) {
  char line[400];
  int number = 0;
  int result = 0;
  *count = 0;
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    snprintf(message, capacity, "%s cannot be read", path);
    return false;
  }
  while (result >= 0 && fgets(line, sizeof line, file) != NULL) {
    number++;
    waitq_key key;
    result = *count < KEYS_MAX ? read_line(line, &key) : -1;
    if (result > 0) {
      keys[(*count)++] = key;
    }
  }
  fclose(file);
  if (result < 0) {
    snprintf(message, capacity, "%s: line %d is no key, or one too many", path, number);
    return false;
  }
  if (*count == 0) {
    snprintf(message, capacity, "%s holds no key", path);
  }
  return *count > 0;
}
