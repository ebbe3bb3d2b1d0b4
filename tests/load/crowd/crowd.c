/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* crowd: visitors of a gateway, each of whom joins, polls when it is told to, enters when its turn has come, shows its
 * reservation to the backend, or loses patience and leaves. They share connections, as they would behind a balancer. One
 * thread.
 *
 *     crowd --port 8080 --backend 8090 --visitors 300000 --join-rate 30000 --connections 1000 --seconds 30
 *
 * Latencies are told twice: from the moment at which the request was sent, which is what the gateway took; and from the
 * moment at which the visitor wanted to ask, whether or not a connection was free then, and whether or not this program had
 * come to it, which is what visitors would notice. Where the second is much more than the first, the crowd is what was slow. */

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "histogram.h"
#include "link.h"
#include "visitors.h"

struct options {
  double port, backend, visitors, join_rate, connections, backend_connections, seconds, leave_percent, seed;
  const char *event;
};

struct tally {
  uint64_t asked, good, refused, errors, broken;
  struct histogram service; /* from being sent */
  struct histogram latency; /* from being wanted */
};

struct crowd {
  struct options options;
  struct visitors visitors;
  struct link *links; /* to the gateway, and then to the backend */
  uint32_t *whose;    /* visitor of a busy link */
  uint64_t *sent_ns;  /* when its request was sent */
  uint32_t *idle[2], idle_count[2];
  uint32_t link_count;
  uint32_t arrived;
  uint64_t rose; /* positions that rose */
  uint64_t last_status;
  uint64_t random;
  int epoll_fd;
  struct tally tallies[STEPS];
};

