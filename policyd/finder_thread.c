/* tlswarden: policyd/finder_thread - the thread of a finder, which asks DNS.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "daemon/clock.h"
#include "finder_thread.h"

enum {
	TICK_MSECS = 100, /* how late a search may end */
	LOG_LINES = 10,   /* about DNS trouble, per FINDER_LOG_MSECS */
};

void
finder_lock(struct finder *f)
{
	int rc = pthread_mutex_lock(&f->lock);

	assert(rc == 0);
}

void
finder_unlock(struct finder *f)
{
	int rc = pthread_mutex_unlock(&f->lock);

	assert(rc == 0);
}

void
finder_wake(struct finder *f)
{
	uint64_t one = 1;
	ssize_t n = write(f->wake_fd, &one, sizeof(one));

	(void)n; /* it can only fail when the counter is full */
}

void
server_list_free(struct server_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct server_list){ NULL, 0 };
}

static bool
may_log(struct finder *f)
{
	int64_t now = clock_msecs();

	if (now - f->log_msecs >= FINDER_LOG_MSECS) {
		if (f->n_logged > LOG_LINES)
			log_warning("dns: %u more such troubles",
			    f->n_logged - LOG_LINES);
		f->n_logged = 0;
		f->log_msecs = now;
	}
	return f->n_logged++ < LOG_LINES;
}

static void
log_trouble(struct finder *f, const struct servers *found)
{
	if (may_log(f))
		log_warning("dns: not all addresses of %.*s are known: %.*s",
		    SV_ARG(found->key.name), SV_ARG(found->trouble));
}

static void
unlink_hunt(struct finder *f, struct hunt *h)
{
	if (h->prev != NULL)
		h->prev->next = h->next;
	else
		f->first = h->next;
	if (h->next != NULL)
		h->next->prev = h->prev;
	else
		f->last = h->prev;
}

/* Ends a hunt: all who wait are told. */
static void
on_found(void *arg, struct servers *found)
{
	struct hunt *h = arg;
	struct finder *f = h->finder;

	h->search = NULL;
	unlink_hunt(f, h);
	finder_lock(f);
	(void)tdelete(h, &f->under_way, hunt_compare);
	f->stats.n_under_way--;
	f->stats.n_waiting -= h->n_waiters;
	f->stats.n_failed += !found->is_complete;
	servers_cache_put(f->cache, found, clock_msecs());
	finder_unlock(f);
	if (!found->is_complete)
		log_trouble(f, found);
	hunt_tell(h, found);
	servers_drop(found);
	hunt_free(h);
}

static void
on_dns(evutil_socket_t fd, short what, void *arg)
{
	struct finder *f = arg;

	(void)fd;
	(void)what;
	resolver_process(f->resolver);
}

/* NULL, and logged, when there is none to be had. */
static struct resolver *
make_resolver(struct finder *f)
{
	struct err err = { 0 };
	struct resolver *r;

	finder_lock(f);
	if (f->is_stale) {
		server_list_free(&f->servers);
		f->servers = f->next_servers;
		f->next_servers = (struct server_list){ NULL, 0 };
		f->is_stale = false;
	}
	finder_unlock(f);
	r = resolver_new((const char *const *)f->servers.v, f->servers.n, &err);
	if (r == NULL && may_log(f))
		log_error("dns: %s", err.text);
	return r;
}

/* Listens to another resolver; the old one has no searches any more. */
static int
use_resolver(struct finder *f, struct resolver *r)
{
	if (f->dns != NULL)
		event_free(f->dns);
	resolver_free(f->resolver);
	f->resolver = r;
	f->dns =
	    event_new(f->base, resolver_fd(r), EV_READ | EV_PERSIST, on_dns, f);
	if (f->dns != NULL && event_add(f->dns, NULL) == 0)
		return 0;
	resolver_free(r);
	f->resolver = NULL;
	return -1;
}

static void
fail(struct hunt *h, const char *why)
{
	struct servers none = { .key = h->key, .trouble = sv_from(why) };

	on_found(h, servers_new(&none));
}

