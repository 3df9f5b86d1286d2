/* tlswarden: tests for daemon/probe_cache.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The age limit is counted from now, so rows are written relative to it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "daemon/probe_cache.h"
#include "policy_fixture.h"
#include "said.h"
#include "store/state_db.h"
#include "unit.h"

enum { AGE_SECS = 3600, PATIENCE_MSECS = 10000 };

struct world {
	struct fixture f;
	struct said said;
	struct probe_cache *cache;
};

static void
start(struct world *w)
{
	struct probe_cache_options opt = { .path = w->f.state,
		.max_age_secs = AGE_SECS };
	struct err e = { 0 };

	opt.say = said_init(&w->said);
	ck_assert_int_eq(probe_cache_start(&w->cache, &opt, &e), 0);
}

static void
stop(struct world *w)
{
	probe_cache_stop(w->cache);
	said_done(&w->said);
	fixture_done(&w->f);
}

enum { MARK = 77 }; /* of what rule 3 demands */

static struct record_probe
result(const char *domain, const char *class, int64_t age_secs)
{
	return (struct record_probe){
		.at_secs = (int64_t)time(NULL) - age_secs,
		.domain = sv_from(domain),
		.host = sv_from("mx.test"),
		.addr = sv_from("192.0.2.1"),
		.port = 25,
		.rule = 3,
		.demand = MARK,
		.verdict = sv_from(class[0] == 0 ? "ok" : "fail"),
		.class = sv_from(class),
		.fault = sv_from(class[0] == 0 ? "" : "theirs"),
		.json = sv_from("{}"),
	};
}

static void
store(struct world *w, const char *domain, const char *class, int64_t age_secs)
{
	struct record_probe row = result(domain, class, age_secs);
	struct state_db *db = NULL;
	struct err e = { 0 };

	ck_assert_msg(state_db_open(&db, w->f.state, &e) == 0, "%s", e.text);
	ck_assert_int_eq(state_db_begin(db, &e), 0);
	ck_assert_int_eq(state_db_probe(db, &row, &e), 0);
	ck_assert_int_eq(state_db_commit(db, &e), 0);
	state_db_close(db);
}

/* What map dsn would be told: REASON_UNKNOWN when nothing is known. */
static enum reason
known(struct world *w, const char *domain)
{
	static struct party scratch;
	static struct dsn_tie tie;
	struct demand d = { .level = LEVEL_SECURE, .mark = MARK };
	struct rule r = { .id = 3, .demand = &d };
	struct probe_held *held = probe_cache_take(w->cache);
	struct dsn_probes got;
	enum reason reason;

	dsn_tie_set(&tie, &r, sv_from(domain), 0);
	got = probe_table_find(probe_held_table(held), &tie, &scratch);
	reason = got.n == 0 ? REASON_UNKNOWN : got.v[0].reason;

	probe_cache_give(w->cache, held);
	return reason;
}

