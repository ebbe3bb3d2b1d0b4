/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "transcript_print.h"

#include <stdio.h>

int print_code(int code) {
  printf("  code %s\n", waitq_error_name(code));
  return code == WAITQ_OK;
}

static void signed_number(const char *name, int64_t value) {
  printf("  %s %lld\n", name, (long long)value);
}

static void unsigned_number(const char *name, uint64_t value) {
  printf("  %s %llu\n", name, (unsigned long long)value);
}

static void real(const char *name, double value) {
  printf("  %s %.6f\n", name, value);
}

static void text(const char *name, const char *value) {
  printf("  %s %s\n", name, *value == '\0' ? "-" : value);
}

#define SIGNED(from, name) signed_number(#name, (from)->name)
#define UNSIGNED(from, name) unsigned_number(#name, (from)->name)
#define REAL(from, name) real(#name, (from)->name)
#define TEXT(from, name) text(#name, (from)->name)

void print_ticket(const waitq_ticket *ticket) {
  TEXT(ticket, text);
}

void print_status(const waitq_status *status) {
  UNSIGNED(status, state);
  UNSIGNED(status, reason);
  UNSIGNED(status, position);
  UNSIGNED(status, ahead);
  UNSIGNED(status, behind);
  SIGNED(status, eta_ms);
  SIGNED(status, eta_low_ms);
  SIGNED(status, eta_high_ms);
  REAL(status, confidence);
  SIGNED(status, waited_ms);
  SIGNED(status, enter_by_ms);
  SIGNED(status, next_poll_ms);
  SIGNED(status, age_ms);
  UNSIGNED(status, phase);
}

void print_pass(const waitq_pass *pass) {
  UNSIGNED(pass, state);
  UNSIGNED(pass, reason);
  SIGNED(pass, expires_at_ms);
  SIGNED(pass, retry_after_ms);
  TEXT(pass, text);
}

void print_claims(const waitq_claims *claims) {
  UNSIGNED(claims, epoch);
  UNSIGNED(claims, number);
  SIGNED(claims, issued_at_ms);
  SIGNED(claims, not_before_ms);
  SIGNED(claims, expires_at_ms);
  TEXT(claims, room);
  TEXT(claims, kid);
  TEXT(claims, id);
}

void print_stats(const waitq_stats *stats) {
  UNSIGNED(stats, epoch);
  UNSIGNED(stats, issued);
  UNSIGNED(stats, waiting);
  UNSIGNED(stats, ready);
  UNSIGNED(stats, entered);
  UNSIGNED(stats, left);
  UNSIGNED(stats, expired);
  UNSIGNED(stats, active);
  UNSIGNED(stats, head);
  REAL(stats, rate_per_s);
  REAL(stats, tokens);
  SIGNED(stats, now_ms);
  SIGNED(stats, age_ms);
  UNSIGNED(stats, phase);
  SIGNED(stats, goes_on_at_ms);
  UNSIGNED(stats, eta_scored);
  REAL(stats, eta_acc);
  REAL(stats, eta_hit);
  REAL(stats, eta_bias);
  REAL(stats, eta_cov90);
  REAL(stats, eta_width);
}

void print_policy(const waitq_policy *policy) {
  REAL(policy, rate_per_s);
  UNSIGNED(policy, burst);
  UNSIGNED(policy, max_active);
  UNSIGNED(policy, max_waiting);
  SIGNED(policy, claim_ttl_ms);
  SIGNED(policy, session_ttl_ms);
  SIGNED(policy, heartbeat_ttl_ms);
  SIGNED(policy, min_poll_ms);
  SIGNED(policy, max_poll_ms);
  SIGNED(policy, opens_at_ms);
  UNSIGNED(policy, order);
  UNSIGNED(policy, eta_model);
  UNSIGNED(policy, on_store_loss);
}

void print_decision(const waitq_decision *decision) {
  UNSIGNED(decision, admitted);
  UNSIGNED(decision, remaining);
  SIGNED(decision, retry_after_ms);
  SIGNED(decision, reset_ms);
}

void print_estimate(const waitq_estimate *estimate) {
  SIGNED(estimate, eta_ms);
  SIGNED(estimate, eta_low_ms);
  SIGNED(estimate, eta_high_ms);
  REAL(estimate, confidence);
  UNSIGNED(estimate, reason);
}
