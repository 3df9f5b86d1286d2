/* tlswarden: ctl/postfix_out - maps and services for mail that we deliver.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "ctl/postfix_plan.h"
#include "base/banned.h"

static bool
is_permanent(const struct rule *r)
{
	return plan_is_out_strict(r) && r->on_failure == ON_FAILURE_FAIL;
}

static bool
has_pin(const struct rule *r)
{
	return plan_is_out_strict(r) && r->demand->fingerprint.n > 0;
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

/* The transports of rules about some users; postfix is Postfix's own word. */
static const struct level_row {
	const char *word;
	const char *postfix;
	plan_fits *fits;
} levels[] = {
	{ "none", "none", is_user_none },
	{ "preferred", "may", is_user_preferred },
	{ "encrypt", "encrypt", is_user_encrypt },
	{ "secure", "secure", is_user_secure },
};

enum { N_LEVELS = sizeof(levels) / sizeof(levels[0]) };

/* Our map in front of what is there already. */
static const char *
in_front(struct plan *p, const char *name, const char *map, struct sv list)
{
	return check_text(p->check, "%s = %s:%s%s%.*s", name, p->socketmap, map,
	    list.n > 0 ? ", " : "", SV_ARG(list));
}

/* The list with the word replaced by our map. */
static const char *
with_ours(struct plan *p, const char *name, const char *map, struct sv list,
    struct sv word)
{
	size_t at = (size_t)(word.p - list.p);

	return check_text(p->check, "%s = %.*s%s:%s%.*s", name,
	    SV_ARG(sv_head(list, at)), p->socketmap, map,
	    SV_ARG(sv_skip(list, at + word.n)));
}

/* A list of tables of main.cf that has to ask our map, ours first. */
static void
need_map(struct plan *p, plan_fits *fits, const char *code, const char *name,
    const char *map, const char *text)
{
	struct sv list = postfix_get(&p->postfix, name), word;
	struct check_finding *f;
	size_t place = 0;

	switch (plan_asks_map(p, list, map, &word, &place)) {
	case PLAN_ASKS:
		if (place == 0)
			return;
		f = plan_notice(p, fits, "asked_late", name,
		    "other tables are asked before the rules: what these "
		    "answer wins over them");
		if (f != NULL)
			f->fix =
			    "put the map of tlswarden in front, unless "
			    "that is meant";
		return;
	case PLAN_ASKS_ELSEWHERE:
		f = plan_need(p, fits, "wrong_socket", name,
		    check_text(p->check,
			"%.*s is no socket of socketmap_listen: nobody, or "
			"somebody else, answers",
			SV_ARG(word)));
		if (p->socketmap != NULL)
			plan_change(p, f, "-e",
			    with_ours(p, name, map, list, word));
		return;
	case PLAN_ASKS_NOT:
		f = plan_need(p, fits, code, name, text);
		if (p->socketmap != NULL)
			plan_change(p, f, "-e", in_front(p, name, map, list));
		return;
	}
}

/* Only one table may filter delivery status. */
static void
need_filter(struct plan *p)
{
	static const char name[] = "smtp_delivery_status_filter";
	struct sv value = postfix_get(&p->postfix, name), word;
	struct check_finding *f;
	size_t place;

	if (value.n == 0 ||
	    plan_asks_map(p, value, "dsn", &word, &place) != PLAN_ASKS_NOT) {
		need_map(p, is_permanent, "dsn_not_asked", name, "dsn",
		    "mail that a rule with on_failure = fail cannot deliver "
		    "stays in the queue: Postfix does not ask the map dsn");
		return;
	}
	f = plan_need(p, is_permanent, "dsn_other_filter", name,
	    check_text(p->check,
		"%.*s filters the status already, and Postfix takes one "
		"filter alone: mail of a rule with on_failure = fail stays in "
		"the queue",
		SV_ARG(value)));
	if (f != NULL && p->socketmap != NULL)
		f->fix = check_text(p->check,
		    "postconf -e '%s = %s:dsn', if the other one is not needed",
		    name, p->socketmap);
}

static void
need_transport(struct plan *p, const struct level_row *l)
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
	static const char name[] = "smtp_tls_fingerprint_digest";
	struct sv value = postfix_get(&p->postfix, name);

	if (sv_is_nocase(value, "sha256"))
		return;
	plan_change(p,
	    plan_need(p, has_pin, "fingerprint_digest", name,
		check_text(p->check,
		    "\"%.*s\": fingerprints of rules are SHA-256, no server "
		    "can ever match",
		    SV_ARG(value))),
	    "-e", "smtp_tls_fingerprint_digest = sha256");
}

void
plan_outbound(struct plan *p)
{
	need_map(p, plan_is_out_domain, "tlspolicy_not_asked",
	    "smtp_tls_policy_maps", "tlspolicy",
	    "smtp(8) does not ask for the rules: they do nothing");
	for (size_t i = 0; i < N_LEVELS; i++)
		need_transport(p, &levels[i]);
	need_map(p, plan_is_out_users, "transport_not_asked", "transport_maps",
	    "transport",
	    "rules about some users of a domain reach smtp(8) by the map "
	    "transport alone, which is not asked");
	need_filter(p);
	need_digest(p);
}
