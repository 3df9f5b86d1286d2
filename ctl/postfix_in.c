/* tlswarden: ctl/postfix_in - filters and certificates for mail we receive.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "ctl/postfix_plan.h"
#include "base/banned.h"

static bool
has_pin(const struct rule *r)
{
	return plan_is_in(r) && r->demand->fingerprint.n > 0;
}

static bool
looks_at_certificates(const struct rule *r)
{
	return plan_is_in_secure(r) || has_pin(r);
}

static bool
hides_starttls(const struct rule *r)
{
	return plan_is_in(r) && r->mode == MODE_ENFORCE &&
	    r->demand->level == LEVEL_NONE && r->sender.kind == PATTERN_ANY &&
	    r->recipient.kind == PATTERN_ANY;
}

static const char *const restrictions[] = { "smtpd_recipient_restrictions",
	"smtpd_relay_restrictions", "smtpd_sender_restrictions",
	"smtpd_helo_restrictions", "smtpd_client_restrictions" };

enum { N_RESTRICTIONS = sizeof(restrictions) / sizeof(restrictions[0]) };

static bool
delegates(const struct plan *p, struct sv service)
{
	struct sv word;
	bool is_own;

	for (size_t i = 0; i < N_RESTRICTIONS; i++)
		if (plan_names(p,
			postfix_service_get(&p->postfix, service,
			    restrictions[i], &is_own),
			&p->conf->delegation_listen, &word))
			return true;
	return false;
}

static bool
filters(const struct plan *p, struct sv service)
{
	struct sv word;
	bool is_own;

	return plan_names(p,
	    postfix_service_get(&p->postfix, service, "smtpd_milters", &is_own),
	    &p->conf->milter_listen, &word);
}

static void
need_milter(struct plan *p)
{
	struct sv list = postfix_get(&p->postfix, "smtpd_milters");
	struct check_finding *f;

	if (filters(p, sv_make(NULL, 0)) || delegates(p, sv_make(NULL, 0)))
		return;
	f = plan_need(p, plan_is_in, "inbound_not_asked", "smtpd_milters",
	    "neither the milter nor policy delegation is asked: the rules "
	    "about mail that we receive do nothing");
	if (p->milter != NULL)
		plan_change(p, f, "-e",
		    check_text(p->check, "smtpd_milters = %s%s%.*s", p->milter,
			list.n > 0 ? ", " : "", SV_ARG(list)));
}

/* What stands behind a bare permit or reject is never asked. */
static bool
ends_early(struct sv list)
{
	struct sv word;

	while (postfix_word(&list, &word))
		if (sv_is(word, "permit") || sv_is(word, "reject") ||
		    sv_is(word, "defer"))
			return true;
	return false;
}

static void
need_delegation(struct plan *p)
{
	static const char name[] = "smtpd_recipient_restrictions";
	struct sv list = postfix_get(&p->postfix, name);
	struct check_finding *f;

	if (delegates(p, sv_make(NULL, 0)))
		return;
	f = plan_need(p, has_pin, "delegation_not_asked", name,
	    "the rules pin client certificates, and Postfix tells fingerprints "
	    "to policy delegation alone, which is not asked");
	if (f == NULL || p->delegation == NULL)
		return;
	if (ends_early(list))
		f->fix = check_text(p->check,
		    "put \"check_policy_service %s\" in front of permit, "
		    "reject or defer of %s",
		    p->delegation, name);
	else
		plan_change(p, f, "-e",
		    check_text(p->check, "%s = %.*s%scheck_policy_service %s",
			name, SV_ARG(list), list.n > 0 ? ", " : "",
			p->delegation));
}

/* A service with options of its own that leave our filters out. */
static void
need_services(struct plan *p)
{
	struct sv main = sv_make(NULL, 0);

	if (!filters(p, main) && !delegates(p, main))
		return;
	for (size_t i = 0; i < p->postfix.n_services; i++) {
		const struct postfix_service *s = &p->postfix.services[i];
		struct check_finding *f;

		if (!sv_is(s->command, "smtpd") || filters(p, s->name) ||
		    delegates(p, s->name))
			continue;
		f = plan_notice(p, plan_is_in, "service_without_filter",
		    "master.cf",
		    check_text(p->check,
			"the service %.*s has options of its own and asks "
			"neither the milter nor policy delegation: the rules "
			"do not hold there",
			SV_ARG(s->name)));
		if (f != NULL)
			f->fix = check_text(p->check,
			    "postconf -PX '%.*s/smtpd_milters', unless that is "
			    "meant, for example behind a content filter",
			    SV_ARG(s->name));
	}
}

