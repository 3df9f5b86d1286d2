/* tlswarden: ctl/sendmail_in - what rules about mail that comes in need.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "ctl/sendmail_plan.h"
#include "base/banned.h"

static bool
hides_starttls(const struct rule *r)
{
	return plan_is_in(r) && r->demand->level == LEVEL_NONE;
}

static bool
pins_client(const struct rule *r)
{
	return plan_is_in(r) && r->demand->fingerprint.n > 0;
}

/* The filter whose S= is our socket; NULL: none. */
static const struct sendmail_cf_line *
find_filter(const struct sendmail_plan *p)
{
	const struct sendmail_cf_line *l;
	size_t at = 0;

	while ((l = sendmail_cf_next(&p->cf, 'X', &at)))
		if (sendmail_is_socket(sendmail_cf_equate(l->value, 'S'),
			p->milter))
			return l;
	return NULL;
}

bool
sendmail_judges_clients(const struct sendmail_plan *p)
{
	return find_filter(p) == NULL &&
	    sendmail_cf_calls(&p->cf, "Local_check_rcpt", "Tlswarden_client") !=
	    SENDMAIL_CF_CALLS_NOT;
}

static bool
names_filter(struct sv list, struct sv name)
{
	struct sv part, word;

	while (sv_cut(&list, ',', &part))
		while (sv_cut(&part, ';', &word))
			if (sv_eq_nocase(sv_trim(word), name))
				return true;
	return false;
}

/* Daemons with filters of their own (InputFilter= of DaemonPortOptions, or
 * I=) do not ask those of InputMailFilters. */
static void
in_daemons(struct sendmail_plan *p, const struct sendmail_cf_line *filter)
{
	const struct sendmail_cf_line *l;
	size_t at = 0;

	while ((l = sendmail_cf_next(&p->cf, 'O', &at))) {
		struct sv own = sendmail_cf_equate(l->value, 'I');
		struct check_finding *f;

		if (!sv_is_nocase(l->name, "DaemonPortOptions") ||
		    own.p == NULL || names_filter(own, filter->name))
			continue;
		f = sendmail_need(p, plan_is_in, "daemon_without_milter",
		    "DaemonPortOptions",
		    check_text(p->check,
			"a daemon (%.*s) has mail filters of its own without "
			"%.*s: mail that comes there is neither judged nor "
			"recorded",
			SV_ARG(l->value), SV_ARG(filter->name)));
		if (f != NULL)
			f->fix = check_text(p->check,
			    "add %.*s to InputMailFilters of that "
			    "DAEMON_OPTIONS",
			    SV_ARG(filter->name));
	}
}

static void
in_flags(struct sendmail_plan *p, const struct sendmail_cf_line *filter)
{
	struct sv flags = sendmail_cf_equate(filter->value, 'F');
	struct check_finding *f = NULL;

	if (flags.n == 0)
		f = sendmail_need(p, plan_is_in_strict, "milter_fails_open",
		    "INPUT_MAIL_FILTER",
		    "the filter has no F=: while tlswarden-milter is down, "
		    "mail comes in unjudged");
	else if (sv_find(flags, 'R') < flags.n)
		f = sendmail_notice(p, plan_is_in, "milter_refuses",
		    "INPUT_MAIL_FILTER",
		    "the filter has F=R: while tlswarden-milter is down, all "
		    "mail is refused for good");
	if (f != NULL)
		f->fix = "F=T in INPUT_MAIL_FILTER: mail waits";
	if (sendmail_cf_equate(filter->value, 'T').p != NULL)
		return;
	f = sendmail_notice(p, plan_is_in, "milter_slow", "INPUT_MAIL_FILTER",
	    "the filter has no T=: a client waits up to five minutes for a "
	    "milter that hangs");
	if (f != NULL)
		f->fix = "T=C:10s;S:5s;R:5s;E:10s in INPUT_MAIL_FILTER";
}

/* The feature judges by itself; all else is the milter's. */
static void
in_feature(struct sendmail_plan *p)
{
	struct check_finding *f = sendmail_notice(p, plan_is_in, "no_milter",
	    "FEATURE(`tlswarden')",
	    "the feature judges clients in the place of tlswarden-milter: no "
	    "session is recorded, and rules of mode monitor are not watched");

	if (f != NULL)
		f->fix =
		    "INPUT_MAIL_FILTER, and no second argument of the "
		    "feature";
}

