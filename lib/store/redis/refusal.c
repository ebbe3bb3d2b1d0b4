/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/refusal.h"

#include <string.h>

#include "base/error.h"

#define SLOTS 16384

struct meaning {
  const char *start;
  enum waitq__refusal_action action;
  int code;
};

/* By the first that fits. WAITQ_E_STORE is what may be otherwise next time; of the others somebody has to change something. */
static const struct meaning meanings[] = {
    {"LOADING", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE},
    {"BUSY", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE},
    {"TRYAGAIN", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE},
    {"CLUSTERDOWN", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE},
    {"MASTERDOWN", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE},
    {"NOREPLICAS", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE},
    {"MISCONF", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE},
    {"ERR max number of clients", WAITQ__REFUSAL_WAIT, WAITQ_E_STORE},
    {"READONLY", WAITQ__REFUSAL_RENEW, WAITQ_E_STORE},
    {"UNBLOCKED", WAITQ__REFUSAL_RENEW, WAITQ_E_STORE},
    {"NOSCRIPT", WAITQ__REFUSAL_LOAD, WAITQ_E_STORE},
    {"NOAUTH", WAITQ__REFUSAL_FAIL, WAITQ_E_DENIED},
    {"NOPERM", WAITQ__REFUSAL_FAIL, WAITQ_E_DENIED},
    {"WRONGPASS", WAITQ__REFUSAL_FAIL, WAITQ_E_DENIED},
    {"DENIED", WAITQ__REFUSAL_FAIL, WAITQ_E_DENIED}, /* protected mode */
    {"WRONGTYPE", WAITQ__REFUSAL_FAIL, WAITQ_E_DAMAGED},
    {"CROSSSLOT", WAITQ__REFUSAL_FAIL, WAITQ_E_UNSUPPORTED},
    {"ERR unknown command", WAITQ__REFUSAL_FAIL, WAITQ_E_UNSUPPORTED},
    {"ERR Unknown Redis command", WAITQ__REFUSAL_FAIL, WAITQ_E_UNSUPPORTED}, /* by a script */
};

/* Whether a text begins with a start, and with no longer word. */
static int begins(struct waitq__text text, const char *start) {
  size_t length = strlen(start);
  return text.length >= length && memcmp(text.bytes, start, length) == 0 &&
         (text.length == length || text.bytes[length] == ' ' || text.bytes[length] == ',');
}

static const struct meaning *meaning_of(struct waitq__text text) {
  for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
    if (begins(text, meanings[i].start)) {
      return &meanings[i];
    }
  }
  return NULL;
}

/* What a command of a script was answered. Until version 7 that is inside of another error:
 * "ERR Error running script (call to f_...): @user_script:1: @user_script: 1: -OOM command not allowed". */
static const struct meaning *meaning_inside(struct waitq__text text) {
  const struct meaning *found = NULL;
  for (size_t i = 0; found == NULL && i + 2 < text.length; i++) {
    if (memcmp(text.bytes + i, ": ", 2) == 0) {
      size_t skip = i + 2 + (text.bytes[i + 2] == '-');
      found = meaning_of((struct waitq__text){text.bytes + skip, text.length - skip});
    }
  }
  return found;
}

/* The decimal number that ends a text after the last separator, and the text without them; -1 where there is none, or over most. */
static int64_t cut_number(struct waitq__text *text, char separator, int64_t most) {
  size_t at = text->length;
  while (at > 0 && text->bytes[at - 1] != separator) {
    at--;
  }
  if (at == 0 || at == text->length) {
    return -1;
  }
  int64_t number = 0;
  for (size_t i = at; i < text->length; i++) {
    if (text->bytes[i] < '0' || text->bytes[i] > '9') {
      return -1;
    }
    number = number * 10 + (text->bytes[i] - '0');
    if (number > most) {
      return -1;
    }
  }
  text->length = at - 1;
  return number;
}

static int is_host(struct waitq__text host) {
  for (size_t i = 0; i < host.length; i++) {
    if (host.bytes[i] <= ' ' || host.bytes[i] > '~') {
      return 0;
    }
  }
  return host.length < sizeof((struct waitq__redis_address *)0)->host;
}

/* "MOVED 3999 10.0.0.7:6381": the slot, and who serves it. An IPv6 address has no brackets there. */
static struct waitq__refusal redirection(struct waitq__text text, enum waitq__refusal_action action, size_t word) {
  struct waitq__refusal refusal = {.action = WAITQ__REFUSAL_FAIL, .code = WAITQ_E_STORE};
  struct waitq__text rest = {text.bytes + word, text.length - word};
  int64_t port = cut_number(&rest, ':', UINT16_MAX);
  if (port <= 0) {
    return refusal;
  }
  size_t space = 1;
  while (space < rest.length && rest.bytes[space] != ' ') {
    space++;
  }
  struct waitq__text slot_text = {rest.bytes, space};
  int64_t slot = cut_number(&slot_text, ' ', SLOTS - 1);
  if (slot < 0 || space >= rest.length) {
    return refusal;
  }
  struct waitq__text host = {rest.bytes + space + 1, rest.length - space - 1};
  if (host.length == 1 && host.bytes[0] == '?') {
    refusal.action = WAITQ__REFUSAL_WAIT; /* that server's name has not got around yet */
    return refusal;
  }
  if (is_host(host)) {
    refusal.action = action;
    refusal.slot = (uint32_t)slot;
    memcpy(refusal.address.host, host.bytes, host.length);
    refusal.address.port = (uint16_t)port;
  }
  return refusal;
}

struct waitq__refusal waitq__refusal_of(struct waitq__text text) {
  if (begins(text, "MOVED")) {
    return redirection(text, WAITQ__REFUSAL_REDIRECT, strlen("MOVED"));
  }
  if (begins(text, "ASK")) {
    return redirection(text, WAITQ__REFUSAL_ASK, strlen("ASK"));
  }
  const struct meaning *meaning = begins(text, "ERR Error running script") ? meaning_inside(text) : meaning_of(text);
  return meaning == NULL ? (struct waitq__refusal){.action = WAITQ__REFUSAL_FAIL, .code = WAITQ_E_STORE}
                         : (struct waitq__refusal){.action = meaning->action, .code = meaning->code};
}

void waitq__refusal_print(struct waitq__text text, char *out, size_t size) {
  size_t length = text.length < size - 1 ? text.length : size - 1;
  for (size_t i = 0; i < length; i++) {
    out[i] = '?';
    if (text.bytes[i] >= ' ' && text.bytes[i] <= '~') {
      out[i] = text.bytes[i];
    }
  }
  out[length] = '\0';
}

int waitq__refusal_fail(const struct waitq__refusal *refusal, const struct waitq__redis_address *address,
                        struct waitq__text text, waitq_error *error) {
  char name[WAITQ__REDIS_ADDRESS_TEXT];
  char said[sizeof((waitq_error *)0)->text];
  waitq__redis_address_text(address, name);
  waitq__refusal_print(text, said, sizeof said);
  return waitq__fail(error, refusal->code, "%s answered: %s", name, said);
}
