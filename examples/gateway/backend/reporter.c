/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "reporter.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"

#define PATIENCE_MS 3000

static const char default_path[] = "/api/v1/admin/health-report";

bool reporter_add(struct reporter *reporter, const char *url) {
  struct reporter_target *target = &reporter->targets[reporter->count];
  if (reporter->count == REPORTER_TARGETS_MAX || h2o_url_parse(url, SIZE_MAX, &target->url) != 0 ||
      target->url.scheme != &H2O_URL_SCHEME_HTTP) {
    return false;
  }
  if (target->url.path.len <= 1) {
    target->url.path = h2o_iovec_init(H2O_STRLIT(default_path));
  }
  target->reporter = reporter;
  target->was_found = true;
  reporter->count++;
  return true;
}

bool reporter_take_token(struct reporter *reporter, const char *token) {
  const size_t length = strcspn(token, "\r\n");
  if (length == 0 || length >= sizeof reporter->token) {
    return false;
  }
  memcpy(reporter->token, token, length);
  reporter->token[length] = '\0';
  return true;
}

bool reporter_read_token(struct reporter *reporter, const char *path) {
  char token[REPORTER_TOKEN_SIZE + 1];
  FILE *file = fopen(path, "r");
  const bool is_read = file != NULL && fgets(token, sizeof token, file) != NULL;
  if (file != NULL) {
    fclose(file);
  }
  return is_read && reporter_take_token(reporter, token);
}

static void send_report(struct reporter_target *target, struct peer *peer) {
  struct reporter *reporter = target->reporter;
  const struct service *service = reporter->service;
  char body[512];
  char request[PEER_REQUEST_MAX + 1];
  const int body_length =
      snprintf(body, sizeof body,
               "{\"event_id\":\"%s\",\"source\":\"%s\",\"served\":%llu,\"shed\":%llu,\"failed\":%llu,\"p95_ms\":%.3f}",
               reporter->event, reporter->source, (unsigned long long)service->served,
               (unsigned long long)service->shed, (unsigned long long)service->failed, service->p95_ms);
  const int length = snprintf(request, sizeof request,
                              "POST %.*s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\nAuthorization: Bearer %s\r\n"
                              "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                              (int)target->url.path.len, target->url.path.base, (int)target->url.authority.len,
                              target->url.authority.base, reporter->token, body_length, body);
  peer_send(peer, &reporter->client_context, request, (size_t)length);
}

static struct peer *find(const struct reporter_target *target, const char *host) {
  struct peer *peer = target->peers;
  while (peer != NULL && strcmp(peer->host, host) != 0) {
    peer = peer->next;
  }
  return peer;
}

/* Who is new is told at once, and not a second later. */
static void list(struct reporter_target *target, const struct addrinfo *address) {
  char host[NI_MAXHOST];
  if (getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0) {
    return;
  }
  struct peer *peer = find(target, host);
  if (peer == NULL && target->peer_count < REPORTER_PEERS_MAX) {
    peer = peer_new(target->reporter->service, host, h2o_url_get_port(&target->url));
    if (peer != NULL) {
      peer->next = target->peers;
      target->peers = peer;
      target->peer_count++;
      send_report(target, peer);
    }
  }
  if (peer != NULL) {
    peer->is_listed = true;
  }
}

static void drop_those_not_listed(struct reporter_target *target) {
  struct peer **at = &target->peers;
  while (*at != NULL) {
    struct peer *peer = *at;
    if (peer->is_listed) {
      at = &peer->next;
    } else {
      *at = peer->next;
      target->peer_count--;
      peer_free(peer);
    }
  }
}

/* A line when a name begins to stand for nobody, and when it stands for somebody again. */
static void note(struct reporter_target *target, const char *problem) {
  if (target->was_found != (problem == NULL)) {
    fprintf(stderr, "waitq-backend: %.*s %s%s\n", (int)target->url.host.len, target->url.host.base,
            problem == NULL ? "is found again" : "is not found: ", problem == NULL ? "" : problem);
  }
  target->was_found = problem == NULL;
}

static void on_addresses(h2o_hostinfo_getaddr_req_t *lookup, const char *error, struct addrinfo *addresses,
                         void *user) {
  struct reporter_target *target = user;
  (void)lookup;
  target->lookup = NULL;
  note(target, error);
  if (error != NULL) {
    target->reporter->service->reports_lost += target->peers == NULL;
    return;
  }
  for (struct peer *peer = target->peers; peer != NULL; peer = peer->next) {
    peer->is_listed = false;
  }
  for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
    list(target, address);
  }
  drop_those_not_listed(target);
}

static void look_up(struct reporter_target *target) {
  struct reporter *reporter = target->reporter;
  char port[8];
  const int length = snprintf(port, sizeof port, "%u", (unsigned)h2o_url_get_port(&target->url));
  target->lookup = h2o_hostinfo_getaddr(reporter->client_context.getaddr_receiver, target->url.host,
                                        h2o_iovec_init(port, (size_t)length), AF_UNSPEC, SOCK_STREAM, IPPROTO_TCP,
                                        AI_ADDRCONFIG | AI_NUMERICSERV, on_addresses, target);
}

static void tick(h2o_timeout_entry_t *entry) {
  struct reporter *reporter = H2O_STRUCT_FROM_MEMBER(struct reporter, tick, entry);
  service_take_p95_ms(reporter->service);
  for (size_t i = 0; i < reporter->count; i++) {
    struct reporter_target *target = &reporter->targets[i];
    for (struct peer *peer = target->peers; peer != NULL; peer = peer->next) {
      send_report(target, peer);
    }
    if (target->lookup == NULL) {
      look_up(target);
    }
  }
  h2o_timeout_link(reporter->context->loop, &reporter->context->one_sec_timeout, &reporter->tick);
}

void reporter_start(struct reporter *reporter, h2o_context_t *context) {
  reporter->context = context;
  h2o_timeout_init(context->loop, &reporter->patience, PATIENCE_MS);
  reporter->client_context = (h2o_http1client_ctx_t){.loop = context->loop,
                                                     .getaddr_receiver = &context->receivers.hostinfo_getaddr,
                                                     .io_timeout = &reporter->patience};
  reporter->tick.cb = tick;
  h2o_timeout_link(context->loop, &context->one_sec_timeout, &reporter->tick);
}

void reporter_stop(struct reporter *reporter) {
  h2o_timeout_unlink(&reporter->tick);
  for (size_t i = 0; i < reporter->count; i++) {
    struct reporter_target *target = &reporter->targets[i];
    if (target->lookup != NULL) {
      h2o_hostinfo_getaddr_cancel(target->lookup);
    }
    for (struct peer *peer = target->peers; peer != NULL; peer = peer->next) {
      peer->is_listed = false;
    }
    drop_those_not_listed(target);
  }
}
