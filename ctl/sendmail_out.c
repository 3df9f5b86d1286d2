/* tlswarden: ctl/sendmail_out - what rules about mail that goes out need.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The feature contrib/sendmail/tlswarden.m4 brings all of it; what is looked
 * at here is whether it is there and what other lines made of it.
 */
#include "config.h"

#include "ctl/sendmail_plan.h"
#include "policy/decide.h"
#include "base/banned.h"

enum { LOOKUP_SECS_MAX = 30 };

static bool
is_out_secure(const struct rule *r)
{
	return plan_is_out(r) && r->demand->level == LEVEL_SECURE;
}

/* cert_name is empty: the domain or what is below. */
static bool
is_out_default(const struct rule *r)
{
	return is_out_secure(r) && r->demand->cert_name.n == 0;
}

static bool
is_any_secure(const struct rule *r)
{
	return r->demand->level == LEVEL_SECURE;
}

/* Of no certificate in its PEM is the whole name told. */
static bool
is_ca_untold(const struct rule *r)
{
	const struct ca *ca = r->demand->ca;
	size_t n = 0;

	while (
	    ca != NULL && n < ca->n_subjects && ca->dns[n].n > SENDMAIL_DN_MAX)
		n++;
	return ca != NULL && n == ca->n_subjects;
}

static bool
is_out_none(const struct rule *r)
{
	return plan_is_out(r) && r->demand->level == LEVEL_NONE;
}

static void
out_missing(struct sendmail_plan *p)
{
	bool has_other = p->map.p != NULL;
	struct check_finding *f;

	if (p->socketmap == NULL)
		return;
	f = sendmail_need(p, plan_is_out,
	    has_other ? "wrong_socket" : "feature_missing",
	    "FEATURE(`tlswarden')",
	    has_other
		? check_text(p->check,
		      "Sendmail asks %.*s, which is none of socketmap_listen "
		      "in %s",
		      SV_ARG(p->map_socket), p->conf->file)
		: "Sendmail does not ask tlswarden-policyd about mail that it "
		  "delivers: rules of direction out do nothing");
	sendmail_change(p, f,
	    check_text(p->check, "FEATURE(`tlswarden', `%s')dnl",
		sendmail_socket(p, p->socketmap)));
	if (f != NULL && !has_other)
		f->fix = check_text(p->check,
		    "copy tlswarden.m4 to the folder cf/feature of Sendmail, "
		    "and %s",
		    f->fix);
}

/* "-d5" among the flags of the map; 0: none. */
static uint32_t
map_secs(struct sv map)
{
	static const struct sv flag = SV("-d");
	struct sv word;
	uint32_t secs = 0;

	while (sv_word(&map, &word))
		if (sv_starts(word, flag) &&
		    !sv_to_u32(sv_skip(word, flag.n), 86400, &secs))
			secs = 0;
	return secs;
}

static bool
map_has(struct sv map, struct sv flag)
{
	struct sv word;

	while (sv_word(&map, &word))
		if (sv_eq(word, flag))
			return true;
	return false;
}

static void
out_map_flag(struct sendmail_plan *p, struct sv flag, const char *code,
    const char *text)
{
	struct check_finding *f = NULL;

	if (!map_has(p->map, flag))
		f = sendmail_need(p, plan_is_out, code, "Ksendmail", text);
	if (f != NULL)
		f->fix = "use the line of FEATURE(`tlswarden') as it is";
}

static void
out_map(struct sendmail_plan *p)
{
	uint32_t secs = map_secs(p->map);
	struct check_finding *f = NULL;
	struct sv word, rest = p->map;

	if (!sv_word(&rest, &word) || !sv_is_nocase(word, "socket"))
		f = sendmail_need(p, plan_is_out, "map_type", "Ksendmail",
		    "the map is no socket map, and tlswarden-policyd is not "
		    "asked");
	out_map_flag(p, sv_from("-T<TMPF>"), "map_fails_open",
	    "the map has no -T<TMPF>: what policyd cannot answer looks like "
	    "no rule, and mail goes out unjudged");
	out_map_flag(p, sv_from("-f"), "map_folds_case",
	    "the map has no -f: names of certificates are asked in lower "
	    "case, and no CA of a rule is recognised");
	out_map_flag(p, sv_from("-q"), "map_drops_quotes",
	    "the map has no -q: a recipient with quotes can bring facts of "
	    "its own");
	if (secs == 0 || secs > LOOKUP_SECS_MAX)
		f = sendmail_notice(p, plan_is_out, "map_slow", "Ksendmail",
		    "the map has no -d of at most 30 seconds: a policyd that "
		    "hangs holds each delivery");
	if (f != NULL)
		f->fix = "use the line of FEATURE(`tlswarden') as it is";
	if (sv_find(p->map_socket, '[') == p->map_socket.n)
		return;
	f = sendmail_need(p, plan_is_out, "map_brackets", "Ksendmail",
	    "Sendmail cannot connect to an address in brackets: all mail "
	    "waits");
	if (f != NULL)
		f->fix = "write inet:PORT@ADDRESS without brackets";
}

