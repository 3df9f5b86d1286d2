/* tlswarden: policy/dsn - what Postfix says of a failed delivery, said better.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/dsn.h"
#include "policy/party.h"

enum { TEXT_BYTES = 160, NAME_BYTES = 60 };

void
dsn_tie_set(struct dsn_tie *tie, const struct rule *rule, struct sv nexthop,
    int64_t now)
{
	size_t n =
	    nexthop.n < sizeof(tie->nexthop) ? nexthop.n : sizeof(tie->nexthop);

	tie->rule_id = 0;
	tie->when = now;
	tie->table = 0;
	tie->peer = 0;
	if (n > 0)
		memcpy(tie->nexthop, nexthop.p, n);
	tie->nexthop_n = (uint16_t)n;
	if (rule == NULL)
		return;
	tie->rule_id = rule->id;
	tie->demand = rule->demand->mark;
	tie->rank = rule_rank(rule);
	tie->on_failure = (enum on_failure)rule->on_failure;
	tie->level = rule->demand->level;
	tie->min_protocol = rule->demand->min_protocol;
	tie->min_bits = rule->demand->min_bits;
	tie->authenticates = rule_authenticates(rule);
}

void
dsn_tie_table(struct dsn_tie *tie, uint64_t table)
{
	if (tie->table != table)
		tie->on_failure = ON_FAILURE_TEMPFAIL;
}

/* Postfix src/smtp/smtp_proto.c. "our TLS engine is unavailable" and "TLS is
 * required, but unavailable" are our own trouble and not listed. */
static const struct {
	struct sv start;
	struct sv inside; /* empty: nothing more is asked */
	enum reason reason;
} statuses[] = {
	{ SV("TLS is required, but was not offered by host "), SV(""),
	    REASON_NO_STARTTLS },
	{ SV("TLS is required, but host "), SV(" refused to start TLS: "),
	    REASON_STARTTLS_REFUSED },
	{ SV("Cannot start TLS: handshake failure"), SV(""),
	    REASON_HANDSHAKE_FAILURE },
	{ SV("Server certificate not verified"), SV(""),
	    REASON_CERT_NOT_VERIFIED },
	{ SV("Server certificate not trusted"), SV(""),
	    REASON_CERT_NOT_VERIFIED },
};

static bool
contains(struct sv text, struct sv part)
{
	for (; text.n >= part.n; text = sv_skip(text, 1)) {
		if (sv_starts(text, part))
			return true;
		if (text.n == 0)
			break;
	}
	return false;
}

enum reason
dsn_reason(struct sv text)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (sv_starts(text, statuses[i].start) &&
		    contains(text, statuses[i].inside))
			return statuses[i].reason;
	return REASON_COUNT;
}

void
dsn_peer(struct sv text, struct sv *name_r, struct sv *addr_r)
{
	static const struct sv word = SV(" host ");
	struct sv name, rest;

	*name_r = *addr_r = sv_from("");
	while (text.n > 0 && !sv_starts(text, word))
		text = sv_skip(text, 1);
	text = sv_skip(text, word.n);
	name = sv_head(text, sv_find(text, '['));
	rest = sv_skip(text, name.n + 1);
	if (sv_find(name, ' ') < name.n || sv_find(rest, ']') == rest.n)
		return;
	*name_r = name;
	*addr_r = sv_head(rest, sv_find(rest, ']'));
}

void
dsn_tie_status(struct dsn_tie *tie, struct sv key)
{
	struct sv text = key, status, name, addr;
	uint64_t peer;
	bool is_other;

	if (!sv_cut(&text, ' ', &status))
		return;
	dsn_peer(text, &name, &addr);
	peer = addr.n > 0 && dsn_reason(text) != REASON_COUNT
	    ? party_hash(name) ^ party_hash(addr)
	    : 0;
	is_other = peer != 0 && tie->peer != 0 && peer != tie->peer;
	if (is_other || sv_starts(status, (struct sv)SV("2."))) {
		tie->rule_id = 0;
		tie->nexthop_n = 0;
	}
	if (peer != 0)
		tie->peer = peer;
}

/* "4.7.5" or "5.7.5": class 4 or 5, then two numbers (RFC 3463 2). */
static bool
is_failure_status(struct sv status)
{
	struct sv part;
	uint32_t number;

	if (!sv_cut(&status, '.', &part) ||
	    (!sv_is(part, "4") && !sv_is(part, "5")))
		return false;
	return sv_cut(&status, '.', &part) && sv_to_u32(part, 999, &number) &&
	    sv_to_u32(status, 999, &number);
}

