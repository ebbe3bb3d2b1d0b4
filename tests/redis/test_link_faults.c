/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* What a link does when the system's calls fail: the linker puts the functions below in their place (--wrap). They fail for the library
 * alone, which works without blocking; the rest of the test goes straight through. */

#include "../support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../support/child.h"
#include "../support/servers.h"
#include "dial.h"

enum call { CALL_SOCKET, CALL_CONNECT, CALL_POLL, CALL_SEND, CALL_RECV, CALL_RESOLVE, CALLS };

#ifdef WAITQ_HAVE_TLS
#define WAYS 3
#else
#define WAYS 2
#endif

/* The orders of a test. */
static struct {
  int is_on;
  enum call call;
  long fail_at; /* the call that fails, counted from 1; 0: none */
  int number;   /* and its errno */
  int only_one_byte;
  long calls[CALLS];
  long without_flag; /* calls of send that could raise SIGPIPE */
  const char *resolved[2];
} fault;

static int fails(enum call call) {
  if (!fault.is_on) {
    return 0;
  }
  long n = ++fault.calls[call];
  if (fault.call == call && n == fault.fail_at) {
    errno = fault.number;
    return 1;
  }
  return 0;
}

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol) {
  return fails(CALL_SOCKET) ? -1 : __real_socket(domain, type, protocol);
}

int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length) {
  return fails(CALL_CONNECT) ? -1 : __real_connect(fd, address, length);
}

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
  return fails(CALL_POLL) ? -1 : __real_poll(fds, count, timeout_ms);
}

ssize_t __real_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags) {
  if (fails(CALL_SEND)) {
    return -1;
  }
  fault.without_flag += fault.is_on && (flags & MSG_NOSIGNAL) == 0;
  return __real_send(fd, bytes, fault.is_on && fault.only_one_byte && length > 1 ? 1 : length, flags);
}

ssize_t __real_recv(int fd, void *bytes, size_t length, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags) {
  if (fails(CALL_RECV)) {
    return -1;
  }
  return __real_recv(fd, bytes, fault.is_on && fault.only_one_byte && length > 1 ? 1 : length, flags);
}

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  if (fails(CALL_RESOLVE)) {
    return fault.number;
  }
  if (!fault.is_on || fault.resolved[0] == NULL) {
    return __real_getaddrinfo(host, service, hints, found);
  }
  int result = __real_getaddrinfo(fault.resolved[0], service, hints, found);
  return result != 0 || fault.resolved[1] == NULL
             ? result
             : __real_getaddrinfo(fault.resolved[1], service, hints, &(*found)->ai_next);
}

static struct server *server;

static int start(void **state) {
  (void)state;
  server = server_start(&(struct server_options){.flags = SERVER_TLS | SERVER_UNIX, .password = "s3cret"});
  return 0;
}

static int stop(void **state) {
  (void)state;
  server_stop(server);
  return 0;
}

static int setup(void **state) {
  memset(&fault, 0, sizeof fault);
  return dial_setup(state);
}

static int teardown(void **state) {
  fault.is_on = 0;
  return dial_teardown(state);
}

/* A link and a few exchanges, which either are answered rightly or fail with a code. */
static int visit(const char *uri) {
  fault.is_on = 1;
  memset(fault.calls, 0, sizeof fault.calls);
  int code = dial_code(uri, WAITQ__LINK_TO_SERVER, 20000);
  for (int i = 0; code == WAITQ_OK && i < 3; i++) {
    char line[32];
    struct waitq__reply *replies[2];
    snprintf(line, sizeof line, "ECHO %d", i);
    dial_say(line);
    dial_say("PING");
    code = dial_exchange(replies, 2, 20000);
    if (code == WAITQ_OK) {
      assert_int_equal(waitq__reply_text(replies[0]).bytes[0], '0' + i);
      assert_string_equal(waitq__reply_text(replies[1]).bytes, "PONG");
      waitq__reply_free(replies[0]);
      waitq__reply_free(replies[1]);
    }
  }
  fault.is_on = 0;
  return code;
}

