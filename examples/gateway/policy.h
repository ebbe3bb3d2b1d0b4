/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_POLICY_H
#define GATEWAY_POLICY_H

/* The fields of a waitq_policy by name, for flags and the configuration file alike. */

#include <stdbool.h>
#include <stddef.h>

#include <waitq/room.h>

/* The policy of events that nothing was said of: that of the reference system where the library's differs. */
void policy_default(waitq_policy *policy);

/* The name and the help of the index-th field; NULL after the last. */
const char *policy_field(size_t index, const char **help);

/* Sets a field; a name that is none, or a value that cannot be one, is false. */
bool policy_set_number(waitq_policy *policy, const char *field, double value);
bool policy_set_text(waitq_policy *policy, const char *field, const char *value);

/* Asks the library whether a policy is good; false with its reason in message. */
bool policy_check(const waitq_policy *policy, char *message, size_t capacity);

#endif
