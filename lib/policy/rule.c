/* tlswarden: policy/rule - which rule wins over which.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/rule.h"

bool
level_demands_tls(enum level l)
{
	return l == LEVEL_ENCRYPT || l == LEVEL_SECURE;
}

bool
rule_authenticates(const struct rule *r)
{
	return r->demand->level == LEVEL_SECURE || r->demand->fingerprint.n > 0;
}

/* Lower is more specific: the kind, then literal characters (for a parent its
 * length: of two that match, the longer is the lower domain). An address, a
 * domain and a written form have no degrees. */
static uint64_t
pattern_rank(const struct pattern *p)
{
	uint64_t degree = 0;

	if (p->kind == PATTERN_USER_GLOB || p->kind == PATTERN_PARENT ||
	    p->kind == PATTERN_DOMAIN_GLOB)
		degree = (uint64_t)(UINT16_MAX - p->literals);
	return ((uint64_t)p->kind << 16) | degree;
}

/* The longest prefix is the lowest, on the scale of IPv6; none is last. */
static uint64_t
subnet_rank(const struct rule *r)
{
	if (r->subnet == NULL)
		return 255;
	return 128U - r->subnet->bits - (r->subnet->net.family == 4 ? 96U : 0U);
}

struct rule_rank
rule_rank(const struct rule *r)
{
	struct rule_rank k;
	uint64_t priority = (uint64_t)((int64_t)r->priority - INT32_MIN);

	k.recipient = (priority << 24) | pattern_rank(&r->recipient);
	k.sender = (pattern_rank(&r->sender) << 8) | subnet_rank(r);
	k.id = (uint64_t)r->id ^ (1ULL << 63);
	return k;
}

bool
rule_rank_wins(const struct rule_rank *a, const struct rule_rank *b)
{
	if (a->recipient != b->recipient)
		return a->recipient < b->recipient;
	if (a->sender != b->sender)
		return a->sender < b->sender;
	return a->id < b->id;
}
