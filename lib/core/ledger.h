/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_LEDGER_H
#define WAITQ_CORE_LEDGER_H

/* The ledger of a room: a few bits per ticket, and a rank index that turns them into positions.
 *
 * Chunks hang in a directory, a ring indexed by chunk number; beside each stands how many tickets before it are gone. So
 * "how many before ticket n are gone" is one number of the directory, one of the chunk's index, and at most eight
 * words counted.
 *
 * Writers hold the room's lock. Readers (poll) hold nothing: a directory that is outgrown and a chunk that is done with are
 * kept until the ledger is freed, so whatever a reader looks at stays readable; it asks waitq__ledger_holds() again
 * afterwards to learn whether it looked at the right thing.
 *
 * Only tickets that wait, at or after head, are marked as gone; one that leaves when its turn has come is marked as left alone.
 * So how many before head are gone stands still, for a ticket that waits the count before it never falls, and its position
 * never rises.
 *
 * Example: tickets 0 to 9, head 3, tickets 1, 5 and 6 gone (1 before its turn). gone_before(8) = 3, gone_before(3) = 1.
 * Position of 8 = 1 + (8 - 3) - (3 - 1) = 4: tickets 3, 4 and 7 are ahead. */

#include <stdatomic.h>
#include <stdint.h>

#include <waitq/context.h>

#include "core/chunk.h"

struct waitq__directory;

struct waitq__ledger {
  const waitq_allocator *allocator;
  struct waitq__directory *_Atomic directory; /* the newest; it links to those it replaced */
  _Atomic uint64_t first;                     /* the first ticket that is held; a multiple of a chunk */
  _Atomic uint64_t epoch;
  _Atomic uint64_t next; /* the ticket after the last */
  _Atomic uint64_t gone; /* how many before next are gone, by the index */
  uint64_t end;          /* chunks exist for tickets from first to here */
  uint64_t left;         /* bits set in each plane, of the tickets that are held */
  uint64_t entered;
  uint64_t ended;
  struct waitq__chunk *spare; /* a list of chunks done with, linked by their first plane word */
  uint64_t bytes;
};

int waitq__ledger_init(struct waitq__ledger *ledger, const waitq_allocator *allocator);
void waitq__ledger_free(struct waitq__ledger *ledger);

/* Forgets everything and begins at ticket first of an epoch. */
void waitq__ledger_reset(struct waitq__ledger *ledger, uint64_t epoch, uint64_t first);

/* Makes room for tickets up to, not including, end. 0, or a negative error code. */
int waitq__ledger_reserve(struct waitq__ledger *ledger, uint64_t end);

/* Makes room for the session of one ticket. 0, or a negative error code. */
int waitq__ledger_reserve_session(struct waitq__ledger *ledger, uint64_t number);

/* Raises next; room was reserved. */
void waitq__ledger_extend(struct waitq__ledger *ledger, uint64_t next);

/* The chunk of a ticket from first to next; NULL where it was dropped a moment ago. For readers without the lock as well. */
struct waitq__chunk *waitq__ledger_chunk(const struct waitq__ledger *ledger, uint64_t number);

/* Whether what was just read of a ticket of this epoch was its own. */
int waitq__ledger_holds(const struct waitq__ledger *ledger, uint64_t epoch, uint64_t number);

/* One bit of a ticket from first to next. */
int waitq__ledger_test(const struct waitq__ledger *ledger, unsigned plane, uint64_t number);

/* Sets one bit of any plane but GONE. Returns whether it was clear. Room was reserved. */
int waitq__ledger_set(struct waitq__ledger *ledger, unsigned plane, uint64_t number);

/* Sets a ticket's bit in a SEEN plane from a thread without the lock. */
void waitq__ledger_see(struct waitq__chunk *chunk, unsigned slot, uint64_t number);

/* Marks a ticket that waits as gone. Returns whether it was not. One whose turn has come is never marked so. */
int waitq__ledger_set_gone(struct waitq__ledger *ledger, uint64_t number);

/* Adds words of GONE to the chunk of first, for tickets that wait. */
void waitq__ledger_add_gone(struct waitq__ledger *ledger, uint64_t first, const uint64_t words[WAITQ__CHUNK_WORDS]);

/* Adds words of ENDED to the chunk of first. */
void waitq__ledger_add_ended(struct waitq__ledger *ledger, uint64_t first, const uint64_t words[WAITQ__CHUNK_WORDS]);

/* Tells the chunks after the one of number, and the total, that count more (modulo 2^64) are gone. */
void waitq__ledger_add_to_later(struct waitq__ledger *ledger, uint64_t number, uint64_t count);

/* Replaces count words of a plane, all of one chunk, by what a shared store holds of them; words of SEEN are added to what was heard
 * here. Room was reserved up to their end. 0, or a negative error code. */
int waitq__ledger_replace(struct waitq__ledger *ledger, unsigned plane, uint64_t first, const uint64_t *words,
                          uint32_t count);

/* Empties planes of SEEN and RENEWED, given as a mask. */
void waitq__ledger_empty(struct waitq__ledger *ledger, uint32_t planes);

/* How many tickets before this one are gone, by the index. */
uint64_t waitq__ledger_gone_before(const struct waitq__ledger *ledger, uint64_t number);

/* Walks from head over at most turns tickets that are not gone; returns where it stops (at most next), and in taken how many
 * such tickets it passed. */
uint64_t waitq__ledger_walk(const struct waitq__ledger *ledger, uint64_t head, uint64_t turns, uint64_t *taken);

/* How many tickets from begin to end have neither gone, nor left, nor entered. */
uint64_t waitq__ledger_unclaimed(const struct waitq__ledger *ledger, uint64_t begin, uint64_t end);

/* Whether the first chunk lies below limit and all its sessions are over. */
int waitq__ledger_can_drop(const struct waitq__ledger *ledger, uint64_t limit);

/* Counts of the first chunk, for whoever keeps the totals of what is dropped. */
void waitq__ledger_first_counts(const struct waitq__ledger *ledger, uint64_t *left, uint64_t *entered);

/* How many sessions of the first chunk are over. */
uint64_t waitq__ledger_first_ended(const struct waitq__ledger *ledger);

/* Drops the first chunk. */
void waitq__ledger_drop(struct waitq__ledger *ledger);

#endif
