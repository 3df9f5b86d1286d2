/* tlswarden: store/policy_schema - what a policy database must look like.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stddef.h>
#include <sysexits.h>

#include <sqlite3.h>

#include "fact/row.h"
#include "store/policy_rows.h"
#include "store/policy_schema.h"

#define RULE(column, is_text, may_be_null)            \
	{                                             \
#column, is_text, may_be_null,        \
		    offsetof(struct rule_row, column) \
	}
#define CA(column)                                                    \
	{                                                             \
#column, true, false, offsetof(struct ca_row, column) \
	}

const struct policy_column *
policy_columns(size_t *n_r)
{
	static const struct policy_column columns[] = {
		RULE(id, false, false),
		RULE(enabled, false, false),
		RULE(priority, false, false),
		RULE(direction, true, false),
		RULE(sender, true, false),
		RULE(recipient, true, false),
		RULE(subnet, true, true),
		RULE(level, true, false),
		RULE(on_failure, true, false),
		RULE(ca, true, true),
		RULE(cert_name, true, true),
		RULE(cert_fingerprint, true, true),
		RULE(min_protocol, true, true),
		RULE(min_bits, false, true),
		RULE(mode, true, false),
		RULE(expires_at, true, true),
		RULE(comment, true, false),
	};

	*n_r = sizeof(columns) / sizeof(columns[0]);
	return columns;
}

const struct policy_column *
ca_columns(size_t *n_r)
{
	static const struct policy_column columns[] = {
		CA(name),
		CA(pem),
		CA(comment),
		CA(added_at),
	};

	*n_r = sizeof(columns) / sizeof(columns[0]);
	return columns;
}

static int
foreign(struct store *st, struct err *err_r)
{
	return err_set(err_r, EX_DATAERR,
	    "%s: an SQLite database, but not a policy database of tlswarden: "
	    "give the right file as policy_database, or move this one away "
	    "and run \"tlswarden init\"",
	    st->path);
}

enum policy_age
policy_schema_age(struct store *st, int64_t *version_r, struct err *err_r)
{
	int64_t application = 0;
	int64_t objects = 0;

	*version_r = 0;
	if (store_number(st, "PRAGMA application_id", &application, err_r) !=
		0 ||
	    store_number(st, "PRAGMA user_version", version_r, err_r) != 0 ||
	    store_number(st, "SELECT count(*) FROM sqlite_schema", &objects,
		err_r) != 0)
		return POLICY_AGE_UNKNOWN;
	if (application == 0 && objects == 0 && *version_r == 0)
		return POLICY_EMPTY;
	if (application != POLICY_APPLICATION_ID) {
		(void)foreign(st, err_r);
		return POLICY_FOREIGN;
	}
	if (*version_r > POLICY_VERSION) {
		(void)err_set(err_r, EX_CONFIG,
		    "%s: made by a newer tlswarden (version %lld of the table, "
		    "this program knows up to %d): install the newer program",
		    st->path, (long long)*version_r, POLICY_VERSION);
		return POLICY_NEWER;
	}
	return *version_r < POLICY_VERSION ? POLICY_OLDER : POLICY_CURRENT;
}

/* 1 when the query finds something for the two names, 0 when not, -1 error. */
static int
finds(struct store *st, const char *sql, const char *first, const char *second,
    struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(st, sql, &stmt, err_r) != 0)
		return -1;
	store_bind_sv(stmt, 1, sv_from(first));
	if (second != NULL)
		store_bind_sv(stmt, 2, sv_from(second));
	got = store_step(st, stmt, err_r);
	store_finish(stmt);
	return got;
}

static int
check_table(struct store *st, const char *table,
    const struct policy_column *columns, size_t n, struct err *err_r)
{
	int got = finds(st,
	    "SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?1", table,
	    NULL, err_r);

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(err_r, EX_DATAERR,
		    "%s: has no table %s: run \"tlswarden init\" as root, or "
		    "put a copy in its place",
		    st->path, table);
	for (size_t i = 0; i < n; i++) {
		got = finds(st,
		    "SELECT 1 FROM pragma_table_xinfo(?1) WHERE name=?2", table,
		    columns[i].name, err_r);
		if (got < 0)
			return -1;
		if (got == 0)
			return err_set(err_r, EX_DATAERR,
			    "%s: table %s has no column %s: somebody changed "
			    "the table; add it, or put a copy in its place",
			    st->path, table, columns[i].name);
	}
	return 0;
}

int
policy_schema_check(struct store *st, struct err *err_r)
{
	const struct policy_column *columns;
	int64_t version;
	size_t n;

	switch (policy_schema_age(st, &version, err_r)) {
	case POLICY_EMPTY:
		return err_set(err_r, EX_DATAERR,
		    "%s: an empty database: run \"tlswarden init\" as root",
		    st->path);
	case POLICY_OLDER:
		return err_set(err_r, EX_CONFIG,
		    "%s: made by an older tlswarden (version %lld of the "
		    "table, this program needs %d): run \"tlswarden init\" as "
		    "root, which brings it up to date",
		    st->path, (long long)version, POLICY_VERSION);
	case POLICY_AGE_UNKNOWN:
	case POLICY_FOREIGN:
	case POLICY_NEWER:
		return -1;
	case POLICY_CURRENT:
		break;
	}
	columns = policy_columns(&n);
	if (check_table(st, "policy", columns, n, err_r) != 0)
		return -1;
	columns = ca_columns(&n);
	return check_table(st, "ca", columns, n, err_r);
}
