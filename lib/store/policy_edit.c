/* tlswarden: store/policy_edit - changes to the policy table, for the tool.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <string.h>
#include <sysexits.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "store/policy_edit.h"
#include "store/policy_schema.h"

enum { STATEMENT_MAX = 4096 };

int
policy_edit_open(struct policy_edit *e, const char *path, struct err *err_r)
{
	memset(e, 0, sizeof(*e));
	if (store_open(&e->st, path, STORE_WRITE, POLICY_EDIT_BUSY_MSECS,
		err_r) != 0)
		return -1;
	if (policy_schema_check(&e->st, err_r) == 0)
		return 0;
	store_close(&e->st);
	return -1;
}

void
policy_edit_close(struct policy_edit *e)
{
	policy_edit_rollback(e);
	store_close(&e->st);
}

int
policy_edit_begin(struct policy_edit *e, struct err *err_r)
{
	assert(!e->is_open);
	if (store_exec(&e->st, "BEGIN IMMEDIATE", err_r) != 0)
		return -1;
	e->is_open = true;
	if (store_number(&e->st, "SELECT coalesce(max(id), 0) FROM audit",
		&e->audit_before, err_r) == 0)
		return 0;
	policy_edit_rollback(e);
	return -1;
}

struct actor {
	struct sv name;
	int64_t audit_before;
};

static void
bind_actor(struct sqlite3_stmt *stmt, const void *arg)
{
	const struct actor *actor = arg;

	store_bind_sv(stmt, 1, actor->name);
	store_bind_int(stmt, 2, actor->audit_before);
}

int
policy_edit_commit(struct policy_edit *e, struct sv actor, struct err *err_r)
{
	struct actor who = { actor, e->audit_before };

	assert(e->is_open);
	if (store_change(&e->st,
		"UPDATE audit SET actor = ?1 WHERE id > ?2 AND actor IS NULL",
		bind_actor, &who, err_r) == 0 &&
	    store_exec(&e->st, "COMMIT", err_r) == 0) {
		e->is_open = false;
		return 0;
	}
	policy_edit_rollback(e);
	return -1;
}

void
policy_edit_rollback(struct policy_edit *e)
{
	if (!e->is_open)
		return;
	e->is_open = false;
	store_rollback(&e->st);
}

/* Names come into the statement as text, so they must be columns of ours. */
static int
check_columns(const struct policy_value *values, size_t n_values,
    struct err *err_r)
{
	size_t n;
	const struct policy_column *columns = policy_columns(&n);

	for (size_t i = 0; i < n_values; i++) {
		size_t c = 1; /* not the id */

		while (c < n && strcmp(columns[c].name, values[i].column) != 0)
			c++;
		if (c == n)
			return err_set(err_r, EX_USAGE,
			    "%s: not a column of the policy table that can be "
			    "set",
			    values[i].column);
	}
	return 0;
}

struct values {
	const struct policy_value *values;
	size_t n;
	int64_t id;
};

static void
bind_values(struct sqlite3_stmt *stmt, const void *arg)
{
	const struct values *v = arg;

	for (size_t i = 0; i < v->n; i++)
		store_bind_sv(stmt, (int)i + 1, v->values[i].value);
	if (v->id != 0)
		store_bind_int(stmt, (int)v->n + 1, v->id);
}

/* Runs what is in sql and frees it: 1 when a row changed, 0 when none did. */
static int
change_row(struct policy_edit *e, struct buf *sql, const struct values *v,
    struct err *err_r)
{
	int done = -1;

	assert(e->is_open);
	if (sql->is_full)
		(void)err_set(err_r, EX_USAGE, "too many columns to set");
	else
		done =
		    store_change(&e->st, buf_str(sql), bind_values, v, err_r);
	buf_free(sql);
	if (done != 0)
		return -1;
	return sqlite3_changes(e->st.sq) > 0 ? 1 : 0;
}

