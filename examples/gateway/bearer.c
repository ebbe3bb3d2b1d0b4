/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "bearer.h"

#include <string.h>

#include "reply.h"

/* Compares all of it, however early it differs. */
static bool is_same(struct text given, const char *secret) {
  const size_t length = secret == NULL ? 0 : strlen(secret);
  unsigned differs = given.length != length || length == 0;
  for (size_t i = 0; i < length; i++) {
    differs |= (unsigned)(unsigned char)secret[i] ^ (given.length > 0 ? (unsigned char)given.at[i % given.length] : 1U);
  }
  return differs == 0;
}

bool bearer_is_allowed(struct visit *visit, const char *secret, const char *another) {
  static const char scheme[] = "Bearer ";
  const size_t begin = sizeof scheme - 1;
  const struct text given = visit_header(visit, "authorization");
  if (secret == NULL && another == NULL) {
    reply_error(visit, 403, "FORBIDDEN", "this gateway was started without an admin token", 0);
    return false;
  }
  if (given.length > begin && strncasecmp(given.at, scheme, begin) == 0) {
    const struct text rest = {given.at + begin, given.length - begin};
    if (is_same(rest, secret) || is_same(rest, another)) {
      return true;
    }
  }
  h2o_add_header(&visit->req->pool, &visit->req->res.headers, H2O_TOKEN_WWW_AUTHENTICATE, NULL, H2O_STRLIT("Bearer"));
  reply_error(visit, 401, "UNAUTHORIZED", "this call needs the bearer token", 0);
  return false;
}
