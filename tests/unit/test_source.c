/* tlswarden: tests for daemon/source and daemon/policy_load.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/source.h"
#include "policy_fixture.h"
#include "said.h"
#include "unit.h"

#define START INT64_C(1900000000) /* 2030-03-17 17:46:40 */

/* clang-format off */
static const char good[] =
    "INSERT INTO policy(direction, recipient, level)"
    " VALUES('out', 'example.mil', 'encrypt')";
/* Past the triggers, as a foreign tool may write it. */
static const char untriggered[] =
    "PRAGMA writable_schema=1; DELETE FROM sqlite_schema WHERE"
    " type = 'trigger'; PRAGMA writable_schema=0";
static const char bad[] =
    "INSERT INTO policy(direction, recipient, level)"
    " VALUES('out', 'example.org', 'encypt')";
/* clang-format on */

struct world {
	struct fixture f;
	struct said said;
	struct source_options opt;
	struct source *src;
	int64_t now;
};

static void
world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fixture_init(&w->f);
	w->opt.policy_path = w->f.policy;
	w->opt.last_good_path = w->f.last_good;
	w->opt.say = said_init(&w->said);
	w->opt.load.snapshot.postfix_version = 306;
	w->opt.load.snapshot.ca_directory = sv_from("tlswarden/ca");
	w->now = START;
}

static void
open_source(struct world *w)
{
	struct err err = { 0 };

	ck_assert_msg(source_open(&w->src, &w->opt, w->now, &err) == 0, "%s",
	    err.text);
	source_settle(w->src);
}

static void
world_done(struct world *w)
{
	source_close(w->src);
	said_done(&w->said);
	fixture_done(&w->f);
}

static struct source_status
poll_source(struct world *w)
{
	struct source_status st;

	source_poll(w->src, w->now);
	source_settle(w->src);
	source_status(w->src, &st);
	return st;
}

START_TEST(loads_and_follows)
{
	struct world w;
	struct source_status st;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	st = poll_source(&w);
	ck_assert_uint_eq(st.generation, 1);
	ck_assert_uint_eq(st.n_loads, 1);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert_uint_gt(st.n_bytes, 0);
	ck_assert_int_eq(st.last_success_secs, START);
	ck_assert_int_eq(st.next_expiry_secs, 0);
	ck_assert(!st.is_failing && !st.is_last_good);
	for (int i = 0; i < 20; i++)
		st = poll_source(&w);
	ck_assert_msg(st.generation == 1, "loaded again without a change");

	fixture_sql(w.f.policy, good);
	w.now++;
	st = poll_source(&w);
	ck_assert_uint_eq(st.generation, 2);
	ck_assert_uint_eq(st.n_rules, 2);
	ck_assert_int_eq(st.last_success_secs, START + 1);
	source_reload(w.src, w.now);
	st = poll_source(&w);
	ck_assert_uint_eq(st.generation, 3);
	ck_assert_uint_eq(st.n_failures, 0);
	ck_assert_uint_eq(said_count(&w.said, "policy table loaded"), 3);
	world_done(&w);
}
END_TEST

/* One bad row and nothing changes, until it is mended. */
START_TEST(bad_row)
{
	struct world w;
	struct source_status st;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	fixture_sql(w.f.policy, untriggered);
	fixture_sql(w.f.policy, good);
	fixture_sql(w.f.policy, bad);
	for (int i = 0; i < 5; i++)
		st = poll_source(&w);
	ck_assert_uint_eq(st.generation, 1);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert_uint_eq(st.n_failures, 1);
	ck_assert_uint_eq(st.n_bad_rows, 1);
	ck_assert(st.is_failing);
	ck_assert_ptr_nonnull(strstr(st.failure, "policy rule 3: "));
	ck_assert_msg(said_count(&w.said, "policy rule 3: ") == 2,
	    "once by itself, once in the summary: %s", buf_str(&w.said.lines));
	ck_assert_uint_eq(said_count(&w.said, "1 rules of the last good"), 1);

	fixture_sql(w.f.policy, "DELETE FROM policy WHERE id = 3");
	st = poll_source(&w);
	ck_assert_uint_eq(st.generation, 2);
	ck_assert_uint_eq(st.n_rules, 2);
	ck_assert_uint_eq(st.n_bad_rows, 0);
	ck_assert(!st.is_failing);
	ck_assert_str_eq(st.failure, "");
	ck_assert_uint_eq(said_count(&w.said, "loaded again"), 1);
	world_done(&w);
}
END_TEST

