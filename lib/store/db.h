/* tlswarden: store/db - SQLite with every result code handled.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A handle belongs to one thread at a time. An operation that failed returns
 * -1 with a sentence that names the file and the way out; the code and the
 * extended code of SQLite stay in the handle until the next failure.
 * POSIX drops all locks of a process on a file when any descriptor of it is
 * closed: never open(2) a database that SQLite has open; stat(2) is harmless.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"

struct sqlite3;
struct sqlite3_stmt;

enum store_mode {
	/* Reads only: query_only, trusted_schema off, never immutable=1. */
	STORE_READ = 0,
	STORE_WRITE, /* the file must be there */
	STORE_CREATE
};

struct store {
	struct sqlite3 *sq;
	char *path;
	int rc;            /* of the last failure: SQLITE_BUSY, ... */
	int extended;      /* its extended code */
	bool is_wal_meant; /* WAL is as it should be: for error texts */
};

/* Which SQLite is in use: "3.40.1". */
const char *store_library_version(void) NONNULL_RETURN;

/* Opens path; waits up to busy_msecs for a lock in every later call. Reading
 * starts with the first statement, so a file that is no database is told by
 * store_check_open or by that statement. */
int store_open(struct store *st, const char *path, enum store_mode mode,
    unsigned busy_msecs, struct err *err_r) MUST_CHECK;
/* The same for a database that is meant to have a write-ahead log. */
int store_open_wal(struct store *st, const char *path, enum store_mode mode,
    unsigned busy_msecs, struct err *err_r) MUST_CHECK;
/* Opens an empty private database in memory. */
int store_open_memory(struct store *st, struct err *err_r) MUST_CHECK;
/* Closes; statements are finalised first. Safe on a zeroed or closed one. */
void store_close(struct store *st);

/* Keeps rc and SQLite's extended code in st, puts a sentence into err_r with
 * what it means for this file and what to do, and returns -1. */
int store_fail(struct store *st, int rc, struct err *err_r);
/* True if the last failure was a lock held by somebody else. */
bool store_is_busy(const struct store *st);

/* Runs statements that give no rows that matter. */
int store_exec(struct store *st, const char *sql, struct err *err_r) MUST_CHECK;
/* Ends the transaction, if there is one: after some errors SQLite has done so
 * by itself. Never fails. */
void store_rollback(struct store *st);
/* Runs a whole file of SQL, given as its lines up to a NULL, which brings its
 * own transaction; rolls back when it fails. */
int store_script(struct store *st, const char *const *lines, struct err *err_r)
    MUST_CHECK;
/* Gives a prepared statement (finalise with store_finish). */
int store_prepare(struct store *st, const char *sql,
    struct sqlite3_stmt **stmt_r, struct err *err_r) MUST_CHECK;
/* 1: a row; 0: done; -1: failed. Never anything else. */
int store_step(struct store *st, struct sqlite3_stmt *stmt, struct err *err_r)
    MUST_CHECK;
/* NULL is allowed. */
void store_finish(struct sqlite3_stmt *stmt);
/* The one number that a query gives; no row is an error. */
int store_number(struct store *st, const char *sql, int64_t *out_r,
    struct err *err_r) MUST_CHECK;
/* Prepares, lets bind put its values in, steps once and finalises: for
 * statements that give no row. */
int store_change(struct store *st, const char *sql,
    void (*bind)(struct sqlite3_stmt *stmt, const void *arg), const void *arg,
    struct err *err_r) MUST_CHECK;

/* Binds NULL for a view without p, else text. Borrows until the statement is
 * reset or finalised. */
void store_bind_sv(struct sqlite3_stmt *stmt, int at, struct sv v);
void store_bind_int(struct sqlite3_stmt *stmt, int at, int64_t number);
/* A text column; p == NULL for NULL. Valid until the next step. */
struct sv store_text(struct sqlite3_stmt *stmt, int column);

#endif
