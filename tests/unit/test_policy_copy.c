/* tlswarden: tests for store/policy_db beside somebody who writes.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "policy_fixture.h"
#include "store/policy_db.h"
#include "unit.h"

/* clang-format off */
static const char many_rules[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 300) INSERT INTO policy(direction, recipient, level, comment)"
    " SELECT 'out', 'd' || i || '.example', 'encrypt', hex(zeroblob(100))"
    " FROM n;";
/* The audit would be most of the work. */
static const char no_triggers[] =
    "PRAGMA writable_schema=1; DELETE FROM sqlite_schema WHERE"
    " type = 'trigger'; PRAGMA writable_schema=RESET";
/* clang-format on */

/* Commits, and transactions that spill into the file and are rolled back. */
static void
hammer(const char *path)
{
	struct sqlite3 *sq = fixture_open(path);

	fixture_exec(sq,
	    "PRAGMA cache_size=1; PRAGMA synchronous=OFF;"
	    "PRAGMA busy_timeout=10000");
	for (;;) {
		fixture_exec(sq,
		    "BEGIN; UPDATE policy SET comment = 'crashed';"
		    "ROLLBACK");
		fixture_exec(sq,
		    "BEGIN; UPDATE policy SET comment ="
		    " (SELECT hex(zeroblob(1 + abs(random() % 99"
		    "))) WHERE 1); COMMIT");
	}
}

struct alike {
	size_t length;
	uint64_t n;
	uint64_t n_other;
};

static void
see_length(void *arg, const struct rule_row *row, const char *fault)
{
	struct alike *alike = arg;

	if (alike->n++ == 0)
		alike->length = row->comment.n;
	if (fault != NULL || alike->length != row->comment.n ||
	    sv_is(row->comment, "crashed"))
		alike->n_other++;
}

/* The one thing that reading without a lock must not do: mix two states. */
START_TEST(never_mixed)
{
	struct policy_image *image;
	struct fixture f;
	struct policy_db *db;
	struct err err = { 0 };
	pid_t pid;

	fixture_init(&f);
	fixture_sql(f.policy, no_triggers);
	fixture_sql(f.policy, many_rules);
	fixture_sql(f.policy, "UPDATE policy SET comment = ''");
	pid = fork();
	if (pid == 0)
		hammer(f.policy);
	db = policy_db_new(f.policy);
	for (int i = 0; i < 12; i++) {
		struct alike alike = { 0, 0, 0 };

		policy_db_set_patience(db, i % 4 == 3 ? 0 : 200);
		if (policy_db_copy(db, &image, NULL, &err) != 0) {
			ck_assert_msg(err.sysexit == EX_TEMPFAIL, "%s",
			    err.text);
			continue;
		}
		ck_assert_int_eq(policy_image_each_rule(image, see_length,
				     &alike, &err),
		    0);
		ck_assert_uint_eq(alike.n, 300);
		ck_assert_uint_eq(alike.n_other, 0);
		policy_image_free(image);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	policy_db_free(db);
	fixture_done(&f);
}
END_TEST

/* Small commits to the first and the last page of a file that takes long to
 * read. */
static void
tap(const char *path)
{
	struct sqlite3 *sq = fixture_open(path);

	fixture_exec(sq, "PRAGMA synchronous=OFF; PRAGMA busy_timeout=10000");
	for (;;) {
		fixture_exec(sq,
		    "UPDATE policy SET priority = priority + 1"
		    " WHERE id IN (1, 600)");
		(void)usleep(500);
	}
}

struct ends {
	int64_t first;
	int64_t last;
};

static void
see_ends(void *arg, const struct rule_row *row, const char *fault)
{
	struct ends *ends = arg;

	ck_assert_ptr_null(fault);
	if (row->id == 1)
		ends->first = row->priority;
	if (row->id == 600)
		ends->last = row->priority;
}

START_TEST(written_while_read)
{
	struct policy_image *image;
	struct fixture f;
	struct policy_db *db;
	struct err err = { 0 };
	pid_t pid;

	fixture_init(&f);
	fixture_sql(f.policy, no_triggers);
	fixture_sql(f.policy, many_rules);
	fixture_sql(f.policy,
	    "CREATE TABLE filler(x); INSERT INTO filler"
	    " VALUES(zeroblob(30000000))");
	fixture_sql(f.policy, many_rules);
	pid = fork();
	if (pid == 0)
		tap(f.policy);
	db = policy_db_new(f.policy);
	policy_db_set_patience(db, 100);
	for (int i = 0; i < 10; i++) {
		struct ends ends = { -1, -2 };

		ck_assert_msg(policy_db_copy(db, &image, NULL, &err) == 0, "%s",
		    err.text);
		ck_assert_int_eq(policy_image_each_rule(image, see_ends, &ends,
				     &err),
		    0);
		ck_assert_int_eq(ends.first, ends.last);
		policy_image_free(image);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	policy_db_free(db);
	fixture_done(&f);
}
END_TEST

/* Beside a writer that never rests; the patience alone would take a minute. */
START_TEST(gives_up)
{
	struct policy_copy_stats stats = { 0 };
	struct policy_image *image = NULL;
	struct fixture f;
	struct policy_db *db;
	struct err err = { 0 };
	pid_t pid;

	fixture_init(&f);
	fixture_sql(f.policy, many_rules);
	pid = fork();
	if (pid == 0)
		hammer(f.policy);
	db = policy_db_new(f.policy);
	policy_db_set_patience(db, 60000);
	policy_db_give_up(db);
	for (int i = 0; i < 5; i++) {
		if (policy_db_copy(db, &image, &stats, &err) == 0)
			policy_image_free(image); /* a quiet moment, still */
		else
			ck_assert_msg(err.sysexit == EX_TEMPFAIL, "%s",
			    err.text);
		ck_assert(!stats.is_locked);
		ck_assert_uint_le(stats.n_tries, 1);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	policy_db_free(db);
	fixture_done(&f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, never_mixed);
	tcase_add_test(tc, written_while_read);
	tcase_add_test(tc, gives_up);
}

UNIT_MAIN("policy_copy", add_tests)
