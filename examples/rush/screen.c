/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#define _POSIX_C_SOURCE 200809L

#include "screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define COUNT(number) report_count((char[32]){0}, (uint64_t)(number))

/* One picture, written at once so that it does not flicker. */
struct frame {
  const struct screen *screen;
  char text[16384];
  size_t length;
  uint32_t lines;
};

enum style { PLAIN, DIM, BOLD, GREEN, CYAN, YELLOW };

static void add(struct frame *frame, enum style style, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(struct frame *frame, const char *text) {
  size_t length = strlen(text);
  if (frame->length + length < sizeof frame->text) {
    memcpy(frame->text + frame->length, text, length + 1);
    frame->length += length;
  }
}

static void add(struct frame *frame, enum style style, const char *format, ...) {
  static const char *const codes[] = {"", "\033[2m", "\033[1m", "\033[32m", "\033[36m", "\033[33m"};
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const bool styled = style != PLAIN && frame->screen->color;
  append(frame, styled ? codes[style] : "");
  append(frame, text);
  append(frame, styled ? "\033[0m" : "");
}

static void end_line(struct frame *frame) {
  append(frame, "\033[K\n");
  frame->lines++;
}

static bool speaks_utf8(void) {
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *value = getenv(names[i]);
    if (value != NULL && *value != '\0') {
      return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL;
    }
  }
  return false;
}

void screen_init(struct screen *screen, const struct run *run) {
  const char *no_color = getenv("NO_COLOR");
  *screen = (struct screen){.run = run, .color = no_color == NULL || *no_color == '\0', .utf8 = speaks_utf8()};
}

static double progress(const struct run *run, int64_t now_ns) {
  return (double)(now_ns - run->start_ns) / (double)(run->end_ns - run->start_ns);
}

static void add_title(struct frame *frame, const struct gauge *gauge) {
  const struct run *run = frame->screen->run;
  const char *dot = frame->screen->utf8 ? "\u00b7" : "-";
  add(frame, BOLD, " rush");
  add(frame, DIM, "  rate %.10g/s %s burst %s %s ", run->options->rate, dot, COUNT(run->options->burst), dot);
  if (run->options->trace != NULL) {
    const int64_t minutes = gauge->now_ns / NS_PER_S / 60 % (24 * 60);
    const char *name = strrchr(run->options->trace, '/');
    add(frame, DIM, "%s %s ", name != NULL ? name + 1 : run->options->trace, dot);
    add(frame, BOLD, "%02d:%02d UTC", (int)(minutes / 60), (int)(minutes % 60));
  } else {
    add(frame, DIM, "%" PRIu32 " thread%s %s %s %s ", run->worker_count, run->worker_count == 1 ? "" : "s", dot,
        run->options->store, dot);
    add(frame, BOLD, "%.1f", (double)(gauge->now_ns - run->start_ns) / 1e9);
    add(frame, DIM, " of %.10g s", run->options->seconds);
  }
  end_line(frame);
}

static void add_repeated(struct frame *frame, enum style style, const char *glyph, uint32_t times) {
  char text[SCREEN_COLUMNS * 4 + 1] = "";
  size_t length = 0;
  for (uint32_t i = 0; i < times; i++) {
    const size_t glyph_length = strlen(glyph);
    memcpy(text + length, glyph, glyph_length + 1);
    length += glyph_length;
  }
  add(frame, style, "%s", text);
}

static void add_bar(struct frame *frame, double share) {
  const uint32_t full = (uint32_t)(share * SCREEN_COLUMNS + 0.5);
  const bool utf8 = frame->screen->utf8;
  add(frame, PLAIN, " ");
  add_repeated(frame, CYAN, utf8 ? "\u2588" : "#", full);
  add_repeated(frame, DIM, utf8 ? "\u2591" : ".", SCREEN_COLUMNS - full);
  end_line(frame);
}

/* How many waited, over the run so far. */
static void add_curve(struct frame *frame) {
  static const char *const blocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                       "\u2585", "\u2586", "\u2587", "\u2588"};
  static const char *const letters[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};
  const struct screen *screen = frame->screen;
  uint64_t most = 1;
  for (uint32_t i = 0; i < screen->columns_seen; i++) {
    most = screen->waiting[i] > most ? screen->waiting[i] : most;
  }
  char text[SCREEN_COLUMNS * 4 + 1] = "";
  size_t length = 0;
  for (uint32_t i = 0; i < screen->columns_seen; i++) {
    const uint64_t height = (screen->waiting[i] * 8 + most - 1) / most;
    length += (size_t)snprintf(text + length, sizeof text - length, "%s", (screen->utf8 ? blocks : letters)[height]);
  }
  add(frame, YELLOW, " %s", text);
  end_line(frame);
}

