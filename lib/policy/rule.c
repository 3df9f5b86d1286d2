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

/* Most specific first: kind, then literal characters (for a parent its
 * length: of two that match, the longer is the lower domain). An address, a
 * domain and a written form have no degrees. */
static int
pattern_order(const struct pattern *a, const struct pattern *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind != PATTERN_USER_GLOB && a->kind != PATTERN_PARENT &&
	    a->kind != PATTERN_DOMAIN_GLOB)
		return 0;
	if (a->literals != b->literals)
		return a->literals > b->literals ? -1 : 1;
	return 0;
}

/* Prefix length on the scale of IPv6, -1 without subnet. */
static int
subnet_length(const struct rule *r)
{
	if (r->subnet == NULL)
		return -1;
	return r->subnet->bits + (r->subnet->net.family == 4 ? 96 : 0);
}

int
rule_order(const struct rule *a, const struct rule *b)
{
	int c;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	c = pattern_order(&a->recipient, &b->recipient);
	if (c == 0)
		c = pattern_order(&a->sender, &b->sender);
	if (c == 0)
		c = subnet_length(b) - subnet_length(a);
	if (c != 0)
		return c;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return 0;
}
