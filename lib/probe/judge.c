/* tlswarden: probe/judge - a probe's chain and session under a rule.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "cert/finding.h"
#include "cert/load.h"
#include "fact/tls.h"
#include "policy/decide.h"
#include "policy/postfix.h"
#include "probe/judge.h"
#include "wire/addr.h"

struct names {
	const char *v[JUDGE_NAMES_MAX];
	size_t n;
};

static void
add_name(struct names *names, const char *name)
{
	if (names->n < JUDGE_NAMES_MAX && name[0] != '\0')
		names->v[names->n++] = name;
}

static bool
is_literal(const char *nexthop)
{
	struct addr unused;

	return addr_parse(sv_from(nexthop), &unused);
}

/* A word of the list that Postfix is given. */
static void
add_word(const struct judge_request *req, struct diagnosis *d, struct sv word,
    struct names *names)
{
	if (sv_is(word, "nexthop"))
		add_name(names, req->nexthop);
	else if (sv_is(word, "dot-nexthop"))
		add_name(names, diagnosis_text(d, ".%s", req->nexthop));
	else if (sv_is(word, "hostname"))
		add_name(names, req->host);
	else
		add_name(names, diagnosis_text(d, "%.*s", SV_ARG(word)));
}

static void
add_words(const struct judge_request *req, struct diagnosis *d,
    struct sv cert_name, struct names *names)
{
	struct sv words, word;
	struct buf list;

	buf_init(&list, 2 * LIMIT_COLUMN);
	postfix_match(cert_name, is_literal(req->nexthop), &list);
	words = buf_sv(&list);
	while (sv_cut(&words, ':', &word))
		add_word(req, d, word, names);
	buf_free(&list);
}

/* No name helps: that is our fault, not the server's. */
static void
blame_rule(const struct rule *rule, struct diagnosis *d)
{
	struct finding *f = diagnosis_add(d, REASON_NAME_MISMATCH);

	f->fault = FAULT_OURS;
	f->cause = diagnosis_text(d,
	    "Rule %" PRId64
	    " is about an address, and names none that a "
	    "certificate for an address can carry: Postfix then demands the "
	    "address and a name below it, both at once, which no certificate "
	    "has.",
	    rule->id);
	f->fix_ours = diagnosis_text(d,
	    "Set cert_name of rule %" PRId64
	    " to a name that the certificate "
	    "carries, or to hostname if it carries the address itself.",
	    rule->id);
}

/* Without cert_name a secure rule means Postfix's
 * smtp_tls_secure_cert_match = nexthop, dot-nexthop. */
static void
list_names(const struct judge_request *req, struct diagnosis *d,
    struct names *names)
{
	static const struct sv secure_default = SV("nexthop:.nexthop");
	struct sv words;

	if (req->name != NULL) {
		add_name(names, req->name);
		return;
	}
	if (req->rule == NULL || req->rule->demand->level != LEVEL_SECURE) {
		add_name(names, req->host);
		return;
	}
	words = req->rule->demand->cert_name;
	if (!postfix_can_match(words, is_literal(req->nexthop)))
		blame_rule(req->rule, d);
	else
		add_words(req, d, words.n > 0 ? words : secure_default, names);
}

static int
verify(const struct judge_request *req, const struct probe_result *r,
    struct diagnosis *d, struct err *err_r)
{
	struct verify_request v;
	struct names names = { .n = 0 };

	if (r->chain == NULL || chain_count(r->chain) == 0)
		return 0;
	list_names(req, d, &names);
	verify_request_init(&v);
	v.chain = r->chain;
	v.trust = req->trust;
	v.known = req->known;
	v.recall = req->recall;
	v.recall_arg = req->recall_arg;
	v.crls = req->crls;
	v.crl_check = req->crls == NULL ? VERIFY_CRL_NONE : VERIFY_CRL_ALL;
	v.ocsp = sv_make(r->ocsp, r->ocsp_n);
	v.ocsp_asked = true;
	v.now = req->now;
	v.names = names.v;
	v.n_names = names.n;
	v.expires_soon_days = req->expires_soon_days;
	v.show_command = req->show_command;
	v.fetch_issuer = req->fetch_issuer;
	v.fetch_arg = req->fetch_arg;
	return verify_chain(&v, d, err_r);
}

static size_t
count_failures(const struct diagnosis *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_findings; i++)
		n += d->findings[i].severity == FINDING_FAIL;
	return n;
}

