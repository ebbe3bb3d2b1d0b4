/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Carries out a script of calls, and prints what every call answered: README.md describes both. The bindings do the same, and
 * must print the same.
 *
 *     transcript scenario.txt
 *     transcript --verify <key in hexadecimal> <room> <pass>      prints the name of the code, by the real time */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <waitq/waitq.h>

#include "transcript_print.h"

#define WORDS_MAX 32
#define LABELS_MAX 256
#define LABEL_SIZE 32

struct label {
  char name[LABEL_SIZE];
  waitq_ticket ticket;
  waitq_pass pass;
};

static struct {
  int64_t now_us;
  waitq_t *context;
  waitq_room_t *room;
  waitq_limiter_t *limiter;
  waitq_eta_t *eta;
  waitq_key key;
  char room_name[WAITQ_ROOM_NAME_MAX + 1];
  struct label labels[LABELS_MAX];
  size_t label_count;
} host;

_Noreturn static void stop(const char *what, const char *which) {
  fprintf(stderr, "transcript: %s: %s\n", what, which);
  exit(2);
}

static int64_t read_clock(void *user) {
  return *(int64_t *)user;
}

static struct label *label_of(const char *name) {
  for (size_t i = 0; i < host.label_count; i++) {
    if (strcmp(host.labels[i].name, name) == 0) {
      return &host.labels[i];
    }
  }
  if (host.label_count == LABELS_MAX || strlen(name) >= LABEL_SIZE) {
    stop("too many labels, or one that is too long", name);
  }
  struct label *label = &host.labels[host.label_count++];
  waitq_ticket_init(&label->ticket, sizeof label->ticket);
  waitq_pass_init(&label->pass, sizeof label->pass);
  snprintf(label->name, sizeof label->name, "%s", name);
  return label;
}

static double number(const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != '\0') {
    stop("not a number", text);
  }
  return value;
}

/* --- policies --- */

static const struct {
  const char *name;
  size_t offset;
  enum { DOUBLE, WIDE, NARROW } type;
} policy_fields[] = {
#define FIELD(name, type) \
  { #name, offsetof(waitq_policy, name), type }
    FIELD(rate_per_s, DOUBLE),    FIELD(burst, WIDE),          FIELD(max_active, WIDE),       FIELD(max_waiting, WIDE),
    FIELD(claim_ttl_ms, WIDE),    FIELD(session_ttl_ms, WIDE), FIELD(heartbeat_ttl_ms, WIDE), FIELD(min_poll_ms, WIDE),
    FIELD(max_poll_ms, WIDE),     FIELD(opens_at_ms, WIDE),    FIELD(order, NARROW),          FIELD(eta_model, NARROW),
    FIELD(on_store_loss, NARROW),
#undef FIELD
};

static void set_policy(waitq_policy *policy, char **words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char *value = strchr(words[i], '=');
    size_t known = sizeof policy_fields / sizeof policy_fields[0], field = 0;
    if (value == NULL) {
      stop("not a field of a policy", words[i]);
    }
    *value++ = '\0';
    while (field < known && strcmp(policy_fields[field].name, words[i]) != 0) {
      field++;
    }
    if (field == known) {
      stop("not a field of a policy", words[i]);
    }
    char *at = (char *)policy + policy_fields[field].offset;
    if (policy_fields[field].type == DOUBLE) {
      memcpy(at, &(double){number(value)}, sizeof(double));
    } else if (policy_fields[field].type == WIDE) {
      memcpy(at, &(int64_t){(int64_t)number(value)}, sizeof(int64_t));
    } else {
      memcpy(at, &(uint32_t){(uint32_t)number(value)}, sizeof(uint32_t));
    }
  }
}

/* --- commands: each is given its words, the first of which is its name --- */

static void do_room(char **words, size_t count) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  set_policy(&policy, words + 2, count - 2);
  waitq_room_close(host.room);
  host.room = NULL;
  snprintf(host.room_name, sizeof host.room_name, "%s", words[1]);
  print_code(waitq_room_open(host.context, words[1], &policy, &host.room, NULL));
}

static void do_configure(char **words, size_t count) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_room_policy(host.room, &policy, NULL);
  set_policy(&policy, words + 1, count - 1);
  print_code(waitq_room_configure(host.room, &policy, NULL));
}

static void do_tick(char **words, size_t count) {
  (void)count;
  host.now_us += (int64_t)number(words[1]) * 1000;
}

