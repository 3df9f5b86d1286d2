/* tlswarden: annotate/postfix_warn - what Postfix says of settings and limits.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Warnings of smtp_tls_policy.c, tls_misc.c, tls_dane.c, tls_certkey.c,
 * smtpd.c and dict_sockmap.c, 3.5 to 3.11. Most are faults of our own that
 * defer mail although no peer did anything wrong.
 */
#include "config.h"

#include "annotate/lines.h"
#include "annotate/words.h"

/* Where the line names the peer. */
enum peer_at {
	PEER_NOWHERE = 0,
	PEER_FRONT,  /* "warning: NAMADDR: ..." or "NAMADDR: ..." */
	PEER_FROM,   /* "... from NAMADDR ..." */
	PEER_TO,     /* "... to NAMADDR" */
	PEER_QUOTED, /* ... "KEY" ... */
	PEER_RELAY   /* ", relay=NAMADDR," */
};

static const struct {
	struct sv needle;
	enum peer_at peer_at;
	enum reason reason;
	enum reason_fault fault;
	const char *remark;
} lines[] = {
	{ SV("Must issue a STARTTLS command first"), PEER_RELAY, REASON_NO_TLS,
	    FAULT_OURS,
	    "The other side takes mail only over TLS and we sent in clear: set "
	    "smtp_tls_security_level = may, or a rule of level encrypt." },
	/* RFC 8689, 3.11 */
	{ SV("REQUIRETLS, but TLS service was not offered"), PEER_RELAY,
	    REASON_NO_STARTTLS, FAULT_UNKNOWN,
	    "The sender demanded REQUIRETLS (RFC 8689) for this mail." },
	{ SV("REQUIRETLS, but host "), PEER_RELAY, REASON_STARTTLS_REFUSED,
	    FAULT_UNKNOWN,
	    "The sender demanded REQUIRETLS (RFC 8689) for this mail." },
	{ SV("REQUIRETLS, but no matching "), PEER_RELAY, REASON_NAME_MISMATCH,
	    FAULT_UNKNOWN,
	    "The sender demanded REQUIRETLS (RFC 8689) for this mail." },
	{ SV("REQUIRETLS, but no trusted "), PEER_RELAY,
	    REASON_CERT_NOT_VERIFIED, FAULT_UNKNOWN,
	    "The sender demanded REQUIRETLS (RFC 8689) for this mail." },
	{ SV("REQUIRETLS, but my configured TLS "), PEER_RELAY, REASON_UNKNOWN,
	    FAULT_OURS,
	    "The sender demanded REQUIRETLS (RFC 8689), which our own TLS "
	    "security level rules out: secure or encrypt is needed for this "
	    "destination." },
	{ SV("REQUIRETLS, but no server was found"), PEER_RELAY, REASON_UNKNOWN,
	    FAULT_THEIRS,
	    "The sender demanded REQUIRETLS (RFC 8689), and no server of the "
	    "destination supports it." },
	{ SV("REQUIRETLS policy configuration error"), PEER_RELAY,
	    REASON_UNKNOWN, FAULT_OURS,
	    "smtp_requiretls_policy in main.cf is wrong." },
	/* RFC 7672 */
	{ SV("TLSA lookup error for "), PEER_RELAY, REASON_DNS_FAILURE,
	    FAULT_UNKNOWN,
	    "The TLSA records of the server could not be looked up; mail waits "
	    "(RFC 7672 section 2.1.1)." },
	{ SV("DANE TLSA lookup problem: "), PEER_NOWHERE, REASON_DNS_FAILURE,
	    FAULT_UNKNOWN,
	    "The TLSA records of a server could not be looked up; mail waits "
	    "(RFC 7672 section 2.1.1)." },
	{ SV("dane configured with dnssec lookups disabled"), PEER_NOWHERE,
	    REASON_UNKNOWN, FAULT_OURS,
	    "Postfix goes on with level may: set smtp_dns_support_level = "
	    "dnssec, or take dane out of the policy." },
	{ SV("non DNSSEC destination"), PEER_RELAY, REASON_CERT_NOT_VERIFIED,
	    FAULT_OURS,
	    "The level dane-only is set for a domain whose DNS is not signed: "
	    "take another level." },
	{ SV("no TLSA records found"), PEER_RELAY, REASON_CERT_NOT_VERIFIED,
	    FAULT_OURS,
	    "The level dane-only is set for a domain without TLSA records: "
	    "take another level." },
	{ SV("TLSA records unusable)"), PEER_RELAY, REASON_CERT_NOT_VERIFIED,
	    FAULT_THEIRS,
	    "The domain publishes TLSA records, but none that can be used "
	    "(RFC 7672 section 3.1): its postmaster has to mend them." },
	{ SV("unexpected server message)"), PEER_RELAY,
	    REASON_STARTTLS_INJECTION, FAULT_UNKNOWN,
	    "The server spoke before it was asked, right after the handshake "
	    "(smtp_tls_block_early_mail_reply)." },
	{ SV(" while receiving the STARTTLS response"), PEER_RELAY,
	    REASON_CONNECTION_CLOSED, FAULT_UNKNOWN,
	    "The server offered STARTTLS and then gave no answer to it." },
	{ SV("don't know what EHLO features to announce to "), PEER_TO,
	    REASON_UNKNOWN, FAULT_OURS,
	    "smtpd_discard_ehlo_keyword_address_maps gave no answer, so that "
	    "no client is greeted (421): is tlswarden-policyd running "
	    "(tlswarden check)?" },
	{ SV("re-using session with untrusted "), PEER_FRONT,
	    REASON_CERT_NOT_VERIFIED, FAULT_UNKNOWN,
	    "The session goes on from an earlier one; the line about that one "
	    "has the cause." },
	{ SV("all TLSA records unusable"), PEER_FRONT, REASON_CERT_NOT_VERIFIED,
	    FAULT_THEIRS,
	    "The domain publishes TLSA records, but none that can be used "
	    "(RFC 7672 section 3.1): its postmaster has to mend them." },
	{ SV("unusable TLSA RR"), PEER_FRONT, REASON_CERT_NOT_VERIFIED,
	    FAULT_THEIRS,
	    "One of the domain's TLSA records cannot be used (RFC 7672 section "
	    "3.1)." },
	{ SV("trust anchors unusable"), PEER_FRONT, REASON_UNKNOWN, FAULT_OURS,
	    "No CA of the rule's tafile= can be used: look at it with "
	    "tlswarden ca show and tlswarden check." },
	{ SV("fingerprints unusable"), PEER_FRONT, REASON_UNKNOWN, FAULT_OURS,
	    "No fingerprint of the rule can be used: they must be of "
	    "smtp_tls_fingerprint_digest." },
	{ SV("error opening trust anchor file"), PEER_NOWHERE, REASON_UNKNOWN,
	    FAULT_OURS,
	    "Postfix cannot read the CA of a rule: the names in tafile= start "
	    "at queue_directory, and policyd writes the files to "
	    "ca_directory." },
	{ SV("invalid cipher grade"), PEER_FRONT, REASON_UNKNOWN, FAULT_OURS,
	    "A ciphers= attribute or smtp_tls_ciphers has a word that Postfix "
	    "does not know." },
	{ SV("Invalid TLS protocol list"), PEER_FRONT, REASON_UNKNOWN,
	    FAULT_OURS,
	    "A protocols= attribute has a form that this Postfix does not "
	    "know: set postfix_version in tlswarden.conf to the oldest Postfix "
	    "that asks." },
	{ SV("in cipher exclusion"), PEER_FRONT, REASON_UNKNOWN, FAULT_OURS,
	    "An exclude= attribute or smtp_tls_exclude_ciphers has a name that "
	    "is none." },
	{ SV("disabling TLS support"), PEER_NOWHERE, REASON_UNKNOWN, FAULT_OURS,
	    "Postfix goes on WITHOUT TLS, because it cannot use its own "
	    "certificate or key: tlswarden check --self." },
	{ SV("New TLS session rate limit exceeded"), PEER_FROM,
	    REASON_STARTTLS_REFUSED, FAULT_OURS,
	    "smtpd_client_new_tls_session_rate_limit refused this client; its "
	    "mail comes in clear or is deferred." },
	{ SV("Refusing STARTTLS request"), PEER_FROM, REASON_STARTTLS_REFUSED,
	    FAULT_OURS,
	    "smtpd_client_new_tls_session_rate_limit refused this client; its "
	    "mail comes in clear or is deferred." },
	{ SV("does not match STS MX pattern"), PEER_NOWHERE, REASON_UNKNOWN,
	    FAULT_THEIRS,
	    "The domain's MTA-STS policy does not list this MX host (RFC 8461 "
	    "section 4.1)." },
	{ SV(", next-hop destination \""), PEER_QUOTED, REASON_UNKNOWN,
	    FAULT_OURS,
	    "Postfix could not use the answer of smtp_tls_policy_maps and "
	    "defers this mail: the words behind the destination say why; "
	    "tlswarden explain shows the answer." },
};

