/* tlswarden: tests for store/policy_rows and policy_image_save.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <fcntl.h>

#include "policy_fixture.h"
#include "store/policy_db.h"
#include "unit.h"

/* clang-format off */
/* A database of the right name without any of our triggers. */
static const char loose_tables[] =
    "PRAGMA application_id=1953264496; PRAGMA user_version=1;"
    "CREATE TABLE policy(id INTEGER PRIMARY KEY, enabled, priority, direction,"
    " sender, recipient, subnet, level, on_failure, ca, cert_name,"
    " cert_fingerprint, min_protocol, min_bits, mode, expires_at, comment);"
    "CREATE TABLE ca(name, pem, comment, added_at);"
    "INSERT INTO policy VALUES(7,1,100,'in','*','*',NULL,'none','fail',NULL,"
    "NULL,NULL,NULL,NULL,'enforce',NULL,'');";
/* clang-format on */

struct seen {
	uint64_t n;
	uint64_t n_faults;
	int64_t last_id;
	char fault[256];
};

static void
see_rule(void *arg, const struct rule_row *row, const char *fault)
{
	struct seen *seen = arg;

	seen->n++;
	seen->last_id = row->id;
	if (fault == NULL)
		return;
	seen->n_faults++;
	(void)snprintf(seen->fault, sizeof(seen->fault), "%lld: %s",
	    (long long)row->id, fault);
}

static void
see_ca(void *arg, const struct ca_row *row, const char *fault)
{
	struct seen *seen = arg;

	seen->n++;
	if (fault == NULL)
		return;
	seen->n_faults++;
	(void)snprintf(seen->fault, sizeof(seen->fault), "%.*s: %s",
	    SV_ARG(row->name), fault);
}

static struct policy_image *
copy(const char *path)
{
	struct policy_db *db = policy_db_new(path);
	struct policy_image *image = NULL;
	struct err err = { 0 };

	ck_assert_msg(policy_db_copy(db, &image, NULL, &err) == 0, "%s",
	    err.text);
	policy_db_free(db);
	return image;
}

static int
load_path(const char *path, struct seen *seen, struct err *err)
{
	struct policy_image *image = copy(path);
	int done;

	memset(seen, 0, sizeof(*seen));
	done = policy_image_each_rule(image, see_rule, seen, err);
	policy_image_free(image);
	return done;
}

static const struct {
	const char *label;
	const char *sql;
	const char *fault; /* NULL: none */
} rows[] = {
	{ "good", "SELECT 1", NULL },
	{ "NULL that may be", "UPDATE policy SET min_bits = NULL", NULL },
	{ "text for a number", "UPDATE policy SET priority = 'high'",
	    "7: column priority holds text, not an integer" },
	{ "fraction", "UPDATE policy SET priority = 1.5",
	    "7: column priority holds a floating point number" },
	{ "NULL enabled", "UPDATE policy SET enabled = NULL",
	    "7: column enabled holds NULL" },
	{ "NULL direction", "UPDATE policy SET direction = NULL",
	    "7: column direction holds NULL, not text" },
	{ "blob", "UPDATE policy SET recipient = x'2a'",
	    "7: column recipient holds a blob, not text" },
	{ "number for text", "UPDATE policy SET ca = 5",
	    "7: column ca holds an integer, not text" },
	{ "longest", "UPDATE policy SET comment = hex(zeroblob(4096))", NULL },
	{ "too long", "UPDATE policy SET comment = hex(zeroblob(4096)) || 'x'",
	    "7: column comment is longer than 8192 bytes" },
};

START_TEST(row_faults)
{
	struct fixture f;
	struct seen seen;
	struct err err;

	fixture_init(&f);
	ck_assert_int_eq(unlink(f.policy), 0);
	fixture_write(f.policy, "", 0);
	fixture_sql(f.policy, loose_tables);
	fixture_sql(f.policy, rows[_i].sql);
	ck_assert_msg(load_path(f.policy, &seen, &err) == 0, "%s: %s",
	    rows[_i].label, err.text);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.last_id, 7);
	if (rows[_i].fault == NULL)
		ck_assert_msg(seen.n_faults == 0, "%s: %s", rows[_i].label,
		    seen.fault);
	else
		ck_assert_msg(strstr(seen.fault, rows[_i].fault) == seen.fault,
		    "%s: got \"%s\"", rows[_i].label, seen.fault);
	fixture_done(&f);
}
END_TEST

