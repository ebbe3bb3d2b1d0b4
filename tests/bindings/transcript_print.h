/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_BINDINGS_TRANSCRIPT_PRINT_H
#define WAITQ_TESTS_BINDINGS_TRANSCRIPT_PRINT_H

/* What calls fill in, as a transcript shows it: a line for each field, under its name in C. */

#include <waitq/waitq.h>

/* Whether it is WAITQ_OK. */
int print_code(int code);

void print_ticket(const waitq_ticket *ticket);
void print_status(const waitq_status *status);
void print_pass(const waitq_pass *pass);
void print_claims(const waitq_claims *claims);
void print_stats(const waitq_stats *stats);
void print_policy(const waitq_policy *policy);
void print_decision(const waitq_decision *decision);
void print_estimate(const waitq_estimate *estimate);

#endif