/* The ways to the server: TCP, a Unix socket, TLS. */
static const char *uri_number(unsigned number) {
  return number == 0 ? server_uri(server) : number == 1 ? server_unix_uri(server) : server_tls_uri(server);
}

/* Each call in turn fails with this; what comes of it must be that code. Returns how many calls there were. */
static long fail_each(unsigned uri, enum call call, int number, int code) {
  fault.call = call;
  fault.number = number;
  long n = 1;
  for (;; n++) {
    fault.fail_at = n;
    int result = visit(uri_number(uri));
    if (fault.calls[call] < n) {
      assert_int_equal(result, WAITQ_OK);
      break;
    }
    if (result != code) {
      fail_msg("uri %u, call %d, number %d, time %ld: %d instead of %d: %s", uri, (int)call, number, n, result, code,
               dial_error.text);
    }
    if (code != WAITQ_OK) {
      assert_non_null(strstr(dial_error.text, uri == 1 ? server_socket(server) : "127.0.0.1:"));
      assert_null(strstr(dial_error.text, "s3cret"));
    }
    dial_hang_up();
    assert_int_equal(fake_memory_blocks(&dial_memory), 0);
  }
  fault.fail_at = 0;
  return n - 1;
}

static void test_faults__each_call_that_fails_is_told(void **state) {
  (void)state;
  for (unsigned uri = 0; uri < WAYS; uri++) {
    assert_int_equal(fail_each(uri, CALL_SOCKET, EMFILE, WAITQ_E_STORE), 1);
    assert_int_equal(fail_each(uri, CALL_CONNECT, ENETUNREACH, WAITQ_E_STORE), 1);
    assert_true(fail_each(uri, CALL_POLL, ENOMEM, WAITQ_E_STORE) >= 4);
    assert_true(fail_each(uri, CALL_SEND, EPIPE, WAITQ_E_STORE) >= 4);
    assert_true(fail_each(uri, CALL_SEND, ECONNRESET, WAITQ_E_STORE) >= 4);
    assert_true(fail_each(uri, CALL_RECV, ECONNRESET, WAITQ_E_STORE) >= 4);
  }
}

static void test_faults__an_interrupted_call_is_made_again(void **state) {
  (void)state;
  for (unsigned uri = 0; uri < WAYS; uri++) {
    assert_true(fail_each(uri, CALL_POLL, EINTR, WAITQ_OK) >= 4);
    assert_true(fail_each(uri, CALL_SEND, EINTR, WAITQ_OK) >= 4);
    assert_true(fail_each(uri, CALL_RECV, EINTR, WAITQ_OK) >= 4);
  }
}

static void test_faults__a_call_that_would_block_is_made_again(void **state) {
  (void)state;
  for (unsigned uri = 0; uri < WAYS; uri++) {
    assert_true(fail_each(uri, CALL_SEND, EAGAIN, WAITQ_OK) >= 4);
    assert_true(fail_each(uri, CALL_RECV, EAGAIN, WAITQ_OK) >= 4);
  }
  /* The queue of a Unix socket is full. */
  assert_int_equal(fail_each(1, CALL_CONNECT, EAGAIN, WAITQ_OK), 1);
}

static void test_faults__a_full_queue_of_a_socket_costs_the_time_given(void **state) {
  (void)state;
  fault.call = CALL_CONNECT;
  fault.number = EAGAIN;
  fault.fail_at = 1;
  fault.is_on = 1;
  assert_int_equal(dial_code(server_unix_uri(server), WAITQ__LINK_TO_SERVER, 0), WAITQ_E_TIMEOUT);
}

static void test_faults__short_sends_and_receives_add_up(void **state) {
  (void)state;
  fault.only_one_byte = 1;
  for (unsigned uri = 0; uri < WAYS; uri++) {
    assert_int_equal(visit(uri_number(uri)), WAITQ_OK);
  }
}

