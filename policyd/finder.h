/* tlswarden: policyd/finder - the servers of next hops, from cache or DNS.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One for all workers. What is in the cache is there at once; for the rest a
 * thread of its own asks DNS and posts the answer to who asked, so that no
 * worker ever waits. Several that ask for the same share one search. Nothing
 * is done, and no thread's resolver made, before the first question.
 */
#ifndef POLICYD_FINDER_H
#define POLICYD_FINDER_H

#include "base/conf.h"
#include "base/err.h"
#include "mailbox.h"
#include "resolve/servers.h"

struct finder;

/* Starts the thread; conf is borrowed for the call. Call it before signals
 * are unblocked. */
int finder_start(struct finder **f_r, const struct conf *conf,
    struct err *err_r) MUST_CHECK;
/* Asks these servers from now on, and those of resolv.conf as it is now;
 * forgets what the old ones told. */
void finder_reload(struct finder *f, const struct conf *conf);
/* Ends the thread: nothing is posted any more. NULL is allowed. */
void finder_stop(struct finder *f);
/* After finder_stop. NULL is allowed. */
void finder_free(struct finder *f);

enum finder_status {
	FINDER_REFUSED = 0, /* too much is looked for already */
	FINDER_FOUND,       /* *found_r is given */
	FINDER_LATER        /* MAIL_FOUND comes to box, with the ticket */
};

/* Any thread. */
enum finder_status
finder_get(struct finder *f, const struct servers_key *key, struct mailbox *box,
    struct ticket ticket, struct servers **found_r) MUST_CHECK;

struct finder_stats {
	uint64_t n_searches; /* that DNS was asked for */
	uint64_t n_hits;     /* answered from the cache */
	uint64_t n_shared;   /* waited for a search that was under way */
	uint64_t n_failed;   /* searches that did not tell all */
	uint64_t n_refused;
	size_t n_under_way, n_waiting;
	size_t n_kept, kept_bytes;
};
void finder_stats(struct finder *f, struct finder_stats *r);

#endif