static const struct {
	const char *label;
	const char *sql;
	const char *fault;
} cas[] = {
	{ "good", "INSERT INTO ca VALUES('a', 'pem', '', '')", NULL },
	{ "no name", "INSERT INTO ca VALUES(NULL, 'pem', '', '')",
	    ": column name holds NULL" },
	{ "NULL pem", "INSERT INTO ca VALUES('a', NULL, '', '')",
	    "a: column pem holds NULL, not text" },
	{ "readfile()", "INSERT INTO ca VALUES('a', x'2d2d', '', '')",
	    "a: column pem holds a blob, not text" },
	{ "longest",
	    "INSERT INTO ca VALUES('a', hex(zeroblob(2097152)), '', '')",
	    NULL },
	{ "too long",
	    "INSERT INTO ca VALUES('a', hex(zeroblob(2097153)), '', '')",
	    "a: column pem is longer than 4194304 bytes" },
};

START_TEST(ca_faults)
{
	struct fixture f;
	struct seen seen = { 0 };
	struct err err;
	struct policy_image *image;

	fixture_init(&f);
	ck_assert_int_eq(unlink(f.policy), 0);
	fixture_write(f.policy, "", 0);
	fixture_sql(f.policy, loose_tables);
	fixture_sql(f.policy, cas[_i].sql);
	image = copy(f.policy);
	ck_assert_int_eq(policy_image_each_ca(image, see_ca, &seen, &err), 0);
	policy_image_free(image);
	ck_assert_uint_eq(seen.n, 1);
	if (cas[_i].fault == NULL)
		ck_assert_msg(seen.n_faults == 0, "%s: %s", cas[_i].label,
		    seen.fault);
	else
		ck_assert_msg(strstr(seen.fault, cas[_i].fault) == seen.fault,
		    "%s: got \"%s\"", cas[_i].label, seen.fault);
	fixture_done(&f);
}
END_TEST