static void add_numbers(struct frame *frame, const struct gauge *gauge) {
  const struct {
    const char *name;
    uint64_t count;
    double per_s;
    double p50_us, p99_us;
  } rows[] = {{"joined", gauge->joined, gauge->joins_per_s, gauge->join_p50_us, gauge->join_p99_us},
              {"polls", gauge->polls, gauge->polls_per_s, gauge->poll_p50_us, gauge->poll_p99_us}};
  for (size_t i = 0; i < 2; i++) {
    add(frame, DIM, "  %-9s", rows[i].name);
    add(frame, BOLD, "%12s", COUNT(rows[i].count));
    add(frame, PLAIN, "%11s/s", COUNT(rows[i].per_s + 0.5));
    add(frame, DIM, "     median ");
    add(frame, PLAIN, "%6.2f us", rows[i].p50_us);
    add(frame, DIM, "   99 %% ");
    add(frame, PLAIN, "%6.2f us", rows[i].p99_us);
    end_line(frame);
  }
  add(frame, DIM, "  %-9s", "admitted");
  add(frame, GREEN, "%12s%11s/s", COUNT(gauge->admitted), COUNT(gauge->admitted_per_s + 0.5));
  end_line(frame);
  add(frame, DIM, "  %-9s", "left");
  add(frame, PLAIN, "%12s", COUNT(gauge->left));
  end_line(frame);
  add(frame, DIM, "  %-9s", "waiting");
  add(frame, YELLOW, "%12s", COUNT(gauge->waiting));
  end_line(frame);
}

static void add_watched(struct frame *frame, const struct run *run, const struct watched *watched) {
  if (watched->visitor == WATCH_NOBODY) {
    add(frame, DIM, "  no visitor is watched yet");
    end_line(frame);
    return;
  }
  /* The watched one is of the first worker's crowd. */
  add(frame, BOLD, "  visitor %s", COUNT((uint64_t)watched->visitor * run->worker_count + 1));
  if (watched->entered) {
    add(frame, GREEN, "  entered after %.1f s", (double)(watched->turn_ns - watched->first_at_ns) / 1e9);
    add(frame, DIM, "  (was told: %.1f s)", (double)watched->first_eta_ms / 1e3);
  } else if (watched->gone) {
    add(frame, PLAIN, "  lost patience at position %s", COUNT(watched->position));
  } else if (watched->eta_ms >= 0) {
    add(frame, PLAIN, "  position %s", COUNT(watched->position));
    add(frame, CYAN, "  about %.1f s", (double)watched->eta_ms / 1e3);
    add(frame, DIM, "  (%.1f to %.1f s)", (double)watched->low_ms / 1e3, (double)watched->high_ms / 1e3);
  } else {
    add(frame, PLAIN, "  position %s, no estimate", COUNT(watched->position));
  }
  end_line(frame);
}

static void remember_waiting(struct screen *screen, double share, uint64_t waiting) {
  uint32_t column = (uint32_t)(share * SCREEN_COLUMNS);
  column = column < SCREEN_COLUMNS ? column : SCREEN_COLUMNS - 1;
  /* Columns that passed between two pictures are filled in. */
  while (screen->columns_seen <= column) {
    screen->waiting[screen->columns_seen++] = waiting;
  }
  screen->waiting[column] = waiting > screen->waiting[column] ? waiting : screen->waiting[column];
}

void screen_draw(struct screen *screen, const struct gauge *gauge) {
  const double share = progress(screen->run, gauge->now_ns);
  struct frame frame = {.screen = screen};
  remember_waiting(screen, share, gauge->waiting);
  if (screen->lines > 0) {
    add(&frame, PLAIN, "\r\033[%" PRIu32 "A", screen->lines);
  }
  add_title(&frame, gauge);
  add_bar(&frame, share);
  add_curve(&frame);
  add_numbers(&frame, gauge);
  add_watched(&frame, screen->run, &gauge->watched);
  screen->lines = frame.lines;
  fwrite(frame.text, 1, frame.length, stdout);
  fflush(stdout);
}