/* Trouble with a map of ours: these warnings name every kind of map. */
static const struct sv map_words[] = { SV("socketmap server "),
	SV("lookup error"), SV("connect to ") };

static struct sv
up_to_blank(struct sv v)
{
	size_t n = sv_find(v, ' ');

	v = sv_head(v, n);
	while (v.n > 0 && (v.p[v.n - 1] == ':' || v.p[v.n - 1] == ','))
		v.n--;
	return v;
}

static struct sv
behind(struct sv msg, struct sv word)
{
	return sv_skip(msg, words_find(msg, word) + word.n);
}

static struct sv
find_peer(struct sv msg, enum peer_at at)
{
	static const struct sv warning = SV("warning: "), from = SV(" from "),
			       to = SV(" to "), relay = SV(" relay="),
			       quote = SV("\"");

	switch (at) {
	case PEER_FRONT:
		if (sv_starts(msg, warning))
			msg = sv_skip(msg, warning.n);
		msg = up_to_blank(msg);
		return sv_find(msg, '[') < msg.n ? msg : sv_from("");
	case PEER_FROM:
		return up_to_blank(behind(msg, from));
	case PEER_TO:
		/* "features to announce to NAMADDR" */
		return up_to_blank(behind(behind(msg, to), to));
	case PEER_QUOTED:
		msg = behind(msg, quote);
		return sv_head(msg, sv_find(msg, '"'));
	case PEER_RELAY:
		msg = behind(msg, relay);
		return sv_head(msg, sv_find(msg, ','));
	case PEER_NOWHERE:
		break;
	}
	return sv_from("");
}

