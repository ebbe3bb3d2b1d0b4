/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "account.h"

void account_init(struct account *account, int64_t rate_1024, uint64_t burst, int64_t now_us) {
  account->at_us = now_us;
  account->rate_1024 = rate_1024;
  account->burst = (int64_t)burst;
  account->level = account->burst;
  account->level *= ACCOUNT_TOKEN;
}

static void cap(struct account *account) {
  __extension__ __int128 full = account->burst;
  full *= ACCOUNT_TOKEN;
  if (account->level > full) {
    account->level = full;
  }
}

void account_advance(struct account *account, int64_t now_us) {
  if (now_us <= account->at_us) {
    return;
  }
  __extension__ __int128 made = account->rate_1024;
  made *= now_us - account->at_us;
  account->level += made;
  account->at_us = now_us;
  cap(account);
}

void account_set(struct account *account, int64_t rate_1024, uint64_t burst, int64_t now_us) {
  account_advance(account, now_us);
  account->rate_1024 = rate_1024;
  account->burst = (int64_t)burst;
  cap(account);
}

void account_take(struct account *account, uint64_t tokens) {
  __extension__ __int128 units = (int64_t)tokens;
  account->level -= units * ACCOUNT_TOKEN;
}

int account_has(const struct account *account, uint64_t tokens, int64_t millionths) {
  __extension__ __int128 wanted = (int64_t)tokens;
  wanted = wanted * ACCOUNT_TOKEN + millionths * (ACCOUNT_TOKEN / 1000000);
  return account->level >= wanted;
}

double account_tokens(const struct account *account) {
  return (double)account->level / (double)ACCOUNT_TOKEN;
}
