/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "servers.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "resp.h"
#include "servers_plan.h"

#define ARGUMENTS_MAX 96
#define START_MS 20000
#define ASK_MS 20000

struct server {
  char directory[64];
  char log[80];
  char socket[80];
  char port_text[8];
  char tls_port_text[8];
  char bus_port_text[8];
  uint16_t port;
  uint16_t tls_port;
  uint16_t bus_port;
  pid_t pid;
  int fd; /* the connection for server_ask(); -1 where there is none */
  char *password;
  unsigned flags;
  enum server_kind kind;
  const char *arguments[ARGUMENTS_MAX];
  size_t argument_count;
  char *copies[ARGUMENTS_MAX]; /* of the caller's arguments */
  size_t copy_count;
  struct resp_text reply;
  char uri[256];
  char tls_uri[1024];
  char unix_uri[256];
};

/* Used by the thread that starts servers; made once. */
static struct {
  char directory[64];
  struct certificates files;
} tls;

const struct certificates *server_certificates(void) {
  if (tls.directory[0] == '\0') {
    child_directory(tls.directory, sizeof tls.directory);
    certificates_make(&tls.files, tls.directory);
  }
  return &tls.files;
}

static void add(struct server *server, const char *argument) {
  if (server->argument_count + 1 >= ARGUMENTS_MAX) {
    child_fail("too many arguments for redis-server");
  }
  server->arguments[server->argument_count++] = argument;
  server->arguments[server->argument_count] = NULL;
}

static void add_pair(struct server *server, const char *name, const char *value) {
  add(server, name);
  add(server, value);
}

static const char *copy(struct server *server, const char *text) {
  char *made = malloc(strlen(text) + 1);
  if (made == NULL || server->copy_count == ARGUMENTS_MAX) {
    child_fail("out of memory");
  }
  memcpy(made, text, strlen(text) + 1);
  server->copies[server->copy_count++] = made;
  return made;
}

static void add_tls(struct server *server) {
  const struct certificates *files = server_certificates();
  add_pair(server, "--tls-port", server->tls_port_text);
  add_pair(server, "--tls-cert-file", files->server);
  add_pair(server, "--tls-key-file", files->server_key);
  add_pair(server, "--tls-ca-cert-file", files->ca);
  add_pair(server, "--tls-auth-clients", server->flags & SERVER_TLS_MUTUAL ? "yes" : "no");
}

static void add_data(struct server *server) {
  add_pair(server, "--save", "");
  if (server->flags & SERVER_AOF) {
    add_pair(server, "--appendonly", "yes");
    add_pair(server, "--appendfsync", "always");
  }
  add_pair(server, "--enable-debug-command", "local");
  add_pair(server, "--repl-diskless-sync-delay", "0");
  add_pair(server, "--repl-ping-replica-period", "1");
}

static void add_cluster(struct server *server) {
  add_pair(server, "--cluster-enabled", "yes");
  add_pair(server, "--cluster-config-file", "nodes.conf");
  add_pair(server, "--cluster-node-timeout", "1000");
  add_pair(server, "--cluster-port", server->bus_port_text);
}

static void plan(struct server *server, const struct server_plan *wanted) {
  const char *program = getenv("WAITQ_TEST_SERVER");
  add(server, program == NULL ? "redis-server" : program);
  if (wanted->config != NULL) {
    char path[96];
    snprintf(path, sizeof path, "%s/server.conf", server->directory);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(wanted->config, file) < 0 || fclose(file) != 0) {
      child_fail("cannot write %s", path);
    }
    add(server, copy(server, path));
  }
  if (server->kind == SERVER_OF_SENTINEL) {
    add(server, "--sentinel");
  }
  add_pair(server, "--port", server->port_text);
  add_pair(server, "--bind", "127.0.0.1");
  add_pair(server, "--dir", server->directory);
  if (server->kind != SERVER_OF_SENTINEL) {
    add_data(server);
  }
  if (server->kind == SERVER_OF_CLUSTER) {
    add_cluster(server);
  }
  if (server->flags & (SERVER_TLS | SERVER_TLS_MUTUAL)) {
    add_tls(server);
  }
  if (server->flags & SERVER_UNIX) {
    add_pair(server, "--unixsocket", server->socket);
  }
  if (server->password != NULL) {
    add_pair(server, "--requirepass", server->password);
    add_pair(server, "--masterauth", server->password);
  }
  for (size_t i = 0; wanted->options.arguments != NULL && wanted->options.arguments[i] != NULL; i++) {
    add(server, copy(server, wanted->options.arguments[i]));
  }
}

static void choose_ports(struct server *server) {
  server->port = child_free_port();
  server->tls_port = child_free_port();
  server->bus_port = child_free_port();
  snprintf(server->port_text, sizeof server->port_text, "%u", server->port);
  snprintf(server->tls_port_text, sizeof server->tls_port_text, "%u", server->tls_port);
  snprintf(server->bus_port_text, sizeof server->bus_port_text, "%u", server->bus_port);
}

