/* tlswarden: store/db - SQLite with every result code handled.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/db_words.h"

enum { SCRIPT_MAX = 1 << 20 };

static int
set_up(struct store *st, enum store_mode mode, unsigned busy_msecs,
    struct err *err_r)
{
	int rc = sqlite3_busy_timeout(st->sq, (int)busy_msecs);

	if (rc != SQLITE_OK)
		return store_fail(st, rc, err_r);
	(void)sqlite3_extended_result_codes(st->sq, 1);
	/* A schema can hold functions that a hostile file would have us call;
	 * defensive mode keeps the schema itself out of reach. */
	(void)sqlite3_db_config(st->sq, SQLITE_DBCONFIG_DEFENSIVE, 1,
	    (int *)NULL);
	/* SQLite opens a file that it may not write for reading, silently. */
	if (mode != STORE_READ)
		return sqlite3_db_readonly(st->sq, "main") == 0
		    ? 0
		    : store_fail(st, SQLITE_READONLY, err_r);
	(void)sqlite3_db_config(st->sq, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
	    (int *)NULL);
	return store_exec(st, "PRAGMA query_only=1", err_r);
}

const char *
store_library_version(void)
{
	return sqlite3_libversion();
}

static int
open_file(struct store *st, const char *path, enum store_mode mode,
    unsigned busy_msecs, struct err *err_r)
{
	static const int flags[] = {
		[STORE_READ] = SQLITE_OPEN_READONLY,
		[STORE_WRITE] = SQLITE_OPEN_READWRITE,
		[STORE_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
	};
	int rc;

	st->path = mem_strdup(path);
	rc = sqlite3_open_v2(path, &st->sq,
	    flags[mode] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc != SQLITE_OK)
		(void)store_fail(st, rc, err_r);
	else if (set_up(st, mode, busy_msecs, err_r) == 0)
		return 0;
	store_close(st);
	return -1;
}

int
store_open(struct store *st, const char *path, enum store_mode mode,
    unsigned busy_msecs, struct err *err_r)
{
	memset(st, 0, sizeof(*st));
	return open_file(st, path, mode, busy_msecs, err_r);
}

int
store_open_wal(struct store *st, const char *path, enum store_mode mode,
    unsigned busy_msecs, struct err *err_r)
{
	memset(st, 0, sizeof(*st));
	st->is_wal_meant = true;
	return open_file(st, path, mode, busy_msecs, err_r);
}

int
store_open_memory(struct store *st, struct err *err_r)
{
	return store_open(st, ":memory:", STORE_CREATE, 0, err_r);
}

void
store_close(struct store *st)
{
	int rc;

	if (st->sq != NULL) {
		/* Only statements that were never finished could refuse it. */
		rc = sqlite3_close(st->sq);
		if (rc != SQLITE_OK)
			abort();
		st->sq = NULL;
	}
	free(st->path);
	st->path = NULL;
}

int
store_fail(struct store *st, int rc, struct err *err_r)
{
	st->rc = rc & 0xff;
	st->extended = rc;
	return db_words(st, err_r);
}

bool
store_is_busy(const struct store *st)
{
	return st->rc == SQLITE_BUSY || st->rc == SQLITE_LOCKED;
}

int
store_exec(struct store *st, const char *sql, struct err *err_r)
{
	int rc = sqlite3_exec(st->sq, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : store_fail(st, rc, err_r);
}

void
store_rollback(struct store *st)
{
	if (sqlite3_get_autocommit(st->sq) == 0)
		(void)sqlite3_exec(st->sq, "ROLLBACK", NULL, NULL, NULL);
}

int
store_script(struct store *st, const char *const *lines, struct err *err_r)
{
	struct buf sql;
	int done;

	buf_init(&sql, SCRIPT_MAX);
	for (; *lines != NULL; lines++)
		buf_adds(&sql, *lines);
	assert(!sql.is_full);
	done = store_exec(st, buf_str(&sql), err_r);
	buf_free(&sql);
	if (done != 0)
		store_rollback(st);
	return done;
}

int
store_prepare(struct store *st, const char *sql, struct sqlite3_stmt **stmt_r,
    struct err *err_r)
{
	int rc = sqlite3_prepare_v2(st->sq, sql, -1, stmt_r, NULL);

	return rc == SQLITE_OK ? 0 : store_fail(st, rc, err_r);
}

int
store_step(struct store *st, struct sqlite3_stmt *stmt, struct err *err_r)
{
	int rc = sqlite3_step(stmt);

	switch (rc) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default: /* SQLITE_BUSY and all others: words for each in db_words */
		return store_fail(st, rc, err_r);
	}
}

void
store_finish(struct sqlite3_stmt *stmt)
{
	/* Repeats the code of the last step, which was handled there. */
	(void)sqlite3_finalize(stmt);
}

int
store_number(struct store *st, const char *sql, int64_t *out_r,
    struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(st, sql, &stmt, err_r) != 0)
		return -1;
	got = store_step(st, stmt, err_r);
	if (got > 0)
		*out_r = sqlite3_column_int64(stmt, 0);
	else if (got == 0)
		(void)err_set(err_r, EX_SOFTWARE, "%s: no answer to %s",
		    st->path, sql);
	store_finish(stmt);
	return got > 0 ? 0 : -1;
}

int
store_change(struct store *st, const char *sql,
    void (*bind)(struct sqlite3_stmt *stmt, const void *arg), const void *arg,
    struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(st, sql, &stmt, err_r) != 0)
		return -1;
	if (bind != NULL)
		bind(stmt, arg);
	got = store_step(st, stmt, err_r);
	store_finish(stmt);
	return got < 0 ? -1 : 0;
}

void
store_bind_sv(struct sqlite3_stmt *stmt, int at, struct sv v)
{
	int rc;

	if (v.p == NULL)
		rc = sqlite3_bind_null(stmt, at);
	else
		rc = sqlite3_bind_text64(stmt, at, v.p, v.n, SQLITE_STATIC,
		    SQLITE_UTF8);
	/* SQLITE_TOOBIG is kept off by base/limits.h, SQLITE_RANGE and
	 * SQLITE_MISUSE are faults of ours. */
	if (rc != SQLITE_OK)
		abort();
}

void
store_bind_int(struct sqlite3_stmt *stmt, int at, int64_t number)
{
	if (sqlite3_bind_int64(stmt, at, number) != SQLITE_OK)
		abort(); /* a fault of ours */
}

struct sv
store_text(struct sqlite3_stmt *stmt, int column)
{
	sqlite3_value *value = sqlite3_column_value(stmt, column);
	const char *p;

	if (sqlite3_value_type(value) == SQLITE_NULL)
		return sv_make(NULL, 0);
	p = (const char *)sqlite3_value_text(value);
	return sv_make(p != NULL ? p : "", (size_t)sqlite3_value_bytes(value));
}
