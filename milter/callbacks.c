/* tlswarden: milter/callbacks - where libmilter calls us.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include <stdbool.h> /* before mfapi.h: else its bool is an int */
#include <libmilter/mfapi.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/clock.h"
#include "milter/callbacks.h"
#include "milter/event_log.h"
#include "milter/peer.h"

/* Steps that a decision at RCPT does not need. */
#define STEPS_SKIPPED \
	(SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NOBODY | SMFIP_NOUNKNOWN)
/* Headers are never answered: a round trip less each. CONNECT, HELO and MAIL
 * could be silent too, but libmilter drops what it has not read yet when the
 * MTA hangs up: a short session would not be recorded, or without its TLS. */
#define STEPS_SILENT SMFIP_NR_HDR
#define HEADER_ACTIONS (SMFIF_ADDHDRS | SMFIF_CHGHDRS)

/* libmilter hands nothing to a callback but its own context. */
static struct app *the_app;

/* smfi_getsymval takes a char * that it does not write to. */
static const char *
get_macro(void *arg, const char *name)
{
	char copy[32];
	size_t n = strlen(name) + 1;

	assert(n <= sizeof(copy)); /* our own names */
	memcpy(copy, name, n);
	return smfi_getsymval(arg, copy);
}

static struct macros
macros_of(SMFICTX *ctx)
{
	struct macros m = { get_macro, ctx };

	return m;
}

static const struct settings *
settings_now(void)
{
	return atomic_load_explicit(&the_app->settings, memory_order_acquire);
}

static struct session *
open_session(SMFICTX *ctx, bool is_asked)
{
	struct session *s = mem_alloc(sizeof(*s));

	session_init(s, is_asked, clock_wall_secs(), clock_msecs());
	if (smfi_setpriv(ctx, s) != MI_SUCCESS) {
		session_free(s);
		free(s);
		return NULL;
	}
	live_add(&the_app->live, s);
	return s;
}

static void
record(struct session *s)
{
	struct record_domain domains[LIMIT_RECORD_DOMAINS];
	struct record_session row;

	if (the_app->recorder != NULL &&
	    session_row(s, settings_now(), clock_msecs(), domains, &row))
		(void)recorder_session(the_app->recorder, &row);
}

static void
part_rows(struct session *s, const struct macros *m)
{
	if (!session_begins_tls(s, m))
		return;
	record(s);
	session_next_row(s, clock_wall_secs(), clock_msecs());
}

static void
close_session(struct session *s)
{
	live_remove(&the_app->live, s);
	if (s->was_connected)
		atomic_fetch_add(&the_app->n_sessions, 1);
	record(s);
	session_free(s);
	free(s);
}

/* The session, inside the gate; NULL: the program ends. An MTA that keeps the
 * connection for another session (SMFIC_QUIT_NC) does not negotiate again. */
static struct session *
enter(SMFICTX *ctx)
{
	struct session *s;

	if (!live_enter(&the_app->live))
		return NULL;
	s = smfi_getpriv(ctx);
	if (s == NULL)
		s = open_session(ctx, false);
	if (s == NULL)
		live_leave(&the_app->live);
	return s;
}

static sfsistat
leave(sfsistat result)
{
	live_leave(&the_app->live);
	return result;
}

/* smfi_setsymlist takes a char * and copies what is there. */
static bool
ask_for_macros(SMFICTX *ctx)
{
	char at_connect[] = FACTS_MACROS_CONNECT, at_helo[] = FACTS_MACROS_HELO;
	char at_mail[] = FACTS_MACROS_MAIL, at_rcpt[] = FACTS_MACROS_RCPT;
	char at_eom[] = FACTS_MACROS_EOM;

	return smfi_setsymlist(ctx, SMFIM_CONNECT, at_connect) == MI_SUCCESS &&
	    smfi_setsymlist(ctx, SMFIM_HELO, at_helo) == MI_SUCCESS &&
	    smfi_setsymlist(ctx, SMFIM_ENVFROM, at_mail) == MI_SUCCESS &&
	    smfi_setsymlist(ctx, SMFIM_ENVRCPT, at_rcpt) == MI_SUCCESS &&
	    smfi_setsymlist(ctx, SMFIM_EOM, at_eom) == MI_SUCCESS;
}

/* f0: actions, f1: steps that the MTA offers; libmilter fakes the SMFIP_NR_*
 * ones where the MTA has them not. */
static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
    unsigned long f3, unsigned long *pf0, unsigned long *pf1,
    unsigned long *pf2, unsigned long *pf3)
{
	bool wants_headers = settings_now()->add_header &&
	    (f0 & HEADER_ACTIONS) == HEADER_ACTIONS;
	bool is_asked = (f0 & SMFIF_SETSYMLIST) != 0 && ask_for_macros(ctx);
	struct session *s;

	(void)f2;
	(void)f3;
	if (!live_enter(&the_app->live))
		return SMFIS_TEMPFAIL;
	s = open_session(ctx, is_asked);
	if (s == NULL)
		return leave(SMFIS_TEMPFAIL);
	s->has_headers = wants_headers;
	*pf0 = (f0 & SMFIF_SETSYMLIST) | (wants_headers ? HEADER_ACTIONS : 0);
	*pf1 = f1 &
	    (STEPS_SKIPPED | STEPS_SILENT | (wants_headers ? 0 : SMFIP_NOHDRS));
	*pf2 = *pf3 = 0;
	return leave(SMFIS_CONTINUE);
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *sa)
{
	struct session *s = enter(ctx);
	struct macros m = macros_of(ctx);
	struct session_peer peer = peer_from(name, sa);

	if (s == NULL)
		return SMFIS_TEMPFAIL;
	session_connect(s, &peer, &m);
	return leave(SMFIS_CONTINUE);
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct session *s = enter(ctx);
	struct macros m = macros_of(ctx);

	if (s == NULL)
		return SMFIS_TEMPFAIL;
	part_rows(s, &m);
	session_helo(s, sv_from(name), &m);
	return leave(SMFIS_CONTINUE);
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct session *s = enter(ctx);
	struct macros m = macros_of(ctx);

	if (s == NULL)
		return SMFIS_TEMPFAIL;
	part_rows(s, &m);
	session_mail(s, sv_from(argv[0]), &m);
	return leave(SMFIS_CONTINUE);
}

