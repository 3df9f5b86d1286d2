/* tlswarden: daemon/probe_cache - fresh results of probes, for who answers.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread of its own reads state.db when it changed and swaps in an immutable
 * table (policy/probe_table); results older than the age limit are not in it.
 * Who answers takes the table under a lock that is held for some instructions
 * and never waits for a file. A state.db that is missing, locked or broken
 * leaves what was known until it is too old.
 */
#ifndef DAEMON_PROBE_CACHE_H
#define DAEMON_PROBE_CACHE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "daemon/say.h"
#include "fact/record.h"
#include "policy/probe_table.h"

struct probe_cache;
struct probe_held;

enum {
	PROBE_CACHE_POLL_MSECS = 1000,
	PROBE_CACHE_ROWS = 100000, /* the newest so many results */
	PROBE_CACHE_NOTED = 4096,  /* handed over by probe_cache_note */
};

struct probe_cache_options {
	const char *path; /* state.db */
	struct say say;   /* where trouble is told, once */
	uint32_t max_age_secs;
};

/* How long a result counts when destinations are probed so often: so that one
 * round may fail, but an hour at least and a day at most. */
uint32_t probe_cache_age(uint32_t interval_secs);

/* Starts the thread, which takes no signals; the table is empty at first.
 * Options are copied. Gives (free with probe_cache_stop). */
int probe_cache_start(struct probe_cache **c_r,
    const struct probe_cache_options *opt, struct err *err_r) MUST_CHECK;
/* Changes the age limit (a reload); any thread. */
void probe_cache_set_age(struct probe_cache *c, uint32_t max_age_secs);
/* A result that is only on its way to state.db counts at once; any thread.
 * Copies the row but json and chain. */
void probe_cache_note(struct probe_cache *c, const struct record_probe *row);

/* The table now, valid until it is given back. Any thread. */
struct probe_held *probe_cache_take(struct probe_cache *c) NONNULL_RETURN;
const struct probe_table *probe_held_table(const struct probe_held *held);
void probe_cache_give(struct probe_cache *c, struct probe_held *held);

/* Counts tables swapped in, from 1 for the first that was read. */
uint64_t probe_cache_generation(struct probe_cache *c);

/* All takes were given back. NULL is allowed. */
void probe_cache_stop(struct probe_cache *c);

#endif
