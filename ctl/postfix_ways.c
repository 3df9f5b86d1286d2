/* tlswarden: ctl/postfix_ways - settings of Postfix that lead round the rules.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "ctl/postfix_plan.h"
#include "policy/lookup.h"
#include "base/banned.h"

enum { ROUTES_ASKED = 100, WORDS_BYTES = 1024 };

/* A connection that is found by next hop is used again without a lookup. */
static void
way_cached_connections(struct plan *p)
{
	const struct postfix *pf = &p->postfix;
	struct sv destinations =
	    postfix_get(pf, "smtp_connection_cache_destinations");

	if (sv_is(postfix_get(pf, "smtp_connection_cache_on_demand"), "yes"))
		plan_change(p,
		    plan_notice(p, plan_is_out_strict, "cached_connections",
			"smtp_connection_cache_on_demand",
			"a connection that is open is used again without a "
			"look at the rules: for some minutes after a change of "
			"the table mail can go as the table was"),
		    "-e", "smtp_connection_cache_on_demand = no");
	if (destinations.n > 0)
		plan_change(p,
		    plan_notice(p, plan_is_out_strict, "cached_connections",
			"smtp_connection_cache_destinations",
			check_text(p->check,
			    "connections to %.*s are kept and used again "
			    "without a look at the rules",
			    SV_ARG(destinations))),
		    "-e", "smtp_connection_cache_destinations =");
}

/* The header "TLS-Required: no" (RFC 8689), since Postfix 3.10. */
static void
way_header(struct plan *p)
{
	if (sv_is(postfix_get(&p->postfix, "tls_required_enable"), "yes"))
		plan_change(p,
		    plan_need(p, plan_is_out_strict, "tls_required_header",
			"tls_required_enable",
			"every sender can switch the rules off for a message "
			"with the header \"TLS-Required: no\""),
		    "-e", "tls_required_enable = no");
}

/* The rule that answers for a next hop as it stands in main.cf. */
static const struct rule *
rule_of(const struct plan *p, struct sv nexthop)
{
	struct lookup_answer a;
	struct party party;

	lookup_tlspolicy(p->snap, nexthop, &party, &a);
	return a.status == LOOKUP_FOUND ? a.rule : NULL;
}

static bool
is_strict(const struct rule *r)
{
	return r != NULL && level_demands_tls(r->demand->level);
}

static const char *
rule_for(struct plan *p, struct sv relay)
{
	return check_text(p->check,
	    "tlswarden rule add --direction out --recipient '%.*s' --level "
	    "encrypt",
	    SV_ARG(relay));
}

static void
way_fallback(struct plan *p)
{
	static const char name[] = "smtp_fallback_relay";
	struct sv list = postfix_get(&p->postfix, name), relay;

	while (postfix_word(&list, &relay)) {
		struct check_finding *f;

		if (is_strict(rule_of(p, relay)))
			continue;
		f = plan_need(p, plan_is_out_strict, "fallback_relay", name,
		    check_text(p->check,
			"mail that a rule keeps back goes to %.*s instead, "
			"for which no rule demands TLS",
			SV_ARG(relay)));
		if (f != NULL)
			f->fix =
			    check_text(p->check, "%s, or postconf -e '%s ='",
				rule_for(p, relay), name);
	}
}

static bool
is_about_domain(const struct rule *r)
{
	return plan_is_out_strict(r) && plan_is_out_domain(r) &&
	    r->recipient.kind != PATTERN_ANY &&
	    r->recipient.kind != PATTERN_WRITTEN;
}

/* With a relay smtp(8) asks for the relay, whatever the domain. */
static void
way_relayhost(struct plan *p)
{
	static const char name[] = "relayhost";
	struct sv relay = postfix_get(&p->postfix, name);
	const struct rule *rule;
	struct check_finding *f;

	if (relay.n == 0)
		return;
	rule = rule_of(p, relay);
	f = is_strict(rule)
	    ? plan_notice(p, is_about_domain, "relayhost", name,
		  check_text(p->check,
		      "smtp(8) asks for %.*s and not for the domain: that "
		      "relay's rule holds, these do not",
		      SV_ARG(relay)))
	    : plan_need(p, is_about_domain, "relayhost", name,
		  check_text(p->check,
		      "smtp(8) asks for %.*s and not for the domain: these "
		      "rules do nothing, and no rule demands TLS to the relay",
		      SV_ARG(relay)));
	if (f != NULL && !is_strict(rule))
		f->fix = rule_for(p, relay);
	if (!sv_is(relay, p->conf->transport_nexthop)) {
		f = plan_need(p, plan_is_out_users, "relayhost_left", name,
		    check_text(p->check,
			"the map transport sends mail of these rules straight "
			"to the domain's servers, not to %.*s",
			SV_ARG(relay)));
		if (f != NULL)
			f->fix = check_text(p->check,
			    "transport_nexthop = \"%.*s\" in %s, unless that "
			    "is meant",
			    SV_ARG(relay), p->conf->file);
	}
}

