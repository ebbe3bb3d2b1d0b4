/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* rush: lets a crowd loose on a waiting room, and judges the room by what the crowd saw. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"
#include "report.h"
#include "run.h"
#include "verdict.h"
#include "view.h"

enum exit_status { EXIT_KEPT = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2, EXIT_NOT_RUN = 3 };

static int complain(const char *message) {
  fflush(stdout);
  fprintf(stderr, "rush: %s\n", message);
  return EXIT_NOT_RUN;
}

/* Says why the first of the calls that failed for good did so. */
static void explain_failures(const struct run *run) {
  for (uint32_t w = 0; w < run->worker_count; w++) {
    const struct crowd *crowd = &run->workers[w].crowd;
    if (crowd_count(&crowd->counters.failed) > 0) {
      complain(crowd->first_error.text);
      return;
    }
  }
}

static int judge(const struct run *run, struct verdict *verdict) {
  if (verdict_reach(verdict, run) != 0) {
    return complain("not enough memory for the verdict");
  }
  if (run->options->json) {
    report_json(run, verdict);
  } else {
    report_verdict(run, verdict);
  }
  if (verdict->failed > 0) {
    explain_failures(run);
  }
  if (!verdict_is_kept(verdict)) {
    return EXIT_BROKEN;
  }
  return verdict->failed > 0 || verdict->joined == 0 ? EXIT_NOT_RUN : EXIT_KEPT;
}

static int run_and_judge(struct run *run) {
  char message[512];
  const enum view_kind view = view_kind_for(run->options);
  if (view == VIEW_LINES) {
    report_heading(run);
  }
  if (run_start(run, message, sizeof message) != 0) {
    return complain(message);
  }
  view_show(run, view);
  struct verdict *verdict = malloc(sizeof *verdict);
  if (verdict == NULL) {
    return complain("not enough memory for the verdict");
  }
  int status = judge(run, verdict);
  free(verdict);
  return status;
}

int main(int argc, char **argv) {
  struct options options;
  const enum options_result parsed = options_parse(&options, argc, argv);
  if (parsed != OPTIONS_RUN) {
    return parsed == OPTIONS_HELP ? EXIT_KEPT : EXIT_USAGE;
  }
  static struct run run;
  char message[512];
  const int opened = run_open(&run, &options, message, sizeof message);
  int status = opened == 0 ? run_and_judge(&run) : complain(message);
  if (opened == -2) {
    status = EXIT_USAGE;
  }
  run_close(&run);
  return status;
}