/* Its name is only in sendmail.cf: another filter may have the usual one. */
static void
in_milter(struct sendmail_plan *p)
{
	const struct sendmail_cf_line *filter = find_filter(p);
	struct sv list = sendmail_cf_get(&p->cf, 'O', "InputMailFilters");
	const char *name =
	    sendmail_cf_get(&p->cf, 'X', "tlswarden").p == NULL ||
		filter != NULL
	    ? "tlswarden"
	    : "tlswarden2";

	if (sendmail_judges_clients(p)) {
		in_feature(p);
		return;
	}
	if (filter != NULL && names_filter(list, filter->name)) {
		in_flags(p, filter);
		in_daemons(p, filter);
		return;
	}
	sendmail_change(p,
	    sendmail_need(p, plan_is_in, "milter_not_asked",
		"INPUT_MAIL_FILTER",
		filter != NULL
		    ? "the filter is defined and not in InputMailFilters: "
		      "Sendmail does not ask it"
		    : check_text(p->check,
			  "Sendmail does not ask tlswarden-milter at %s: "
			  "rules of direction in do nothing, and no session "
			  "is recorded",
			  sendmail_socket(p, p->milter))),
	    check_text(p->check,
		"INPUT_MAIL_FILTER(`%s',\n"
		" `S=%s, F=T, T=C:10s;S:5s;R:5s;E:10s')dnl",
		name, sendmail_socket(p, p->milter)));
}

static void
in_starttls(struct sendmail_plan *p)
{
	const struct sendmail_cf_line *l;
	size_t at = 0;

	if (sendmail_cf_get(&p->cf, 'O', "ServerCertFile").n == 0 ||
	    sendmail_cf_get(&p->cf, 'O', "ServerKeyFile").n == 0)
		sendmail_change(p,
		    sendmail_need(p, plan_is_in_strict, "no_certificate",
			"ServerCertFile",
			"Sendmail has no certificate, so it offers no "
			"STARTTLS: nobody can do what the rules demand"),
		    "define(`confSERVER_CERT', `/etc/mail/tls/server.pem')dnl\n"
		    "define(`confSERVER_KEY', `/etc/mail/tls/server.key')dnl");
	while ((l = sendmail_cf_next(&p->cf, 'O', &at))) {
		struct sv flags = sendmail_cf_equate(l->value, 'M');
		struct check_finding *f;

		if (!sv_is_nocase(l->name, "DaemonPortOptions") ||
		    sv_find(flags, 'S') == flags.n)
			continue;
		f = sendmail_need(p, plan_is_in_strict, "daemon_no_starttls",
		    "DaemonPortOptions",
		    check_text(p->check,
			"a daemon (%.*s) offers no STARTTLS (M=S): nobody can "
			"do there what the rules demand",
			SV_ARG(l->value)));
		if (f != NULL)
			f->fix = "take S out of M= of that DAEMON_OPTIONS";
	}
}

static void
in_certificates(struct sendmail_plan *p)
{
	struct sv flags = sendmail_cf_get(&p->cf, 'O', "TLSSrvOptions");
	struct check_finding *f;

	if (sv_find(flags, 'V') < flags.n) {
		f = sendmail_need(p, plan_is_in_secure,
		    "client_certificate_not_asked", "TLSSrvOptions",
		    "clients are not asked for a certificate (V): nobody can "
		    "satisfy these rules");
		if (f != NULL)
			f->fix = "take V out of confTLS_SRV_OPTIONS";
	}
	if (!sv_is_nocase(sendmail_cf_get(&p->cf, 'O',
			      "CertFingerprintAlgorithm"),
		"sha256"))
		sendmail_change(p,
		    sendmail_need(p, pins_client, "fingerprint_digest",
			"CertFingerprintAlgorithm",
			"is not sha256: the milter is not told the "
			"fingerprint that rules compare, and these clients "
			"are refused for now"),
		    "define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl");
}

/* Only the feature hides STARTTLS; without it nothing is refused, either. */
static void
in_features(struct sendmail_plan *p)
{
	struct check_finding *f;

	if (sendmail_cf_calls(&p->cf, "Local_srv_features",
		"Tlswarden_features") != SENDMAIL_CF_CALLS_NOT ||
	    (p->map.p == NULL && sendmail_has(p, plan_is_out)))
		return;
	f = sendmail_notice(p, hides_starttls, "starttls_offered",
	    "srv_features",
	    "clients of level none are offered STARTTLS all the same: only "
	    "the feature tlswarden hides it");
	if (p->socketmap != NULL)
		sendmail_change(p, f,
		    check_text(p->check, "FEATURE(`tlswarden', `%s')dnl",
			sendmail_socket(p, p->socketmap)));
}

void
sendmail_inbound(struct sendmail_plan *p)
{
	in_milter(p);
	in_starttls(p);
	in_certificates(p);
	in_features(p);
}
