/* tlswarden: bench_milter - many SMTP sessions at once, told to a milter.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "clock.h"
#include "hist.h"
#include "keys.h"
#include "msession.h"

enum { EXIT_ERRORS = 2, CONNS_MAX = 4096, EVENTS = 256, STALLED_MSECS = 10000 };
enum { PACKETS_MAX = 16384 };

struct conn {
	int fd;
	uint64_t begun_at;
	struct msession session;
};

struct bench {
	struct target target;
	struct keys keys;
	struct buf out;
	struct conn *conns;
	const char *keys_path;
	uint32_t n_conns, pid;
	double secs;
	bool only_negotiate;
	int epoll_fd;
	uint64_t until, n_sessions, n_refused, n_errors;
	struct hist hist;
	struct err err;
};

static const char usage_text[] =
    "usage: bench_milter -k KEYS [options] unix:PATH | inet:ADDRESS:PORT\n"
    "  -k FILE  \"client-address sender\" a line, one session each\n"
    "  -c N     sessions at once, 1 to 4096 (8)\n"
    "  -d SECS  time; sessions under way are finished (1)\n"
    "  -P PID   report that process's CPU time per session\n"
    "  -N       negotiate once, print actions and steps in hexadecimal\n"
    "A session is a connection, EHLO, STARTTLS, EHLO, MAIL, RCPT and a small\n"
    "message. Prints one line of name=value; exit code 2 on any error.\n";

static void
start(struct bench *b, struct conn *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	struct sv line = keys_next(&b->keys);
	struct sv client = { 0 }, sender = { 0 };

	(void)sv_word(&line, &client);
	(void)sv_word(&line, &sender);
	msession_start(&c->session, client, sender);
	c->begun_at = clock_nsecs();
	c->fd = target_connect(&b->target, &b->err);
	if (c->fd < 0 || epoll_ctl(b->epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) != 0)
		b->n_errors++;
}

/* Closes; the next session begins unless the time is over. */
static void
finish(struct bench *b, struct conn *c, bool is_good)
{
	uint64_t now = clock_nsecs();

	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	if (is_good) {
		b->n_sessions++;
		b->n_refused += c->session.was_refused;
		hist_add(&b->hist, now - c->begun_at);
	} else {
		b->n_errors++;
	}
}

static enum msession_status
step(struct bench *b, struct conn *c)
{
	enum msession_status st;

	buf_reset(&b->out);
	st = msession_run(&c->session, &b->out);
	if (st == MSESSION_BROKEN || b->out.is_full)
		return MSESSION_BROKEN;
	if (b->out.n > 0 &&
	    send(c->fd, b->out.p, b->out.n, MSG_NOSIGNAL) != (ssize_t)b->out.n)
		return MSESSION_BROKEN;
	return st;
}

static void
begin(struct bench *b, struct conn *c)
{
	start(b, c);
	if (c->fd >= 0 && step(b, c) != MSESSION_WAIT)
		finish(b, c, false);
}

static void
readable(struct bench *b, struct conn *c)
{
	struct msession *s = &c->session;
	ssize_t got = recv(c->fd, s->in + s->n, sizeof(s->in) - s->n, 0);
	enum msession_status st = MSESSION_BROKEN;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		s->n += (size_t)got;
		st = step(b, c);
	}
	if (b->only_negotiate && msession_is_negotiated(s)) {
		(void)printf("actions=%x steps=%x\n", s->actions, s->steps);
		finish(b, c, true);
		return;
	}
	if (st == MSESSION_WAIT)
		return;
	finish(b, c, st == MSESSION_DONE);
	if (b->n_errors == 0 && clock_nsecs() < b->until)
		begin(b, c);
}

static bool
is_any_open(const struct bench *b)
{
	for (uint32_t i = 0; i < b->n_conns; i++)
		if (b->conns[i].fd >= 0)
			return true;
	return false;
}

