/* tlswarden: tests for store/state_db and store/state_read.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "policy_fixture.h"
#include "store/state_db.h"
#include "store/state_read.h"
#include "unit.h"

static const struct record_domain two_domains[] = {
	{ SV(""), true, 2, 1 }, { SV("example.com"), false, 1, 1 },
	{ SV("example.com"), false, 1, 0 }, /* is added to the one above */
};

static const struct record_session full_session = {
	.at_secs = 1000000,
	.duration_msecs = 1500,
	.mta = RECORD_POSTFIX,
	.daemon = SV("smtpd"),
	.queue_id = SV("4ABC"),
	.client_addr = SV("192.0.2.1"),
	.client_name = SV("Mx.Example.COM"),
	.client_port = 65535,
	.helo = SV("mx\xff'"),
	.tls = RECORD_TLS_STARTTLS,
	.tls_version = SV("TLSv1.3"),
	.cipher = SV("TLS_AES_256_GCM_SHA384"),
	.bits = 256,
	.verify = SV("OK"),
	.cert_subject = SV("mx.example.com"),
	.cert_issuer = SV("Test CA"),
	.cert_fingerprint = SV("AB:CD"),
	.is_authenticated = true,
	.n_messages = 2,
	.n_accepted = 3,
	.n_refused = 1,
	.refused_rule = 12,
	.refused_reason = SV("no_tls"),
	.domains = two_domains,
	.n_domains = 3,
};

static void
add_session(struct state_db *db, const struct record_session *row)
{
	struct err err = { 0 };

	ck_assert_int_eq(state_db_begin(db, &err), 0);
	ck_assert_msg(state_db_session(db, row, &err) == 0, "%s", err.text);
	ck_assert_int_eq(state_db_commit(db, &err), 0);
}

static struct state_db *
open_state(const struct fixture *f)
{
	struct state_db *db = NULL;
	struct err err = { 0 };

	ck_assert_msg(state_db_open(&db, f->state, &err) == 0, "%s", err.text);
	return db;
}

struct counts {
	uint64_t n;
	int64_t first_id;
	uint64_t stop_at;
};

static void
check_full(const struct record_session *row)
{
	ck_assert_int_eq(row->at_secs, 1000000);
	ck_assert_uint_eq(row->duration_msecs, 1500);
	ck_assert_int_eq(row->mta, RECORD_POSTFIX);
	ck_assert_sv_eq(row->daemon, sv_from("smtpd"), "daemon");
	ck_assert_sv_eq(row->queue_id, sv_from("4ABC"), "queue_id");
	ck_assert_sv_eq(row->client_addr, sv_from("192.0.2.1"), "addr");
	ck_assert_sv_eq(row->client_name, sv_from("Mx.Example.COM"), "name");
	ck_assert_uint_eq(row->client_port, 65535);
	ck_assert_sv_eq(row->helo, sv_from("mx\xff'"), "helo");
	ck_assert_int_eq(row->tls, RECORD_TLS_STARTTLS);
	ck_assert_sv_eq(row->tls_version, sv_from("TLSv1.3"), "version");
	ck_assert_uint_eq(row->bits, 256);
	ck_assert_sv_eq(row->verify, sv_from("OK"), "verify");
	ck_assert_sv_eq(row->cert_subject, sv_from("mx.example.com"), "subj");
	ck_assert_sv_eq(row->cert_issuer, sv_from("Test CA"), "issuer");
	ck_assert_sv_eq(row->cert_fingerprint, sv_from("AB:CD"), "finger");
	ck_assert(row->is_authenticated);
	ck_assert_uint_eq(row->n_messages, 2);
	ck_assert_uint_eq(row->n_accepted, 3);
	ck_assert_uint_eq(row->n_refused, 1);
	ck_assert_int_eq(row->refused_rule, 12);
	ck_assert_sv_eq(row->refused_reason, sv_from("no_tls"), "reason");
	ck_assert_uint_eq(row->n_domains, 2);
	ck_assert(row->domains[0].is_sender);
	ck_assert_sv_eq(row->domains[0].domain, sv_from(""), "null sender");
	ck_assert_uint_eq(row->domains[0].n_accepted, 2);
	ck_assert_uint_eq(row->domains[0].n_refused, 1);
	ck_assert(!row->domains[1].is_sender);
	ck_assert_sv_eq(row->domains[1].domain, sv_from("example.com"),
	    "domain");
	ck_assert_uint_eq(row->domains[1].n_accepted, 2);
	ck_assert_uint_eq(row->domains[1].n_refused, 1);
}

