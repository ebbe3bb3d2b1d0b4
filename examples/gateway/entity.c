/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "entity.h"

#include "reply.h"

bool entity_read(struct visit *visit, struct body *body) {
  const h2o_iovec_t entity = visit->req->entity;
  const bool is_object = body_read(body, (struct text){entity.base, entity.len});
  if (!is_object) {
    reply_error(visit, 400, "INVALID_REQUEST", "the body has to be a JSON object", 0);
  }
  return is_object;
}
