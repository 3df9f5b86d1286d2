/* tlswarden: store/state_db - state.db as the one thread that writes it has it.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Write-ahead log, so that readers and the writer never stop each other; made
 * with mode 0660 in a setgid directory, so that every member of the group can
 * read and nobody's umask or group makes it useless for the daemon. Several
 * processes may write (milter and policyd), each through a handle of its own.
 * A group is one transaction: all of it is kept, or none.
 */
#ifndef STORE_STATE_DB_H
#define STORE_STATE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fact/record.h"

enum {
	STATE_APPLICATION_ID = 0x746c7373, /* 'tlss', as in state.sql */
	STATE_VERSION = 5, /* older ones are brought up to it when opened */
	STATE_VERSION_CHAINS = 2, /* has table seen_chain */
	STATE_VERSION_DAYS = 3,   /* has table probe_day */
	STATE_VERSION_LOST = 4,   /* has table lost */
	STATE_VERSION_DEMAND = 5, /* has probe.demand */
	STATE_DAY_SECS = 86400,   /* of probe_day.day */
	STATE_BUSY_MSECS = 200,   /* waits for another writer's lock */
};

struct state_db;

/* Opens the database at path, makes it when there is none. -1: EX_TEMPFAIL or
 * EX_IOERR (locked, full: try again later) or what a person has to mend. Gives
 * (close with state_db_close). */
int state_db_open(struct state_db **db_r, const char *path, struct err *err_r)
    MUST_CHECK;
void state_db_close(struct state_db *db);

/* True if the file at the path is another one than is open: somebody moved or
 * removed it, and what is written would be lost. */
bool state_db_has_moved(struct state_db *db);

/* Begins a group; -1 leaves none. */
int state_db_begin(struct state_db *db, struct err *err_r) MUST_CHECK;
/* Each adds a row; borrows it. -1: the group has to be given up. */
int state_db_session(struct state_db *db, const struct record_session *row,
    struct err *err_r) MUST_CHECK;
int state_db_violation(struct state_db *db, const struct record_violation *row,
    struct err *err_r) MUST_CHECK;
int state_db_probe(struct state_db *db, const struct record_probe *row,
    struct err *err_r) MUST_CHECK;
/* Notes that n rows were lost since since_secs, until at_secs. */
int state_db_lost(struct state_db *db, int64_t since_secs, int64_t at_secs,
    uint64_t n, struct err *err_r) MUST_CHECK;
/* -1: nothing of the group is kept, and there is none any more. */
int state_db_commit(struct state_db *db, struct err *err_r) MUST_CHECK;
void state_db_rollback(struct state_db *db);
/* True if the last failure was a lock held by somebody else. */
bool state_db_is_busy(const struct state_db *db);

/* Deletes at most max_rows rows of each table that are older than before_secs,
 * in a transaction of its own; *n_r is how many went. */
int state_db_prune(struct state_db *db, int64_t before_secs, uint32_t max_rows,
    uint64_t *n_r, struct err *err_r) MUST_CHECK;

#endif
