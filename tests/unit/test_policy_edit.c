/* tlswarden: tests for store/policy_init and store/policy_edit.
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
#include "store/policy_edit.h"
#include "store/policy_init.h"
#include "store/policy_rows.h"
#include "unit.h"

static const char pem[] =
    "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n";

static int
init(const char *path, struct policy_init_result *result, struct err *err)
{
	memset(err, 0, sizeof(*err));
	return policy_init(path, (gid_t)-1, result, err);
}

START_TEST(init_repeats)
{
	struct policy_init_result result;
	struct fixture f;
	struct stat sb;
	struct err err;
	mode_t mask = umask(0);

	fixture_init(&f);
	ck_assert_int_eq(unlink(f.policy), 0);
	ck_assert_msg(init(f.policy, &result, &err) == 0, "%s", err.text);
	ck_assert(result.is_created);
	ck_assert_int_eq(result.from_version, 0);
	ck_assert_int_eq(result.version, 1);
	ck_assert_int_eq(stat(f.policy, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 07777, 0640);
	fixture_sql(f.policy,
	    "INSERT INTO policy(direction, level)"
	    " VALUES('in', 'none');"
	    "DROP TRIGGER policy_before_delete");
	ck_assert_int_eq(chmod(f.policy, 0666), 0);
	ck_assert_int_eq(init(f.policy, &result, &err), 0);
	ck_assert(!result.is_created);
	ck_assert_int_eq(result.from_version, 1);
	/* The rule is there, the trigger is back, the mode is right. */
	fixture_sql(f.policy, "DELETE FROM policy WHERE id = 1");
	ck_assert(!fixture_try_sql(f.policy,
	    "CREATE TEMP TABLE t(n CHECK(n <> 2));"
	    "INSERT INTO t SELECT count(*) FROM audit"));
	ck_assert_int_eq(stat(f.policy, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 07777, 0640);
	(void)umask(mask);
	fixture_done(&f);
}
END_TEST

START_TEST(init_mends)
{
	struct policy_init_result result;
	struct fixture f;
	struct err err;

	fixture_init(&f);
	fixture_sql(f.policy,
	    "PRAGMA journal_mode=WAL;"
	    "INSERT INTO policy(direction, level)"
	    " VALUES('in', 'none')");
	ck_assert_msg(init(f.policy, &result, &err) == 0, "%s", err.text);
	ck_assert(result.was_wal);
	ck_assert_int_eq(init(f.policy, &result, &err), 0);
	ck_assert(!result.was_wal);
	fixture_sql(f.policy, "PRAGMA user_version=0");
	ck_assert_int_eq(init(f.policy, &result, &err), 0);
	ck_assert_int_eq(result.from_version, 0);
	ck_assert_int_eq(result.version, 1);
	fixture_write(f.policy, "", 0); /* a disk was full when it was made */
	ck_assert_int_eq(init(f.policy, &result, &err), 0);
	ck_assert(!result.is_created);
	fixture_done(&f);
}
END_TEST

static const struct {
	const char *label;
	const char *sql;
	const char *bytes;
	const char *words;
} unusable[] = {
	{ "text", NULL, "example.mil encrypt and some more text, 30",
	    "not an SQLite database" },
	{ "another program's", "PRAGMA application_id=1", NULL,
	    "not a policy database" },
	{ "nobody's", "PRAGMA application_id=0", NULL,
	    "not a policy database" },
	{ "state.db", "PRAGMA application_id=1953264499", NULL,
	    "not a policy database" },
	{ "newer", "PRAGMA user_version=2", NULL, "newer tlswarden" },
	{ "a column has another name",
	    "PRAGMA writable_schema=1; DELETE FROM sqlite_schema WHERE"
	    " type IN ('trigger', 'view'); PRAGMA writable_schema=RESET;"
	    "ALTER TABLE policy RENAME COLUMN cert_name TO certname",
	    NULL, "no column" },
};

START_TEST(init_refuses)
{
	const char *label = unusable[_i].label;
	struct policy_init_result result;
	struct fixture f;
	struct err err;
	unsigned char *before, *after;
	size_t n_before, n_after;

	fixture_init(&f);
	if (unusable[_i].sql != NULL)
		fixture_sql(f.policy, unusable[_i].sql);
	else
		fixture_write(f.policy, unusable[_i].bytes,
		    strlen(unusable[_i].bytes));
	before = fixture_read(f.policy, &n_before);
	ck_assert_msg(init(f.policy, &result, &err) == -1, "%s", label);
	ck_assert_msg(strstr(err.text, unusable[_i].words) != NULL, "%s: %s",
	    label, err.text);
	after = fixture_read(f.policy, &n_after);
	ck_assert_msg(n_before == n_after &&
		memcmp(before, after, n_before) == 0,
	    "%s: it was changed", label);
	free(before);
	free(after);
	fixture_done(&f);
}
END_TEST

