/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_RESP_PEER_H
#define WAITQ_TESTS_SUPPORT_RESP_PEER_H

/* A server that speaks from a script, for answers that a real Redis cannot be made to give at will.
 *
 *     struct resp_peer *peer = resp_peer_start(resp_peer_redis);
 *     const struct resp_step steps[] = {{"EVALSHA", "-LOADING Redis is loading the dataset in memory\r\n", RESP_GO_ON},
 *                                       {"EVALSHA", ":1\r\n", RESP_GO_ON},
 *                                       {NULL, NULL, RESP_GO_ON}};
 *     resp_peer_play(peer, steps);
 *     ...                                               what is tested, with resp_peer_port(peer)
 *     assert_int_equal(resp_peer_left(peer), 0);
 *
 * A command that fits the next step of the script is answered by it, and the step is over. Any other is answered by the first
 * rule that it fits, as often as it comes; one that fits none, by "-ERR not in the script". A thread of the test's own
 * process does it; all connections share the script. */

#include <stddef.h>
#include <stdint.h>

enum resp_then {
  RESP_GO_ON,
  RESP_CLOSE, /* after the reply, the connection is closed in good order */
  RESP_RESET  /* ... or by RST */
};

/* One command and its answer. */
struct resp_step {
  const char *
      expect; /* the command's first words, whatever their case; "*" is any word, and "" any command. NULL ends a list */
  const char *reply; /* as it goes over the wire; NULL: silence */
  enum resp_then then;
};

struct resp_peer;

/* Rules for what a client asks of a server to which it connects: AUTH, HELLO, SELECT, PING, CLIENT, INFO, ROLE, CONFIG GET. */
extern const struct resp_step resp_peer_redis[];

/* rules, and the texts in them, must live as long as the peer; NULL: none. */
struct resp_peer *resp_peer_start(const struct resp_step *rules);
void resp_peer_stop(struct resp_peer *peer); /* NULL is ignored */
uint16_t resp_peer_port(const struct resp_peer *peer);

/* The script from now on; it must live as long as it is played. */
void resp_peer_play(struct resp_peer *peer, const struct resp_step *steps);
/* How many of its steps are still to come. */
size_t resp_peer_left(struct resp_peer *peer);
/* How many connections there were, and how many commands that neither the script nor a rule has an answer to. */
unsigned resp_peer_connections(struct resp_peer *peer);
unsigned resp_peer_unexpected(struct resp_peer *peer);
/* What was heard since the latest resp_peer_play(), a command a line, its first three words; copied. */
void resp_peer_heard(struct resp_peer *peer, char *text, size_t size);

#endif
