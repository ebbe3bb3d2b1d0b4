/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/handshake.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/redis/refusal.h"

/* In the order in which they are said. AUTH and SELECT are left out where there is nothing to say. */
enum step { STEP_AUTH, STEP_SELECT, STEP_NAME, STEP_INFO, STEPS };

struct handshake {
  struct waitq__link *link;
  const struct waitq__redis_settings *settings;
  enum waitq__link_role role;
  const char *user;
  const char *password;
  int is_borrowed;  /* a Sentinel is shown the credentials that are for the servers */
  int place[STEPS]; /* which reply is whose; -1: not said */
  struct waitq__reply *replies[STEPS];
  size_t count;
};

static struct waitq__text text_of(const char *text) {
  return (struct waitq__text){text, strlen(text)};
}

static void choose_credentials(struct handshake *shake) {
  const struct waitq__redis_settings *settings = shake->settings;
  shake->user = settings->user;
  shake->password = settings->password;
  if (shake->role == WAITQ__LINK_TO_SENTINEL) {
    shake->is_borrowed = settings->sentinel_user[0] == '\0' && settings->sentinel_password[0] == '\0';
    if (!shake->is_borrowed) {
      shake->user = settings->sentinel_user;
      shake->password = settings->sentinel_password;
    }
  }
}

static int say(struct handshake *shake, enum step step, const struct waitq__text *words, size_t count,
               waitq_error *error) {
  shake->place[step] = (int)shake->count++;
  return waitq__link_queue(shake->link, words, count, error);
}

static int say_auth(struct handshake *shake, waitq_error *error) {
  if (shake->user[0] == '\0' && shake->password[0] == '\0') {
    return WAITQ_OK;
  }
  struct waitq__text words[3] = {text_of("AUTH"), text_of(shake->user), text_of(shake->password)};
  if (shake->user[0] == '\0') {
    words[1] = words[2];
  }
  return say(shake, STEP_AUTH, words, shake->user[0] == '\0' ? 2 : 3, error);
}

static int say_select(struct handshake *shake, waitq_error *error) {
  if (shake->role == WAITQ__LINK_TO_SENTINEL || shake->settings->database == 0) {
    return WAITQ_OK;
  }
  char number[16];
  snprintf(number, sizeof number, "%u", shake->settings->database);
  return say(shake, STEP_SELECT, (const struct waitq__text[]){text_of("SELECT"), text_of(number)}, 2, error);
}

static int say_all(struct handshake *shake, waitq_error *error) {
  const struct waitq__text name[] = {text_of("CLIENT"), text_of("SETNAME"), text_of("libwaitq")};
  const struct waitq__text info[] = {text_of("INFO")}; /* several sections at once came with version 7 */
  int code = say_auth(shake, error);
  if (code == WAITQ_OK) {
    code = say_select(shake, error);
  }
  if (code == WAITQ_OK) {
    code = say(shake, STEP_NAME, name, 3, error);
  }
  return code == WAITQ_OK ? say(shake, STEP_INFO, info, 1, error) : code;
}

static const struct waitq__reply *reply_to(const struct handshake *shake, enum step step) {
  return shake->place[step] < 0 ? NULL : shake->replies[shake->place[step]];
}

static int is_refused(const struct handshake *shake, enum step step) {
  const struct waitq__reply *reply = reply_to(shake, step);
  return reply != NULL && waitq__reply_type(reply) == WAITQ__REPLY_ERROR;
}

/* Whether a text holds a secret, or a piece of it: servers quote what they do not understand, not always whole. */
static int gives_away(struct waitq__text text, const char *secret) {
  size_t length = strlen(secret);
  size_t piece = length < 4 ? length : 4;
  for (size_t at = 0; piece > 0 && at + piece <= length; at++) {
    for (size_t i = 0; i + piece <= text.length; i++) {
      if (memcmp(text.bytes + i, secret + at, piece) == 0) {
        return 1;
      }
    }
  }
  return 0;
}

static struct waitq__text first_word(struct waitq__text text) {
  const char *space = memchr(text.bytes, ' ', text.length);
  return (struct waitq__text){text.bytes, space == NULL ? text.length : (size_t)(space - text.bytes)};
}

/* A copy for an error text, with no piece of the password in it. */
static void print_without_secret(const struct handshake *shake, struct waitq__text text, char *out, size_t size) {
  waitq__refusal_print(gives_away(text, shake->password) ? first_word(text) : text, out, size);
  if (gives_away(text_of(out), shake->password)) {
    snprintf(out, size, "an error");
  }
}

static int auth_failed(const struct handshake *shake, waitq_error *error) {
  struct waitq__text text = waitq__reply_text(reply_to(shake, STEP_AUTH));
  struct waitq__refusal refusal = waitq__refusal_of(text);
  char name[WAITQ__REDIS_ADDRESS_TEXT];
  char said[160];
  waitq__redis_address_text(waitq__link_address(shake->link), name);
  print_without_secret(shake, text, said, sizeof said);
  /* Whatever it has against these credentials, it will have again, unless it is not able to look at any. */
  int code = refusal.action == WAITQ__REFUSAL_FAIL ? WAITQ_E_DENIED : refusal.code;
  return waitq__fail(error, code, "%s does not accept the credentials: %s", name, said);
}

/* What ended the connection before all was said. */
static int hung_up(const struct handshake *shake, int code, waitq_error *error) {
  struct waitq__text text = text_of(waitq__link_last_words(shake->link));
  if (code != WAITQ_E_STORE || text.length == 0) {
    return code;
  }
  struct waitq__refusal refusal = waitq__refusal_of(text);
  char said[160];
  print_without_secret(shake, text, said, sizeof said);
  return waitq__refusal_fail(&refusal, waitq__link_address(shake->link), text_of(said), error);
}

