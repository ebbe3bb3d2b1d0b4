/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The paragraph's lines break before this column. */
#define LINE_WIDTH 100

const char *report_count(char *buffer, uint64_t count) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
  char *out = buffer;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) {
      *out++ = ',';
    }
    *out++ = digits[i];
  }
  *out = '\0';
  return buffer;
}

/* Counts in one printf need a buffer each. */
#define COUNT(number) report_count((char[32]){0}, (uint64_t)(number))

void report_heading(const struct run *run) {
  const struct options *options = run->options;
  if (options->trace != NULL) {
    printf("rush: %s, up to %.10g joins/s; rate %.10g/s, burst %s; seed %.0f\n", options->trace, options->peak,
           options->rate, COUNT(options->burst), options->seed);
    return;
  }
  if (run->has_shared_store) {
    printf("rush: room %s\n", run->room_name);
  }
  printf("rush: %s visitors at %s/s, up to %s polls/s; rate %.10g/s, burst %s; %u thread%s, %.10g s, %s seed %.0f\n",
         COUNT(options->visitors), COUNT(options->join_rate), COUNT(options->poll_rate), options->rate,
         COUNT(options->burst), run->worker_count, run->worker_count == 1 ? "" : "s", options->seconds, options->store,
         options->seed);
}

/* A paragraph that is put together sentence by sentence. */
struct paragraph {
  char text[4096];
  size_t length;
};

static void say(struct paragraph *paragraph, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct paragraph *paragraph, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  size_t left = sizeof paragraph->text - paragraph->length;
  int written = vsnprintf(paragraph->text + paragraph->length, left, format, arguments);
  va_end(arguments);
  if (written > 0) {
    paragraph->length += (size_t)written < left ? (size_t)written : left - 1;
  }
}

static void print_wrapped(const struct paragraph *paragraph) {
  size_t column = 0;
  for (const char *word = paragraph->text; *word != '\0';) {
    size_t length = strcspn(word, " ");
    if (column > 0 && column + 1 + length > LINE_WIDTH) {
      putchar('\n');
      column = 0;
    }
    column += (size_t)printf("%s%.*s", column > 0 ? " " : "", (int)length, word);
    word += length + strspn(word + length, " ");
  }
  putchar('\n');
}

static void say_crowd(struct paragraph *paragraph, const struct verdict *verdict) {
  say(paragraph, "%s visitors joined, polled %s times, and %s were let in; %s lost patience and %s still wait. ",
      COUNT(verdict->joined), COUNT(verdict->polls), COUNT(verdict->admitted), COUNT(verdict->left),
      COUNT(verdict->waiting));
  if (verdict->paced > 0) {
    say(paragraph, "%s times a visitor came to the door with others and was asked to knock again in a moment. ",
        COUNT(verdict->paced));
  }
  if (verdict->held > 0) {
    say(paragraph, "%s times the store was away, and a visitor was asked to come again. ", COUNT(verdict->held));
  }
  if (verdict->lost + verdict->refused > 0) {
    say(paragraph, "%s tickets expired before their turn was used, and %s visitors got none. ", COUNT(verdict->lost),
        COUNT(verdict->refused));
  }
  if (verdict->retried + verdict->failed > 0) {
    say(paragraph, "%s calls failed and were repeated; %s failed for good. ", COUNT(verdict->retried),
        COUNT(verdict->failed));
  }
}

static void say_limit(struct paragraph *paragraph, const struct run *run, const struct verdict *verdict) {
  say(paragraph, "Limit %s: ", verdict->over_limit == 0 ? "kept" : "BROKEN");
  const char *separator = "the fullest";
  for (size_t w = 0; w < LIMIT_WINDOWS; w++) {
    const struct limit_window *window = &verdict->windows[w];
    if (window->length_ns > run->end_ns - run->start_ns) {
      continue;
    }
    say(paragraph, "%s %.10g s saw %s of %s allowed", separator, (double)window->length_ns / 1e9, COUNT(window->most),
        COUNT(window->allowed));
    if (window->violations > 0) {
      say(paragraph, " (%s windows saw too many)", COUNT(window->violations));
    }
    separator = ",";
  }
  say(paragraph, ". ");
  if (run->has_shared_store) {
    say(paragraph, "(By the store's clock, which gained up to %.1f ms on ours: so much longer are the windows.) ",
        (double)run->gained_ns / 1e6);
  }
}

static void say_estimates(struct paragraph *paragraph, const struct verdict *verdict) {
  const struct estimates *estimates = &verdict->estimates;
  if (estimates->samples == 0) {
    say(paragraph, "Nobody waited and got the turn, so the estimates cannot be judged. ");
    return;
  }
  say(paragraph,
      "Estimates: %.1f %% accurate over %s polls of visitors who got their turn; %.1f %% were within 10 %% or 5 s, and "
      "%.1f %% of the 90 %% intervals held the truth. (The record tells the moment of a turn to within %.0f ms.) ",
      estimates->acc, COUNT(estimates->samples), estimates->hit, estimates->cov90, estimates->uncertain_ms);
  if (verdict->samples_lost > 0) {
    say(paragraph, "%s later estimates were not recorded for want of room. ", COUNT(verdict->samples_lost));
  }
}

