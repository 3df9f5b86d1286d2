/* tlswarden: daemon/recorder - hands rows to the one thread that writes them.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Any thread may record; it copies the row into a bounded queue and goes on:
 * no lock, no system call but one wake-up per group, no wait. The recorder's
 * own thread writes what has gathered, one transaction per 100 ms or per
 * RECORDER_GROUP rows, and deletes what is older than the retention in small
 * steps when it has nothing else to do.
 * A full disk, a locked or a broken database never reach the caller: rows are
 * counted as lost and said so, at once and then once a minute. After kill -9
 * at most the last group is missing.
 *
 * Its thread takes no signals. Start it after the drop of privileges: SQLite
 * must make the files as the service user.
 */
#ifndef DAEMON_RECORDER_H
#define DAEMON_RECORDER_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "daemon/say.h"
#include "fact/record.h"

enum {
	RECORDER_GROUP = 512,       /* rows: a group is written at the latest */
	RECORDER_DELAY_MSECS = 100, /* after the first row of a group */
};

struct recorder;

struct recorder_options {
	const char *path;        /* state.db; made when it is not there */
	struct say say;          /* where troubles are told */
	uint32_t max_rows;       /* waiting at most; 0: 65536 */
	uint64_t max_bytes;      /* of them; 0: 64 MiB */
	uint32_t retention_days; /* 0: nothing is deleted */
};

struct recorder_stats {
	uint64_t n_written;
	uint64_t n_lost_full;   /* the queue was full */
	uint64_t n_lost_failed; /* the database refused the group */
	uint64_t n_groups;
	uint64_t n_pruned;
	uint64_t n_waiting;
	uint64_t max_commit_usecs;
};

/* Opens the database and starts the thread. A database that cannot be opened
 * is an error only when it is not usable by nature (not ours, newer than this
 * program, no right to the directory); one that is locked or full now is
 * opened later. options are borrowed. Gives (free with recorder_stop). */
int recorder_start(struct recorder **rec_r, const struct recorder_options *opt,
    struct err *err_r) MUST_CHECK;

/* Each copies the row and returns at once; false when it was counted as lost
 * because the queue is full. Borrows the row. */
bool recorder_session(struct recorder *rec, const struct record_session *row);
bool
recorder_violation(struct recorder *rec, const struct record_violation *row);
bool recorder_probe(struct recorder *rec, const struct record_probe *row);

/* Changes retention_days (a reload); any thread. */
void recorder_retain(struct recorder *rec, uint32_t days);

/* The counters now; any thread. */
void recorder_stats(const struct recorder *rec, struct recorder_stats *st_r);

/* Writes all that was recorded before, at most for max_msecs (what is left is
 * counted as lost), then ends the thread and frees. The caller has stopped all
 * producers. NULL is allowed. last_r may be NULL. */
void recorder_stop(struct recorder *rec, uint32_t max_msecs,
    struct recorder_stats *last_r);

#endif