START_TEST(init_without_folder)
{
	struct policy_init_result result;
	struct err err;

	ck_assert_int_eq(init("/nonexistent/policy.db", &result, &err), -1);
	ck_assert_int_eq(err.sysexit, EX_CANTCREAT);
}
END_TEST

struct world {
	struct fixture f;
	struct policy_edit e;
};

static void
begin(struct world *w)
{
	struct err err = { 0 };

	fixture_init(&w->f);
	ck_assert_msg(policy_edit_open(&w->e, w->f.policy, &err) == 0, "%s",
	    err.text);
	ck_assert_msg(policy_edit_begin(&w->e, &err) == 0, "%s", err.text);
}

static void
end(struct world *w)
{
	policy_edit_close(&w->e);
	fixture_done(&w->f);
}

static int64_t
add(struct world *w, const char *recipient)
{
	struct policy_value values[] = {
		{ "direction", SV("out") },
		{ "recipient", sv_from(recipient) },
		{ "level", SV("encrypt") },
		{ "min_bits", SV("128") },
		{ "subnet", { NULL, 0 } },
	};
	struct err err = { 0 };
	int64_t id = 0;

	ck_assert_msg(policy_edit_add(&w->e, values, 5, &id, &err) == 1, "%s",
	    err.text);
	return id;
}

static const struct {
	const char *label;
	struct policy_value values[3];
	size_t n;
	const char *words;
} refused[] = {
	{ "nothing", { { "comment", SV("x") } }, 1, "direction: " },
	{ "wrong level",
	    { { "direction", SV("in") }, { "level", SV("encypt") } }, 2,
	    "level: 'none' (no TLS)" },
	{ "host bits",
	    { { "direction", SV("in") }, { "level", SV("none") },
		{ "subnet", SV("192.0.2.7/24") } },
	    3, "subnet: bits are set" },
	{ "no such ca",
	    { { "direction", SV("in") }, { "level", SV("secure") },
		{ "ca", SV("bank") } },
	    3, "ca: no row of that name" },
	{ "text for a number",
	    { { "direction", SV("in") }, { "level", SV("none") },
		{ "priority", SV("high") } },
	    3, "priority" },
	{ "no such column", { { "levle", SV("none") } }, 1,
	    "levle: not a column" },
	{ "the id", { { "id", SV("7") } }, 1, "id: not a column" },
	{ "SQL for a column", { { "level) SELECT 1; --", SV("none") } }, 1,
	    "not a column" },
	{ "SQL for a value",
	    { { "direction", SV("in'); DROP TABLE policy; --") },
		{ "level", SV("none") } },
	    2, "direction: " },
};

START_TEST(add_refused)
{
	struct world w;
	struct err err = { 0 };
	int64_t id = 99;

	begin(&w);
	ck_assert_msg(policy_edit_add(&w.e, refused[_i].values, refused[_i].n,
			  &id, &err) == -1,
	    "%s", refused[_i].label);
	ck_assert_msg(strstr(err.text, refused[_i].words) == err.text ||
		(_i >= 4 && strstr(err.text, refused[_i].words) != NULL),
	    "%s: %s", refused[_i].label, err.text);
	ck_assert_int_eq(id, 99);
	/* The transaction goes on. */
	ck_assert_int_eq(add(&w, "example.com"), 1);
	end(&w);
}
END_TEST

struct found {
	uint64_t n;
	char text[512];
};

static void
see_rule(void *arg, const struct rule_row *row, const char *fault)
{
	struct found *found = arg;
	size_t at = strlen(found->text);

	ck_assert_ptr_null(fault);
	found->n++;
	(void)snprintf(found->text + at, sizeof(found->text) - at,
	    "%lld %.*s p=%lld e=%lld b=%lld;", (long long)row->id,
	    SV_ARG(row->recipient), (long long)row->priority,
	    (long long)row->enabled, (long long)row->min_bits);
}

static void
expect_rules(struct world *w, const char *want)
{
	struct found found = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(policy_rows_rules(&w->e.st, see_rule, &found, &err),
	    0);
	ck_assert_str_eq(found.text, want);
}

