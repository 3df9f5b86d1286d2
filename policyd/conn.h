/* tlswarden: policyd/conn - one connection of one client.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Allocated and freed by the front (the main thread); between MAIL_ADD and
 * the last MAIL_GONE everything but the first block belongs to one worker.
 * An idle connection holds no buffers. A request is one recv and its answer
 * one send; requests that arrive together are answered together.
 */
#ifndef POLICYD_CONN_H
#define POLICYD_CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "service.h"

struct worker;

enum {
	/* A request that has begun must be whole, and an answer taken, within
	 * this time. Postfix and Sendmail write a request at once. */
	CONN_DEADLINE_MSECS = 15000,
	CONN_READ_BYTES = 65536, /* what one recv takes at most */
	CONN_ANSWER_BYTES =
	    131072, /* answers are sent when there are so many */
};

struct conn {
	/* the front's */
	uint64_t id;
	size_t index;        /* in the front's table */
	unsigned int n_owed; /* MAIL_GONE that are still to come */
	bool is_evicted;     /* told to go */
	size_t worker_index;
	/* written by the worker, read by the front to find the longest idle */
	atomic_int_fast64_t active_usecs;

	/* the worker's */
	int fd;
	bool is_open;
	bool is_closing; /* when the answers are out */
	const struct service *service;
	struct worker *worker;
	struct conn *prev, *next; /* the worker's open ones */
	struct event readable, writable;
	struct buf in;  /* the start of a request, or what waits for out */
	struct buf out; /* answers that the socket did not take yet */
	int64_t deadline_msecs; /* 0: nothing is half done */
	bool is_waiting;        /* for DNS: the first request of in, and all
				   behind it */
	struct ticket ticket;   /* while it waits */
	struct servers *found;  /* what it waited for, not used yet */
	struct dsn_tie tie;     /* what the next delivery status is about */
};

/* Begins to serve c on the worker's base. */
void conn_start(struct conn *c, struct worker *w);
/* Closes and tells the front; c must not be used after. */
void conn_close(struct conn *c);
/* Answers what has arrived; closes when nothing is half done. */
void conn_drain(struct conn *c);
/* What c waits for is there: answers and goes on; takes found. c may be closed
 * after. */
void conn_resume(struct conn *c, struct servers *found);
/* Closes when a deadline has passed. */
void conn_check(struct conn *c, int64_t now_msecs);

#endif
