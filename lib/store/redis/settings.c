/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/settings.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"

#define REDIS_PORT 6379
#define SENTINEL_PORT 26379
#define LONGEST_TIMEOUT_MS 600000
#define LONGEST_TTL_S 315360000 /* ten years */
#define LARGEST_DATABASE INT32_MAX

struct scheme {
  const char *text;
  enum waitq__redis_topology topology;
  int tls;
  int is_socket;
};

static const struct scheme schemes[] = {{"redis://", WAITQ__REDIS_SINGLE, 0, 0},
                                        {"rediss://", WAITQ__REDIS_SINGLE, 1, 0},
                                        {"redis+unix://", WAITQ__REDIS_SINGLE, 0, 1},
                                        {"redis+cluster://", WAITQ__REDIS_CLUSTER, 0, 0},
                                        {"rediss+cluster://", WAITQ__REDIS_CLUSTER, 1, 0},
                                        {"redis+sentinel://", WAITQ__REDIS_SENTINEL, 0, 0},
                                        {"rediss+sentinel://", WAITQ__REDIS_SENTINEL, 1, 0}};

struct reader {
  struct waitq__redis_settings *settings;
  const struct scheme *scheme;
  const char *uri;
  waitq_error *error;
  uint32_t options_seen;
};

/* Some characters of the URI. */
struct part {
  const char *from;
  const char *end;
};

/* Where, by its place, and never a piece of the URI itself: who forgets to encode a password has parts of it anywhere. */
static int wrong(const struct reader *reader, const char *at, const char *what) {
  return waitq__fail(reader->error, WAITQ_E_INVALID, "the URI of the Redis store, at character %zu: %s",
                     (size_t)(at - reader->uri) + 1, what);
}

static int too_long(const struct reader *reader, const char *at, const char *what, size_t longest) {
  return waitq__fail(reader->error, WAITQ_E_INVALID,
                     "the URI of the Redis store, at character %zu: %s is longer than %zu bytes",
                     (size_t)(at - reader->uri) + 1, what, longest);
}

static const char *find(const char *from, const char *end, const char *any_of) {
  while (from < end && strchr(any_of, *from) == NULL) {
    from++;
  }
  return from;
}

static const char *find_last(const char *from, const char *end, char wanted) {
  for (const char *at = end; at > from; at--) {
    if (at[-1] == wanted) {
      return at - 1;
    }
  }
  return NULL;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes the percent signs out. */
static int decode(const struct reader *reader, struct part part, const char *what, char *out, size_t size) {
  size_t length = 0;
  for (const char *at = part.from; at < part.end; at++) {
    char c = *at;
    if (c == '%') {
      int high = part.end - at > 2 ? hex_value(at[1]) : -1;
      int low = part.end - at > 2 ? hex_value(at[2]) : -1;
      if (high < 0 || low < 0) {
        return wrong(reader, at, "two hexadecimal digits must follow a %");
      }
      c = (char)(high * 16 + low);
      if (c == '\0') {
        return wrong(reader, at, "a zero byte");
      }
      at += 2;
    }
    if (length + 1 >= size) {
      return too_long(reader, part.from, what, size - 1);
    }
    out[length++] = c;
  }
  out[length] = '\0';
  return WAITQ_OK;
}

/* A decimal number, without sign; -1 where it is none, or over most. */
static int64_t number_of(struct part part, int64_t most) {
  int64_t number = part.from < part.end ? 0 : -1;
  for (const char *at = part.from; at < part.end; at++) {
    if (*at < '0' || *at > '9') {
      return -1;
    }
    number = number * 10 + (*at - '0');
    if (number > most) {
      return -1;
    }
  }
  return number;
}

static int read_credentials(struct reader *reader, struct part part) {
  const char *colon = find(part.from, part.end, ":");
  struct waitq__redis_settings *settings = reader->settings;
  int code = decode(reader, (struct part){part.from, colon}, "the user's name", settings->user, sizeof settings->user);
  if (code == WAITQ_OK && colon < part.end) {
    code = decode(reader, (struct part){colon + 1, part.end}, "the password", settings->password,
                  sizeof settings->password);
  }
  if (code == WAITQ_OK && settings->user[0] == '\0' && settings->password[0] == '\0') {
    code = wrong(reader, part.from, "a user or a password is missing before the @");
  }
  return code;
}

static int is_host_name(struct part part) {
  for (const char *at = part.from; at < part.end; at++) {
    char c = *at;
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-", c) != NULL)) {
      return 0;
    }
  }
  return part.from < part.end;
}