static const char *const step_names[STEPS] = {"join", "poll", "enter", "backend", "leave", "gone"};

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t next_random(struct crowd *crowd) { /* splitmix64 */
  uint64_t z = crowd->random += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

static int64_t number_after(const char *body, const char *name, int64_t fallback) {
  const char *at = strstr(body, name);
  return at == NULL ? fallback : strtoll(at + strlen(name), NULL, 10);
}

/* Copies a text member; false where there is none, or it does not fit. */
static bool text_after(const char *body, const char *name, char *out, size_t capacity) {
  const char *at = strstr(body, name);
  const char *end = at == NULL ? NULL : strchr(at + strlen(name), '"');
  if (end == NULL || (size_t)(end - at) - strlen(name) >= capacity) {
    return false;
  }
  at += strlen(name);
  memcpy(out, at, (size_t)(end - at));
  out[end - at] = '\0';
  return true;
}

static void write_request(struct crowd *crowd, struct link *link, uint32_t who) {
  const struct visitor *visitor = &crowd->visitors.all[who];
  char body[256];
  int length = 0;
  int body_length = 0;
  switch ((enum step)visitor->step) {
    case STEP_JOIN:
      body_length =
          snprintf(body, sizeof body, "{\"event_id\":\"%s\",\"user_id\":\"visitor-%u\"}", crowd->options.event, who);
      length =
          snprintf(link->out, sizeof link->out,
                   "POST /api/v1/queue/join HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", body_length, body);
      break;
    case STEP_POLL:
      length = snprintf(link->out, sizeof link->out, "GET /api/v1/queue/status?token=%s HTTP/1.1\r\nHost: a\r\n\r\n",
                        visitor->token);
      break;
    case STEP_ENTER:
      body_length = snprintf(body, sizeof body, "{\"waiting_token\":\"%s\"}", visitor->token);
      length =
          snprintf(link->out, sizeof link->out,
                   "POST /api/v1/queue/enter HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", body_length, body);
      break;
    case STEP_BACKEND:
      length = snprintf(link->out, sizeof link->out, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n",
                        visitor->pass);
      break;
    default:
      length = snprintf(link->out, sizeof link->out, "DELETE /api/v1/queue/leave?token=%s HTTP/1.1\r\nHost: a\r\n\r\n",
                        visitor->token);
  }
  link->out_length = (size_t)length;
}

static void go_on(struct crowd *crowd, uint32_t who, enum step step, int64_t ms) {
  crowd->visitors.all[who].step = (uint8_t)step;
  if (step != STEP_GONE) {
    visitors_wait(&crowd->visitors, who, now_ns(), ms);
  }
}

static void take_status(struct crowd *crowd, uint32_t who, const char *body) {
  struct visitor *visitor = &crowd->visitors.all[who];
  const uint64_t position = (uint64_t)number_after(body, "\"position\":", 0);
  if (strstr(body, "\"ready_for_entry\":true") != NULL) {
    go_on(crowd, who, STEP_ENTER, 0);
    return;
  }
  if (position == 0) {
    go_on(crowd, who, STEP_GONE, 0);
    return;
  }
  crowd->rose += visitor->last_position > 0 && position > visitor->last_position;
  visitor->last_position = position;
  if (visitor->polls_left != 255 && visitor->polls_left-- == 0) {
    go_on(crowd, who, STEP_LEAVE, 0);
  } else {
    go_on(crowd, who, STEP_POLL, number_after(body, "\"next_poll_ms\":", 1000));
  }
}

static void take_reply(struct crowd *crowd, uint32_t who, int status, const char *body) {
  struct visitor *visitor = &crowd->visitors.all[who];
  struct tally *tally = &crowd->tallies[visitor->step];
  char pass[512];
  const enum step step = (enum step)visitor->step;
  if (status >= 200 && status < 300) {
    tally->good++;
  } else if (status == 403 || status == 503 || status == 404) {
    tally->refused++;
  } else {
    tally->errors++;
  }
  if (step == STEP_JOIN && status == 202) {
    text_after(body, "\"waiting_token\":\"", visitor->token, sizeof visitor->token);
    go_on(crowd, who, STEP_POLL, 1000);
  } else if (step == STEP_POLL && status == 200) {
    take_status(crowd, who, body);
  } else if (step == STEP_ENTER && status == 200 && text_after(body, "\"reservation_token\":\"", pass, sizeof pass)) {
    visitor->pass = strdup(pass);
    go_on(crowd, who, crowd->options.backend > 0 ? STEP_BACKEND : STEP_GONE, 0);
  } else if (step == STEP_ENTER && status == 403) {
    go_on(crowd, who, STEP_ENTER, number_after(body, "\"retry_after_ms\":", 200));
  } else if (status >= 500 && step != STEP_BACKEND) {
    go_on(crowd, who, step, number_after(body, "\"retry_after_ms\":", 1000));
  } else {
    go_on(crowd, who, STEP_GONE, 0);
  }
}

static void make_idle(struct crowd *crowd, uint32_t number) {
  const int list = number >= (uint32_t)crowd->options.connections;
  crowd->idle[list][crowd->idle_count[list]++] = number;
}

static void on_ready(struct crowd *crowd, struct link *link) {
  const uint32_t number = (uint32_t)(link - crowd->links);
  int status = 0;
  const char *body = NULL;
  if (!link->is_busy) {
    int none;
    const char *nothing;
    if (link_go_on(link, &none, &nothing) == LINK_BROKEN) {
      link_close(link); /* an idle connection that the other side has closed */
    }
    return;
  }
  const uint32_t who = crowd->whose[number];
  struct visitor *visitor = &crowd->visitors.all[who];
  struct tally *tally = &crowd->tallies[visitor->step];
  const enum link_result result = link_go_on(link, &status, &body);
  if (result == LINK_AGAIN) {
    return;
  }
  if (result == LINK_BROKEN) {
    tally->broken++;
    link_close(link);
    go_on(crowd, who, (enum step)visitor->step, 100);
  } else {
    const uint64_t now = now_ns();
    histogram_add(&tally->service, (int64_t)(now - crowd->sent_ns[number]));
    histogram_add(&tally->latency, (int64_t)(now - visitor->due_ns));
    take_reply(crowd, who, status, body);
  }
  make_idle(crowd, number);
}

static void ask_those_who_are_due(struct crowd *crowd) {
  for (int list = 0; list < 2; list++) {
    while (crowd->idle_count[list] > 0) {
      const uint32_t who = visitors_take(&crowd->visitors, list == 1);
      if (who == NOBODY) {
        break;
      }
      const uint32_t number = crowd->idle[list][--crowd->idle_count[list]];
      struct link *link = &crowd->links[number];
      struct tally *tally = &crowd->tallies[crowd->visitors.all[who].step];
      write_request(crowd, link, who);
      crowd->whose[number] = who;
      crowd->sent_ns[number] = now_ns();
      tally->asked++;
      if (!link_send(link, crowd->epoll_fd)) {
        tally->broken++;
        link_close(link);
        visitors_wait(&crowd->visitors, who, now_ns(), 100);
        make_idle(crowd, number);
        break;
      }
    }
  }
}

static void let_arrive(struct crowd *crowd, uint64_t began_ns) {
  const uint64_t now = now_ns();
  const double due = crowd->options.join_rate * (double)(now - began_ns) / 1e9;
  while (crowd->arrived < crowd->visitors.count && crowd->arrived < due) {
    struct visitor *visitor = &crowd->visitors.all[crowd->arrived];
    const int leaves = (double)(next_random(crowd) % 10000) < crowd->options.leave_percent * 100;
    visitor->polls_left = leaves ? (uint8_t)(next_random(crowd) % 4) : 255;
    visitor->due_ns = began_ns + (uint64_t)((double)crowd->arrived / crowd->options.join_rate * 1e9);
    visitor->step = STEP_JOIN;
    visitors_put(&crowd->visitors, crowd->arrived++);
  }
}

static uint64_t replies(const struct crowd *crowd) {
  uint64_t sum = 0;
  for (int step = 0; step < STEP_GONE; step++) {
    sum += step == STEP_BACKEND ? 0 : histogram_count(&crowd->tallies[step].latency);
  }
  return sum;
}

static double run(struct crowd *crowd, uint64_t *busiest_second) {
  struct epoll_event events[512];
  const uint64_t began_ns = now_ns();
  const uint64_t end_ns = began_ns + (uint64_t)(crowd->options.seconds * 1e9);
  uint64_t second_end = began_ns + 1000000000;
  uint64_t counted = 0;
  uint64_t now = began_ns;
  while (now < end_ns) {
    let_arrive(crowd, began_ns);
    visitors_turn(&crowd->visitors, now_ns());
    ask_those_who_are_due(crowd);
    const int count = epoll_wait(crowd->epoll_fd, events, 512, 1);
    for (int i = 0; i < count; i++) {
      on_ready(crowd, events[i].data.ptr);
    }
    now = now_ns();
    if (now >= second_end) {
      const uint64_t all = replies(crowd);
      *busiest_second = all - counted > *busiest_second ? all - counted : *busiest_second;
      counted = all;
      second_end = now + 1000000000;
    }
  }
  return (double)(now - began_ns) / 1e9;
}

static void print_quantiles(const struct histogram *service, const struct histogram *latency) {
  const struct histogram *const both[] = {service, latency};
  for (int i = 0; i < 2; i++) {
    printf(" | %9.2f %9.2f %9.2f", histogram_quantile_us(both[i], 0.5) / 1e3,
           histogram_quantile_us(both[i], 0.95) / 1e3, histogram_quantile_us(both[i], 0.99) / 1e3);
  }
  printf("\n");
}

/* A call to enter may have been held until its instant, on purpose: it is not among "all". */
static void report(const struct crowd *crowd, double seconds, uint64_t busiest) {
  static struct histogram service, latency;
  printf("%-8s %10s %10s %9s %7s %7s | %29s | %29s\n", "", "", "", "", "", "", "ms from being sent",
         "ms from being wanted");
  printf("%-8s %10s %10s %9s %7s %7s | %9s %9s %9s | %9s %9s %9s\n", "call", "asked", "good", "refused", "errors",
         "broken", "p50", "p95", "p99", "p50", "p95", "p99");
  for (int step = 0; step < STEP_GONE; step++) {
    const struct tally *tally = &crowd->tallies[step];
    if (step != STEP_BACKEND && step != STEP_ENTER) {
      histogram_merge(&service, &tally->service);
      histogram_merge(&latency, &tally->latency);
    }
    printf("%-8s %10" PRIu64 " %10" PRIu64 " %9" PRIu64 " %7" PRIu64 " %7" PRIu64, step_names[step], tally->asked,
           tally->good, tally->refused, tally->errors, tally->broken);
    print_quantiles(&tally->service, &tally->latency);
  }
  printf("%-57s", "all but enter and backend");
  print_quantiles(&service, &latency);
  const struct tally *enter = &crowd->tallies[STEP_ENTER];
  printf("gateway  %.0f requests/s over %.1f s, %" PRIu64
         " in the busiest second; %.2f calls for each entry; positions that rose: %" PRIu64 "\n",
         (double)replies(crowd) / seconds, seconds, busiest,
         enter->good > 0 ? (double)histogram_count(&enter->latency) / (double)enter->good : 0.0, crowd->rose);
}

static bool parse(struct options *options, int argc, char **argv) {
  static const char *const names[] = {"port",      "backend",       "visitors",
                                      "join-rate", "connections",   "backend-connections",
                                      "seconds",   "leave-percent", "seed"};
  double *const values[] = {&options->port,      &options->backend,       &options->visitors,
                            &options->join_rate, &options->connections,   &options->backend_connections,
                            &options->seconds,   &options->leave_percent, &options->seed};
  struct option flags[sizeof names / sizeof names[0] + 2] = {{0}};
  size_t count = sizeof names / sizeof names[0];
  int flag;
  for (size_t i = 0; i < count; i++) {
    flags[i] = (struct option){names[i], required_argument, NULL, (int)i};
  }
  flags[count] = (struct option){"event", required_argument, NULL, 100};
  *options = (struct options){0, 0, 300000, 30000, 1000, 64, 30, 2, 1, "concert"};
  while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
    if (flag == 100) {
      options->event = optarg;
    } else if (flag >= 0 && flag < (int)count) {
      *values[flag] = strtod(optarg, NULL);
    } else {
      return false;
    }
  }
  return options->port > 0 && options->connections >= 1 && options->visitors >= 1;
}

