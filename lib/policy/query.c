/* tlswarden: policy/query - whether a rule's criteria match what is asked.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/query.h"

/* Inbound there is one peer. Outbound one MX in the subnet is enough to demand
 * TLS, but TLS is turned off only if all are in it: else one MX record would
 * turn it off for the others. */
static bool
subnet_matches(const struct rule *rule, const struct query *q)
{
	bool needs_all = !level_demands_tls(rule->demand->level);

	for (size_t i = 0; i < q->n_peers; i++)
		if (cidr_has(rule->subnet, &q->peers[i]) != needs_all)
			return !needs_all;
	return needs_all && q->n_peers > 0;
}

static bool
is_family_known(const struct rule *rule, const struct query *q)
{
	unsigned family =
	    rule->subnet->net.family == 4 ? QUERY_IPV4 : QUERY_IPV6;

	return (q->known_families & family) != 0;
}

/* One known address decides where one is enough. Else what is missing decides,
 * unless it is of a family that the subnet is not of. */
static enum miss
pending_miss(const struct rule *rule, const struct query *q)
{
	bool needs_all = !level_demands_tls(rule->demand->level);

	for (size_t i = 0; i < q->n_peers; i++)
		if (cidr_has(rule->subnet, &q->peers[i]) != needs_all)
			return needs_all ? MISS_SUBNET : MISS_NONE;
	if (is_family_known(rule, q) && (!needs_all || q->n_peers == 0))
		return MISS_SUBNET;
	return MISS_PEER_PENDING;
}

static enum miss
subnet_miss(const struct rule *rule, const struct query *q)
{
	if (rule->subnet == NULL)
		return MISS_NONE;
	switch (q->peers_state) {
	case PEERS_PENDING:
		return pending_miss(rule, q);
	case PEERS_KNOWN:
		return subnet_matches(rule, q) ? MISS_NONE : MISS_SUBNET;
	case PEERS_ABSENT:
		break;
	}
	return MISS_PEER_ABSENT;
}

static enum miss
recipient_miss(const struct rule *rule, const struct query *q)
{
	if (pattern_matches(&rule->recipient, q->recipient))
		return MISS_NONE;
	if (q->recipient->kind == PARTY_NEXTHOP &&
	    pattern_matches_domain(&rule->recipient, q->recipient))
		return MISS_USERS;
	return MISS_RECIPIENT;
}

enum miss
rule_miss(const struct rule *rule, const struct query *q)
{
	enum miss m;

	if (rule->direction != q->direction)
		return MISS_DIRECTION;
	m = recipient_miss(rule, q);
	if (m != MISS_NONE)
		return m;
	if (!pattern_matches(&rule->sender, q->sender))
		return q->sender->kind == PARTY_ABSENT ? MISS_SENDER_ABSENT
						       : MISS_SENDER;
	return subnet_miss(rule, q);
}

const char *
miss_words(enum miss m)
{
	switch (m) {
	case MISS_NONE:
		return "matches";
	case MISS_DIRECTION:
		return "is for the other direction";
	case MISS_RECIPIENT:
		return "recipient does not match";
	case MISS_SENDER:
		return "sender does not match";
	case MISS_SENDER_ABSENT:
		return "needs a sender, which the asker cannot supply";
	case MISS_USERS:
		return "is about some users, a next hop is a whole domain";
	case MISS_SUBNET:
		return "address is not in the subnet";
	case MISS_PEER_ABSENT:
		return "needs an address, which the asker cannot supply";
	case MISS_PEER_PENDING:
		return "depends on addresses that are not resolved";
	case MISS_DISABLED:
		return "is disabled";
	case MISS_EXPIRED:
		return "has expired";
	case MISS_UNKNOWN:
		break;
	}
	return "cannot be judged";
}
