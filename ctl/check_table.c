/* tlswarden: ctl/check_table - rules that cannot do what they say.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What an MTA can and cannot enforce is the matrix of ARCHITECTURE.md; each
 * row of the table below is one gap in it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/check.h"
#include "ctl/rule_words.h"
#include "ctl/shadow.h"
#include "policy/postfix.h"
#include "base/banned.h"

enum { SHADOWED_SHOWN = 100, BITS_OF_EVERY_TLS13_SUITE = 128 };

struct kind {
	enum check_severity severity;
	unsigned mtas;
	const char *code;
	bool (*fits)(const struct rule *r);
	const char *text;
	const char *fix;
};

static bool
is_out(const struct rule *r)
{
	return r->direction == DIRECTION_OUT;
}

static bool
is_in(const struct rule *r)
{
	return r->direction == DIRECTION_IN;
}

static bool
names_sender(const struct rule *r)
{
	return is_out(r) && r->sender.kind != PATTERN_ANY;
}

static bool
is_for_users(const struct rule *r)
{
	return is_out(r) && !pattern_covers_domain(&r->recipient);
}

static bool
is_for_users_of_subnet(const struct rule *r)
{
	return is_for_users(r) && r->subnet != NULL;
}

static bool
has_pin_and_chain(const struct rule *r)
{
	return is_out(r) && r->demand->level == LEVEL_SECURE &&
	    r->demand->fingerprint.n > 0;
}

static bool
has_outbound_pin(const struct rule *r)
{
	return is_out(r) && r->demand->fingerprint.n > 0;
}

static bool
has_inbound_pin(const struct rule *r)
{
	return is_in(r) && r->demand->fingerprint.n > 0;
}

static bool
wants_more_than_tls13(const struct rule *r)
{
	return is_out(r) && r->demand->min_bits > BITS_OF_EVERY_TLS13_SUITE;
}

static bool
matches_no_certificate(const struct rule *r)
{
	return is_out(r) && r->demand->level == LEVEL_SECURE &&
	    pattern_is_address_hop(&r->recipient) &&
	    !postfix_can_match(r->demand->cert_name, true);
}

/* cert_name has words that Postfix is not given: see postfix_match. */
static bool
mixes_names_and_address(const struct rule *r)
{
	struct sv rest = r->demand->cert_name, word;
	bool has_name = false, has_address = false;

	if (!is_out(r) || !pattern_is_address_hop(&r->recipient))
		return false;
	while (sv_cut(&rest, ':', &word))
		if (postfix_is_address_word(word, true))
			has_address = true;
		else
			has_name |= !sv_is_nocase(word, ".nexthop");
	return has_name && has_address;
}

/* Of the alternative names of a server Sendmail tells whether one is there,
 * for the names that tlswarden.m4 asks about. */
static bool
names_others(const struct rule *r)
{
	struct sv rest = r->demand->cert_name, word;

	if (!is_out(r))
		return false;
	while (sv_cut(&rest, ':', &word))
		if (!sv_is_nocase(word, "nexthop") &&
		    !sv_is_nocase(word, ".nexthop") &&
		    !sv_is_nocase(word, "hostname"))
			return true;
	return false;
}

static bool
is_permanent(const struct rule *r)
{
	return is_out(r) && r->on_failure == ON_FAILURE_FAIL &&
	    level_demands_tls(r->demand->level);
}

static bool
is_everybody(const struct pattern *p)
{
	return p->kind == PATTERN_ANY ||
	    (p->kind == PATTERN_DOMAIN_GLOB && p->literals == 0);
}

static bool
refuses_everybody(const struct rule *r)
{
	return is_in(r) && r->mode == MODE_ENFORCE && r->subnet == NULL &&
	    is_everybody(&r->sender) && is_everybody(&r->recipient) &&
	    level_demands_tls(r->demand->level);
}

/* A glob over the whole DN, which Postfix does not tell. */
static bool
names_dn(const struct rule *r)
{
	struct sv rest = r->demand->cert_name, word;

	if (!is_in(r))
		return false;
	while (sv_cut(&rest, ':', &word))
		if (sv_find(word, '/') < word.n || sv_find(word, '=') < word.n)
			return true;
	return false;
}

