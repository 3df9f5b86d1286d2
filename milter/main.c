/* tlswarden: milter/main - tlswarden-milter(8).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <stdbool.h> /* before mfapi.h: else its bool is an int */
#include <libmilter/mfapi.h>

#include "base/log.h"
#include "daemon/cli.h"
#include "daemon/clock.h"
#include "daemon/notify.h"
#include "daemon/privilege.h"
#include "daemon/signals.h"
#include "milter/callbacks.h"
#include "milter/control.h"

/* How long a stop waits for the last rows to be written. */
enum { DRAIN_MSECS = 3000 };

static void
add_versions(struct buf *out)
{
	unsigned major = 0, minor = 0, patch = 0;

	(void)smfi_version(&major, &minor, &patch);
	buf_addf(out, "libmilter %u.%u.%u", major, minor, patch);
}

static const struct cli_about about = {
	"tlswarden-milter",
	"Records inbound TLS sessions and refuses mail per policy, for Postfix "
	"and Sendmail.",
	add_versions,
};

/* libmilter binds with the umask: nobody gets in before group and mode are
 * set. */
static int
open_socket(struct app *app, struct err *err_r)
{
	const struct endpoint *ep = &app->conf->milter_listen.v[0];
	const struct listener_defaults defaults = { app->conf->socket_mode,
		app->conf->socket_group };
	struct buf name;
	mode_t old;
	int rc = -1;

	if (listener_claim(ep, err_r) < 0)
		return -1;
	buf_init(&name, ENDPOINT_TEXT_MAX);
	endpoint_format_milter(ep, &name);
	old = umask(0777);
	if (smfi_setconn(name.p) == MI_SUCCESS &&
	    smfi_opensocket(false) == MI_SUCCESS)
		rc = 0;
	(void)umask(old);
	if (rc == 0)
		rc = listener_adopt(&app->listener, ep, &defaults,
		    app->conf->user, err_r);
	else
		(void)err_set(err_r, EX_UNAVAILABLE,
		    "%s: libmilter cannot listen there; it says why in the "
		    "log of facility mail",
		    buf_str(&name));
	buf_free(&name);
	return rc;
}

static int
open_policy(struct app *app, struct err *err_r)
{
	const struct source_options options = {
		.policy_path = app->conf->policy_database,
		.last_good_path = app->conf->last_good,
		.say = { say_to_log, NULL },
	};

	return source_open(&app->source, &options, clock_wall_secs(), err_r);
}

static int
open_recorder(struct app *app, struct err *err_r)
{
	const struct recorder_options options = {
		.path = app->conf->state_database,
		.say = { say_to_log, NULL },
		.retention_days = app->conf->retention_days,
	};

	return recorder_start(&app->recorder, &options, err_r);
}

static void
say_started(const struct app *app)
{
	struct buf line;

	buf_init(&line, 2048);
	buf_addf(&line, "%s %s (", about.name, PACKAGE_VERSION);
	add_versions(&line);
	buf_adds(&line, ") listens on ");
	endpoint_format(&app->conf->milter_listen.v[0], &line);
	log_info("%s", buf_str(&line));
	buf_free(&line);
}

static void
say_ended(struct app *app, const struct recorder_stats *st)
{
	log_info(
	    "stopped: %llu sessions, %llu recipients refused, %llu rows "
	    "recorded, %llu lost",
	    (unsigned long long)atomic_load(&app->n_sessions),
	    (unsigned long long)atomic_load(&app->n_refused),
	    (unsigned long long)st->n_written,
	    (unsigned long long)(st->n_lost_full + st->n_lost_failed));
}

/* From the drop of privileges to the end. */
static int
serve(struct app *app, struct err *err_r)
{
	pthread_t control;
	int rc;

	if (open_policy(app, err_r) < 0 || open_recorder(app, err_r) < 0 ||
	    control_start(app, &control, err_r) < 0)
		return -1;
	say_started(app);
	notify_ready("judging sessions");
	rc = smfi_main();
	atomic_store(&app->is_done, true);
	control_stop(control);
	if (rc == MI_SUCCESS)
		return 0;
	return err_set(err_r, EX_SOFTWARE,
	    "libmilter gave up; it says why in the log of facility mail");
}

static void
finish(struct app *app)
{
	struct recorder_stats st = { 0 };

	if (!callbacks_finish(app)) {
		log_error(
		    "a callback does not end; what is not recorded yet "
		    "is lost");
		_exit(EX_SOFTWARE);
	}
	recorder_stop(app->recorder, DRAIN_MSECS, &st);
	say_ended(app, &st);
	source_close(app->source);
	listener_close(&app->listener);
	live_done(&app->live);
	settings_free(atomic_load(&app->settings));
}

static int
run(struct app *app, struct err *err_r)
{
	if (callbacks_register(app, err_r) < 0 || open_socket(app, err_r) < 0)
		return -1;
	(void)privilege_open_files(app->conf->max_connections + 64);
	signals_block();
	if (privilege_drop(app->conf->user, err_r) < 0)
		return -1;
	return serve(app, err_r);
}

int
main(int argc, char **argv)
{
	struct app app = { .listener = { .fd = -1 } };
	struct err err = { 0 };
	int rc = cli_start(&about, argc, argv, &app.conf);

	if (rc != CLI_RUN)
		return rc;
	cli_open_log(&about, app.conf);
	live_init(&app.live);
	atomic_init(&app.settings, settings_new(app.conf, NULL));
	rc = EX_OK;
	if (run(&app, &err) < 0) {
		(void)cli_fail(&about, app.conf, &err);
		rc = err.sysexit;
	}
	finish(&app);
	conf_free(app.conf);
	return rc;
}
