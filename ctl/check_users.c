/* tlswarden: ctl/check_users - rules about users that Postfix takes for one.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Rules for users of one domain at one level come to Postfix by one lookup:
 * smtp(8) asks the map of the level with the next hop alone, and one answer,
 * and one way to fail, holds for all of them.
 */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ctl/check.h"
#include "policy/snapshot.h"
#include "base/banned.h"

enum { COMPARISONS = 10000000 };

static struct sv
domain_of(const struct rule *r)
{
	const struct pattern *p = &r->recipient;

	return sv_make(p->text + p->domain_at, (size_t)(p->n - p->domain_at));
}

static bool
has_glob(struct sv domain)
{
	return sv_find(domain, '*') < domain.n ||
	    sv_find(domain, '?') < domain.n;
}

static int
by_domain(const void *a, const void *b)
{
	const struct rule *x = *(const struct rule *const *)a;
	const struct rule *y = *(const struct rule *const *)b;
	int d = sv_cmp(domain_of(x), domain_of(y));

	if (d == 0 && x->demand->level != y->demand->level)
		d = x->demand->level < y->demand->level ? -1 : 1;
	if (d == 0 && x->id != y->id)
		d = x->id < y->id ? -1 : 1;
	return d;
}

/* How it fails counts for levels that refuse. */
static bool
differ(const struct rule *x, const struct rule *y)
{
	return x->demand != y->demand ||
	    (level_demands_tls(x->demand->level) &&
		x->on_failure != y->on_failure);
}

static struct check_finding *
add_conflict(struct check *c)
{
	return check_add(c, CHECK_PROBLEM, "same_domain_same_level",
	    CHECK_POSTFIX,
	    "are about users of one domain at one level with different demands "
	    "or on_failure; smtp(8) asks without the user, so that the "
	    "strictest is applied to all of them, none bounces when one says "
	    "tempfail, and all wait where none demands all that the others do",
	    "give them the same demands and on_failure, or different levels");
}

/* The rules of one domain and level, n of them. */
static void
check_same(struct check *c, const struct rule **rules, size_t n)
{
	struct check_finding *f = NULL;

	for (size_t i = 1; i < n && f == NULL; i++)
		if (differ(rules[0], rules[i]))
			f = add_conflict(c);
	for (size_t i = 0; i < n && f != NULL; i++)
		check_rule(f, rules[i]->id);
}

/* One whose domain has wildcards, with all whose domain these match. */
static void
check_glob(struct check *c, const struct rule *glob, const struct rule **rules,
    size_t n)
{
	struct check_finding *f = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct rule *r = rules[i];

		if (r->demand->level != glob->demand->level ||
		    !differ(glob, r) || sv_eq(domain_of(glob), domain_of(r)) ||
		    !pattern_glob(domain_of(glob), domain_of(r)))
			continue;
		if (f == NULL) {
			f = add_conflict(c);
			check_rule(f, glob->id);
		}
		check_rule(f, r->id);
	}
}

static void
check_all(struct check *c, const struct rule **rules, size_t n)
{
	size_t start = 0, n_left_out = 0, n_compared = 0;

	for (size_t i = 1; i <= n; i++) {
		if (i < n &&
		    rules[i]->demand->level == rules[start]->demand->level &&
		    sv_eq(domain_of(rules[i]), domain_of(rules[start])))
			continue;
		check_same(c, rules + start, i - start);
		start = i;
	}
	for (size_t i = 0; i < n; i++) {
		if (!has_glob(domain_of(rules[i])))
			continue;
		n_compared += n;
		if (n_compared > COMPARISONS)
			n_left_out++;
		else
			check_glob(c, rules[i], rules, n);
	}
	if (n_left_out > 0)
		check_add(c, CHECK_NOTICE, "not_compared", CHECK_POSTFIX,
		    check_text(c,
			"%zu rules about users of domains with wildcards were "
			"not compared with the others: there are too many",
			n_left_out),
		    NULL);
}

void
check_conflicts(struct check *c)
{
	const struct snapshot *s = c->table.snap;
	size_t n = 0;
	const struct rule **users =
	    mem_zalloc(snapshot_count(s) + 1, sizeof(*users));

	for (size_t i = 0; i < snapshot_count(s); i++) {
		const struct rule *r = snapshot_rule(s, i);

		if (r->is_enabled && r->expires_at > c->app->now &&
		    r->mode == MODE_ENFORCE && r->direction == DIRECTION_OUT &&
		    !pattern_covers_domain(&r->recipient))
			users[n++] = r;
	}
	qsort(users, n, sizeof(*users), by_domain);
	check_all(c, users, n);
	free(users);
}
