/* tlswarden: policyd/worker - a thread that answers, with its own event loop.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/clock.h"
#include "worker.h"

int64_t
worker_now(struct worker *w, int64_t *usecs_r)
{
	int64_t msecs = clock_msecs();

	if (msecs != w->coarse_msecs) {
		w->coarse_msecs = msecs;
		w->n_times = 0;
	}
	if (w->n_times < WORKER_EXACT_TIMES) {
		w->n_times++;
		w->now_usecs = clock_usecs();
	} else {
		w->now_usecs++;
	}
	*usecs_r = w->now_usecs;
	return msecs;
}

bool
worker_may_complain(struct worker *w)
{
	return w->n_complaints++ < WORKER_COMPLAINTS;
}

void
worker_check_drained(struct worker *w)
{
	if (w->is_draining && w->conns == NULL)
		(void)event_base_loopbreak(w->base);
}

static void
on_drain_end(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	while (w->conns != NULL)
		conn_close(w->conns);
}

static void
drain(struct worker *w)
{
	static const struct timeval limit = {
		.tv_sec = WORKER_DRAIN_MSECS / 1000,
		.tv_usec = WORKER_DRAIN_MSECS % 1000 * 1000,
	};
	struct conn *next;

	if (w->is_draining)
		return;
	w->is_draining = true;
	(void)event_add(w->drain_end, &limit);
	for (struct conn *c = w->conns; c != NULL; c = next) {
		next = c->next;
		conn_drain(c);
	}
	worker_check_drained(w);
}

static void
evict(struct worker *w, struct conn *c)
{
	if (c->is_open) {
		counter_add(&w->counters.evicted);
		conn_close(c);
	}
	mailbox_post(w->front, MAIL_GONE, c);
}

/* Whoever waited may have gone meanwhile. */
static void
resume(struct worker *w, const struct mail *mail)
{
	struct conn *c = tickets_end(&w->ctx.tickets, mail->ticket);

	if (c != NULL)
		conn_resume(c, mail->servers);
	else
		servers_drop(mail->servers);
}

static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	size_t n;
	struct mail *mail = mailbox_take(&w->mailbox, &n);

	(void)fd;
	(void)what;
	for (size_t i = 0; i < n; i++) {
		switch (mail[i].kind) {
		case MAIL_ADD:
			counter_add(&w->counters.accepted);
			conn_start(mail[i].conn, w);
			break;
		case MAIL_EVICT:
			evict(w, mail[i].conn);
			break;
		case MAIL_DRAIN:
			drain(w);
			break;
		case MAIL_FOUND:
			resume(w, &mail[i]);
			break;
		case MAIL_NONE:
		case MAIL_GONE:
			break;
		}
	}
	free(mail);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	int64_t now = clock_msecs();
	struct conn *next;
	uint64_t n_ticks;

	(void)what;
	if (read(fd, &n_ticks, sizeof(n_ticks)) < 0)
		return;
	/* An idle worker must not keep a snapshot that nobody serves. */
	(void)source_reader_get(&w->ctx.reader);
	for (struct conn *c = w->conns; c != NULL; c = next) {
		next = c->next;
		conn_check(c, now);
	}
	if (w->n_complaints > WORKER_COMPLAINTS)
		log_warning(
		    "closed %u more connections of clients that do not "
		    "keep to the protocol",
		    w->n_complaints - WORKER_COMPLAINTS);
	w->n_complaints = 0;
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	(void)event_base_dispatch(w->base);
	service_context_done(&w->ctx);
	return NULL;
}

/* The base is used by one thread only, so it needs no locks. The tick is a
 * timerfd and no timeout of the base: with one, every wait would set and stop
 * a timer of the kernel, which costs more than our whole part of a request. */
static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config != NULL &&
	    event_config_set_flag(config,
		EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_NO_CACHE_TIME) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return base;
}

static int
make_tick(void)
{
	static const struct itimerspec every = {
		.it_interval = { WORKER_TICK_MSECS / 1000,
		    WORKER_TICK_MSECS % 1000 * 1000000 },
		.it_value = { WORKER_TICK_MSECS / 1000,
		    WORKER_TICK_MSECS % 1000 * 1000000 },
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		(void)timerfd_settime(fd, 0, &every, NULL);
	return fd;
}

static int
make_events(struct worker *w, struct err *err_r)
{
	w->base = make_base();
	w->tick_fd = make_tick();
	if (w->base != NULL && w->tick_fd >= 0) {
		w->mail = event_new(w->base, w->mailbox.fd,
		    EV_READ | EV_PERSIST, on_mail, w);
		w->tick = event_new(w->base, w->tick_fd, EV_READ | EV_PERSIST,
		    on_tick, w);
		w->drain_end = event_new(w->base, -1, 0, on_drain_end, w);
	}
	if (w->mail == NULL || w->tick == NULL || w->drain_end == NULL ||
	    event_add(w->mail, NULL) < 0 || event_add(w->tick, NULL) < 0)
		return err_set(err_r, EX_OSERR, "cannot make an event loop");
	return 0;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	if (w->mail != NULL)
		event_free(w->mail);
	if (w->tick != NULL)
		event_free(w->tick);
	if (w->drain_end != NULL)
		event_free(w->drain_end);
	if (w->base != NULL)
		event_base_free(w->base);
	if (w->tick_fd >= 0)
		(void)close(w->tick_fd);
	mailbox_done(&w->mailbox);
	buf_free(&w->out);
	free(w);
}

int
worker_start(struct worker **w_r, size_t index, struct mailbox *front,
    const struct world *world, struct err *err_r)
{
	struct worker *w = mem_zalloc(1, sizeof(*w));
	int rc;

	w->index = index;
	w->front = front;
	w->mailbox.fd = -1;
	w->tick_fd = -1;
	buf_init(&w->out, CONN_ANSWER_BYTES + LIMIT_SOCKETMAP_REPLY + 64);
	if (mailbox_init(&w->mailbox, err_r) < 0 || make_events(w, err_r) < 0) {
		worker_free(w);
		return -1;
	}
	service_context_init(&w->ctx, world, &w->counters, &w->mailbox);
	rc = pthread_create(&w->thread, NULL, run, w);
	if (rc != 0) {
		service_context_done(&w->ctx);
		worker_free(w);
		return err_set(err_r, EX_OSERR, "cannot start a thread: %s",
		    strerror(rc));
	}
	*w_r = w;
	return 0;
}

void
worker_stop(struct worker *w)
{
	int rc;

	mailbox_post(&w->mailbox, MAIL_DRAIN, NULL);
	rc = pthread_join(w->thread, NULL);
	assert(rc == 0);
}
