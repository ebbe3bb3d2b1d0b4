/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* waitq-backend: what the waiting room protects. It takes so many requests a second and sheds the rest, and takes none without a
 * reservation token, which it verifies by itself: with a key, and without asking anybody. */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapt.h"
#include "h2o_loop.h"
#include "keys.h"
#include "listen.h"
#include "reporter.h"
#include "request.h"
#include "service.h"

enum exit_status { EXIT_WELL = 0, EXIT_USAGE = 2, EXIT_NOT_RUN = 3 };

struct options {
  const char *listen, *keys, *event, *log, *source;
  double rate_per_s;
  unsigned long burst;
  char own_source[ADAPT_SOURCE_NAME_MAX + 1];
};

static volatile sig_atomic_t is_over;

static void on_signal(int number) {
  (void)number;
  is_over = 1;
}

static void print_help(void) {
  printf(
      "usage: waitq-backend --keys FILE --event NAME [option ...]\n\n"
      "  --keys FILE    keys that reservation tokens are verified with\n"
      "  --event NAME   whose tokens\n"
      "  --listen A:P   address and port (127.0.0.1:8090)\n"
      "  --rate N       requests per second that it survives (500)\n"
      "  --burst N      at one instant (50)\n"
      "  --log FILE     a line for each request: time in us, what became of it, the token's id\n"
      "  --report URL   gateways, as http://host:port, that are told every second how this backend is: all addresses\n"
      "                 that the host has, looked up anew each time; up to eight times. Each gateway has to be told\n"
      "  --report-token-file FILE  the token that such a report brings; WAITQ_REPORT_TOKEN does as well\n"
      "  --source NAME  by what name it reports (the host's, and the process')\n");
}

/* What goes into a report has to be such a name: it is not escaped there. */
static int check_names(struct options *options, struct reporter *reporter) {
  const char *token = getenv("WAITQ_REPORT_TOKEN");
  char host[40] = "";
  if (options->source == NULL) {
    gethostname(host, sizeof host - 1);
    snprintf(options->own_source, sizeof options->own_source, "%s-%ld", host, (long)getpid());
    options->source = options->own_source;
  }
  if (reporter->token[0] == '\0' && token != NULL && !reporter_take_token(reporter, token)) {
    fprintf(stderr, "waitq-backend: WAITQ_REPORT_TOKEN has to have 1 to %d characters\n", REPORTER_TOKEN_SIZE - 1);
    return EXIT_USAGE;
  }
  if (!request_event_is_valid((struct text){options->event, strlen(options->event)}) ||
      !request_event_is_valid((struct text){options->source, strlen(options->source)})) {
    fprintf(stderr, "waitq-backend: events and sources are called by 1 to 64 of A-Z a-z 0-9 _ . -\n");
    return EXIT_USAGE;
  }
  reporter->event = options->event;
  reporter->source = options->source;
  return -1;
}

/* Takes an option; what is wrong with it was said where that is not -1. */
static int take(struct options *options, struct reporter *reporter, int flag) {
  switch (flag) {
    case 'k':
      options->keys = optarg;
      return -1;
    case 'e':
      options->event = optarg;
      return -1;
    case 'l':
      options->listen = optarg;
      return -1;
    case 'r':
      options->rate_per_s = strtod(optarg, NULL);
      return -1;
    case 'b':
      options->burst = strtoul(optarg, NULL, 10);
      return -1;
    case 'o':
      options->log = optarg;
      return -1;
    case 's':
      options->source = optarg;
      return -1;
    case 'p':
      if (!reporter_add(reporter, optarg)) {
        fprintf(stderr, "waitq-backend: \"%s\" is no http://host:port, or one too many\n", optarg);
        return EXIT_USAGE;
      }
      return -1;
    case 't':
      if (!reporter_read_token(reporter, optarg)) {
        fprintf(stderr, "waitq-backend: there is no token in %s\n", optarg);
        return EXIT_USAGE;
      }
      return -1;
    case 'h':
      print_help();
      return EXIT_WELL;
    default:
      return EXIT_USAGE;
  }
}

static int parse(struct options *options, struct reporter *reporter, int argc, char **argv) {
  static const struct option flags[] = {
      {"keys", required_argument, NULL, 'k'},
      {"event", required_argument, NULL, 'e'},
      {"listen", required_argument, NULL, 'l'},
      {"rate", required_argument, NULL, 'r'},
      {"burst", required_argument, NULL, 'b'},
      {"log", required_argument, NULL, 'o'},
      {"report", required_argument, NULL, 'p'},
      {"report-token-file", required_argument, NULL, 't'},
      {"source", required_argument, NULL, 's'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  int flag;
  int result = -1;
  *options = (struct options){.listen = "127.0.0.1:8090", .rate_per_s = 500, .burst = 50};
  while (result < 0 && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
    result = take(options, reporter, flag);
  }
  if (result < 0 && (options->keys == NULL || options->event == NULL)) {
    fprintf(stderr, "waitq-backend: --keys and --event are needed; try --help\n");
    return EXIT_USAGE;
  }
  return result < 0 ? check_names(options, reporter) : result;
}

static void on_accept(h2o_socket_t *listener, const char *error) {
  h2o_socket_t *socket = error == NULL ? h2o_evloop_socket_accept(listener) : NULL;
  if (socket != NULL) {
    h2o_accept(listener->data, socket);
  }
}

static void serve(int fd, struct service *service, struct reporter *reporter) {
  static h2o_globalconf_t config;
  static h2o_context_t context;
  static h2o_accept_ctx_t accept;
  h2o_config_init(&config);
  config.http1.upgrade_to_http2 = 0;
  h2o_hostconf_t *host = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
  h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
  struct service_handler *handler = (struct service_handler *)h2o_create_handler(path, sizeof *handler);
  handler->super.on_req = service_on_request;
  handler->service = service;
  h2o_context_init(&context, h2o_evloop_create(), &config);
  accept = (h2o_accept_ctx_t){.ctx = &context, .hosts = config.hosts};
  h2o_socket_t *listener = h2o_evloop_socket_create(context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
  listener->data = &accept;
  h2o_socket_read_start(listener, on_accept);
  if (reporter->count > 0) {
    reporter_start(reporter, &context);
  }
  while (!is_over) {
    h2o_evloop_run(context.loop, 100);
    service_flush(service);
  }
  if (reporter->count > 0) {
    reporter_stop(reporter);
  }
  h2o_socket_close(listener);
  h2o_evloop_run(context.loop, 0); /* which is when it is freed */
}

int main(int argc, char **argv) {
  struct options options;
  static struct service service;
  static struct reporter reporter;
  char message[512];
  int fd;
  const int parsed = parse(&options, &reporter, argc, argv);
  if (parsed >= 0) {
    return parsed;
  }
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  if (!service_open(&service, options.keys, options.event, options.rate_per_s, options.burst, options.log, message,
                    sizeof message) ||
      !listen_on(options.listen, &fd, 1, message, sizeof message)) {
    fprintf(stderr, "waitq-backend: %s\n", message);
    service_close(&service);
    return EXIT_NOT_RUN;
  }
  printf("waitq-backend: listening on %s\n", message);
  fflush(stdout);
  reporter.service = &service;
  serve(fd, &service, &reporter);
  service_close(&service);
  return EXIT_WELL;
}