START_TEST(many_bad_rows)
{
	struct world w;
	struct source_status st;

	world_init(&w);
	open_source(&w);
	fixture_sql(w.f.policy, untriggered);
	for (int i = 0; i < 50; i++)
		fixture_sql(w.f.policy, bad);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_bad_rows, 50);
	ck_assert_ptr_nonnull(strstr(st.failure, "50 bad rows"));
	ck_assert_uint_eq(said_count(&w.said, "\npolicy rule "), 20);
	ck_assert_uint_eq(said_count(&w.said, "30 more bad rows"), 1);
	/* Said again after a while, not with every look. */
	said_reset(&w.said);
	for (int i = 0; i < 5; i++)
		(void)poll_source(&w);
	ck_assert_str_eq(buf_str(&w.said.lines), "");
	world_done(&w);
}
END_TEST

static const struct {
	const char *label;
	const char *pem;
	const char *words;
} cas[] = {
	{ "text around nothing",
	    "-----BEGIN CERTIFICATE-----\nnothing\n"
	    "-----END CERTIFICATE-----\n",
	    "ca bank: " },
	{ "cut short",
	    "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQg==\n"
	    "-----END CERTIFICATE-----\n",
	    "ca bank: " },
};

/* What SQL cannot see: the inside of a PEM. */
START_TEST(garbage_pem)
{
	struct world w;
	struct source_status st;
	char sql[512];

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO ca(name, pem) VALUES('bank', '%s')", cas[_i].pem);
	fixture_sql(w.f.policy, sql);
	st = poll_source(&w);
	ck_assert_msg(st.is_failing, "%s loads", cas[_i].label);
	ck_assert_uint_eq(st.generation, 1);
	ck_assert_uint_eq(st.n_bad_rows, 1);
	ck_assert_msg(strstr(st.failure, cas[_i].words) != NULL, "%s: %s",
	    cas[_i].label, st.failure);
	world_done(&w);
}
END_TEST

START_TEST(starts_from_last_good)
{
	struct world w;
	struct source_status st;
	struct err err;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_saves, 1);
	source_close(w.src);

	/* Not written again when nothing changed. */
	open_source(&w);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_saves, 0);
	source_close(w.src);

	fixture_sql(w.f.policy, untriggered);
	fixture_sql(w.f.policy, bad);
	said_reset(&w.said);
	open_source(&w);
	st = poll_source(&w);
	ck_assert(st.is_last_good && st.is_failing);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert_uint_eq(st.n_saves, 0);
	ck_assert_uint_eq(said_count(&w.said, "SERVING AN OLD POLICY"), 1);
	fixture_sql(w.f.policy, "DELETE FROM policy WHERE id = 2");
	fixture_sql(w.f.policy, good);
	st = poll_source(&w);
	ck_assert(!st.is_last_good && !st.is_failing);
	ck_assert_uint_eq(st.n_rules, 2);
	ck_assert_uint_eq(st.n_saves, 1);
	source_close(w.src);
	w.src = NULL;

	/* Neither loads. */
	fixture_write(w.f.policy, "garbage", 7);
	fixture_write(w.f.last_good, "SQLite format 3", 16);
	ck_assert_int_eq(source_open(&w.src, &w.opt, w.now, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, w.f.policy));
	ck_assert_ptr_nonnull(strstr(err.text, w.f.last_good));
	ck_assert_int_eq(unlink(w.f.last_good), 0);
	ck_assert_int_eq(source_open(&w.src, &w.opt, w.now, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "yet"));
	w.opt.last_good_path = NULL;
	ck_assert_int_eq(source_open(&w.src, &w.opt, w.now, &err), -1);
	ck_assert_int_eq(err.sysexit, EX_DATAERR);
	world_done(&w);
}
END_TEST

