/* tlswarden: policy/decide - facts and a rule in, a verdict out.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "policy/decide.h"
#include "policy/server_name.h"

/* The CN of a DN in slash form: what stands behind the last "/CN=". */
static struct sv
dn_cn(struct sv dn)
{
	for (size_t i = dn.n; i >= 4; i--) {
		struct sv rest = sv_skip(dn, i - 4);

		if (sv_eq_nocase(sv_head(rest, 4), sv_from("/CN="))) {
			rest = sv_skip(rest, 4);
			return sv_head(rest, sv_find(rest, '/'));
		}
	}
	return sv_from("");
}

struct sv
decide_cn(const struct tls_facts *tls)
{
	if (tls->name_form == NAME_FORM_CN)
		return tls->subject;
	return tls->cn_subject.n > 0 ? tls->cn_subject : dn_cn(tls->subject);
}

/* A glob of cert_name: '?' stands for one byte, the colon too. Case does not
 * count. */
static bool
name_glob(struct sv glob, struct sv name)
{
	struct buf g, n;
	bool yes;

	buf_init(&g, LIMIT_COLUMN);
	buf_init(&n, LIMIT_COLUMN);
	for (size_t i = 0; i < glob.n; i++)
		buf_addc(&g, sv_lower(glob.p[i]));
	for (size_t i = 0; i < name.n; i++)
		buf_addc(&n, sv_lower(name.p[i]));
	yes = !g.is_full && !n.is_full && pattern_glob(buf_sv(&g), buf_sv(&n));
	buf_free(&g);
	buf_free(&n);
	return yes;
}

static bool
word_accepts(struct sv word, const struct tls_facts *tls)
{
	struct sv cn = decide_cn(tls);

	if (sv_find(word, '*') < word.n || sv_find(word, '?') < word.n)
		return tls->subject.n > 0 && name_glob(word, tls->subject);
	if (word.p[0] == '.')
		return cn.n > word.n &&
		    sv_eq_nocase(sv_skip(cn, cn.n - word.n), word);
	return cn.n > 0 && sv_eq_nocase(word, cn);
}

bool
decide_name_accepted(struct sv cert_name, const struct tls_facts *tls)
{
	struct sv word;

	while (sv_cut(&cert_name, ':', &word))
		if (word.n > 0 && word_accepts(word, tls))
			return true;
	return false;
}

static bool
issuer_accepted(const struct ca *ca, const struct tls_facts *tls)
{
	const struct sv *names =
	    tls->name_form == NAME_FORM_CN ? ca->cns : ca->dns;

	if (tls->issuer.n == 0)
		return false;
	for (size_t i = 0; i < ca->n_subjects; i++)
		if (sv_eq(names[i], tls->issuer))
			return true;
	return false;
}

/* Sendmail lets X509_NAME_oneline() write into 256 bytes, which leaves out the
 * parts of a name that do not fit: then nobody knows the issuer. */
static bool
issuer_is_cut(const struct ca *ca, const struct tls_facts *tls)
{
	struct sv seen = tls->issuer;

	if (tls->name_form != NAME_FORM_DN)
		return false;
	for (size_t i = 0; i < ca->n_subjects; i++) {
		struct sv dn = ca->dns[i];

		if (dn.n > SENDMAIL_DN_MAX && seen.n < dn.n &&
		    sv_starts(dn, seen) && dn.p[seen.n] == '/')
			return true;
	}
	return false;
}

/* Compares hex digits; colons and case in seen do not count. */
static bool
same_digest(struct sv pin, struct sv seen)
{
	size_t at = 0;

	for (size_t i = 0; i < seen.n; i++) {
		if (seen.p[i] == ':')
			continue;
		if (at == pin.n || pin.p[at++] != sv_lower(seen.p[i]))
			return false;
	}
	return at == pin.n && at > 0;
}

static bool
pin_accepted(struct sv pins, const struct tls_facts *tls)
{
	struct sv pin;

	while (sv_word(&pins, &pin))
		if (same_digest(pin, tls->cert_fingerprint) ||
		    same_digest(pin, tls->key_fingerprint))
			return true;
	return false;
}

