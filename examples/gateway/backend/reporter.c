/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "reporter.h"

#include <stdio.h>
#include <string.h>

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
  target->was_taken = true;
  reporter->count++;
  return true;
}

bool reporter_read_token(struct reporter *reporter, const char *path) {
  FILE *file = fopen(path, "r");
  const bool is_read = file != NULL && fgets(reporter->token, sizeof reporter->token, file) != NULL;
  if (file != NULL) {
    fclose(file);
  }
  reporter->token[strcspn(reporter->token, "\r\n")] = '\0';
  return is_read && reporter->token[0] != '\0';
}

/* A line when reports begin to be lost, and when they arrive again. */
static void note(struct reporter_target *target, const char *problem) {
  struct service *service = target->reporter->service;
  *(problem == NULL ? &service->reports_taken : &service->reports_lost) += 1;
  if (target->was_taken != (problem == NULL)) {
    fprintf(stderr, "waitq-backend: %.*s %s%s\n", (int)target->url.authority.len, target->url.authority.base,
            problem == NULL ? "takes reports again" : "does not take reports: ", problem == NULL ? "" : problem);
  }
  target->was_taken = problem == NULL;
}

static int on_body(h2o_http1client_t *client, const char *error) {
  struct reporter_target *target = client->data;
  if (error != NULL) {
    target->client = NULL;
  } else {
    h2o_buffer_consume(&client->sock->input, client->sock->input->size);
  }
  return 0;
}

static h2o_http1client_body_cb on_head(h2o_http1client_t *client, const char *error, int minor_version, int status,
                                       h2o_iovec_t message, h2o_header_t *headers, size_t header_count, int length) {
  struct reporter_target *target = client->data;
  char problem[64];
  (void)minor_version, (void)message, (void)headers, (void)header_count, (void)length;
  const bool is_over = error != NULL;
  if (is_over && error != h2o_http1client_error_is_eos) {
    note(target, error);
  } else {
    snprintf(problem, sizeof problem, "status %d", status);
    note(target, status == 200 ? NULL : problem);
  }
  if (is_over) {
    target->client = NULL;
    return NULL;
  }
  return on_body;
}

static h2o_http1client_head_cb on_connect(h2o_http1client_t *client, const char *error, h2o_iovec_t **buffers,
                                          size_t *buffer_count, int *is_head) {
  struct reporter_target *target = client->data;
  if (error != NULL) {
    target->client = NULL;
    note(target, error);
    return NULL;
  }
  *buffers = &target->request;
  *buffer_count = 1;
  *is_head = 0;
  return on_head;
}

static void send_report(struct reporter *reporter, struct reporter_target *target, double p95_ms) {
  const struct service *service = reporter->service;
  char body[512];
  const int body_length =
      snprintf(body, sizeof body,
               "{\"event_id\":\"%s\",\"source\":\"%s\",\"served\":%llu,\"shed\":%llu,\"failed\":%llu,\"p95_ms\":%.3f}",
               reporter->event, reporter->source, (unsigned long long)service->served,
               (unsigned long long)service->shed, (unsigned long long)service->failed, p95_ms);
  const int length = snprintf(target->bytes, sizeof target->bytes,
                              "POST %.*s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\nAuthorization: Bearer %s\r\n"
                              "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                              (int)target->url.path.len, target->url.path.base, (int)target->url.authority.len,
                              target->url.authority.base, reporter->token, body_length, body);
  if (length < 0 || (size_t)length >= sizeof target->bytes) {
    note(target, "the report is too long");
    return;
  }
  target->request = h2o_iovec_init(target->bytes, (size_t)length);
  h2o_http1client_connect(&target->client, target, &reporter->client_context, target->url.host,
                          h2o_url_get_port(&target->url), 0, on_connect);
}

static void tick(h2o_timeout_entry_t *entry) {
  struct reporter *reporter = H2O_STRUCT_FROM_MEMBER(struct reporter, tick, entry);
  const double p95_ms = service_take_p95_ms(reporter->service);
  for (size_t i = 0; i < reporter->count; i++) {
    if (reporter->targets[i].client == NULL) {
      send_report(reporter, &reporter->targets[i], p95_ms);
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
    if (reporter->targets[i].client != NULL) {
      h2o_http1client_cancel(reporter->targets[i].client);
    }
  }
}
