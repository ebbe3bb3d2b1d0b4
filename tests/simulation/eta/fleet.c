/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
  pid_t pid;
  int answer; /* where it writes its outcome: smaller than what a pipe holds, so it never waits for us */
  struct task *task;
};

static _Noreturn void work(const struct task *task, int answer) {
  struct outcome outcome;
  FILE *samples = task->samples == NULL ? NULL : fopen(task->samples, "w");
  if (task->samples != NULL && samples == NULL) {
    perror(task->samples);
    _exit(1);
  }
  if (samples != NULL) {
    fputs(run_heading, samples);
  }
  run(&task->scenario, task->seed, samples, task->one_in, &outcome);
  if (samples != NULL && fclose(samples) != 0) {
    perror(task->samples);
    _exit(1);
  }
  _exit(write(answer, &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 1);
}

static int start(struct child *child, struct task *task) {
  int ends[2];
  fflush(NULL);
  if (pipe(ends) != 0) {
    perror("pipe");
    return -1;
  }
  child->task = task;
  child->answer = ends[0];
  child->pid = fork();
  if (child->pid == 0) {
    close(ends[0]);
    work(task, ends[1]);
  }
  close(ends[1]);
  if (child->pid < 0) {
    perror("fork");
    close(ends[0]);
  }
  return child->pid < 0 ? -1 : 0;
}

/* Waits for the end of any child, and takes its outcome. */
static int finish_one(struct child *children, unsigned at_once) {
  int status;
  pid_t pid = wait(&status);
  for (unsigned i = 0; i < at_once; i++) {
    struct child *child = &children[i];
    if (pid > 0 && child->pid == pid) {
      ssize_t size = read(child->answer, &child->task->outcome, sizeof child->task->outcome);
      close(child->answer);
      child->pid = 0;
      if (size != (ssize_t)sizeof child->task->outcome || status != 0) {
        fprintf(stderr, "a run of scenario %s failed\n", child->task->scenario.name);
        return -1;
      }
      return 0;
    }
  }
  return -1;
}

int fleet_run(struct task *tasks, size_t count, unsigned at_once) {
  struct child *children = calloc(at_once, sizeof *children);
  unsigned running = 0;
  int code = children == NULL ? -1 : 0;
  for (size_t next = 0; code == 0 && (next < count || running > 0);) {
    if (next < count && running < at_once) {
      unsigned place = 0;
      while (children[place].pid != 0) {
        place++;
      }
      code = start(&children[place], &tasks[next++]);
      running += code == 0;
    } else {
      code = finish_one(children, at_once);
      running--;
    }
  }
  /* After a failure the others still come to their end. */
  for (; running > 0 && wait(NULL) > 0; running--) {
  }
  free(children);
  return code;
}
