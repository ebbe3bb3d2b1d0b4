/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

/* What all loops share. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <waitq/waitq.h>

#include "errands.h"
#include "guard.h"
#include "options.h"
#include "pages.h"
#include "rooms.h"
#include "scrapes.h"
#include "watch.h"

struct loop;

struct gateway {
  const struct options *options;
  waitq_t *context;
  bool is_shared; /* the store is on a network: calls that wait for it are submitted */
  struct rooms rooms;
  struct errands errands;
  struct scrapes scrapes;
  struct watch watch;
  struct guard guard;
  struct pages pages;
  struct loop *loops;
  _Atomic unsigned loop_count;
  _Atomic uint32_t connections;
  _Atomic uint32_t streams;
  _Atomic uint32_t held; /* calls that wait for their instant */
  _Atomic bool is_draining;
};

/* Opens the store and starts the threads; false with the reason in message. */
bool gateway_open(struct gateway *gateway, const struct options *options, char *message, size_t capacity);

/* Serves until SIGTERM or SIGINT, then drains. The signals have to be blocked in all threads. */
void gateway_serve(struct gateway *gateway);

void gateway_close(struct gateway *gateway);

/* Unix time in ms. */
int64_t gateway_now_ms(void);

#endif
