/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_TORTURE_JUDGE_H
#define WAITQ_TESTS_TORTURE_JUDGE_H

/* From a torture to its verdict. */

#include "check.h"
#include "shared.h"

/* What a torture with these options is held to. */
void judge_rules(const struct torture_options *options, struct rules *rules);

/* Checks a history and prints the verdict; writes the history to a file where one is named, and beside the test where a rule was
 * broken and none is. 0 when all rules were kept, otherwise 1. */
int judge(const struct history *history, const struct rules *rules, const char *write_to);

#endif