/* The password's characters are those that need no encoding in a URI. */
static void write_uris(struct server *server) {
  const char *password = server->password == NULL ? "" : server->password;
  const char *colon = server->password == NULL ? "" : ":";
  const char *at = server->password == NULL ? "" : "@";
  const char *both = server->flags & SERVER_TLS_MUTUAL ? "&" : "";
  snprintf(server->uri, sizeof server->uri, "redis://%s%s%s127.0.0.1:%u", colon, password, at, server->port);
  snprintf(server->unix_uri, sizeof server->unix_uri, "redis+unix://%s%s%s%s", colon, password, at, server->socket);
  snprintf(server->tls_uri, sizeof server->tls_uri, "rediss://%s%s%s127.0.0.1:%u?ca_file=%s%s%s%s%s%s", colon, password,
           at, server->tls_port, tls.files.ca, both, *both ? "cert_file=" : "", *both ? tls.files.client : "",
           *both ? "&key_file=" : "", *both ? tls.files.client_key : "");
}

static void show_log(const struct server *server) {
  char line[512];
  FILE *file = fopen(server->log, "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    fputs(line, stderr);
  }
  if (file != NULL) {
    fclose(file);
  }
}

static int port_was_taken(const struct server *server) {
  char line[512];
  int found = 0;
  FILE *file = fopen(server->log, "r");
  while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
    found = strstr(line, "Address already in use") != NULL;
  }
  if (file != NULL) {
    fclose(file);
  }
  return found;
}

static void disconnect(struct server *server) {
  if (server->fd >= 0) {
    close(server->fd);
    server->fd = -1;
  }
}

static int connect_within(struct server *server, int64_t within_ms) {
  server->fd = resp_connect(server->port, within_ms);
  if (server->fd >= 0 && server->password != NULL && server->kind != SERVER_OF_SENTINEL) {
    const char *const words[] = {"AUTH", server->password};
    if (resp_ask(server->fd, words, 2, &server->reply) != 0) {
      disconnect(server);
    }
  }
  return server->fd >= 0;
}

static const char *ask(struct server *server, const char *const *words, size_t count, int64_t within_ms) {
  for (int attempt = 0; attempt < 2; attempt++) {
    int was_open = server->fd >= 0;
    if (!was_open && !connect_within(server, within_ms)) {
      return NULL;
    }
    if (resp_ask(server->fd, words, count, &server->reply) == 0) {
      return server->reply.bytes;
    }
    disconnect(server);
    if (!was_open) {
      return NULL;
    }
  }
  return NULL;
}

/* Answers, has loaded its data, and (in a Sentinel's case) runs in its mode. */
static int answers(void *user) {
  struct server *server = user;
  const char *const words[] = {"PING"};
  const char *reply = ask(server, words, 1, 1000);
  return !child_is_running(server->pid) || (reply != NULL && strcmp(reply, "PONG") == 0);
}

/* 0 when it ended at once. */
static int launch(struct server *server) {
  remove(server->log);
  server->pid = child_start(server->arguments, server->log);
  if (!child_wait(answers, server, START_MS)) {
    show_log(server);
    child_fail("redis-server does not answer");
  }
  if (!child_is_running(server->pid)) {
    child_end(server->pid, SIGKILL);
    server->pid = 0;
    return 0;
  }
  return 1;
}

static void free_arguments(struct server *server) {
  for (size_t i = 0; i < server->copy_count; i++) {
    free(server->copies[i]);
  }
  server->copy_count = 0;
  server->argument_count = 0;
}

struct server *server_launch(const struct server_plan *wanted) {
  struct server *server = calloc(1, sizeof *server);
  if (server == NULL) {
    child_fail("out of memory");
  }
  server->fd = -1;
  server->flags = wanted->options.flags;
  server->kind = wanted->kind;
  child_directory(server->directory, sizeof server->directory);
  snprintf(server->log, sizeof server->log, "%s/log", server->directory);
  snprintf(server->socket, sizeof server->socket, "%s/socket", server->directory);
  if (wanted->options.password != NULL) {
    server->password = malloc(strlen(wanted->options.password) + 1);
    if (server->password == NULL) {
      child_fail("out of memory");
    }
    memcpy(server->password, wanted->options.password, strlen(wanted->options.password) + 1);
  }
  for (int attempt = 0; attempt < 10; attempt++) {
    free_arguments(server);
    choose_ports(server);
    plan(server, wanted);
    if (launch(server)) {
      write_uris(server);
      return server;
    }
    if (!port_was_taken(server)) {
      break;
    }
  }
  show_log(server);
  child_fail("redis-server cannot be started");
}

struct server *server_start(const struct server_options *options) {
  struct server_plan wanted = {.kind = SERVER_ALONE};
  if (options != NULL) {
    wanted.options = *options;
  }
  return server_launch(&wanted);
}

void server_stop(struct server *server) {
  if (server == NULL) {
    return;
  }
  server_kill(server);
  child_remove(server->directory, 1);
  free_arguments(server);
  resp_text_free(&server->reply);
  free(server->password);
  free(server);
}

