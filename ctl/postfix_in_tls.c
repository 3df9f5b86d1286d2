/* tlswarden: ctl/postfix_in_tls - TLS and certificates for mail we receive.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "ctl/postfix_plan.h"
#include "base/banned.h"

static bool
looks_at_certificates(const struct rule *r)
{
	return plan_is_in_secure(r) || plan_is_in_pinned(r);
}

static bool
offers_tls(const struct plan *p, const struct postfix_place *at)
{
	if (at->value.n > 0)
		return !sv_is(at->value, "none");
	return sv_is(plan_setting(p, at->service, "smtpd_use_tls"), "yes") ||
	    sv_is(plan_setting(p, at->service, "smtpd_enforce_tls"), "yes");
}

static void
need_tls(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_tls_security_level");
	struct check_finding *f;

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];

		if (offers_tls(p, at) ||
		    sv_is(plan_setting(p, at->service, "smtpd_tls_wrappermode"),
			"yes"))
			continue;
		f = plan_need_at(p, at, plan_is_in_strict,
		    "starttls_not_offered",
		    "smtpd(8) does not offer STARTTLS: all mail that has to be "
		    "encrypted is refused");
		if (f == NULL)
			continue;
		plan_set_at(p, f, at, "may");
		/* Not by setup: without a certificate it helps nobody. */
		f->change = NULL;
		f->fix = check_text(p->check,
		    "%s, and a certificate in smtpd_tls_chain_files", f->fix);
	}
}

/* True if the service has one; is_own_r: it overrides a setting about it.
 * "none" is a value, and stands for anonymous ciphers. */
static bool
has_certificate(const struct plan *p, struct sv service, bool *is_own_r)
{
	static const char *const names[] = { "smtpd_tls_chain_files",
		"smtpd_tls_cert_file", "smtpd_tls_eccert_file",
		"smtpd_tls_dcert_file" };
	bool is_there = false, is_own;

	*is_own_r = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		is_there |=
		    postfix_service_get(&p->postfix, service, names[i], &is_own)
			.n > 0;
		*is_own_r |= is_own;
	}
	return is_there;
}

/* smtpd(8) without one only warns, and offers no STARTTLS. */
static void
need_certificate(struct plan *p)
{
	bool is_main_told = false;

	for (size_t i = 0; i < p->postfix.n_services; i++) {
		const struct postfix_service *s = &p->postfix.services[i];
		struct postfix_place at = { s->name, "smtpd_tls_chain_files",
			.is_chrooted = false };
		struct check_finding *f;
		bool is_own;

		if (!sv_is(s->command, "smtpd") ||
		    sv_is(plan_setting(p, s->name, "smtpd_tls_security_level"),
			"none") ||
		    has_certificate(p, s->name, &is_own) ||
		    (!is_own && is_main_told))
			continue;
		/* main.cf is used if one is that has nothing of its own. */
		if (!is_own && s->is_used) {
			at.service = sv_make(NULL, 0);
			is_main_told = true;
		}
		f = plan_need_at(p, &at, plan_is_in_strict,
		    "server_certificate_missing",
		    "smtpd(8) has no certificate and so offers no STARTTLS: "
		    "all mail that has to be encrypted is refused");
		if (f != NULL)
			f->fix =
			    "name the files with key and certificate in "
			    "smtpd_tls_chain_files";
	}
}

static void
need_client_certificate(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_tls_ask_ccert");

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];

		if (!sv_is(at->value, "yes") &&
		    !sv_is(plan_setting(p, at->service, "smtpd_tls_req_ccert"),
			"yes"))
			plan_set_at(p,
			    plan_need_at(p, at, looks_at_certificates,
				"ask_ccert",
				"\"no\": clients are not asked for a "
				"certificate, so that all mail of these rules "
				"is refused"),
			    at, "yes");
	}
}

static void
need_client_ca(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_tls_CAfile");

	if (sv_is(postfix_get(&p->postfix, "tls_append_default_CA"), "yes"))
		return;
	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];

		if (at->value.n == 0 &&
		    plan_setting(p, at->service, "smtpd_tls_CApath").n == 0)
			plan_set_at(p,
			    plan_need_at(p, at, plan_is_in_secure,
				"client_ca_missing",
				"no CA is trusted for client certificates: "
				"none is ever verified"),
			    at, p->conf->trust_store);
	}
}

static void
need_digest(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_tls_fingerprint_digest");

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];

		if (!sv_is_nocase(at->value, "sha256"))
			plan_set_at(p,
			    plan_need_at(p, at, plan_is_in_pinned,
				"fingerprint_digest",
				"is not sha256: fingerprints of rules are "
				"SHA-256, no client can ever match"),
			    at, "sha256");
	}
}

void
plan_inbound_tls(struct plan *p)
{
	need_tls(p);
	need_certificate(p);
	plan_starttls(p, "smtpd", "smtpd_discard_ehlo_keywords",
	    plan_is_in_strict,
	    "has starttls: no client is offered it, and all mail that has to "
	    "be encrypted is refused");
	need_client_certificate(p);
	need_client_ca(p);
	need_digest(p);
}
