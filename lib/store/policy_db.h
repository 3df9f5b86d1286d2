/* tlswarden: store/policy_db - watches policy.db and copies it, read-only.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The administrator's sqlite3 shell has no busy timeout: an INSERT fails when
 * it meets any reader's lock. So nothing here holds one for longer than it
 * takes to compare a counter (microseconds), whatever the size of the table:
 *
 *   1. stat(2) the file; then take and drop SQLite's shared lock (PRAGMA
 *      data_version). Whoever has that lock sees a committed database, and a
 *      journal that waits to be rolled back is found by SQLite.
 *   2. read all bytes through SQLite's own descriptor, without a lock.
 *   3. lock and drop again, stat(2) again.
 *
 * When size, mtime, ctime and data_version are the same before and after,
 * nothing was written meanwhile, so the bytes are the committed database of 1.
 * A time stamp can hide a second write within the same tick of the kernel's
 * clock, so step 1 waits until the stamp is older than that. When somebody
 * writes all the time and too fast for a copy between two commits, the copy is
 * made under the lock after all, after POLICY_DB_PATIENCE_MSECS: a change that
 * is served late is better than an INSERT that fails.
 * A database in WAL mode, where readers never stop a writer, is copied with
 * SQLite's backup interface.
 */
#ifndef STORE_POLICY_DB_H
#define STORE_POLICY_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/policy_image.h"

enum {
	POLICY_DB_PATIENCE_MSECS = 10000,
	POLICY_DB_BUSY_MSECS = 2000, /* waits for a writer's lock */
};

struct policy_db;

struct policy_copy_stats {
	uint64_t usecs;      /* that the copy took */
	uint64_t lock_usecs; /* of it, that the file was locked by us */
	unsigned n_tries;
	bool is_wal;    /* worth a warning: check objects too */
	bool is_locked; /* no quiet moment: copied under the lock */
};

/* A reader of the file at path; opens nothing yet. Gives. */
struct policy_db *policy_db_new(const char *path) NONNULL_RETURN MUST_CHECK;
void policy_db_free(struct policy_db *db);
/* How long to wait for a quiet moment; 0: copy under the lock at once. */
void policy_db_set_patience(struct policy_db *db, unsigned msecs);

/* Ends the waiting of a copy, now and later, with EX_TEMPFAIL. The one call
 * that another thread may make. */
void policy_db_give_up(struct policy_db *db);

/* Whether the file at the path differs from the one that was last copied: 1
 * yes (or never copied), 0 no, -1 cannot be told: it is away, not readable, or
 * has a journal that only root can roll back. */
int policy_db_changed(struct policy_db *db, struct err *err_r) MUST_CHECK;

/* Copies the file that is at the path now and checks that it is ours. Waits up
 * to POLICY_DB_BUSY_MSECS for a lock; store_fail's sentence and EX_TEMPFAIL
 * after that. stats_r may be NULL. Gives (free with policy_image_free). */
int policy_db_copy(struct policy_db *db, struct policy_image **image_r,
    struct policy_copy_stats *stats_r, struct err *err_r) MUST_CHECK;

#endif
