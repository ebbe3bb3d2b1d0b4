/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "service.h"

#include <string.h>
#include <time.h>

#include "keys.h"

bool service_open(struct service *service, const char *key_file, const char *event, double rate_per_s, uint64_t burst,
                  const char *log, char *message, size_t capacity) {
  waitq_key keys[KEYS_MAX];
  size_t count;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_limit limit = WAITQ_LIMIT_INIT;
  memset(service, 0, sizeof *service);
  if (!keys_read(key_file, keys, &count, message, capacity)) {
    return false;
  }
  service->rate_per_s = rate_per_s;
  options.audience = event;
  limit.rate_per_s = rate_per_s;
  limit.burst = burst;
  const int code = waitq_verifier_open(keys, count, &options, &service->verifier, &error) ||
                   waitq_open("memory:", NULL, &service->context, &error) ||
                   waitq_limiter_open(service->context, "requests", &limit, &service->limiter, &error);
  memset(keys, 0, sizeof keys);
  if (code != WAITQ_OK) {
    snprintf(message, capacity, "%s", error.text);
    return false;
  }
  service->log = log == NULL ? NULL : fopen(log, "a");
  if (log != NULL && service->log == NULL) {
    snprintf(message, capacity, "%s cannot be written", log);
    return false;
  }
  return true;
}

void service_flush(struct service *service) {
  if (service->log != NULL) {
    fflush(service->log);
  }
}

void service_close(struct service *service) {
  waitq_limiter_close(service->limiter);
  waitq_close(service->context);
  waitq_verifier_close(service->verifier);
  if (service->log != NULL) {
    fclose(service->log);
  }
}

/* With its length, or the connection could not go on after a reply that is not 200. */
static void reply_content(h2o_req_t *req, int status, const char *reason, const char *type, const char *text) {
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, type, strlen(type));
  req->res.status = status;
  req->res.reason = reason;
  req->res.content_length = strlen(text);
  h2o_send_inline(req, text, strlen(text));
}