static void
sleep_msecs(long msecs)
{
	struct timespec t = { msecs / 1000, msecs % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

static bool
becomes(struct world *w, const char *domain, enum reason want)
{
	for (int i = 0; i < PATIENCE_MSECS / 20; i++) {
		if (known(w, domain) == want)
			return true;
		sleep_msecs(20);
	}
	return false;
}

START_TEST(follows_the_file)
{
	struct world w;

	fixture_init(&w.f);
	start(&w);
	ck_assert_int_eq(known(&w, "a.test"), REASON_UNKNOWN);
	store(&w, "a.test", "expired_leaf", 0);
	ck_assert(becomes(&w, "a.test", REASON_EXPIRED_LEAF));
	store(&w, "a.test", "", 0);
	ck_assert(becomes(&w, "a.test", REASON_COUNT));
	store(&w, "b.test", "revoked", 10);
	ck_assert(becomes(&w, "b.test", REASON_REVOKED));
	ck_assert_int_eq(known(&w, "a.test"), REASON_COUNT);
	ck_assert_str_eq(buf_str(&w.said.lines), "");
	stop(&w);
}
END_TEST

START_TEST(forgets_what_is_old)
{
	struct world w;

	fixture_init(&w.f);
	store(&w, "old.test", "expired_leaf", AGE_SECS + 60);
	store(&w, "soon.test", "expired_leaf", AGE_SECS - 2);
	store(&w, "new.test", "expired_leaf", AGE_SECS - 60);
	store(&w, "ahead.test", "expired_leaf", -3600); /* by a wrong clock */
	start(&w);
	ck_assert(becomes(&w, "new.test", REASON_EXPIRED_LEAF));
	ck_assert_int_eq(known(&w, "ahead.test"), REASON_UNKNOWN);
	ck_assert_int_eq(known(&w, "old.test"), REASON_UNKNOWN);
	ck_assert(becomes(&w, "soon.test", REASON_UNKNOWN));
	ck_assert_int_eq(known(&w, "new.test"), REASON_EXPIRED_LEAF);
	probe_cache_set_age(w.cache, 60);
	ck_assert(becomes(&w, "new.test", REASON_UNKNOWN));
	stop(&w);
}
END_TEST

START_TEST(notes_count_at_once)
{
	struct world w;
	struct record_probe row = result("a.test", "name_mismatch", 0);

	fixture_init(&w.f);
	start(&w);
	probe_cache_note(w.cache, &row);
	ck_assert(becomes(&w, "a.test", REASON_NAME_MISMATCH));
	/* The file comes later and knows another. */
	store(&w, "b.test", "revoked", 0);
	ck_assert(becomes(&w, "b.test", REASON_REVOKED));
	ck_assert_int_eq(known(&w, "a.test"), REASON_NAME_MISMATCH);
	for (int i = 0; i < 2 * PROBE_CACHE_NOTED; i++)
		probe_cache_note(w.cache, &row);
	row = result("c.test", "weak_key", 0);
	probe_cache_note(w.cache, &row);
	ck_assert(becomes(&w, "c.test", REASON_WEAK_KEY));
	row = result("d.test", "weak_key", 2 * AGE_SECS);
	probe_cache_note(w.cache, &row);
	sleep_msecs(200);
	ck_assert_int_eq(known(&w, "d.test"), REASON_UNKNOWN);
	stop(&w);
}
END_TEST

/* Each spoils the file in another way; what was known stays. */
static void
remove_file(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

static void
make_garbage(const char *path)
{
	fixture_write(path, "this is no database at all", 26);
}

static void
drop_table(const char *path)
{
	fixture_sql(path, "DROP TABLE probe");
}

static void
make_newer(const char *path)
{
	fixture_sql(path, "PRAGMA user_version = 1000");
}

static void
replace_by_empty(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	fixture_write(path, "", 0);
}

static const struct {
	const char *label;
	void (*spoil)(const char *path);
} spoilers[] = {
	{ "removed", remove_file },
	{ "garbage", make_garbage },
	{ "without its table", drop_table },
	{ "of a newer version", make_newer },
	{ "replaced by an empty one", replace_by_empty },
};

START_TEST(trouble_changes_nothing)
{
	struct world w;
	char wal[120];

	fixture_init(&w.f);
	store(&w, "a.test", "expired_leaf", 0);
	start(&w);
	ck_assert(becomes(&w, "a.test", REASON_EXPIRED_LEAF));
	(void)snprintf(wal, sizeof(wal), "%s-wal", w.f.state);
	spoilers[_i].spoil(w.f.state);
	(void)unlink(wal);
	sleep_msecs(2500);
	ck_assert_msg(known(&w, "a.test") == REASON_EXPIRED_LEAF, "%s",
	    spoilers[_i].label);
	/* Once for each different trouble. */
	ck_assert_msg(said_count(&w.said, "cannot be read") <= 2, "%s: %s",
	    spoilers[_i].label, buf_str(&w.said.lines));
	stop(&w);
}
END_TEST

static void
store_noted(struct world *w)
{
	struct record_probe row = result("b.test", "weak_key", 0);

	probe_cache_note(w->cache, &row);
	ck_assert(becomes(w, "b.test", REASON_WEAK_KEY));
	ck_assert_int_eq(known(w, "a.test"), REASON_REVOKED);
}

START_TEST(a_lock_changes_nothing)
{
	struct world w;
	struct sqlite3 *sq;

	fixture_init(&w.f);
	store(&w, "a.test", "expired_leaf", 0);
	/* In this mode no other process may even read. */
	sq = fixture_open(w.f.state);
	fixture_exec(sq, "PRAGMA locking_mode = EXCLUSIVE");
	fixture_exec(sq, "UPDATE probe SET class = 'revoked'");
	start(&w);
	sleep_msecs(2500);
	ck_assert_int_eq(known(&w, "a.test"), REASON_UNKNOWN);
	fixture_close(sq);
	ck_assert(becomes(&w, "a.test", REASON_REVOKED));
	/* A writer stops no reader. */
	sq = fixture_open(w.f.state);
	fixture_exec(sq, "BEGIN IMMEDIATE");
	store_noted(&w);
	fixture_exec(sq, "COMMIT");
	fixture_close(sq);
	stop(&w);
}
END_TEST

static const struct {
	uint32_t interval, want;
} ages[] = {
	{ 0, 3600 },
	{ 1, 3600 },
	{ 1799, 3600 },
	{ 1800, 3600 },
	{ 1801, 3602 },
	{ 21600, 43200 },
	{ 43200, 86400 },
	{ 43201, 86400 },
	{ 2592000, 86400 },
	{ UINT32_MAX, 86400 },
};

START_TEST(age_of_interval)
{
	ck_assert_uint_eq(probe_cache_age(ages[_i].interval), ages[_i].want);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, follows_the_file);
	tcase_add_test(tc, forgets_what_is_old);
	tcase_add_test(tc, notes_count_at_once);
	tcase_add_loop_test(tc, trouble_changes_nothing, 0, N_ROWS(spoilers));
	tcase_add_test(tc, a_lock_changes_nothing);
	tcase_add_loop_test(tc, age_of_interval, 0, N_ROWS(ages));
}

UNIT_MAIN("probe_cache", add_tests)
