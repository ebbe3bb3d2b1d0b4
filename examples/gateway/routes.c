/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "routes.h"

#include <string.h>

#include "admin.h"
#include "health.h"
#include "loop.h"
#include "pages.h"
#include "queue.h"
#include "reply.h"
#include "report.h"
#include "scrapes.h"
#include "visit.h"

enum method { GET = 1, POST = 2, DELETE = 4, OPTIONS = 8, HEAD = 16, ANOTHER = 32 };

struct route_of_path {
  const char *path;
  unsigned methods;
  enum route route;
  void (*handle)(struct visit *visit);
};

/* Those that come most stand first. */
static const struct route_of_path routes[] = {
    {"/queue/status", GET, ROUTE_STATUS, queue_status},   {"/queue/join", POST, ROUTE_JOIN, queue_join},
    {"/queue/enter", POST, ROUTE_ENTER, queue_enter},     {"/queue/leave", DELETE | POST, ROUTE_LEAVE, queue_leave},
    {"/queue/events", GET, ROUTE_EVENTS, queue_events},   {"/queue/exit", POST, ROUTE_SESSION, queue_exit},
    {"/queue/renew", POST, ROUTE_SESSION, queue_renew},   {"/healthz", GET | HEAD, ROUTE_HEALTH, health_healthz},
    {"/readyz", GET | HEAD, ROUTE_HEALTH, health_readyz}, {"/version", GET, ROUTE_HEALTH, health_version},
    {"/metrics", GET, ROUTE_METRICS, scrapes_reply},      {"/admin/stats", GET, ROUTE_ADMIN, admin_stats},
    {"/admin/health", GET, ROUTE_ADMIN, admin_health},    {"/admin/health-report", POST, ROUTE_ADMIN, report_health},
    {"/admin/rate", POST, ROUTE_ADMIN, admin_rate},       {"/admin/rate-at", POST, ROUTE_ADMIN, admin_rate_at},
    {"/admin/pause", POST, ROUTE_ADMIN, admin_pause},     {"/admin/resume", POST, ROUTE_ADMIN, admin_resume},
    {"/admin/drain", POST, ROUTE_ADMIN, admin_drain},     {"/admin/close", POST, ROUTE_ADMIN, admin_close},
    {"/admin/reset", POST, ROUTE_ADMIN, admin_reset},     {"/admin/flush-test-data", POST, ROUTE_ADMIN, admin_flush},
};

static enum method method_of(const h2o_iovec_t *method) {
  static const struct {
    const char *name;
    enum method method;
  } known[] = {{"GET", GET}, {"POST", POST}, {"DELETE", DELETE}, {"OPTIONS", OPTIONS}, {"HEAD", HEAD}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (method->len == strlen(known[i].name) && memcmp(method->base, known[i].name, method->len) == 0) {
      return known[i].method;
    }
  }
  return ANOTHER;
}

static const struct route_of_path *find(const char *path, size_t length) {
  for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
    if (strlen(routes[i].path) == length && memcmp(routes[i].path, path, length) == 0) {
      return &routes[i];
    }
  }
  return NULL;
}

static void route(struct visit *visit, const char *path, size_t length, enum method method) {
  const struct route_of_path *of = find(path, length);
  if (method == OPTIONS) {
    visit->route = of != NULL ? of->route : ROUTE_OTHER;
    reply_preflight(visit);
  } else if (of != NULL && (of->methods & (unsigned)method) != 0) {
    visit->route = of->route;
    of->handle(visit);
  } else if (of != NULL) {
    visit->route = of->route;
    reply_error(visit, 405, "INVALID_REQUEST", "this call has another method", 0);
  } else {
    visit->route = ROUTE_PAGE;
    if ((method & (GET | HEAD)) == 0 || !pages_reply(visit, path, length)) {
      visit->route = ROUTE_OTHER;
      reply_error(visit, 404, "INVALID_REQUEST", "there is no such call", 0);
    }
  }
}

int routes_on_request(h2o_handler_t *handler, h2o_req_t *req) {
  static const char base[] = "/api/v1";
  const size_t base_length = sizeof base - 1;
  struct visit *visit = h2o_mem_alloc_pool(&req->pool, sizeof *visit);
  const char *path = req->path.base;
  size_t length = req->query_at == SIZE_MAX ? req->path.len : req->query_at;
  (void)handler;
  *visit = (struct visit){.req = req, .loop = loop_of(req), .route = ROUTE_OTHER, .began_ns = visit_now_ns()};
  if (length > base_length && memcmp(path, base, base_length) == 0) {
    path += base_length;
    length -= base_length;
  }
  route(visit, path, length, method_of(&req->method));
  return 0;
}
