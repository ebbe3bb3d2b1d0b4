/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* floor: the gateway's HTTP library answering a constant of the size of a status, in one loop: as fast as a gateway on it
 * could be at most.
 *
 *     floor [port] */

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "h2o_loop.h"
#include "listen.h"

static const char constant[] =
    "{\"status\":\"waiting\",\"position\":123456,\"eta_sec\":247,\"waiting_time\":12,\"ready_for_entry\":false,"
    "\"state\":\"waiting\",\"reason\":\"bucket\",\"phase\":\"open\",\"behind\":150000,\"eta_low_sec\":240,"
    "\"eta_high_sec\":255,\"confidence\":0.98,\"next_poll_ms\":10000,\"enter_by_ms\":0,\"goes_on_at_ms\":0,\"age_ms\":"
    "0}";

static int answer(h2o_handler_t *handler, h2o_req_t *req) {
  static h2o_generator_t whole = {NULL, NULL};
  h2o_iovec_t body = h2o_iovec_init(constant, sizeof constant - 1);
  (void)handler;
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CACHE_CONTROL, NULL, H2O_STRLIT("no-store"));
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_ACCESS_CONTROL_ALLOW_ORIGIN, NULL, H2O_STRLIT("*"));
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, H2O_STRLIT("application/json"));
  req->res.status = 200;
  req->res.reason = "OK";
  req->res.content_length = body.len;
  h2o_start_response(req, &whole);
  h2o_send(req, &body, 1, H2O_SEND_STATE_FINAL);
  return 0;
}

static void on_accept(h2o_socket_t *listener, const char *error) {
  for (int i = 0; error == NULL && i < 16; i++) {
    h2o_socket_t *socket = h2o_evloop_socket_accept(listener);
    if (socket == NULL) {
      return;
    }
    h2o_accept(listener->data, socket);
  }
}

int main(int argc, char **argv) {
  static h2o_globalconf_t config;
  static h2o_context_t context;
  static h2o_accept_ctx_t accept;
  char address[64], name[128];
  int fd;
  snprintf(address, sizeof address, "127.0.0.1:%s", argc > 1 ? argv[1] : "0");
  if (!listen_on(address, &fd, 1, name, sizeof name)) {
    fprintf(stderr, "floor: %s\n", name);
    return 3;
  }
  signal(SIGPIPE, SIG_IGN);
  h2o_config_init(&config);
  config.http1.upgrade_to_http2 = 0;
  config.http1.req_timeout = 15000;
  config.server_name = h2o_iovec_init(H2O_STRLIT("waitq"));
  h2o_hostconf_t *host = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
  h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(h2o_handler_t))->on_req = answer;
  h2o_context_init(&context, h2o_evloop_create(), &config);
  accept = (h2o_accept_ctx_t){.ctx = &context, .hosts = config.hosts};
  h2o_socket_t *listener = h2o_evloop_socket_create(context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
  listener->data = &accept;
  h2o_socket_read_start(listener, on_accept);
  printf("floor: listening on %s\n", name);
  fflush(stdout);
  while (h2o_evloop_run(context.loop, 1000) == 0) {
  }
  return 0;
}