static void do_join(char **words, size_t count) {
  struct label *label = label_of(words[1]);
  waitq_status status = WAITQ_STATUS_INIT;
  const char *visitor = count > 2 ? words[2] : NULL;
  if (print_code(
          waitq_join(host.room, visitor, visitor == NULL ? 0 : strlen(visitor), NULL, &label->ticket, &status, NULL))) {
    print_ticket(&label->ticket);
    print_status(&status);
  }
}

static void do_join_many(char **words, size_t count) {
  waitq_visitor visitors[WORDS_MAX] = {{NULL, 0}};
  waitq_ticket tickets[WORDS_MAX] = {WAITQ_TICKET_INIT};
  waitq_status statuses[WORDS_MAX] = {WAITQ_STATUS_INIT};
  int32_t codes[WORDS_MAX] = {0};
  for (size_t i = 1; i < count; i++) {
    visitors[i] = (waitq_visitor){words[i], strlen(words[i])};
    waitq_ticket_init(&tickets[i], sizeof tickets[i]);
    waitq_status_init(&statuses[i], sizeof statuses[i]);
  }
  waitq_join_many(host.room, visitors + 1, count - 1, NULL, tickets + 1, statuses + 1, codes + 1, NULL);
  for (size_t i = 1; i < count; i++) {
    if (print_code(codes[i])) {
      label_of(words[i])->ticket = tickets[i];
      print_ticket(&tickets[i]);
      print_status(&statuses[i]);
    }
  }
}

static void do_poll(char **words, size_t count) {
  (void)count;
  waitq_status status = WAITQ_STATUS_INIT;
  if (print_code(waitq_poll(host.room, label_of(words[1])->ticket.text, &status, NULL))) {
    print_status(&status);
  }
}

static void do_poll_many(char **words, size_t count) {
  waitq_ticket tickets[WORDS_MAX] = {WAITQ_TICKET_INIT};
  waitq_status statuses[WORDS_MAX] = {WAITQ_STATUS_INIT};
  int32_t codes[WORDS_MAX] = {0};
  for (size_t i = 1; i < count; i++) {
    tickets[i] = label_of(words[i])->ticket;
    waitq_status_init(&statuses[i], sizeof statuses[i]);
  }
  waitq_poll_many(host.room, tickets + 1, count - 1, statuses + 1, codes + 1, NULL);
  for (size_t i = 1; i < count; i++) {
    if (print_code(codes[i])) {
      print_status(&statuses[i]);
    }
  }
}

static void do_leave(char **words, size_t count) {
  (void)count;
  waitq_status status = WAITQ_STATUS_INIT;
  if (print_code(waitq_leave(host.room, label_of(words[1])->ticket.text, &status, NULL))) {
    print_status(&status);
  }
}

static waitq_binding binding_of(char **words) {
  waitq_binding binding = WAITQ_BINDING_INIT;
  binding.method = strcmp(words[0], "-") == 0 ? NULL : words[0];
  binding.url = strcmp(words[1], "-") == 0 ? NULL : words[1];
  binding.client = strcmp(words[2], "-") == 0 ? NULL : words[2];
  return binding;
}

static void do_enter(char **words, size_t count) {
  struct label *label = label_of(words[1]);
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_enter_options options = WAITQ_ENTER_OPTIONS_INIT;
  waitq_binding binding = WAITQ_BINDING_INIT;
  if (count == 5) {
    binding = binding_of(words + 2);
    options.binding = &binding;
  }
  if (print_code(waitq_enter(host.room, label->ticket.text, &options, &pass, NULL))) {
    print_pass(&pass);
    label->pass = pass;
  }
}

static void do_renew(char **words, size_t count) {
  (void)count;
  struct label *label = label_of(words[1]);
  waitq_pass pass = WAITQ_PASS_INIT;
  if (print_code(waitq_renew(host.room, label->pass.text, &pass, NULL))) {
    print_pass(&pass);
    label->pass = pass;
  }
}

static void do_exit(char **words, size_t count) {
  (void)count;
  print_code(waitq_exit(host.room, label_of(words[1])->pass.text, NULL));
}

static void do_verify(char **words, size_t count) {
  const char *text = label_of(words[1])->pass.text;
  waitq_verifier_t *verifier = NULL;
  waitq_claims claims = WAITQ_CLAIMS_INIT;
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_binding binding = WAITQ_BINDING_INIT;
  options.audience = host.room_name;
  options.leeway_ms = 0;
  if (count == 5) {
    binding = binding_of(words + 2);
  }
  if (waitq_verifier_open(&host.key, 1, &options, &verifier, NULL) != WAITQ_OK) {
    stop("no verifier for", host.room_name);
  }
  if (print_code(waitq_verify(verifier, text, strlen(text), host.now_us / 1000, count == 5 ? &binding : NULL, &claims,
                              NULL))) {
    print_claims(&claims);
  }
  waitq_verifier_close(verifier);
}

