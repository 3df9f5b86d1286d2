/* tlswarden: tests for the chains that store/state_db keeps.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/buf.h"
#include "base/limits.h"
#include "policy_fixture.h"
#include "store/state_db.h"
#include "store/state_read.h"
#include "unit.h"

static struct state_db *
open_state(const struct fixture *f)
{
	struct state_db *db = NULL;
	struct err err = { 0 };

	ck_assert_msg(state_db_open(&db, f->state, &err) == 0, "%s", err.text);
	return db;
}

static void
put_chain(struct state_db *db, int64_t at_secs, const char *host,
    const char *pem)
{
	struct record_probe row = { .at_secs = at_secs,
		.host = sv_from(host),
		.verdict = SV("ok"),
		.chain = sv_from(pem) };
	struct err err = { 0 };

	ck_assert_int_eq(state_db_begin(db, &err), 0);
	ck_assert_msg(state_db_probe(db, &row, &err) == 0, "%s", err.text);
	ck_assert_int_eq(state_db_commit(db, &err), 0);
}

/* Notes "host@time:pem " of each chain, and ends at the word stop. */
static int
see_chain(void *arg, const struct seen_chain *row)
{
	struct buf *out = arg;

	buf_add(out, row->host);
	buf_addf(out, "@%lld:", (long long)row->at_secs);
	buf_add(out, row->pem);
	buf_addc(out, ' ');
	return sv_is(row->pem, "stop") ? -1 : 0;
}

static void
check_chains(const struct fixture *f, const char *host, const char *want)
{
	struct store st;
	struct err err = { 0 };
	struct buf out;

	buf_init(&out, 4096);
	ck_assert_msg(state_read_open(&st, f->state, &err) == 0, "%s",
	    err.text);
	ck_assert_msg(state_chains_each(&st, sv_from(host), see_chain, &out,
			  &err) == 0,
	    "%s", err.text);
	ck_assert_str_eq(buf_str(&out), want);
	store_close(&st);
	buf_free(&out);
}

