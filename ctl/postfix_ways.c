/* tlswarden: ctl/postfix_ways - settings of Postfix that lead round the rules.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/postfix_plan.h"
#include "base/banned.h"

/* Minutes after a change of the table alone, so a notice. */
static void
cached_at(struct plan *p, const struct postfix_place *at, const char *text,
    const char *value)
{
	struct check_finding *f =
	    plan_need_at(p, at, plan_is_out_strict, "cached_connections", text);

	if (f != NULL)
		f->severity = CHECK_NOTICE;
	plan_set_at(p, f, at, value);
}

/* A connection that is found by next hop is used again without a lookup. */
static void
way_cached_connections(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtp", "smtp_connection_cache_on_demand");

	for (size_t i = 0; i < places.n; i++)
		if (sv_is(places.v[i].value, "yes"))
			cached_at(p, &places.v[i],
			    "a connection that is open is used again without a "
			    "look at the rules: for some minutes after a "
			    "change of the table mail can go as the table was",
			    "no");
	places = postfix_places(&p->postfix, POSTFIX_EVERY, "smtp",
	    "smtp_connection_cache_destinations");
	for (size_t i = 0; i < places.n; i++)
		if (places.v[i].value.n > 0)
			cached_at(p, &places.v[i],
			    check_text(p->check,
				"connections to %.*s are kept and used again "
				"without a look at the rules",
				SV_ARG(places.v[i].value)),
			    "");
}

/* The header "TLS-Required: no" (RFC 8689), since Postfix 3.10. */
static void
way_header(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "cleanup", "tls_required_enable");

	for (size_t i = 0; i < places.n; i++)
		if (sv_is(places.v[i].value, "yes"))
			plan_set_at(p,
			    plan_need_at(p, &places.v[i], plan_is_out_strict,
				"tls_required_header",
				"every sender can switch the rules off for a "
				"message with the header \"TLS-Required: "
				"no\""),
			    &places.v[i], "no");
}

static void
fallback_at(struct plan *p, const struct postfix_place *at)
{
	struct sv list = at->value, relay;

	while (postfix_word(&list, &relay)) {
		struct check_finding *f;

		if (plan_is_strict(plan_rule_of(p, relay)))
			continue;
		f = plan_need_at(p, at, plan_is_out_strict, "fallback_relay",
		    check_text(p->check,
			"mail that a rule keeps back goes to %.*s instead, "
			"for which no rule demands TLS",
			SV_ARG(relay)));
		if (f != NULL)
			f->fix = check_text(p->check,
			    "%s; or set it to "
			    "nothing",
			    plan_rule_for(p, relay));
	}
}

static void
way_fallback(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtp", "smtp_fallback_relay");

	for (size_t i = 0; i < places.n; i++)
		fallback_at(p, &places.v[i]);
}

static bool
is_about_domain(const struct rule *r)
{
	return plan_is_out_strict(r) && plan_is_out_domain(r) &&
	    r->recipient.kind != PATTERN_ANY &&
	    r->recipient.kind != PATTERN_WRITTEN;
}

/* The map transport takes mail away from a relayhost. */
static void
way_relayhost(struct plan *p)
{
	static const char name[] = "relayhost";
	struct sv relay = postfix_get(&p->postfix, name);
	struct check_finding *f;

	if (relay.n == 0 || sv_is(relay, p->conf->transport_nexthop))
		return;
	f = plan_need(p, plan_is_out_users, "relayhost_left", name,
	    check_text(p->check,
		"the map transport sends mail of these rules straight to the "
		"domain's servers, not to %.*s",
		SV_ARG(relay)));
	if (f != NULL)
		f->fix = check_text(p->check,
		    "transport_nexthop = \"%.*s\" in %s, unless that is meant",
		    SV_ARG(relay), p->conf->file);
}

/* What they have for all the senders cannot be asked for. */
static void
way_senders(struct plan *p)
{
	static const struct {
		const char *name;
		const char *code;
		const char *text;
		const char *fix;
	} maps[] = {
		{ "sender_dependent_relayhost_maps", "relayhost",
		    "smtp(8) asks for the relay of the sender and not for the "
		    "domain",
		    "write rules for the relays; tlswarden explain --direction "
		    "out --nexthop RELAY shows what holds" },
		{ "sender_dependent_default_transport_maps", "sender_transport",
		    "the sender decides which service delivers, and to which "
		    "next hop: these rules hold where that asks for the domain "
		    "and has the map tlspolicy",
		    "write rules for its next hops, and give none of its "
		    "services smtp_tls_policy_maps of their own" },
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct check_finding *f;

		if (postfix_get(&p->postfix, maps[i].name).n == 0)
			continue;
		f = plan_notice(p, is_about_domain, maps[i].code, maps[i].name,
		    maps[i].text);
		if (f != NULL)
			f->fix = maps[i].fix;
	}
}

/* True if the service delivers by our map tlspolicy. */
static bool
asks_policy(const struct plan *p, struct sv transport)
{
	const struct postfix_service *s = postfix_service(&p->postfix,
	    check_text(p->check, "%.*s/unix", SV_ARG(transport)));
	struct sv list, word;
	size_t place;

	if (s == NULL ||
	    (!sv_is(s->command, "smtp") && !sv_is(s->command, "lmtp")))
		return false;
	list = plan_setting(p, s->name,
	    sv_is(s->command, "lmtp") ? "lmtp_tls_policy_maps"
				      : "smtp_tls_policy_maps");
	return plan_asks_map(p, list, "tlspolicy", &word, &place) == PLAN_ASKS;
}

/* A content filter is a next hop as others are: a rule for all of them is for
 * that, too, and few speak TLS. Not a way round the rules but a dead end. */
static void
filter_at(struct plan *p, const struct postfix_place *at)
{
	struct sv nexthop = at->value, transport;
	const struct rule *rule;
	struct check_finding *f;

	if (!sv_cut(&nexthop, ':', &transport) || nexthop.n == 0 ||
	    !asks_policy(p, transport))
		return;
	rule = plan_rule_of(p, nexthop);
	if (!plan_is_strict(rule))
		return;
	f = check_add(p->check, CHECK_PROBLEM, "filter_needs_tls",
	    CHECK_POSTFIX,
	    check_text(p->check,
		"the rule is about the content filter %.*s, too: unless that "
		"speaks TLS, all mail stays in the queue",
		SV_ARG(nexthop)),
	    check_text(p->check,
		"tlswarden rule add --direction out --recipient '%.*s' --level "
		"none --priority %" PRId32,
		SV_ARG(nexthop), rule->priority));
	if (f == NULL)
		return;
	f->setting = at->service.n == 0
	    ? at->name
	    : check_text(p->check, "%.*s/%s", SV_ARG(at->service), at->name);
	f->instance = p->instance;
	check_rule(f, rule->id);
}

static void
way_filter(struct plan *p)
{
	static const char *const daemons[] = { "smtpd", "pickup", "qmqpd" };
	bool has_main = false;

	for (size_t d = 0; d < sizeof(daemons) / sizeof(daemons[0]); d++) {
		struct postfix_places places = postfix_places(&p->postfix,
		    POSTFIX_EVERY, daemons[d], "content_filter");

		for (size_t i = 0; i < places.n; i++) {
			bool is_main = places.v[i].service.n == 0;

			if (!is_main || !has_main)
				filter_at(p, &places.v[i]);
			has_main |= is_main;
		}
	}
}

void
plan_ways_around(struct plan *p)
{
	way_filter(p);
	way_cached_connections(p);
	way_header(p);
	way_fallback(p);
	way_relayhost(p);
	way_senders(p);
}
