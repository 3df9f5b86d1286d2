/* tlswarden: daemon/source - the policy table as a snapshot that stays fresh.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One loader thread owns SQLite. It copies the pages of policy.db, loads the
 * copy whole, and only when every row is good puts the new snapshot in the
 * old one's place and keeps it as policy.last-good. Whatever goes wrong, the
 * last good snapshot keeps serving and the trouble is said and counted.
 *
 * Who answers mail never waits for any of this. The protocol of a reader
 * (one per worker thread; a reader is not shared):
 *
 *	struct source_reader r;
 *	source_reader_init(&r, src);
 *	... per request or event:
 *		snap = source_reader_get(&r);	one acquire load, no lock
 *		... use snap until the next source_reader_get
 *	... from a timer, at least every few seconds, also when idle:
 *		(void)source_reader_get(&r);	lets an old snapshot go
 *	source_reader_done(&r);
 *
 * When the generation moved on, source_reader_get gives the old snapshot back
 * (a counter; the loader frees it, never the worker) and takes the new one
 * under a mutex that is held for some instructions. What a snapshot views is
 * therefore valid until the same reader's next get; who needs it for longer
 * (one session of a milter whose callbacks wander between threads) uses
 * source_take and source_give.
 */
#ifndef DAEMON_SOURCE_H
#define DAEMON_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "daemon/policy_load.h"
#include "daemon/say.h"

struct snapshot;
struct source;
struct source_held;

struct source_options {
	const char *policy_path;
	const char *last_good_path; /* NULL: neither kept nor read */
	struct say say;
	/* snapshot.now and bad_row are the source's own; prepare is called on
	 * the loader thread (the first time by source_open). */
	struct load_options load;
};

struct source_status {
	uint64_t generation; /* counts snapshots served, from 1 */
	uint64_t n_loads;    /* that succeeded */
	uint64_t n_failures; /* that changed nothing */
	uint64_t n_bad_rows; /* of the last failed load; 0 when all is well */
	uint64_t n_rules;    /* in the snapshot */
	uint64_t n_bytes;    /* that it takes */
	uint64_t load_msecs; /* that the last load took, copy included */
	uint64_t lock_usecs; /* of it, that the file was locked by us */
	int64_t last_success_secs;
	int64_t last_try_secs;
	int64_t next_expiry_secs; /* 0: no rule ends */
	uint64_t n_saves;         /* of policy.last-good */
	uint64_t n_save_failures;
	bool is_failing;   /* the last try failed: what serves is old */
	bool is_last_good; /* what serves came from policy.last-good */
	char failure[ERR_TEXT_MAX]; /* of the last try, when is_failing */
};

/* Loads the first snapshot, from policy.db or else, loudly, from
 * policy.last-good, and starts the loader thread. -1 only when neither loads.
 * now_secs is the time that expiry is judged by. Options are copied; strings
 * too. The thread takes no signals. Gives (free with source_close). */
int source_open(struct source **src_r, const struct source_options *opt,
    int64_t now_secs, struct err *err_r) MUST_CHECK;

/* Call it every 200 ms or so from a timer: has the loader look whether the
 * file changed or a rule's time has come. Returns at once. */
void source_poll(struct source *src, int64_t now_secs);
/* Has the loader load again although nothing changed. Returns at once. */
void source_reload(struct source *src, int64_t now_secs);
/* Like source_reload, with another postfix_version, ca_directory,
 * transport_nexthop and local_domains (copied) from this load on. */
void source_reload_as(struct source *src,
    const struct snapshot_options *options, int64_t now_secs);
/* Waits until all that was asked for before is done (tests, the answer to a
 * reload command; never a thread that answers mail). */
void source_settle(struct source *src);
/* True if all that was asked for before is done. Returns at once. */
bool source_is_settled(struct source *src);

void source_status(struct source *src, struct source_status *st_r);

/* The snapshot now, valid until it is given back with source_give. */
struct source_held *source_take(struct source *src) NONNULL_RETURN;
const struct snapshot *source_held_snapshot(const struct source_held *held);
void source_give(struct source *src, struct source_held *held);

struct source_reader {
	struct source *src;
	const atomic_uint_fast64_t *current; /* the source's generation */
	uint_fast64_t generation;            /* of held */
	struct source_held *held;
	const struct snapshot *snap;
};

void source_reader_init(struct source_reader *r, struct source *src);
/* Moves r to the newest snapshot; the slow half of source_reader_get. */
void source_reader_renew(struct source_reader *r);
void source_reader_done(struct source_reader *r);

static inline const struct snapshot *
source_reader_get(struct source_reader *r)
{
	if (atomic_load_explicit(r->current, memory_order_acquire) !=
	    r->generation)
		source_reader_renew(r);
	return r->snap;
}

/* Ends the loader and frees. All readers are done, all takes given back.
 * NULL is allowed. */
void source_close(struct source *src);

#endif
