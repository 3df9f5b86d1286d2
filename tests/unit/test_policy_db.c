/* tlswarden: tests for store/policy_db, policy_image and policy_rows.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "policy_fixture.h"
#include "store/policy_db.h"
#include "store/policy_init.h"
#include "unit.h"

/* clang-format off */
static const char rules[] =
    "INSERT INTO policy(direction, recipient, level, comment) VALUES"
    "('out', 'example.mil', 'encrypt', 'one'),"
    "('in', '*', 'none', 'two'),"
    "('out', '.example.org', 'encrypt', 'three');";
/* Enough for many pages. */
static const char many_rules[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 300) INSERT INTO policy(direction, recipient, level, comment)"
    " SELECT 'out', 'd' || i || '.example', 'encrypt', hex(zeroblob(100))"
    " FROM n;";
/* clang-format on */

struct seen {
	uint64_t n;
	uint64_t n_faults;
	uint64_t n_crashed; /* comments that a crashed writer left */
	int64_t last_id;
	char fault[256];
	char last_comment[32];
};

static void
see_rule(void *arg, const struct rule_row *row, const char *fault)
{
	struct seen *seen = arg;

	seen->n++;
	seen->last_id = row->id;
	if (fault != NULL) {
		seen->n_faults++;
		(void)snprintf(seen->fault, sizeof(seen->fault), "%lld: %s",
		    (long long)row->id, fault);
		return;
	}
	if (sv_ends(row->comment, sv_from("crashed")))
		seen->n_crashed++;
	(void)snprintf(seen->last_comment, sizeof(seen->last_comment), "%.*s",
	    SV_ARG(sv_head(row->comment, 20)));
}

/* Copies and reads everything. */
static int
load(struct policy_db *db, struct seen *seen, struct policy_copy_stats *stats,
    struct err *err)
{
	struct policy_image *image = NULL;
	int done;

	memset(seen, 0, sizeof(*seen));
	memset(err, 0, sizeof(*err));
	if (policy_db_copy(db, &image, stats, err) != 0)
		return -1;
	done = policy_image_each_rule(image, see_rule, seen, err);
	policy_image_free(image);
	return done;
}

static int
load_path(const char *path, struct seen *seen, struct err *err)
{
	struct policy_db *db = policy_db_new(path);
	int done = load(db, seen, NULL, err);

	policy_db_free(db);
	return done;
}

