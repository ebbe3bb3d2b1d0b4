/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Preloaded into a program: the host gateways.test has the addresses that stand in a file, one in each line, named by
 * WAITQ_TEST_NAMES. It is not found where there are none, and not answered before there is such a file. */

#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static FILE *wait_for_file(void) {
  const char *path = getenv("WAITQ_TEST_NAMES");
  FILE *file = NULL;
  while (path != NULL && (file = fopen(path, "r")) == NULL) {
    usleep(10000);
  }
  return file;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *req, struct addrinfo **pai) {
  lookup *real;
  *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  if (name == NULL || strcmp(name, "gateways.test") != 0) {
    return real(name, service, req, pai);
  }
  FILE *file = wait_for_file();
  struct addrinfo **end = pai;
  char line[64];
  *pai = NULL;
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    if (real(line, service, req, end) == 0) {
      while (*end != NULL) {
        end = &(*end)->ai_next;
      }
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  return *pai == NULL ? EAI_NONAME : 0;
}
