/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_SCALE_H
#define WAITQ_TESTS_SUPPORT_SCALE_H

/* A sanitizer makes a step take up to thirty times as long. It sees as much of a thing that is done five hundred times as of one that is done
 * five thousand times; how much the library bears is for the builds without. */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1
#else
#define UNDER_SANITIZER 0
#endif

#endif
