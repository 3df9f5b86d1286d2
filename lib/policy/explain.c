/* tlswarden: policy/explain - every rule, and why it did or did not match.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/explain.h"

static enum miss
activity_miss(const struct rule *r, int64_t now)
{
	if (!r->is_enabled)
		return MISS_DISABLED;
	return r->expires_at <= now ? MISS_EXPIRED : MISS_NONE;
}

void
explain(const struct snapshot *s, const struct query *q, int64_t now,
    void (*fn)(void *arg, const struct explain_line *line), void *arg)
{
	const struct rule *winner = snapshot_find(s, q).rule;

	for (size_t i = 0; i < snapshot_count(s); i++) {
		struct explain_line line = { 0 };

		line.rule = snapshot_rule(s, i);
		line.miss = activity_miss(line.rule, now);
		if (line.miss == MISS_NONE)
			line.miss = rule_miss(line.rule, q);
		line.is_winner = line.rule == winner;
		line.is_monitor = line.rule->mode == MODE_MONITOR;
		line.is_shadowed = line.miss == MISS_NONE && winner != NULL &&
		    line.rule > winner;
		fn(arg, &line);
	}
}