/* What is kept loads as the original does, and is written only when new. */
START_TEST(saves)
{
	struct fixture f;
	struct stat before, after;
	struct seen seen;
	struct err err = { 0 };
	struct policy_image *image;
	bool is_written = false;

	fixture_init(&f);
	fixture_sql(f.policy,
	    "INSERT INTO policy(direction, level)"
	    " VALUES('in', 'none'), ('out', 'encrypt')");
	image = copy(f.policy);
	ck_assert_msg(policy_image_save(image, f.last_good, &is_written,
			  &err) == 0,
	    "%s", err.text);
	ck_assert(is_written);
	ck_assert_int_eq(stat(f.last_good, &before), 0);
	ck_assert_int_eq(before.st_mode & 07777, 0640);
	ck_assert_int_eq(policy_image_save(image, f.last_good, &is_written,
			     &err),
	    0);
	ck_assert(!is_written);
	policy_image_free(image);
	image = copy(f.policy);
	ck_assert_int_eq(policy_image_save(image, f.last_good, &is_written,
			     &err),
	    0);
	ck_assert_msg(!is_written, "another copy of the same rows");
	ck_assert_int_eq(stat(f.last_good, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	policy_image_free(image);
	ck_assert_int_eq(load_path(f.last_good, &seen, &err), 0);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_uint_eq(seen.n_faults, 0);
	/* Only the rows are kept: no audit, no triggers. */
	ck_assert(fixture_try_sql(f.last_good,
	    "INSERT INTO policy(direction, level) VALUES('x','y')"));
	ck_assert(!fixture_try_sql(f.last_good, "SELECT * FROM audit"));

	/* And of that, a change is written. */
	image = copy(f.policy);
	ck_assert_int_eq(policy_image_save(image, f.last_good, &is_written,
			     &err),
	    0);
	ck_assert(is_written);
	policy_image_free(image);
	fixture_done(&f);
}
END_TEST

START_TEST(saves_changed_tables)
{
	struct fixture f;
	struct seen seen;
	struct err err = { 0 };
	struct policy_image *image;
	bool is_written = false;

	fixture_init(&f);
	fixture_write(f.policy, "", 0);
	fixture_sql(f.policy, loose_tables);
	fixture_sql(f.policy, "ALTER TABLE policy ADD COLUMN ticket TEXT");
	image = copy(f.policy);
	ck_assert_msg(policy_image_save(image, f.last_good, &is_written,
			  &err) == 0,
	    "%s", err.text);
	policy_image_free(image);
	ck_assert_int_eq(load_path(f.last_good, &seen, &err), 0);
	ck_assert_uint_eq(seen.n, 1);
	fixture_done(&f);
}
END_TEST

START_TEST(save_fails)
{
	struct fixture f;
	struct err err = { 0 };
	struct policy_image *image;
	bool is_written = true;
	char fresh[100];
	int fd;

	fixture_init(&f);
	image = copy(f.policy);
	ck_assert_int_eq(policy_image_save(image, "/nonexistent/last-good",
			     &is_written, &err),
	    -1);
	ck_assert(!is_written);
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/last-good.new"));
	/* A folder in its way. */
	ck_assert_int_eq(mkdir(f.last_good, 0700), 0);
	ck_assert_int_eq(policy_image_save(image, f.last_good, &is_written,
			     &err),
	    -1);
	ck_assert(!is_written);
	ck_assert_int_eq(rmdir(f.last_good), 0);
	/* Another process is at it. */
	(void)snprintf(fresh, sizeof(fresh), "%s.new", f.last_good);
	fd = open(fresh, O_RDWR | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_eq(policy_image_save(image, f.last_good, &is_written,
			     &err),
	    -1);
	ck_assert_int_eq(err.sysexit, EX_TEMPFAIL);
	ck_assert_int_eq(access(f.last_good, F_OK), -1);
	ck_assert_int_eq(access(fresh, F_OK), 0);
	/* It died in the middle. */
	ck_assert_int_eq(write(fd, "half", 4), 4);
	(void)close(fd);
	ck_assert_msg(policy_image_save(image, f.last_good, &is_written,
			  &err) == 0,
	    "%s", err.text);
	ck_assert(is_written);
	ck_assert_int_eq(access(fresh, F_OK), -1);
	/* A link that somebody planted is not followed. */
	ck_assert_int_eq(symlink(f.policy, fresh), 0);
	ck_assert_int_eq(policy_image_save(image, f.last_good, &is_written,
			     &err),
	    -1);
	policy_image_free(image);
	fixture_done(&f);
}
END_TEST

START_TEST(verifies)
{
	struct fixture f;
	struct err err = { 0 };
	struct policy_image *image;
	unsigned char *bytes;
	size_t n;

	fixture_init(&f);
	image = copy(f.policy);
	ck_assert_int_eq(policy_image_verify(image, &err), 0);
	ck_assert_uint_gt(policy_image_bytes(image), 4096);
	policy_image_free(image);
	/* A load does not meet the audit, this does. */
	fixture_sql(f.policy,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 1000) INSERT INTO audit(tbl, op, key)"
	    " SELECT 'policy', 'insert', i FROM n");
	bytes = fixture_read(f.policy, &n);
	memset(bytes + n - 4096, 0xaa, 4096);
	fixture_write(f.policy, bytes, n);
	free(bytes);
	image = copy(f.policy);
	ck_assert_int_eq(policy_image_verify(image, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
	policy_image_free(image);
	fixture_done(&f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, row_faults, 0, N_ROWS(rows));
	tcase_add_loop_test(tc, ca_faults, 0, N_ROWS(cas));
	tcase_add_test(tc, saves);
	tcase_add_test(tc, saves_changed_tables);
	tcase_add_test(tc, save_fails);
	tcase_add_test(tc, verifies);
}

UNIT_MAIN("policy_image", add_tests)