static void do_rate(char **words, size_t count) {
  (void)count;
  print_code(waitq_room_set_rate(host.room, number(words[1]), NULL));
}

static void do_rate_at(char **words, size_t count) {
  (void)count;
  print_code(waitq_room_set_rate_at(host.room, number(words[1]), host.now_us / 1000 + (int64_t)number(words[2]), NULL));
}

static void do_phase(char **words, size_t count) {
  (void)count;
  print_code(waitq_room_set_phase(host.room, (uint32_t)number(words[1]), NULL));
}

static void do_pause_until(char **words, size_t count) {
  (void)count;
  print_code(waitq_room_pause_until(host.room, host.now_us / 1000 + (int64_t)number(words[1]), NULL));
}

static void do_reset(char **words, size_t count) {
  (void)words;
  (void)count;
  print_code(waitq_room_reset(host.room, NULL));
}

static void do_stats(char **words, size_t count) {
  (void)words;
  (void)count;
  waitq_stats stats = WAITQ_STATS_INIT;
  if (print_code(waitq_room_stats(host.room, &stats, NULL))) {
    print_stats(&stats);
  }
}

static void do_policy(char **words, size_t count) {
  (void)words;
  (void)count;
  waitq_policy policy = WAITQ_POLICY_INIT;
  if (print_code(waitq_room_policy(host.room, &policy, NULL))) {
    print_policy(&policy);
  }
}

static waitq_limit limit_of(char **words) {
  waitq_limit limit = WAITQ_LIMIT_INIT;
  limit.rate_per_s = number(words[0]);
  limit.burst = (uint64_t)number(words[1]);
  return limit;
}

static void do_limiter(char **words, size_t count) {
  (void)count;
  waitq_limit limit = limit_of(words + 2);
  waitq_limiter_close(host.limiter);
  host.limiter = NULL;
  print_code(waitq_limiter_open(host.context, words[1], &limit, &host.limiter, NULL));
}

static void do_configure_limiter(char **words, size_t count) {
  (void)count;
  waitq_limit limit = limit_of(words + 1);
  print_code(waitq_limiter_configure(host.limiter, &limit, NULL));
}

static void do_try(char **words, size_t count) {
  (void)count;
  waitq_decision decision = WAITQ_DECISION_INIT;
  if (print_code(waitq_limiter_try(host.limiter, (uint32_t)number(words[1]), &decision, NULL))) {
    print_decision(&decision);
  }
}

static void do_eta(char **words, size_t count) {
  (void)count;
  waitq_eta_options options = WAITQ_ETA_OPTIONS_INIT;
  options.rate_per_s = number(words[1]);
  options.burst = (uint64_t)number(words[2]);
  options.max_active = (uint64_t)number(words[3]);
  waitq_eta_close(host.eta);
  host.eta = NULL;
  print_code(waitq_eta_open(&options, &host.eta, NULL));
}

static void do_observe(char **words, size_t count) {
  (void)count;
  waitq_eta_sample sample = WAITQ_ETA_SAMPLE_INIT;
  sample.admitted = (uint64_t)number(words[1]);
  sample.joined = (uint64_t)number(words[2]);
  sample.left = (uint64_t)number(words[3]);
  sample.ended = (uint64_t)number(words[4]);
  sample.waiting = (uint64_t)number(words[5]);
  sample.active = (uint64_t)number(words[6]);
  sample.tokens = number(words[7]);
  print_code(waitq_eta_observe(host.eta, host.now_us / 1000, &sample, NULL));
}

static void do_estimate(char **words, size_t count) {
  (void)count;
  waitq_estimate estimate = WAITQ_ESTIMATE_INIT;
  if (print_code(waitq_eta_estimate(host.eta, host.now_us / 1000, (uint64_t)number(words[1]), &estimate, NULL))) {
    print_estimate(&estimate);
  }
}

static void do_text(char **words, size_t count) {
  struct label *label = label_of(words[1]);
  snprintf(label->ticket.text, sizeof label->ticket.text, "%s", count > 2 ? words[2] : "");
  snprintf(label->pass.text, sizeof label->pass.text, "%s", count > 2 ? words[2] : "");
}

