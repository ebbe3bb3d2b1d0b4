/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "request.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static int hex(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(struct text in, char *out, size_t capacity) {
  size_t length = 0;
  for (size_t i = 0; i < in.length; i++) {
    char c = in.at[i];
    if (c == '%') {
      const int high = i + 2 < in.length ? hex(in.at[i + 1]) : -1;
      const int low = i + 2 < in.length ? hex(in.at[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return false;
      }
      c = (char)(high * 16 + low);
      i += 2;
    }
    if (c == '\0' || length + 1 >= capacity) {
      return false;
    }
    out[length++] = c;
  }
  out[length] = '\0';
  return length > 0;
}

bool request_parameter(struct text query, const char *name, char *out, size_t capacity) {
  const size_t name_length = strlen(name);
  const char *at = query.at;
  const char *const end = query.at + query.length;
  while (at < end) {
    const char *stop = memchr(at, '&', (size_t)(end - at));
    const size_t length = (size_t)((stop == NULL ? end : stop) - at);
    if (length > name_length && at[name_length] == '=' && memcmp(at, name, name_length) == 0) {
      const struct text value = {at + name_length + 1, length - name_length - 1};
      return decode(value, out, capacity);
    }
    at += length + 1;
  }
  return false;
}

static bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '-' || c == '.';
}

bool request_event_is_valid(struct text name) {
  for (size_t i = 0; i < name.length; i++) {
    if (!is_name_character(name.at[i])) {
      return false;
    }
  }
  return name.length > 0 && name.length <= WAITQ_ROOM_NAME_MAX;
}

bool request_token(const char *text, struct token *token) {
  const char *dot = strrchr(text, '.');
  if (dot == NULL) {
    return false;
  }
  const struct text event = {text, (size_t)(dot - text)};
  const size_t ticket = strlen(dot + 1);
  if (!request_event_is_valid(event) || ticket == 0 || ticket >= sizeof token->ticket) {
    return false;
  }
  memcpy(token->event, event.at, event.length);
  token->event[event.length] = '\0';
  memcpy(token->ticket, dot + 1, ticket + 1);
  return true;
}

bool request_key_is_valid(struct text key) {
  for (size_t i = 0; i < key.length; i++) {
    if (key.at[i] < ' ' || key.at[i] > '~') {
      return false;
    }
  }
  return key.length > 0 && key.length <= IDEMPOTENCY_KEY_MAX;
}

/* 00-<32 digits>-<16 digits>-<2 digits>, as the W3C has it. */
static bool is_traceparent(struct text header) {
  if (header.length != 55 || header.at[2] != '-' || header.at[35] != '-' || header.at[52] != '-') {
    return false;
  }
  for (size_t i = 3; i < 35; i++) {
    if (hex(header.at[i]) < 0) {
      return false;
    }
  }
  return true;
}

bool request_trace_id(struct text traceparent, struct text request_id, char out[TRACE_ID_SIZE]) {
  struct text id = request_id;
  if (is_traceparent(traceparent)) {
    id = (struct text){traceparent.at + 3, 32};
  }
  if (!request_event_is_valid(id)) { /* the same characters, and the same length */
    return false;
  }
  memcpy(out, id.at, id.length);
  out[id.length] = '\0';
  return true;
}

bool request_forwarded(struct text header, unsigned hops, char *out, size_t capacity) {
  size_t end = header.length;
  for (unsigned hop = 1; hop <= hops; hop++) {
    size_t begin = end;
    while (begin > 0 && header.at[begin - 1] != ',') {
      begin--;
    }
    if (hop == hops) {
      while (begin < end && header.at[begin] == ' ') {
        begin++;
      }
      while (end > begin && header.at[end - 1] == ' ') {
        end--;
      }
      const size_t length = end - begin;
      if (length == 0 || length >= capacity || memchr(header.at + begin, '\0', length) != NULL) {
        return false;
      }
      memcpy(out, header.at + begin, length);
      out[length] = '\0';
      return true;
    }
    if (begin == 0) {
      return false;
    }
    end = begin - 1;
  }
  return false;
}

bool body_read(struct body *body, struct text bytes) {
  json_error_t error;
  body->root = bytes.length == 0 ? NULL : json_loadb(bytes.at, bytes.length, JSON_REJECT_DUPLICATES, &error);
  return json_is_object((json_t *)body->root);
}

void body_free(struct body *body) {
  json_decref(body->root);
  body->root = NULL;
}

enum field body_text(const struct body *body, const char *name, size_t longest, struct text *out) {
  const json_t *member = json_object_get(body->root, name);
  *out = (struct text){NULL, 0};
  if (member == NULL || json_is_null(member)) {
    return FIELD_ABSENT;
  }
  if (!json_is_string(member)) {
    return FIELD_WRONG;
  }
  *out = (struct text){json_string_value(member), json_string_length(member)};
  if (out->length > longest) {
    return FIELD_WRONG;
  }
  return out->length == 0 ? FIELD_ABSENT : FIELD_READ;
}

enum field body_number(const struct body *body, const char *name, double *out) {
  const json_t *member = json_object_get(body->root, name);
  if (member == NULL || json_is_null(member)) {
    return FIELD_ABSENT;
  }
  *out = json_number_value(member);
  return json_is_number(member) && isfinite(*out) ? FIELD_READ : FIELD_WRONG;
}
