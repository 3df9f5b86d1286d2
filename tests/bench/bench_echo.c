/* tlswarden: bench_echo - the least that a lookup server can do.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Finds the end of each request and answers with constant 57 bytes, one recv
 * and one send a request, on epoll. It is the yardstick: a daemon's speed is
 * told as a ratio to this.
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "target.h"

enum { REQUEST_MAX = 16384, EVENTS = 256, LOOPS_MAX = 64 };

struct conn {
	int fd;
	size_t n;
	char in[REQUEST_MAX];
};

static const struct sv socketmap_reply =
    SV("53:OK secure match=nexthop:dot-nexthop:mx.partne.example,");
static const struct sv policy_reply =
    SV("action=451 4.7.10 TLS required by policy rule 12 for ms\n\n");

static const char usage_text[] =
    "usage: bench_echo [-p] [-t N] unix:PATH | inet:ADDRESS:PORT\n"
    "  -p    speak policy delegation, not socketmap\n"
    "  -t N  threads, 1 to 64 (1), each with its connections\n";

/* The size of the first whole request in in, 0 when it is not yet whole. */
static size_t
request_size(struct sv in, bool is_policy)
{
	size_t size = 0, i = 0;

	if (is_policy)
		return sv_ends(in, (struct sv)SV("\n\n")) ? in.n : 0;
	while (i < in.n && in.p[i] >= '0' && in.p[i] <= '9')
		size = size * 10 + (size_t)(in.p[i++] - '0');
	if (i == in.n || in.n < i + size + 2)
		return 0;
	return i + size + 2;
}

/* False when the connection is to be closed. */
static bool
serve(struct conn *c, bool is_policy)
{
	struct sv reply = is_policy ? policy_reply : socketmap_reply;
	ssize_t got = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, 0);
	size_t size;

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	c->n += (size_t)got;
	while ((size = request_size(sv_make(c->in, c->n), is_policy)) > 0) {
		if (send(c->fd, reply.p, reply.n, MSG_NOSIGNAL) !=
		    (ssize_t)reply.n)
			return false;
		c->n -= size;
		if (c->n > 0)
			memmove(c->in, c->in + size, c->n);
	}
	return c->n < sizeof(c->in);
}

static int
listen_on(const struct target *t)
{
	int fd = socket(t->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&t->addr, t->addr_size) == 0 &&
	    listen(fd, 1024) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* A loop a thread; the first also accepts and deals connections out in turn. */
struct loops {
	int listen_fd;
	bool is_policy;
	size_t n, next;
	int epoll_fd[LOOPS_MAX];
};

struct loop {
	struct loops *all;
	size_t number;
};

static void
accept_one(struct loops *l)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int one = 1;
	int fd =
	    accept4(l->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct conn *c;

	if (fd < 0)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c = mem_alloc(sizeof(*c));
	c->fd = fd;
	c->n = 0;
	ev.data.ptr = c;
	if (epoll_ctl(l->epoll_fd[l->next++ % l->n], EPOLL_CTL_ADD, fd, &ev) !=
	    0) {
		(void)close(fd);
		free(c);
	}
}

static void *
loop(void *arg)
{
	const struct loop *me = arg;
	struct loops *l = me->all;
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(l->epoll_fd[me->number], events, EVENTS, -1);

		if (n < 0 && errno != EINTR)
			return NULL;
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c == NULL) {
				accept_one(l);
			} else if (!serve(c, l->is_policy)) {
				(void)close(c->fd);
				free(c);
			}
		}
	}
}

static int
run(struct loops *l)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct loop loops[LOOPS_MAX];
	pthread_t thread;

	for (size_t i = 0; i < l->n; i++) {
		loops[i] = (struct loop){ l, i };
		l->epoll_fd[i] = epoll_create1(EPOLL_CLOEXEC);
		if (l->epoll_fd[i] < 0)
			return EX_OSERR;
	}
	if (epoll_ctl(l->epoll_fd[0], EPOLL_CTL_ADD, l->listen_fd, &ev) != 0)
		return EX_OSERR;
	for (size_t i = 1; i < l->n; i++)
		if (pthread_create(&thread, NULL, loop, &loops[i]) != 0)
			return EX_OSERR;
	(void)loop(&loops[0]);
	return EX_OSERR;
}

static bool
take_options(struct loops *l, int argc, char **argv)
{
	uint32_t n = 1;
	int opt;

	while ((opt = getopt(argc, argv, "pt:")) != -1) {
		if (opt == 'p')
			l->is_policy = true;
		else if (opt != 't' ||
		    !sv_to_u32(sv_from(optarg), LOOPS_MAX, &n) || n == 0)
			return false;
	}
	l->n = n;
	return argc - optind == 1;
}

int
main(int argc, char **argv)
{
	struct loops l = { 0 };
	struct target t = { 0 };
	struct err err;
	struct sv rest;

	if (!take_options(&l, argc, argv)) {
		(void)fputs(usage_text, stderr);
		return EX_USAGE;
	}
	if (target_parse_address(&t, sv_from(argv[optind]), &rest, &err) != 0) {
		(void)fprintf(stderr, "bench_echo: %s\n", err.text);
		return EX_USAGE;
	}
	l.listen_fd = listen_on(&t);
	if (l.listen_fd < 0) {
		perror("bench_echo: listen");
		return EX_OSERR;
	}
	return run(&l);
}