/* host or host:port or [address]:port */
static int read_address(struct reader *reader, struct part part) {
  struct waitq__redis_settings *settings = reader->settings;
  if (settings->address_count == WAITQ__REDIS_ADDRESSES_MAX) {
    return wrong(reader, part.from, "more than 16 servers; the others are found by those");
  }
  struct waitq__redis_address *address = &settings->addresses[settings->address_count];
  int is_bracketed = part.from < part.end && *part.from == '[';
  struct part host = {part.from + is_bracketed, find(part.from, part.end, is_bracketed ? "]" : ":")};
  const char *after = host.end + (is_bracketed && host.end < part.end);
  size_t length = (size_t)(host.end - host.from);
  if (length >= sizeof address->host) {
    return too_long(reader, host.from, "the host", sizeof address->host - 1);
  }
  memcpy(address->host, host.from, length);
  address->host[length] = '\0';
  struct in6_addr ignored;
  if (is_bracketed ? after == host.end || inet_pton(AF_INET6, address->host, &ignored) != 1 : !is_host_name(host)) {
    return wrong(reader, host.from, is_bracketed ? "not an IPv6 address in brackets" : "not the name of a host");
  }
  address->port = reader->scheme->topology == WAITQ__REDIS_SENTINEL ? SENTINEL_PORT : REDIS_PORT;
  if (after < part.end) {
    int64_t port = *after == ':' ? number_of((struct part){after + 1, part.end}, UINT16_MAX) : -1;
    if (port <= 0) {
      return wrong(reader, after, "not a port; an IPv6 address stands in brackets");
    }
    address->port = (uint16_t)port;
  }
  settings->address_count++;
  return WAITQ_OK;
}

/* What stands between the scheme and the path. */
static int read_authority(struct reader *reader, struct part part) {
  /* The last one: a password that holds an @ is more likely than a host that does. */
  const char *at_sign = find_last(part.from, part.end, '@');
  if (at_sign != NULL) {
    int code = read_credentials(reader, (struct part){part.from, at_sign});
    if (code != WAITQ_OK) {
      return code;
    }
    part.from = at_sign + 1;
  }
  if (reader->scheme->is_socket) {
    return part.from == part.end ? WAITQ_OK : wrong(reader, part.from, "the path of a socket begins with a /");
  }
  int is_single = reader->scheme->topology == WAITQ__REDIS_SINGLE;
  for (;;) {
    const char *end = find(part.from, part.end, ",");
    int code = read_address(reader, (struct part){part.from, end});
    if (code != WAITQ_OK || end == part.end) {
      return code;
    }
    if (is_single) {
      return wrong(reader, end, "several servers are for redis+cluster:// and redis+sentinel://");
    }
    part.from = end + 1;
  }
}

static int read_database(struct reader *reader, struct part part) {
  if (part.from == part.end) {
    return WAITQ_OK;
  }
  int64_t database = number_of(part, LARGEST_DATABASE);
  if (database < 0) {
    return wrong(reader, part.from, "not the number of a database");
  }
  if (database != 0 && reader->scheme->topology == WAITQ__REDIS_CLUSTER) {
    return wrong(reader, part.from, "a Cluster has database 0 only");
  }
  reader->settings->database = (uint32_t)database;
  return WAITQ_OK;
}

static int read_socket_path(struct reader *reader, struct part part) {
  struct waitq__redis_address *address = &reader->settings->addresses[0];
  char path[sizeof((struct sockaddr_un *)0)->sun_path];
  int code = decode(reader, part, "the path of the socket", path, sizeof path);
  if (code != WAITQ_OK) {
    return code;
  }
  if (path[0] != '/' || path[1] == '\0') {
    return wrong(reader, part.from, "the path of a socket is missing");
  }
  memcpy(address->host, path, sizeof path);
  reader->settings->address_count = 1;
  return WAITQ_OK;
}

