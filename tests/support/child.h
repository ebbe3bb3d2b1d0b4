/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_CHILD_H
#define WAITQ_TESTS_SUPPORT_CHILD_H

/* Programs that a test runs beside itself, and directories for their files.
 *
 * Neither outlives the test: at exit, also after a failed check, every program is killed by its pid and every directory
 * removed. Where the test is killed, the kernel kills its programs (PR_SET_PDEATHSIG), and the next test removes the
 * directories. The kernel takes the end of the thread that started a program for the end of the test: start programs from
 * the main thread, or from one that lives as long as they shall.
 *
 * What fails here ends the test program with a text; no function returns an error. A child of fork() may use what its
 * parent started, and does not end it. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Ends the test program, and tells why. */
_Noreturn void child_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds of the monotonic clock. */
int64_t child_now_ms(void);
void child_sleep_ms(int64_t ms);

/* Waits for a condition; 0 when it did not come within the time. */
int child_wait(int (*condition)(void *user), void *user, int64_t within_ms);

/* Starts a program; what it prints goes to a file. arguments[0] is looked up in PATH, the last one is NULL. */
pid_t child_start(const char *const *arguments, const char *output);
int child_is_running(pid_t pid);

/* Sends a signal that the program does not survive, and waits for its end. A pid of 0 is ignored. */
void child_end(pid_t pid, int with_signal);

/* Waits for the end of a program that ends by itself. 1 when it was a success; 0 when it was none, or did not come within the
 * time: then it is killed. */
int child_finish(pid_t pid, int64_t within_ms);

/* Runs a program to its end, which must be a success. */
void child_run(const char *const *arguments, const char *output);

/* A new directory; NUL-terminated, no longer than 63 bytes, so that a socket fits in. */
void child_directory(char *path, size_t size);
/* Removes what is in a directory, and the directory itself where that is asked for. */
void child_remove(const char *path, int itself);

/* A TCP port of 127.0.0.1 that nobody uses at the moment, outside of the range from which the kernel takes ports. */
uint16_t child_free_port(void);

#endif
