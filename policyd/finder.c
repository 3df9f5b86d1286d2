/* tlswarden: policyd/finder - the servers of next hops, from cache or DNS.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/clock.h"
#include "finder.h"
#include "resolve/search.h"
#include "resolve/servers_cache.h"

enum {
	TICK_MSECS = 100, /* how late a search may end */
	LOG_LINES = 10,   /* about DNS trouble, per LOG_MSECS */
	LOG_MSECS = 10000,
};

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

static void
lock(struct finder *f)
{
	int rc = pthread_mutex_lock(&f->lock);

	assert(rc == 0);
}

static void
unlock(struct finder *f)
{
	int rc = pthread_mutex_unlock(&f->lock);

	assert(rc == 0);
}

static void
wake_up(struct finder *f)
{
	uint64_t one = 1;
	ssize_t n = write(f->wake_fd, &one, sizeof(one));

	(void)n; /* it can only fail when the counter is full */
}

static int
compare(const void *a, const void *b)
{
	const struct hunt *x = a, *y = b;
	size_t least =
	    x->key.name.n < y->key.name.n ? x->key.name.n : y->key.name.n;
	int order;

	if (x->key.is_domain != y->key.is_domain)
		return x->key.is_domain ? 1 : -1;
	order = memcmp(x->key.name.p, y->key.name.p, least);
	if (order != 0 || x->key.name.n == y->key.name.n)
		return order;
	return x->key.name.n < y->key.name.n ? -1 : 1;
}

static struct hunt *
hunt_new(struct finder *f, const struct servers_key *key)
{
	struct hunt *h = mem_zalloc(1, sizeof(*h) + key->name.n + 1);

	memcpy(h->name, key->name.p, key->name.n);
	h->key.name = sv_make(h->name, key->name.n);
	h->key.is_domain = key->is_domain;
	h->finder = f;
	return h;
}

static void
hunt_free(struct hunt *h)
{
	search_free(h->search);
	free(h->waiters);
	free(h);
}

/* The hunt for key, a new one if there is none; NULL: there are too many. */
static struct hunt *
hunt_for(struct finder *f, const struct servers_key *key)
{
	const struct hunt wanted = { .key = *key };
	void *found = tfind(&wanted, &f->under_way, compare);
	struct hunt *h;

	if (found != NULL) {
		f->stats.n_shared++;
		return *(struct hunt **)found;
	}
	if (f->stats.n_under_way >= LIMIT_SEARCHES)
		return NULL;
	h = hunt_new(f, key);
	found = tsearch(h, &f->under_way, compare);
	if (found == NULL) {
		hunt_free(h);
		return NULL;
	}
	f->stats.n_under_way++;
	f->stats.n_searches++;
	h->next = f->fresh;
	f->fresh = h;
	wake_up(f);
	return h;
}

static void
add_waiter(struct hunt *h, struct mailbox *box, struct ticket ticket)
{
	if (h->n_waiters == h->cap) {
		h->cap = h->cap == 0 ? 4 : h->cap * 2;
		h->waiters =
		    mem_realloc(h->waiters, h->cap, sizeof(*h->waiters));
	}
	h->waiters[h->n_waiters++] = (struct waiter){ box, ticket };
	h->finder->stats.n_waiting++;
}

enum finder_status
finder_get(struct finder *f, const struct servers_key *key, struct mailbox *box,
    struct ticket ticket, struct servers **found_r)
{
	enum finder_status status = FINDER_FOUND;
	struct servers *found;
	struct hunt *h = NULL;

	lock(f);
	found = servers_cache_get(f->cache, key, clock_msecs());
	if (found != NULL) {
		f->stats.n_hits++;
	} else {
		if (f->stats.n_waiting < LIMIT_SEARCH_WAITERS)
			h = hunt_for(f, key);
		status = h == NULL ? FINDER_REFUSED : FINDER_LATER;
		if (h == NULL)
			f->stats.n_refused++;
		else
			add_waiter(h, box, ticket);
	}
	unlock(f);
	if (found != NULL)
		*found_r = found;
	return status;
}