START_TEST(edits)
{
	struct policy_value off[] = { { "enabled", SV("0") },
		{ "recipient", SV("b.example") } };
	struct policy_value wrong[] = { { "priority", SV("2147483648") } };
	struct world w;
	struct err err = { 0 };

	begin(&w);
	ck_assert_int_eq(add(&w, "a.example"), 1);
	ck_assert_int_eq(add(&w, "x.example"), 2);
	ck_assert_int_eq(policy_edit_set(&w.e, 2, off, 2, &err), 1);
	ck_assert_int_eq(policy_edit_set(&w.e, 3, off, 2, &err), 0);
	ck_assert_int_eq(policy_edit_set(&w.e, 2, off, 0, &err), -1);
	ck_assert_int_eq(policy_edit_set(&w.e, 2, wrong, 1, &err), -1);
	ck_assert_ptr_eq(strstr(err.text, "priority: "), err.text);
	expect_rules(&w,
	    "1 a.example p=100 e=1 b=128;"
	    "2 b.example p=100 e=0 b=128;");
	ck_assert_int_eq(policy_edit_move(&w.e, 2, 1, true, &err), 1);
	expect_rules(&w,
	    "1 a.example p=100 e=1 b=128;"
	    "2 b.example p=99 e=0 b=128;");
	ck_assert_int_eq(policy_edit_move(&w.e, 2, 1, false, &err), 1);
	expect_rules(&w,
	    "1 a.example p=100 e=1 b=128;"
	    "2 b.example p=101 e=0 b=128;");
	ck_assert_int_eq(policy_edit_move(&w.e, 2, 2, true, &err), 0);
	ck_assert_int_eq(policy_edit_move(&w.e, 2, 9, true, &err), 0);
	ck_assert_int_eq(policy_edit_move(&w.e, 9, 1, true, &err), 0);
	ck_assert_int_eq(policy_edit_remove(&w.e, 1, &err), 1);
	ck_assert_int_eq(policy_edit_remove(&w.e, 1, &err), 0);
	expect_rules(&w, "2 b.example p=101 e=0 b=128;");
	ck_assert_int_eq(policy_edit_commit(&w.e, sv_from("alice"), &err), 0);
	ck_assert_int_eq(policy_edit_begin(&w.e, &err), 0);
	ck_assert_int_eq(policy_edit_remove(&w.e, 2, &err), 1);
	policy_edit_rollback(&w.e);
	expect_rules(&w, "2 b.example p=101 e=0 b=128;");
	end(&w);
}
END_TEST

static void
see_ca(void *arg, const struct ca_row *row, const char *fault)
{
	struct found *found = arg;
	size_t at = strlen(found->text);

	ck_assert_ptr_null(fault);
	ck_assert_uint_gt(row->added_at.n, 9);
	found->n++;
	(void)snprintf(found->text + at, sizeof(found->text) - at, "%.*s %.*s;",
	    SV_ARG(row->name), SV_ARG(row->comment));
}

START_TEST(cas)
{
	struct policy_value rule[] = { { "direction", SV("out") },
		{ "level", SV("secure") }, { "ca", SV("bank") } };
	struct sv none = { NULL, 0 };
	struct sv name = sv_from("bank");
	struct found found = { 0 };
	struct world w;
	struct err err = { 0 };
	int64_t id;

	begin(&w);
	ck_assert_int_eq(policy_edit_ca_put(&w.e, name, sv_from("text"), none,
			     false, &err),
	    -1);
	ck_assert_ptr_eq(strstr(err.text, "ca.pem: "), err.text);
	ck_assert_int_eq(policy_edit_ca_put(&w.e, name, none, none, false,
			     &err),
	    -1);
	ck_assert_int_eq(policy_edit_ca_put(&w.e, name, sv_from(pem),
			     sv_from("root"), false, &err),
	    1);
	ck_assert_int_eq(policy_edit_ca_put(&w.e, name, sv_from(pem), none,
			     false, &err),
	    -1);
	ck_assert_int_eq(policy_edit_ca_put(&w.e, name, sv_from(pem), none,
			     true, &err),
	    1);
	ck_assert_int_eq(policy_edit_ca_put(&w.e, sv_from("new"), sv_from(pem),
			     none, true, &err),
	    1);
	ck_assert_int_eq(policy_edit_add(&w.e, rule, 3, &id, &err), 1);
	ck_assert_int_eq(policy_edit_ca_remove(&w.e, name, &err), -1);
	ck_assert_ptr_eq(strstr(err.text, "ca: rules name this CA"), err.text);
	ck_assert_int_eq(policy_edit_ca_remove(&w.e, sv_from("x"), &err), 0);
	ck_assert_int_eq(policy_rows_cas(&w.e.st, see_ca, &found, &err), 0);
	ck_assert_str_eq(found.text, "bank root;new ;");
	ck_assert_int_eq(policy_edit_ca_remove(&w.e, sv_from("new"), &err), 1);
	end(&w);
}
END_TEST

