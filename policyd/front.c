/* tlswarden: policyd/front - accepts connections and deals them to workers.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/clock.h"
#include "daemon/listener.h"
#include "front.h"
#include "service.h"
#include "worker.h"

enum {
	ACCEPT_ROUND = 64,        /* at once, before other events have a turn */
	ACCEPT_PAUSE_MSECS = 100, /* when there are no descriptors */
	FULL_LOG_MSECS = 60000,   /* between two lines that it is full */
};

struct gate {
	struct listener listener;
	const struct service *service;
	struct front *front;
	struct event *event;
};

struct front {
	struct gate *gates;
	size_t n_gates;
	struct worker **workers;
	uint32_t *n_conns; /* of each worker */
	size_t n_workers;

	struct conn **conns; /* all whose memory is not free yet */
	size_t n, cap;
	uint32_t n_open; /* of them, those not told to go */
	uint32_t max_open;
	uint64_t last_id;
	int64_t full_logged_msecs;

	struct mailbox mailbox;
	struct event *mail, *resume;
	bool is_stopped;
};

static int
add_gates(struct front *f, const struct conf_endpoints *list,
    const struct service *service, const struct listener_defaults *defaults,
    struct err *err_r)
{
	for (size_t i = 0; i < list->n; i++) {
		struct gate *g;

		f->gates =
		    mem_realloc(f->gates, f->n_gates + 1, sizeof(*f->gates));
		g = &f->gates[f->n_gates];
		*g = (struct gate){ .service = service, .front = f };
		if (listener_open(&g->listener, &list->v[i], defaults, err_r) <
		    0)
			return -1;
		f->n_gates++;
	}
	return 0;
}

int
front_new(struct front **f_r, const struct conf *conf, struct err *err_r)
{
	const struct listener_defaults defaults = { conf->socket_mode,
		conf->socket_group };
	struct front *f = mem_zalloc(1, sizeof(*f));

	f->mailbox.fd = -1;
	f->max_open = conf->max_connections;
	f->full_logged_msecs = -FULL_LOG_MSECS;
	if (mailbox_init(&f->mailbox, err_r) < 0 ||
	    add_gates(f, &conf->socketmap_listen, &service_socketmap, &defaults,
		err_r) < 0 ||
	    add_gates(f, &conf->delegation_listen, &service_delegation,
		&defaults, err_r) < 0) {
		front_free(f);
		return -1;
	}
	if (f->n_gates == 0) {
		front_free(f);
		return err_set(err_r, EX_CONFIG,
		    "nothing to listen on: socketmap_listen and "
		    "delegation_listen are empty");
	}
	*f_r = f;
	return 0;
}

void
front_format(const struct front *f, struct buf *out)
{
	for (size_t i = 0; i < f->n_gates; i++) {
		buf_addf(out, "%s%s ", i == 0 ? "" : ", ",
		    f->gates[i].service->name);
		endpoint_format(&f->gates[i].listener.endpoint, out);
	}
}

/* The connection that has been quiet for longest; NULL when all are told to
 * go already. */
static struct conn *
longest_idle(const struct front *f)
{
	struct conn *found = NULL;
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; i < f->n; i++) {
		struct conn *c = f->conns[i];
		int64_t at = atomic_load_explicit(&c->active_usecs,
		    memory_order_relaxed);

		if (c->is_evicted || at > oldest ||
		    (at == oldest && found != NULL && c->id > found->id))
			continue;
		oldest = at;
		found = c;
	}
	return found;
}

static void
evict_one(struct front *f)
{
	struct conn *c = longest_idle(f);
	int64_t now = clock_msecs();

	if (c == NULL)
		return;
	c->is_evicted = true;
	c->n_owed++;
	f->n_open--;
	mailbox_post(&f->workers[c->worker_index]->mailbox, MAIL_EVICT, c);
	if (now - f->full_logged_msecs < FULL_LOG_MSECS)
		return;
	f->full_logged_msecs = now;
	log_warning(
	    "%u connections are open: closing the longest idle for "
	    "each new one (max_connections)",
	    f->max_open);
}

static size_t
least_loaded(const struct front *f)
{
	size_t least = 0;

	for (size_t i = 1; i < f->n_workers; i++)
		if (f->n_conns[i] < f->n_conns[least])
			least = i;
	return least;
}

