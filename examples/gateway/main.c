/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* waitq-gateway: a waiting room over HTTP. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway.h"

enum exit_status { EXIT_WELL = 0, EXIT_USAGE = 2, EXIT_NOT_RUN = 3 };

int main(int argc, char **argv) {
  static struct options options;
  static struct gateway gateway;
  char message[512];
  const enum options_result parsed = options_parse(&options, argc, argv);
  if (parsed != OPTIONS_RUN) {
    options_free(&options);
    return parsed == OPTIONS_HELP ? EXIT_WELL : EXIT_USAGE;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  signal(SIGPIPE, SIG_IGN);
  const bool is_open = gateway_open(&gateway, &options, message, sizeof message);
  if (is_open) {
    gateway_serve(&gateway);
  } else {
    fprintf(stderr, "waitq-gateway: %s\n", message);
  }
  gateway_close(&gateway);
  options_free(&options);
  return is_open ? EXIT_WELL : EXIT_NOT_RUN;
}
