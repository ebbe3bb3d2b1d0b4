/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "policy.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waitq/waitq.h>

enum kind { RATE, COUNT, TIME_MS, CHOICE };

struct choice {
  const char *name;
  uint32_t value;
};

struct field_of_policy {
  const char *name;
  size_t offset;
  enum kind kind;
  const char *help;
  const struct choice *choices;
};

static const struct choice losses[] = {
    {"hold", WAITQ_LOSS_HOLD}, {"open", WAITQ_LOSS_OPEN}, {"local", WAITQ_LOSS_LOCAL}, {NULL, 0}};
static const struct choice models[] = {{"default", WAITQ_ETA_DEFAULT}, {"reference", WAITQ_ETA_REFERENCE}, {NULL, 0}};

#define FIELD(field) offsetof(waitq_policy, field)

static const struct field_of_policy fields[] = {
    {"rate_per_s", FIELD(rate_per_s), RATE, "admissions per second (10)", NULL},
    {"burst", FIELD(burst), COUNT, "most admissions at one instant (10)", NULL},
    {"max_active", FIELD(max_active), COUNT, "most sessions and unclaimed turns; 0: no limit (0)", NULL},
    {"max_waiting", FIELD(max_waiting), COUNT, "most visitors waiting; 0: no limit (0)", NULL},
    {"claim_ttl_ms", FIELD(claim_ttl_ms), TIME_MS, "how long a turn may be claimed (30000)", NULL},
    {"session_ttl_ms", FIELD(session_ttl_ms), TIME_MS, "how long a reservation token lasts (30000)", NULL},
    {"heartbeat_ttl_ms", FIELD(heartbeat_ttl_ms), TIME_MS, "how long a visitor may stay silent (300000)", NULL},
    {"min_poll_ms", FIELD(min_poll_ms), TIME_MS, "the shortest interval between polls (1000)", NULL},
    {"max_poll_ms", FIELD(max_poll_ms), TIME_MS, "the longest (10000)", NULL},
    {"opens_at_ms", FIELD(opens_at_ms), TIME_MS, "Unix time in ms of the opening; 0: open at once (0)", NULL},
    {"on_store_loss", FIELD(on_store_loss), CHOICE, "hold, open or local, while the store is away (hold)", losses},
    {"eta_model", FIELD(eta_model), CHOICE, "default or reference (default)", models},
};

#define FIELDS (sizeof fields / sizeof fields[0])

void policy_default(waitq_policy *policy) {
  *policy = (waitq_policy)WAITQ_POLICY_INIT;
  policy->session_ttl_ms = 30000;
}

const char *policy_field(size_t index, const char **help) {
  *help = index < FIELDS ? fields[index].help : NULL;
  return index < FIELDS ? fields[index].name : NULL;
}

static const struct field_of_policy *find(const char *name) {
  for (size_t i = 0; i < FIELDS; i++) {
    if (strcmp(fields[i].name, name) == 0) {
      return &fields[i];
    }
  }
  return NULL;
}

bool policy_set_number(waitq_policy *policy, const char *name, double value) {
  const struct field_of_policy *field = find(name);
  if (field == NULL || field->kind == CHOICE || !isfinite(value) || value < 0 || value > 9e15) {
    return false;
  }
  char *const at = (char *)policy + field->offset;
  if (field->kind == RATE) {
    memcpy(at, &value, sizeof value);
    return true;
  }
  const int64_t whole = (int64_t)value; /* counts are unsigned; what is not negative looks the same in both */
  memcpy(at, &whole, sizeof whole);
  return (double)whole == value;
}

bool policy_set_text(waitq_policy *policy, const char *name, const char *value) {
  const struct field_of_policy *field = find(name);
  if (field == NULL) {
    return false;
  }
  if (field->kind != CHOICE) {
    char *end = NULL;
    errno = 0;
    const double number = strtod(value, &end);
    return end != value && *end == '\0' && errno == 0 && policy_set_number(policy, name, number);
  }
  for (const struct choice *choice = field->choices; choice->name != NULL; choice++) {
    if (strcmp(choice->name, value) == 0) {
      memcpy((char *)policy + field->offset, &choice->value, sizeof choice->value);
      return true;
    }
  }
  return false;
}

bool policy_check(const waitq_policy *policy, char *message, size_t capacity) {
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  const bool is_good = waitq_open("memory:", NULL, &context, &error) == WAITQ_OK &&
                       waitq_room_open(context, "check", policy, &room, &error) == WAITQ_OK;
  waitq_room_close(room);
  waitq_close(context);
  snprintf(message, capacity, "%s", error.text);
  return is_good;
}
