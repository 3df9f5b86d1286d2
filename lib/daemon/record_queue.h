/* tlswarden: daemon/record_queue - rows on their way to the writer thread.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Many producers, one consumer. A producer copies its row into one block of
 * memory and hangs it on with a compare-and-swap: no lock, no wait. Rows of
 * one producer come out in their order.
 */
#ifndef DAEMON_RECORD_QUEUE_H
#define DAEMON_RECORD_QUEUE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fact/record.h"

enum record_kind {
	RECORD_UNKNOWN = 0,
	RECORD_SESSION,
	RECORD_VIOLATION,
	RECORD_PROBE
};

/* One row; its views point behind it into the same block. */
struct record_item {
	struct record_item *next;
	size_t n_bytes;
	enum record_kind kind;
	union {
		struct record_session session;
		struct record_violation violation;
		struct record_probe probe;
	} row;
};

struct record_queue {
	_Atomic(struct record_item *) newest;
	atomic_uint_fast64_t n_rows; /* waiting, those being written too */
	atomic_uint_fast64_t n_bytes;
	atomic_uint_fast64_t n_refused; /* no room */
	sem_t work; /* posted for the first row and for each full group */
	uint64_t max_rows;
	uint64_t max_bytes;
	uint64_t group_rows;
};

void record_queue_init(struct record_queue *q, uint64_t max_rows,
    uint64_t max_bytes, uint64_t group_rows);
/* Frees what is left. No producer is left. */
void record_queue_done(struct record_queue *q);

/* Copies row, a struct of the kind, and hangs it on; any thread. False when
 * there is no room: it is counted. */
bool record_queue_put(struct record_queue *q, enum record_kind kind,
    const void *row);

/* Takes all rows, oldest first; NULL: none. They count as waiting until
 * record_queue_free. */
struct record_item *record_queue_take(struct record_queue *q);
/* Frees one row that was taken. */
void record_queue_free(struct record_queue *q, struct record_item *item);

#endif
