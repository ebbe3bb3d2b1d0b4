/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/signing.h"

#include <sodium.h>
#include <string.h>

#include "base/lock.h"

#define NAME_SIZE sizeof "key12345678"

uint32_t waitq__key_id(const struct waitq__keyring *ring, size_t index) {
  unsigned char bytes[WAITQ__TICKET_KEY_SIZE];
  uint32_t id;
  waitq__keyring_derive(ring, index, "key id", "", bytes, sizeof bytes);
  memcpy(&id, bytes, sizeof id);
  return id;
}

void waitq__room_derive_keys(waitq_room_t *room) {
  const struct waitq__keyring *ring = &room->context->ring;
  const char *name = room->named.name;
  for (; room->keys_derived < ring->count; room->keys_derived++) {
    size_t i = room->keys_derived;
    size_t at = room->ticket_key_count;
    if (waitq__keyring_has_secret(ring, i)) {
      waitq__keyring_derive(ring, i, "ticket", name, room->ticket_keys[at], WAITQ__TICKET_KEY_SIZE);
      waitq__keyring_derive(ring, i, "visitor", name, room->visitor_keys[at], WAITQ__TICKET_KEY_SIZE);
      room->ticket_key_count = at + 1;
    }
  }
}

/* The key that visitors were hashed with from the beginning: a new signing key must not make them strangers. */
static int choose_key(waitq_room_t *room) {
  const struct waitq__keyring *ring = &room->context->ring;
  size_t derived = 0;
  for (size_t i = 0; i < room->keys_derived; i++) {
    if (!waitq__keyring_has_secret(ring, i)) {
      continue;
    }
    if (waitq__key_id(ring, i) == (uint32_t)room->state.visitor_key) {
      room->visitor_key = derived;
      return 1;
    }
    derived++;
  }
  return 0;
}

static void name_of(uint32_t id, char name[NAME_SIZE]) {
  memcpy(name, "key", 3);
  for (unsigned i = 0; i < 8; i++) {
    name[3 + i] = (char)('a' + (id >> 4 * i & 15));
  }
  name[NAME_SIZE - 1] = '\0';
}

/* Asks the store for a key that is kept under its own name. */
static int fetch_key(waitq_room_t *room) {
  waitq_t *context = room->context;
  struct waitq__agreed_key key = {{0}};
  char name[NAME_SIZE];
  name_of((uint32_t)room->state.visitor_key, name);
  pthread_mutex_unlock(&room->lock);
  int code = context->ops->agree(context->store, name, key.bytes, sizeof key.bytes, NULL);
  if (code == WAITQ_OK && !sodium_is_zero(key.bytes, sizeof key.bytes)) {
    code = waitq__context_add_key(context, &key, NULL);
  }
  sodium_memzero(&key, sizeof key);
  waitq__lock(&room->lock);
  waitq__room_derive_keys(room);
  return code;
}

void waitq__room_find_key(waitq_room_t *room) {
  const waitq_t *context = room->context;
  int is_known = room->has_key_id && room->key_id == (uint32_t)room->state.visitor_key;
  if (is_known) {
    return;
  }
  waitq__room_derive_keys(room);
  int is_found = choose_key(room);
  int code = WAITQ_OK;
  if (!is_found && context->has_own_key && context->ops->agree != NULL) {
    code = fetch_key(room);
    is_found = choose_key(room);
  }
  if (!is_found && code == WAITQ_OK) {
    waitq__log(
        &context->log, WAITQ_LOG_WARNING,
        "room %s: the key that its visitors are known by is not in the key ring: they will be taken for new ones",
        room->named.name);
  }
  /* Where the store did not answer, it is asked again. */
  room->has_key_id = is_found || code == WAITQ_OK;
  room->key_id = (uint32_t)room->state.visitor_key;
}

/* Keeps each of several keys under its own name. */
static int keep_keys(const waitq_t *context, waitq_error *error) {
  const struct waitq__keyring *ring = &context->ring;
  int code = WAITQ_OK;
  for (size_t i = 0; code == WAITQ_OK && ring->count > 1 && i < ring->count; i++) {
    struct waitq__agreed_key kept = waitq__agreed_key_of(ring, i);
    char name[NAME_SIZE];
    name_of(waitq__key_id(ring, i), name);
    code = context->ops->agree(context->store, name, kept.bytes, sizeof kept.bytes, error);
    sodium_memzero(&kept, sizeof kept);
  }
  return code;
}

static int agree(waitq_room_t *room, waitq_error *error) {
  waitq_t *context = room->context;
  struct waitq__agreed_key key = context->own_key;
  int code = context->ops->agree(context->store, "key", key.bytes, sizeof key.bytes, error);
  if (code == WAITQ_OK && sodium_memcmp(&key, &context->own_key, sizeof key) != 0) {
    waitq__log(&context->log, WAITQ_LOG_WARNING,
               "room %s: another context has made a signing key meanwhile: both are good from now on",
               room->named.name);
    code = waitq__context_add_key(context, &key, error);
  }
  sodium_memzero(&key, sizeof key);
  return code == WAITQ_OK ? keep_keys(context, error) : code;
}

int waitq__room_agree_again(waitq_room_t *room, waitq_error *error) {
  const waitq_t *context = room->context;
  if (!context->has_own_key || context->ops->agree == NULL) {
    return WAITQ_OK;
  }
  waitq_error why = WAITQ_ERROR_INIT;
  pthread_mutex_unlock(&room->lock);
  int code = agree(room, &why);
  waitq__lock(&room->lock);
  waitq__room_derive_keys(room);
  if (code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT) {
    return waitq__fail(error, code, "%s", why.text);
  }
  if (code != WAITQ_OK) { /* no reason to leave the room as it is */
    waitq__log(&context->log, WAITQ_LOG_ERROR,
               "room %s: the signing key is not in the store again: who opens next signs with another: %s",
               room->named.name, why.text);
  }
  return WAITQ_OK;
}

/* Where the key was agreed on, all keys can sign, and are in both lists at the same place. */
static size_t signer_of(const waitq_room_t *room) {
  return room->context->has_own_key ? room->visitor_key : 0;
}

const unsigned char *waitq__room_ticket_key(const waitq_room_t *room) {
  return room->ticket_keys[signer_of(room)];
}

int waitq__room_sign(const waitq_room_t *room, const struct waitq__pass_content *content, char text[WAITQ_PASS_SIZE],
                     waitq_error *error) {
  return waitq__pass_sign_with(&room->context->ring, signer_of(room), content, text, error);
}
