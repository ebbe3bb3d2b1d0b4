/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapt_policy.h"
#include "policy.h"

struct number_option {
  const char *name;
  size_t offset;
  double low, high, fallback;
  bool whole;
  const char *help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct number_option numbers[] = {
    {"threads", FIELD(threads), 1, 256, 0, true, "event loops (one for each processor)"},
    {"max-events", FIELD(max_events), 1, 1e5, 1000, true, "most events at once (1000)"},
    {"max-connections", FIELD(max_connections), 1, 1e6, 12000, true, "most connections at once (12000)"},
    {"max-streams", FIELD(max_streams), 0, 1e6, 4000, true, "most of them with server-sent events (4000)"},
    {"max-body", FIELD(max_body), 64, 12288, 4096, true, "longest body of a request, in bytes (4096)"},
    {"request-timeout", FIELD(request_timeout_s), 0.1, 3600, 15, false,
     "within how many seconds a request has to be there; also for how long an idle connection is kept (15)"},
    {"join-rate", FIELD(join_rate), 0, 1e9, 20, false, "joins per second of one address; 0: no limit (20)"},
    {"join-burst", FIELD(join_burst), 1, 1e9, 200, true, "most joins of one address at one instant (200)"},
    {"trusted-proxies", FIELD(trusted_proxies), 0, 16, 0, true,
     "how many proxies in front add to X-Forwarded-For (0: the header is not read)"},
    {"enter-hold", FIELD(enter_hold_ms), 0, 10000, 1000, true,
     "ms for which a call to enter that comes too early is held at most; 0: it is not (1000)"},
    {"max-held", FIELD(max_held), 0, 1e6, 1000, true, "most calls held at once (1000)"},
    {"drain-delay", FIELD(drain_delay_s), 0, 3600, 0, false,
     "seconds after SIGTERM for which new connections are still taken, while /readyz says 503 (0)"},
    {"drain-timeout", FIELD(drain_timeout_s), 0.1, 3600, 10, false,
     "and for which those that are left are waited for (10)"},
};

#define NUMBERS (sizeof numbers / sizeof numbers[0])
#define POLICY_BASE 2000
#define ADAPT_BASE 3000

enum other_option {
  OPTION_LISTEN = 1000,
  OPTION_STORE,
  OPTION_KEYS,
  OPTION_ADMIN_TOKEN_FILE,
  OPTION_REPORT_TOKEN_FILE,
  OPTION_ALLOW_ORIGIN,
  OPTION_PAGES,
  OPTION_CONFIG,
  OPTION_ALLOW_FLUSH,
  OPTION_LOG_CALLS,
  OPTION_HELP,
};

static const struct option others[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"store", required_argument, NULL, OPTION_STORE},
    {"keys", required_argument, NULL, OPTION_KEYS},
    {"admin-token-file", required_argument, NULL, OPTION_ADMIN_TOKEN_FILE},
    {"report-token-file", required_argument, NULL, OPTION_REPORT_TOKEN_FILE},
    {"allow-origin", required_argument, NULL, OPTION_ALLOW_ORIGIN},
    {"pages", required_argument, NULL, OPTION_PAGES},
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"allow-flush", no_argument, NULL, OPTION_ALLOW_FLUSH},
    {"log-calls", no_argument, NULL, OPTION_LOG_CALLS},
    {"help", no_argument, NULL, OPTION_HELP},
};

#define OTHERS (sizeof others / sizeof others[0])
#define POLICY_FIELDS_MAX 16

/* Flags are called as the fields are, with hyphens. */
static void flag_name(const char *field, char *flag, size_t capacity) {
  snprintf(flag, capacity, "%s", field);
  for (char *at = flag; *at != '\0'; at++) {
    if (*at == '_') {
      *at = '-';
    }
  }
}