static const struct kind kinds[] = {
	{ CHECK_PROBLEM, CHECK_ALL, "sender_outbound", names_sender,
	    "names a sender, but no MTA tells the sender when it asks how to "
	    "deliver: the rule never wins",
	    "set sender to '*'" },
	{ CHECK_PROBLEM, CHECK_POSTFIX, "users_subnet", is_for_users_of_subnet,
	    "is about some users and has a subnet; Postfix asks the map "
	    "transport for every recipient, which cannot wait for DNS: the "
	    "rule never wins",
	    "write it for the whole domain, or without subnet" },
	{ CHECK_PROBLEM, CHECK_POSTFIX, "pin_and_chain", has_pin_and_chain,
	    "wants a pinned certificate and a verified chain; smtp(8) can "
	    "check one of them: Postfix checks the chain and not the pin",
	    "use level encrypt with cert_fingerprint, or drop the "
	    "fingerprint" },
	{ CHECK_PROBLEM, CHECK_POSTFIX, "address_without_name",
	    matches_no_certificate,
	    "wants a verified certificate of a server that is an address, by "
	    "names that Postfix takes from the next hop: it then demands the "
	    "address and a name below it, both at once, which no certificate "
	    "has",
	    "set cert_name to a name that the certificate carries, or to "
	    "hostname if it carries the address" },
	{ CHECK_NOTICE, CHECK_POSTFIX, "address_among_names",
	    mixes_names_and_address,
	    "is about a server that is an address, and has that address (as "
	    "nexthop or hostname) and names in cert_name; Postfix cannot take "
	    "one or the other: it is given the names alone",
	    "write names only, or hostname only" },
	{ CHECK_PROBLEM, CHECK_SENDMAIL, "outbound_pin", has_outbound_pin,
	    "wants a pinned certificate; Sendmail does not tell the "
	    "fingerprint of a server's certificate: all its mail is deferred",
	    "use level secure with ca and cert_name" },
	{ CHECK_PROBLEM, CHECK_ALL, "refuses_everybody", refuses_everybody,
	    "refuses mail in clear from everybody, which a public mail "
	    "server must not do (RFC 3207 section 4)",
	    "name the partners by sender or subnet, or watch with mode "
	    "monitor first" },
	{ CHECK_NOTICE, CHECK_POSTFIX, "users_need_transport", is_for_users,
	    "is about some users of a domain; it reaches smtp(8) only "
	    "through transport_maps and the transports tlswarden-LEVEL of "
	    "master.cf",
	    "make sure that Postfix asks the maps transport and "
	    "address-LEVEL, or write the rule for the whole domain" },
	{ CHECK_NOTICE, CHECK_POSTFIX, "tls13_bits", wants_more_than_tls13,
	    "wants more than 128 bits; Postfix cannot exclude a suite of TLS "
	    "1.3, so TLS_AES_128_GCM_SHA256 stays possible there",
	    "Postfix 3.9: tls_config_file with Ciphersuites; else accept it" },
	{ CHECK_NOTICE, CHECK_POSTFIX, "fail_needs_dsn", is_permanent,
	    "is to return mail at once; Postfix alone keeps it in the queue, "
	    "its smtp_delivery_status_filter has to ask the map dsn",
	    "smtp_delivery_status_filter = socketmap:unix:...:dsn" },
	{ CHECK_NOTICE, CHECK_POSTFIX, "inbound_pin", has_inbound_pin,
	    "pins a client certificate; Postfix tells the fingerprint to "
	    "policy delegation only, the milter refuses such sessions for "
	    "now",
	    "ask by check_policy_service, and set "
	    "smtpd_tls_fingerprint_digest = sha256" },
	{ CHECK_NOTICE, CHECK_SENDMAIL, "names_unseen", names_others,
	    "names the certificate; Sendmail sees such a name as the CN, or "
	    "when it is that of the server, of the next hop or of the "
	    "recipient's domain, not elsewhere among the alternative names",
	    "compare with tlswarden probe; cert_name hostname takes the "
	    "server's own name" },
	{ CHECK_NOTICE, CHECK_SENDMAIL, "inbound_pin", has_inbound_pin,
	    "pins a client certificate; Sendmail tells a fingerprint only "
	    "with CertFingerprintAlgorithm=sha256",
	    "define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')" },
	{ CHECK_NOTICE, CHECK_POSTFIX, "dn_glob", names_dn,
	    "compares with a whole distinguished name; Postfix tells the "
	    "common name only, so it never matches there",
	    "write a pattern for the common name" },
};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