static void test_faults__every_send_asks_for_no_signal(void **state) {
  (void)state;
  for (unsigned uri = 0; uri < WAYS; uri++) {
    assert_int_equal(visit(uri_number(uri)), WAITQ_OK);
    assert_true(fault.calls[CALL_SEND] >= 4);
  }
  assert_int_equal(fault.without_flag, 0);
}

static void test_faults__an_interrupted_connect_goes_on(void **state) {
  (void)state;
  assert_int_equal(fail_each(0, CALL_CONNECT, EINTR, WAITQ_OK), 1);
  assert_int_equal(fail_each(1, CALL_CONNECT, EINTR, WAITQ_OK), 1);
}

static void test_faults__a_host_that_is_not_known_is_told(void **state) {
  (void)state;
  fault.call = CALL_RESOLVE;
  fault.fail_at = 1;
  const struct {
    int number;
    const char *text;
  } cases[] = {{EAI_NONAME, "cannot find the host: Name or service not known"},
               {EAI_AGAIN, "cannot find the host: Temporary failure"},
               {EAI_MEMORY, "cannot find the host: Memory"},
               {EAI_SYSTEM, "cannot find the host: "}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    fault.number = cases[i].number;
    assert_int_equal(visit("redis://redis.example:7000"), WAITQ_E_STORE);
    assert_int_equal(strncmp(dial_error.text, "redis.example:7000: ", 20), 0);
    assert_non_null(strstr(dial_error.text, cases[i].text));
  }
}

static void test_faults__the_next_address_is_tried(void **state) {
  (void)state;
  fault.resolved[0] = "127.0.0.9"; /* nobody listens there */
  fault.resolved[1] = "127.0.0.1";
  assert_int_equal(visit(dial_uri("redis://:s3cret@redis.example:%u", server_port(server))), WAITQ_OK);
  assert_int_equal(fault.calls[CALL_CONNECT], 2);
  dial_hang_up();
  fault.resolved[1] = NULL;
  assert_int_equal(visit(dial_uri("redis://:s3cret@redis.example:%u", server_port(server))), WAITQ_E_STORE);
  assert_non_null(strstr(dial_error.text, "cannot connect: Connection refused"));
}

static void test_faults__whether_anything_was_sent_is_known(void **state) {
  (void)state;
  for (unsigned uri = 0; uri < WAYS; uri++) {
    for (int bytes_first = 0; bytes_first < 2; bytes_first++) {
      fault.is_on = 0;
      dial(uri_number(uri));
      memset(fault.calls, 0, sizeof fault.calls);
      fault.call = CALL_SEND;
      fault.number = EPIPE;
      fault.fail_at = 1 + bytes_first;
      fault.only_one_byte = bytes_first;
      fault.is_on = 1;
      struct waitq__reply *reply;
      dial_say("PING");
      assert_int_equal(dial_exchange(&reply, 1, 20000), WAITQ_E_STORE);
      assert_int_equal(dial_was_sent, bytes_first);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_faults__each_call_that_fails_is_told, setup, teardown),
      UNIT_TEST(test_faults__an_interrupted_call_is_made_again, setup, teardown),
      UNIT_TEST(test_faults__a_call_that_would_block_is_made_again, setup, teardown),
      UNIT_TEST(test_faults__a_full_queue_of_a_socket_costs_the_time_given, setup, teardown),
      UNIT_TEST(test_faults__short_sends_and_receives_add_up, setup, teardown),
      UNIT_TEST(test_faults__every_send_asks_for_no_signal, setup, teardown),
      UNIT_TEST(test_faults__an_interrupted_connect_goes_on, setup, teardown),
      UNIT_TEST(test_faults__a_host_that_is_not_known_is_told, setup, teardown),
      UNIT_TEST(test_faults__the_next_address_is_tried, setup, teardown),
      UNIT_TEST(test_faults__whether_anything_was_sent_is_known, setup, teardown),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
