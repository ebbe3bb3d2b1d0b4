/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_MACHINE_H
#define WAITQ_BENCH_MACHINE_H

/* What the benchmarks ask of the machine: its clock, its processors, its memory. */

#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t bench_now_ns(void);

/* How many processors this process may run on. */
unsigned bench_cpus(void);

/* Ties the calling thread to the index-th processor it may run on; does nothing where the system refuses. */
void bench_pin(unsigned index);

/* Lets the calling thread, and those that it starts, run on all of them again. */
void bench_unpin(void);

/* How often the kernel has taken the processor away from the calling thread for another one. */
int64_t bench_preemptions(void);

/* Processor time in seconds since some moment: of all that runs on the machine, and of this process and those that it
 * has started and waited for. The virtual machine's neighbours count as others. */
double bench_busy_s(void);
double bench_own_s(void);

/* Memory that malloc has handed out and not got back, and the resident set, both in bytes. */
struct bench_memory {
  size_t heap;
  size_t resident;
};

/* Gives free memory back to the system first, so that what follows shows in the resident set. */
struct bench_memory bench_memory_now(void);

/* malloc of whole cache lines, touched, or the end of the process. */
void *bench_alloc(size_t bytes);

/* Prints processor, kernel and load. */
void bench_print_machine(void);

/* Says on stderr what has gone wrong; the process goes on, and ends as one that has failed. */
void bench_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
int bench_has_complained(void);

/* Ends the process with a sentence on stderr. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
