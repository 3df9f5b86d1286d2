/* tlswarden: policyd/app - the whole program: what it holds and its life.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "app.h"
#include "base/log.h"
#include "base/mem.h"
#include "cafiles.h"
#include "daemon/clock.h"
#include "daemon/notify.h"
#include "daemon/privilege.h"
#include "daemon/signals.h"
#include "desk.h"
#include "front.h"
#include "metrics.h"
#include "world.h"

enum {
	POLL_MSECS = 200, /* a change is served within a second */
	SWEEP_SECS = 600, /* between looks for PEM files to remove */
	/* Descriptors beside those of connections: libunbound may have 1024
	 * questions on the wire. */
	SPARE_FILES = 64,
	DNS_FILES = 1100,
	MAX_WORKERS = 256,
	LEDGER_MSECS = 2000, /* to write what is noted, at the end */
	N_SIGNALS = 5,
	MAX_LOCAL_DOMAINS = 1 << 20, /* bytes of all of them */
};

struct app {
	const struct cli_about *about;
	struct conf *conf;
	struct front *front;
	struct metrics *metrics;
	struct desk *desk; /* NULL: no prober has work */
	struct cafiles *cafiles;
	struct world world;
	struct event_base *base;
	struct event *signals[N_SIGNALS];
	struct event *poll;
	uint32_t n_workers;
	uint32_t max_files;
	int64_t swept_secs;
	bool is_reloading; /* the service manager waits for READY */
};

static uint32_t
count_workers(const struct conf *conf)
{
	long n = conf->workers;

	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	if (n < 1)
		return 1;
	return n > MAX_WORKERS ? MAX_WORKERS : (uint32_t)n;
}

/* What the limit of open files leaves of max_connections. */
static uint32_t
allowed_connections(const struct app *a)
{
	uint32_t room =
	    a->max_files > 2 * SPARE_FILES ? a->max_files - SPARE_FILES : 64;

	if (a->conf->max_connections <= room)
		return a->conf->max_connections;
	log_warning(
	    "max_connections is %u, but only %u files may be open: "
	    "%u connections (raise the limit and restart)",
	    a->conf->max_connections, a->max_files, room);
	return room;
}

/* Called by the source, on the loader's thread but for the first time. */
static int
prepare(void *arg, const struct load_ca *cas, size_t n_cas, struct err *err_r)
{
	struct app *a = arg;

	return cafiles_write(a->cafiles, cas, n_cas, clock_wall_secs(), err_r);
}

/* The options that answers depend on; domains is scratch that they view. */
static struct snapshot_options
snapshot_options(const struct conf *conf, struct buf *domains)
{
	buf_init(domains, MAX_LOCAL_DOMAINS);
	for (size_t i = 0; i < conf->local_domains.n; i++)
		buf_addf(domains, "%s ", conf->local_domains.v[i]);
	return (struct snapshot_options){
		.postfix_version = conf->postfix_version,
		.ca_directory = sv_from(conf->ca_directory_mta),
		.transport_nexthop = sv_from(conf->transport_nexthop),
		.local_domains = buf_sv(domains),
	};
}

static int
open_source(struct app *a, struct err *err_r)
{
	const struct conf *conf = a->conf;
	struct buf domains;
	const struct source_options opt = {
		.policy_path = conf->policy_database,
		.last_good_path = conf->last_good,
		.say = { say_to_log, NULL },
		.load = {
			.snapshot = snapshot_options(conf, &domains),
			.prepare = prepare,
			.prepare_arg = a,
		},
	};

	int rc = source_open(&a->world.src, &opt, clock_wall_secs(), err_r);

	buf_free(&domains);
	return rc;
}

/* Without a ledger lookups are still answered: mail is worth more. */
static void
open_recorder(struct app *a)
{
	const struct recorder_options opt = {
		.path = a->conf->state_database,
		.say = { say_to_log, NULL },
		.retention_days = a->conf->retention_days,
	};
	struct err err = { 0 };

	if (recorder_start(&a->world.recorder, &opt, &err) < 0)
		log_error("no ledger is kept until a restart: %s", err.text);
}

/* Without results of probes texts say less, and that is all. */
static void
open_probes(struct app *a)
{
	const struct probe_cache_options opt = {
		.path = a->conf->state_database,
		.say = { say_to_log, NULL },
		.max_age_secs = probe_cache_age(a->conf->probe_interval_secs),
	};
	struct err err = { 0 };

	if (probe_cache_start(&a->world.probes, &opt, &err) < 0)
		log_error("no bounce tells what a probe found: %s", err.text);
}

