/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The protected resource's half: a ring of keys, and what a pass has to say to be let in. */

#include <string.h>

#include <sodium.h>

#include <waitq/pass.h>
#include <waitq/room.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sized.h"
#include "token/keyring.h"
#include "token/pass.h"

#define LEEWAY_MAX_MS 600000

struct waitq_verifier {
  waitq_allocator allocator;
  struct waitq__keyring ring;
  int64_t leeway_ms;
  char audience[WAITQ_ROOM_NAME_MAX + 1]; /* empty: any room */
};

void waitq_verify_options_init(waitq_verify_options *options, size_t size) {
  waitq__sized_init(options, size, &(waitq_verify_options)WAITQ_VERIFY_OPTIONS_INIT, sizeof(waitq_verify_options));
}

void waitq_claims_init(waitq_claims *claims, size_t size) {
  waitq__sized_init(claims, size, &(waitq_claims)WAITQ_CLAIMS_INIT, sizeof(waitq_claims));
}

static int read_allocator(const waitq_allocator *theirs, waitq_allocator *allocator, waitq_error *error) {
  waitq_allocator given = WAITQ_ALLOCATOR_INIT;
  if (theirs == NULL) {
    *allocator = waitq__default_allocator;
    return WAITQ_OK;
  }
  int code = waitq__sized_read(&given, sizeof given, theirs, "the allocator", error);
  if (code == WAITQ_OK && (given.allocate == NULL || given.reallocate == NULL || given.release == NULL)) {
    return waitq__fail(error, WAITQ_E_INVALID, "an allocator needs all of its three functions");
  }
  *allocator = given;
  return code;
}

static int read_options(const waitq_verify_options *theirs, waitq_verify_options *options, waitq_error *error) {
  if (theirs == NULL) {
    return WAITQ_OK;
  }
  int code = waitq__sized_read(options, sizeof *options, theirs, "the verifier's options", error);
  if (code != WAITQ_OK) {
    return code;
  }
  if (options->leeway_ms < 0 || options->leeway_ms > LEEWAY_MAX_MS) {
    return waitq__fail(error, WAITQ_E_INVALID, "leeway_ms has to be 0 to %d", LEEWAY_MAX_MS);
  }
  if (options->audience != NULL && !waitq__is_name(options->audience, WAITQ_ROOM_NAME_MAX)) {
    return waitq__fail(error, WAITQ_E_INVALID, "audience has to be a room's name, 1 to %d of A-Z a-z 0-9 _ . -",
                       WAITQ_ROOM_NAME_MAX);
  }
  return WAITQ_OK;
}

int waitq_verifier_open(const waitq_key *keys, size_t count, const waitq_verify_options *options,
                        waitq_verifier_t **out, waitq_error *error) {
  waitq_verify_options known = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_allocator allocator;
  if (out == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "out is NULL");
  }
  *out = NULL;
  int code = read_options(options, &known, error);
  code = code != WAITQ_OK ? code : read_allocator(known.allocator, &allocator, error);
  if (code != WAITQ_OK) {
    return code;
  }
  waitq_verifier_t *verifier = waitq__alloc_zeroed(&allocator, sizeof *verifier);
  if (verifier == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a verifier");
  }
  code = waitq__keyring_init(&verifier->ring, keys, count, 0, error);
  if (code != WAITQ_OK) {
    waitq__free(&allocator, verifier);
    return code;
  }
  verifier->allocator = allocator;
  verifier->leeway_ms = known.leeway_ms;
  if (known.audience != NULL) {
    memcpy(verifier->audience, known.audience, strlen(known.audience) + 1);
  }
  *out = verifier;
  return WAITQ_OK;
}

void waitq_verifier_close(waitq_verifier_t *verifier) {
  if (verifier != NULL) {
    waitq_allocator allocator = verifier->allocator;
    waitq__keyring_wipe(&verifier->ring);
    waitq__free(&allocator, verifier);
  }
}

static int check_binding(const struct waitq__pass_content *content, const waitq_binding *request, waitq_error *error) {
  unsigned char hash[WAITQ__BINDING_SIZE];
  int is_bound = waitq__binding_hash(request, hash);
  if (is_bound && !content->is_bound) {
    return waitq__fail(error, WAITQ_E_BINDING, "the pass is not bound to any request");
  }
  if (!is_bound && content->is_bound) {
    return waitq__fail(error, WAITQ_E_BINDING, "the pass is bound, and nothing was given to compare");
  }
  if (is_bound && sodium_memcmp(hash, content->binding, sizeof hash) != 0) {
    return waitq__fail(error, WAITQ_E_BINDING, "the pass is bound to another request");
  }
  return WAITQ_OK;
}

static int judge(const waitq_verifier_t *verifier, const struct waitq__pass_content *content, int64_t now_ms,
                 const waitq_binding *request, waitq_error *error) {
  /* The audience comes first: that a pass for another room has expired as well is no reason to ask for a new one here. */
  if (verifier->audience[0] != '\0' && strcmp(verifier->audience, content->room) != 0) {
    return waitq__fail(error, WAITQ_E_AUDIENCE, "the pass is for another room");
  }
  int code = waitq__pass_check_time(content, now_ms, verifier->leeway_ms, error);
  return code != WAITQ_OK ? code : check_binding(content, request, error);
}

static void hand_out(const struct waitq__pass_content *content, waitq_claims *claims) {
  waitq_claims known = WAITQ_CLAIMS_INIT;
  known.epoch = content->epoch;
  known.number = content->number;
  known.issued_at_ms = content->issued_at_s * 1000;
  known.not_before_ms = content->not_before_s * 1000;
  known.expires_at_ms = content->expires_at_s * 1000;
  memcpy(known.room, content->room, sizeof known.room);
  memcpy(known.kid, content->kid, sizeof known.kid);
  memcpy(known.id, content->id, sizeof known.id);
  waitq__sized_write(claims, &known, sizeof known);
}

static int check_arguments(const waitq_verifier_t *verifier, const char *pass, int64_t now_ms,
                           const waitq_claims *claims, waitq_error *error) {
  if (verifier == NULL || pass == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is NULL", verifier == NULL ? "the verifier" : "the pass");
  }
  if (now_ms < 0) {
    return waitq__fail(error, WAITQ_E_INVALID, "now_ms is negative");
  }
  return claims == NULL ? WAITQ_OK : waitq__sized_check(claims, "the claims", error);
}

int waitq_verify(const waitq_verifier_t *verifier, const char *pass, size_t length, int64_t now_ms,
                 const waitq_binding *binding, waitq_claims *claims, waitq_error *error) {
  waitq_binding request = WAITQ_BINDING_INIT;
  struct waitq__pass_content content;
  int code = check_arguments(verifier, pass, now_ms, claims, error);
  if (code == WAITQ_OK && binding != NULL) {
    code = waitq__sized_read(&request, sizeof request, binding, "the binding", error);
  }
  code = code != WAITQ_OK ? code : waitq__pass_read(&verifier->ring, pass, length, &content, error);
  code = code != WAITQ_OK ? code : judge(verifier, &content, now_ms, &request, error);
  if (code == WAITQ_OK && claims != NULL) {
    hand_out(&content, claims);
  }
  return code;
}
