/* tlswarden: policy/cover - whether one rule leaves nothing for another.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "policy/cover.h"

static struct sv
user_of(const struct pattern *p)
{
	return sv_make(p->text, p->has_user ? (size_t)p->domain_at - 1 : 0);
}

static struct sv
domain_of(const struct pattern *p)
{
	return sv_make(p->text + p->domain_at, (size_t)(p->n - p->domain_at));
}

static bool
is_same(const struct pattern *a, const struct pattern *b)
{
	return a->kind == b->kind && a->is_null == b->is_null &&
	    a->is_bracketed == b->is_bracketed && a->port == b->port &&
	    sv_eq(sv_make(a->text, a->n), sv_make(b->text, b->n));
}

/* A glob covers another whose wildcards it meets with '*': literals of a then
 * stand for the same literals of b. */
static bool
glob_covers(struct sv a, struct sv b)
{
	if (sv_find(a, '?') < a.n)
		return sv_eq(a, b);
	return pattern_glob(a, b);
}

/* The next hop or address that a pattern without wildcards is. */
static bool
party_of(const struct pattern *p, struct party *who)
{
	struct sv domain = domain_of(p);
	struct addr literal;
	struct buf text;
	enum party_status st;

	buf_init(&text, PARTY_TEXT_MAX + 16);
	if (p->has_user)
		buf_addf(&text, "%.*s@", SV_ARG(user_of(p)));
	if (p->is_bracketed || (p->has_user && addr_parse(domain, &literal)))
		buf_addf(&text, "[%.*s]", SV_ARG(domain));
	else
		buf_add(&text, domain);
	if (p->port != 0)
		buf_addf(&text, ":%u", (unsigned)p->port);
	st = p->has_user ? party_address(who, buf_sv(&text))
			 : party_nexthop(who, buf_sv(&text));
	buf_free(&text);
	return st == PARTY_OK;
}

static bool
covers_one(const struct pattern *a, const struct pattern *b)
{
	struct party who;

	return !b->is_null && party_of(b, &who) && pattern_matches(a, &who);
}

/* Every user of one domain. */
static bool
covers_domain(const struct pattern *a, struct sv domain)
{
	struct party who;

	return pattern_covers_domain(a) &&
	    party_nexthop(&who, domain) == PARTY_OK && pattern_matches(a, &who);
}

static bool
covers_user_glob(const struct pattern *a, const struct pattern *b)
{
	if (covers_domain(a, domain_of(b)))
		return true;
	return a->has_user && a->kind != PATTERN_ADDRESS &&
	    glob_covers(user_of(a), user_of(b)) &&
	    pattern_glob(domain_of(a), domain_of(b));
}

/* domain may be a glob: what it matches ends as it does. */
static bool
is_below(struct sv domain, struct sv parent)
{
	return domain.n > parent.n + 1 && sv_ends(domain, parent) &&
	    domain.p[domain.n - parent.n - 1] == '.';
}

static bool
covers_parent(const struct pattern *a, const struct pattern *b)
{
	struct buf glob;
	bool yes;

	if (a->kind == PATTERN_PARENT)
		return is_below(domain_of(b), domain_of(a));
	if (a->kind != PATTERN_DOMAIN_GLOB || !pattern_covers_domain(a))
		return false;
	buf_init(&glob, LIMIT_PATTERN + 2);
	buf_addf(&glob, "*.%.*s", SV_ARG(domain_of(b)));
	yes = glob_covers(domain_of(a), buf_sv(&glob));
	buf_free(&glob);
	return yes;
}

static bool
covers_domain_glob(const struct pattern *a, const struct pattern *b)
{
	struct sv users = b->has_user ? user_of(b) : sv_from("*");

	if (a->kind == PATTERN_PARENT)
		return is_below(domain_of(b), domain_of(a));
	return a->kind == PATTERN_DOMAIN_GLOB &&
	    glob_covers(domain_of(a), domain_of(b)) &&
	    (pattern_covers_domain(a) ||
		(b->has_user && glob_covers(user_of(a), users)));
}

bool
pattern_covers(const struct pattern *a, const struct pattern *b)
{
	if (a->kind == PATTERN_BAD || b->kind == PATTERN_BAD)
		return false;
	if (a->kind == PATTERN_ANY || is_same(a, b))
		return true;
	switch ((enum pattern_kind)b->kind) {
	case PATTERN_WRITTEN:
	case PATTERN_ADDRESS:
		return covers_one(a, b);
	case PATTERN_USER_GLOB:
		return covers_user_glob(a, b);
	case PATTERN_DOMAIN:
		return covers_domain(a, domain_of(b));
	case PATTERN_PARENT:
		return covers_parent(a, b);
	case PATTERN_DOMAIN_GLOB:
		return covers_domain_glob(a, b);
	case PATTERN_BAD:
	case PATTERN_ANY:
		break;
	}
	return false;
}

/* Outbound a rule that demands TLS matches with one address in its subnet,
 * another only with all of them: the former does not imply the latter. */
static bool
subnet_covers(const struct rule *a, const struct rule *b)
{
	if (a->subnet == NULL)
		return true;
	if (b->subnet == NULL || b->subnet->bits < a->subnet->bits ||
	    !cidr_has(a->subnet, &b->subnet->net))
		return false;
	return a->direction == DIRECTION_IN ||
	    level_demands_tls(a->demand->level) ||
	    !level_demands_tls(b->demand->level);
}

bool
rule_covers(const struct rule *a, const struct rule *b)
{
	return a->direction == b->direction && subnet_covers(a, b) &&
	    pattern_covers(&a->recipient, &b->recipient) &&
	    pattern_covers(&a->sender, &b->sender);
}
