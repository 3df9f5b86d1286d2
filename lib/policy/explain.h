/* tlswarden: policy/explain - every rule, and why it did or did not match.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Has no rule logic of its own: rule_miss and snapshot_find say it all.
 */
#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "policy/query.h"
#include "policy/snapshot.h"

struct explain_line {
	const struct rule *rule;
	enum miss miss; /* MISS_NONE: its criteria match */
	bool is_winner;
	bool is_monitor;  /* judged beside, never answers */
	bool is_shadowed; /* matches, but a rule before it won */
};

/* Calls fn for every rule in winning order, with now for expiry. */
void explain(const struct snapshot *s, const struct query *q, int64_t now,
    void (*fn)(void *arg, const struct explain_line *line), void *arg);

#endif
