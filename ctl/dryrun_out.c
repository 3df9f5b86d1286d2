/* tlswarden: ctl/dryrun_out - a rule about outbound mail over stored probes.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/trust.h"
#include "ctl/ca_trust.h"
#include "ctl/dryrun.h"
#include "policy/lookup.h"
#include "probe/look.h"
#include "store/state_read.h"
#include "base/banned.h"

enum { SERVERS_MAX = 256 };

/* One destination under way. */
struct visit {
	struct dryrun *d;
	struct store *st;
	const struct trust *trust;
	struct rule rule; /* as if enforced */
	struct destination *to;
	struct addr addrs[SERVERS_MAX];
	size_t n_addrs;
	struct looked looked[SERVERS_MAX];
	struct sv servers[SERVERS_MAX];
	size_t n;
	struct err err;
};

static struct destination *
add(struct dryrun *d, struct sv domain)
{
	struct destination *to;

	if (d->n_destinations == d->max_destinations) {
		d->max_destinations = d->max_destinations * 2 + 64;
		d->destinations = mem_realloc(d->destinations,
		    d->max_destinations, sizeof(*d->destinations));
	}
	to = &d->destinations[d->n_destinations++];
	*to = (struct destination){ .domain = arena_sv(&d->mem, domain) };
	return to;
}

/* The criteria without the subnet, which needs all addresses. */
static bool
may_be_about(const struct rule *rule, const struct party *party)
{
	return dryrun_can_win(rule) &&
	    (pattern_matches(&rule->recipient, party) ||
		pattern_matches_domain(&rule->recipient, party));
}

/* Rows of a domain come one after the other. */
static int
list_domain(void *arg, const struct record_probe *row)
{
	struct dryrun *d = arg;
	struct party party;

	if (d->n_destinations > 0 &&
	    sv_eq(d->destinations[d->n_destinations - 1].domain, row->domain))
		return 0;
	if (party_nexthop(&party, row->domain) == PARTY_OK &&
	    may_be_about(d->rule, &party))
		(void)add(d, row->domain);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct destination *x = a, *y = b;

	return sv_cmp(x->domain, y->domain);
}

/* Sorted, each once. */
static void
sort_domains(struct dryrun *d)
{
	size_t n = 0;

	if (d->n_destinations > 0)
		qsort(d->destinations, d->n_destinations,
		    sizeof(*d->destinations), compare);
	for (size_t i = 0; i < d->n_destinations; i++)
		if (n == 0 ||
		    !sv_eq(d->destinations[n - 1].domain,
			d->destinations[i].domain))
			d->destinations[n++] = d->destinations[i];
	d->n_destinations = n;
}

/* A rule that names one domain is about it, whether anybody looked or not. */
static void
add_named(struct dryrun *d)
{
	const struct pattern *p = &d->rule->recipient;
	struct sv domain = sv_skip(sv_make(p->text, p->n), p->domain_at);

	if (!dryrun_can_win(d->rule))
		return;
	if (p->kind != PATTERN_DOMAIN && p->kind != PATTERN_ADDRESS &&
	    p->kind != PATTERN_USER_GLOB && p->kind != PATTERN_WRITTEN)
		return;
	for (size_t i = 0; i < d->n_destinations; i++)
		if (sv_eq(d->destinations[i].domain, domain))
			return;
	(void)add(d, domain);
}

struct wanted_chain {
	const struct record_probe *row;
	struct buf *pem;
};

/* The one that was sent when the server was looked at. */
static int
take_chain(void *arg, const struct seen_chain *chain)
{
	const struct wanted_chain *w = arg;

	if (!sv_eq_nocase(chain->host, w->row->host))
		return -1;
	if (chain->at_secs == w->row->at_secs && w->pem->n == 0)
		buf_add(w->pem, chain->pem);
	return 0;
}

static void
judge(struct visit *v, const struct look *l)
{
	struct looked *r = &v->looked[v->n];
	struct err err = { 0 };

	if (look_judge(l, &v->rule, v->trust, r, &err) == 0)
		return;
	r->kind = LOOKED_UNKNOWN;
	v->to->why = arena_sv(&v->d->mem, sv_from(err.text)).p;
}