static const struct {
	const char *label;
	const char *expires_at;
	int64_t over_secs; /* after START */
} expiries[] = {
	{ "day", "2030-03-18", 22400 },
	{ "minute", "2030-03-17 17:47", 20 },
	{ "second, Z", "2030-03-17T17:46:41Z", 1 },
	{ "what datetime() prints", "2030-03-17 21:46:40", 14400 },
};

START_TEST(expires)
{
	struct world w;
	struct source_status st;
	char sql[256];

	world_init(&w);
	fixture_sql(w.f.policy, good);
	(void)snprintf(sql, sizeof(sql), "UPDATE policy SET expires_at = '%s'",
	    expiries[_i].expires_at);
	fixture_sql(w.f.policy, good);
	fixture_sql(w.f.policy, sql);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	w.now = START + expiries[_i].over_secs - 1;
	st = poll_source(&w);
	ck_assert_msg(st.n_rules == 3, "%s", expiries[_i].label);
	ck_assert_int_eq(st.next_expiry_secs, w.now + 1);
	w.now++;
	st = poll_source(&w);
	ck_assert_msg(st.n_rules == 1, "%s: not over", expiries[_i].label);
	ck_assert_uint_eq(st.generation, 2);
	ck_assert_int_eq(st.next_expiry_secs, 0);
	st = poll_source(&w);
	ck_assert_uint_eq(st.generation, 2);
	world_done(&w);
}
END_TEST

/* A rule ends in time although the table is broken just then. */
START_TEST(expires_while_broken)
{
	struct world w;
	struct source_status st;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	fixture_sql(w.f.policy,
	    "UPDATE policy SET expires_at = '2030-03-17 17:47'");
	fixture_sql(w.f.policy, good);
	open_source(&w);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 2);
	fixture_write(w.f.policy, "garbage", 7);
	st = poll_source(&w);
	ck_assert(st.is_failing);
	w.now += 20;
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert(st.is_failing && st.is_last_good);
	ck_assert_uint_eq(said_count(&w.said, "policy rules expired"), 1);
	world_done(&w);

	/* Without a last good one it is said, not hidden. */
	world_init(&w);
	w.opt.last_good_path = NULL;
	fixture_sql(w.f.policy, good);
	fixture_sql(w.f.policy,
	    "UPDATE policy SET expires_at = '2030-03-17 17:47'");
	open_source(&w);
	fixture_write(w.f.policy, "garbage", 7);
	w.now += 20;
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert_uint_eq(said_count(&w.said, "still enforced"), 1);
	world_done(&w);
}
END_TEST

START_TEST(gone_and_back)
{
	struct world w;
	struct source_status st;
	char other[100];

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	(void)snprintf(other, sizeof(other), "%s.away", w.f.policy);
	ck_assert_int_eq(rename(w.f.policy, other), 0);
	for (int i = 0; i < 5; i++)
		st = poll_source(&w);
	ck_assert(st.is_failing);
	ck_assert_uint_eq(st.n_failures, 1);
	ck_assert_uint_eq(st.generation, 1);
	ck_assert_uint_eq(said_count(&w.said, "no such file"), 1);
	ck_assert_int_eq(rename(other, w.f.policy), 0);
	st = poll_source(&w);
	ck_assert(!st.is_failing);

	/* Replaced by a copy, as an administrator with rsync does. */
	fixture_sql(w.f.policy, "VACUUM");
	(void)poll_source(&w);
	ck_assert_int_eq(rename(w.f.policy, other), 0);
	fixture_sql(other, good);
	ck_assert_int_eq(rename(other, w.f.policy), 0);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 2);
	world_done(&w);
}
END_TEST

START_TEST(locked)
{
	struct world w;
	struct source_status st;
	struct sqlite3 *shell;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	fixture_sql(w.f.policy, good);
	shell = fixture_open(w.f.policy);
	fixture_exec(shell, "BEGIN EXCLUSIVE");
	said_reset(&w.said);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert(st.is_failing);
	ck_assert_uint_eq(said_count(&w.said, "will be tried again"), 1);
	ck_assert_msg(w.said.n_errors == 0, "a lock is no error");
	fixture_exec(shell, "COMMIT");
	fixture_close(shell);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 2);
	ck_assert(!st.is_failing);
	world_done(&w);
}
END_TEST

