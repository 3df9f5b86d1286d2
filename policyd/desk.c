/* tlswarden: policyd/desk - gives work to tlswarden-prober, takes its results.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/clock.h"
#include "desk_private.h"
#include "probe/work.h"

enum {
	READ_BYTES = 65536,
	MESSAGE_MSECS = 30000, /* a message that has begun must be whole */
	ANSWER_MSECS = 10000,  /* and an answer be taken */
	FRAME_BYTES = 32,
};

int
desk_new(struct desk **d_r, const struct conf *conf, struct err *err_r)
{
	const struct listener_defaults defaults = { conf->socket_mode,
		conf->socket_group };
	struct desk *d = mem_zalloc(1, sizeof(*d));

	d->client = -1;
	d->stop_fd = -1;
	if (pthread_mutex_init(&d->lock, NULL) != 0)
		abort();
	if (listener_open(&d->listener, &conf->prober_listen.v[0], &defaults,
		err_r) < 0) {
		d->listener.fd = -1;
		desk_free(d);
		return -1;
	}
	*d_r = d;
	return 0;
}

void
desk_configure(struct desk *d, const struct conf *conf)
{
	(void)pthread_mutex_lock(&d->lock);
	d->settings.probe = conf->probe;
	d->settings.interval_secs = conf->probe_interval_secs;
	d->settings.warn_days = conf->expiry_warn_days;
	d->settings.generation++;
	(void)pthread_mutex_unlock(&d->lock);
}

struct desk_settings
desk_settings(struct desk *d)
{
	struct desk_settings s;

	(void)pthread_mutex_lock(&d->lock);
	s = d->settings;
	(void)pthread_mutex_unlock(&d->lock);
	return s;
}

/* ---- the connection ----------------------------------------------------- */
static void
drop_client(struct desk *d, const char *why)
{
	if (d->client < 0)
		return;
	log_info("prober: connection closed: %s", why);
	(void)close(d->client);
	d->client = -1;
	buf_free(&d->in);
	agenda_recall(d->agenda);
}

static void
take_client(struct desk *d)
{
	int fd =
	    accept4(d->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct ucred who = { .pid = 0 };
	socklen_t n = sizeof(who);

	if (fd < 0)
		return;
	drop_client(d, "another prober has come");
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n);
	log_info("prober: connected, process %ld of user %ld", (long)who.pid,
	    (long)who.uid);
	d->client = fd;
	buf_init(&d->in, WORK_QUESTION_MAX + FRAME_BYTES + READ_BYTES);
}

/* Sends all of d->out, or gives the client up. */
static void
send_answer(struct desk *d)
{
	struct pollfd p = { .fd = d->client, .events = POLLOUT };
	struct sv rest = buf_sv(&d->out);
	int64_t end = clock_msecs() + ANSWER_MSECS;

	while (rest.n > 0) {
		ssize_t n = send(d->client, rest.p, rest.n, MSG_NOSIGNAL);

		if (n > 0) {
			rest = sv_skip(rest, (size_t)n);
			continue;
		}
		if ((n < 0 && errno != EAGAIN && errno != EINTR) ||
		    clock_msecs() >= end) {
			drop_client(d, "it takes no answers");
			return;
		}
		(void)poll(&p, 1, 100);
	}
}

/* Answers the whole messages that have come. */
static void
answer_all(struct desk *d)
{
	json_t *question = NULL;
	size_t used = 0;
	int rc = 1;

	while (d->client >= 0 && rc > 0) {
		rc = work_take(buf_sv(&d->in), WORK_QUESTION_MAX, &question,
		    &used);
		if (rc <= 0)
			break;
		buf_consume(&d->in, used);
		buf_init(&d->out, WORK_ANSWER_MAX + FRAME_BYTES);
		if (!desk_answer(d, question) || d->out.is_full)
			drop_client(d, "it asked what cannot be answered");
		else
			send_answer(d);
		buf_free(&d->out);
		json_decref(question);
	}
	if (rc < 0)
		drop_client(d, "it sent no message of ours");
}

static void
hear_client(struct desk *d)
{
	char bytes[READ_BYTES];
	ssize_t n = recv(d->client, bytes, sizeof(bytes), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(d, "it has gone");
		return;
	}
	buf_add(&d->in, sv_make(bytes, (size_t)n));
	answer_all(d);
}

static void *
run(void *arg)
{
	struct desk *d = arg;
	int64_t begun = 0;

	for (;;) {
		struct pollfd p[] = {
			{ .fd = d->stop_fd, .events = POLLIN },
			{ .fd = d->listener.fd, .events = POLLIN },
			{ .fd = d->client, .events = POLLIN },
		};

		if (poll(p, 3, d->in.n > 0 ? 1000 : -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents != 0)
			break;
		if (p[2].revents != 0 && d->client >= 0)
			hear_client(d);
		if (p[1].revents != 0)
			take_client(d);
		if (d->in.n == 0)
			begun = 0;
		else if (begun == 0)
			begun = clock_msecs();
		else if (clock_msecs() - begun > MESSAGE_MSECS)
			drop_client(d, "a message was not finished in time");
	}
	drop_client(d, "policyd stops");
	return NULL;
}

int
desk_start(struct desk *d, const struct world *world, const struct conf *conf,
    struct err *err_r)
{
	sigset_t all, before;
	int rc;

	d->world = world;
	d->state_database = mem_strdup(conf->state_database);
	d->ca_directory = mem_strdup(conf->ca_directory);
	d->trust_store = mem_strdup(conf->trust_store);
	d->agenda = agenda_new();
	desk_configure(d, conf);
	d->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->stop_fd < 0)
		return err_set(err_r, EX_OSERR, "eventfd: %s", strerror(errno));
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&d->thread, NULL, run, d);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_set(err_r, EX_OSERR,
		    "cannot start the thread for the prober: %s", strerror(rc));
	d->is_started = true;
	return 0;
}

void
desk_free(struct desk *d)
{
	if (d == NULL)
		return;
	if (d->is_started) {
		(void)eventfd_write(d->stop_fd, 1);
		(void)pthread_join(d->thread, NULL);
	}
	if (d->stop_fd >= 0)
		(void)close(d->stop_fd);
	listener_close(&d->listener);
	agenda_free(d->agenda);
	buf_free(&d->in);
	(void)pthread_mutex_destroy(&d->lock);
	free(d->state_database);
	free(d->ca_directory);
	free(d->trust_store);
	free(d);
}
