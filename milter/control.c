/* tlswarden: milter/control - signals, the timer, reload and the way out.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <stdbool.h> /* before mfapi.h: else its bool is an int */
#include <libmilter/mfapi.h>

#include "base/log.h"
#include "daemon/clock.h"
#include "daemon/notify.h"
#include "milter/control.h"

enum {
	TICK_NSECS = 200 * 1000000, /* how often the table is looked at */
	NUDGE_NSECS = 20 * 1000000
};

static int
connect_unix(const struct endpoint *ep, int fd)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path, ep->path, strlen(ep->path) + 1);
	return connect(fd, (const struct sockaddr *)&sun, sizeof(sun));
}

static int
connect_inet(const struct endpoint *ep, int fd)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons(ep->port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons(ep->port) };

	if (ep->is_ipv6) {
		(void)inet_pton(AF_INET6, ep->host, &six.sin6_addr);
		return connect(fd, (const struct sockaddr *)&six, sizeof(six));
	}
	(void)inet_pton(AF_INET, ep->host, &four.sin_addr);
	return connect(fd, (const struct sockaddr *)&four, sizeof(four));
}

/* A connection to our own filter, or -1. It blocks for less than a second:
 * the listener's queue is in the kernel. */
static int
connect_self(const struct endpoint *ep)
{
	const struct timeval second = { 1, 0 };
	bool is_unix = ep->kind == ENDPOINT_UNIX;
	int family = is_unix ? AF_UNIX : ep->is_ipv6 ? AF_INET6 : AF_INET;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	if ((is_unix ? connect_unix(ep, fd) : connect_inet(ep, fd)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* Wakes libmilter's listener: it looks whether to stop after each client. */
static void
nudge(const struct endpoint *ep)
{
	int fd = connect_self(ep);

	if (fd >= 0)
		(void)close(fd);
}

/* smfi_main makes its locks when it begins; a stop before that would be lost
 * or worse. Who is answered knows that it has begun. */
static void
wait_begun(const struct endpoint *ep)
{
	/* length, SMFIC_OPTNEG, version 6, no actions, all steps */
	static const unsigned char hello[] = { 0, 0, 0, 13, 'O', 0, 0, 0, 6, 0,
		0, 0, 0, 0, 0, 0, 0x7f };
	unsigned char answer;
	int fd = connect_self(ep);

	if (fd < 0)
		return;
	if (send(fd, hello, sizeof(hello), MSG_NOSIGNAL) == sizeof(hello))
		(void)recv(fd, &answer, 1, 0);
	(void)close(fd);
}

/* smfi_stop waits for a lock that the sleeping listener holds. */
static void *
call_stop(void *arg)
{
	(void)arg;
	(void)smfi_stop();
	return NULL;
}

static void
stop(struct app *app)
{
	const struct timespec pause = { 0, NUDGE_NSECS };
	pthread_t stopper;

	notify_stopping();
	wait_begun(&app->listener.endpoint);
	if (pthread_create(&stopper, NULL, call_stop, NULL) != 0) {
		(void)smfi_stop();
		return;
	}
	while (!atomic_load(&app->is_done)) {
		(void)nanosleep(&pause, NULL);
		nudge(&app->listener.endpoint);
	}
	(void)pthread_join(stopper, NULL);
}

static void
warn_restart(const struct conf *now, const struct conf *next)
{
	struct buf names;

	buf_init(&names, 4096);
	conf_restart_keys(now, next, &names);
	if (names.n > 0)
		log_warning("restart tlswarden-milter to change: %s",
		    buf_str(&names));
	buf_free(&names);
}

static void
reload_conf(struct app *app)
{
	struct conf *next;
	struct err err = { 0 };
	struct settings *settings;

	if (conf_load(app->conf->is_missing ? NULL : app->conf->file, &next,
		&err) < 0) {
		log_error("the configuration stays as it was: %s", err.text);
		return;
	}
	warn_restart(app->conf, next);
	settings = settings_new(next, atomic_load(&app->settings));
	atomic_store_explicit(&app->settings, settings, memory_order_release);
	recorder_retain(app->recorder, next->retention_days);
	log_set_level((enum log_level)next->log_level);
	conf_free(next);
	log_info("configuration read again");
}

static void
reload(struct app *app)
{
	notify_reloading();
	reload_conf(app);
	source_reload(app->source, clock_wall_secs());
	notify_ready("judging sessions");
}

static void *
run(void *arg)
{
	const struct timespec tick = { 0, TICK_NSECS };
	struct app *app = arg;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGUSR1);
	while (!atomic_load(&app->is_done)) {
		int sig = sigtimedwait(&set, NULL, &tick);

		if (sig == SIGUSR1)
			reload(app);
		else if (sig > 0)
			stop(app);
		source_poll(app->source, clock_wall_secs());
	}
	return NULL;
}

int
control_start(struct app *app, pthread_t *thread_r, struct err *err_r)
{
	int rc = pthread_create(thread_r, NULL, run, app);

	if (rc == 0)
		return 0;
	return err_set(err_r, EX_OSERR, "cannot start a thread: %s",
	    strerror(rc));
}

void
control_stop(pthread_t thread)
{
	(void)pthread_join(thread, NULL);
}