/* Runs until the time is over and the last session has ended. */
static void
loop(struct bench *b)
{
	struct epoll_event events[EVENTS];

	b->until = clock_nsecs() + (uint64_t)(b->secs * (double)CLOCK_NSECS);
	for (uint32_t i = 0; i < b->n_conns; i++)
		b->conns[i].fd = -1;
	for (uint32_t i = 0; i < b->n_conns && b->n_errors == 0; i++)
		begin(b, &b->conns[i]);
	while (b->n_errors == 0 && is_any_open(b)) {
		int n = epoll_wait(b->epoll_fd, events, EVENTS, STALLED_MSECS);

		if (n == 0)
			b->n_errors++;
		for (int i = 0; i < n; i++)
			readable(b, events[i].data.ptr);
	}
}

static void
run(struct bench *b)
{
	uint64_t cpu = clock_cpu_nsecs(b->pid), from = clock_nsecs();
	double secs;

	b->conns = mem_zalloc(b->n_conns, sizeof(*b->conns));
	buf_init(&b->out, PACKETS_MAX);
	loop(b);
	secs = (double)(clock_nsecs() - from) / (double)CLOCK_NSECS;
	if (b->only_negotiate)
		return;
	(void)printf(
	    "conns=%u secs=%.2f sessions=%ju rate=%.0f p50_us=%.1f "
	    "p99_us=%.1f p999_us=%.1f max_us=%.1f refused=%ju "
	    "errors=%ju",
	    b->n_conns, secs, (uintmax_t)b->n_sessions,
	    (double)b->n_sessions / secs, hist_quantile_usecs(&b->hist, 0.5),
	    hist_quantile_usecs(&b->hist, 0.99),
	    hist_quantile_usecs(&b->hist, 0.999),
	    (double)b->hist.max_nsecs / 1000, (uintmax_t)b->n_refused,
	    (uintmax_t)b->n_errors);
	if (cpu != 0 && b->n_sessions > 0)
		(void)printf(" cpu_us=%.3f",
		    (double)(clock_cpu_nsecs(b->pid) - cpu) / 1000 /
			(double)b->n_sessions);
	(void)printf("\n");
}

static bool
take_option(struct bench *b, int opt, const char *arg)
{
	char *end;

	switch (opt) {
	case 'k':
		b->keys_path = arg;
		return true;
	case 'c':
		return sv_to_u32(sv_from(arg), CONNS_MAX, &b->n_conns) &&
		    b->n_conns > 0;
	case 'd':
		b->secs = strtod(arg, &end);
		return end != arg && *end == '\0' && b->secs > 0 &&
		    b->secs < 1e6;
	case 'P':
		return sv_to_u32(sv_from(arg), UINT32_MAX, &b->pid);
	case 'N':
		b->only_negotiate = true;
		b->n_conns = 1;
		return true;
	default:
		return false;
	}
}

static bool
take_options(struct bench *b, int argc, char **argv)
{
	struct sv rest;
	int opt;

	b->n_conns = 8;
	b->secs = 1;
	b->target.kind = TARGET_MILTER;
	while ((opt = getopt(argc, argv, "c:d:k:NP:")) != -1)
		if (!take_option(b, opt, optarg))
			return false;
	if (argc - optind != 1 || b->keys_path == NULL)
		return false;
	return target_parse_address(&b->target, sv_from(argv[optind]), &rest,
		   &b->err) == 0;
}

int
main(int argc, char **argv)
{
	struct bench *b = mem_zalloc(1, sizeof(*b));
	int rc = EXIT_ERRORS;

	if (!take_options(b, argc, argv)) {
		(void)fputs(usage_text, stderr);
		free(b);
		return EX_USAGE;
	}
	b->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (b->epoll_fd >= 0 &&
	    keys_load(&b->keys, b->keys_path, 0, 1, &b->target, &b->err) == 0) {
		run(b);
		if (b->n_errors == 0)
			rc = EX_OK;
	}
	if (b->err.text[0] != '\0')
		(void)fprintf(stderr, "bench_milter: %s\n", b->err.text);
	keys_free(&b->keys);
	buf_free(&b->out);
	free(b->conns);
	free(b);
	return rc;
}