static void print_help(void) {
  const char *help;
  printf(
      "usage: waitq-gateway [option ...]\n\n"
      "A waiting room over HTTP.\n\n"
      "  --listen A:P            address and port (127.0.0.1:8080)\n"
      "  --store URI             where lines are kept: memory:, redis://host ...; WAITQ_STORE does as well, and keeps "
      "a\n"
      "                          password from the list of processes (memory:)\n"
      "  --keys FILE             keys that reservation tokens are signed with (the store's own)\n"
      "  --config FILE           events and their policies, in JSON\n"
      "  --admin-token-file FILE what admin calls have to bring; WAITQ_ADMIN_TOKEN does as well (no admin calls)\n"
      "  --report-token-file FILE  what reports of health may bring instead, and WAITQ_REPORT_TOKEN\n"
      "  --allow-origin ORIGIN   whose pages may call (*)\n"
      "  --pages DIR             the pages, instead of those that are built in\n"
      "  --allow-flush           /admin/flush-test-data empties lines\n"
      "  --log-calls             a line on standard error for each call\n");
  for (size_t i = 0; i < NUMBERS; i++) {
    printf("  --%-15s N     %s\n", numbers[i].name, numbers[i].help);
  }
  printf("\nPolicy of events that the configuration does not name:\n\n");
  for (size_t i = 0; policy_field(i, &help) != NULL; i++) {
    char flag[64];
    flag_name(policy_field(i, &help), flag, sizeof flag);
    printf("  --%-16s V    %s\n", flag, help);
  }
  printf("\nHow the rates of such events follow what their backends report:\n\n");
  for (size_t i = 0; adapt_policy_field(i, &help) != NULL; i++) {
    char flag[64];
    flag_name(adapt_policy_field(i, &help), flag, sizeof flag);
    printf("  --adapt-%-16s N %s\n", flag, help);
  }
}

static bool parse_number(struct options *options, const struct number_option *option, const char *text) {
  char *end = NULL;
  errno = 0;
  const double value = strtod(text, &end);
  const bool is_number = end != text && *end == '\0' && value >= option->low && value <= option->high;
  if (!is_number || (option->whole && value != (double)(uint64_t)value)) {
    fprintf(stderr, "waitq-gateway: --%s takes a %snumber from %.10g to %.10g, not \"%s\"\n", option->name,
            option->whole ? "whole " : "", option->low, option->high, text);
    return false;
  }
  memcpy((char *)options + option->offset, &value, sizeof value);
  return true;
}

/* Copies a token into bytes, and has *out point there. */
static bool take_token(const char *token, char bytes[OPTIONS_TOKEN_SIZE], const char **out) {
  const size_t length = strcspn(token, "\r\n");
  if (length < 16 || length >= OPTIONS_TOKEN_SIZE) {
    fprintf(stderr, "waitq-gateway: a token has to have 16 to %d characters\n", OPTIONS_TOKEN_SIZE - 1);
    return false;
  }
  memcpy(bytes, token, length);
  bytes[length] = '\0';
  *out = bytes;
  return true;
}

static bool read_token(const char *path, char bytes[OPTIONS_TOKEN_SIZE], const char **out) {
  char token[OPTIONS_TOKEN_SIZE + 1] = "";
  FILE *file = fopen(path, "r");
  const bool is_read = file != NULL && fgets(token, sizeof token, file) != NULL;
  if (file != NULL) {
    fclose(file);
  }
  if (!is_read) {
    fprintf(stderr, "waitq-gateway: cannot read %s\n", path);
  }
  return is_read && take_token(token, bytes, out);
}

static enum options_result take(struct options *options, int value, const char **config) {
  switch (value) {
    case OPTION_LISTEN:
      options->listen = optarg;
      return OPTIONS_RUN;
    case OPTION_STORE:
      options->store = optarg;
      return OPTIONS_RUN;
    case OPTION_KEYS:
      options->keys = optarg;
      return OPTIONS_RUN;
    case OPTION_ADMIN_TOKEN_FILE:
      return read_token(optarg, options->admin_token_bytes, &options->admin_token) ? OPTIONS_RUN : OPTIONS_BAD;
    case OPTION_REPORT_TOKEN_FILE:
      return read_token(optarg, options->report_token_bytes, &options->report_token) ? OPTIONS_RUN : OPTIONS_BAD;
    case OPTION_ALLOW_ORIGIN:
      options->allow_origin = optarg;
      return OPTIONS_RUN;
    case OPTION_PAGES:
      options->pages = optarg;
      return OPTIONS_RUN;
    case OPTION_CONFIG:
      *config = optarg;
      return OPTIONS_RUN;
    case OPTION_ALLOW_FLUSH:
      options->allow_flush = true;
      return OPTIONS_RUN;
    case OPTION_LOG_CALLS:
      options->log_calls = true;
      return OPTIONS_RUN;
    case OPTION_HELP:
      print_help();
      return OPTIONS_HELP;
    default:
      fprintf(stderr, "waitq-gateway: try --help\n");
      return OPTIONS_BAD;
  }
}

static enum options_result take_policy(struct options *options, const char *field) {
  if (!policy_set_text(&options->config.policy, field, optarg)) {
    fprintf(stderr, "waitq-gateway: %s cannot be \"%s\"\n", field, optarg);
    return OPTIONS_BAD;
  }
  return OPTIONS_RUN;
}

