/* tlswarden: policyd/counters - what a worker did, in numbers.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each worker has its own, so that none waits for another's cache line; the
 * main thread reads them at any time and adds them up.
 */
#ifndef POLICYD_COUNTERS_H
#define POLICYD_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

enum map_id {
	MAP_UNKNOWN = 0, /* a name that is none of ours */
	MAP_TLSPOLICY,
	MAP_TRANSPORT,
	MAP_ADDRESS, /* all levels */
	MAP_DSN,
	MAP_EHLO,
	MAP_SENDMAIL,
	MAP_STS,
	MAP_COUNT
};

enum map_result {
	MAP_TEMP = 0,
	MAP_FOUND,
	MAP_NOTFOUND,
	MAP_LATER, /* DNS is asked first; the answer is counted again */
	MAP_RESULT_COUNT
};

/* What became of a delegation request. */
enum judged {
	JUDGED_NOT = 0, /* trouble: closed without an answer */
	JUDGED_SKIPPED, /* not at RCPT */
	JUDGED_PASS,
	JUDGED_TEMPFAIL,
	JUDGED_FAIL,
	JUDGED_COUNT
};

struct counters {
	atomic_uint_fast64_t lookups[MAP_COUNT][MAP_RESULT_COUNT];
	atomic_uint_fast64_t judged[JUDGED_COUNT];
	atomic_uint_fast64_t accepted;
	atomic_uint_fast64_t broken;  /* closed: not the protocol */
	atomic_uint_fast64_t expired; /* closed: a deadline passed */
	atomic_uint_fast64_t evicted; /* closed: too many, longest idle */
};

/* Only the owner adds, so no locked instruction is needed. */
static inline void
counter_add(atomic_uint_fast64_t *c)
{
	atomic_store_explicit(c,
	    atomic_load_explicit(c, memory_order_relaxed) + 1,
	    memory_order_relaxed);
}

/* Adds all of from to sum; sum belongs to the caller's thread. */
void counters_add(struct counters *sum, const struct counters *from);
/* Adds the counters as "name=value" words of one log line. */
void counters_format(const struct counters *c, struct buf *out);
/* Adds them in the text format of Prometheus. */
void counters_metrics(const struct counters *c, struct buf *out);

const char *map_name(enum map_id map) NONNULL_RETURN;

#endif
