/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "bearer.h"

#include <openssl/crypto.h>
#include <string.h>

#include "reply.h"

/* Takes as long wherever they differ. */
static bool is_same(struct text given, const char *secret) {
  const size_t length = secret == NULL ? 0 : strlen(secret);
  return length > 0 && given.length == length && CRYPTO_memcmp(given.at, secret, length) == 0;
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
