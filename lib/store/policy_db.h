/* tlswarden: store/policy_db - watches policy.db and copies it, read-only.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The administrator's sqlite3 shell has no busy timeout: a statement fails when
 * it meets any reader's lock, even one that is held for microseconds. So the
 * file is copied without a lock, in a way that notices every writer:
 *
 *   1. stat(2); wait until the time stamps are older than the tick of the
 *      kernel's clock, so that a later write cannot leave them as they are.
 *   2. Ask whether anybody holds the reserved lock, which writers do from
 *      their first statement to the end of the commit; asking takes no lock.
 *      If so: wait. Nobody: what is in the file is committed, or the leavings
 *      of a writer that crashed, which left its journal beside it; then SQLite
 *      is asked (PRAGMA data_version), who takes the shared lock and knows.
 *   3. Read all bytes through SQLite's own descriptor (another one, when
 *      closed, would drop all locks of this process on the file).
 *   4. stat(2) again: all as in 1 means that nobody wrote in between.
 *
 * When somebody writes all the time and too fast for a copy between two
 * commits, it is made under the shared lock after all, after
 * POLICY_DB_PATIENCE_MSECS: a change that is served late is better than an
 * INSERT that fails.
 * A database in WAL mode, where readers never stop a writer, is copied with
 * SQLite's backup interface. Then it is closed, since nobody could switch it
 * back while we have it open, and what stat(2) says is all that is compared.
 */
#ifndef STORE_POLICY_DB_H
#define STORE_POLICY_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/policy_image.h"

enum {
	POLICY_DB_PATIENCE_MSECS = 1000, /* daemons wait longer */
	POLICY_DB_BUSY_MSECS = 2000,     /* waits for a writer's lock */
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