/* While we are root. Mail is answered without it, too. */
static void
open_desk(struct app *a)
{
	struct err err = { 0 };

	if (desk_new(&a->desk, a->conf, &err) < 0 && a->conf->probe)
		log_warning("nothing is probed until a restart: %s", err.text);
}

static void
start_desk(struct app *a)
{
	struct err err = { 0 };

	if (a->desk == NULL ||
	    desk_start(a->desk, &a->world, a->conf, &err) == 0)
		return;
	log_error("nothing is probed until a restart: %s", err.text);
	desk_free(a->desk);
	a->desk = NULL;
}

static void
log_stats(const struct app *a)
{
	struct finder_stats dns;
	struct counters sum;
	uint32_t n_open;
	struct buf line;

	buf_init(&line, 4096);
	front_counters(a->front, &sum, &n_open);
	buf_addf(&line, "open=%u ", n_open);
	counters_format(&sum, &line);
	finder_stats(a->world.finder, &dns);
	if (dns.n_searches > 0)
		buf_addf(&line,
		    " dns_searches=%" PRIu64 " dns_hits=%" PRIu64
		    " dns_failed=%" PRIu64 " dns_refused=%" PRIu64,
		    dns.n_searches, dns.n_hits, dns.n_failed, dns.n_refused);
	log_info("stats: %s", buf_str(&line));
	buf_free(&line);
}

/* "8 rules" for the service manager and the log. */
static void
say_ready(struct app *a)
{
	struct source_status st;
	char status[128];

	source_status(a->world.src, &st);
	(void)snprintf(status, sizeof(status),
	    "%" PRIu64 " rules%s, %u workers", st.n_rules,
	    st.is_last_good ? " of the last good table" : "", a->n_workers);
	notify_ready(status);
}

static void
log_start(const struct app *a)
{
	struct buf line;

	buf_init(&line, 2000);
	buf_addf(&line, "version %s (", PACKAGE_VERSION);
	a->about->versions(&line);
	buf_addf(&line, ") started with %u workers, answers ", a->n_workers);
	front_format(a->front, &line);
	log_info("%s", buf_str(&line));
	buf_free(&line);
}

/* Takes a new configuration, or keeps the old one when it has a fault. */
static void
reload_conf(struct app *a)
{
	struct conf *next = NULL;
	struct err err = { 0 };
	struct buf names;

	if (conf_load(a->conf->is_missing ? NULL : a->conf->file, &next, &err) <
	    0) {
		log_error("configuration not reloaded, the old one stays: %s",
		    err.text);
		return;
	}
	buf_init(&names, 2048);
	conf_restart_keys(a->conf, next, &names);
	if (names.n > 0)
		log_warning("changed, but read only at a restart: %s",
		    buf_str(&names));
	buf_free(&names);
	conf_free(a->conf);
	a->conf = next;
	atomic_store(&a->world.addresses, next->record_addresses);
	log_set_level((enum log_level)next->log_level);
	if (a->world.recorder != NULL)
		recorder_retain(a->world.recorder, next->retention_days);
	if (a->world.probes != NULL)
		probe_cache_set_age(a->world.probes,
		    probe_cache_age(next->probe_interval_secs));
	front_set_max(a->front, allowed_connections(a));
	if (a->desk != NULL)
		desk_configure(a->desk, next);
	finder_reload(a->world.finder, next);
}

static void
reload(struct app *a, const char *why)
{
	struct snapshot_options options;
	struct buf domains;

	notify_reloading();
	log_info("reloading: %s", why);
	reload_conf(a);
	options = snapshot_options(a->conf, &domains);
	source_reload_as(a->world.src, &options, clock_wall_secs());
	buf_free(&domains);
	a->is_reloading = true; /* on_poll sees the end of it */
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct app *a = arg;

	(void)what;
	switch (number) {
	case SIGHUP:
		reload(a, "SIGHUP");
		break;
	case SIGUSR1:
		reload(a, "SIGUSR1");
		break;
	case SIGUSR2:
		log_stats(a);
		break;
	default:
		log_info("stopping: %s",
		    number == SIGTERM ? "SIGTERM" : "SIGINT");
		(void)event_base_loopbreak(a->base);
		break;
	}
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct app *a = arg;
	int64_t now = clock_wall_secs();

	(void)fd;
	(void)what;
	if (a->is_reloading && source_is_settled(a->world.src)) {
		a->is_reloading = false;
		say_ready(a);
	}
	source_poll(a->world.src, now);
	if (now - a->swept_secs < SWEEP_SECS && now >= a->swept_secs)
		return;
	a->swept_secs = now;
	cafiles_sweep(a->cafiles, now);
}