static int read_path(struct reader *reader, struct part part) {
  if (reader->scheme->is_socket) {
    return read_socket_path(reader, part);
  }
  struct part rest = {part.from + (part.from < part.end), part.end};
  if (reader->scheme->topology == WAITQ__REDIS_SENTINEL) {
    struct waitq__redis_settings *settings = reader->settings;
    const char *slash = find(rest.from, rest.end, "/");
    if (slash == rest.from) {
      return wrong(reader, part.from, "the name of the Sentinels' master is missing, as in /mymaster");
    }
    int code = decode(reader, (struct part){rest.from, slash}, "the name of the master", settings->master_name,
                      sizeof settings->master_name);
    if (code != WAITQ_OK) {
      return code;
    }
    rest.from = slash + (slash < rest.end);
  }
  return read_database(reader, rest);
}

enum option_kind { OPTION_TEXT, OPTION_MILLISECONDS, OPTION_SECONDS, OPTION_FLAG, OPTION_DATABASE };
enum option_place { EVERYWHERE, WITH_TLS, WITH_SENTINEL, WITH_SOCKET };

struct option {
  const char *name;
  enum option_kind kind;
  enum option_place place;
  size_t offset;
  size_t size;
};

#define FIELD(name) offsetof(struct waitq__redis_settings, name), sizeof((struct waitq__redis_settings *)0)->name

static const struct option options[] = {
    {"connect_timeout_ms", OPTION_MILLISECONDS, EVERYWHERE, FIELD(connect_timeout_us)},
    {"command_timeout_ms", OPTION_MILLISECONDS, EVERYWHERE, FIELD(command_timeout_us)},
    {"key_ttl_s", OPTION_SECONDS, EVERYWHERE, FIELD(key_ttl_s)},
    {"allow_eviction", OPTION_FLAG, EVERYWHERE, FIELD(allow_eviction)},
    {"database", OPTION_DATABASE, WITH_SOCKET, FIELD(database)},
    {"ca_file", OPTION_TEXT, WITH_TLS, FIELD(ca_file)},
    {"cert_file", OPTION_TEXT, WITH_TLS, FIELD(cert_file)},
    {"key_file", OPTION_TEXT, WITH_TLS, FIELD(key_file)},
    {"server_name", OPTION_TEXT, WITH_TLS, FIELD(server_name)},
    {"sentinel_user", OPTION_TEXT, WITH_SENTINEL, FIELD(sentinel_user)},
    {"sentinel_password", OPTION_TEXT, WITH_SENTINEL, FIELD(sentinel_password)}};

#define OPTION_COUNT (sizeof options / sizeof options[0])

static const struct option *option_named(struct part name) {
  size_t length = (size_t)(name.end - name.from);
  for (size_t i = 0; i < OPTION_COUNT; i++) {
    if (strlen(options[i].name) == length && memcmp(options[i].name, name.from, length) == 0) {
      return &options[i];
    }
  }
  return NULL;
}

static int is_misplaced(const struct reader *reader, const struct option *option) {
  switch (option->place) {
    case WITH_TLS:
      return !reader->scheme->tls;
    case WITH_SENTINEL:
      return reader->scheme->topology != WAITQ__REDIS_SENTINEL;
    case WITH_SOCKET:
      return !reader->scheme->is_socket;
    default:
      return 0;
  }
}

static int wrong_value(const struct reader *reader, const char *at, const struct option *option, int64_t least,
                       int64_t most) {
  return waitq__fail(reader->error, WAITQ_E_INVALID,
                     "the URI of the Redis store, at character %zu: %s must be a number from %lld to %lld",
                     (size_t)(at - reader->uri) + 1, option->name, (long long)least, (long long)most);
}

static int read_number(struct reader *reader, const struct option *option, struct part value) {
  static const struct {
    int64_t least, most, factor;
  } ranges[] = {[OPTION_MILLISECONDS] = {1, LONGEST_TIMEOUT_MS, 1000},
                [OPTION_SECONDS] = {1, LONGEST_TTL_S, 1},
                [OPTION_FLAG] = {0, 1, 1},
                [OPTION_DATABASE] = {0, LARGEST_DATABASE, 1}};
  int64_t least = ranges[option->kind].least;
  int64_t number = number_of(value, ranges[option->kind].most);
  if (number < least) {
    return wrong_value(reader, value.from, option, least, ranges[option->kind].most);
  }
  number *= ranges[option->kind].factor;
  void *field = (char *)reader->settings + option->offset;
  if (option->size == sizeof number) {
    memcpy(field, &number, sizeof number);
  } else {
    uint32_t small = (uint32_t)number; /* none of those fields holds a negative number */
    memcpy(field, &small, sizeof small);
  }
  return WAITQ_OK;
}