struct preparing {
	int answer;
	unsigned n_calls;
	size_t n_cas;
};

static int
prepare(void *arg, const struct load_ca *some, size_t n, struct err *err_r)
{
	struct preparing *p = arg;

	(void)some;
	p->n_calls++;
	p->n_cas = n;
	if (p->answer != 0)
		return err_set(err_r, EX_IOERR, "no room for PEM files");
	return 0;
}

/* What policyd must write before it serves can fail, and is tried again. */
START_TEST(prepares)
{
	struct preparing p = { 0, 0, 99 };
	struct world w;
	struct source_status st;

	world_init(&w);
	w.opt.load.prepare = prepare;
	w.opt.load.prepare_arg = &p;
	open_source(&w);
	ck_assert_uint_eq(p.n_calls, 1);
	ck_assert_uint_eq(p.n_cas, 0);
	p.answer = -1;
	fixture_sql(w.f.policy, good);
	st = poll_source(&w);
	ck_assert(st.is_failing);
	ck_assert_str_eq(st.failure, "no room for PEM files");
	ck_assert_uint_eq(st.n_rules, 0);
	st = poll_source(&w);
	ck_assert_uint_eq(p.n_calls, 2);
	p.answer = 0;
	w.now += 60;
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert(!st.is_failing);
	world_done(&w);
}
END_TEST

START_TEST(cannot_save)
{
	struct world w;
	struct source_status st;

	world_init(&w);
	w.opt.last_good_path = "/nonexistent/last-good";
	fixture_sql(w.f.policy, good);
	open_source(&w);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert_uint_eq(st.n_saves, 0);
	ck_assert_uint_ge(st.n_save_failures, 1);
	ck_assert(!st.is_failing);
	ck_assert_uint_eq(said_count(&w.said, "not kept as last good"), 1);
	for (int i = 0; i < 5; i++) {
		w.now += 60;
		st = poll_source(&w);
	}
	ck_assert_uint_ge(st.n_save_failures, 5);
	ck_assert_uint_eq(said_count(&w.said, "not kept as last good"), 1);
	world_done(&w);
}
END_TEST

/* Changes the table while it is being loaded. */
static int
change_meanwhile(void *arg, const struct load_ca *some, size_t n,
    struct err *err_r)
{
	const struct fixture *f = arg;

	(void)some;
	(void)n;
	(void)err_r;
	fixture_sql(f->policy, good);
	return 0;
}

/* A table that changes with every look is written now and then. */
START_TEST(saves_seldom)
{
	struct world w;
	struct source_status st;

	world_init(&w);
	w.opt.load.prepare = change_meanwhile;
	w.opt.load.prepare_arg = &w.f;
	open_source(&w);
	for (int i = 0; i < 9; i++, w.now++)
		st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 10);
	ck_assert_uint_eq(st.n_saves, 0);
	for (int i = 0; i < 10; i++, w.now++)
		st = poll_source(&w);
	ck_assert_uint_eq(st.n_saves, 1);
	world_done(&w);
}
END_TEST

/* Good, then at once bad: the good one is kept all the same. */
START_TEST(saves_what_served)
{
	struct world w;
	struct source_status st;
	struct err err;

	world_init(&w);
	open_source(&w);
	fixture_sql(w.f.policy, untriggered);
	fixture_sql(w.f.policy, good);
	(void)poll_source(&w);
	fixture_sql(w.f.policy, bad);
	st = poll_source(&w);
	ck_assert(st.is_failing);
	source_close(w.src);
	w.src = NULL;
	ck_assert_msg(source_open(&w.src, &w.opt, w.now, &err) == 0, "%s",
	    err.text);
	source_status(w.src, &st);
	ck_assert(st.is_last_good);
	ck_assert_uint_eq(st.n_rules, 1);
	world_done(&w);
}
END_TEST

