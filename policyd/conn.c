/* tlswarden: policyd/conn - one connection of one client.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "conn.h"
#include "daemon/clock.h"
#include "worker.h"

/* One line about a client that does not keep to the protocol. */
static void
complain(const struct conn *c, const char *why, struct sv seen)
{
	struct buf text;

	if (!worker_may_complain(c->worker))
		return;
	buf_init(&text, 512);
	buf_add_printable(&text, seen, 64);
	log_warning("conn-%" PRIu64
		    ": closed service=%s why=\"%s\" seen=\"%s\"",
	    c->id, c->service->name, why, buf_str(&text));
	buf_free(&text);
}

void
conn_close(struct conn *c)
{
	struct worker *w = c->worker;

	assert(c->is_open);
	c->is_open = false;
	(void)event_del(&c->readable);
	(void)event_del(&c->writable);
	if (c->is_waiting)
		(void)tickets_end(&w->ctx.tickets, c->ticket);
	servers_drop(c->found);
	c->found = NULL;
	(void)close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		w->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	mailbox_post(w->front, MAIL_GONE, c);
	worker_check_drained(w);
}

/* Sends what it can of v. The rest is kept for later and reading stops until
 * the client has taken it. False: the connection is lost. */
static bool
send_answers(struct conn *c, struct sv v)
{
	ssize_t n = send(c->fd, v.p, v.n, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		return false;
	if (n == (ssize_t)v.n)
		return true;
	buf_add(&c->out, sv_skip(v, n < 0 ? 0 : (size_t)n));
	if (event_add(&c->writable, NULL) < 0 || event_del(&c->readable) < 0)
		return false;
	return !c->out.is_full;
}

/* Nothing is read while DNS is asked. False: the connection is lost. */
static bool
begin_waiting(struct conn *c)
{
	struct tickets *t = &c->worker->ctx.tickets;

	c->ticket = tickets_next(t);
	tickets_take(t, c);
	c->is_waiting = true;
	return event_del(&c->readable) == 0;
}

/* Answers the whole requests at the front of in, as long as the client takes
 * the answers. *used_r bytes are done with. False: the connection is lost. */
static bool
answer_requests(struct conn *c, struct sv in, size_t *used_r)
{
	struct worker *w = c->worker;
	enum service_status st = SERVICE_DONE;
	size_t used;

	w->ctx.conn_id = c->id;
	w->ctx.tie = &c->tie;
	w->ctx.found = c->found;
	w->ctx.now_secs = w->coarse_msecs / 1000;
	*used_r = 0;
	while (st == SERVICE_DONE && c->out.n == 0) {
		buf_reset(&w->out);
		while (w->out.n < CONN_ANSWER_BYTES) {
			struct sv rest = sv_skip(in, *used_r);

			if (rest.n == 0) {
				st = SERVICE_MORE;
				break;
			}
			st = c->service->take(&w->ctx, rest, &used, &w->out);
			if (st != SERVICE_DONE)
				break;
			*used_r += used;
		}
		/* First of all: the ticket has been given away. */
		if (st == SERVICE_LATER && !begin_waiting(c))
			return false;
		if (w->out.is_full)
			return false;
		if (w->out.n > 0 && !send_answers(c, buf_sv(&w->out)))
			return false;
	}
	if (st == SERVICE_CLOSE) {
		complain(c, w->ctx.why, sv_skip(in, *used_r));
		counter_add(&w->counters.broken);
		c->is_closing = true;
	}
	return true;
}

/* Keeps the rest of in for later. in is the worker's buffer or c->in. */
static void
keep_rest(struct conn *c, struct sv in, size_t used)
{
	if (c->in.n > 0)
		buf_consume(&c->in, used);
	else if (used < in.n)
		buf_add(&c->in, sv_skip(in, used));
	if (c->in.n == 0)
		buf_free(&c->in);
}

/* A deadline runs from the first byte of what is half done, and anew when a
 * request was answered or DNS is asked, which has a shorter one of its own. */
static void
set_deadline(struct conn *c, int64_t now, bool has_progress)
{
	if (c->in.n == 0 && c->out.n == 0)
		c->deadline_msecs = 0;
	else if (c->deadline_msecs == 0 || has_progress || c->is_waiting)
		c->deadline_msecs = now + CONN_DEADLINE_MSECS;
}

/* Answers and keeps the rest. c may be closed after. */
static void
serve(struct conn *c, struct sv in)
{
	int64_t usecs, now = worker_now(c->worker, &usecs);
	size_t used;

	atomic_store_explicit(&c->active_usecs, usecs, memory_order_relaxed);
	if (!answer_requests(c, in, &used)) {
		conn_close(c);
		return;
	}
	if (c->is_closing && c->out.n == 0) {
		conn_close(c);
		return;
	}
	servers_drop(c->found);
	c->found = NULL;
	keep_rest(c, in, used);
	if (c->in.is_full) {
		complain(c, "a request without an end", in);
		counter_add(&c->worker->counters.broken);
		conn_close(c);
		return;
	}
	set_deadline(c, now, used > 0);
	if (c->worker->is_draining && c->in.n == 0 && c->out.n == 0)
		conn_close(c);
}

/* One recv and what follows from it; c may be closed after. False: nothing
 * has arrived. */
static bool
receive(struct conn *c)
{
	struct worker *w = c->worker;
	ssize_t n = recv(c->fd, w->in, sizeof(w->in), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		conn_close(c);
		return true;
	}
	if (c->in.n == 0) {
		serve(c, sv_make(w->in, (size_t)n));
		return true;
	}
	buf_add(&c->in, sv_make(w->in, (size_t)n));
	serve(c, buf_sv(&c->in));
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)receive(arg);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t n = send(fd, c->out.p, c->out.n, MSG_NOSIGNAL);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		conn_close(c);
		return;
	}
	buf_consume(&c->out, (size_t)n);
	set_deadline(c, clock_msecs(), true);
	if (c->out.n > 0)
		return;
	buf_free(&c->out);
	(void)event_del(&c->writable);
	if (c->is_waiting)
		return;
	if (c->is_closing || event_add(&c->readable, NULL) < 0) {
		conn_close(c);
		return;
	}
	/* Requests that waited for these answers to go out. */
	serve(c, buf_sv(&c->in));
}