static enum options_result take_adapt(struct options *options, const char *field) {
  char *end = NULL;
  const double value = strtod(optarg, &end);
  if (end == optarg || *end != '\0' || !adapt_policy_set(&options->config.adapt, field, value)) {
    fprintf(stderr, "waitq-gateway: adapt: %s cannot be \"%s\"\n", field, optarg);
    return OPTIONS_BAD;
  }
  return OPTIONS_RUN;
}

static void set_defaults(struct options *options) {
  *options = (struct options){.listen = "127.0.0.1:8080", .store = "memory:", .allow_origin = "*"};
  for (size_t i = 0; i < NUMBERS; i++) {
    memcpy((char *)options + numbers[i].offset, &numbers[i].fallback, sizeof(double));
  }
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  options->threads = processors > 0 ? (double)processors : 1;
  policy_default(&options->config.policy);
  adapt_policy_default(&options->config.adapt);
  const char *store = getenv("WAITQ_STORE");
  if (store != NULL && store[0] != '\0') {
    options->store = store;
  }
}

static enum options_result finish(struct options *options, int argc, char **argv, const char *config) {
  char message[512];
  const char *token = getenv("WAITQ_ADMIN_TOKEN");
  const char *report_token = getenv("WAITQ_REPORT_TOKEN");
  if (optind < argc) {
    fprintf(stderr, "waitq-gateway: what is \"%s\"? Try --help\n", argv[optind]);
    return OPTIONS_BAD;
  }
  if (options->admin_token == NULL && token != NULL &&
      !take_token(token, options->admin_token_bytes, &options->admin_token)) {
    return OPTIONS_BAD;
  }
  if (options->report_token == NULL && report_token != NULL &&
      !take_token(report_token, options->report_token_bytes, &options->report_token)) {
    return OPTIONS_BAD;
  }
  if (!policy_check(&options->config.policy, message, sizeof message) ||
      !adapt_policy_check(&options->config.adapt, options->config.policy.rate_per_s, message, sizeof message)) {
    fprintf(stderr, "waitq-gateway: %s\n", message);
    return OPTIONS_BAD;
  }
  if (config != NULL && !config_read(&options->config, config, message, sizeof message)) {
    fprintf(stderr, "waitq-gateway: %s: %s\n", config, message);
    return OPTIONS_BAD;
  }
  return OPTIONS_RUN;
}

enum options_result options_parse(struct options *options, int argc, char **argv) {
  struct option flags[NUMBERS + OTHERS + 2 * POLICY_FIELDS_MAX + 1];
  char names[2 * POLICY_FIELDS_MAX][48];
  const char *help;
  const char *config = NULL;
  size_t count = 0;
  for (size_t i = 0; i < NUMBERS; i++) {
    flags[count++] = (struct option){numbers[i].name, required_argument, NULL, (int)i};
  }
  for (size_t i = 0; policy_field(i, &help) != NULL && i < POLICY_FIELDS_MAX; i++) {
    flag_name(policy_field(i, &help), names[i], sizeof names[i]);
    flags[count++] = (struct option){names[i], required_argument, NULL, POLICY_BASE + (int)i};
  }
  for (size_t i = 0; adapt_policy_field(i, &help) != NULL && i < POLICY_FIELDS_MAX; i++) {
    char *name = names[POLICY_FIELDS_MAX + i];
    strcpy(name, "adapt-");
    flag_name(adapt_policy_field(i, &help), name + 6, sizeof names[0] - 6);
    flags[count++] = (struct option){name, required_argument, NULL, ADAPT_BASE + (int)i};
  }
  for (size_t i = 0; i < OTHERS; i++) {
    flags[count++] = others[i];
  }
  flags[count] = (struct option){NULL, 0, NULL, 0};
  set_defaults(options);
  int value;
  while ((value = getopt_long(argc, argv, "", flags, NULL)) != -1) {
    enum options_result result = OPTIONS_RUN;
    if (value >= ADAPT_BASE) {
      result = take_adapt(options, adapt_policy_field((size_t)(value - ADAPT_BASE), &help));
    } else if (value >= POLICY_BASE) {
      result = take_policy(options, policy_field((size_t)(value - POLICY_BASE), &help));
    } else if (value >= 0 && value < (int)NUMBERS) {
      result = parse_number(options, &numbers[value], optarg) ? OPTIONS_RUN : OPTIONS_BAD;
    } else {
      result = take(options, value, &config);
    }
    if (result != OPTIONS_RUN) {
      return result;
    }
  }
  return finish(options, argc, argv, config);
}

void options_free(struct options *options) {
  config_free(&options->config);
}