static void
see_audit(void *arg, const struct audit_row *row)
{
	struct found *found = arg;
	size_t at = strlen(found->text);

	found->n++;
	ck_assert((row->before.p == NULL) == sv_is(row->op, "insert"));
	ck_assert((row->after.p == NULL) == sv_is(row->op, "delete"));
	(void)snprintf(found->text + at, sizeof(found->text) - at,
	    "%.*s %.*s %.*s by %s;", SV_ARG(row->op), SV_ARG(row->table),
	    SV_ARG(row->key), row->actor.p == NULL ? "shell" : row->actor.p);
}

static void
expect_audit(struct world *w, struct audit_filter filter, const char *want)
{
	struct found found = { 0 };
	struct err err = { 0 };

	ck_assert_msg(policy_audit_each(&w->e.st, &filter, see_audit, &found,
			  &err) == 0,
	    "%s", err.text);
	ck_assert_str_eq(found.text, want);
}

START_TEST(audited)
{
	struct policy_value off[] = { { "enabled", SV("0") } };
	struct world w;
	struct err err = { 0 };

	begin(&w);
	(void)add(&w, "a.example");
	ck_assert_int_eq(policy_edit_commit(&w.e, sv_from("alice"), &err), 0);
	fixture_sql(w.f.policy, "UPDATE policy SET comment = 'by hand'");
	ck_assert_int_eq(policy_edit_begin(&w.e, &err), 0);
	ck_assert_int_eq(policy_edit_set(&w.e, 1, off, 1, &err), 1);
	ck_assert_int_eq(policy_edit_ca_put(&w.e, sv_from("bank"), sv_from(pem),
			     sv_from(""), false, &err),
	    1);
	ck_assert_int_eq(policy_edit_commit(&w.e, sv_from("bob"), &err), 0);
	ck_assert_int_eq(policy_edit_begin(&w.e, &err), 0);
	ck_assert_int_eq(policy_edit_remove(&w.e, 1, &err), 1);
	policy_edit_rollback(&w.e);
	expect_audit(&w, (struct audit_filter){ .limit = 0 },
	    "insert ca bank by bob;update policy 1 by bob;"
	    "update policy 1 by shell;insert policy 1 by alice;");
	expect_audit(&w, (struct audit_filter){ .limit = 1 },
	    "insert ca bank by bob;");
	expect_audit(&w,
	    (struct audit_filter){ .table = SV("policy"), .limit = 2 },
	    "update policy 1 by bob;update policy 1 by shell;");
	expect_audit(&w, (struct audit_filter){ .key = SV("bank") },
	    "insert ca bank by bob;");
	expect_audit(&w, (struct audit_filter){ .since = SV("9999") }, "");
	end(&w);
}
END_TEST

START_TEST(open_refused)
{
	struct policy_edit e;
	struct fixture f;
	struct err err;

	fixture_init(&f);
	ck_assert_int_eq(policy_edit_open(&e, "/nonexistent/p", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "tlswarden init"));
	fixture_sql(f.policy, "PRAGMA user_version=2");
	ck_assert_int_eq(policy_edit_open(&e, f.policy, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "newer tlswarden"));
	fixture_done(&f);
}
END_TEST

static int
edit_as_nobody(void *arg)
{
	struct policy_edit e;
	struct err err = { 0 };
	bool is_told;

	is_told = policy_edit_open(&e, arg, &err) == -1 &&
	    strstr(err.text, "must be able to write the file") != NULL;
	if (!is_told)
		fprintf(stderr, "# %s\n", err.text);
	return is_told ? 0 : 2;
}

START_TEST(not_allowed)
{
	struct fixture f;

	if (geteuid() != 0)
		return;
	fixture_init(&f);
	ck_assert_int_eq(chmod(f.folder, 0755), 0);
	ck_assert_int_eq(chmod(f.policy, 0644), 0);
	ck_assert_int_eq(fixture_as_nobody(edit_as_nobody, f.policy), 0);
	fixture_done(&f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, init_repeats);
	tcase_add_test(tc, init_mends);
	tcase_add_loop_test(tc, init_refuses, 0, N_ROWS(unusable));
	tcase_add_test(tc, init_without_folder);
	tcase_add_loop_test(tc, add_refused, 0, N_ROWS(refused));
	tcase_add_test(tc, edits);
	tcase_add_test(tc, cas);
	tcase_add_test(tc, audited);
	tcase_add_test(tc, open_refused);
	tcase_add_test(tc, not_allowed);
}

UNIT_MAIN("policy_edit", add_tests)