/* name=value */
static int read_option(struct reader *reader, struct part part) {
  const char *equals = find(part.from, part.end, "=");
  const struct option *option = option_named((struct part){part.from, equals});
  if (option == NULL) {
    return wrong(reader, part.from, "no such option");
  }
  if (equals == part.end || equals + 1 == part.end) {
    return wrong(reader, equals, "an option without a value");
  }
  if (is_misplaced(reader, option)) {
    return wrong(reader, part.from,
                 option->place == WITH_TLS        ? "an option of TLS, which is for rediss://"
                 : option->place == WITH_SENTINEL ? "an option for redis+sentinel://"
                                                  : "the database stands in the path, as in /1");
  }
  uint32_t bit = (uint32_t)1 << (option - options);
  if ((reader->options_seen & bit) != 0) {
    return wrong(reader, part.from, "an option that was given before");
  }
  reader->options_seen |= bit;
  struct part value = {equals + 1, part.end};
  if (option->kind == OPTION_TEXT) {
    return decode(reader, value, option->name, (char *)reader->settings + option->offset, option->size);
  }
  return read_number(reader, option, value);
}

static int read_options(struct reader *reader, struct part part) {
  int code = WAITQ_OK;
  while (code == WAITQ_OK && part.from < part.end) {
    const char *end = find(part.from, part.end, "&");
    code = read_option(reader, (struct part){part.from, end});
    part.from = end + (end < part.end);
  }
  return code;
}

static int read_uri(struct reader *reader) {
  const char *start = reader->uri + strlen(reader->scheme->text);
  const char *end = start + strlen(start);
  const char *hash = find(start, end, "#");
  if (hash < end) {
    return wrong(reader, hash, "a # must be written as %23");
  }
  const char *path = find(start, end, "/?");
  const char *question = find(path, end, "?");
  int code = read_authority(reader, (struct part){start, path});
  if (code == WAITQ_OK) {
    code = read_path(reader, (struct part){path, question});
  }
  if (code == WAITQ_OK) {
    code = read_options(reader, (struct part){question + (question < end), end});
  }
  const struct waitq__redis_settings *settings = reader->settings;
  if (code == WAITQ_OK && (settings->cert_file[0] == '\0') != (settings->key_file[0] == '\0')) {
    code = waitq__fail(reader->error, WAITQ_E_INVALID,
                       "the URI of the Redis store: cert_file and key_file belong together");
  }
  return code;
}

static const struct scheme *scheme_of(const char *uri) {
  for (size_t i = 0; uri != NULL && i < sizeof schemes / sizeof schemes[0]; i++) {
    if (strncmp(uri, schemes[i].text, strlen(schemes[i].text)) == 0) {
      return &schemes[i];
    }
  }
  return NULL;
}

int waitq__redis_settings_read(struct waitq__redis_settings *settings, const char *uri, waitq_error *error) {
  memset(settings, 0, sizeof *settings);
  struct reader reader = {settings, scheme_of(uri), uri, error, 0};
  if (reader.scheme == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID,
                       "the URI of a Redis store begins with redis://, rediss://, redis+unix://, redis+cluster://, "
                       "rediss+cluster://, redis+sentinel:// or rediss+sentinel://");
  }
  settings->topology = reader.scheme->topology;
  settings->tls = reader.scheme->tls;
  settings->connect_timeout_us = 1000000;
  settings->command_timeout_us = 1000000;
  settings->key_ttl_s = 172800;
  int code = read_uri(&reader);
  if (code != WAITQ_OK) {
    sodium_memzero(settings, sizeof *settings);
  }
  return code;
}

void waitq__redis_settings_wipe(struct waitq__redis_settings *settings) {
  sodium_memzero(settings->password, sizeof settings->password);
  sodium_memzero(settings->sentinel_password, sizeof settings->sentinel_password);
}

void waitq__redis_address_text(const struct waitq__redis_address *address, char *out) {
  if (address->port == 0) {
    snprintf(out, WAITQ__REDIS_ADDRESS_TEXT, "%s", address->host);
  } else {
    int is_ipv6 = strchr(address->host, ':') != NULL;
    snprintf(out, WAITQ__REDIS_ADDRESS_TEXT, is_ipv6 ? "[%s]:%u" : "%s:%u", address->host, address->port);
  }
}
