/* tlswarden: ctl/postfix_out - maps and services for mail that we deliver.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "ctl/postfix_plan.h"
#include "base/banned.h"

static bool
has_pin(const struct rule *r)
{
	return plan_is_out_strict(r) && r->demand->fingerprint.n > 0;
}

/* Level secure by the CAs that Postfix trusts. */
static bool
is_by_trust(const struct rule *r)
{
	return plan_is_out_strict(r) && r->demand->level == LEVEL_SECURE &&
	    r->demand->ca == NULL;
}

static bool
is_user_none(const struct rule *r)
{
	return plan_is_out_users(r) && r->demand->level == LEVEL_NONE;
}

static bool
is_user_preferred(const struct rule *r)
{
	return plan_is_out_users(r) && r->demand->level == LEVEL_PREFERRED;
}

static bool
is_user_encrypt(const struct rule *r)
{
	return plan_is_out_users(r) && r->demand->level == LEVEL_ENCRYPT;
}

static bool
is_user_secure(const struct rule *r)
{
	return plan_is_out_users(r) && r->demand->level == LEVEL_SECURE;
}

const struct plan_level plan_levels[PLAN_LEVELS] = {
	{ "none", "none", LEVEL_NONE, is_user_none },
	{ "preferred", "may", LEVEL_PREFERRED, is_user_preferred },
	{ "encrypt", "encrypt", LEVEL_ENCRYPT, is_user_encrypt },
	{ "secure", "secure", LEVEL_SECURE, is_user_secure },
};

/* A list of tables that has to ask our map, ours first. */
struct list {
	const char *name;
	const char *map;
	const char *command;
	enum postfix_which which;
	plan_fits *fits;
	const char *code; /* and text, when it is not asked */
	const char *text;
};

static const struct list policy_maps = { "smtp_tls_policy_maps", "tlspolicy",
	"smtp", POSTFIX_OTHERS, plan_is_out_domain, "tlspolicy_not_asked",
	"smtp(8) does not ask for the rules: they do nothing" };
static const struct list transport_maps = { "transport_maps", "transport",
	"trivial-rewrite", POSTFIX_EVERY, plan_is_out_users,
	"transport_not_asked",
	"rules about some users of a domain reach smtp(8) by the map "
	"transport alone, which is not asked" };
static const struct list status_filter = { "smtp_delivery_status_filter", "dsn",
	"smtp", POSTFIX_EVERY, plan_is_out_permanent, "dsn_not_asked",
	"mail that a rule with on_failure = fail cannot deliver stays in the "
	"queue: Postfix does not ask the map dsn" };

/* Our map in front of what is there already, or instead of the word. */
static void
ask_ours(struct plan *p, struct check_finding *f, const struct list *l,
    const struct postfix_place *at, struct sv word)
{
	const char *ours;

	if (p->socketmap == NULL)
		return;
	ours = check_text(p->check, "%s:%s", p->socketmap, l->map);
	if (word.p == NULL)
		plan_set_front(p, f, at, ours);
	else
		plan_set_word(p, f, at, word, ours);
}

/* Services of master.cf that deliver with a map of their own, and are not known
 * to have mail of rules. */
static void
unused_without(struct plan *p, const struct postfix_place *at)
{
	struct check_finding *f = plan_notice(p, plan_is_out_strict,
	    "service_without_map", "master.cf",
	    check_text(p->check,
		"mail that is routed to the service %.*s is delivered without "
		"the rules: it has %s of its own",
		SV_ARG(at->service), at->name));

	if (f != NULL)
		f->fix = check_text(p->check,
		    "postconf -PX '%.*s/%s', unless that is meant",
		    SV_ARG(at->service), at->name);
}

/* Only one table may filter delivery status. */
static void
other_filter(struct plan *p, const struct list *l,
    const struct postfix_place *at)
{
	struct check_finding *f = plan_need_at(p, at, l->fits,
	    "dsn_other_filter",
	    check_text(p->check,
		"%.*s filters the status already, and Postfix takes one "
		"filter alone: mail of a rule with on_failure = fail stays in "
		"the queue",
		SV_ARG(at->value)));

	if (f == NULL || p->socketmap == NULL)
		return;
	plan_set_at(p, f, at, check_text(p->check, "%s:dsn", p->socketmap));
	/* Not by setup: it would take the other one away. */
	f->change = NULL;
	f->fix =
	    check_text(p->check, "%s, if the other one is not needed", f->fix);
}

static void
not_asked(struct plan *p, const struct list *l, const struct postfix_place *at)
{
	if (l == &policy_maps && !plan_is_used(p, at))
		unused_without(p, at);
	else if (l == &status_filter && at->value.n > 0)
		other_filter(p, l, at);
	else
		ask_ours(p, plan_need_at(p, at, l->fits, l->code, l->text), l,
		    at, sv_make(NULL, 0));
}

static void
asked_late(struct plan *p, const struct list *l, const struct postfix_place *at)
{
	struct check_finding *f = plan_need_at(p, at, l->fits, "asked_late",
	    l == &policy_maps
		? "other tables are asked before the rules: what these answer "
		  "wins over them, and a failure of such mail may be taken "
		  "for one of the rule that answered before"
		: "other tables are asked before the rules: what these answer "
		  "wins over them");

	if (f != NULL) {
		f->severity = CHECK_NOTICE;
		f->fix =
		    "put the map of tlswarden in front, unless that is "
		    "meant";
	}
}

