/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_SETTINGS_H
#define WAITQ_STORE_REDIS_SETTINGS_H

/* What the URI of a Redis store says.
 *
 *     redis://[user[:password]@]host[:port][/database][?option=value&...]
 *     rediss://...                                       the same with TLS
 *     redis+unix://[user[:password]@]/path/to/socket[?database=n&...]
 *     redis+cluster://[user[:password]@]host[:port][,host[:port]...][?...]          rediss+cluster:// with TLS
 *     redis+sentinel://[user[:password]@]host[:port][,...]/master-name[/database][?...]   rediss+sentinel:// with TLS
 *
 * User, password, path, master name and values are percent-encoded. IPv6 addresses stand in brackets. Options:
 *
 *     connect_timeout_ms=1000   for the connection and its handshake
 *     command_timeout_ms=1000   for a round trip
 *     ca_file= cert_file= key_file= server_name=          TLS; without ca_file the system's certificates
 *     sentinel_user= sentinel_password=                   for the Sentinels, where they differ: both count, or neither
 *     allow_eviction=1          go on where maxmemory-policy is not noeviction
 *     key_ttl_s=172800          how long keys outlive the last context that keeps their room
 */

#include <stdint.h>

#include <waitq/error.h>

#define WAITQ__REDIS_ADDRESSES_MAX 16

enum waitq__redis_topology { WAITQ__REDIS_SINGLE, WAITQ__REDIS_CLUSTER, WAITQ__REDIS_SENTINEL };

struct waitq__redis_address {
  char host[256]; /* or the path of a socket, where port is 0 */
  uint16_t port;
};

struct waitq__redis_settings {
  enum waitq__redis_topology topology;
  struct waitq__redis_address addresses[WAITQ__REDIS_ADDRESSES_MAX];
  uint32_t address_count;
  uint32_t database;
  char user[128];
  char password[256];
  char sentinel_user[128];
  char sentinel_password[256];
  char master_name[128];
  int tls;
  char ca_file[256];
  char cert_file[256];
  char key_file[256];
  char server_name[256];
  int64_t connect_timeout_us;
  int64_t command_timeout_us;
  int64_t key_ttl_s;
  int allow_eviction;
};

/* Reads a URI. The error says what is wrong and where, and never shows a password. */
int waitq__redis_settings_read(struct waitq__redis_settings *settings, const char *uri, waitq_error *error);

/* Forgets the passwords. */
void waitq__redis_settings_wipe(struct waitq__redis_settings *settings);

/* host:port, [IPv6 address]:port, or the path of a socket. out holds WAITQ__REDIS_ADDRESS_TEXT bytes. */
#define WAITQ__REDIS_ADDRESS_TEXT 272
void waitq__redis_address_text(const struct waitq__redis_address *address, char *out);

#endif