/* Sendmail calls Local_X from X; ours has to be the first that is called
 * there: a rule before it can end the ruleset. */
static void
out_ruleset(struct sendmail_plan *p, const char *name, const char *ours,
    plan_fits *fits)
{
	const char *local = check_text(p->check, "Local_%s", name);
	enum sendmail_cf_call outer = sendmail_cf_calls(&p->cf, name, local);
	enum sendmail_cf_call inner = sendmail_cf_calls(&p->cf, local, ours);
	struct check_finding *f = NULL;

	if (outer == SENDMAIL_CF_CALLS_NOT || inner == SENDMAIL_CF_CALLS_NOT)
		f = sendmail_need(p, fits, "ruleset_not_called",
		    check_text(p->check, "ruleset %s", name),
		    check_text(p->check,
			"it does not call %s by %s: these rules do nothing",
			ours, local));
	else if (outer == SENDMAIL_CF_CALLS_LATE ||
	    inner == SENDMAIL_CF_CALLS_LATE)
		f = sendmail_need(p, fits, "ruleset_late",
		    check_text(p->check, "ruleset %s", name),
		    check_text(p->check,
			"rules stand before the call of %s: what they accept "
			"or refuse is not judged",
			ours));
	if (f != NULL)
		f->fix =
		    "put FEATURE(`tlswarden') before the site's own "
		    "LOCAL_TLS_SERVER, LOCAL_TLS_RCPT and LOCAL_TRY_TLS, "
		    "and make sendmail.cf from sendmail.mc";
}

static void
out_cache(struct sendmail_plan *p)
{
	if (!sv_is(sendmail_cf_get(&p->cf, 'O', "ConnectionCacheSize"), "0"))
		sendmail_change(p,
		    sendmail_need(p, plan_is_out_strict, "connection_cache",
			"ConnectionCacheSize",
			"open connections are used again for other domains at "
			"the same server, without asking tls_server"),
		    "define(`confMCI_CACHE_SIZE', `0')dnl behind the feature");
	if (!sv_starts(sendmail_cf_get(&p->cf, 'O', "Timeout.hoststatus"),
		sv_from("0")))
		sendmail_change(p,
		    sendmail_need(p, plan_is_out_strict, "host_status",
			"Timeout.hoststatus",
			"a server's last failure is remembered: what is "
			"refused for one domain bounces another's mail there"),
		    "define(`confTO_HOSTSTATUS', `0s')dnl behind the feature");
}

/* Ruleset Canonify2 asks DNS for another name of the recipient's domain, which
 * tls_server is then told. */
static void
out_domains(struct sendmail_plan *p)
{
	struct sv options = sendmail_cf_get(&p->cf, 'O', "ResolverOptions");

	if (!sendmail_is_on(p, "DontExpandCnames"))
		sendmail_change(p,
		    sendmail_need(p, plan_is_out_strict, "expands_cnames",
			"DontExpandCnames",
			"is not on: whoever can put a CNAME record for a "
			"domain into DNS turns its mail into that of another "
			"one, without these rules"),
		    "define(`confDONT_EXPAND_CNAMES', `true')dnl behind the "
		    "feature");
	if (!map_has(options, sv_from("-DNSRCH")))
		sendmail_change(p,
		    sendmail_need(p, plan_is_out_strict, "searches_domains",
			"ResolverOptions",
			"does not have -DNSRCH: a domain that DNS does not "
			"find becomes one below the machine's own, without "
			"these rules"),
		    "define(`confBIND_OPTS', defn(`confBIND_OPTS')` "
		    "-DNSRCH')dnl behind the feature");
}

/* Mailers of the network deliver each recipient by itself. */
static void
out_mailers(struct sendmail_plan *p)
{
	const struct sendmail_cf_line *l;
	struct check_finding *f;
	size_t at = 0;

	while ((l = sendmail_cf_next(&p->cf, 'M', &at))) {
		if (!sv_is_nocase(sendmail_cf_equate(l->value, 'P'), "[IPC]") ||
		    sv_is(sendmail_cf_equate(l->value, 'r'), "1"))
			continue;
		f = sendmail_need(p, plan_is_out_strict, "many_recipients",
		    check_text(p->check, "mailer %.*s", SV_ARG(l->name)),
		    "takes several recipients at once (r= is not 1): domains "
		    "that share a server are taken for one, and a refusal "
		    "hits them all");
		if (f != NULL)
			f->fix =
			    "put FEATURE(`tlswarden') before MAILER and "
			    "leave SMTP_MAILER_MAXRCPTS as it sets it; "
			    "r=1 for mailers of your own";
	}
}

