/* tlswarden: tests for daemon/source and daemon/policy_load.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "source_world.h"

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
/* A machine starts with a wrong clock, time comes by network. */
START_TEST(clock_set_back)
{
	struct world w;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	fixture_sql(w.f.policy,
	    "UPDATE policy SET expires_at = '2030-03-17 17:47'");
	w.now = START + INT64_C(70) * 365 * 86400;
	open_source(&w);
	ck_assert_uint_eq(poll_source(&w).n_rules, 0);
	w.now = START;
	ck_assert_uint_eq(poll_source(&w).n_rules, 1);
	ck_assert_uint_eq(poll_source(&w).generation, 2);
	w.now = START + 20;
	ck_assert_uint_eq(poll_source(&w).n_rules, 0);
	/* Back while the table does not load: tried again soon. */
	ck_assert_int_eq(rename(w.f.policy, w.f.last_good), 0);
	w.now = START + 100000;
	(void)poll_source(&w);
	w.now = START;
	ck_assert(poll_source(&w).is_failing);
	ck_assert_int_eq(rename(w.f.last_good, w.f.policy), 0);
	w.now = START + 11;
	ck_assert_uint_eq(poll_source(&w).n_rules, 1);
	world_done(&w);
}
END_TEST

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

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, garbage_pem, 0, N_ROWS(cas));
	tcase_add_loop_test(tc, expires, 0, N_ROWS(expiries));
	tcase_add_test(tc, loads_and_follows);
	tcase_add_test(tc, bad_row);
	tcase_add_test(tc, many_bad_rows);
	tcase_add_test(tc, starts_from_last_good);
	tcase_add_test(tc, clock_set_back);
	tcase_add_test(tc, expires_while_broken);
	tcase_add_test(tc, gone_and_back);
	tcase_add_test(tc, locked);
}

UNIT_MAIN("source", add_tests)
