/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_PROXY_H
#define WAITQ_TESTS_SUPPORT_PROXY_H

/* A bad network: forwards TCP connections from a port of 127.0.0.1 to another one, and does to them what it is told.
 *
 * A thread of the test's own process does the work. All functions may be called from any thread, and hold for all connections,
 * old and new, from the moment of the call on. */

#include <stdint.h>

struct proxy;

/* Which way bytes go. */
enum proxy_direction { PROXY_TO_SERVER = 1, PROXY_TO_CLIENT = 2, PROXY_BOTH = 3 };

enum proxy_end {
  PROXY_CLOSE, /* in good order, after what was on its way */
  PROXY_RESET  /* RST */
};

/* A port of 0 is nobody's: connections are reset until proxy_forward_to() names one. */
struct proxy *proxy_start(uint16_t port);
void proxy_stop(struct proxy *proxy); /* NULL is ignored */
uint16_t proxy_port(const struct proxy *proxy);

/* Where new connections go from now on. */
void proxy_forward_to(struct proxy *proxy, uint16_t port);

/* Each byte arrives that much later; 0 ends it. */
void proxy_delay(struct proxy *proxy, unsigned direction, int64_t ms);
/* Bytes arrive one at a time, each in a packet of its own. */
void proxy_split(struct proxy *proxy, unsigned direction, int on);
/* Nothing arrives, and connections stay open. What was sent meanwhile arrives when the stall ends. */
void proxy_stall(struct proxy *proxy, unsigned direction);
/* New connections are accepted, and nothing is ever heard from them, also after this has ended. */
void proxy_swallow(struct proxy *proxy, int on);
/* The next connection that would carry more than so many bytes in this direction, counted from now, ends there. Happens once. */
void proxy_cut(struct proxy *proxy, enum proxy_direction direction, uint64_t after_bytes, enum proxy_end end);
/* Ends all connections now. */
void proxy_drop(struct proxy *proxy, enum proxy_end end);
/* No more delay, split, stall, swallowing or cut. */
void proxy_heal(struct proxy *proxy);

/* How many connections there were, how many are open, how many cuts have happened, and how many bytes have arrived. */
uint64_t proxy_accepted(struct proxy *proxy);
uint64_t proxy_open(struct proxy *proxy);
uint64_t proxy_cuts(struct proxy *proxy);
uint64_t proxy_bytes(struct proxy *proxy, enum proxy_direction direction);

#endif
