/* tlswarden: policy/rivals - rules that may win over one, who knows?
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "policy/rivals.h"

static bool
names_users(const struct pattern *p)
{
	return !p->is_null && !pattern_covers_domain(p);
}

static bool
is_about_users(const struct rule *r)
{
	return names_users(&r->sender) || names_users(&r->recipient);
}

static void
add(struct rivals *r, const struct snapshot *s, bool is_users,
    const struct rule *rule, int64_t now)
{
	struct rule_rank rank = rule_rank(rule);

	for (size_t i = 0; i < snapshot_count(s); i++) {
		const struct rule *rival = snapshot_rule(s, i);
		struct rule_rank rivals = rule_rank(rival);

		if (rival->direction == rule->direction &&
		    rival->mode == MODE_ENFORCE && rival->is_enabled &&
		    now < rival->expires_at && rival->id != rule->id &&
		    is_about_users(rival) == is_users &&
		    rule_rank_wins(&rivals, &rank))
			r->v[r->n++] = rival;
	}
}

void
rivals_init(struct rivals *r, const struct snapshot *s, const struct rule *rule,
    int64_t now)
{
	r->v = mem_zalloc(snapshot_count(s) + 1, sizeof(struct rule *));
	r->n = 0;
	add(r, s, true, rule, now);
	r->n_users = r->n;
	add(r, s, false, rule, now);
}

static bool
may_match(const struct pattern *p, const struct party *who)
{
	return who->kind == PARTY_ABSENT || pattern_matches(p, who) ||
	    (who->kind == PARTY_NEXTHOP && pattern_matches_domain(p, who));
}

/* The subnet of a client that is not known is no reason either. */
static bool
may_be_there(const struct rule *rule, const struct query *q)
{
	return rule->subnet == NULL || q->n_peers == 0 ||
	    cidr_has(rule->subnet, &q->peers[0]);
}

bool
rivals_may_win(const struct rivals *r, const struct query *q)
{
	bool is_known = q->sender->kind != PARTY_ABSENT &&
	    q->recipient->kind != PARTY_ABSENT;
	size_t n = is_known ? r->n_users : r->n;

	for (size_t i = 0; i < n; i++)
		if (may_match(&r->v[i]->sender, q->sender) &&
		    may_match(&r->v[i]->recipient, q->recipient) &&
		    may_be_there(r->v[i], q))
			return true;
	return false;
}

void
rivals_done(struct rivals *r)
{
	free(r->v);
	*r = (struct rivals){ .v = NULL };
}