static void reply(h2o_req_t *req, int status, const char *reason, const char *json) {
  reply_content(req, status, reason, "application/json", json);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(struct service *service, int64_t at_us, const char *what, const char *id) {
  if (service->log != NULL) {
    fprintf(service->log, "%lld %s %s\n", (long long)at_us, what, id);
  }
}

static int verify(const struct service *service, const h2o_req_t *req, int64_t at_us, waitq_claims *claims) {
  static const char scheme[] = "Bearer ";
  const ssize_t at = h2o_find_header(&req->headers, H2O_TOKEN_AUTHORIZATION, -1);
  const h2o_iovec_t value = at < 0 ? h2o_iovec_init("", 0) : req->headers.entries[at].value;
  const size_t begin = sizeof scheme - 1;
  if (value.len <= begin || strncasecmp(value.base, scheme, begin) != 0) {
    return WAITQ_E_MALFORMED;
  }
  return waitq_verify(service->verifier, value.base + begin, value.len - begin, at_us / 1000, NULL, claims, NULL);
}

static void count_second(struct service *service, int64_t at_us) {
  if (at_us / 1000000 != service->second) {
    service->second = at_us / 1000000;
    service->this_second = 0;
  }
  if (++service->this_second > service->busiest) {
    service->busiest = service->this_second;
  }
}

double service_take_p95_ms(struct service *service) {
  service->p95_ms = histogram_quantile_us(&service->latency, 0.95) / 1e3;
  memset(&service->latency, 0, sizeof service->latency);
  return service->p95_ms;
}

static void note_latency(struct service *service, const h2o_req_t *req) {
  const struct timeval *began = &req->timestamps.request_begin_at;
  const int64_t took_us = now_us() - ((int64_t)began->tv_sec * 1000000 + began->tv_usec);
  histogram_add(&service->latency, took_us > 0 ? took_us * 1000 : 0); /* somebody may set the time */
}

static void serve(struct service *service, h2o_req_t *req) {
  waitq_claims claims = WAITQ_CLAIMS_INIT;
  waitq_decision decision = WAITQ_DECISION_INIT;
  const int64_t at_us = now_us();
  const int code = verify(service, req, at_us, &claims);
  if (code != WAITQ_OK) {
    service->refused++;
    note(service, at_us, "refused", waitq_error_name(code));
    reply(req, 401, "Unauthorized", "{\"error\":\"a reservation token is needed\"}");
    return;
  }
  count_second(service, at_us);
  note_latency(service, req);
  if (waitq_limiter_try(service->limiter, 1, &decision, NULL) != WAITQ_OK) {
    service->failed++;
    note(service, at_us, "failed", claims.id);
    reply(req, 500, "Internal Server Error", "{\"error\":\"it cannot be served\"}");
    return;
  }
  if (decision.admitted == 0) {
    service->shed++;
    note(service, at_us, "shed", claims.id);
    reply(req, 503, "Service Unavailable", "{\"error\":\"too many at once\"}");
    return;
  }
  service->served++;
  note(service, at_us, "served", claims.id);
  reply(req, 200, "OK", "{\"status\":\"served\"}");
}

static void reply_metrics(const struct service *service, h2o_req_t *req) {
  char text[1536];
  snprintf(text, sizeof text,
           "# HELP waitq_backend_requests_total Requests, by what became of them.\n"
           "# TYPE waitq_backend_requests_total counter\n"
           "waitq_backend_requests_total{result=\"served\"} %llu\n"
           "waitq_backend_requests_total{result=\"shed\"} %llu\n"
           "waitq_backend_requests_total{result=\"refused\"} %llu\n"
           "waitq_backend_requests_total{result=\"failed\"} %llu\n"
           "# HELP waitq_backend_limit_per_second Requests that it survives.\n"
           "# TYPE waitq_backend_limit_per_second gauge\n"
           "waitq_backend_limit_per_second %.9g\n"
           "# HELP waitq_backend_p95_seconds Latency that 95 of 100 requests did not exceed, as reported last.\n"
           "# TYPE waitq_backend_p95_seconds gauge\n"
           "waitq_backend_p95_seconds %.6f\n"
           "# HELP waitq_backend_reports_total Reports of health to gateways.\n"
           "# TYPE waitq_backend_reports_total counter\n"
           "waitq_backend_reports_total{result=\"taken\"} %llu\n"
           "waitq_backend_reports_total{result=\"lost\"} %llu\n",
           (unsigned long long)service->served, (unsigned long long)service->shed, (unsigned long long)service->refused,
           (unsigned long long)service->failed, service->rate_per_s, service->p95_ms / 1e3,
           (unsigned long long)service->reports_taken, (unsigned long long)service->reports_lost);
  reply_content(req, 200, "OK", "text/plain; version=0.0.4; charset=utf-8", text);
}

int service_on_request(h2o_handler_t *self, h2o_req_t *req) {
  struct service *service = ((struct service_handler *)self)->service;
  if (h2o_memis(req->path.base, req->path.len, H2O_STRLIT("/stats"))) {
    char json[256];
    snprintf(
        json, sizeof json, "{\"served\":%llu,\"shed\":%llu,\"refused\":%llu,\"failed\":%llu,\"busiest_second\":%llu}",
        (unsigned long long)service->served, (unsigned long long)service->shed, (unsigned long long)service->refused,
        (unsigned long long)service->failed, (unsigned long long)service->busiest);
    reply(req, 200, "OK", json);
  } else if (h2o_memis(req->path.base, req->path.len, H2O_STRLIT("/metrics"))) {
    reply_metrics(service, req);
  } else if (h2o_memis(req->path.base, req->path.len, H2O_STRLIT("/healthz"))) {
    reply(req, 200, "OK", "{\"status\":\"ok\"}");
  } else {
    serve(service, req);
  }
  return 0;
}
