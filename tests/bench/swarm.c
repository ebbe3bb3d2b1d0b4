/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "swarm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "machine.h"

#define EVENTS 64
#define SILENCE_MS 10000

struct caller {
  redisContext *connection;
  uint64_t number; /* of the operation that is under way */
  int64_t start_ns;
  unsigned step;
  unsigned expected; /* replies of the step */
  unsigned received;
  int is_good;
};

struct bench_swarm {
  int epoll;
  unsigned count;
  struct caller *callers;
};

struct run {
  const struct bench_sequence *sequence;
  struct bench_swarm_result *result;
  uint64_t next;
  uint64_t end;
  int64_t until_ns;
  unsigned busy;
};

redisContext *bench_connect(uint16_t port) {
  redisContext *connection = redisConnect("127.0.0.1", port);
  if (connection == NULL || connection->err != 0) {
    bench_die("no connection to port %u: %s", port, connection != NULL ? connection->errstr : "no memory");
  }
  return connection;
}

struct bench_swarm *bench_swarm_connect(uint16_t port, unsigned callers) {
  struct bench_swarm *swarm = bench_alloc(sizeof *swarm);
  swarm->epoll = epoll_create1(EPOLL_CLOEXEC);
  swarm->count = callers;
  swarm->callers = bench_alloc(callers * sizeof *swarm->callers);
  for (unsigned i = 0; i < callers; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = i}};
    redisContext *connection = bench_connect(port);
    connection->flags &= ~REDIS_BLOCK;
    if (fcntl(connection->fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(swarm->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0) {
      bench_die("cannot watch a connection");
    }
    swarm->callers[i].connection = connection;
  }
  return swarm;
}

void bench_swarm_close(struct bench_swarm *swarm) {
  for (unsigned i = 0; i < swarm->count; i++) {
    redisFree(swarm->callers[i].connection);
  }
  close(swarm->epoll);
  free(swarm->callers);
  free(swarm);
}

static void send_step(struct run *run, struct caller *caller) {
  int is_written = 0;
  caller->received = 0;
  caller->expected = run->sequence->ask(run->sequence->user, caller->connection, caller->number, caller->step);
  while (!is_written) {
    if (redisBufferWrite(caller->connection, &is_written) != REDIS_OK) {
      bench_die("cannot write to Redis: %s", caller->connection->errstr);
    }
  }
}

static void begin(struct run *run, struct caller *caller) {
  int64_t now_ns = bench_now_ns();
  if (run->next == run->end || now_ns >= run->until_ns) {
    return;
  }
  run->busy++;
  caller->number = run->next++;
  caller->start_ns = now_ns;
  caller->step = 0;
  caller->is_good = 1;
  send_step(run, caller);
}

static void finish(struct run *run, struct caller *caller) {
  run->busy--;
  run->result->ops++;
  run->result->good += (uint64_t)caller->is_good;
  bench_histogram_add(&run->result->latency, bench_now_ns() - caller->start_ns);
  begin(run, caller);
}

static void take(struct run *run, struct caller *caller) {
  void *reply = NULL;
  if (redisBufferRead(caller->connection) != REDIS_OK) {
    bench_die("cannot read from Redis: %s", caller->connection->errstr);
  }
  while (caller->received < caller->expected) {
    if (redisGetReplyFromReader(caller->connection, &reply) != REDIS_OK) {
      bench_die("cannot understand Redis: %s", caller->connection->errstr);
    }
    if (reply == NULL) {
      return;
    }
    caller->is_good &= run->sequence->is_good(run->sequence->user, caller->step, caller->received++, reply);
    freeReplyObject(reply);
  }
  if (++caller->step < run->sequence->steps) {
    send_step(run, caller);
  } else {
    finish(run, caller);
  }
}

void bench_swarm_run(struct bench_swarm *swarm, const struct bench_sequence *sequence, uint64_t first, uint64_t most,
                     int64_t lasts_ns, struct bench_swarm_result *result) {
  struct epoll_event events[EVENTS];
  memset(result, 0, sizeof *result);
  result->start_ns = bench_now_ns();
  struct run run = {sequence, result, first, first + most, result->start_ns + lasts_ns, 0};
  for (unsigned i = 0; i < swarm->count; i++) {
    begin(&run, &swarm->callers[i]);
  }
  while (run.busy > 0) {
    int count = epoll_wait(swarm->epoll, events, EVENTS, SILENCE_MS);
    if (count == 0 || (count < 0 && errno != EINTR)) {
      bench_die("Redis does not answer");
    }
    for (int i = 0; i < count; i++) {
      take(&run, &swarm->callers[events[i].data.u32]);
    }
  }
  result->end_ns = bench_now_ns();
}