void
conn_resume(struct conn *c, struct servers *found)
{
	c->is_waiting = false;
	c->found = found;
	if (c->out.n > 0)
		return; /* on_writable goes on */
	if (event_add(&c->readable, NULL) < 0) {
		conn_close(c);
		return;
	}
	serve(c, buf_sv(&c->in));
}

void
conn_start(struct conn *c, struct worker *w)
{
	c->worker = w;
	c->is_open = true;
	c->prev = NULL;
	c->next = w->conns;
	if (w->conns != NULL)
		w->conns->prev = c;
	w->conns = c;
	/* What one recv can bring behind a request that is not whole. */
	buf_init(&c->in, c->service->max_request + CONN_READ_BYTES);
	buf_init(&c->out, CONN_ANSWER_BYTES + LIMIT_SOCKETMAP_REPLY + 64);
	if (event_assign(&c->readable, w->base, c->fd, EV_READ | EV_PERSIST,
		on_readable, c) < 0 ||
	    event_assign(&c->writable, w->base, c->fd, EV_WRITE | EV_PERSIST,
		on_writable, c) < 0 ||
	    event_add(&c->readable, NULL) < 0) {
		log_error("conn-%" PRIu64 ": closed why=\"no event\"", c->id);
		conn_close(c);
	}
}

void
conn_drain(struct conn *c)
{
	if (c->out.n == 0 && !c->is_waiting && !receive(c) && c->in.n == 0)
		conn_close(c);
}

void
conn_check(struct conn *c, int64_t now_msecs)
{
	if (c->deadline_msecs == 0 || now_msecs < c->deadline_msecs)
		return;
	complain(c,
	    c->out.n > 0        ? "answers were not taken in time"
		: c->is_waiting ? "the resolver did not end in time"
				: "a request was not finished in time",
	    buf_sv(&c->in));
	counter_add(&c->worker->counters.expired);
	conn_close(c);
}