static bool
map_trouble(struct sv msg, struct annotation *r)
{
	static const struct sv ours = SV("tlswarden"),
			       warning = SV("warning: ");

	if (!sv_starts(msg, warning) || words_find(msg, ours) == msg.n)
		return false;
	for (size_t i = 0; i < sizeof(map_words) / sizeof(map_words[0]); i++) {
		if (words_find(msg, map_words[i]) == msg.n)
			continue;
		r->reason = REASON_UNKNOWN;
		r->fault = FAULT_OURS;
		r->detail = sv_skip(msg, warning.n);
		r->remark =
		    "The policy daemon did not answer, or with TEMP; mail is "
		    "deferred until it does. Is tlswarden-policyd running, and "
		    "may Postfix reach its socket (tlswarden check)?";
		return true;
	}
	return false;
}

bool
postfix_warning(struct sv msg, struct annotation *r)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (words_find(msg, lines[i].needle) == msg.n)
			continue;
		r->peer = find_peer(msg, lines[i].peer_at);
		r->reason = lines[i].reason;
		r->fault = lines[i].fault;
		r->remark = lines[i].remark;
		r->detail = msg;
		r->is_inbound = lines[i].peer_at == PEER_FROM ||
		    lines[i].peer_at == PEER_TO;
		return true;
	}
	return map_trouble(msg, r);
}