static int
see_session(void *arg, int64_t id, const struct record_session *row)
{
	struct counts *c = arg;

	if (c->n++ == 0)
		c->first_id = id;
	if (id == 1)
		check_full(row);
	else if (id == 2) {
		ck_assert_int_eq(row->tls, RECORD_TLS_UNKNOWN);
		ck_assert_int_eq(row->mta, RECORD_MTA_UNKNOWN);
		ck_assert_ptr_null(row->helo.p);
		ck_assert_uint_eq(row->client_port, 0);
		ck_assert_int_eq(row->refused_rule, 0);
		ck_assert_uint_eq(row->n_domains, 0);
	}
	return c->n == c->stop_at ? -1 : 0;
}

static uint64_t
count_sessions(const struct fixture *f, const struct session_filter *filter)
{
	struct counts c = { 0, 0, 0 };
	struct store st;
	struct err err = { 0 };

	ck_assert_msg(state_read_open(&st, f->state, &err) == 0, "%s",
	    err.text);
	ck_assert_msg(state_sessions_each(&st, filter, see_session, &c, &err) ==
		0,
	    "%s", err.text);
	store_close(&st);
	return c.n;
}

static const struct {
	const char *label;
	struct session_filter filter;
	uint64_t n; /* of the three sessions below */
} session_filters[] = {
	{ "all", { 0 }, 3 },
	{ "limit", { .limit = 2 }, 2 },
	{ "since", { .since_secs = 1000001 }, 2 },
	{ "since is included", { .since_secs = 1000000 }, 3 },
	{ "until is not", { .until_secs = 1000000 }, 0 },
	{ "until", { .until_secs = 1000002 }, 2 },
	{ "plaintext", { .is_only_plaintext = true }, 1 },
	{ "refused", { .is_only_refused = true }, 1 },
	{ "both", { .is_only_plaintext = true, .is_only_refused = true }, 0 },
	{ "address", { .peer = SV("192.0.2.1") }, 1 },
	{ "address glob", { .peer = SV("192.0.2.*") }, 2 },
	{ "name, any case", { .peer = SV("*.example.com") }, 1 },
	{ "nobody", { .peer = SV("example") }, 0 },
	{ "domain", { .domain = SV("EXAMPLE.com") }, 1 },
	{ "no such domain", { .domain = SV("example.net") }, 0 },
};