/* No reason to refuse is REASON_COUNT. */
static enum reason
session_fault(const struct demand *d, const struct tls_facts *tls)
{
	if (tls->state == TLS_STATE_NONE)
		return REASON_NO_TLS;
	if (tls->state != TLS_STATE_ON)
		return REASON_UNKNOWN;
	if (d->min_protocol != TLS_VERSION_UNKNOWN) {
		if (tls->version == TLS_VERSION_UNKNOWN)
			return REASON_UNKNOWN;
		if (tls->version < d->min_protocol)
			return REASON_PROTOCOL_TOO_OLD;
	}
	if (tls->bits < d->min_bits)
		return tls->bits == 0 ? REASON_UNKNOWN : REASON_CIPHER_TOO_WEAK;
	return REASON_COUNT;
}

static bool
name_accepted(const struct rule *rule, const struct tls_facts *tls)
{
	struct sv names = rule->demand->cert_name;

	if (rule->direction == DIRECTION_OUT)
		return server_name_accepted(names, decide_cn(tls), tls->server);
	return names.n == 0 || decide_name_accepted(names, tls);
}

/* Outbound the chain was verified under the rule's own CA and names, by
 * Postfix (tafile=, match=) or by the probe; inbound, and outbound by Sendmail,
 * the MTA verified it under its own, and tells who issued it to whom. */
static enum reason
chain_fault(const struct rule *rule, const struct tls_facts *tls)
{
	const struct demand *d = rule->demand;

	switch (tls->cert) {
	case CERT_STATE_NONE:
		return REASON_NO_CLIENT_CERT;
	case CERT_STATE_UNKNOWN:
	case CERT_STATE_UNVERIFIED:
		return REASON_CERT_NOT_VERIFIED;
	case CERT_STATE_VERIFIED:
		break;
	}
	if (rule->direction == DIRECTION_OUT && tls->server == NULL)
		return REASON_COUNT;
	if (d->ca != NULL && !issuer_accepted(d->ca, tls))
		return issuer_is_cut(d->ca, tls) ? REASON_UNKNOWN
						 : REASON_ISSUER_MISMATCH;
	if (!name_accepted(rule, tls))
		return REASON_SUBJECT_MISMATCH;
	return REASON_COUNT;
}

static enum reason
pin_fault(const struct demand *d, const struct tls_facts *tls)
{
	if (d->fingerprint.n == 0)
		return REASON_COUNT;
	if (!tls->has_fingerprints)
		return REASON_UNKNOWN;
	if (tls->cert_fingerprint.n == 0 && tls->key_fingerprint.n == 0)
		return REASON_NO_CLIENT_CERT;
	return pin_accepted(d->fingerprint, tls) ? REASON_COUNT
						 : REASON_FINGERPRINT_MISMATCH;
}

static enum reason
find_fault(const struct rule *rule, const struct tls_facts *tls)
{
	const struct demand *d = rule->demand;
	enum reason r;

	if (!level_demands_tls(d->level))
		return d->level == LEVEL_UNKNOWN ? REASON_UNKNOWN
						 : REASON_COUNT;
	r = session_fault(d, tls);
	if (r == REASON_COUNT && d->level == LEVEL_SECURE)
		r = chain_fault(rule, tls);
	if (r == REASON_COUNT)
		r = pin_fault(d, tls);
	return r;
}

struct verdict
decide(const struct rule *rule, const struct tls_facts *tls)
{
	struct verdict v = { VERDICT_PASS, REASON_UNKNOWN, 0, LEVEL_UNKNOWN };
	enum reason fault;

	if (rule == NULL)
		return v;
	v.rule_id = rule->id;
	v.level = rule->demand->level;
	fault = find_fault(rule, tls);
	if (fault == REASON_COUNT)
		return v;
	v.reason = fault;
	v.kind = rule->on_failure == ON_FAILURE_FAIL && fault != REASON_UNKNOWN
	    ? VERDICT_FAIL
	    : VERDICT_TEMPFAIL;
	return v;
}

unsigned
decide_smtp_code(const struct verdict *v)
{
	switch (v->kind) {
	case VERDICT_PASS:
		return 250;
	case VERDICT_FAIL:
		return 550;
	case VERDICT_TEMPFAIL:
		break;
	}
	return 451;
}
