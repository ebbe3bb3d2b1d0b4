/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_NUMBER_H
#define WAITQ_CORE_NUMBER_H

/* Ticket numbers have 40 bits: at a million joins a second, one epoch lasts twelve days. */

#include <stdint.h>

#define WAITQ__NUMBER_END (UINT64_C(1) << 40)
#define WAITQ__EPOCH_MAX UINT32_MAX

#endif