static const struct {
  const char *name;
  size_t least, most; /* words, the name among them */
  void (*run)(char **words, size_t count);
} commands[] = {
    {"room", 2, WORDS_MAX, do_room},
    {"configure", 2, WORDS_MAX, do_configure},
    {"tick", 2, 2, do_tick},
    {"join", 2, 3, do_join},
    {"join_many", 1, WORDS_MAX, do_join_many},
    {"poll", 2, 2, do_poll},
    {"poll_many", 1, WORDS_MAX, do_poll_many},
    {"leave", 2, 2, do_leave},
    {"enter", 2, 5, do_enter},
    {"renew", 2, 2, do_renew},
    {"exit", 2, 2, do_exit},
    {"verify", 2, 5, do_verify},
    {"rate", 2, 2, do_rate},
    {"rate_at", 3, 3, do_rate_at},
    {"phase", 2, 2, do_phase},
    {"pause_until", 2, 2, do_pause_until},
    {"reset", 1, 1, do_reset},
    {"stats", 1, 1, do_stats},
    {"policy", 1, 1, do_policy},
    {"limiter", 4, 4, do_limiter},
    {"configure_limiter", 3, 3, do_configure_limiter},
    {"try", 2, 2, do_try},
    {"eta", 4, 4, do_eta},
    {"observe", 8, 8, do_observe},
    {"estimate", 2, 2, do_estimate},
    {"text", 2, 3, do_text},
};

static void run_line(char *line) {
  char *words[WORDS_MAX];
  size_t count = 0;
  line[strcspn(line, "#\n")] = '\0';
  while (strlen(line) > 0 && line[strlen(line) - 1] == ' ') {
    line[strlen(line) - 1] = '\0';
  }
  if (*line == '\0') {
    return;
  }
  printf("%s\n", line);
  for (char *word = strtok(line, " "); word != NULL && count < WORDS_MAX; word = strtok(NULL, " ")) {
    words[count++] = word;
  }
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(commands[i].name, words[0]) == 0 && count >= commands[i].least && count <= commands[i].most) {
      commands[i].run(words, count);
      return;
    }
  }
  stop("no such command, or with other words", words[0]);
}

static int run_script(const char *path) {
  char line[512];
  waitq_options options = WAITQ_OPTIONS_INIT;
  FILE *script = fopen(path, "r");
  if (script == NULL) {
    stop("cannot read", path);
  }
  host.now_us = INT64_C(1700000000000000);
  waitq_key_init(&host.key, sizeof host.key);
  host.key.algorithm = WAITQ_KEY_HS256;
  host.key.length = 32;
  memcpy(host.key.kid, "k1", 3);
  for (unsigned char i = 0; i < 32; i++) {
    host.key.bytes[i] = (unsigned char)(i + 1);
  }
  options.clock = read_clock;
  options.clock_user = &host.now_us;
  options.keys = &host.key;
  options.key_count = 1;
  if (waitq_open("memory:", &options, &host.context, NULL) != WAITQ_OK) {
    stop("cannot open", "memory:");
  }
  while (fgets(line, sizeof line, script) != NULL) {
    run_line(line);
  }
  fclose(script);
  waitq_eta_close(host.eta);
  waitq_limiter_close(host.limiter);
  waitq_room_close(host.room);
  waitq_close(host.context);
  return 0;
}

static int verify_once(const char *hex, const char *room, const char *pass) {
  waitq_key key = WAITQ_KEY_INIT;
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_verifier_t *verifier = NULL;
  key.algorithm = WAITQ_KEY_HS256;
  key.length = (uint32_t)(strlen(hex) / 2);
  memcpy(key.kid, "k1", 3);
  for (size_t i = 0; i < key.length && i < sizeof key.bytes; i++) {
    char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
    key.bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
  }
  options.audience = room;
  int code = waitq_verifier_open(&key, 1, &options, &verifier, NULL);
  if (code == WAITQ_OK) {
    code = waitq_verify(verifier, pass, strlen(pass), (int64_t)time(NULL) * 1000, NULL, NULL, NULL);
  }
  waitq_verifier_close(verifier);
  printf("%s\n", waitq_error_name(code));
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "--verify") == 0) {
    return verify_once(argv[2], argv[3], argv[4]);
  }
  if (argc != 2) {
    fprintf(stderr, "usage: transcript scenario.txt, or transcript --verify key room pass\n");
    return 2;
  }
  return run_script(argv[1]);
}