static void
note_violation(void *arg, const struct record_violation *row)
{
	const struct session *s = arg;

	event_log_violation(s, row);
	if (the_app->recorder != NULL)
		(void)recorder_violation(the_app->recorder, row);
}

static sfsistat
refuse(SMFICTX *ctx, struct reply *r)
{
	atomic_fetch_add(&the_app->n_refused, 1);
	if (smfi_setreply(ctx, r->code, r->status, r->text) != MI_SUCCESS)
		log_error("libmilter does not take the reply %s %s %s", r->code,
		    r->status, r->text);
	return r->code[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *s = enter(ctx);
	struct macros m = macros_of(ctx);
	struct source_held *held;
	struct session_rcpt with;
	struct reply reply;
	bool is_accepted;

	if (s == NULL)
		return SMFIS_TEMPFAIL;
	held = source_take(the_app->source);
	with = (struct session_rcpt){ source_held_snapshot(held),
		settings_now(), clock_wall_secs(), note_violation, s };
	is_accepted = session_rcpt(s, sv_from(argv[0]), &m, &with, &reply);
	source_give(the_app->source, held);
	return leave(is_accepted ? SMFIS_CONTINUE : refuse(ctx, &reply));
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *s;

	if (strcasecmp(name, AUTH_RESULTS_NAME) != 0)
		return SMFIS_NOREPLY;
	s = enter(ctx);
	if (s == NULL)
		return SMFIS_NOREPLY;
	forged_note(&s->forged, sv_from(value),
	    sv_from(settings_now()->authserv_id));
	return leave(SMFIS_NOREPLY);
}

/* From the last to the first: with each removal those behind move up. */
static bool
remove_forged(SMFICTX *ctx, const struct forged *f)
{
	char name[] = AUTH_RESULTS_NAME;

	for (size_t i = f->n; i > 0; i--)
		if (smfi_chgheader(ctx, name, (int)f->v[i - 1], NULL) !=
		    MI_SUCCESS)
			return false;
	return true;
}

static bool
add_results(SMFICTX *ctx, const struct session *s)
{
	char name[] = AUTH_RESULTS_NAME;
	struct buf value;
	char *text;
	bool is_added;

	buf_init(&value, LIMIT_RECORD_TEXT);
	auth_results_format(sv_from(settings_now()->authserv_id), &s->facts,
	    &value);
	text = buf_give(&value);
	is_added = smfi_insheader(ctx, 0, name, text) == MI_SUCCESS;
	free(text);
	return is_added;
}

/* A mail that cannot be rid of forged results is not let in with them. */
static sfsistat
change_headers(SMFICTX *ctx, const struct session *s)
{
	struct reply r;

	if (s->forged.is_full) {
		reply_make(550,
		    sv_from(
			"5.7.0 too many forged " AUTH_RESULTS_NAME " headers"),
		    &r);
		return refuse(ctx, &r);
	}
	if (remove_forged(ctx, &s->forged) && add_results(ctx, s))
		return SMFIS_CONTINUE;
	log_error("libmilter does not change headers of %s",
	    buf_str(&s->queue_id));
	return SMFIS_TEMPFAIL;
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	struct session *s = enter(ctx);
	struct macros m = macros_of(ctx);
	sfsistat result = SMFIS_CONTINUE;

	if (s == NULL)
		return SMFIS_TEMPFAIL;
	if (s->has_headers && !s->is_local)
		result = change_headers(ctx, s);
	if (result == SMFIS_CONTINUE)
		session_eom(s, &m);
	else
		session_abort(s);
	return leave(result);
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *s;

	if (!live_enter(&the_app->live))
		return SMFIS_CONTINUE;
	s = smfi_getpriv(ctx);
	if (s != NULL)
		session_abort(s);
	return leave(SMFIS_CONTINUE);
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *s;

	if (!live_enter(&the_app->live))
		return SMFIS_CONTINUE;
	s = smfi_getpriv(ctx);
	if (s != NULL) {
		(void)smfi_setpriv(ctx, NULL);
		close_session(s);
	}
	return leave(SMFIS_CONTINUE);
}

int
callbacks_register(struct app *app, struct err *err_r)
{
	static char name[] = PACKAGE_NAME;
	const struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = HEADER_ACTIONS | SMFIF_SETSYMLIST,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_header,
		.xxfi_eom = on_eom,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	the_app = app;
	if (smfi_register(filter) == MI_SUCCESS)
		return 0;
	return err_set(err_r, EX_SOFTWARE,
	    "libmilter does not take the filter");
}

bool
callbacks_finish(struct app *app)
{
	/* Callbacks take microseconds. */
	if (!live_close(&app->live, 500))
		return false;
	while (app->live.first != NULL)
		close_session(app->live.first);
	return true;
}