static void
out_certificates(struct sendmail_plan *p)
{
	struct check_finding *f;

	if (sendmail_cf_get(&p->cf, 'O', "CACertFile").n == 0 &&
	    sendmail_cf_get(&p->cf, 'O', "CACertPath").n == 0)
		sendmail_change(p,
		    sendmail_need(p, is_any_secure, "no_ca", "CACertFile",
			"Sendmail has no CAs: no certificate is verified, and "
			"nothing satisfies level secure"),
		    check_text(p->check,
			"define(`confCACERT', `%s')dnl\n"
			"define(`confCACERT_PATH', `/etc/ssl/certs')dnl",
			p->conf->trust_store));
	f = sendmail_need(p, is_ca_untold, "ca_name_long", "{cert_issuer}",
	    check_text(p->check,
		"the name of the CA is longer than the %d bytes that Sendmail "
		"tells of it: whoever has its certificate is refused for now",
		SENDMAIL_DN_MAX));
	if (f != NULL)
		f->fix =
		    "leave ca out of these rules, and name the "
		    "certificates by cert_name";
	if (p->map.p == NULL || sendmail_is_on(p, "SetCertAltnames"))
		return;
	f = sendmail_need(p, is_out_secure, "altnames_off", "SetCertAltnames",
	    "is not on: of a server's certificate only the common name "
	    "counts, which most have no more");
	if (f != NULL)
		f->fix =
		    "use the line of FEATURE(`tlswarden') as it is; this "
		    "Sendmail needs _FFR_TLS_ALTNAMES";
}

/* What is asked when no server of a domain answers; $h stays the domain. */
static void
out_fallback(struct sendmail_plan *p)
{
	static const char *const options[] = { "FallbackMXhost",
		"FallbackSmartHost" };
	struct check_finding *f;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct sv host = sendmail_cf_get(&p->cf, 'O', options[i]);

		if (host.n == 0)
			continue;
		f = sendmail_notice(p, plan_is_out_strict, "fallback_host",
		    options[i],
		    check_text(p->check,
			"mail goes to %.*s when a domain's servers do not "
			"answer: the session there is judged by the rules of "
			"recipients alone, none for that next hop is asked",
			SV_ARG(host)));
		if (f != NULL)
			f->fix = check_text(p->check,
			    "write a rule for the subnet of %.*s",
			    SV_ARG(host));
	}
}

/* M=S of ClientPortOptions: STARTTLS is never tried (deliver.c, D_NOTLS). */
static void
out_client(struct sendmail_plan *p)
{
	const struct sendmail_cf_line *l;
	struct check_finding *f;
	size_t at = 0;

	while ((l = sendmail_cf_next(&p->cf, 'O', &at))) {
		struct sv flags = sendmail_cf_equate(l->value, 'M');

		if (!sv_is_nocase(l->name, "ClientPortOptions") ||
		    sv_find(flags, 'S') == flags.n)
			continue;
		f = sendmail_need(p, plan_is_out_strict, "client_no_starttls",
		    "ClientPortOptions",
		    check_text(p->check,
			"Sendmail does not try STARTTLS (%.*s): what these "
			"rules are about is refused, as if the servers did "
			"not offer it",
			SV_ARG(l->value)));
		if (f != NULL)
			f->fix = "take S out of M= of that CLIENT_OPTIONS";
	}
}

/* Ways that lead elsewhere than the recipient's domain says. */
static void
out_ways(struct sendmail_plan *p)
{
	struct sv hub = sendmail_cf_get(&p->cf, 'D', "S");
	struct check_finding *f;

	if (hub.n > 0) {
		f = sendmail_need(p, plan_is_out_strict, "smart_host",
		    "SMART_HOST",
		    check_text(p->check,
			"all mail goes to %.*s: what is judged, by the rules "
			"of recipients and of that next hop, is the session "
			"with that server; nothing is known of the way behind "
			"it",
			SV_ARG(hub)));
		if (f != NULL) {
			f->severity = CHECK_NOTICE;
			f->fix = check_text(p->check,
			    "write a rule for the next hop %.*s, and rules "
			    "for the partners there",
			    SV_ARG(hub));
		}
	}
	if (sendmail_cf_get(&p->cf, 'K', "mailertable").p == NULL)
		return;
	f = sendmail_notice(p, plan_is_out_strict, "mailertable",
	    "FEATURE(`mailertable')",
	    "mail to domains in the mailertable is judged by the rules of "
	    "the recipient and of the hosts that stand there: the session "
	    "with that host has to satisfy both");
	if (f != NULL)
		f->fix =
		    "write rules for these hosts, too; a mailer of your "
		    "own needs r=1";
}

