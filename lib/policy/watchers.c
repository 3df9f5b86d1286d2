/* tlswarden: policy/watchers - monitor rules about mail to a next hop.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "policy/watchers.h"

static bool
is_about_users(const struct rule *r, int64_t now)
{
	return r->mode == MODE_MONITOR && r->direction == DIRECTION_OUT &&
	    r->is_enabled && now < r->expires_at &&
	    !pattern_covers_domain(&r->recipient);
}

void
watchers_init(struct watchers *w, const struct snapshot *s, int64_t now)
{
	size_t n = 0;

	*w = (struct watchers){ .snapshot = s };
	for (size_t i = 0; i < snapshot_count(s); i++)
		n += is_about_users(snapshot_rule(s, i), now);
	w->users = mem_zalloc(n + 1, sizeof(struct rule *));
	for (size_t i = 0; i < snapshot_count(s); i++)
		if (is_about_users(snapshot_rule(s, i), now))
			w->users[w->n_users++] = snapshot_rule(s, i);
}

void
watchers_done(struct watchers *w)
{
	free(w->users);
	*w = (struct watchers){ .users = NULL };
}

struct call {
	void (*fn)(void *arg, const struct rule *rule);
	void *arg;
};

static void
pass_on(void *arg, const struct rule *rule)
{
	const struct call *c = arg;

	if (level_demands_tls(rule->demand->level))
		c->fn(c->arg, rule);
}

void
watchers_each(const struct watchers *w, const struct query *q,
    void (*fn)(void *arg, const struct rule *rule), void *arg)
{
	const struct rule *winner = snapshot_find(w->snapshot, q).rule;
	struct call c = { fn, arg };

	snapshot_monitors(w->snapshot, q, winner, pass_on, &c);
	/* In a snapshot the rule that wins stands first. */
	for (size_t i = 0; i < w->n_users; i++)
		if ((winner == NULL || w->users[i] < winner) &&
		    rule_miss(w->users[i], q) == MISS_USERS)
			pass_on(&c, w->users[i]);
}
