/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CONTEXT_IO_H
#define WAITQ_CONTEXT_IO_H

/* The thread of a context on a shared store. It does what is due when no caller is there to do it: it tends the rooms now and then, and
 * serves what was submitted. A context on a store in the process has none. */

#include <pthread.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>

/* Something that the thread looks after. */
struct waitq__io_work {
  struct waitq__io_work *next;
  /* Does what is due; returns the moment of the monotonic clock, in microseconds, by which it wants to be called again. */
  int64_t (*tend)(void *owner);
  /* Does what was submitted. */
  void (*serve)(void *owner);
  void *owner;
  int64_t due_us;
  int is_wanted; /* there is something to serve */
};

struct waitq__io {
  pthread_mutex_t lock;
  pthread_cond_t idle; /* the thread has let go of a piece of work */
  pthread_t thread;
  int is_running;
  int is_stopping;
  int is_asleep;
  int wake_fd;
  struct waitq__io_work *works;
  struct waitq__io_work *cursor;  /* the one to look at next */
  struct waitq__io_work *current; /* the one that is being worked at */
};

void waitq__io_init(struct waitq__io *io);

/* Stops the thread, if there is one. */
void waitq__io_stop(struct waitq__io *io);

/* Has the thread look after something from now on; starts it where it does not run. */
int waitq__io_add(struct waitq__io *io, struct waitq__io_work *work, waitq_error *error);

/* Has it not look after it any more; when this returns, it does not. */
void waitq__io_remove(struct waitq__io *io, struct waitq__io_work *work);

/* Has the thread serve what was submitted. */
void waitq__io_serve(struct waitq__io *io, struct waitq__io_work *work);

/* Whether something else than this waits for the thread. */
int waitq__io_is_awaited(struct waitq__io *io, const struct waitq__io_work *but);

#endif