void
finder_stats(struct finder *f, struct finder_stats *r)
{
	lock(f);
	*r = f->stats;
	r->n_kept = servers_cache_count(f->cache);
	r->kept_bytes = servers_cache_bytes(f->cache);
	unlock(f);
}

static bool
may_log(struct finder *f)
{
	int64_t now = clock_msecs();

	if (now - f->log_msecs >= LOG_MSECS) {
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
	lock(f);
	(void)tdelete(h, &f->under_way, compare);
	f->stats.n_under_way--;
	f->stats.n_waiting -= h->n_waiters;
	f->stats.n_failed += !found->is_complete;
	servers_cache_put(f->cache, found, clock_msecs());
	unlock(f);
	if (!found->is_complete)
		log_trouble(f, found);
	for (size_t i = 0; i < h->n_waiters; i++)
		mailbox_post_found(h->waiters[i].box, h->waiters[i].ticket,
		    servers_hold(found));
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

static void
list_free(struct server_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct server_list){ NULL, 0 };
}

/* NULL, and logged, when there is none to be had. */
static struct resolver *
make_resolver(struct finder *f)
{
	struct err err = { 0 };
	struct resolver *r;

	lock(f);
	if (f->is_stale) {
		list_free(&f->servers);
		f->servers = f->next_servers;
		f->next_servers = (struct server_list){ NULL, 0 };
		f->is_stale = false;
	}
	unlock(f);
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
	lock(f);
	servers_cache_clear(f->cache); /* what came in since the reload */
	unlock(f);
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
	lock(f);
	fresh = f->fresh;
	f->fresh = NULL;
	is_stale = f->is_stale;
	is_ending = f->is_ending;
	unlock(f);
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

static void *
run(void *arg)
{
	struct finder *f = arg;

	(void)event_base_dispatch(f->base);
	return NULL;
}

static void
copy_servers(struct finder *f, const struct conf *conf)
{
	struct server_list l = { NULL, conf->dns_servers.n };

	l.v = mem_zalloc(l.n, sizeof(*l.v));
	for (size_t i = 0; i < l.n; i++)
		l.v[i] = mem_strdup(conf->dns_servers.v[i]);
	list_free(&f->next_servers);
	f->next_servers = l;
	f->is_stale = true;
}

static int
make_events(struct finder *f, struct err *err_r)
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

int
finder_start(struct finder **f_r, const struct conf *conf, struct err *err_r)
{
	struct finder *f = mem_zalloc(1, sizeof(*f));
	uint64_t seed = 0;
	int rc;

	f->wake_fd = -1;
	f->log_msecs = -LOG_MSECS;
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = (uint64_t)clock_usecs();
	f->cache =
	    servers_cache_new(LIMIT_SERVERS_KEPT, LIMIT_SERVERS_BYTES, seed);
	rc = pthread_mutex_init(&f->lock, NULL);
	assert(rc == 0);
	copy_servers(f, conf);
	if (make_events(f, err_r) < 0) {
		finder_free(f);
		return -1;
	}
	rc = pthread_create(&f->thread, NULL, run, f);
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
	lock(f);
	copy_servers(f, conf);
	servers_cache_clear(f->cache);
	unlock(f);
	wake_up(f);
}

void
finder_stop(struct finder *f)
{
	int rc;

	if (f == NULL || !f->is_running)
		return;
	f->is_running = false;
	lock(f);
	f->is_ending = true;
	unlock(f);
	wake_up(f);
	rc = pthread_join(f->thread, NULL);
	assert(rc == 0);
}

static void
free_hunts(struct hunt *h)
{
	struct hunt *next;

	for (; h != NULL; h = next) {
		next = h->next;
		hunt_free(h);
	}
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
	free_hunts(f->first);
	free_hunts(f->fresh);
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
	servers_cache_free(f->cache);
	list_free(&f->servers);
	list_free(&f->next_servers);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}