uint16_t server_port(const struct server *server) {
  return server->port;
}

uint16_t server_tls_port(const struct server *server) {
  return server->tls_port;
}

uint16_t server_bus_port(const struct server *server) {
  return server->bus_port;
}

const char *server_password(const struct server *server) {
  return server->password;
}

pid_t server_pid(const struct server *server) {
  return server->pid;
}

const char *server_directory(const struct server *server) {
  return server->directory;
}

const char *server_socket(const struct server *server) {
  return server->socket;
}

const char *server_uri(const struct server *server) {
  return server->uri;
}

const char *server_tls_uri(const struct server *server) {
  return server->tls_uri;
}

const char *server_unix_uri(const struct server *server) {
  return server->unix_uri;
}

void server_kill(struct server *server) {
  disconnect(server);
  child_end(server->pid, SIGKILL);
  server->pid = 0;
}

void server_restart(struct server *server, enum server_data data) {
  disconnect(server);
  if (server->pid != 0) {
    server_resume(server);
  }
  child_end(server->pid, SIGTERM);
  server->pid = 0;
  if (data == SERVER_EMPTY) {
    char path[96];
    snprintf(path, sizeof path, "%s/appendonlydir", server->directory);
    child_remove(path, 1);
    snprintf(path, sizeof path, "%s/dump.rdb", server->directory);
    remove(path);
  }
  if (!launch(server)) {
    show_log(server);
    child_fail("redis-server cannot be started again");
  }
}

void server_pause(struct server *server) {
  kill(server->pid, SIGSTOP);
}

void server_resume(struct server *server) {
  kill(server->pid, SIGCONT);
}

const char *server_ask_words(struct server *server, const char *const *words, size_t count) {
  const char *reply = ask(server, words, count, ASK_MS);
  if (reply == NULL) {
    show_log(server);
    child_fail("redis-server on port %u did not answer %s", server->port, words[0]);
  }
  return reply;
}

static const char *ask_line(struct server *server, const char *command, int64_t within_ms) {
  const char *words[64];
  char *line = malloc(strlen(command) + 1);
  if (line == NULL) {
    child_fail("out of memory");
  }
  memcpy(line, command, strlen(command) + 1);
  size_t count = resp_split(line, words, sizeof words / sizeof words[0]);
  const char *reply = NULL;
  if (within_ms == 0) {
    reply = server_ask_words(server, words, count);
  } else {
    disconnect(server);
    reply = ask(server, words, count, within_ms);
    disconnect(server);
  }
  free(line);
  return reply;
}

const char *server_ask(struct server *server, const char *command) {
  return ask_line(server, command, 0);
}

const char *server_try(struct server *server, const char *command, int64_t within_ms) {
  return ask_line(server, command, within_ms);
}

long long server_ask_number(struct server *server, const char *command) {
  char *end = NULL;
  const char *reply = server_ask(server, command);
  long long number = strtoll(reply, &end, 10);
  if (end == reply || *end != '\0') {
    child_fail("%s answers %s, which is no number", command, reply);
  }
  return number;
}

int server_info(struct server *server, const char *name, char *value, size_t size) {
  size_t length = strlen(name);
  const char *line = server_try(server, "INFO everything", 2000);
  while (line != NULL && *line != '\0') {
    if (strncmp(line, name, length) == 0 && line[length] == ':') {
      line += length + 1;
      snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
      return 1;
    }
    line = strchr(line, '\n');
    line = line == NULL ? NULL : line + 1;
  }
  return 0;
}

struct wanted_info {
  struct server *server;
  const char *name;
  const char *value;
  char seen[128];
};

static int info_is(void *user) {
  struct wanted_info *wanted = user;
  return server_info(wanted->server, wanted->name, wanted->seen, sizeof wanted->seen) &&
         strcmp(wanted->seen, wanted->value) == 0;
}

void server_wait_info(struct server *server, const char *name, const char *value) {
  struct wanted_info wanted = {.server = server, .name = name, .value = value};
  if (!child_wait(info_is, &wanted, START_MS)) {
    show_log(server);
    child_fail("redis-server on port %u: %s is %s, and never became %s", server->port, name, wanted.seen, value);
  }
}

void server_replicate(struct server *server, uint16_t port) {
  char command[64];
  snprintf(command, sizeof command, "REPLICAOF 127.0.0.1 %u", port);
  server_ask(server, command);
  server_wait_info(server, "master_link_status", "up");
}

struct pair {
  struct server *replica;
  struct server *master;
};

static int is_in_step(void *user) {
  struct pair *pair = user;
  char written[32] = "";
  char received[32] = "";
  return server_info(pair->master, "master_repl_offset", written, sizeof written) &&
         server_info(pair->replica, "slave_repl_offset", received, sizeof received) && strcmp(written, received) == 0;
}

void server_wait_in_step(struct server *replica, struct server *master) {
  struct pair pair = {replica, master};
  if (!child_wait(is_in_step, &pair, START_MS)) {
    child_fail("the replica on port %u does not follow", replica->port);
  }
}
