/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "intervals.h"

#include <stdlib.h>

#include "../support/test.h"

/* The admissions are taken in the order of their ends, which are the ends of intervals. Their beginnings are the leaves of a tree: each
 * holds what has been taken since then, and rate x that moment. The greatest of them, less rate x the end, is the worst interval that
 * ends there. */

static int by_beginning(const void *a, const void *b) {
  const struct admission *left = a;
  const struct admission *right = b;
  return (left->began_us > right->began_us) - (left->began_us < right->began_us);
}

static int by_end(const void *a, const void *b) {
  const struct admission *left = *(const struct admission *const *)a;
  const struct admission *right = *(const struct admission *const *)b;
  return (left->ended_us > right->ended_us) - (left->ended_us < right->ended_us);
}

#define NEVER (-1e300)

struct tree {
  size_t leaves;
  double *sum;  /* of tokens, for all below */
  double *most; /* of all below */
};

static void tree_renew(struct tree *tree, size_t node) {
  double left = tree->most[2 * node];
  double right = tree->most[2 * node + 1];
  tree->most[node] = tree->sum[node] + (left > right ? left : right);
}

/* Adds tokens to the leaves 0 to last. */
static void tree_add(struct tree *tree, size_t node, size_t low, size_t high, size_t last, double tokens) {
  if (last + 1 >= high) {
    tree->sum[node] += tokens;
    tree->most[node] += tokens;
    return;
  }
  size_t middle = (low + high) / 2;
  tree_add(tree, 2 * node, low, middle, last, tokens);
  if (last >= middle) {
    tree_add(tree, 2 * node + 1, middle, high, last, tokens);
  }
  tree_renew(tree, node);
}

/* From now on intervals may begin at this leaf. */
static void tree_enter(struct tree *tree, size_t leaf, double value) {
  size_t node = tree->leaves + leaf;
  tree->most[node] = tree->sum[node] + value;
  for (node /= 2; node > 0; node /= 2) {
    tree_renew(tree, node);
  }
}

static void tree_init(struct tree *tree, size_t count) {
  tree->leaves = 1;
  while (tree->leaves < count) {
    tree->leaves *= 2;
  }
  tree->sum = calloc(2 * tree->leaves, sizeof(double));
  tree->most = calloc(2 * tree->leaves, sizeof(double));
  assert_true(tree->sum != NULL && tree->most != NULL);
  for (size_t i = 0; i < 2 * tree->leaves; i++) {
    tree->most[i] = NEVER;
  }
}

double worst_interval(struct admission *admissions, size_t count, double rate_per_s) {
  struct tree tree;
  const struct admission **ends = malloc(count * sizeof *ends);
  double worst = 0;
  assert_non_null(ends);
  tree_init(&tree, count);
  qsort(admissions, count, sizeof *admissions, by_beginning);
  for (size_t i = 0; i < count; i++) {
    ends[i] = &admissions[i];
  }
  qsort(ends, count, sizeof *ends, by_end);
  for (size_t i = 0; i < count; i++) {
    size_t at = (size_t)(ends[i] - admissions);
    tree_enter(&tree, at, (double)(ends[i]->began_us - admissions[0].began_us) * rate_per_s / 1e6);
    tree_add(&tree, 1, 0, tree.leaves, at, ends[i]->tokens);
    double excess = tree.most[1] - (double)(ends[i]->ended_us - admissions[0].began_us) * rate_per_s / 1e6;
    worst = excess > worst ? excess : worst;
  }
  free(ends);
  free(tree.sum);
  free(tree.most);
  return worst;
}
