/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/submission.h"

#include "context/completions.h"

int waitq__submission_begin(waitq_room_t *room, size_t bytes, void **memory, waitq_error *error) {
  int code = waitq__completion_reserve(room->context, error);
  if (code != WAITQ_OK) {
    return code;
  }
  *memory = waitq__alloc(&room->context->allocator, bytes);
  if (*memory == NULL) {
    waitq__completion_release(room->context);
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a submission");
  }
  return WAITQ_OK;
}

void waitq__submission_end(const struct waitq__submission *submission, void *memory, int code) {
  waitq_t *context = submission->room->context;
  uint64_t tag = submission->tag;
  waitq__free(&context->allocator, memory);
  waitq__complete(context, tag, code);
}
