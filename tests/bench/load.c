/* tlswarden: bench/load - many connections, one request outstanding on each.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "clock.h"
#include "keys.h"
#include "load.h"

enum { ANSWER_MAX = 4096, EVENTS = 256, STALLED_SECS = 10 };

struct conn {
	int fd; /* -1: closed after an error */
	size_t n;
	uint64_t asked_at;
	char in[ANSWER_MAX];
};

struct load {
	const struct load_options *o;
	struct load_result *r;
	struct keys keys;
	struct conn *conns;
	struct conn **idle; /* open loop: a stack */
	size_t n_idle;
	size_t n_open;
	int epoll_fd;
	uint64_t random;
	uint64_t from, until; /* what is measured */
	uint64_t due;         /* open loop: the next request */
};

static void
drop(struct load *l, struct conn *c)
{
	l->r->errors++;
	(void)close(c->fd);
	c->fd = -1;
	l->n_open--;
}

static void
ask(struct load *l, struct conn *c, uint64_t since)
{
	struct sv request = keys_next(&l->keys);

	c->n = 0;
	c->asked_at = since;
	if (c->fd >= 0 &&
	    send(c->fd, request.p, request.n, MSG_NOSIGNAL) !=
		(ssize_t)request.n)
		drop(l, c);
}

static void
answered(struct load *l, struct conn *c, enum answer a)
{
	uint64_t now = clock_nsecs();

	if (a == ANSWER_TROUBLE)
		l->r->errors++;
	if (now >= l->from && now < l->until) {
		l->r->answers[a]++;
		hist_add(&l->r->hist, now - c->asked_at);
	}
	c->asked_at = 0;
	if (l->o->rate > 0)
		l->idle[l->n_idle++] = c;
	else
		ask(l, c, now);
}

static void
readable(struct load *l, struct conn *c)
{
	ssize_t got = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, 0);
	enum answer a;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop(l, c);
		return;
	}
	c->n += (size_t)got;
	a = target_answer(l->o->target, sv_make(c->in, c->n));
	if (a == ANSWER_MORE && c->n < sizeof(c->in))
		return;
	/* An answer nobody asked for is as bad as a broken one. */
	if (a == ANSWER_MORE || a == ANSWER_BROKEN || c->asked_at == 0)
		drop(l, c);
	else
		answered(l, c, a);
}

/* Sends what is due (a connection that was closed while idle is passed by, its
 * error is counted already). Returns the time until more is due, -1 for no
 * limit. */
static int64_t
ask_due(struct load *l)
{
	uint64_t now;

	if (!(l->o->rate > 0))
		return -1;
	now = clock_nsecs();
	while (l->due <= now && l->n_idle > 0) {
		double u = (double)(keys_random(&l->random) >> 11) + 1;

		ask(l, l->idle[--l->n_idle], l->due);
		l->due += (uint64_t)(-log(u / 9007199254740993.0) / l->o->rate *
		    (double)CLOCK_NSECS);
	}
	if (l->due <= now)
		return -1; /* no connection is free: wait for an answer */
	return (int64_t)(l->due - now);
}

static int
wait_events(struct load *l, struct epoll_event *events)
{
	int64_t wait = ask_due(l);
	struct timespec ts = { STALLED_SECS, 0 };

	if (wait >= 0) {
		ts.tv_sec = wait / (int64_t)CLOCK_NSECS;
		ts.tv_nsec = wait % (int64_t)CLOCK_NSECS;
	}
	return epoll_pwait2(l->epoll_fd, events, EVENTS, &ts, NULL);
}

static int
open_conns(struct load *l, struct err *err_r)
{
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return err_set(err_r, EX_OSERR, "epoll: %s", strerror(errno));
	for (size_t i = 0; i < l->o->conns; i++) {
		struct conn *c = &l->conns[i];
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

		c->fd = target_connect(l->o->target, err_r);
		if (c->fd < 0)
			return -1;
		l->n_open++;
		l->idle[l->n_idle++] = c;
		if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) != 0)
			return err_set(err_r, EX_OSERR, "epoll_ctl: %s",
			    strerror(errno));
	}
	return 0;
}

static void
loop(struct load *l)
{
	struct epoll_event events[EVENTS];
	uint64_t cpu = 0, now = clock_nsecs(), begun = 0, heard = now;

	l->from = now + (uint64_t)(l->o->warm_secs * (double)CLOCK_NSECS);
	l->until = l->from + (uint64_t)(l->o->secs * (double)CLOCK_NSECS);
	l->due = now;
	while (!(l->o->rate > 0) && l->n_idle > 0)
		ask(l, l->idle[--l->n_idle], now);
	for (; now < l->until && l->n_open > 0; now = clock_nsecs()) {
		int n = wait_events(l, events);

		if (begun == 0 && now >= l->from) {
			begun = now;
			cpu = clock_cpu_nsecs(l->o->pid);
		}
		if (n > 0 || l->n_idle == l->n_open)
			heard = now;
		if (now - heard > STALLED_SECS * CLOCK_NSECS) {
			l->r->errors++; /* nobody answers any more */
			break;
		}
		for (int i = 0; i < n; i++)
			readable(l, events[i].data.ptr);
	}
	l->r->secs =
	    begun == 0 ? 0 : (double)(now - begun) / (double)CLOCK_NSECS;
	l->r->cpu_usecs = -1;
	if (cpu != 0 && l->r->hist.n > 0)
		l->r->cpu_usecs = (double)(clock_cpu_nsecs(l->o->pid) - cpu) /
		    1000 / (double)l->r->hist.n;
}

int
load_run(const struct load_options *o, struct load_result *r, struct err *err_r)
{
	struct load l = { .o = o, .r = r, .epoll_fd = -1 };
	int rc = -1;

	memset(r, 0, sizeof(*r));
	l.random = o->seed * 2 + 1;
	l.conns = mem_zalloc(o->conns, sizeof(*l.conns));
	l.idle = mem_zalloc(o->conns, sizeof(struct conn *));
	for (size_t i = 0; i < o->conns; i++)
		l.conns[i].fd = -1;
	if (keys_load(&l.keys, o->keys_path, o->max_keys, o->seed, o->target,
		err_r) == 0 &&
	    open_conns(&l, err_r) == 0) {
		loop(&l);
		rc = 0;
	}
	for (size_t i = 0; i < o->conns; i++)
		if (l.conns[i].fd >= 0)
			(void)close(l.conns[i].fd);
	if (l.epoll_fd >= 0)
		(void)close(l.epoll_fd);
	keys_free(&l.keys);
	free(l.conns);
	free(l.idle);
	return rc;
}
