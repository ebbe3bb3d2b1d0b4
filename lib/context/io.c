/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "context/io.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"

#define LONGEST_SLEEP_US 1000000

void waitq__io_init(struct waitq__io *io) {
  *io = (struct waitq__io){.wake_fd = -1};
  pthread_mutex_init(&io->lock, NULL);
  pthread_cond_init(&io->idle, NULL);
}

static void wake(struct waitq__io *io) {
  if (io->is_asleep) {
    const uint64_t one = 1;
    ssize_t written = write(io->wake_fd, &one, sizeof one);
    (void)written;
    io->is_asleep = 0;
  }
}

/* Works at one thing, without the lock. */
static void work_at(struct waitq__io *io, struct waitq__io_work *work, int64_t now_us) {
  int is_wanted = work->is_wanted;
  int is_due = work->due_us <= now_us;
  work->is_wanted = 0;
  io->current = work;
  pthread_mutex_unlock(&io->lock);
  if (is_wanted) {
    work->serve(work->owner);
  }
  int64_t due_us = is_due ? work->tend(work->owner) : work->due_us;
  waitq__lock(&io->lock);
  work->due_us = due_us;
  io->current = NULL;
  pthread_cond_broadcast(&io->idle);
}

/* Works at all that is due; returns when the next will be. */
static int64_t work_at_all(struct waitq__io *io) {
  int64_t next_us = INT64_MAX;
  int64_t now_us = waitq__monotonic_us();
  io->cursor = io->works;
  while (io->cursor != NULL && !io->is_stopping) {
    struct waitq__io_work *work = io->cursor;
    io->cursor = work->next;
    if (work->is_wanted || work->due_us <= now_us) {
      work_at(io, work, now_us);
      /* It may have been removed meanwhile: then it is not looked at again, and the next round finds out when what is left is due. */
      next_us = now_us;
    } else if (work->due_us < next_us) {
      next_us = work->due_us;
    }
  }
  return next_us;
}

static void sleep_until(struct waitq__io *io, int64_t until_us) {
  int64_t sleep_us = until_us - waitq__monotonic_us();
  if (sleep_us <= 0) {
    return;
  }
  sleep_us = sleep_us < LONGEST_SLEEP_US ? sleep_us : LONGEST_SLEEP_US;
  io->is_asleep = 1;
  pthread_mutex_unlock(&io->lock);
  struct pollfd fd = {io->wake_fd, POLLIN, 0};
  /* Rounded up: a moment too early would be a turn in vain. */
  if (poll(&fd, 1, (int)((sleep_us + 999) / 1000)) > 0) {
    uint64_t count;
    ssize_t got = read(io->wake_fd, &count, sizeof count);
    (void)got;
  }
  waitq__lock(&io->lock);
  io->is_asleep = 0;
}

static void *run(void *argument) {
  struct waitq__io *io = argument;
  waitq__lock(&io->lock);
  while (!io->is_stopping) {
    sleep_until(io, work_at_all(io));
  }
  pthread_mutex_unlock(&io->lock);
  return NULL;
}

/* The host's signals are for the host's threads. */
static int start(struct waitq__io *io) {
  sigset_t all;
  sigset_t before;
  io->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (io->wake_fd < 0) {
    return -1;
  }
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  io->is_running = pthread_create(&io->thread, NULL, run, io) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!io->is_running) {
    close(io->wake_fd);
    io->wake_fd = -1;
  }
  return io->is_running ? 0 : -1;
}

int waitq__io_add(struct waitq__io *io, struct waitq__io_work *work, waitq_error *error) {
  waitq__lock(&io->lock);
  if (!io->is_running && start(io) != 0) {
    pthread_mutex_unlock(&io->lock);
    return waitq__fail(error, WAITQ_E_NOMEM, "no thread can be started");
  }
  work->due_us = 0;
  work->next = io->works;
  io->works = work;
  wake(io);
  pthread_mutex_unlock(&io->lock);
  return WAITQ_OK;
}

void waitq__io_remove(struct waitq__io *io, struct waitq__io_work *work) {
  waitq__lock(&io->lock);
  while (io->current == work) {
    pthread_cond_wait(&io->idle, &io->lock);
  }
  for (struct waitq__io_work **at = &io->works; *at != NULL; at = &(*at)->next) {
    if (*at == work) {
      *at = work->next;
      break;
    }
  }
  if (io->cursor == work) {
    io->cursor = work->next;
  }
  pthread_mutex_unlock(&io->lock);
}

void waitq__io_serve(struct waitq__io *io, struct waitq__io_work *work) {
  waitq__lock(&io->lock);
  work->is_wanted = 1;
  wake(io);
  pthread_mutex_unlock(&io->lock);
}

int waitq__io_is_awaited(struct waitq__io *io, const struct waitq__io_work *but) {
  int64_t now_us = waitq__monotonic_us();
  int is_awaited = 0;
  waitq__lock(&io->lock);
  for (const struct waitq__io_work *work = io->works; work != NULL && !is_awaited; work = work->next) {
    is_awaited = work != but && (work->is_wanted || work->due_us <= now_us);
  }
  pthread_mutex_unlock(&io->lock);
  return is_awaited;
}

void waitq__io_stop(struct waitq__io *io) {
  waitq__lock(&io->lock);
  int was_running = io->is_running;
  io->is_stopping = 1;
  wake(io);
  pthread_mutex_unlock(&io->lock);
  if (was_running) {
    pthread_join(io->thread, NULL);
    close(io->wake_fd);
  }
  pthread_cond_destroy(&io->idle);
  pthread_mutex_destroy(&io->lock);
}