static void say_costs(struct paragraph *paragraph, const struct run *run, const struct verdict *verdict) {
  const bool is_submitting = run->has_shared_store || run->options->submit;
  say(paragraph, "A join took %.2f us%s (median; 99 %%: %.2f, 99.9 %%: %.2f)",
      histogram_quantile_us(&verdict->join_time, 0.5), is_submitting ? " until its answer was taken" : "",
      histogram_quantile_us(&verdict->join_time, 0.99), histogram_quantile_us(&verdict->join_time, 0.999));
  if (verdict->polls > 0) {
    say(paragraph, ", a poll %.2f us (99 %%: %.2f, 99.9 %%: %.2f)", histogram_quantile_us(&verdict->poll_time, 0.5),
        histogram_quantile_us(&verdict->poll_time, 0.99), histogram_quantile_us(&verdict->poll_time, 0.999));
  }
  say(paragraph, ". In %.1f s the process used %.2f s of CPU", verdict->real_s, verdict->cpu_s);
  if (is_submitting) {
    say(paragraph, ", the crowd itself included.");
  } else {
    say(paragraph,
        "; %.2f s passed in calls of the library, the reading of the clock around each call and any time the thread "
        "was "
        "kept waiting included; the rest is the crowd itself.",
        verdict->library_s);
  }
}

static void print_last_line(const struct verdict *verdict) {
  printf("rush: joined=%" PRIu64 " polls=%" PRIu64 " admitted=%" PRIu64 " over_limit=%" PRIu64
         " order_violations=%" PRIu64,
         verdict->joined, verdict->polls, verdict->admitted, verdict->over_limit, verdict->order_violations);
  if (verdict->estimates.samples > 0) {
    printf(" eta_acc=%.1f", verdict->estimates.acc);
  } else {
    printf(" eta_acc=none");
  }
  printf(" join_p99_us=%.2f poll_p99_us=%.2f cpu_s=%.2f\n", histogram_quantile_us(&verdict->join_time, 0.99),
         histogram_quantile_us(&verdict->poll_time, 0.99), verdict->cpu_s);
}

void report_verdict(const struct run *run, const struct verdict *verdict) {
  struct paragraph paragraph = {.length = 0};
  say_crowd(&paragraph, verdict);
  say_limit(&paragraph, run, verdict);
  if (verdict->order_violations == 0) {
    say(&paragraph, "Order kept: nobody was overtaken, and no position rose. ");
  } else {
    say(&paragraph, "Order BROKEN %s times. ", COUNT(verdict->order_violations));
  }
  if (verdict->restored_rises > 0) {
    say(&paragraph, "The store had lost something: places were put back, and %s times a position rose for that. ",
        COUNT(verdict->restored_rises));
  }
  say_estimates(&paragraph, verdict);
  say_costs(&paragraph, run, verdict);
  putchar('\n');
  print_wrapped(&paragraph);
  putchar('\n');
  print_last_line(verdict);
}

static void print_json_times(const char *name, const struct histogram *times) {
  printf(",\n  \"%s_p50_us\": %.3f,\n  \"%s_p99_us\": %.3f,\n  \"%s_p999_us\": %.3f", name,
         histogram_quantile_us(times, 0.5), name, histogram_quantile_us(times, 0.99), name,
         histogram_quantile_us(times, 0.999));
}

static void print_json_count(const char *name, uint64_t count) {
  printf(",\n  \"%s\": %" PRIu64, name, count);
}

static void print_json_estimates(const struct estimates *estimates) {
  static const char *const names[] = {"eta_acc", "hit", "cov90"};
  const double values[] = {estimates->acc, estimates->hit, estimates->cov90};
  for (size_t i = 0; i < 3; i++) {
    if (estimates->samples > 0) {
      printf(",\n  \"%s\": %.2f", names[i], values[i]);
    } else {
      printf(",\n  \"%s\": null", names[i]);
    }
  }
  printf(",\n  \"eta_uncertain_ms\": %.1f", estimates->uncertain_ms);
  print_json_count("eta_samples", estimates->samples);
}

void report_json(const struct run *run, const struct verdict *verdict) {
  printf("{\n  \"joined\": %" PRIu64, verdict->joined);
  print_json_count("polls", verdict->polls);
  print_json_count("admitted", verdict->admitted);
  print_json_count("over_limit", verdict->over_limit);
  print_json_count("order_violations", verdict->order_violations);
  print_json_estimates(&verdict->estimates);
  print_json_times("join", &verdict->join_time);
  print_json_times("poll", &verdict->poll_time);
  print_json_times("enter", &verdict->enter_time);
  printf(",\n  \"cpu_s\": %.3f,\n  \"library_s\": %.3f,\n  \"real_s\": %.3f", verdict->cpu_s, verdict->library_s,
         verdict->real_s);
  print_json_count("left", verdict->left);
  print_json_count("waiting", verdict->waiting);
  print_json_count("paced", verdict->paced);
  print_json_count("held", verdict->held);
  print_json_count("restored_rises", verdict->restored_rises);
  print_json_count("lost", verdict->lost);
  print_json_count("refused", verdict->refused);
  print_json_count("retried", verdict->retried);
  print_json_count("failed", verdict->failed);
  printf(",\n  \"rate_per_s\": %.10g,\n  \"burst\": %.0f,\n  \"seed\": %.0f,\n  \"windows\": [", run->options->rate,
         run->options->burst, run->options->seed);
  for (size_t w = 0; w < LIMIT_WINDOWS; w++) {
    const struct limit_window *window = &verdict->windows[w];
    printf("%s\n    {\"ms\": %" PRId64 ", \"allowed\": %" PRIu64 ", \"most\": %" PRIu64 ", \"violations\": %" PRIu64
           "}",
           w > 0 ? "," : "", window->length_ns / NS_PER_MS, window->allowed, window->most, window->violations);
  }
  printf("\n  ]\n}\n");
}
