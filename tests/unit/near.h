/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_UNIT_NEAR_H
#define WAITQ_TESTS_UNIT_NEAR_H

/* Doubles that agree to within a margin; cmocka compares floats. */

#include "../support/test.h"

#define assert_near(actual, expected, margin)                                                          \
  do {                                                                                                 \
    double near_actual = (actual);                                                                     \
    double near_expected = (expected);                                                                 \
    double near_margin = (margin);                                                                     \
    if (!(near_actual >= near_expected - near_margin && near_actual <= near_expected + near_margin)) { \
      fail_msg("%.12g is not within %g of %.12g", near_actual, near_margin, near_expected);            \
    }                                                                                                  \
  } while (0)

#endif