static void
way_sender_relay(struct plan *p)
{
	static const char name[] = "sender_dependent_relayhost_maps";
	struct check_finding *f;

	if (postfix_get(&p->postfix, name).n == 0)
		return;
	f = plan_notice(p, is_about_domain, "relayhost", name,
	    "smtp(8) asks for the relay of the sender and not for the domain");
	if (f != NULL)
		f->fix =
		    "write rules for the relays; tlswarden explain "
		    "--direction out --nexthop RELAY shows what holds";
}

/* Services of master.cf that deliver with a map of their own. */
static void
way_services(struct plan *p)
{
	static const struct sv ours = SV("tlswarden-");
	struct sv word;
	size_t place;

	for (size_t i = 0; i < p->postfix.n_services; i++) {
		const struct postfix_service *s = &p->postfix.services[i];
		bool is_own;
		struct sv list = postfix_service_get(&p->postfix, s->name,
		    "smtp_tls_policy_maps", &is_own);
		struct check_finding *f;

		if (!sv_is(s->command, "smtp") || !is_own ||
		    sv_starts(s->name, ours) ||
		    plan_asks_map(p, list, "tlspolicy", &word, &place) ==
			PLAN_ASKS)
			continue;
		f = plan_notice(p, plan_is_out_strict, "service_without_map",
		    "master.cf",
		    check_text(p->check,
			"mail that is routed to the service %.*s is delivered "
			"without the rules: it has smtp_tls_policy_maps of its "
			"own",
			SV_ARG(s->name)));
		if (f != NULL)
			f->fix = check_text(p->check,
			    "postconf -PX '%.*s/smtp_tls_policy_maps', unless "
			    "that is meant",
			    SV_ARG(s->name));
	}
}

/* What another table of transport_maps answers for the domain of a rule:
 * "smtp:[relay]:25", "slow:", ":[relay]". Empty: nothing. -1: it cannot be
 * asked; postmap(1) ends with 1 for that, too, but says why. */
static int
route_of(struct plan *p, const char *table, const char *domain, struct sv *to_r)
{
	const char *argv[] = { "postmap", "-c", p->directory, "-q", domain,
		table, NULL };
	struct err err;

	*to_r = sv_make(NULL, 0);
	if (postfix_run(&p->check->mem, argv, to_r, NULL, &err) == 0)
		*to_r = sv_trim(*to_r);
	else if (strcmp(err.text, "postmap: exit code 1") != 0) {
		check_add(p->check, CHECK_NOTICE, "routes_not_asked",
		    CHECK_POSTFIX,
		    check_text(p->check, "%s cannot be asked for %s: %s", table,
			domain, err.text),
		    NULL);
		return -1;
	}
	return 0;
}

/* False: the table cannot be asked. */
static bool
ask_route(struct plan *p, const struct rule *r, const char *table)
{
	const char *domain = check_text(p->check, "%.*s",
	    SV_ARG(sv_make(r->recipient.text, r->recipient.n)));
	struct check_finding *f;
	struct sv to, nexthop;

	if (route_of(p, table, domain, &to) != 0)
		return false;
	nexthop = sv_skip(to, sv_find(to, ':') + 1);
	if (nexthop.n == 0 || sv_is_nocase(nexthop, domain) ||
	    rule_of(p, nexthop) == r)
		return true;
	f = check_add(p->check,
	    is_strict(rule_of(p, nexthop)) ? CHECK_NOTICE : CHECK_PROBLEM,
	    "routed_elsewhere", CHECK_POSTFIX,
	    check_text(p->check,
		"%s sends %s to \"%.*s\", so smtp(8) asks for %.*s and this "
		"rule does nothing",
		table, domain, SV_ARG(to), SV_ARG(nexthop)),
	    rule_for(p, nexthop));
	if (f != NULL)
		f->setting = "transport_maps";
	check_rule(f, r->id);
	return true;
}

/* Only rules that name one domain: what a table has for all of the others
 * cannot be asked for. */
static void
way_routes(struct plan *p)
{
	struct sv list = postfix_get(&p->postfix, "transport_maps"), word;
	const struct sv socketmap = SV("socketmap:");

	while (postfix_word(&list, &word)) {
		const char *table = check_text(p->check, "%.*s", SV_ARG(word));
		size_t n = 0;

		if (sv_starts(word, socketmap))
			continue;
		for (size_t i = 0; i < snapshot_count(p->snap); i++) {
			const struct rule *r = snapshot_rule(p->snap, i);

			if (r->recipient.kind != PATTERN_DOMAIN ||
			    !is_about_domain(r) || !r->is_enabled ||
			    r->expires_at <= p->check->app->now)
				continue;
			if (n++ == ROUTES_ASKED) {
				check_add(p->check, CHECK_NOTICE,
				    "routes_not_asked", CHECK_POSTFIX,
				    check_text(p->check,
					"%s was asked for the domains of the "
					"first %d rules only",
					table, ROUTES_ASKED),
				    NULL);
				break;
			}
			if (!ask_route(p, r, table))
				break;
		}
	}
}

void
plan_ways_around(struct plan *p)
{
	way_cached_connections(p);
	way_header(p);
	way_fallback(p);
	way_relayhost(p);
	way_sender_relay(p);
	way_services(p);
	way_routes(p);
}
