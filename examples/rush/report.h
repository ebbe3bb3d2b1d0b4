/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_REPORT_H
#define RUSH_REPORT_H

/* The verdict in words, in one line, and as JSON. */

#include "run.h"
#include "verdict.h"

/* What is about to happen, one line. */
void report_heading(const struct run *run);

/* A paragraph for people, and the last line, whose shape scripts rely on. */
void report_verdict(const struct run *run, const struct verdict *verdict);

/* One object with the fields of the last line and more. */
void report_json(const struct run *run, const struct verdict *verdict);

/* 1234567 as "1,234,567"; buffer holds at least 32 bytes and is returned. */
const char *report_count(char *buffer, uint64_t count);

#endif
