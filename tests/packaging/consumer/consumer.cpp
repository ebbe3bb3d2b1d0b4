/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What consumer.c does, as a C++ host would write it. */

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include <waitq/waitq.h>

namespace {

void check(int code, const waitq_error &error) {
  if (code != WAITQ_OK) {
    throw std::runtime_error(std::string(waitq_error_name(code)) + ": " + error.text);
  }
}

struct Close {
  void operator()(waitq_t *context) const { waitq_close(context); }
  void operator()(waitq_room_t *room) const { waitq_room_close(room); }
};

waitq_status second_of_two() {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 0.001;
  policy.burst = 1;

  waitq_t *context = nullptr;
  check(waitq_open("memory:", nullptr, &context, &error), error);
  const std::unique_ptr<waitq_t, Close> context_owner(context);
  waitq_room_t *room = nullptr;
  check(waitq_room_open(context, "concert", &policy, &room, &error), error);
  const std::unique_ptr<waitq_room_t, Close> room_owner(room);

  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  for (const std::string visitor : {"ann", "bob"}) {
    check(waitq_join(room, visitor.data(), visitor.size(), nullptr, &ticket, nullptr, &error), error);
  }
  check(waitq_poll(room, ticket.text, &status, &error), error);
  return status;
}

}  // namespace

int main() {
  try {
    const waitq_status status = second_of_two();
    std::printf("waitq %s: %s, position %llu\n", waitq_version_string(), waitq_state_name(status.state),
                static_cast<unsigned long long>(status.position));
    return status.state == WAITQ_STATE_WAITING && status.position == 1 ? 0 : 1;
  } catch (const std::exception &problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
  }
}
