/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_PLANES_H
#define WAITQ_CORE_PLANES_H

#include <stdint.h>

/* What is known of each ticket: one bit a plane. These numbers are stored; they never change their meaning. */

enum waitq__plane {
  WAITQ__PLANE_GONE = 0,     /* left or fell silent while it waited; takes no place in line any more */
  WAITQ__PLANE_LEFT = 1,     /* left by itself, while it waited or when its turn had come */
  WAITQ__PLANE_ENTERED = 2,  /* used its turn */
  WAITQ__PLANE_ENDED = 3,    /* its session is over */
  WAITQ__PLANE_SEEN = 4,     /* 4 to 13: polled in a generation of the heartbeat wheel */
  WAITQ__PLANE_RENEWED = 14, /* 14 to 23: entered or renewed in a generation of the session wheel */
  WAITQ__PLANE_COUNT = 24
};

/* The planes of polls, as a mask. */
#define WAITQ__SEEN_PLANES (UINT32_C(0x3ff) << WAITQ__PLANE_SEEN)

#endif
