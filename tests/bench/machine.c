/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "machine.h"

#include <malloc.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define CACHE_LINE 64

int64_t bench_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The processors that the process was started with: a pinned thread would see only its own. */
static const cpu_set_t *allowed_cpus(void) {
  static cpu_set_t set;
  static int known;
  if (!known) {
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) == 0) {
      CPU_SET(0, &set);
    }
    known = 1;
  }
  return &set;
}

unsigned bench_cpus(void) {
  return (unsigned)CPU_COUNT(allowed_cpus());
}

void bench_pin(unsigned index) {
  const cpu_set_t *all = allowed_cpus();
  unsigned seen = 0;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, all) && seen++ == index) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      (void)sched_setaffinity(0, sizeof one, &one);
      return;
    }
  }
}

void bench_unpin(void) {
  (void)sched_setaffinity(0, sizeof(cpu_set_t), allowed_cpus());
}

int64_t bench_preemptions(void) {
  struct rusage usage;
  return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

/* user, nice, system, idle, iowait, irq, softirq, steal */
double bench_busy_s(void) {
  unsigned long long ticks[8] = {0};
  FILE *file = fopen("/proc/stat", "r");
  if (file == NULL || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1], &ticks[2],
                             &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) != 8) {
    bench_die("cannot read /proc/stat");
  }
  fclose(file);
  unsigned long long busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
  return (double)busy / (double)sysconf(_SC_CLK_TCK);
}

static double seconds(const struct timeval *time) {
  return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

double bench_own_s(void) {
  struct rusage self;
  struct rusage children;
  if (getrusage(RUSAGE_SELF, &self) != 0 || getrusage(RUSAGE_CHILDREN, &children) != 0) {
    bench_die("cannot read the processor time");
  }
  return seconds(&self.ru_utime) + seconds(&self.ru_stime) + seconds(&children.ru_utime) + seconds(&children.ru_stime);
}

static size_t resident_bytes(void) {
  unsigned long total = 0;
  unsigned long resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%lu %lu", &total, &resident) != 2) {
    bench_die("cannot read /proc/self/statm");
  }
  fclose(file);
  return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

struct bench_memory bench_memory_now(void) {
  malloc_trim(0);
  struct mallinfo2 info = mallinfo2();
  return (struct bench_memory){info.uordblks + info.hblkhd, resident_bytes()};
}

void *bench_alloc(size_t bytes) {
  size_t rounded = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
  void *memory = aligned_alloc(CACHE_LINE, rounded);
  if (memory == NULL) {
    bench_die("no memory for %zu bytes", bytes);
  }
  memset(memory, 0, rounded);
  return memory;
}

static void print_cpu_model(void) {
  char line[256];
  FILE *file = fopen("/proc/cpuinfo", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "model name", 10) == 0 && strchr(line, ':') != NULL) {
      printf("cpu      %s", strchr(line, ':') + 2);
      break;
    }
  }
  if (file != NULL) {
    fclose(file);
  }
}

void bench_print_machine(void) {
  struct utsname system;
  double load[3] = {0, 0, 0};
  print_cpu_model();
  printf("cpus     %u\n", bench_cpus());
  if (uname(&system) == 0) {
    printf("kernel   %s %s %s\n", system.sysname, system.release, system.machine);
  }
  if (getloadavg(load, 3) == 3) {
    printf("load     %.2f %.2f %.2f (before the run; others on the machine widen the figures)\n", load[0], load[1],
           load[2]);
  }
}

static int has_complained;

static void say(const char *format, va_list arguments) {
  fputs("bench: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
}

void bench_complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(format, arguments);
  va_end(arguments);
  has_complained = 1;
}

int bench_has_complained(void) {
  return has_complained;
}

void bench_die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(format, arguments);
  va_end(arguments);
  exit(1);
}
