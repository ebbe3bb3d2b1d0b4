/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_KEYS_H
#define GATEWAY_KEYS_H

/* Keys in a file, for those who sign reservation tokens and those who verify them. A line is a key:
 *
 *     2026-a  hs256           6a09e667f3bcc908b2fb1366ea957d3e3adec17512775099da2f590b0667322a
 *     2026-b  ed25519-public  d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
 *
 * the first signs, all verify. What follows a # is not read. */

#include <stdbool.h>
#include <stddef.h>

#include <waitq/context.h>

#define KEYS_MAX 8

/* Reads a file; false with the reason in message. */
bool keys_read(const char *path, waitq_key *keys, size_t *count, char *message, size_t capacity);

#endif