static void
set_options(int fd, const struct endpoint *ep)
{
	int yes = 1;

	if (ep->kind != ENDPOINT_INET)
		return;
	/* An answer is one send: nothing to wait for. A peer that vanished
	 * must not hold a connection for ever. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
}

static void
take_in(struct front *f, const struct gate *g, int fd)
{
	struct conn *c;

	while (f->n_open >= f->max_open && f->n_open > 0)
		evict_one(f);
	set_options(fd, &g->listener.endpoint);
	c = mem_zalloc(1, sizeof(*c));
	c->fd = fd;
	c->id = ++f->last_id;
	c->service = g->service;
	c->n_owed = 1;
	c->worker_index = least_loaded(f);
	atomic_init(&c->active_usecs, clock_usecs());
	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 64 : f->cap * 2;
		f->conns = mem_realloc(f->conns, f->cap, sizeof(*f->conns));
	}
	c->index = f->n;
	f->conns[f->n++] = c;
	f->n_open++;
	f->n_conns[c->worker_index]++;
	mailbox_post(&f->workers[c->worker_index]->mailbox, MAIL_ADD, c);
}

/* No descriptors: make room and look again in a moment, since the socket
 * stays readable. */
static void
pause_accepting(struct front *f, int error)
{
	static const struct timeval pause = {
		.tv_usec = ACCEPT_PAUSE_MSECS * 1000,
	};

	log_warning("cannot accept a connection: %s", strerror(error));
	evict_one(f);
	for (size_t i = 0; i < f->n_gates; i++)
		(void)event_del(f->gates[i].event);
	(void)event_add(f->resume, &pause);
}

static void
on_accept(evutil_socket_t listening, short what, void *arg)
{
	struct gate *g = arg;

	(void)what;
	for (int i = 0; i < ACCEPT_ROUND; i++) {
		int fd = accept4(listening, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take_in(g->front, g, fd);
		} else if (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM) {
			pause_accepting(g->front, errno);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct front *f = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < f->n_gates; i++)
		(void)event_add(f->gates[i].event, NULL);
}

/* A worker is done with c, or with what it was told about c. */
static void
on_gone(struct front *f, struct conn *c)
{
	if (--c->n_owed > 0)
		return;
	if (!c->is_evicted)
		f->n_open--;
	f->n_conns[c->worker_index]--;
	f->conns[c->index] = f->conns[--f->n];
	f->conns[c->index]->index = c->index;
	free(c);
}

static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct front *f = arg;
	size_t n;
	struct mail *mail = mailbox_take(&f->mailbox, &n);

	(void)fd;
	(void)what;
	for (size_t i = 0; i < n; i++)
		on_gone(f, mail[i].conn);
	free(mail);
}

static int
make_events(struct front *f, struct event_base *base, struct err *err_r)
{
	bool is_good = true;

	f->mail =
	    event_new(base, f->mailbox.fd, EV_READ | EV_PERSIST, on_mail, f);
	f->resume = event_new(base, -1, 0, on_resume, f);
	is_good = f->mail != NULL && f->resume != NULL &&
	    event_add(f->mail, NULL) == 0;
	for (size_t i = 0; is_good && i < f->n_gates; i++) {
		struct gate *g = &f->gates[i];

		g->event = event_new(base, g->listener.fd, EV_READ | EV_PERSIST,
		    on_accept, g);
		is_good = g->event != NULL && event_add(g->event, NULL) == 0;
	}
	if (!is_good)
		return err_set(err_r, EX_OSERR, "cannot make events");
	return 0;
}

int
front_start(struct front *f, struct event_base *base, const struct world *world,
    uint32_t n_workers, struct err *err_r)
{
	f->workers = mem_zalloc(n_workers, sizeof(*f->workers));
	f->n_conns = mem_zalloc(n_workers, sizeof(*f->n_conns));
	for (; f->n_workers < n_workers; f->n_workers++)
		if (worker_start(&f->workers[f->n_workers], f->n_workers,
			&f->mailbox, world, err_r) < 0)
			return -1;
	return make_events(f, base, err_r);
}

void
front_set_max(struct front *f, uint32_t max_connections)
{
	f->max_open = max_connections;
	while (f->n_open > f->max_open)
		evict_one(f);
}

void
front_counters(const struct front *f, struct counters *sum_r,
    uint32_t *n_open_r)
{
	memset(sum_r, 0, sizeof(*sum_r));
	for (size_t i = 0; i < f->n_workers; i++)
		counters_add(sum_r, &f->workers[i]->counters);
	*n_open_r = f->n_open;
}

/* No more connections, no more sockets in the file system. */
static void
close_gates(struct front *f)
{
	for (size_t i = 0; i < f->n_gates; i++) {
		if (f->gates[i].event != NULL)
			event_free(f->gates[i].event);
		f->gates[i].event = NULL;
		listener_close(&f->gates[i].listener);
	}
}

void
front_stop(struct front *f)
{
	close_gates(f);
	if (f->is_stopped)
		return;
	f->is_stopped = true;
	/* All begin to drain before the first is waited for. */
	for (size_t i = 0; i < f->n_workers; i++)
		mailbox_post(&f->workers[i]->mailbox, MAIL_DRAIN, NULL);
	for (size_t i = 0; i < f->n_workers; i++)
		worker_stop(f->workers[i]);
	on_mail(-1, EV_READ, f);
}

void
front_free(struct front *f)
{
	if (f == NULL)
		return;
	front_stop(f);
	if (f->mail != NULL)
		event_free(f->mail);
	if (f->resume != NULL)
		event_free(f->resume);
	for (size_t i = 0; i < f->n_workers; i++)
		worker_free(f->workers[i]);
	for (size_t i = 0; i < f->n; i++)
		free(f->conns[i]);
	free(f->conns);
	mailbox_done(&f->mailbox);
	free(f->gates);
	free(f->workers);
	free(f->n_conns);
	free(f);
}
