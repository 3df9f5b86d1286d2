/* tlswarden: tests/unit/naive - the rules of DESIGN section 4, told plainly.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "naive.h"

static bool
glob(const char *g, const char *t)
{
	if (*g == '\0')
		return *t == '\0';
	if (*g == '*')
		return glob(g + 1, t) || (*t != '\0' && glob(g, t + 1));
	return *t != '\0' && (*g == '?' || *g == *t) && glob(g + 1, t + 1);
}

static bool
is_globby(const char *s)
{
	return strpbrk(s, "*?") != NULL;
}

/* The part behind the last '@', or NULL. */
static const char *
host_part(const char *s)
{
	const char *at = strrchr(s, '@');

	return at == NULL ? NULL : at + 1;
}

static void
user_part(const char *s, char out[static NAIVE_TEXT])
{
	const char *at = strrchr(s, '@');
	size_t n = at == NULL ? 0 : (size_t)(at - s);

	memcpy(out, s, n);
	out[n] = '\0';
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* A pattern without '@' against a domain. */
static bool
domain_matches(const char *pattern, const char *domain, bool is_literal)
{
	if (is_literal)
		return false;
	if (is_globby(pattern))
		return glob(pattern, domain);
	if (pattern[0] == '.')
		return ends_with(domain, pattern) &&
		    strlen(domain) > strlen(pattern);
	return strcmp(pattern, domain) == 0;
}

static bool
address_matches(const char *pattern, const char *address)
{
	char pattern_user[NAIVE_TEXT], user[NAIVE_TEXT];

	if (strcmp(pattern, "*") == 0)
		return true;
	if (strcmp(pattern, "<>") == 0)
		return address[0] == '\0';
	if (address[0] == '\0')
		return false;
	if (host_part(pattern) == NULL)
		return domain_matches(pattern, host_part(address), false);
	user_part(pattern, pattern_user);
	user_part(address, user);
	return glob(pattern_user, user) &&
	    glob(host_part(pattern), host_part(address));
}

/* Rules that cover every user answer next hops. */
static bool
nexthop_matches(const char *pattern, const struct naive_query *q)
{
	if (strcmp(pattern, "*") == 0 || strcmp(pattern, "*@*") == 0)
		return true;
	if (pattern[0] == '[' || strchr(pattern, ':') != NULL)
		return strcmp(pattern, q->recipient) == 0;
	if (host_part(pattern) == NULL)
		return domain_matches(pattern, q->host, q->is_literal);
	if (strncmp(pattern, "*@", 2) != 0)
		return false;
	return domain_matches(pattern + 2, q->host, q->is_literal);
}

static bool
in_net(const struct naive_rule *r, uint32_t a)
{
	return r->bits == 0 || ((a ^ r->net) >> (32 - r->bits)) == 0;
}

static bool
subnet_matches(const struct naive_rule *r, const struct naive_query *q,
    enum naive_fault fault)
{
	bool demands =
	    strcmp(r->level, "encrypt") == 0 || strcmp(r->level, "secure") == 0;
	int inside = 0;

	if (r->bits < 0)
		return true;
	for (int i = 0; i < q->n_peers; i++)
		if (in_net(r, q->peers[i]))
			inside++;
	if (demands || fault == FAULT_ANY_SUBNET_FOR_ALL)
		return inside > 0;
	return inside > 0 && inside == q->n_peers;
}

bool
naive_matches(const struct naive_rule *r, const struct naive_query *q,
    enum naive_fault fault)
{
	if (r->is_out != q->is_out)
		return false;
	if (strcmp(r->sender, "*") != 0 &&
	    (!q->has_sender || !address_matches(r->sender, q->sender)))
		return false;
	if (q->is_nexthop ? !nexthop_matches(r->recipient, q)
			  : !address_matches(r->recipient, q->recipient))
		return false;
	return subnet_matches(r, q, fault);
}

/* Written, address, user glob, domain, parent, domain glob, any. */
static int
kind(const char *p)
{
	const char *host = host_part(p);

	if (strcmp(p, "*") == 0)
		return 6;
	if (strcmp(p, "<>") == 0)
		return 1;
	if (host == NULL && (p[0] == '[' || strchr(p, ':') != NULL))
		return 0;
	if (host == NULL)
		return is_globby(p) ? 5 : p[0] == '.' ? 4 : 3;
	if (is_globby(host))
		return 5;
	return is_globby(p) ? 2 : 1;
}

static int
literals(const char *p)
{
	int n = 0;

	for (; *p != '\0'; p++)
		if (strchr("*?@", *p) == NULL)
			n++;
	return n;
}

static int
pattern_cmp(const char *a, const char *b, enum naive_fault fault)
{
	int k = kind(a);

	if (k != kind(b))
		return k - kind(b);
	if (k == 4)
		return fault == FAULT_SHORTEST_PARENT
		    ? (int)strlen(a) - (int)strlen(b)
		    : (int)strlen(b) - (int)strlen(a);
	if (k == 2 || k == 5)
		return literals(b) - literals(a);
	return 0;
}

static bool
beats(const struct naive_rule *a, const struct naive_rule *b,
    enum naive_fault fault)
{
	int c = a->priority - b->priority;

	if (c == 0)
		c = pattern_cmp(a->recipient, b->recipient, fault);
	if (c == 0 && fault != FAULT_IGNORE_SENDER_ORDER)
		c = pattern_cmp(a->sender, b->sender, fault);
	if (c == 0)
		c = b->bits - a->bits;
	if (c == 0)
		c = a->id < b->id ? -1 : 1;
	return c < 0;
}

int64_t
naive_winner(const struct naive_rule *rules, int n, const struct naive_query *q,
    int64_t now, enum naive_fault fault)
{
	const struct naive_rule *best = NULL;

	for (int i = 0; i < n; i++) {
		const struct naive_rule *r = &rules[i];

		if (!r->is_enabled || r->is_monitor ||
		    (r->expires_at != 0 && now >= r->expires_at) ||
		    !naive_matches(r, q, fault))
			continue;
		if (best == NULL || beats(r, best, fault))
			best = r;
	}
	return best == NULL ? 0 : best->id;
}