static void
begin(struct hunt *h)
{
	h->search = search_new(h->finder->resolver, &h->key, on_found, h);
	if (search_is_over(h->search))
		search_give_up(h->search);
}

static void
take_on(struct finder *f, struct hunt *h)
{
	static const struct timeval tick = { .tv_usec = TICK_MSECS * 1000 };

	h->deadline_msecs = clock_msecs() + SEARCH_WAIT_MSECS;
	h->next = NULL;
	h->prev = f->last;
	if (f->last != NULL)
		f->last->next = h;
	else
		f->first = h;
	f->last = h;
	if (f->resolver == NULL) {
		struct resolver *r = make_resolver(f);

		if (r == NULL || use_resolver(f, r) != 0) {
			fail(h, "there is no resolver");
			return;
		}
	}
	(void)event_add(f->tick, &tick);
	begin(h);
}

/* All that is under way is asked of the new resolver again. */
static void
change_resolver(struct finder *f)
{
	struct resolver *r = make_resolver(f);
	struct hunt *next;

	if (r == NULL)
		return; /* the old one goes on */
	finder_lock(f);
	servers_cache_clear(f->cache); /* what came in since the reload */
	finder_unlock(f);
	for (struct hunt *h = f->first; h != NULL; h = h->next) {
		search_free(h->search);
		h->search = NULL;
	}
	if (use_resolver(f, r) != 0) {
		while (f->first != NULL)
			fail(f->first, "there is no resolver");
		return;
	}
	for (struct hunt *h = f->first; h != NULL; h = next) {
		next = h->next;
		begin(h);
	}
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct finder *f = arg;
	struct hunt *fresh, *next, *turned = NULL;
	bool is_stale, is_ending;
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n;
	(void)what;
	finder_lock(f);
	fresh = f->fresh;
	f->fresh = NULL;
	is_stale = f->is_stale;
	is_ending = f->is_ending;
	finder_unlock(f);
	if (is_stale && f->resolver != NULL)
		change_resolver(f);
	for (; fresh != NULL; fresh = next) {
		next = fresh->next;
		fresh->next = turned;
		turned = fresh;
	}
	for (; turned != NULL; turned = next) {
		next = turned->next;
		take_on(f, turned);
	}
	if (is_ending)
		(void)event_base_loopbreak(f->base);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval tick = { .tv_usec = TICK_MSECS * 1000 };
	struct finder *f = arg;
	int64_t now = clock_msecs();

	(void)fd;
	(void)what;
	while (f->first != NULL && now >= f->first->deadline_msecs)
		search_give_up(f->first->search);
	if (f->first != NULL)
		(void)event_add(f->tick, &tick);
}

void *
finder_thread_run(void *arg)
{
	struct finder *f = arg;

	(void)event_base_dispatch(f->base);
	return NULL;
}

int
finder_thread_init(struct finder *f, struct err *err_r)
{
	f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->base = event_base_new();
	if (f->wake_fd >= 0 && f->base != NULL) {
		f->wake = event_new(f->base, f->wake_fd, EV_READ | EV_PERSIST,
		    on_wake, f);
		f->tick = event_new(f->base, -1, 0, on_tick, f);
	}
	if (f->wake == NULL || f->tick == NULL || event_add(f->wake, NULL) < 0)
		return err_set(err_r, EX_OSERR,
		    "cannot make an event loop for DNS");
	return 0;
}

void
finder_thread_done(struct finder *f)
{
	hunts_free(f->first);
	hunts_free(f->fresh);
	if (f->dns != NULL)
		event_free(f->dns);
	resolver_free(f->resolver);
	if (f->wake != NULL)
		event_free(f->wake);
	if (f->tick != NULL)
		event_free(f->tick);
	if (f->base != NULL)
		event_base_free(f->base);
	if (f->wake_fd >= 0)
		(void)close(f->wake_fd);
	server_list_free(&f->servers);
	server_list_free(&f->next_servers);
}
