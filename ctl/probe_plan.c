/* tlswarden: ctl/probe_plan - places, rule and trust of each target.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "base/mem.h"
#include "ctl/ca_trust.h"
#include "ctl/probe.h"
#include "daemon/peers.h"
#include "policy/lookup.h"
#include "policy/snapshot.h"
#include "probe/sweep.h"
#include "resolve/search.h"
#include "base/banned.h"

enum { RESOLVERS_MAX = 16 };

/* Each thread asks a resolver of its own. They are made by one thread:
 * libunbound's log has a lock that the first two contexts made at the same time
 * both initialise. */
struct resolving {
	struct probing *p;
	struct resolver *resolvers[RESOLVERS_MAX];
	size_t n;
	bool needs_servers;
	struct err trouble;
};

static size_t
count_names(const struct probing *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_errands; i++)
		n += target_needs_dns(&p->errands[i].target);
	return n;
}

/* No more than there are names to ask for. */
static void
make_resolvers(struct resolving *rs, size_t n_wanted)
{
	while (rs->n < n_wanted) {
		struct resolver *r = target_resolver(rs->p->conf, &rs->trouble);

		if (r == NULL)
			return;
		rs->resolvers[rs->n++] = r;
	}
}

/* True if there are rules, watching ones too, for which policyd would ask DNS
 * about servers. */
static bool
has_subnets(const struct snapshot *s)
{
	for (size_t i = 0; s != NULL && i < snapshot_count(s); i++) {
		const struct rule *r = snapshot_rule(s, i);

		if (r->direction == DIRECTION_OUT && r->subnet != NULL)
			return true;
	}
	return false;
}

static void
resolve_one(void *arg, size_t i, size_t worker)
{
	struct resolving *rs = arg;
	struct errand *e = &rs->p->errands[i];

	if (target_needs_dns(&e->target) && rs->resolvers[worker] == NULL) {
		e->trouble = rs->trouble;
		return;
	}
	if (target_needs_dns(&e->target) && rs->needs_servers) {
		const struct servers_key key = peers_key(&e->target.party);

		e->servers =
		    search_wait(rs->resolvers[worker], &key, SEARCH_WAIT_MSECS);
	}
	target_resolve(&e->target, rs->resolvers[worker],
	    rs->p->how.timeout_msecs);
}

static void
resolve_all(struct probing *p)
{
	struct resolving rs = { .p = p,
		.needs_servers = has_subnets(p->table.snap) };
	struct sweep s = {
		.n_jobs = p->n_errands,
		.job = resolve_one,
		.arg = &rs,
	};
	size_t n = count_names(p);

	if (n > p->n_parallel)
		n = p->n_parallel;
	if (n > RESOLVERS_MAX)
		n = RESOLVERS_MAX;
	make_resolvers(&rs, n);
	s.n_parallel = rs.n > 0 ? rs.n : 1;
	sweep_run(&s);
	for (size_t i = 0; i < rs.n; i++)
		resolver_free(rs.resolvers[i]);
}

/* What policyd knows of the servers when it answers; a place that was given is
 * the only one. */
void
probe_query(const struct probing *p, const struct errand *e, struct query *q)
{
	struct lookup_peers peers = { .is_complete = false };

	if (e->servers != NULL)
		peers = peers_of(e->servers);
	else if (p->is_connect && e->target.n_places == 1)
		peers = (struct lookup_peers){ &e->target.places[0].addr, 1,
			true, 0, sv_from("") };
	lookup_nexthop_query(&e->target.party, &peers, q);
}

static void
find_rule(const struct probing *p, struct errand *e)
{
	struct snapshot_match match;
	struct query q;

	if (p->table.snap == NULL)
		return;
	probe_query(p, e, &q);
	match = snapshot_find(p->table.snap, &q);
	e->rule = match.rule;
	e->is_rule_unknown = match.needs_peers;
}

static int
take_rule(const struct probing *p, struct errand *e, const char *id_text)
{
	uint64_t id;

	if (!sv_to_u64(sv_from(id_text), INT64_MAX, &id))
		return err_set(&e->trouble, EX_USAGE,
		    "--rule: \"%s\" is no number of a rule", id_text);
	if (p->table.snap == NULL)
		return err_set(&e->trouble, EX_NOINPUT, "--rule %s: %s",
		    id_text, p->no_table);
	e->rule = snapshot_rule_by_id(p->table.snap, (int64_t)id);
	if (e->rule == NULL)
		return err_set(&e->trouble, EX_DATAERR,
		    "there is no rule %s (tlswarden rule list)", id_text);
	if (e->rule->direction != DIRECTION_OUT)
		return err_set(&e->trouble, EX_USAGE,
		    "rule %s is about mail that we receive: a probe is "
		    "judged by rules of direction out",
		    id_text);
	return 0;
}

const struct trust *
probe_trust(struct probing *p, const struct rule *rule, struct err *err_r)
{
	struct trust *trust = NULL;
	struct sv name;

	if (rule == NULL || rule->demand->ca == NULL)
		return p->trust;
	name = rule->demand->ca->name;
	for (size_t i = 0; i < p->n_cas; i++)
		if (sv_is(name, p->cas[i].name))
			return p->cas[i].trust;
	if (ca_trust_load(&p->table, name, &trust, err_r) != 0)
		return NULL;
	p->cas = mem_realloc(p->cas, p->n_cas + 1, sizeof(*p->cas));
	p->cas[p->n_cas++] = (struct ca_trust){ mem_svdup(name), trust };
	return trust;
}

static void
take_trust(struct probing *p, struct errand *e)
{
	e->has_own_trust = e->rule != NULL && e->rule->demand->ca != NULL;
	e->trust = probe_trust(p, e->rule, &e->trouble);
}

void
probe_plan(struct probing *p)
{
	const char *id = args_get(p->args, "rule");

	resolve_all(p);
	for (size_t i = 0; i < p->n_errands; i++) {
		struct errand *e = &p->errands[i];

		if (e->trouble.sysexit != 0)
			continue;
		if (id == NULL)
			find_rule(p, e);
		else if (take_rule(p, e, id) != 0)
			continue;
		take_trust(p, e);
	}
}