static void
need_strict_default(struct plan *p)
{
	if (!filters(p, sv_make(NULL, 0)) ||
	    !sv_is(postfix_get(&p->postfix, "milter_default_action"), "accept"))
		return;
	plan_change(p,
	    plan_need(p, plan_is_in_strict, "milter_fails_open",
		"milter_default_action",
		"\"accept\": while the milter is down, mail that the rules "
		"refuse is taken"),
	    "-e", "milter_default_action = tempfail");
}

static void
need_tls(struct plan *p)
{
	struct sv level = postfix_get(&p->postfix, "smtpd_tls_security_level");
	struct check_finding *f;

	if ((level.n > 0 && !sv_is(level, "none")) ||
	    sv_is(postfix_get(&p->postfix, "smtpd_use_tls"), "yes") ||
	    sv_is(postfix_get(&p->postfix, "smtpd_enforce_tls"), "yes"))
		return;
	f = plan_need(p, plan_is_in_strict, "starttls_not_offered",
	    "smtpd_tls_security_level",
	    "smtpd(8) does not offer STARTTLS: all mail that has to be "
	    "encrypted is refused");
	if (f != NULL)
		f->fix =
		    "postconf -e 'smtpd_tls_security_level = may', and a "
		    "certificate in smtpd_tls_chain_files";
}

static void
need_certificates(struct plan *p)
{
	const struct postfix *pf = &p->postfix;

	if (!sv_is(postfix_get(pf, "smtpd_tls_ask_ccert"), "yes") &&
	    !sv_is(postfix_get(pf, "smtpd_tls_req_ccert"), "yes"))
		plan_change(p,
		    plan_need(p, looks_at_certificates, "ask_ccert",
			"smtpd_tls_ask_ccert",
			"\"no\": clients are not asked for a certificate, so "
			"that all mail of these rules is refused"),
		    "-e", "smtpd_tls_ask_ccert = yes");
	if (postfix_get(pf, "smtpd_tls_CAfile").n == 0 &&
	    postfix_get(pf, "smtpd_tls_CApath").n == 0 &&
	    !sv_is(postfix_get(pf, "tls_append_default_CA"), "yes"))
		plan_change(p,
		    plan_need(p, plan_is_in_secure, "client_ca_missing",
			"smtpd_tls_CAfile",
			"no CA is trusted for client certificates: none is "
			"ever verified"),
		    "-e",
		    check_text(p->check, "smtpd_tls_CAfile = %s",
			p->conf->trust_store));
	if (!sv_is_nocase(postfix_get(pf, "smtpd_tls_fingerprint_digest"),
		"sha256"))
		plan_change(p,
		    plan_need(p, has_pin, "fingerprint_digest",
			"smtpd_tls_fingerprint_digest",
			"is not sha256: fingerprints of rules are SHA-256, no "
			"client can ever match"),
		    "-e", "smtpd_tls_fingerprint_digest = sha256");
}

static void
need_ehlo(struct plan *p)
{
	static const char name[] = "smtpd_discard_ehlo_keyword_address_maps";
	struct sv list = postfix_get(&p->postfix, name), word;
	struct check_finding *f;
	size_t place;

	if (plan_asks_map(p, list, "ehlo", &word, &place) == PLAN_ASKS)
		return;
	f = plan_need(p, hides_starttls, "ehlo_not_asked", name,
	    "STARTTLS stays offered to clients of rules with level none: the "
	    "map ehlo is not asked");
	if (p->socketmap != NULL)
		plan_change(p, f, "-e",
		    check_text(p->check, "%s = %s:ehlo%s%.*s", name,
			p->socketmap, list.n > 0 ? ", " : "", SV_ARG(list)));
}

void
plan_inbound(struct plan *p)
{
	need_milter(p);
	need_delegation(p);
	need_services(p);
	need_strict_default(p);
	need_tls(p);
	need_certificates(p);
	need_ehlo(p);
}