/* Of its host first, then the newest; the same again is not kept twice. */
START_TEST(chains)
{
	struct fixture f;
	struct state_db *db;

	fixture_init(&f);
	db = open_state(&f);
	check_chains(&f, "a.test", "");
	put_chain(db, 1, "a.test", "one");
	put_chain(db, 2, "B.test", "two");
	put_chain(db, 3, "A.TEST", "three");
	put_chain(db, 4, "c.test", "");
	check_chains(&f, "A.test", "a.test@3:three a.test@1:one b.test@2:two ");
	check_chains(&f, "", "a.test@3:three b.test@2:two a.test@1:one ");
	put_chain(db, 5, "a.test", "one");
	put_chain(db, 6, "b.test", "stop");
	check_chains(&f, "a.test",
	    "a.test@5:one a.test@3:three b.test@6:stop ");
	check_chains(&f, "b.test", "b.test@6:stop ");
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

START_TEST(chains_of_one_host_are_bounded)
{
	struct fixture f;
	struct state_db *db;
	struct err err = { 0 };
	uint64_t n = 0;

	fixture_init(&f);
	db = open_state(&f);
	for (int64_t at = 1; at <= LIMIT_SEEN_CHAINS + 3; at++) {
		char pem[2] = { (char)('a' + at), '\0' };

		put_chain(db, at, "mx.test", pem);
	}
	check_chains(&f, "mx.test",
	    "mx.test@11:l mx.test@10:k mx.test@9:j mx.test@8:i mx.test@7:h "
	    "mx.test@6:g mx.test@5:f mx.test@4:e ");
	ck_assert_int_eq(state_db_prune(db, 9, 4, &n, &err), 0);
	check_chains(&f, "mx.test",
	    "mx.test@11:l mx.test@10:k mx.test@9:j mx.test@8:i ");
	state_db_close(db);
	fixture_done(&f);
}
END_TEST

static int
keep_demand(void *arg, const struct record_probe *row)
{
	int64_t *demand = arg;

	*demand = row->demand;
	return 0;
}

static void
check_demand(const struct fixture *f, int64_t want)
{
	const struct probe_filter filter = { .domain = SV("old.test") };
	struct err err = { 0 };
	struct store st;
	int64_t got = -1;

	ck_assert_msg(state_read_open(&st, f->state, &err) == 0 &&
		state_probes_each(&st, &filter, false, keep_demand, &got,
		    &err) == 0,
	    "%s", err.text);
	store_close(&st);
	ck_assert_int_eq(got, want);
}

/* As the first version made it: read as it is, brought up to date by who
 * writes, and nothing in it is lost. */
START_TEST(from_version_one)
{
	struct fixture f;
	struct state_db *db;

	fixture_init(&f);
	db = open_state(&f);
	fixture_sql(f.state,
	    "INSERT INTO violation(at, rule, direction, mode,"
	    " on_failure, source, reason) VALUES(1, 2, 'in', 'enforce',"
	    " 'fail', 'milter', 'no_tls');"
	    "INSERT INTO probe(domain, host, addr, port, at, rule, verdict,"
	    " client_cert_requested, demand) VALUES('old.test', 'mx', '', 25,"
	    " 9, 2, 'ok', 0, 5)");
	check_demand(&f, 5);
	state_db_close(db);
	fixture_sql(f.state,
	    "DROP TABLE seen_chain; ALTER TABLE probe DROP COLUMN demand;"
	    " DROP TABLE probe_day; DROP TABLE lost; PRAGMA user_version=1");
	check_chains(&f, "mx.test", "");
	check_demand(&f, 0);
	db = open_state(&f);
	check_demand(&f, 0);
	put_chain(db, 1, "mx.test", "one");
	check_chains(&f, "mx.test", "mx.test@1:one ");
	state_db_close(db);
	fixture_sql(f.state, "PRAGMA user_version=4"); /* all but done */
	state_db_close(open_state(&f));
	ck_assert(fixture_try_sql(f.state,
	    "CREATE TABLE v(version CHECK(version = 5), n CHECK(n = 1));"
	    " INSERT INTO v SELECT user_version, (SELECT count(*) FROM"
	    " violation WHERE rule = 2) FROM pragma_user_version"));
	fixture_done(&f);
}
END_TEST

/* Days of looks (of ten, the last is today), and the longest gap in days. */
static const struct {
	const char *label, *days;
	int64_t since, gap; /* -1: none is known */
} gaps[] = {
	{ "none", "", 10, -1 },
	{ "today", "0", 10, 10 },
	{ "each", "0 1 2 3 4 5 6 7 8 9 10", 10, 1 },
	{ "the first alone", "10", 10, 10 },
	{ "the middle", "5", 10, 5 },
	{ "a hole", "0 1 8 9 10", 10, 7 },
	{ "not of late", "4 5 6 7 8 9 10", 10, 4 },
	{ "not at first", "0 1 2 3", 10, 7 },
	{ "before the span", "12", 10, -1 },
	{ "also before the span", "12 2", 4, 2 },
};

START_TEST(gap)
{
	enum { TODAY = 20000 };
	struct sv words = sv_from(gaps[_i].days), word;
	int64_t got = 0, now = (int64_t)TODAY * STATE_DAY_SECS + 4000;
	struct err err = { 0 };
	struct state_db *db;
	struct fixture f;
	struct store st;

	fixture_init(&f);
	db = open_state(&f);
	while (sv_word(&words, &word)) {
		struct record_probe row = { .domain = SV("a.test"),
			.host = SV("mx"),
			.verdict = SV("ok") };
		uint32_t ago = 0;

		ck_assert(sv_to_u32(word, 100, &ago));
		row.at_secs = now - (int64_t)ago * STATE_DAY_SECS;
		ck_assert_int_eq(state_db_begin(db, &err), 0);
		ck_assert_int_eq(state_db_probe(db, &row, &err), 0);
		ck_assert_int_eq(state_db_probe(db, &row, &err), 0);
		ck_assert_int_eq(state_db_commit(db, &err), 0);
	}
	state_db_close(db);
	ck_assert_int_eq(state_read_open(&st, f.state, &err), 0);
	ck_assert_int_eq(state_probe_gap(&st, sv_from("a.test"),
			     now - gaps[_i].since * STATE_DAY_SECS, now, &got,
			     &err),
	    0);
	ck_assert_msg(got ==
		(gaps[_i].gap < 0 ? INT64_MAX : gaps[_i].gap * STATE_DAY_SECS),
	    "%s: %lld", gaps[_i].label, (long long)got);
	ck_assert_int_eq(state_probe_gap(&st, sv_from("b.test"), 0, now, &got,
			     &err),
	    0);
	ck_assert(got == INT64_MAX);
	store_close(&st);
	fixture_done(&f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, gap, 0, N_ROWS(gaps));
	tcase_add_test(tc, chains);
	tcase_add_test(tc, chains_of_one_host_are_bounded);
	tcase_add_test(tc, from_version_one);
}

UNIT_MAIN("seen_chain", add_tests)