START_TEST(sessions)
{
	struct record_session empty = { .at_secs = 1000001 };
	struct record_session plain = { .at_secs = 1000002,
		.tls = RECORD_TLS_NONE,
		.mta = RECORD_SENDMAIL,
		.client_addr = SV("192.0.2.77") };
	struct fixture f;
	struct state_db *db;

	fixture_init(&f);
	db = open_state(&f);
	add_session(db, &full_session);
	add_session(db, &empty);
	add_session(db, &plain);
	for (int i = 0; i < N_ROWS(session_filters); i++) {
		uint64_t n = count_sessions(&f, &session_filters[i].filter);

		ck_assert_msg(n == session_filters[i].n, "%s: %llu",
		    session_filters[i].label, (unsigned long long)n);
	}
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

START_TEST(newest_first_and_early_end)
{
	struct session_filter all = { 0 };
	struct counts c = { 0, 0, 1 };
	struct record_session row = { .at_secs = 5 };
	struct fixture f;
	struct state_db *db;
	struct store st;
	struct err err;

	fixture_init(&f);
	db = open_state(&f);
	add_session(db, &full_session);
	add_session(db, &row);
	ck_assert_int_eq(state_read_open(&st, f.state, &err), 0);
	ck_assert_int_eq(state_sessions_each(&st, &all, see_session, &c, &err),
	    0);
	ck_assert_uint_eq(c.n, 1);
	ck_assert_int_eq(c.first_id, 1);
	store_close(&st);
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

static int
see_violation(void *arg, int64_t id, const struct record_violation *row)
{
	struct counts *c = arg;

	c->n++;
	if (id != 1)
		return 0;
	ck_assert_int_eq(row->at_secs, 50);
	ck_assert_int_eq(row->rule, 7);
	ck_assert(row->is_outbound && row->is_monitor && row->is_permanent);
	ck_assert_int_eq(row->source, RECORD_FROM_DSN);
	ck_assert_sv_eq(row->reason, sv_from("expired_leaf"), "reason");
	ck_assert_sv_eq(row->sender, sv_from("example.org"), "sender");
	ck_assert_sv_eq(row->text, sv_from("expired"), "text");
	ck_assert_ptr_null(row->cipher.p);
	return 0;
}

static const struct {
	const char *label;
	struct violation_filter filter;
	uint64_t n;
} violation_filters[] = {
	{ "all", { 0 }, 3 },
	{ "rule", { .rule = 7 }, 2 },
	{ "another rule", { .rule = 70 }, 0 },
	{ "monitor", { .is_only_monitor = true }, 1 },
	{ "enforce", { .is_only_enforce = true }, 2 },
	{ "reason", { .reason = SV("no_tls") }, 2 },
	{ "since", { .since_secs = 51 }, 2 },
	{ "until", { .until_secs = 51 }, 1 },
	{ "limit", { .limit = 1 }, 1 },
};

START_TEST(violations)
{
	static const struct record_violation rows[] = {
		{ .at_secs = 50,
		    .rule = 7,
		    .is_outbound = true,
		    .is_monitor = true,
		    .is_permanent = true,
		    .source = RECORD_FROM_DSN,
		    .reason = SV("expired_leaf"),
		    .sender = SV("example.org"),
		    .recipient = SV("example.mil"),
		    .text = SV("expired") },
		{ .at_secs = 51, .rule = 7, .reason = SV("no_tls") },
		{ .at_secs = 52, .rule = 8, .reason = SV("no_tls") },
	};
	struct fixture f;
	struct state_db *db;
	struct store st;
	struct err err = { 0 };

	fixture_init(&f);
	db = open_state(&f);
	ck_assert_int_eq(state_db_begin(db, &err), 0);
	for (int i = 0; i < N_ROWS(rows); i++)
		ck_assert_msg(state_db_violation(db, &rows[i], &err) == 0, "%s",
		    err.text);
	ck_assert_int_eq(state_db_commit(db, &err), 0);
	ck_assert_int_eq(state_read_open(&st, f.state, &err), 0);
	for (int i = 0; i < N_ROWS(violation_filters); i++) {
		struct counts c = { 0, 0, 0 };

		ck_assert_int_eq(state_violations_each(&st,
				     &violation_filters[i].filter,
				     see_violation, &c, &err),
		    0);
		ck_assert_msg(c.n == violation_filters[i].n, "%s: %llu",
		    violation_filters[i].label, (unsigned long long)c.n);
	}
	store_close(&st);
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

static int
see_probe(void *arg, const struct record_probe *row)
{
	struct counts *c = arg;

	c->n++;
	ck_assert_sv_eq(row->domain, sv_from("example.com"), "domain");
	ck_assert_sv_eq(row->verdict, sv_from("ok"),
	    "the newer took its place");
	ck_assert_int_eq(row->not_after_secs, 4000000000);
	ck_assert(row->has_client_cert_request);
	ck_assert(
	    c->stop_at == 1 ? sv_is(row->json, "{}") : row->json.p == NULL);
	return 0;
}

START_TEST(probes)
{
	struct record_probe row = { .at_secs = 9,
		.domain = SV("example.com"),
		.host = SV("mx.example.com"),
		.port = 25,
		.verdict = SV("fail"),
		.class = SV("expired_leaf"),
		.not_after_secs = 1 };
	struct probe_filter all = { 0 };
	struct probe_filter failing = { .is_only_fail = true };
	struct probe_filter one = { .domain = SV("Example.COM"),
		.host = SV("mx.example.com") };
	struct counts c = { 0, 0, 1 };
	struct fixture f;
	struct state_db *db;
	struct store st;
	struct err err = { 0 };

	fixture_init(&f);
	db = open_state(&f);
	ck_assert_int_eq(state_db_begin(db, &err), 0);
	ck_assert_int_eq(state_db_probe(db, &row, &err), 0);
	row = (struct record_probe){ .at_secs = 10,
		.domain = row.domain,
		.host = row.host,
		.port = 25,
		.verdict = SV("ok"),
		.not_after_secs = 4000000000,
		.has_client_cert_request = true,
		.json = SV("{}") };
	ck_assert_int_eq(state_db_probe(db, &row, &err), 0);
	ck_assert_int_eq(state_db_commit(db, &err), 0);
	ck_assert_int_eq(state_read_open(&st, f.state, &err), 0);
	ck_assert_int_eq(state_probes_each(&st, &one, true, see_probe, &c,
			     &err),
	    0);
	ck_assert_uint_eq(c.n, 1);
	c.stop_at = 0;
	ck_assert_int_eq(state_probes_each(&st, &all, false, see_probe, &c,
			     &err),
	    0);
	ck_assert_uint_eq(c.n, 2);
	ck_assert_int_eq(state_probes_each(&st, &failing, false, see_probe, &c,
			     &err),
	    0);
	ck_assert_uint_eq(c.n, 2);
	store_close(&st);
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

START_TEST(prunes_in_steps)
{
	struct record_session row = full_session;
	struct session_filter all = { 0 };
	struct fixture f;
	struct state_db *db;
	struct err err = { 0 };
	uint64_t n = 0;

	fixture_init(&f);
	db = open_state(&f);
	for (row.at_secs = 1; row.at_secs <= 10; row.at_secs++)
		add_session(db, &row);
	ck_assert_int_eq(state_db_prune(db, 8, 5, &n, &err), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_int_eq(state_db_prune(db, 8, 5, &n, &err), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(state_db_prune(db, 8, 5, &n, &err), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(count_sessions(&f, &all), 3);
	/* Their domains went with them. */
	ck_assert(!fixture_try_sql(f.state,
	    "CREATE TABLE t(n CHECK(n = 6)); INSERT INTO t SELECT count(*) + 1"
	    " FROM session_domain"));
	ck_assert(fixture_try_sql(f.state,
	    "INSERT INTO t SELECT count(*) FROM session_domain"));
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

START_TEST(a_group_is_whole)
{
	struct session_filter all = { 0 };
	struct fixture f;
	struct state_db *db;
	struct err err = { 0 };

	fixture_init(&f);
	db = open_state(&f);
	ck_assert_int_eq(state_db_begin(db, &err), 0);
	ck_assert_int_eq(state_db_session(db, &full_session, &err), 0);
	ck_assert_uint_eq(count_sessions(&f, &all), 0);
	state_db_rollback(db);
	ck_assert_uint_eq(count_sessions(&f, &all), 0);
	add_session(db, &full_session);
	ck_assert_uint_eq(count_sessions(&f, &all), 1);
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

START_TEST(busy)
{
	struct fixture f;
	struct state_db *db;
	struct sqlite3 *other;
	struct err err = { 0 };

	fixture_init(&f);
	db = open_state(&f);
	other = fixture_open(f.state);
	fixture_exec(other, "BEGIN IMMEDIATE");
	ck_assert_int_eq(state_db_begin(db, &err), -1);
	ck_assert(state_db_is_busy(db));
	ck_assert_int_eq(err.sysexit, EX_TEMPFAIL);
	fixture_exec(other, "COMMIT");
	fixture_close(other);
	add_session(db, &full_session);
	ck_assert(!state_db_has_moved(db));
	ck_assert_int_eq(unlink(f.state), 0);
	ck_assert(state_db_has_moved(db));
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

static const struct {
	const char *label;
	const char *sql;
	const char *bytes;
	const char *words;
} unusable[] = {
	{ "text", NULL, "sessions: none so far, and none to come", "not an" },
	{ "policy.db by mistake", "PRAGMA application_id=1953264496", NULL,
	    "not a state database" },
	{ "another program's", "PRAGMA application_id=0", NULL,
	    "not a state database" },
	{ "newer", "PRAGMA user_version=6", NULL, "newer tlswarden" },
};

START_TEST(refuses)
{
	const char *label = unusable[_i].label;
	struct fixture f;
	struct state_db *db;
	struct store st;
	struct err err = { 0 };

	fixture_init(&f);
	state_db_close(open_state(&f));
	if (unusable[_i].sql != NULL)
		fixture_sql(f.state, unusable[_i].sql);
	else
		fixture_write(f.state, unusable[_i].bytes,
		    strlen(unusable[_i].bytes));
	ck_assert_msg(state_db_open(&db, f.state, &err) == -1, "%s", label);
	ck_assert_msg(strstr(err.text, unusable[_i].words) != NULL, "%s: %s",
	    label, err.text);
	ck_assert_int_ne(err.sysexit, EX_TEMPFAIL);
	ck_assert_msg(state_read_open(&st, f.state, &err) == -1, "%s", label);
	fixture_done(&f);
}
END_TEST

START_TEST(made_for_the_group)
{
	struct fixture f;
	struct stat sb;
	struct store st;
	struct err err = { 0 };
	struct state_db *db;
	mode_t mask = umask(077);

	fixture_init(&f);
	ck_assert_int_eq(state_read_open(&st, f.state, &err), -1);
	ck_assert_ptr_nonnull(
	    strstr(err.text, "no such file: tlswarden-policyd"));
	state_db_close(open_state(&f));
	(void)umask(mask);
	ck_assert_int_eq(stat(f.state, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 07777, 0660);
	ck_assert_int_eq(state_db_open(&db, "/nonexistent/state.db", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "tlswarden init"));
	fixture_write(f.state, "", 0);
	ck_assert_int_eq(state_read_open(&st, f.state, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "holds nothing yet"));
	fixture_done(&f);
}
END_TEST

static int
open_as_nobody(void *arg)
{
	struct state_db *db = NULL;
	struct err err = { 0 };

	if (state_db_open(&db, arg, &err) == 0)
		return 0;
	if (err.sysexit != EX_NOPERM)
		return 1;
	return strstr(err.text, "must be a member of its group") != NULL ? 2
									 : 3;
}

/* Made by root before the daemon dropped its privileges. */
START_TEST(made_by_root)
{
	struct fixture f;

	if (geteuid() != 0)
		return;
	fixture_init(&f);
	ck_assert_int_eq(chmod(f.folder, 0777), 0);
	state_db_close(open_state(&f));
	ck_assert_int_eq(chmod(f.state, 0644), 0);
	ck_assert_int_eq(fixture_as_nobody(open_as_nobody, f.state), 2);
	ck_assert_int_eq(chmod(f.state, 0600), 0);
	ck_assert_int_eq(fixture_as_nobody(open_as_nobody, f.state), 2);
	ck_assert_int_eq(unlink(f.state), 0);
	ck_assert_int_eq(fixture_as_nobody(open_as_nobody, f.state), 0);
	fixture_done(&f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, sessions);
	tcase_add_test(tc, newest_first_and_early_end);
	tcase_add_test(tc, violations);
	tcase_add_test(tc, probes);
	tcase_add_test(tc, prunes_in_steps);
	tcase_add_test(tc, a_group_is_whole);
	tcase_add_test(tc, busy);
	tcase_add_loop_test(tc, refuses, 0, N_ROWS(unusable));
	tcase_add_test(tc, made_for_the_group);
	tcase_add_test(tc, made_by_root);
}

UNIT_MAIN("state_db", add_tests)
