/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_TEST_H
#define WAITQ_TESTS_SUPPORT_TEST_H

/* cmocka, with the headers that it wants before itself, and in their order. */

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

/* A test, in the list of a group: every test of this project starts from setup and ends with teardown. */
#define UNIT_TEST(function, setup, teardown) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