static int select_failed(const struct handshake *shake, waitq_error *error) {
  struct waitq__text text = waitq__reply_text(reply_to(shake, STEP_SELECT));
  struct waitq__refusal refusal = waitq__refusal_of(text);
  char name[WAITQ__REDIS_ADDRESS_TEXT];
  char said[128];
  waitq__redis_address_text(waitq__link_address(shake->link), name);
  waitq__refusal_print(text, said, sizeof said);
  int is_mistake = refusal.action == WAITQ__REFUSAL_FAIL && refusal.code == WAITQ_E_STORE;
  return waitq__fail(error, is_mistake ? WAITQ_E_INVALID : refusal.code, "%s: database %u cannot be used: %s", name,
                     shake->settings->database, said);
}

/* Copies the value of a line "name:value\r\n" of INFO; an empty text where there is no such line. */
static void read_field(struct waitq__text info, const char *field, char *out, size_t size) {
  size_t length = strlen(field);
  out[0] = '\0';
  const char *end = info.bytes + info.length;
  for (const char *line = info.bytes; line < end;) {
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    const char *stop = newline == NULL ? end : newline;
    if ((size_t)(stop - line) > length && memcmp(line, field, length) == 0 && line[length] == ':') {
      struct waitq__text value = {line + length + 1, (size_t)(stop - line) - length - 1};
      value.length -= value.length > 0 && value.bytes[value.length - 1] == '\r';
      waitq__refusal_print(value, out, size);
      return;
    }
    line = stop + 1;
  }
}

static int has_field(struct waitq__text info, const char *field, const char *value) {
  char found[32];
  read_field(info, field, found, sizeof found);
  return strcmp(found, value) == 0;
}

/* "7.0.15" is 70015; 0 for what is no version. */
static int version_number(const char *text) {
  int parts[3] = {0, 0, 0};
  int count = 0;
  while (count < 3 && *text >= '0' && *text <= '9') {
    while (*text >= '0' && *text <= '9') {
      int next = parts[count] * 10 + (*text++ - '0');
      parts[count] = next > 99 ? 99 : next;
    }
    count++;
    text += *text == '.';
  }
  return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

void waitq__server_read(struct waitq__server *server, struct waitq__text info) {
  memset(server, 0, sizeof *server);
  char version[32];
  read_field(info, "redis_version", version, sizeof version);
  if (version[0] == '\0') {
    read_field(info, "valkey_version", version, sizeof version); /* it says both, as long as it is asked to */
  }
  server->version = version_number(version);
  read_field(info, "run_id", server->run_id, sizeof server->run_id);
  server->is_master = has_field(info, "role", "master");
  server->is_loading = has_field(info, "loading", "1");
  server->is_cluster = has_field(info, "cluster_enabled", "1");
  read_field(info, "maxmemory_policy", server->maxmemory_policy, sizeof server->maxmemory_policy);
}

static int check_server(const struct handshake *shake, const struct waitq__server *server, waitq_error *error) {
  char name[WAITQ__REDIS_ADDRESS_TEXT];
  waitq__redis_address_text(waitq__link_address(shake->link), name);
  if (shake->role == WAITQ__LINK_TO_SENTINEL) {
    return WAITQ_OK;
  }
  if (server->version == 0 || server->run_id[0] == '\0') {
    return waitq__fail(error, WAITQ_E_UNSUPPORTED, "%s is no Redis: INFO names no %s", name,
                       server->version == 0 ? "redis_version" : "run_id");
  }
  if (server->version < WAITQ__REDIS_OLDEST) {
    return waitq__fail(error, WAITQ_E_UNSUPPORTED, "%s is Redis %d.%d.%d: version 6.0 or later is needed", name,
                       server->version / 10000, server->version / 100 % 100, server->version % 100);
  }
  return WAITQ_OK;
}

static int judge(const struct handshake *shake, struct waitq__server *server, waitq_error *error) {
  const struct waitq__reply *info = reply_to(shake, STEP_INFO);
  /* A Sentinel often wants no credentials where the servers do; if so, it has answered INFO all the same. */
  if (is_refused(shake, STEP_AUTH) && (!shake->is_borrowed || is_refused(shake, STEP_INFO))) {
    return auth_failed(shake, error);
  }
  if (is_refused(shake, STEP_SELECT)) {
    return select_failed(shake, error);
  }
  if (is_refused(shake, STEP_INFO)) {
    struct waitq__refusal refusal = waitq__refusal_of(waitq__reply_text(info));
    return waitq__refusal_fail(&refusal, waitq__link_address(shake->link), waitq__reply_text(info), error);
  }
  waitq__server_read(server, waitq__reply_text(info));
  return check_server(shake, server, error);
}

int waitq__handshake(struct waitq__link *link, const struct waitq__redis_settings *settings, enum waitq__link_role role,
                     int64_t deadline_us, struct waitq__server *server, waitq_error *error) {
  struct handshake shake = {.link = link, .settings = settings, .role = role, .place = {-1, -1, -1, -1}};
  choose_credentials(&shake);
  int code = say_all(&shake, error);
  if (code != WAITQ_OK) {
    return code;
  }
  int was_sent;
  code = waitq__link_exchange(link, shake.replies, shake.count, deadline_us, &was_sent, error);
  if (code == WAITQ_OK) {
    code = judge(&shake, server, error);
  } else {
    code = hung_up(&shake, code, error);
  }
  for (size_t i = 0; i < STEPS; i++) {
    waitq__reply_free(shake.replies[i]);
  }
  return code;
}
