/* tlswarden: ctl/failures - the ledger: like violations put together.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_FAILURES_H
#define CTL_FAILURES_H

#include "base/arena.h"
#include "base/attr.h"
#include "fact/record.h"

/* Violations that differ only by time, by user and by what was said. */
struct failure {
	uint64_t n;
	uint64_t n_sessions; /* the caller's to count */
	int64_t first_secs, last_secs;
	int64_t rule;
	bool is_outbound, is_monitor;
	enum record_source source;
	struct sv reason, from, to, peer;
};

struct failures {
	struct arena mem;
	struct failure *v;
	size_t n, cap;
	size_t *slots; /* a hash table of indexes + 1 */
	size_t n_slots;
};

void failures_init(struct failures *f);
/* Counts it and returns those like it, valid until the next. */
struct failure *failures_add(struct failures *f,
    const struct record_violation *row) NONNULL_RETURN;
/* Most frequent first. */
void failures_sort(struct failures *f);
void failures_free(struct failures *f);

#endif
