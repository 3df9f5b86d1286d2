/* tlswarden: policyd/finder - the servers of next hops, from cache or DNS.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/limits.h"
#include "base/mem.h"
#include "daemon/clock.h"
#include "finder_thread.h"

/* The hunt for key, a new one if there is none; NULL: there are too many. */
static struct hunt *
hunt_for(struct finder *f, const struct servers_key *key)
{
	const struct hunt wanted = { .key = *key };
	void *found = tfind(&wanted, &f->under_way, hunt_compare);
	struct hunt *h;

	if (found != NULL) {
		f->stats.n_shared++;
		return *(struct hunt **)found;
	}
	if (f->stats.n_under_way >= LIMIT_SEARCHES)
		return NULL;
	h = hunt_new(f, key);
	found = tsearch(h, &f->under_way, hunt_compare);
	if (found == NULL) {
		hunt_free(h);
		return NULL;
	}
	f->stats.n_under_way++;
	f->stats.n_searches++;
	h->next = f->fresh;
	f->fresh = h;
	finder_wake(f);
	return h;
}

enum finder_status
finder_get(struct finder *f, const struct servers_key *key, struct mailbox *box,
    struct ticket ticket, struct servers **found_r)
{
	enum finder_status status = FINDER_FOUND;
	struct servers *found;
	struct hunt *h = NULL;

	finder_lock(f);
	found = servers_cache_get(f->cache, key, clock_msecs());
	if (found != NULL) {
		f->stats.n_hits++;
	} else {
		if (f->stats.n_waiting < LIMIT_SEARCH_WAITERS)
			h = hunt_for(f, key);
		status = h == NULL ? FINDER_REFUSED : FINDER_LATER;
		if (h == NULL)
			f->stats.n_refused++;
		else {
			hunt_add_waiter(h, box, ticket);
			f->stats.n_waiting++;
		}
	}
	finder_unlock(f);
	if (found != NULL)
		*found_r = found;
	return status;
}

void
finder_stats(struct finder *f, struct finder_stats *r)
{
	finder_lock(f);
	*r = f->stats;
	r->n_kept = servers_cache_count(f->cache);
	r->kept_bytes = servers_cache_bytes(f->cache);
	finder_unlock(f);
}

static void
copy_servers(struct finder *f, const struct conf *conf)
{
	struct server_list l = { NULL, conf->dns_servers.n };

	l.v = mem_zalloc(l.n, sizeof(*l.v));
	for (size_t i = 0; i < l.n; i++)
		l.v[i] = mem_strdup(conf->dns_servers.v[i]);
	server_list_free(&f->next_servers);
	f->next_servers = l;
	f->is_stale = true;
}

int
finder_start(struct finder **f_r, const struct conf *conf, struct err *err_r)
{
	struct finder *f = mem_zalloc(1, sizeof(*f));
	uint64_t seed = 0;
	int rc;

	f->wake_fd = -1;
	f->log_msecs = -FINDER_LOG_MSECS;
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = (uint64_t)clock_usecs();
	f->cache =
	    servers_cache_new(LIMIT_SERVERS_KEPT, LIMIT_SERVERS_BYTES, seed);
	rc = pthread_mutex_init(&f->lock, NULL);
	assert(rc == 0);
	copy_servers(f, conf);
	if (finder_thread_init(f, err_r) < 0) {
		finder_free(f);
		return -1;
	}
	rc = pthread_create(&f->thread, NULL, finder_thread_run, f);
	if (rc != 0) {
		finder_free(f);
		return err_set(err_r, EX_OSERR, "cannot start a thread: %s",
		    strerror(rc));
	}
	f->is_running = true;
	*f_r = f;
	return 0;
}

void
finder_reload(struct finder *f, const struct conf *conf)
{
	finder_lock(f);
	copy_servers(f, conf);
	servers_cache_clear(f->cache);
	finder_unlock(f);
	finder_wake(f);
}

void
finder_stop(struct finder *f)
{
	int rc;

	if (f == NULL || !f->is_running)
		return;
	f->is_running = false;
	finder_lock(f);
	f->is_ending = true;
	finder_unlock(f);
	finder_wake(f);
	rc = pthread_join(f->thread, NULL);
	assert(rc == 0);
}

static void
leave_alone(void *hunt)
{
	(void)hunt;
}

void
finder_free(struct finder *f)
{
	if (f == NULL)
		return;
	assert(!f->is_running);
	tdestroy(f->under_way, leave_alone);
	finder_thread_done(f);
	servers_cache_free(f->cache);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}
