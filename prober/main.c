/* tlswarden: prober/main - tlswarden-prober(8).
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The main thread takes signals, another one works. There is no state: what is
 * lost at the end is done again.
 */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "cert/trust.h"
#include "daemon/cli.h"
#include "daemon/clock.h"
#include "daemon/notify.h"
#include "daemon/privilege.h"
#include "daemon/signals.h"
#include "prober/round.h"
#include "probe/probe.h"
#include "probe/visit.h"
#include "base/banned.h"

enum {
	RETRY_SECS = 5,  /* when policyd is not there */
	DRAIN_SECS = 2,  /* what is under way may take so long at the end */
	AGAIN_SECS = 60, /* between two lines about the same trouble */
};

struct prober {
	struct conf *conf;
	struct trust *trust;
	struct link link;
	struct rounds rounds;
	atomic_bool wants_stop, wants_reload, is_done;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	char trouble[ERR_TEXT_MAX]; /* that was told last */
	int64_t told_secs;
};

static void
add_versions(struct buf *out)
{
	buf_adds(out, OpenSSL_version(OPENSSL_VERSION));
}

static const struct cli_about about = {
	"tlswarden-prober",
	"Looks at partners' mail servers for tlswarden-policyd.",
	add_versions,
};

static void
tell_trouble(struct prober *p, const struct err *err)
{
	int64_t now = clock_msecs() / 1000;

	if (strcmp(p->trouble, err->text) == 0 &&
	    now - p->told_secs < AGAIN_SECS)
		return;
	(void)snprintf(p->trouble, sizeof(p->trouble), "%s", err->text);
	p->told_secs = now;
	log_warning("%s", err->text);
}

/* Sleeps, unless a signal came. */
static void
pause_secs(struct prober *p, uint32_t secs)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += secs;
	(void)pthread_mutex_lock(&p->lock);
	while (!atomic_load(&p->wants_stop) && !atomic_load(&p->wants_reload))
		if (pthread_cond_clockwait(&p->wake, &p->lock, CLOCK_MONOTONIC,
			&until) != 0)
			break;
	(void)pthread_mutex_unlock(&p->lock);
}

static void
use_conf(struct prober *p, struct conf *conf, struct trust *trust)
{
	conf_free(p->conf);
	trust_free(p->trust);
	p->conf = conf;
	p->trust = trust;
	p->rounds.conf = conf;
	p->rounds.trust = trust;
	log_set_level((enum log_level)conf->log_level);
}

/* A new configuration and trust store, or the old ones when there is a fault
 * in them. */
static void
reload(struct prober *p)
{
	struct conf *conf = NULL;
	struct trust *trust = NULL;
	struct err err = { 0 };

	atomic_store(&p->wants_reload, false);
	notify_reloading();
	if (conf_load(p->conf->is_missing ? NULL : p->conf->file, &conf,
		&err) == 0 &&
	    trust_load(conf->trust_store, &trust, &err) == 0) {
		use_conf(p, conf, trust);
		link_close(&p->link);
		link_init(&p->link);
		log_info("reloaded");
	} else {
		conf_free(conf);
		log_error("not reloaded, the old configuration stays: %s",
		    err.text);
	}
	notify_ready(p->conf->probe ? "probing" : "probe is off");
}

static void *
work(void *arg)
{
	struct prober *p = arg;

	while (!atomic_load(&p->wants_stop)) {
		struct round_end end = { .wait_secs = RETRY_SECS };
		struct err err = { 0 };

		if (atomic_load(&p->wants_reload))
			reload(p);
		if (link_open(&p->link, p->conf->prober_listen.v[0].path,
			&err) != 0 ||
		    round_run(&p->rounds, &end, &err) != 0)
			tell_trouble(p, &err);
		else
			p->trouble[0] = '\0';
		if (end.is_reload)
			reload(p);
		else if (end.wait_secs > 0)
			pause_secs(p, end.wait_secs);
	}
	atomic_store(&p->is_done, true);
	return NULL;
}

static void
wake(struct prober *p, atomic_bool *flag)
{
	(void)pthread_mutex_lock(&p->lock);
	atomic_store(flag, true);
	(void)pthread_cond_signal(&p->wake);
	(void)pthread_mutex_unlock(&p->lock);
}

/* Until SIGTERM or SIGINT. */
static void
take_signals(struct prober *p)
{
	sigset_t set;
	int number = 0;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGUSR2);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	while (number != SIGTERM && number != SIGINT) {
		if (sigwait(&set, &number) != 0)
			continue;
		if (number == SIGHUP || number == SIGUSR1)
			wake(p, &p->wants_reload);
	}
	log_info("stopping: %s", number == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* True if the thread that works has ended in time. */
static bool
drain(struct prober *p)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };
	int64_t end = clock_msecs() + DRAIN_SECS * 1000;

	wake(p, &p->wants_stop);
	while (!atomic_load(&p->is_done) && clock_msecs() < end)
		(void)nanosleep(&pause, NULL);
	return atomic_load(&p->is_done);
}

static int
start(struct prober *p, pthread_t *thread, struct err *err_r)
{
	int rc;

	signals_block();
	if (privilege_drop(p->conf->prober_user, err_r) < 0)
		return err_prefix(err_r, "prober_user");
	if (trust_load(p->conf->trust_store, &p->trust, err_r) != 0)
		return -1;
	probe_init();
	visit_helo(p->rounds.helo, sizeof(p->rounds.helo));
	p->rounds.conf = p->conf;
	p->rounds.trust = p->trust;
	p->rounds.link = &p->link;
	p->rounds.wants_stop = &p->wants_stop;
	p->rounds.generation = -1;
	rc = pthread_create(thread, NULL, work, p);
	if (rc != 0)
		return err_set(err_r, EX_OSERR, "cannot start a thread: %s",
		    strerror(rc));
	return 0;
}

static void
prober_done(struct prober *p)
{
	link_close(&p->link);
	trust_free(p->trust);
	conf_free(p->conf);
	(void)pthread_cond_destroy(&p->wake);
	(void)pthread_mutex_destroy(&p->lock);
}

int
main(int argc, char **argv)
{
	struct prober p = { .conf = NULL };
	struct err err = { 0 };
	pthread_t thread;
	int rc = cli_start(&about, argc, argv, &p.conf);

	if (rc != CLI_RUN)
		return rc;
	cli_open_log(&about, p.conf);
	link_init(&p.link);
	(void)pthread_mutex_init(&p.lock, NULL);
	(void)pthread_cond_init(&p.wake, NULL);
	if (start(&p, &thread, &err) < 0) {
		(void)cli_fail(&about, p.conf, &err);
		prober_done(&p);
		return err.sysexit;
	}
	log_info("version %s (%s) started", PACKAGE_VERSION,
	    OpenSSL_version(OPENSSL_VERSION));
	notify_ready(p.conf->probe ? "probing" : "probe is off");
	take_signals(&p);
	notify_stopping();
	if (!drain(&p))
		_exit(EX_OK); /* a probe under way; nothing is lost with it */
	(void)pthread_join(thread, NULL);
	prober_done(&p);
	return EX_OK;
}
