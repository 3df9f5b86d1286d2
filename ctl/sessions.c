/* tlswarden: ctl/sessions - the inbound sessions that the milter recorded.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/conf.h"
#include "ctl/command.h"
#include "ctl/out.h"
#include "ctl/when.h"
#include "store/state_read.h"
#include "store/state_words.h"
#include "wire/addr.h"
#include "base/banned.h"

enum { SESSIONS_LINES = 100, PEER_TEXT = 64 };

struct listing {
	const struct app *app;
	struct json_list json;
	struct table table;
	size_t n;
};

static const char *const heads[] = { "WHEN", "CLIENT", "TLS", "CIPHER", "BITS",
	"CERTIFICATE", "MAILS", "TAKEN", "REFUSED" };

static json_t *
number_or_null(int64_t n)
{
	return n != 0 ? json_integer(n) : json_null();
}

/* "" is the null sender here, so it is no null. */
static json_t *
domains_json(const struct record_session *row)
{
	json_t *list = json_array();

	for (size_t i = 0; i < row->n_domains; i++) {
		const struct record_domain *d = &row->domains[i];
		json_t *o = json_object();

		out_json_set(o, "role",
		    json_string(d->is_sender ? "sender" : "recipient"));
		out_json_set(o, "domain",
		    d->domain.n > 0 ? out_json_sv(d->domain) : json_string(""));
		out_json_set(o, "accepted", json_integer(d->n_accepted));
		out_json_set(o, "refused", json_integer(d->n_refused));
		out_json_add(list, o);
	}
	return list;
}

static void
set_client(json_t *o, const struct record_session *row)
{
	const char *mta = state_mta_word(row->mta);

	out_json_set(o, "mta", mta == NULL ? json_null() : json_string(mta));
	out_json_set(o, "daemon", out_json_sv(row->daemon));
	out_json_set(o, "queue_id", out_json_sv(row->queue_id));
	out_json_set(o, "client_addr", out_json_sv(row->client_addr));
	out_json_set(o, "client_name", out_json_sv(row->client_name));
	out_json_set(o, "client_port", number_or_null(row->client_port));
	out_json_set(o, "helo", out_json_sv(row->helo));
}

static void
set_tls(json_t *o, const struct record_session *row)
{
	out_json_set(o, "tls", json_string(state_tls_word(row->tls)));
	out_json_set(o, "tls_version", out_json_sv(row->tls_version));
	out_json_set(o, "cipher", out_json_sv(row->cipher));
	out_json_set(o, "bits", number_or_null(row->bits));
	out_json_set(o, "verify", out_json_sv(row->verify));
	out_json_set(o, "cert_subject", out_json_sv(row->cert_subject));
	out_json_set(o, "cert_issuer", out_json_sv(row->cert_issuer));
	out_json_set(o, "cert_fingerprint", out_json_sv(row->cert_fingerprint));
}

static json_t *
session_json(int64_t id, const struct record_session *row)
{
	json_t *o = json_object();
	char at[WHEN_SIZE];

	out_json_set(o, "id", json_integer(id));
	out_json_set(o, "at", json_string(when_format(row->at_secs, at)));
	out_json_set(o, "duration_msecs", json_integer(row->duration_msecs));
	set_client(o, row);
	set_tls(o, row);
	out_json_set(o, "authenticated", json_boolean(row->is_authenticated));
	out_json_set(o, "messages", json_integer(row->n_messages));
	out_json_set(o, "accepted", json_integer(row->n_accepted));
	out_json_set(o, "refused", json_integer(row->n_refused));
	out_json_set(o, "refused_rule", number_or_null(row->refused_rule));
	out_json_set(o, "refused_reason", out_json_sv(row->refused_reason));
	out_json_set(o, "domains", domains_json(row));
	return o;
}

/* "name[addr]"; without a name "[addr]". */
static void
cell_client(struct table *t, const struct record_session *row)
{
	struct buf b;

	buf_init(&b, OUT_CELL_MAX);
	buf_add(&b, row->client_name);
	buf_addc(&b, '[');
	if (row->client_addr.n > 0)
		buf_add(&b, row->client_addr);
	else
		buf_adds(&b, "unknown");
	buf_addc(&b, ']');
	table_sv(t, buf_sv(&b));
	buf_free(&b);
}

/* "none", "unknown", "starttls TLSv1.3". */
static void
cell_tls(struct table *t, const struct record_session *row)
{
	struct buf b;

	buf_init(&b, OUT_CELL_MAX);
	buf_adds(&b, state_tls_word(row->tls));
	if (row->tls_version.n > 0) {
		buf_addc(&b, ' ');
		buf_add(&b, row->tls_version);
	}
	table_sv(t, buf_sv(&b));
	buf_free(&b);
}

/* Sendmail's word, and the name if it is worth something. */
static void
cell_certificate(struct table *t, const struct record_session *row)
{
	struct buf b;

	buf_init(&b, OUT_CELL_MAX);
	buf_add(&b, row->verify);
	if (row->cert_subject.n > 0) {
		if (b.n > 0)
			buf_addc(&b, ' ');
		buf_add(&b, row->cert_subject);
	}
	table_sv(t, b.n > 0 ? buf_sv(&b) : sv_from("-"));
	buf_free(&b);
}

static void
cell_refused(struct table *t, const struct record_session *row)
{
	struct buf b;

	buf_init(&b, OUT_CELL_MAX);
	buf_addf(&b, "%u", row->n_refused);
	if (row->n_refused > 0)
		buf_addf(&b, " (%.*s, rule %lld)", SV_ARG(row->refused_reason),
		    (long long)row->refused_rule);
	table_sv(t, buf_sv(&b));
	buf_free(&b);
}

