/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef CROWD_VISITORS_H
#define CROWD_VISITORS_H

/* Who comes, and when each does what next: a wheel of hundredths of a second. */

#include <stdbool.h>
#include <stdint.h>

enum step { STEP_JOIN, STEP_POLL, STEP_ENTER, STEP_BACKEND, STEP_LEAVE, STEP_GONE, STEPS };

#define NOBODY UINT32_MAX

struct visitor {
  uint64_t due_ns;
  uint64_t last_position; /* 0: none yet */
  uint32_t next;          /* in the same slot, or list */
  uint8_t step;
  uint8_t polls_left; /* before it loses patience; 255: it never does */
  char token[136];
  char *pass; /* once it has entered */
};

#define WHEEL_SLOTS 4096
#define WHEEL_NS 10000000ULL

struct visitors {
  struct visitor *all;
  uint32_t count;
  uint32_t slots[WHEEL_SLOTS];
  uint64_t turned_to;                 /* the slot of time up to which all are due */
  uint32_t due_first[2], due_last[2]; /* lists of those who are due: at the gateway, at the backend */
};

bool visitors_init(struct visitors *visitors, uint32_t count, uint64_t now_ns);
void visitors_free(struct visitors *visitors);

/* Has a visitor do its next step in so many ms, or up to a hundredth of a second later; that is when it is due. */
void visitors_wait(struct visitors *visitors, uint32_t who, uint64_t now_ns, int64_t ms);

/* Moves those whose time has come to the lists of those who are due. */
void visitors_turn(struct visitors *visitors, uint64_t now_ns);

/* Takes the first who is due; backend says where. NOBODY where nobody is. */
uint32_t visitors_take(struct visitors *visitors, bool backend);

/* Puts one who could not be served at the end of the list again. */
void visitors_put(struct visitors *visitors, uint32_t who);

#endif