int
policy_edit_add(struct policy_edit *e, const struct policy_value *values,
    size_t n, int64_t *id_r, struct err *err_r)
{
	struct values v = { values, n, 0 };
	struct buf sql;

	if (check_columns(values, n, err_r) != 0)
		return -1;
	buf_init(&sql, STATEMENT_MAX);
	buf_adds(&sql, "INSERT INTO policy");
	for (size_t i = 0; i < n; i++)
		buf_addf(&sql, "%s%s", i == 0 ? "(" : ", ", values[i].column);
	for (size_t i = 0; i < n; i++)
		buf_addf(&sql, "%s?%zu", i == 0 ? ") VALUES(" : ", ", i + 1);
	buf_adds(&sql, n == 0 ? " DEFAULT VALUES" : ")");
	if (change_row(e, &sql, &v, err_r) < 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(e->st.sq);
	return 1;
}

int
policy_edit_set(struct policy_edit *e, int64_t id,
    const struct policy_value *values, size_t n, struct err *err_r)
{
	struct values v = { values, n, id };
	struct buf sql;

	if (n == 0)
		return err_set(err_r, EX_USAGE, "nothing to set");
	if (check_columns(values, n, err_r) != 0)
		return -1;
	buf_init(&sql, STATEMENT_MAX);
	buf_adds(&sql, "UPDATE policy SET ");
	for (size_t i = 0; i < n; i++)
		buf_addf(&sql, "%s%s = ?%zu", i == 0 ? "" : ", ",
		    values[i].column, i + 1);
	buf_addf(&sql, " WHERE id = ?%zu", n + 1);
	return change_row(e, &sql, &v, err_r);
}

int
policy_edit_remove(struct policy_edit *e, int64_t id, struct err *err_r)
{
	struct values v = { NULL, 0, id };
	struct buf sql;

	buf_init(&sql, STATEMENT_MAX);
	buf_adds(&sql, "DELETE FROM policy WHERE id = ?1");
	return change_row(e, &sql, &v, err_r);
}

int
policy_edit_move(struct policy_edit *e, int64_t id, int64_t other,
    bool is_before, struct err *err_r)
{
	struct values v = { NULL, 0, id };
	struct buf sql;

	buf_init(&sql, STATEMENT_MAX);
	buf_addf(&sql,
	    "UPDATE policy SET priority = o.priority %s 1 FROM (SELECT priority"
	    " FROM policy WHERE id = %lld) o WHERE id = ?1 AND id <> %lld",
	    is_before ? "-" : "+", (long long)other, (long long)other);
	return change_row(e, &sql, &v, err_r);
}

struct ca_values {
	struct sv name;
	struct sv pem;
	struct sv comment;
};

static void
bind_ca(struct sqlite3_stmt *stmt, const void *arg)
{
	const struct ca_values *v = arg;

	store_bind_sv(stmt, 1, v->name);
	if (v->pem.p == NULL)
		return;
	store_bind_sv(stmt, 2, v->pem);
	store_bind_sv(stmt, 3, v->comment);
}

static int
change_ca(struct policy_edit *e, const char *sql, const struct ca_values *v,
    struct err *err_r)
{
	assert(e->is_open);
	if (store_change(&e->st, sql, bind_ca, v, err_r) != 0)
		return -1;
	return sqlite3_changes(e->st.sq) > 0 ? 1 : 0;
}

int
policy_edit_ca_put(struct policy_edit *e, struct sv name, struct sv pem,
    struct sv comment, bool is_replace, struct err *err_r)
{
	struct ca_values v = { name, sv_make(pem.p != NULL ? pem.p : "", pem.n),
		comment };

	if (is_replace) {
		int done = change_ca(e,
		    "UPDATE ca SET pem = ?2, comment = coalesce(?3, comment),"
		    " added_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
		    " WHERE name = ?1",
		    &v, err_r);

		if (done != 0)
			return done;
	}
	return change_ca(e,
	    "INSERT INTO ca(name, pem, comment) VALUES(?1, ?2, coalesce(?3,"
	    " ''))",
	    &v, err_r);
}

int
policy_edit_ca_remove(struct policy_edit *e, struct sv name, struct err *err_r)
{
	struct ca_values v = { name, { NULL, 0 }, { NULL, 0 } };

	return change_ca(e, "DELETE FROM ca WHERE name = ?1", &v, err_r);
}

static void
bind_filter(struct sqlite3_stmt *stmt, const struct audit_filter *filter)
{
	int64_t limit =
	    filter->limit > INT64_MAX ? INT64_MAX : (int64_t)filter->limit;

	if (filter->table.n > 0)
		store_bind_sv(stmt, 1, filter->table);
	if (filter->key.n > 0)
		store_bind_sv(stmt, 2, filter->key);
	if (filter->since.n > 0)
		store_bind_sv(stmt, 3, filter->since);
	store_bind_int(stmt, 4, limit == 0 ? -1 : limit);
}

int
policy_audit_each(struct store *st, const struct audit_filter *filter,
    void (*fn)(void *arg, const struct audit_row *row), void *arg,
    struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(st,
		"SELECT id, at, actor, tbl, op, key, before, after FROM audit"
		" WHERE (?1 IS NULL OR tbl = ?1) AND (?2 IS NULL OR key = ?2)"
		" AND (?3 IS NULL OR at >= ?3) ORDER BY id DESC LIMIT ?4",
		&stmt, err_r) != 0)
		return -1;
	bind_filter(stmt, filter);
	while ((got = store_step(st, stmt, err_r)) > 0) {
		struct audit_row row = {
			.id = sqlite3_column_int64(stmt, 0),
			.at = store_text(stmt, 1),
			.actor = store_text(stmt, 2),
			.table = store_text(stmt, 3),
			.op = store_text(stmt, 4),
			.key = store_text(stmt, 5),
			.before = store_text(stmt, 6),
			.after = store_text(stmt, 7),
		};

		fn(arg, &row);
	}
	store_finish(stmt);
	return got;
}
