/* tlswarden: policyd/worker - a thread that answers, with its own event loop.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Workers share nothing but the snapshot. A connection stays with the worker
 * that it was given to.
 */
#ifndef POLICYD_WORKER_H
#define POLICYD_WORKER_H

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "conn.h"
#include "mailbox.h"
#include "service.h"

enum {
	WORKER_TICK_MSECS = 1000,  /* deadlines, letting an old snapshot go */
	WORKER_DRAIN_MSECS = 2000, /* what is in hand may take so long */
	WORKER_EXACT_TIMES = 64,   /* per step of the coarse clock */
	WORKER_COMPLAINTS = 10,    /* lines about broken clients per tick */
};

struct worker {
	size_t index;
	struct mailbox mailbox;   /* any thread posts */
	struct mailbox *front;    /* where MAIL_GONE goes */
	struct counters counters; /* any thread reads */

	/* the thread's own */
	pthread_t thread;
	struct event_base *base;
	struct event *mail, *tick, *drain_end;
	int tick_fd; /* a timerfd, see make_base */
	struct service_context ctx;
	struct conn *conns;
	struct buf out; /* answers of one round */
	bool is_draining;
	int64_t coarse_msecs, now_usecs; /* see worker_now */
	unsigned int n_times;
	unsigned int n_complaints; /* in this tick */
	char in[CONN_READ_BYTES];
};

/* Gives a worker whose thread runs; front and world are borrowed. */
int worker_start(struct worker **w_r, size_t index, struct mailbox *front,
    const struct world *world, struct err *err_r) MUST_CHECK;
/* Reads the clock: *usecs_r orders what connections did last, to the
 * microsecond as long as there is time for that; under load it is a counter
 * between two steps of the coarse clock. */
int64_t worker_now(struct worker *w, int64_t *usecs_r);
/* True if one more line about a broken client may be logged now. */
bool worker_may_complain(struct worker *w);
/* The last connection of a draining worker has gone? Ends its loop. */
void worker_check_drained(struct worker *w);
/* Drains and waits for the thread; counters can still be read. */
void worker_stop(struct worker *w);
/* NULL is allowed. */
void worker_free(struct worker *w);

#endif