void
check_one_rule(const struct rule *rule, unsigned mtas,
    void (*fn)(void *arg, const char *text, const char *fix), void *arg)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if ((kinds[i].mtas & mtas) != 0 && kinds[i].fits(rule))
			fn(arg, kinds[i].text, kinds[i].fix);
}

static bool
is_active(const struct rule *r, int64_t now)
{
	return r->is_enabled && r->expires_at > now;
}

static void
check_kind(struct check *c, const struct kind *k)
{
	const struct snapshot *s = c->table.snap;
	struct check_finding *f = NULL;

	for (size_t i = 0; i < snapshot_count(s); i++) {
		const struct rule *r = snapshot_rule(s, i);

		if (!is_active(r, c->app->now) || !k->fits(r))
			continue;
		if (f == NULL)
			f = check_add(c, k->severity, k->code, k->mtas, k->text,
			    k->fix);
		check_rule(f, r->id);
	}
}

static void
check_expired(struct check *c)
{
	const struct snapshot *s = c->table.snap;
	struct check_finding *f = NULL;

	for (size_t i = 0; i < snapshot_count(s); i++) {
		const struct rule *r = snapshot_rule(s, i);

		if (!r->is_enabled || r->expires_at > c->app->now)
			continue;
		if (f == NULL)
			f = check_add(c, CHECK_NOTICE, "expired", CHECK_ALL,
			    "has expired and does nothing any more",
			    "tlswarden rule remove ID");
		check_rule(f, r->id);
	}
}

struct shadowed {
	struct check *c;
	size_t n;
};

/* A rule before it that ends by itself hides it only for a while. */
static void
take_shadowed(void *arg, const struct rule *rule, const struct rule *by)
{
	struct shadowed *s = arg;
	bool is_for_now = by->expires_at != INT64_MAX;
	struct buf text;

	if (++s->n > SHADOWED_SHOWN)
		return;
	buf_init(&text, OUT_TEXT_MAX);
	buf_addf(&text, "%s: rule %" PRId64 " (priority %d, ",
	    is_for_now ? "does not win for now" : "can never win", by->id,
	    by->priority);
	rule_words_criteria(by, &text);
	buf_adds(&text, ") comes first and matches all that it matches");
	if (is_for_now) {
		buf_adds(&text, "; that ends at ");
		rule_words_time(by->expires_at, &text);
	}
	check_rule(check_add(s->c, is_for_now ? CHECK_NOTICE : CHECK_PROBLEM,
		       "shadowed", CHECK_ALL,
		       check_text(s->c, "%s", buf_str(&text)),
		       is_for_now
			   ? NULL
			   : check_text(s->c,
				 "tlswarden rule move %" PRId64
				 " --before %" PRId64 ", or remove one of them",
				 rule->id, by->id)),
	    rule->id);
	buf_free(&text);
}

static void
check_shadowed(struct check *c)
{
	struct shadowed s = { c, 0 };
	size_t n_cut =
	    shadow_find(c->table.snap, c->app->now, take_shadowed, &s);

	if (s.n > SHADOWED_SHOWN)
		check_add(c, CHECK_PROBLEM, "shadowed", CHECK_ALL,
		    check_text(c, "%zu rules more can never win",
			s.n - SHADOWED_SHOWN),
		    NULL);
	if (n_cut > 0)
		check_add(c, CHECK_NOTICE, "not_compared", CHECK_ALL,
		    check_text(c,
			"%zu rules were not compared with every rule that "
			"has wildcards: there are too many of them",
			n_cut),
		    NULL);
}

void
check_table(struct check *c)
{
	for (size_t i = 0; i < N_KINDS; i++)
		check_kind(c, &kinds[i]);
	check_shadowed(c);
	check_expired(c);
}