START_TEST(copies)
{
	struct fixture f;
	struct seen seen;
	struct err err;

	fixture_init(&f);
	fixture_sql(f.policy, rules);
	ck_assert_msg(load_path(f.policy, &seen, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_uint_eq(seen.n_faults, 0);
	ck_assert_str_eq(seen.last_comment, "three");
	fixture_done(&f);
}
END_TEST

START_TEST(changes)
{
	struct fixture f;
	struct seen seen;
	struct err err;
	struct policy_db *db;
	char other[100];

	fixture_init(&f);
	db = policy_db_new(f.policy);
	ck_assert_int_eq(policy_db_changed(db, &err), 1);
	ck_assert_int_eq(load(db, &seen, NULL, &err), 0);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(policy_db_changed(db, &err), 0);
	fixture_sql(f.policy, rules);
	ck_assert_int_eq(policy_db_changed(db, &err), 1);
	ck_assert_int_eq(load(db, &seen, NULL, &err), 0);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_int_eq(policy_db_changed(db, &err), 0);

	/* A rolled back transaction and a touch are no change. */
	fixture_sql(f.policy, "BEGIN; DELETE FROM policy; ROLLBACK");
	ck_assert_int_eq(chmod(f.policy, 0600), 0);
	(void)usleep(50000); /* until it can be told from a change */
	ck_assert_int_eq(policy_db_changed(db, &err), 0);

	/* Away, back again, another file at the path. */
	(void)snprintf(other, sizeof(other), "%s.old", f.policy);
	ck_assert_int_eq(rename(f.policy, other), 0);
	ck_assert_int_eq(policy_db_changed(db, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "tlswarden init"));
	ck_assert_int_eq(rename(other, f.policy), 0);
	ck_assert_int_eq(policy_db_changed(db, &err), 1);
	ck_assert_int_eq(load(db, &seen, NULL, &err), 0);
	ck_assert_int_eq(policy_db_changed(db, &err), 0);
	ck_assert_int_eq(rename(f.policy, other), 0);
	fixture_init(&f); /* a new one elsewhere ... */
	fixture_sql(f.policy,
	    "INSERT INTO policy(direction, level, comment)"
	    " VALUES('in', 'none', 'other')");
	other[strlen(other) - strlen(".old")] = '\0';
	ck_assert_int_eq(rename(f.policy, other), 0); /* ... moved here */
	ck_assert_int_eq(policy_db_changed(db, &err), 1);
	ck_assert_int_eq(load(db, &seen, NULL, &err), 0);
	ck_assert_str_eq(seen.last_comment, "other");
	ck_assert_int_eq(policy_db_changed(db, &err), 0);
	policy_db_free(db);
	fixture_done(&f);
	other[strlen(other) - strlen("/policy.db")] = '\0';
	(void)snprintf(f.folder, sizeof(f.folder), "%s", other);
	fixture_done(&f);
}
END_TEST

static const struct {
	const char *label;
	const char *sql; /* NULL: bytes take the file's place */
	const char *bytes;
	const char *words; /* in the error */
} broken[] = {
	{ "empty file", NULL, "", "empty database" },
	{ "text", NULL, "policy: example.mil encrypt\n", "not an SQLite" },
	{ "only the magic", NULL, "SQLite format 3", "not an SQLite" },
	{ "no table policy", "DROP TABLE policy", NULL, "no table policy" },
	{ "no table ca", "DROP TABLE ca", NULL, "no table ca" },
	{ "a view for a table",
	    "DROP TABLE policy; CREATE VIEW policy AS SELECT 1 AS id", NULL,
	    "no table policy" },
	{ "a column renamed",
	    "DROP TABLE ca; CREATE TABLE ca(name, pem2, comment, added_at)",
	    NULL, "table ca has no column pem" },
	{ "another program's", "PRAGMA application_id=7", NULL,
	    "not a policy database" },
	{ "no application_id", "PRAGMA application_id=0", NULL,
	    "not a policy database" },
	{ "newer", "PRAGMA user_version=2", NULL, "newer tlswarden" },
	{ "older", "PRAGMA user_version=0", NULL, "older tlswarden" },
};

START_TEST(refuses)
{
	const char *label = broken[_i].label;
	struct fixture f;
	struct seen seen;
	struct err err;

	fixture_init(&f);
	fixture_sql(f.policy, rules);
	/* Views that name a table must not keep it from being dropped. */
	fixture_sql(f.policy,
	    "PRAGMA writable_schema=1; DELETE FROM sqlite_schema WHERE"
	    " type IN ('view', 'trigger'); PRAGMA writable_schema=0");
	if (broken[_i].sql != NULL)
		fixture_sql(f.policy, broken[_i].sql);
	else
		fixture_write(f.policy, broken[_i].bytes,
		    strlen(broken[_i].bytes));
	ck_assert_msg(load_path(f.policy, &seen, &err) == -1, "%s", label);
	ck_assert_msg(strstr(err.text, broken[_i].words) != NULL, "%s: %s",
	    label, err.text);
	ck_assert_msg(strncmp(err.text, f.policy, strlen(f.policy)) == 0,
	    "%s: the file is not named: %s", label, err.text);
	ck_assert_int_ne(err.sysexit, 0);
	ck_assert_int_ne(err.sysexit, EX_TEMPFAIL);
	fixture_done(&f);
}
END_TEST

START_TEST(not_a_file)
{
	struct fixture f;
	struct seen seen;
	struct err err;

	fixture_init(&f);
	ck_assert_int_eq(load_path(f.folder, &seen, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
	ck_assert_int_eq(load_path("/nonexistent/policy.db", &seen, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "no such file"));
	fixture_done(&f);
}
END_TEST

/* Every length that a full disk or a broken copy could leave. */
START_TEST(truncated)
{
	struct fixture f;
	struct seen seen;
	struct err err;
	unsigned char *bytes;
	size_t n;

	fixture_init(&f);
	fixture_sql(f.policy, many_rules);
	bytes = fixture_read(f.policy, &n);
	for (size_t cut = 1; cut < n; cut += cut < 4096 ? 97 : 1531) {
		ck_assert_int_eq(truncate(f.policy, (off_t)cut), 0);
		ck_assert_msg(load_path(f.policy, &seen, &err) == -1,
		    "%zu of %zu bytes load", cut, n);
		ck_assert_int_eq(err.sysexit, EX_DATAERR);
		fixture_write(f.policy, bytes, n);
	}
	ck_assert_int_eq(load_path(f.policy, &seen, &err), 0);
	ck_assert_uint_eq(seen.n, 300);
	free(bytes);
	fixture_done(&f);
}
END_TEST

/* Garbage in any page is told, or was in a page that holds no rule. */
START_TEST(garbage_page)
{
	struct fixture f;
	struct seen seen;
	struct err err;
	unsigned char *bytes;
	unsigned seed = 7;
	unsigned n_told = 0;
	size_t n;

	fixture_init(&f);
	fixture_sql(f.policy, many_rules);
	bytes = fixture_read(f.policy, &n);
	for (size_t page = 0; page < n / 4096; page++) {
		unsigned char *bad = malloc(n);

		ck_assert_ptr_nonnull(bad);
		memcpy(bad, bytes, n);
		for (size_t i = 0; i < 4096; i++) {
			seed = seed * 1103515245 + 12345;
			bad[page * 4096 + i] = (unsigned char)(seed >> 16);
		}
		fixture_write(f.policy, bad, n);
		free(bad);
		if (load_path(f.policy, &seen, &err) != 0) {
			n_told++;
			ck_assert_int_eq(err.sysexit, EX_DATAERR);
		} else
			ck_assert_msg(seen.n + seen.n_faults >= 300 &&
				seen.n <= 300,
			    "page %zu: %llu rules", page,
			    (unsigned long long)seen.n);
	}
	ck_assert_uint_gt(n_told, 10);
	free(bytes);
	fixture_done(&f);
}
END_TEST

static int
load_as_nobody(void *arg)
{
	struct seen seen;
	struct err err;

	if (load_path(arg, &seen, &err) == 0)
		return 0;
	fprintf(stderr, "# %s\n", err.text);
	if (strstr(err.text, "may not read it") != NULL)
		return 2;
	if (strstr(err.text, "pass through") != NULL)
		return 3;
	if (strstr(err.text, "crashed while it wrote") != NULL)
		return 4;
	return strstr(err.text, "(WAL)") != NULL ? 5 : 1;
}

/* What the administrator's umask, directory or sqlite3 shell can do to a
 * daemon of another user. */
START_TEST(other_user)
{
	struct fixture f;

	if (geteuid() != 0)
		return;
	fixture_init(&f);
	fixture_sql(f.policy, many_rules);
	ck_assert_int_eq(chmod(f.folder, 0755), 0);
	ck_assert_int_eq(chmod(f.policy, 0644), 0);
	ck_assert_int_eq(fixture_as_nobody(load_as_nobody, f.policy), 0);
	ck_assert_int_eq(chmod(f.policy, 0600), 0);
	ck_assert_int_eq(fixture_as_nobody(load_as_nobody, f.policy), 2);
	ck_assert_int_eq(chmod(f.policy, 0644), 0);
	ck_assert_int_eq(chmod(f.folder, 0700), 0);
	ck_assert_int_eq(fixture_as_nobody(load_as_nobody, f.policy), 3);
	ck_assert_int_eq(chmod(f.folder, 0755), 0);
	fixture_sql(f.policy, "PRAGMA journal_mode=WAL");
	ck_assert_int_eq(fixture_as_nobody(load_as_nobody, f.policy), 5);
	fixture_sql(f.policy, "PRAGMA journal_mode=DELETE");
	fixture_crash(f.policy);
	ck_assert_int_eq(fixture_as_nobody(load_as_nobody, f.policy), 4);
	fixture_done(&f);
}
END_TEST

START_TEST(hot_journal)
{
	struct policy_init_result result;
	struct fixture f;
	struct policy_db *db;
	struct seen seen;
	struct err err;

	fixture_init(&f);
	fixture_sql(f.policy, many_rules);
	db = policy_db_new(f.policy);
	ck_assert_int_eq(load(db, &seen, NULL, &err), 0);
	fixture_crash(f.policy);
	/* The half of the transaction that is in the file is never seen. */
	ck_assert_int_eq(load(db, &seen, NULL, &err), -1);
	ck_assert_msg(strstr(err.text, "crashed while it wrote") != NULL, "%s",
	    err.text);
	/* Not by a later look either. */
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(policy_db_changed(db, &err), 1);
		ck_assert_int_eq(load(db, &seen, NULL, &err), -1);
	}
	ck_assert_int_eq(policy_init(f.policy, (gid_t)-1, &result, &err), 0);
	ck_assert(result.had_journal);
	ck_assert_int_eq(policy_db_changed(db, &err), 1);
	ck_assert_int_eq(load(db, &seen, NULL, &err), 0);
	ck_assert_uint_eq(seen.n, 300);
	ck_assert_uint_eq(seen.n_crashed, 0);
	policy_db_free(db);
	fixture_done(&f);
}
END_TEST

START_TEST(locked)
{
	struct fixture f;
	struct policy_db *db;
	struct seen seen;
	struct err err;
	struct sqlite3 *writer;

	fixture_init(&f);
	fixture_sql(f.policy, rules);
	db = policy_db_new(f.policy);
	writer = fixture_open(f.policy);

	/* A writer that has not committed yet stops nobody. */
	policy_db_set_patience(db, 100);
	fixture_exec(writer, "BEGIN IMMEDIATE; DELETE FROM policy");
	ck_assert_msg(load(db, &seen, NULL, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(seen.n, 3);
	fixture_exec(writer, "ROLLBACK; BEGIN EXCLUSIVE");
	ck_assert_int_eq(load(db, &seen, NULL, &err), -1);
	ck_assert_int_eq(err.sysexit, EX_TEMPFAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "locked by another"));
	fixture_exec(writer, "COMMIT");
	ck_assert_int_eq(policy_db_changed(db, &err), 1);
	ck_assert_int_eq(load(db, &seen, NULL, &err), 0);
	fixture_close(writer);
	policy_db_free(db);
	fixture_done(&f);
}
END_TEST

START_TEST(write_ahead_log)
{
	struct policy_copy_stats stats;
	struct fixture f;
	struct policy_db *db;
	struct seen seen;
	struct err err;
	struct sqlite3 *writer;

	fixture_init(&f);
	db = policy_db_new(f.policy);
	writer = fixture_open(f.policy);
	fixture_exec(writer, "PRAGMA journal_mode=WAL");
	fixture_exec(writer, rules);
	ck_assert_msg(load(db, &seen, &stats, &err) == 0, "%s", err.text);
	ck_assert(stats.is_wal);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_int_eq(policy_db_changed(db, &err), 0);
	/* Commits touch only the -wal file; they are seen at the next look. */
	fixture_exec(writer, "DELETE FROM policy WHERE id = 1");
	ck_assert_int_eq(policy_db_changed(db, &err), 1);
	ck_assert_int_eq(load(db, &seen, &stats, &err), 0);
	ck_assert_uint_eq(seen.n, 2);
	/* Nothing of ours keeps anybody from switching it back. */
	fixture_exec(writer, "PRAGMA journal_mode=DELETE");
	ck_assert_int_eq(load(db, &seen, &stats, &err), 0);
	ck_assert(!stats.is_wal);
	fixture_close(writer);
	policy_db_free(db);
	fixture_done(&f);
}
END_TEST

/* The way for a table that never rests. */
START_TEST(under_the_lock)
{
	struct policy_copy_stats stats;
	struct fixture f;
	struct policy_db *db;
	struct seen seen;
	struct err err;

	fixture_init(&f);
	fixture_sql(f.policy, rules);
	db = policy_db_new(f.policy);
	policy_db_set_patience(db, 0);
	ck_assert_msg(load(db, &seen, &stats, &err) == 0, "%s", err.text);
	ck_assert(stats.is_locked);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_int_eq(policy_db_changed(db, &err), 0);
	/* And the lock is given back. */
	fixture_sql(f.policy, "DELETE FROM policy WHERE id = 2");
	ck_assert_int_eq(policy_db_changed(db, &err), 1);
	policy_db_set_patience(db, POLICY_DB_PATIENCE_MSECS);
	ck_assert_int_eq(load(db, &seen, &stats, &err), 0);
	ck_assert(!stats.is_locked);
	ck_assert_uint_gt(stats.n_tries, 0);
	ck_assert_uint_eq(seen.n, 2);
	policy_db_free(db);
	fixture_done(&f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, copies);
	tcase_add_test(tc, changes);
	tcase_add_loop_test(tc, refuses, 0, N_ROWS(broken));
	tcase_add_test(tc, not_a_file);
	tcase_add_test(tc, truncated);
	tcase_add_test(tc, garbage_page);
	tcase_add_test(tc, other_user);
	tcase_add_test(tc, hot_journal);
	tcase_add_test(tc, locked);
	tcase_add_test(tc, write_ahead_log);
	tcase_add_test(tc, under_the_lock);
}

UNIT_MAIN("policy_db", add_tests)
