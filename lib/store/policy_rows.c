/* tlswarden: store/policy_rows - the rows of a policy database, checked.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/limits.h"
#include "store/policy_rows.h"
#include "store/policy_schema.h"

enum { FAULT_MAX = 160, SELECT_MAX = 1024 };

static const char *
type_word(int type)
{
	switch (type) {
	case SQLITE_INTEGER:
		return "an integer";
	case SQLITE_FLOAT:
		return "a floating point number";
	case SQLITE_TEXT:
		return "text";
	case SQLITE_BLOB:
		return "a blob";
	default:
		return "NULL";
	}
}

static bool
take_text(const struct policy_column *column, sqlite3_value *value,
    size_t max_bytes, char *row, char *fault)
{
	struct sv text;

	text.p = (const char *)sqlite3_value_text(value);
	text.n = (size_t)sqlite3_value_bytes(value);
	if (text.p != NULL && text.n <= max_bytes) {
		memcpy(row + column->at, &text, sizeof(text));
		return true;
	}
	if (text.p == NULL)
		(void)snprintf(fault, FAULT_MAX,
		    "column %s: not enough memory to read it", column->name);
	else
		(void)snprintf(fault, FAULT_MAX,
		    "column %s is longer than %zu bytes", column->name,
		    max_bytes);
	return false;
}

/* The value of one column into its member of the zeroed row; false with the
 * fault. */
static bool
take_value(const struct policy_column *column, sqlite3_value *value,
    size_t max_bytes, char *row, char *fault)
{
	int type = sqlite3_value_type(value);
	int64_t number;

	if (type == SQLITE_NULL && column->may_be_null)
		return true;
	if (type == SQLITE_TEXT && column->is_text)
		return take_text(column, value, max_bytes, row, fault);
	if (type == SQLITE_INTEGER && !column->is_text) {
		number = sqlite3_value_int64(value);
		memcpy(row + column->at, &number, sizeof(number));
		return true;
	}
	(void)snprintf(fault, FAULT_MAX, "column %s holds %s, not %s",
	    column->name, type_word(type),
	    column->is_text ? "text" : "an integer");
	return false;
}

/* All columns of the statement's row; the fault of the first bad one, or
 * NULL. */
static const char *
take_row(struct sqlite3_stmt *stmt, const struct policy_column *columns,
    size_t n, size_t max_bytes, void *row, char *fault)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3_value *value = sqlite3_column_value(stmt, (int)i);

		if (!take_value(&columns[i], value, max_bytes, row, fault))
			return fault;
	}
	return NULL;
}

/* SELECT of the columns of a table, in the order of its first one. */
static int
select_columns(struct store *st, const char *table,
    const struct policy_column *columns, size_t n, struct sqlite3_stmt **stmt_r,
    struct err *err_r)
{
	struct buf sql;
	int done;

	buf_init(&sql, SELECT_MAX);
	buf_adds(&sql, "SELECT ");
	for (size_t i = 0; i < n; i++)
		buf_addf(&sql, "%s%s", i > 0 ? "," : "", columns[i].name);
	buf_addf(&sql, " FROM main.%s ORDER BY %s", table, columns[0].name);
	done = store_prepare(st, buf_str(&sql), stmt_r, err_r);
	buf_free(&sql);
	return done;
}

int
policy_rows_cas(struct store *st,
    void (*fn)(void *arg, const struct ca_row *row, const char *fault),
    void *arg, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	size_t n;
	const struct policy_column *columns = ca_columns(&n);
	int got;

	if (select_columns(st, "ca", columns, n, &stmt, err_r) != 0)
		return -1;
	while ((got = store_step(st, stmt, err_r)) > 0) {
		struct ca_row row = { 0 };
		char fault[FAULT_MAX];

		fn(arg, &row,
		    take_row(stmt, columns, n, LIMIT_CA_PEM, &row, fault));
	}
	store_finish(stmt);
	return got;
}

/* A page in a wrong place shows as ids that do not rise. */
static int
damaged(struct store *st, int64_t id, struct err *err_r)
{
	return err_set(err_r, EX_DATAERR,
	    "%s: damaged: policy rule %lld is not in its place: put a copy of "
	    "the file in its place",
	    st->path, (long long)id);
}

int
policy_rows_rules(struct store *st,
    void (*fn)(void *arg, const struct rule_row *row, const char *fault),
    void *arg, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	size_t n;
	const struct policy_column *columns = policy_columns(&n);
	int64_t last = INT64_MIN;
	uint64_t count = 0;
	int got;

	if (select_columns(st, "policy", columns, n, &stmt, err_r) != 0)
		return -1;
	while ((got = store_step(st, stmt, err_r)) > 0) {
		struct rule_row row = { 0 };
		char fault[FAULT_MAX];
		const char *found =
		    take_row(stmt, columns, n, LIMIT_COLUMN, &row, fault);

		if (row.id <= last)
			got = damaged(st, row.id, err_r);
		else if (++count > LIMIT_RULES)
			got = err_set(err_r, EX_DATAERR,
			    "%s: more than %d rules", st->path, LIMIT_RULES);
		if (got < 0)
			break;
		last = row.id;
		fn(arg, &row, found);
	}
	store_finish(stmt);
	return got;
}
