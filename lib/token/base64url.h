/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TOKEN_BASE64URL_H
#define WAITQ_TOKEN_BASE64URL_H

/* Base64 for URLs (RFC 4648, section 5), without padding, for tickets and passes. Strict: libsodium 1.0.18's
 * decoder takes every byte from 0x80 on for "_", so that one pass would have many texts; and every poll decodes a ticket, whose
 * text is no secret to the one who sends it, so being constant in time would be time lost. */

#include <stddef.h>

/* How many characters bytes make. */
#define WAITQ__BASE64URL_LENGTH(bytes) (((bytes)*4 + 2) / 3)

/* Writes the characters, without a NUL. */
void waitq__base64url_encode(const unsigned char *bytes, size_t size, char *text);

/* Reads size bytes from the characters they make. Returns 0 where a character is none of the alphabet, or where bits that do not
 * count are set: one value has one text. */
int waitq__base64url_decode(const char *text, unsigned char *bytes, size_t size);

#endif