static void
table_row(struct table *t, const struct record_session *row)
{
	char at[WHEN_SIZE];

	table_str(t, when_format(row->at_secs, at));
	cell_client(t, row);
	cell_tls(t, row);
	table_sv(t, row->cipher.n > 0 ? row->cipher : sv_from("-"));
	if (row->bits > 0)
		table_number(t, row->bits);
	else
		table_str(t, "-");
	cell_certificate(t, row);
	table_number(t, row->n_messages);
	table_number(t, row->n_accepted);
	cell_refused(t, row);
}

static int
take_session(void *arg, int64_t id, const struct record_session *row)
{
	struct listing *l = arg;

	l->n++;
	if (l->app->json)
		json_list_item(&l->json, session_json(id, row));
	else
		table_row(&l->table, row);
	return 0;
}

/* An address is looked for as it is kept, however it was written. */
static int
take_peer(struct sv peer, struct buf *text, struct session_filter *f,
    struct err *err_r)
{
	bool has_brackets =
	    peer.n > 1 && peer.p[0] == '[' && peer.p[peer.n - 1] == ']';
	struct sv inner = has_brackets ? sv_make(peer.p + 1, peer.n - 2) : peer;
	struct addr address;

	if (sv_find(peer, '/') < peer.n)
		return err_set(err_r, EX_USAGE,
		    "--peer: \"%.*s\" is a network; write an address or a "
		    "name, with * for any text, for example 192.0.2.*",
		    SV_ARG(sv_head(peer, 64)));
	f->peer = peer;
	if (addr_parse(inner, &address)) {
		addr_format(&address, text);
		f->peer = buf_sv(text);
	}
	return 0;
}

/* peer keeps what the filter views. */
static int
take_filter(const struct app *app, const struct args *args, struct buf *peer,
    struct session_filter *f, struct err *err_r)
{
	const char *since = args_get(args, "since");
	const char *limit = args_get(args, "limit");

	if (since != NULL &&
	    when_parse(since, app->now, &f->since_secs, err_r) != 0)
		return -1;
	if (limit != NULL && !sv_to_u64(sv_from(limit), INT32_MAX, &f->limit))
		return err_set(err_r, EX_USAGE, "--limit: \"%s\" is no number",
		    limit);
	if (take_peer(sv_from(args_get(args, "peer")), peer, f, err_r) != 0)
		return -1;
	f->domain = sv_from(args_get(args, "domain"));
	f->is_only_plaintext = args_has(args, "plaintext");
	f->is_only_refused = args_has(args, "refused");
	return 0;
}

static int
list(struct app *app, const struct session_filter *f, struct err *err_r)
{
	struct listing l = { .app = app };
	struct store st = { .sq = NULL };
	const struct conf *conf = app_conf(app, err_r);
	int rc;

	if (conf == NULL ||
	    state_read_open(&st, conf->state_database, err_r) != 0)
		return -1;
	table_init(&l.table, heads, sizeof(heads) / sizeof(heads[0]));
	if (app->json)
		json_list_begin(&l.json);
	rc = state_sessions_each(&st, f, take_session, &l, err_r);
	if (app->json)
		json_list_end(&l.json);
	else if (l.n > 0)
		table_done(&l.table, app);
	else if (rc == 0)
		puts("no such session");
	if (app->json || l.n == 0)
		table_free(&l.table);
	store_close(&st);
	return rc;
}

static int
sessions_run(struct app *app, const struct args *args)
{
	struct session_filter f = { .limit = SESSIONS_LINES };
	struct err err = { 0 };
	struct buf peer;
	int rc;

	buf_init(&peer, PEER_TEXT);
	rc = take_filter(app, args, &peer, &f, &err) != 0 ||
	    list(app, &f, &err) != 0;
	buf_free(&peer);
	return rc != 0 ? args_fail(args, &err) : CTL_GOOD;
}

static const struct option_spec options[] = {
	{ "since", "TIME",
	    "from then on: 12h, 7d, 2w ago, or a time such\n"
	    "as 2026-01-31 or 2026-01-31T12:00Z",
	    0 },
	{ "peer", "GLOB", "the client's address or name", 0 },
	{ "domain", "DOMAIN", "of a sender or recipient", 0 },
	{ "plaintext", NULL, "only those that were not encrypted", 0 },
	{ "refused", NULL, "only those with a refused recipient", 0 },
	{ "limit", "N", "the newest N; default 100, 0 is all", 0 },
	{ .name = NULL },
};

const struct command verb_sessions = {
	.name = "sessions",
	.summary = "list the inbound sessions that were recorded, newest first",
	.synopsis =
	    "[--since TIME] [--peer GLOB] [--domain DOMAIN]\n"
	    "[--plaintext] [--refused] [--limit N]",
	.help =
	    "Lists what tlswarden-milter recorded: who came, how TLS came\n"
	    "(starttls, wrapper, none, or unknown for a session that\n"
	    "ended before MAIL), cipher, certificate, and the recipients\n"
	    "that were taken and refused. Mail that we deliver has no\n"
	    "sessions here: see failures --direction out, and probe.",
	.examples =
	    "  tlswarden sessions --since 1d --plaintext\n"
	    "  tlswarden sessions --peer '*.example.net' --refused --json",
	.options = options,
	.run = sessions_run,
};