START_TEST(readers)
{
	struct source_reader a, b;
	const struct snapshot *old;
	struct source_held *held;
	struct world w;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	source_reader_init(&a, w.src);
	source_reader_init(&b, w.src);
	old = source_reader_get(&a);
	ck_assert_ptr_eq(source_reader_get(&b), old);
	held = source_take(w.src);
	ck_assert_ptr_eq(source_held_snapshot(held), old);
	fixture_sql(w.f.policy, good);
	(void)poll_source(&w);
	ck_assert_uint_eq(snapshot_count(source_reader_get(&a)), 2);
	ck_assert_ptr_ne(source_reader_get(&a), old);
	/* b has not moved on, so what it has is still there, loads later. */
	fixture_sql(w.f.policy, good);
	(void)poll_source(&w);
	(void)poll_source(&w);
	ck_assert_uint_eq(snapshot_count(b.snap), 1);
	ck_assert_uint_eq(snapshot_count(source_held_snapshot(held)), 1);
	ck_assert_uint_eq(snapshot_count(source_reader_get(&b)), 3);
	source_give(w.src, held);
	source_reader_done(&a);
	source_reader_done(&b);
	source_reader_done(&b);
	world_done(&w);
}
END_TEST

struct reading {
	struct source *src;
	atomic_bool wants_stop;
	uint64_t n_bad;
	uint64_t n_seen; /* different snapshots */
};

static void *
read_on(void *arg)
{
	struct reading *r = arg;
	struct source_reader reader;
	const struct snapshot *last = NULL;
	size_t count = 0;

	source_reader_init(&reader, r->src);
	while (!atomic_load(&r->wants_stop)) {
		const struct snapshot *snap = source_reader_get(&reader);
		size_t n = snapshot_count(snap);

		/* Rules are only added: never fewer than before. */
		r->n_bad += n < count ? 1 : 0;
		r->n_seen += snap != last ? 1 : 0;
		count = n;
		last = snap;
	}
	source_reader_done(&reader);
	return NULL;
}

START_TEST(reading_threads)
{
	struct reading r[2] = { 0 };
	pthread_t threads[2];
	struct world w;

	world_init(&w);
	open_source(&w);
	for (int i = 0; i < 2; i++) {
		r[i].src = w.src;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on,
				     &r[i]),
		    0);
	}
	for (int i = 0; i < 30; i++) {
		fixture_sql(w.f.policy, good);
		(void)poll_source(&w);
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&r[i].wants_stop, true);
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_uint_eq(r[i].n_bad, 0);
		ck_assert_uint_gt(r[i].n_seen, 1);
	}
	world_done(&w);
}
END_TEST

START_TEST(write_ahead_log)
{
	struct world w;
	struct source_status st;
	struct sqlite3 *shell;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	shell = fixture_open(w.f.policy);
	fixture_exec(shell, "PRAGMA journal_mode=WAL");
	for (int i = 0; i < 3; i++) {
		fixture_exec(shell, good);
		st = poll_source(&w);
	}
	ck_assert_uint_eq(st.n_rules, 4);
	ck_assert_uint_eq(said_count(&w.said, "write-ahead log"), 1);
	fixture_close(shell);
	world_done(&w);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, loads_and_follows);
	tcase_add_test(tc, bad_row);
	tcase_add_test(tc, many_bad_rows);
	tcase_add_loop_test(tc, garbage_pem, 0, N_ROWS(cas));
	tcase_add_test(tc, starts_from_last_good);
	tcase_add_loop_test(tc, expires, 0, N_ROWS(expiries));
	tcase_add_test(tc, expires_while_broken);
	tcase_add_test(tc, gone_and_back);
	tcase_add_test(tc, locked);
	tcase_add_test(tc, prepares);
	tcase_add_test(tc, cannot_save);
	tcase_add_test(tc, saves_seldom);
	tcase_add_test(tc, saves_what_served);
	tcase_add_test(tc, readers);
	tcase_add_test(tc, reading_threads);
	tcase_add_test(tc, write_ahead_log);
}

UNIT_MAIN("source", add_tests)
