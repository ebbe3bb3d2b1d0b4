/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "child.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN_MAX 128
#define DIRECTORIES_MAX 128
#define DIRECTORY_SIZE 64

static struct {
  pthread_mutex_t lock;
  pid_t owner; /* whose exit ends all; 0 before the first child */
  pid_t children[CHILDREN_MAX];
  char directories[DIRECTORIES_MAX][DIRECTORY_SIZE];
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

_Noreturn void child_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

int64_t child_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void child_sleep_ms(int64_t ms) {
  struct timespec rest = {ms / 1000, (long)(ms % 1000) * 1000000};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
  }
}

int child_wait(int (*condition)(void *user), void *user, int64_t within_ms) {
  int64_t until_ms = child_now_ms() + within_ms;
  while (!condition(user)) {
    if (child_now_ms() >= until_ms) {
      return 0;
    }
    child_sleep_ms(10);
  }
  return 1;
}

static const char *temporary(void) {
  const char *path = getenv("TMPDIR");
  return path != NULL && strlen(path) < DIRECTORY_SIZE / 2 ? path : "/tmp";
}

static void end_all(void) {
  if (getpid() != all.owner) {
    return;
  }
  for (size_t i = 0; i < CHILDREN_MAX; i++) {
    if (all.children[i] != 0) {
      kill(all.children[i], SIGKILL);
      waitpid(all.children[i], NULL, 0);
    }
  }
  for (size_t i = 0; i < DIRECTORIES_MAX; i++) {
    if (all.directories[i][0] != '\0') {
      child_remove(all.directories[i], 1);
    }
  }
}

/* Directories are named after the process that made them: those of processes that were killed are removed here. */
static void remove_leftovers(void) {
  DIR *folder = opendir(temporary());
  if (folder == NULL) {
    return;
  }
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    char path[PATH_MAX];
    if (strncmp(entry->d_name, "waitq-", 6) != 0) {
      continue;
    }
    char *end = NULL;
    long pid = strtol(entry->d_name + 6, &end, 10);
    if (pid > 1 && end != NULL && *end == '-' && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
      snprintf(path, sizeof path, "%s/%s", temporary(), entry->d_name);
      child_remove(path, 1);
    }
  }
  closedir(folder);
}

/* With the lock held. */
static void own(void) {
  if (all.owner == 0) {
    all.owner = getpid();
    atexit(end_all);
    remove_leftovers();
  }
}

static void remember_child(pid_t pid) {
  pthread_mutex_lock(&all.lock);
  own();
  size_t i = 0;
  while (i < CHILDREN_MAX && all.children[i] != 0) {
    i++;
  }
  if (i < CHILDREN_MAX) {
    all.children[i] = pid;
  }
  pthread_mutex_unlock(&all.lock);
  if (i == CHILDREN_MAX) {
    kill(pid, SIGKILL);
    child_fail("more than %d programs run beside this test", CHILDREN_MAX);
  }
}

static void forget_child(pid_t pid) {
  pthread_mutex_lock(&all.lock);
  for (size_t i = 0; i < CHILDREN_MAX; i++) {
    if (all.children[i] == pid) {
      all.children[i] = 0;
    }
  }
  pthread_mutex_unlock(&all.lock);
}

/* In the child, between fork and exec: only what is safe there. */
static _Noreturn void become(const char *const *arguments, int output, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
    _exit(126);
  }
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) {
    dup2(nothing, STDIN_FILENO);
  }
  for (int fd = STDERR_FILENO + 1; fd < 1024; fd++) {
    close(fd);
  }
  union {
    const char *const *given;
    char *const *wanted; /* execvp does not write to them; its type is older than const */
  } argv = {.given = arguments};
  execvp(arguments[0], argv.wanted);
  _exit(127);
}

static pid_t launch(const char *const *arguments, const char *output) {
  int fd = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    child_fail("cannot write %s: %s", output, strerror(errno));
  }
  fflush(NULL);
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid < 0) {
    child_fail("cannot fork: %s", strerror(errno));
  }
  if (pid == 0) {
    become(arguments, fd, parent);
  }
  close(fd);
  return pid;
}

pid_t child_start(const char *const *arguments, const char *output) {
  pid_t pid = launch(arguments, output);
  remember_child(pid);
  return pid;
}

int child_is_running(pid_t pid) {
  siginfo_t ended = {0};
  return waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0;
}

void child_end(pid_t pid, int with_signal) {
  if (pid == 0) {
    return;
  }
  kill(pid, with_signal);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
  forget_child(pid);
}

static int has_ended(void *user) {
  return !child_is_running(*(const pid_t *)user);
}

int child_finish(pid_t pid, int64_t within_ms) {
  int how = 0;
  if (!child_wait(has_ended, &pid, within_ms)) {
    kill(pid, SIGKILL);
  }
  while (waitpid(pid, &how, 0) < 0 && errno == EINTR) {
  }
  forget_child(pid);
  return WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

void child_run(const char *const *arguments, const char *output) {
  int how = 0;
  pid_t pid = launch(arguments, output);
  while (waitpid(pid, &how, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(how) || WEXITSTATUS(how) != 0) {
    child_fail("%s %s failed; see %s", arguments[0], arguments[1] == NULL ? "" : arguments[1], output);
  }
}

void child_directory(char *path, size_t size) {
  char made[DIRECTORY_SIZE];
  snprintf(made, sizeof made, "%s/waitq-%ld-XXXXXX", temporary(), (long)getpid());
  pthread_mutex_lock(&all.lock);
  own();
  size_t i = 0;
  while (i < DIRECTORIES_MAX && all.directories[i][0] != '\0') {
    i++;
  }
  int good = i < DIRECTORIES_MAX && mkdtemp(made) != NULL;
  if (good) {
    memcpy(all.directories[i], made, sizeof made);
  }
  pthread_mutex_unlock(&all.lock);
  if (!good || strlen(made) >= size) {
    child_fail("cannot make the directory %s", made);
  }
  memcpy(path, made, strlen(made) + 1);
}

static void remove_below(int folder, const char *name) {
  int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  DIR *content = fd < 0 ? NULL : fdopendir(fd);
  if (content == NULL) {
    return;
  }
  for (struct dirent *entry = readdir(content); entry != NULL; entry = readdir(content)) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlinkat(fd, entry->d_name, 0) != 0) {
      remove_below(fd, entry->d_name);
      unlinkat(fd, entry->d_name, AT_REMOVEDIR);
    }
  }
  closedir(content);
}

void child_remove(const char *path, int itself) {
  remove_below(AT_FDCWD, path);
  if (!itself) {
    return;
  }
  rmdir(path);
  for (size_t i = 0; i < DIRECTORIES_MAX; i++) {
    if (strcmp(all.directories[i], path) == 0) {
      all.directories[i][0] = '\0';
    }
  }
}

static int port_is_free(uint16_t port) {
  int one = 1;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  int bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0;
  close(fd);
  return bound;
}

uint16_t child_free_port(void) {
  static _Atomic uint32_t turn;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint32_t start = (uint32_t)getpid() * 2654435761U + (uint32_t)now.tv_nsec;
  for (uint32_t i = 0; i < 20000; i++) {
    uint32_t at = start / 4096 + 7 * turn++;
    uint16_t port = (uint16_t)(12000 + at % 20000);
    if (port_is_free(port)) {
      return port;
    }
  }
  child_fail("no free port on 127.0.0.1");
}