/* The map dsn knows by the connection of which delivery a status tells;
 * proxymap(8) has one for all deliveries. */
static void
by_proxymap(struct plan *p, const struct list *l,
    const struct postfix_place *at, struct sv word)
{
	if (l == &transport_maps || !sv_starts(word, sv_from("proxy:")))
		return;
	ask_ours(p,
	    plan_need_at(p, at, plan_is_out_permanent, "by_proxymap",
		"proxymap(8) asks for many deliveries at once: the map dsn "
		"cannot tell which rule a status is about, and mail can "
		"bounce by a rule for somebody else, or stay in the queue"),
	    l, at, word);
}

static void
need_list(struct plan *p, const struct list *l)
{
	struct postfix_places places =
	    postfix_places(&p->postfix, l->which, l->command, l->name);

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];
		struct sv word;
		size_t place = 0;

		switch (plan_asks_map(p, at->value, l->map, &word, &place)) {
		case PLAN_ASKS:
			if (place > 0)
				asked_late(p, l, at);
			by_proxymap(p, l, at, word);
			break;
		case PLAN_ASKS_ELSEWHERE:
			ask_ours(p,
			    plan_need_at(p, at, l->fits, "wrong_socket",
				check_text(p->check,
				    "%.*s is no socket of socketmap_listen: "
				    "nobody, or somebody else, answers",
				    SV_ARG(word))),
			    l, at, word);
			break;
		case PLAN_ASKS_NOT:
			not_asked(p, l, at);
			break;
		}
	}
}

static void
need_transport(struct plan *p, const struct plan_level *l)
{
	const char *service =
	    check_text(p->check, "tlswarden-%s/unix", l->word);
	const char *map = check_text(p->check, "address-%s", l->word);
	const struct postfix_service *smtp =
	    postfix_service(&p->postfix, "smtp/unix");
	struct sv word, list;
	bool is_own = false;
	size_t place;

	if (p->socketmap == NULL)
		return;
	if (postfix_service(&p->postfix, service) == NULL) {
		plan_change(p,
		    plan_need(p, l->fits, "transport_missing", "master.cf",
			check_text(p->check,
			    "there is no service tlswarden-%s: mail for these "
			    "users is deferred as soon as the map transport "
			    "is asked",
			    l->word)),
		    "-M",
		    check_text(p->check,
			"%s=tlswarden-%s unix - - %s - - smtp -o "
			"smtp_tls_security_level=%s -o "
			"smtp_tls_policy_maps=%s:%s",
			service, l->word,
			smtp == NULL || smtp->is_chrooted ? "y" : "n",
			l->postfix, p->socketmap, map));
		return;
	}
	list = postfix_service_get(&p->postfix, sv_from(service),
	    "smtp_tls_policy_maps", &is_own);
	if (is_own && plan_asks_map(p, list, map, &word, &place) == PLAN_ASKS)
		return;
	plan_change(p,
	    plan_need(p, l->fits, "transport_wrong_map", "master.cf",
		check_text(p->check,
		    "the service tlswarden-%s does not ask the map %s, which "
		    "has what the rules of its level demand",
		    l->word, map)),
	    "-P",
	    check_text(p->check, "%s/smtp_tls_policy_maps=%s:%s", service,
		p->socketmap, map));
}

static void
need_digest(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtp", "smtp_tls_fingerprint_digest");

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];

		if (sv_is_nocase(at->value, "sha256"))
			continue;
		plan_set_at(p,
		    plan_need_at(p, at, has_pin, "fingerprint_digest",
			check_text(p->check,
			    "\"%.*s\": fingerprints of rules are SHA-256, no "
			    "server can ever match",
			    SV_ARG(at->value))),
		    at, "sha256");
	}
}

/* Without a CA no chain is ever good, but for rules that name one. */
static void
need_ca(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtp", "smtp_tls_CAfile");

	if (sv_is(postfix_get(&p->postfix, "tls_append_default_CA"), "yes"))
		return;
	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];
		bool is_lmtp = at->name[0] == 'l';

		if (at->value.n > 0 ||
		    plan_setting(p, at->service,
			is_lmtp ? "lmtp_tls_CApath" : "smtp_tls_CApath")
			    .n > 0)
			continue;
		plan_set_at(p,
		    plan_need_at(p, at, is_by_trust, "server_ca_missing",
			"no CA is trusted: the certificate of no server is "
			"ever verified, and all mail of these rules stays in "
			"the queue"),
		    at, p->conf->trust_store);
	}
}

void
plan_outbound(struct plan *p)
{
	need_list(p, &policy_maps);
	for (size_t i = 0; i < PLAN_LEVELS; i++)
		need_transport(p, &plan_levels[i]);
	need_list(p, &transport_maps);
	need_list(p, &status_filter);
	need_digest(p);
	need_ca(p);
	plan_starttls(p, "smtp", "smtp_discard_ehlo_keywords",
	    plan_is_out_strict,
	    "has starttls: smtp(8) never sees that a server offers it, and all "
	    "mail of these rules stays in the queue");
}
