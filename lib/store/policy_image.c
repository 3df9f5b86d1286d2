/* tlswarden: store/policy_image - a private copy of policy.db, to be read.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/policy_image.h"
#include "store/policy_image_db.h"
#include "store/policy_schema.h"

enum { FAULT_MAX = 160, SELECT_MAX = 1024 };

struct policy_image {
	struct store st;
	void *bytes;
	size_t n_bytes;
};

static int
adopt(struct policy_image *image, struct err *err_r)
{
	int rc = sqlite3_deserialize(image->st.sq, "main", image->bytes,
	    (sqlite3_int64)image->n_bytes, (sqlite3_int64)image->n_bytes,
	    SQLITE_DESERIALIZE_READONLY);

	if (rc != SQLITE_OK)
		return store_fail(&image->st, rc, err_r);
	(void)sqlite3_db_config(image->st.sq, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
	    (int *)NULL);
	return policy_schema_check(&image->st, err_r);
}

int
policy_image_new(struct policy_image **image_r, void *bytes, size_t n_bytes,
    const char *path, struct err *err_r)
{
	struct policy_image *image = mem_zalloc(1, sizeof(*image));

	image->bytes = bytes;
	image->n_bytes = n_bytes;
	if (store_open_memory(&image->st, err_r) == 0) {
		free(image->st.path);
		image->st.path = mem_strdup(path);
		if (adopt(image, err_r) == 0) {
			*image_r = image;
			return 0;
		}
	}
	policy_image_free(image);
	return -1;
}

void
policy_image_free(struct policy_image *image)
{
	if (image == NULL)
		return;
	store_close(&image->st);
	(void)munmap(image->bytes, image->n_bytes == 0 ? 1 : image->n_bytes);
	free(image);
}

size_t
policy_image_bytes(const struct policy_image *image)
{
	return image->n_bytes;
}

struct store *
policy_image_store(struct policy_image *image)
{
	return &image->st;
}

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

/* The value of one column into its member of row; false with the fault. */
static bool
take_value(const struct policy_column *column, sqlite3_value *value,
    size_t max_bytes, char *row, char *fault)
{
	int type = sqlite3_value_type(value);
	struct sv text = { NULL, 0 };
	int64_t number = 0;

	if (type == (column->is_text ? SQLITE_TEXT : SQLITE_INTEGER)) {
		number = column->is_text ? 0 : sqlite3_value_int64(value);
		if (column->is_text) {
			text.p = (const char *)sqlite3_value_text(value);
			text.n = (size_t)sqlite3_value_bytes(value);
		}
	} else if (type != SQLITE_NULL || !column->may_be_null) {
		(void)snprintf(fault, FAULT_MAX, "column %s holds %s, not %s",
		    column->name, type_word(type),
		    column->is_text ? "text" : "an integer");
		return false;
	}
	if (text.n > max_bytes) {
		(void)snprintf(fault, FAULT_MAX,
		    "column %s is longer than %zu bytes", column->name,
		    max_bytes);
		return false;
	}
	if (column->is_text)
		memcpy(row + column->at, &text, sizeof(text));
	else
		memcpy(row + column->at, &number, sizeof(number));
	return true;
}

/* All columns of the statement's row; the fault of the first bad one, or
 * NULL. */
static const char *
take_row(struct sqlite3_stmt *stmt, const struct policy_column *columns,
    size_t n, size_t max_bytes, void *row, char *fault)
{
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		sqlite3_value *value = sqlite3_column_value(stmt, (int)i);

		if (!take_value(&columns[i], value, max_bytes, row, fault) &&
		    found == NULL)
			return fault;
	}
	return found;
}

/* SELECT of the columns of a table, in the order of its first one. */
static int
select_columns(struct policy_image *image, const char *table,
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
	done = store_prepare(&image->st, buf_str(&sql), stmt_r, err_r);
	buf_free(&sql);
	return done;
}

int
policy_image_each_ca(struct policy_image *image,
    void (*fn)(void *arg, const struct ca_row *row, const char *fault),
    void *arg, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	size_t n;
	const struct policy_column *columns = ca_columns(&n);
	int got;

	if (select_columns(image, "ca", columns, n, &stmt, err_r) != 0)
		return -1;
	while ((got = store_step(&image->st, stmt, err_r)) > 0) {
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
damaged(struct policy_image *image, int64_t id, struct err *err_r)
{
	return err_set(err_r, EX_DATAERR,
	    "%s: damaged: policy rule %lld is not in its place: put a copy of "
	    "the file in its place",
	    image->st.path, (long long)id);
}

int
policy_image_each_rule(struct policy_image *image,
    void (*fn)(void *arg, const struct rule_row *row, const char *fault),
    void *arg, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	size_t n;
	const struct policy_column *columns = policy_columns(&n);
	int64_t last = INT64_MIN;
	uint64_t count = 0;
	int got;

	if (select_columns(image, "policy", columns, n, &stmt, err_r) != 0)
		return -1;
	while ((got = store_step(&image->st, stmt, err_r)) > 0) {
		struct rule_row row = { 0 };
		char fault[FAULT_MAX];
		const char *found =
		    take_row(stmt, columns, n, LIMIT_COLUMN, &row, fault);

		if (row.id <= last)
			got = damaged(image, row.id, err_r);
		else if (++count > LIMIT_RULES)
			got =
			    err_set(err_r, EX_DATAERR, "%s: more than %d rules",
				image->st.path, LIMIT_RULES);
		if (got < 0)
			break;
		last = row.id;
		fn(arg, &row, found);
	}
	store_finish(stmt);
	return got;
}

int
policy_image_verify(struct policy_image *image, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(&image->st, "PRAGMA main.quick_check(1)", &stmt,
		err_r) != 0)
		return -1;
	got = store_step(&image->st, stmt, err_r);
	if (got > 0) {
		struct sv found = store_text(stmt, 0);

		if (sv_is(found, "ok"))
			got = 0;
		else
			got = err_set(err_r, EX_DATAERR,
			    "%s: damaged: %.*s: put a copy in its place",
			    image->st.path, SV_ARG(found));
	}
	store_finish(stmt);
	return got;
}
