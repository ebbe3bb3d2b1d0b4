/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "request.h"

struct reader {
  char *message;
  size_t capacity;
};

static bool refuse(const struct reader *reader, const char *what, const char *name) {
  snprintf(reader->message, reader->capacity, "%s \"%.80s\"", what, name);
  return false;
}

static bool read_adapt(const struct reader *reader, json_t *object, struct adapt_policy *adapt) {
  const char *key;
  json_t *value;
  if (!json_is_object(object)) {
    return refuse(reader, "there has to be an object by the name", "adapt");
  }
  json_object_foreach(object, key, value) {
    if (!json_is_number(value) || !adapt_policy_set(adapt, key, json_number_value(value))) {
      return refuse(reader, "there is no such field of \"adapt\", or it cannot have this value:", key);
    }
  }
  return true;
}

static bool read_policy(const struct reader *reader, json_t *object, waitq_policy *policy, struct adapt_policy *adapt) {
  const char *key;
  json_t *value;
  if (!json_is_object(object)) {
    return refuse(reader, "a policy has to be an object, not", "something else");
  }
  json_object_foreach(object, key, value) {
    if (strcmp(key, "adapt") == 0) {
      if (!read_adapt(reader, value, adapt)) {
        return false;
      }
      continue;
    }
    const bool is_set = json_is_string(value)
                            ? policy_set_text(policy, key, json_string_value(value))
                            : json_is_number(value) && policy_set_number(policy, key, json_number_value(value));
    if (!is_set) {
      return refuse(reader, "there is no such field of a policy, or it cannot have this value:", key);
    }
  }
  char reason[256];
  return (policy_check(policy, reason, sizeof reason) &&
          adapt_policy_check(adapt, policy->rate_per_s, reason, sizeof reason)) ||
         refuse(reader, "a policy is refused:", reason);
}

static bool read_events(const struct reader *reader, json_t *events, struct config *config) {
  const char *name;
  json_t *value;
  if (events == NULL) {
    return true;
  }
  if (!json_is_object(events)) {
    return refuse(reader, "there has to be an object by the name", "events");
  }
  config->events = calloc(json_object_size(events) + 1, sizeof *config->events);
  if (config->events == NULL) {
    return refuse(reader, "no memory for", "events");
  }
  json_object_foreach(events, name, value) {
    struct config_event *event = &config->events[config->event_count++];
    if (!request_event_is_valid((struct text){name, strlen(name)})) {
      return refuse(reader, "an event cannot be called", name);
    }
    memcpy(event->name, name, strlen(name) + 1);
    event->policy = config->policy;
    event->adapt = config->adapt;
    if (!read_policy(reader, value, &event->policy, &event->adapt)) {
      return false;
    }
  }
  return true;
}

static bool read_root(const struct reader *reader, json_t *root, struct config *config) {
  const char *key;
  json_t *value;
  json_object_foreach(root, key, value) {
    if (strcmp(key, "default") != 0 && strcmp(key, "events") != 0 && strcmp(key, "events_only") != 0) {
      return refuse(reader, "there is nothing called", key);
    }
  }
  json_t *policy = json_object_get(root, "default");
  config->events_only = json_is_true(json_object_get(root, "events_only"));
  return (policy == NULL || read_policy(reader, policy, &config->policy, &config->adapt)) &&
         read_events(reader, json_object_get(root, "events"), config);
}

bool config_read(struct config *config, const char *path, char *message, size_t capacity) {
  const struct reader reader = {message, capacity};
  json_error_t error;
  json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
  if (!json_is_object(root)) {
    snprintf(message, capacity, "line %d: %s", error.line, root == NULL ? error.text : "not an object");
    json_decref(root);
    return false;
  }
  const bool is_read = read_root(&reader, root, config);
  json_decref(root);
  return is_read;
}

const struct config_event *config_find(const struct config *config, const char *name) {
  for (size_t i = 0; i < config->event_count; i++) {
    if (strcmp(config->events[i].name, name) == 0) {
      return &config->events[i];
    }
  }
  return NULL;
}

void config_free(struct config *config) {
  free(config->events);
  config->events = NULL;
  config->event_count = 0;
}
