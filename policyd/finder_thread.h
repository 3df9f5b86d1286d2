/* tlswarden: policyd/finder_thread - the thread of a finder, which asks DNS.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The inside of policyd/finder.
 */
#ifndef POLICYD_FINDER_THREAD_H
#define POLICYD_FINDER_THREAD_H

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>

#include "finder.h"
#include "hunt.h"
#include "resolve/servers_cache.h"

enum { FINDER_LOG_MSECS = 10000 /* between two groups of lines */ };

struct server_list {
	char **v;
	size_t n;
};

struct finder {
	pthread_mutex_t lock; /* of the first block */
	struct servers_cache *cache;
	void *under_way;    /* tree of hunts by key */
	struct hunt *fresh; /* that the thread does not have yet */
	struct server_list next_servers;
	bool is_stale; /* next_servers are for the next resolver */
	bool is_ending;
	struct finder_stats stats;

	int wake_fd;
	pthread_t thread;
	bool is_running;

	/* the thread's */
	struct event_base *base;
	struct event *wake, *dns, *tick;
	struct server_list servers;
	struct resolver *resolver; /* NULL: none was needed yet */
	struct hunt *first, *last; /* that it has, by deadline */
	int64_t log_msecs;
	unsigned n_logged;
};

void finder_lock(struct finder *f);
void finder_unlock(struct finder *f);
/* Any thread: has the thread look at what is new. */
void finder_wake(struct finder *f);
void server_list_free(struct server_list *l);

/* What the thread needs, made before it runs. */
int finder_thread_init(struct finder *f, struct err *err_r) MUST_CHECK;
/* The thread; arg is the finder. Ends when is_ending is set. */
void *finder_thread_run(void *arg);
/* Frees what is the thread's, when it has ended or never ran. */
void finder_thread_done(struct finder *f);

#endif
