/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Runs inputs of a fuzzer, each a file, where there is no libFuzzer. */

#include "fuzz.h"

static void run_file(const char *path) {
  static uint8_t input[1 << 16];
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  size_t size = fread(input, 1, sizeof input, file);
  fclose(file);
  LLVMFuzzerTestOneInput(input, size);
}

int main(int count, char **paths) {
  if (count < 2) {
    fprintf(stderr, "usage: %s file...\n", paths[0]);
    return 2;
  }
  for (int i = 1; i < count; i++) {
    run_file(paths[i]);
  }
  printf("%d inputs\n", count - 1);
  return 0;
}