static int
make_events(struct app *a, struct err *err_r)
{
	static const int numbers[N_SIGNALS] = { SIGHUP, SIGUSR1, SIGUSR2,
		SIGTERM, SIGINT };
	static const struct timeval interval = {
		.tv_usec = POLL_MSECS * 1000,
	};
	bool is_good = a->base != NULL;

	for (size_t i = 0; is_good && i < N_SIGNALS; i++) {
		a->signals[i] = evsignal_new(a->base, numbers[i], on_signal, a);
		is_good = a->signals[i] != NULL &&
		    event_add(a->signals[i], NULL) == 0;
	}
	if (is_good) {
		a->poll = event_new(a->base, -1, EV_PERSIST, on_poll, a);
		is_good = a->poll != NULL && event_add(a->poll, &interval) == 0;
	}
	if (!is_good)
		return err_set(err_r, EX_OSERR, "cannot make an event loop");
	return 0;
}

/* As root where it must be, then as the service user. */
static int
start(struct app *a, struct err *err_r)
{
	a->max_files = privilege_open_files(
	    a->conf->max_connections + SPARE_FILES + DNS_FILES);
	signals_block();
	if (front_new(&a->front, a->conf, err_r) < 0 ||
	    metrics_new(&a->metrics, a->conf, err_r) < 0)
		return -1;
	open_desk(a);
	if (privilege_drop(a->conf->user, err_r) < 0 ||
	    open_source(a, err_r) < 0)
		return -1;
	open_recorder(a);
	open_probes(a);
	start_desk(a);
	if (finder_start(&a->world.finder, a->conf, err_r) < 0)
		return -1;
	a->n_workers = count_workers(a->conf);
	a->base = event_base_new();
	if (make_events(a, err_r) < 0 ||
	    front_start(a->front, a->base, &a->world, a->n_workers, err_r) <
		0 ||
	    metrics_start(a->metrics, a->base, a->front, &a->world, err_r) < 0)
		return -1;
	front_set_max(a->front, allowed_connections(a));
	return 0;
}

int
app_new(struct app **a_r, const struct cli_about *about, struct conf *conf,
    struct err *err_r)
{
	struct app *a = mem_zalloc(1, sizeof(*a));

	a->about = about;
	a->conf = conf;
	a->cafiles = cafiles_new(conf->ca_directory);
	atomic_init(&a->world.addresses, conf->record_addresses);
	a->swept_secs = clock_wall_secs();
	cli_open_log(about, conf);
	if (conf->is_missing)
		log_warning("there is no %s; all settings are defaults",
		    conf->file);
	if (start(a, err_r) < 0) {
		(void)cli_fail(about, conf, err_r);
		app_free(a);
		return -1;
	}
	*a_r = a;
	return 0;
}

void
app_run(struct app *a)
{
	log_start(a);
	signals_unblock();
	say_ready(a);
	(void)event_base_dispatch(a->base);
	notify_stopping();
	front_stop(a->front);
	log_stats(a);
}

void
app_free(struct app *a)
{
	if (a == NULL)
		return;
	metrics_free(a->metrics);
	if (a->front != NULL)
		front_stop(a->front);
	/* It posts to the workers until it is stopped. */
	finder_stop(a->world.finder);
	front_free(a->front);
	desk_free(a->desk);
	finder_free(a->world.finder);
	recorder_stop(a->world.recorder, LEDGER_MSECS, NULL);
	probe_cache_stop(a->world.probes);
	source_close(a->world.src);
	cafiles_free(a->cafiles);
	for (size_t i = 0; i < N_SIGNALS; i++)
		if (a->signals[i] != NULL)
			event_free(a->signals[i]);
	if (a->poll != NULL)
		event_free(a->poll);
	if (a->base != NULL)
		event_base_free(a->base);
	libevent_global_shutdown();
	conf_free(a->conf);
	free(a);
}