static int
take_server(void *arg, const struct record_probe *row)
{
	struct visit *v = arg;
	struct record_probe with = *row;
	struct wanted_chain wanted = { row, NULL };
	struct look l;
	struct buf pem;

	if (v->n == SERVERS_MAX)
		return -1;
	if (v->n_addrs < SERVERS_MAX &&
	    addr_parse(row->addr, &v->addrs[v->n_addrs]))
		v->n_addrs++;
	buf_init(&pem, LIMIT_RECORD_CHAIN);
	wanted.pem = &pem;
	if (state_chains_each(v->st, row->host, take_chain, &wanted, &v->err) !=
	    0)
		v->to->why = arena_sv(&v->d->mem, sv_from(v->err.text)).p;
	with.chain = buf_sv(&pem);
	v->looked[v->n].kind = LOOKED_UNKNOWN;
	if (look_of_row(&l, &with, &v->err) == 0)
		judge(v, &l);
	else
		v->to->why = arena_sv(&v->d->mem, sv_from(v->err.text)).p;
	/* What it showed then is no certificate any more. */
	if (v->looked[v->n].kind == LOOKED_PASSES && row->not_after_secs != 0 &&
	    row->not_after_secs <= v->d->app->now &&
	    rule_authenticates(&v->rule)) {
		v->looked[v->n].kind = LOOKED_UNKNOWN;
		v->to->why = "a certificate has ended since it was looked at";
	}
	v->servers[v->n++] = arena_sv(&v->d->mem, row->host);
	if (row->at_secs > v->to->looked_secs)
		v->to->looked_secs = row->at_secs;
	look_done(&l);
	buf_free(&pem);
	return 0;
}

/* Whether the rule would win there, with all addresses that are known. */
static bool
would_win(const struct visit *v, const struct party *party)
{
	const struct rule *winner;
	struct rule_rank rank = rule_rank(&v->rule), winners;
	const struct lookup_peers peers = { .addrs = v->addrs,
		.n = v->n_addrs,
		.is_complete = true };
	struct query q;
	enum miss m;

	lookup_nexthop_query(party, &peers, &q);
	m = rule_miss(&v->rule, &q);
	if (m != MISS_NONE && m != MISS_USERS)
		return false;
	winner = snapshot_find(v->d->table->snap, &q).rule;
	if (winner == NULL || winner->id == v->rule.id)
		return true;
	winners = rule_rank(winner);
	return rule_rank_wins(&rank, &winners);
}

static void
conclude(struct visit *v)
{
	struct destination *to = v->to;
	struct party party;
	struct looked all;
	size_t which;

	if (party_nexthop(&party, to->domain) != PARTY_OK ||
	    !would_win(v, &party)) {
		to->kind = REPLAY_OTHER;
		return;
	}
	all = look_of_all(v->looked, v->n, &which);
	if (v->n > 0)
		to->server = v->servers[which];
	to->reason = all.reason;
	to->is_permanent = all.is_permanent;
	to->kind = all.kind == LOOKED_PASSES ? REPLAY_PASSES
	    : all.kind == LOOKED_FAILS       ? REPLAY_REFUSES
					     : REPLAY_UNKNOWN;
	if (to->kind != REPLAY_UNKNOWN)
		return;
	if (v->n == 0)
		to->why = "never looked at, or not since then";
	else if (to->why == NULL)
		to->why = "no server could be reached when it was looked at";
}

static int
visit(struct visit *v, struct destination *to, struct err *err_r)
{
	struct probe_filter f = { .since_secs = v->d->since_secs,
		.domain = to->domain };

	v->to = to;
	v->n = v->n_addrs = 0;
	if (state_probes_each(v->st, &f, true, take_server, v, err_r) != 0)
		return -1;
	conclude(v);
	return 0;
}

/* Drops what the rule is not about. */
static void
settle(struct dryrun *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_destinations; i++) {
		const struct destination *to = &d->destinations[i];

		if (to->kind == REPLAY_OTHER)
			continue;
		d->n_refused += to->kind == REPLAY_REFUSES;
		d->n_passed += to->kind == REPLAY_PASSES;
		d->n_unknown += to->kind == REPLAY_UNKNOWN;
		d->destinations[n++] = *to;
	}
	d->n_destinations = n;
}

static int
visit_all(struct visit *v, struct err *err_r)
{
	struct dryrun *d = v->d;
	const struct probe_filter f = { .since_secs = d->since_secs };

	if (state_probes_each(v->st, &f, false, list_domain, d, err_r) != 0)
		return -1;
	sort_domains(d);
	add_named(d);
	for (size_t i = 0; i < d->n_destinations; i++)
		if (visit(v, &d->destinations[i], err_r) != 0)
			return -1;
	settle(d);
	return 0;
}

int
dryrun_out(struct dryrun *d, struct store *st, struct err *err_r)
{
	struct visit *v = mem_zalloc(1, sizeof(*v));
	struct trust *trust = NULL;
	const struct ca *ca = d->rule->demand->ca;
	struct replay as_enforced;
	int rc;

	replay_init(&as_enforced, d->table->snap, d->rule, d->app->now);
	v->d = d;
	v->st = st;
	v->rule = as_enforced.rule;
	rc = ca != NULL ? ca_trust_load(d->table, ca->name, &trust, err_r)
			: trust_load(d->app->conf->trust_store, &trust, err_r);
	v->trust = trust;
	if (rc == 0)
		rc = visit_all(v, err_r);
	trust_free(trust);
	free(v);
	replay_done(&as_enforced);
	return rc;
}
