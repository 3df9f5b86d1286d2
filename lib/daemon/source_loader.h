/* tlswarden: daemon/source_loader - the inside of a source, for its thread.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What stands under the lock is shared with readers and askers; the rest
 * belongs to the loader thread (to source_open before that runs).
 */
#ifndef DAEMON_SOURCE_LOADER_H
#define DAEMON_SOURCE_LOADER_H

#include <pthread.h>

#include "daemon/source.h"
#include "store/policy_db.h"

enum {
	SOURCE_BAD_ROWS_SAID = 20, /* a load, the rest is counted */
	SOURCE_SAY_AGAIN_SECS = 600,
	SOURCE_RETRY_SECS = 10,      /* after trouble that no change ends */
	SOURCE_SAVE_DELAY_SECS = 10, /* while the table changes all the time */
	SOURCE_SAVE_RETRY_SECS = 60,
	/* For a quiet moment, once there is something to serve meanwhile. */
	SOURCE_PATIENCE_MSECS = 10000,
};

/* A snapshot that is served, or was and has readers left. */
struct source_held {
	struct snapshot *snap;
	atomic_uint refs; /* readers, and one for being the current one */
	struct source_held *next;
};

struct source {
	char *policy_path;
	char *last_good_path;
	/* what load.snapshot views */
	char *ca_directory, *transport_nexthop, *local_domains;
	struct say say;
	struct load_options load;
	pthread_t thread;

	pthread_mutex_t lock; /* of what follows; held for instructions */
	pthread_cond_t wake;
	pthread_cond_t idle;
	uint64_t asked;
	uint64_t answered;
	int64_t now_secs;
	bool wants_reload;
	bool wants_options; /* the next four are for the next load */
	unsigned next_postfix_version;
	char *next_ca_directory, *next_transport_nexthop;
	char *next_local_domains;
	bool wants_stop;
	struct source_held *current;
	struct source_status status;
	atomic_uint_fast64_t generation;

	struct policy_db *db;
	struct source_held *retired;
	int64_t next_expiry_secs;
	int64_t seen_secs;            /* the clock at the last look */
	int64_t retry_secs;           /* load again then; INT64_MAX: never */
	int64_t said_secs;            /* when failure was said last */
	struct policy_image *unsaved; /* of what is served, to be kept */
	int64_t unsaved_secs;         /* since when */
	bool is_saved;                /* policy.last-good is what is served */
	bool is_wal_said;
	char save_failure[ERR_TEXT_MAX];
};

/* Loads policy.db or else policy.last-good, for the first time. */
int source_load_first(struct source *src, int64_t now_secs, struct err *err_r)
    MUST_CHECK;
/* One look at the file, the clock and what waits to be kept or freed. */
void source_work(struct source *src, int64_t now_secs, bool is_reload);
/* Frees retired snapshots that nobody reads; all of them must be so when
 * is_last. */
void source_reap(struct source *src, bool is_last);

#endif