/* STS_SAN has no rules with NO_SAN_TST. */
static bool
has_names_test(const struct sendmail_plan *p)
{
	return sendmail_cf_get(&p->cf, 'R', "STS_SAN").p != NULL;
}

/* It knows no users, and wants the server's own name. */
static void
out_sts_reach(struct sendmail_plan *p)
{
	struct check_finding *f =
	    sendmail_notice(p, plan_is_out_users, "sts_users", "Ksts",
		"FEATURE(`sts') asks for the domain alone: where a rule about "
		"some users demands less than that of their domain, it has no "
		"effect");

	if (f != NULL)
		f->fix = "leave FEATURE(`sts') out, or demand as much of them";
	f = sendmail_notice(p, is_out_default, "sts_server", "Ksts",
	    "FEATURE(`sts') wants a server that is the domain or lies one "
	    "label below: mail to a domain with a server elsewhere waits, "
	    "whatever its certificate says");
	if (f != NULL)
		f->fix =
		    "name the servers by cert_name, or cert_name "
		    "hostname where DNS can be trusted";
}

/* FEATURE(`sts'), be it with our map or another's. */
static void
out_sts(struct sendmail_plan *p)
{
	struct sv map = sendmail_cf_get(&p->cf, 'K', "sts"), rest = map;
	struct sv word, socket = sv_make(NULL, 0);
	struct check_finding *f;

	if (map.p == NULL) {
		f = sendmail_notice(p, is_out_secure, "no_sni", "Ksts",
		    "Sendmail names no server in the handshake (SNI) unless "
		    "FEATURE(`sts') does: a server with several certificates "
		    "may show another's");
		if (f != NULL)
			f->fix =
			    "FEATURE(`sts', `socket -d5 -T<TMPF> "
			    "SOCKET', `NO_SAN_TST')dnl with the socket of "
			    "tlswarden-policyd, for servers that are named "
			    "by cert_name or lie below their domain";
		return;
	}
	if (!map_has(map, sv_from("-T<TMPF>"))) {
		f = sendmail_need(p, is_out_secure, "sts_fails_open", "Ksts",
		    "the map has no -T<TMPF>: without an answer mail goes out "
		    "unjudged");
		if (f != NULL)
			f->fix =
			    "FEATURE(`sts', `socket -d5 -T<TMPF> "
			    "SOCKET')dnl";
	}
	while (sv_word(&rest, &word))
		socket = word;
	if (p->socketmap == NULL || !sendmail_is_socket(socket, p->socketmap))
		return;
	out_sts_reach(p);
	if (p->map.p == NULL)
		f = sendmail_need(p, plan_is_out_strict, "sts_alone", "Ksts",
		    "FEATURE(`sts') alone knows level secure only, no CA, no "
		    "TLS version, no bits, no address, and never refuses for "
		    "good");
	else if (has_names_test(p))
		f = sendmail_notice(p, is_out_secure, "sts_wildcards", "Ksts",
		    "FEATURE(`sts') takes no wildcard for a server's name: "
		    "mail to servers with such certificates waits, also where "
		    "the feature tlswarden accepts them");
	else
		f = NULL;
	if (f != NULL)
		f->fix = p->map.p == NULL
		    ? "add FEATURE(`tlswarden')"
		    : "FEATURE(`sts', `...', `NO_SAN_TST'): the feature "
		      "tlswarden looks at the names itself";
}

void
sendmail_outbound(struct sendmail_plan *p)
{
	out_certificates(p);
	out_sts(p);
	if (p->map.p == NULL || p->socketmap == NULL ||
	    !sendmail_is_socket(p->map_socket, p->socketmap))
		out_missing(p);
	if (p->map.p == NULL)
		return; /* the feature brings the rest */
	out_map(p);
	out_ruleset(p, "tls_server", "Tlswarden_server", plan_is_out);
	out_ruleset(p, "tls_rcpt", "Tlswarden_rcpt", plan_is_out);
	out_ruleset(p, "try_tls", "Tlswarden_try", is_out_none);
	out_cache(p);
	out_domains(p);
	out_mailers(p);
	out_client(p);
	out_ways(p);
	out_fallback(p);
}