/* Found in a certificate, which the handshake does not look at. */
static bool
is_of_certificate(enum reason r)
{
	return (r >= REASON_CERT_NOT_VERIFIED &&
		   r <= REASON_FINGERPRINT_MISMATCH) ||
	    (r >= REASON_SELF_SIGNED_LEAF && r <= REASON_CHAIN_TOO_LONG);
}

/* What ends a handshake. OpenSSL refuses keys and signatures that are too weak
 * for its security level, and what it cannot read, before anybody verifies. */
static bool
is_of_handshake(enum reason r)
{
	static const enum reason reasons[] = { REASON_HANDSHAKE_FAILURE,
		REASON_LEGACY_PROTOCOL, REASON_PROTOCOL_TOO_OLD,
		REASON_CIPHER_TOO_WEAK, REASON_CLIENT_CERT_REQUIRED,
		REASON_CONNECTION_CLOSED, REASON_PROTOCOL_ERROR,
		REASON_STARTTLS_INJECTION, REASON_WEAK_KEY,
		REASON_WEAK_SIGNATURE, REASON_BAD_KEY_USAGE, REASON_MALFORMED };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i] == r)
			return true;
	return false;
}

bool
dsn_explains(enum reason seen, enum reason found)
{
	if (seen == REASON_HANDSHAKE_FAILURE)
		return is_of_handshake(found);
	if (seen == REASON_CERT_NOT_VERIFIED)
		return is_of_certificate(found);
	return found == seen;
}

bool
dsn_is_lasting(const struct dsn_probe *found)
{
	/* A server that closes may only be busy. */
	return found->fault == FAULT_THEIRS && is_of_handshake(found->reason) &&
	    found->reason != REASON_CONNECTION_CLOSED;
}

/* A server may say 421 to any command when it has to close (RFC 5321 3.8):
 * that tells nothing of its TLS. */
static bool
is_closing(struct sv text)
{
	return contains(text, (struct sv)SV(" refused to start TLS: 421"));
}

/* What the peer is surely to blame for may become permanent. */
static bool
may_be_permanent(enum reason seen, struct sv text, struct dsn_probes probes)
{
	if (seen == REASON_STARTTLS_REFUSED)
		return !is_closing(text);
	if (seen != REASON_HANDSHAKE_FAILURE)
		return true;
	for (size_t i = 0; i < probes.n; i++)
		if (!dsn_is_lasting(&probes.v[i]))
			return false;
	return probes.n > 0;
}

/* The first that explains it; NULL: none does. */
static const struct dsn_probe *
explaining(enum reason seen, struct dsn_probes probes)
{
	for (size_t i = 0; i < probes.n; i++)
		if (dsn_explains(seen, probes.v[i].reason))
			return &probes.v[i];
	return NULL;
}

enum reason
dsn_cause(struct sv text, struct dsn_probes probes)
{
	enum reason seen = dsn_reason(text);
	const struct dsn_probe *found = explaining(seen, probes);

	return found == NULL || seen == REASON_COUNT ? seen : found->reason;
}

static void
add_words(const struct dsn_tie *tie, enum reason seen,
    const struct dsn_probe *found, struct sv text, struct buf *out)
{
	const struct reason_info *info =
	    reason_info(found == NULL ? seen : found->reason);

	buf_addf(out, " %s required by policy rule %lld for mail to ",
	    tie->level == LEVEL_SECURE ? "Verified TLS" : "TLS",
	    (long long)tie->rule_id);
	buf_add_printable(out, sv_make(tie->nexthop, tie->nexthop_n),
	    NAME_BYTES);
	buf_adds(out, ": ");
	buf_add_printable(out, text, TEXT_BYTES);
	buf_addf(out, "; %s%s: %s", found == NULL ? "" : "a probe found ",
	    info->code, info->todo);
}

bool
dsn_rewrite(struct sv key, const struct dsn_tie *tie, int64_t now,
    struct dsn_probes probes, struct buf *out)
{
	struct sv text = key, status;
	enum reason seen;
	struct buf b;

	if (tie->rule_id == 0 || now - tie->when > DSN_TIE_SECS ||
	    now < tie->when || !sv_cut(&text, ' ', &status) ||
	    !is_failure_status(status) || !level_demands_tls(tie->level))
		return false;
	seen = dsn_reason(text);
	if (seen == REASON_COUNT)
		return false;
	buf_init(&b, LIMIT_REPLY);
	/* The rule says it, whatever class the peer's reply is of. */
	if (tie->on_failure == ON_FAILURE_FAIL &&
	    may_be_permanent(seen, text, probes))
		buf_addc(&b, '5');
	else
		buf_addc(&b, '4');
	buf_add(&b, sv_skip(status, 1));
	add_words(tie, seen, explaining(seen, probes), text, &b);
	buf_add(out, buf_sv(&b));
	buf_free(&b);
	return true;
}
