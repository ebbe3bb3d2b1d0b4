/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#define _POSIX_C_SOURCE 200809L

#include "view.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gauge.h"
#include "report.h"
#include "screen.h"

#define TERMINAL_INTERVAL_NS (100 * NS_PER_MS)
#define LINES_INTERVAL_NS NS_PER_S

/* For the signal handler, which can be told nothing else. */
static atomic_bool *stop_on_interrupt;
static volatile sig_atomic_t cursor_is_hidden;

static void handle_interrupt(int signal_number) {
  (void)signal_number;
  if (cursor_is_hidden) {
    cursor_is_hidden = 0;
    /* What could be done about a terminal that cannot be written to? */
    ssize_t written = write(STDOUT_FILENO, SCREEN_SHOW_CURSOR, strlen(SCREEN_SHOW_CURSOR));
    (void)written;
  }
  atomic_store(stop_on_interrupt, true);
}

static void set_handler(void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

enum view_kind view_kind_for(const struct options *options) {
  const char *terminal = getenv("TERM");
  if (options->json) {
    return VIEW_NONE;
  }
  if (options->plain || !isatty(STDOUT_FILENO) || terminal == NULL || strcmp(terminal, "dumb") == 0) {
    return VIEW_LINES;
  }
  return VIEW_TERMINAL;
}

static void print_line(const struct run *run, const struct gauge *gauge) {
  char numbers[5][32];
  if (run->options->trace != NULL) {
    const int minutes = (int)(gauge->now_ns / NS_PER_S / 60 % (24 * 60));
    printf("%02d:%02d", minutes / 60, minutes % 60);
  } else {
    printf("%4.0f s", (double)(gauge->now_ns - run->start_ns) / 1e9);
  }
  printf("  joined %s (%s/s)  waiting %s  polls %s/s  admitted %s (%.0f/s)  poll p50 %.2f us p99 %.2f us",
         report_count(numbers[0], gauge->joined), report_count(numbers[1], (uint64_t)(gauge->joins_per_s + 0.5)),
         report_count(numbers[2], gauge->waiting), report_count(numbers[3], (uint64_t)(gauge->polls_per_s + 0.5)),
         report_count(numbers[4], gauge->admitted), gauge->admitted_per_s, gauge->poll_p50_us, gauge->poll_p99_us);
  const struct watched *watched = &gauge->watched;
  if (watched->visitor != WATCH_NOBODY && !watched->entered && !watched->gone) {
    printf("  visitor %s: position %s, %.1f s (%.1f to %.1f)",
           report_count(numbers[0], (uint64_t)watched->visitor * run->worker_count + 1),
           report_count(numbers[1], watched->position), (double)watched->eta_ms / 1e3, (double)watched->low_ms / 1e3,
           (double)watched->high_ms / 1e3);
  }
  putchar('\n');
  fflush(stdout);
}

/* Sleeps until the next picture is due, or the workers have ended. */
static void sleep_until_due(const struct run *run, int64_t at_ns) {
  while (atomic_load(&run->running) > 0 && clock_now_ns() < at_ns) {
    const int64_t soon_ns = clock_now_ns() + 20 * NS_PER_MS;
    clock_sleep_until_ns(soon_ns < at_ns ? soon_ns : at_ns);
  }
}

static void show_lines(struct run *run) {
  struct gauge_past past = {.over = 1};
  for (int64_t due_ns = run->real_start_ns + LINES_INTERVAL_NS;; due_ns += LINES_INTERVAL_NS) {
    sleep_until_due(run, due_ns);
    if (atomic_load(&run->running) == 0) {
      return;
    }
    const struct gauge gauge = gauge_read(run, &past);
    print_line(run, &gauge);
  }
}

static void show_screen(struct run *run) {
  struct gauge_past past = {.over = 10};
  struct screen screen;
  screen_init(&screen, run);
  fputs(SCREEN_HIDE_CURSOR, stdout);
  cursor_is_hidden = 1;
  for (int64_t due_ns = run->real_start_ns; atomic_load(&run->running) > 0; due_ns += TERMINAL_INTERVAL_NS) {
    sleep_until_due(run, due_ns);
    const struct gauge gauge = gauge_read(run, &past);
    screen_draw(&screen, &gauge);
  }
  cursor_is_hidden = 0;
  fputs(SCREEN_SHOW_CURSOR, stdout);
  fflush(stdout);
}

void view_show(struct run *run, enum view_kind kind) {
  stop_on_interrupt = &run->stop;
  set_handler(handle_interrupt, (int)SA_RESETHAND);
  if (kind == VIEW_TERMINAL) {
    show_screen(run);
  } else if (kind == VIEW_LINES) {
    show_lines(run);
  }
  run_wait(run);
  set_handler(SIG_DFL, 0);
}
