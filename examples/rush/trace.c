/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADING "minute_utc,requests"

/* A month of minutes. */
#define MOST_MINUTES (31 * 24 * 60)

/* Days since 1970-01-01 in the Gregorian calendar; the year is counted from March, so that leap days come last. */
static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = year / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/* Reads one to so many digits and the character after them; -1 where there is something else. */
static int64_t take_number(const char **text, int most_digits, char after) {
  int64_t number = 0;
  int digits = 0;
  for (; digits < most_digits && **text >= '0' && **text <= '9'; digits++) {
    number = number * 10 + (*(*text)++ - '0');
  }
  if (digits == 0 || **text != after) {
    return -1;
  }
  *text += after != '\0';
  return number;
}

static bool is_between(int64_t number, int64_t low, int64_t high) {
  return number >= low && number <= high;
}

/* "1998-06-30T00:00,17613"; 0 or -1. */
static int read_line(const char *line, int64_t *at_s, uint32_t *requests) {
  const int64_t year = take_number(&line, 4, '-');
  const int64_t month = take_number(&line, 2, '-');
  const int64_t day = take_number(&line, 2, 'T');
  const int64_t hour = take_number(&line, 2, ':');
  const int64_t minute = take_number(&line, 2, ',');
  const int64_t number = take_number(&line, 9, '\0');
  if (!is_between(year, 1970, 9999) || !is_between(month, 1, 12) || !is_between(day, 1, 31) ||
      !is_between(hour, 0, 23) || !is_between(minute, 0, 59) || number < 0) {
    return -1;
  }
  *at_s = days_since_epoch(year, month, day) * 86400 + hour * 3600 + minute * 60;
  *requests = (uint32_t)number;
  return 0;
}

static int add_minute(struct trace *trace, int64_t at_s, uint32_t requests) {
  if (trace->minutes == 0) {
    trace->start_s = at_s;
  }
  if (trace->minutes == MOST_MINUTES || at_s != trace->start_s + (int64_t)trace->minutes * 60) {
    return -1;
  }
  trace->requests[trace->minutes++] = requests;
  trace->peak = requests > trace->peak ? requests : trace->peak;
  trace->total += requests;
  return 0;
}

static int read_all(struct trace *trace, FILE *file, const char *path, char *message, size_t size) {
  char line[128];
  for (unsigned number = 1; fgets(line, sizeof line, file) != NULL; number++) {
    line[strcspn(line, "\r\n")] = '\0';
    int64_t at_s = 0;
    uint32_t requests = 0;
    if (number == 1) {
      if (strcmp(line, HEADING) != 0) {
        snprintf(message, size, "%s:1: the first line is not \"" HEADING "\"", path);
        return -1;
      }
    } else if (read_line(line, &at_s, &requests) != 0) {
      snprintf(message, size, "%s:%u: not a line like 1998-06-30T00:00,17613", path, number);
      return -1;
    } else if (add_minute(trace, at_s, requests) != 0) {
      snprintf(message, size, "%s:%u: not the minute after the line before, or more than 31 days", path, number);
      return -1;
    }
  }
  if (trace->peak == 0) {
    snprintf(message, size, "%s: nobody arrives", path);
    return -1;
  }
  return 0;
}

int trace_read(struct trace *trace, const char *path, char *message, size_t size) {
  *trace = (struct trace){0};
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    snprintf(message, size, "%s: %s", path, strerror(errno));
    return -1;
  }
  trace->requests = malloc(MOST_MINUTES * sizeof *trace->requests);
  int result = -1;
  if (trace->requests == NULL) {
    snprintf(message, size, "%s: out of memory", path);
  } else {
    result = read_all(trace, file, path, message, size);
  }
  fclose(file);
  if (result != 0) {
    trace_free(trace);
  }
  return result;
}

void trace_free(struct trace *trace) {
  free(trace->requests);
  trace->requests = NULL;
}
