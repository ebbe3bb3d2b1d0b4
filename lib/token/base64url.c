/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "token/base64url.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define INVALID UINT32_C(0x80000000)

/* What a character is worth, shifted to its place among four; INVALID for those that are worth nothing. */
#define WORTH(c, shift)                                               \
  ((c) >= 'A' && (c) <= 'Z'   ? (uint32_t)((c) - 'A') << (shift)      \
   : (c) >= 'a' && (c) <= 'z' ? (uint32_t)((c) - 'a' + 26) << (shift) \
   : (c) >= '0' && (c) <= '9' ? (uint32_t)((c) - '0' + 52) << (shift) \
   : (c) == '-'               ? UINT32_C(62) << (shift)               \
   : (c) == '_'               ? UINT32_C(63) << (shift)               \
                              : INVALID)
#define WORTH_4(c, s) WORTH(c, s), WORTH((c) + 1, s), WORTH((c) + 2, s), WORTH((c) + 3, s)
#define WORTH_16(c, s) WORTH_4(c, s), WORTH_4((c) + 4, s), WORTH_4((c) + 8, s), WORTH_4((c) + 12, s)
#define WORTH_64(c, s) WORTH_16(c, s), WORTH_16((c) + 16, s), WORTH_16((c) + 32, s), WORTH_16((c) + 48, s)
#define WORTH_256(s) WORTH_64(0, s), WORTH_64(64, s), WORTH_64(128, s), WORTH_64(192, s)

static const uint32_t worth[4][256] = {{WORTH_256(18)}, {WORTH_256(12)}, {WORTH_256(6)}, {WORTH_256(0)}};

/* Bytes and characters never overlap: said so, nothing is loaded twice. */
void waitq__base64url_encode(const unsigned char *restrict bytes, size_t size, char *restrict text) {
  for (; size >= 3; size -= 3, bytes += 3, text += 4) {
    uint32_t three = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    text[0] = alphabet[three >> 18];
    text[1] = alphabet[three >> 12 & 63];
    text[2] = alphabet[three >> 6 & 63];
    text[3] = alphabet[three & 63];
  }
  if (size > 0) {
    uint32_t rest = (uint32_t)bytes[0] << 16 | (size > 1 ? (uint32_t)bytes[1] << 8 : 0);
    text[0] = alphabet[rest >> 18];
    text[1] = alphabet[rest >> 12 & 63];
    if (size > 1) {
      text[2] = alphabet[rest >> 6 & 63];
    }
  }
}

static uint32_t worth_of_4(const unsigned char *text) {
  return worth[0][text[0]] | worth[1][text[1]] | worth[2][text[2]] | worth[3][text[3]];
}

int waitq__base64url_decode(const char *restrict text, unsigned char *restrict bytes, size_t size) {
  const unsigned char *at = (const unsigned char *)text;
  uint32_t seen = 0;
  for (; size >= 3; size -= 3, bytes += 3, at += 4) {
    uint32_t three = worth_of_4(at);
    seen |= three;
    bytes[0] = (unsigned char)(three >> 16);
    bytes[1] = (unsigned char)(three >> 8);
    bytes[2] = (unsigned char)three;
  }
  if (size > 0) {
    uint32_t rest = worth[0][at[0]] | worth[1][at[1]] | (size > 1 ? worth[2][at[2]] : 0);
    uint32_t unused = size > 1 ? 0xff : 0xffff;
    seen |= (rest & unused) != 0 ? INVALID : rest;
    bytes[0] = (unsigned char)(rest >> 16);
    if (size > 1) {
      bytes[1] = (unsigned char)(rest >> 8);
    }
  }
  return (seen & INVALID) == 0;
}