static bool set_up(struct crowd *crowd) {
  const uint32_t here = (uint32_t)crowd->options.connections;
  const uint32_t there = (uint32_t)crowd->options.backend_connections;
  crowd->link_count = here + there;
  crowd->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  crowd->random = (uint64_t)crowd->options.seed;
  crowd->links = calloc(crowd->link_count, sizeof *crowd->links);
  crowd->whose = calloc(crowd->link_count, sizeof *crowd->whose);
  crowd->sent_ns = calloc(crowd->link_count, sizeof *crowd->sent_ns);
  crowd->idle[0] = calloc(here, sizeof **crowd->idle);
  crowd->idle[1] = calloc(there + 1, sizeof **crowd->idle);
  if (crowd->links == NULL || crowd->whose == NULL || crowd->sent_ns == NULL || crowd->idle[0] == NULL ||
      crowd->idle[1] == NULL || crowd->epoll_fd < 0 ||
      !visitors_init(&crowd->visitors, (uint32_t)crowd->options.visitors, now_ns())) {
    return false;
  }
  for (uint32_t i = 0; i < crowd->link_count; i++) {
    crowd->links[i].fd = -1;
    crowd->links[i].port = (uint16_t)(i < here ? crowd->options.port : crowd->options.backend);
    make_idle(crowd, i);
  }
  return true;
}

int main(int argc, char **argv) {
  static struct crowd crowd;
  uint64_t busiest = 0;
  if (!parse(&crowd.options, argc, argv)) {
    fprintf(stderr,
            "usage: crowd --port N [--backend N] [--event E] [--visitors N] [--join-rate N] [--connections N]\n"
            "             [--backend-connections N] [--seconds N] [--leave-percent N] [--seed N]\n");
    return 2;
  }
  if (!set_up(&crowd)) {
    fprintf(stderr, "crowd: no memory\n");
    return 3;
  }
  const double seconds = run(&crowd, &busiest);
  report(&crowd, seconds, busiest);
  visitors_free(&crowd.visitors);
  uint64_t wrong = 0;
  for (int step = 0; step < STEP_GONE; step++) {
    wrong += crowd.tallies[step].errors + crowd.tallies[step].broken;
  }
  return wrong == 0 && crowd.tallies[STEP_BACKEND].refused == 0 ? 0 : 1;
}