static void
check_version(const struct judge_request *req, struct diagnosis *d,
    enum tls_version version)
{
	struct finding *f;

	if (version == TLS_VERSION_UNKNOWN || version >= TLS_VERSION_1_2)
		return;
	f = diagnosis_add(d, REASON_LEGACY_PROTOCOL);
	f->cause = diagnosis_text(d, "The session is %s. %s", d->tls_version,
	    f->cause);
	f->command = req->show_command;
}

/* OpenSSL 3 speaks TLS 1.0 and 1.1 only at security level 0, which Postfix
 * sets where nobody is authenticated (src/tls/tls_client.c) and nowhere else:
 * such a handshake fails. */
static bool
is_too_old(const struct rule *rule, enum tls_version version)
{
	return rule != NULL && version != TLS_VERSION_UNKNOWN &&
	    version < TLS_VERSION_1_2 &&
	    (rule->demand->level == LEVEL_SECURE ||
		rule->demand->fingerprint.n > 0);
}

static struct verdict
judge(const struct judge_request *req, const struct probe_result *r,
    const struct diagnosis *d, bool chain_ok, enum tls_version version)
{
	struct tls_facts tls = { 0 };
	struct verdict v;

	if (r->has_tls)
		tls.state = TLS_STATE_ON;
	else if (diagnosis_find(d, REASON_NO_STARTTLS) != NULL ||
	    diagnosis_find(d, REASON_STARTTLS_REFUSED) != NULL)
		tls.state = TLS_STATE_NONE;
	tls.version = version;
	tls.bits = d->tls_bits < 0 ? 0 : (uint32_t)d->tls_bits;
	tls.cert = chain_ok    ? CERT_STATE_VERIFIED
	    : r->chain == NULL ? CERT_STATE_NONE
			       : CERT_STATE_UNVERIFIED;
	tls.has_fingerprints = true;
	if (d->n_certs > 0) {
		tls.cert_fingerprint = sv_from(d->certs[0].sha256);
		tls.key_fingerprint = sv_from(d->certs[0].spki_sha256);
	}
	v = decide(req->rule, &tls);
	if (v.kind == VERDICT_PASS && is_too_old(req->rule, version)) {
		v.kind = req->rule->on_failure == ON_FAILURE_FAIL
		    ? VERDICT_FAIL
		    : VERDICT_TEMPFAIL;
		v.reason = REASON_PROTOCOL_TOO_OLD;
	}
	/* Postfix judges the certificate before it goes on inside TLS; a
	 * server that does not go on gets no mail by a rule, either. */
	if (v.kind == VERDICT_PASS && !r->is_complete && req->rule != NULL &&
	    level_demands_tls(req->rule->demand->level)) {
		v.kind = VERDICT_TEMPFAIL;
		v.reason = REASON_UNKNOWN;
	}
	return v;
}

/* With a pin at level encrypt nobody looks at the chain (Postfix's level
 * fingerprint): what is wrong with it is worth a word and no more. */
static void
let_pin_decide(const struct rule *rule, const struct verdict *v,
    struct diagnosis *d)
{
	if (rule == NULL || v->kind != VERDICT_PASS ||
	    rule->demand->level != LEVEL_ENCRYPT ||
	    rule->demand->fingerprint.n == 0)
		return;
	for (size_t i = 0; i < d->n_findings; i++) {
		struct finding *f = &d->findings[i];

		if (f->reason >= REASON_SELF_SIGNED_LEAF &&
		    f->reason <= REASON_CHAIN_TOO_LONG)
			f->severity = FINDING_NOTICE;
	}
}

int
probe_judge(const struct judge_request *req, const struct probe_result *r,
    struct diagnosis *d, struct verdict *verdict_r, struct err *err_r)
{
	enum tls_version version = TLS_VERSION_UNKNOWN;
	size_t n_before = count_failures(d);
	bool chain_ok;

	if (verify(req, r, d, err_r) != 0)
		return -1;
	chain_ok = r->chain != NULL && count_failures(d) == n_before;
	if (d->tls_version != NULL &&
	    !tls_version_parse(sv_from(d->tls_version), &version))
		version = TLS_VERSION_UNKNOWN;
	check_version(req, d, version);
	*verdict_r = judge(req, r, d, chain_ok, version);
	let_pin_decide(req->rule, verdict_r, d);
	diagnosis_settle(d);
	return 0;
}
