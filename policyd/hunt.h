/* tlswarden: policyd/hunt - a search for servers, and who waits for it.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * For policyd/finder, whose lock guards what is said to be under it.
 */
#ifndef POLICYD_HUNT_H
#define POLICYD_HUNT_H

#include <stddef.h>
#include <stdint.h>

#include "mailbox.h"
#include "resolve/search.h"
#include "resolve/servers.h"

struct finder;

struct waiter {
	struct mailbox *box;
	struct ticket ticket;
};

/* A search and who waits for it. */
struct hunt {
	struct servers_key key; /* views name */
	struct waiter *waiters; /* under the lock */
	size_t n_waiters, cap;
	struct finder *finder;
	/* the thread's, but next until it has it */
	struct hunt *prev, *next;
	struct search *search;
	int64_t deadline_msecs;
	char name[];
};

/* Copies key; gives (free with hunt_free). */
struct hunt *hunt_new(struct finder *f, const struct servers_key *key)
    NONNULL_RETURN MUST_CHECK;
void hunt_free(struct hunt *h);
/* All of a list. NULL is allowed. */
void hunts_free(struct hunt *h);
/* Orders hunts by key, for tsearch(3). */
int hunt_compare(const void *a, const void *b);
/* Under the lock. */
void hunt_add_waiter(struct hunt *h, struct mailbox *box, struct ticket ticket);
/* Tells all who wait; borrows found. */
void hunt_tell(const struct hunt *h, struct servers *found);

#endif
