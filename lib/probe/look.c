/* tlswarden: probe/look - what a probe saw, to be judged by any rule.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <jansson.h>
#include <string.h>
#include <sysexits.h>

#include "base/limits.h"
#include "cert/finding.h"
#include "cert/load.h"
#include "fact/tls.h"
#include "policy/decide.h"
#include "probe/judge.h"
#include "probe/look.h"

static void
begin(struct look *l, const struct look_at *at)
{
	memset(l, 0, sizeof(*l));
	arena_init(&l->mem);
	l->session = REASON_COUNT;
	l->at_secs = at->at_secs;
	l->nexthop = arena_sv(&l->mem, at->nexthop).p;
	l->host = arena_sv(&l->mem, at->host).p;
	l->addr = arena_sv(&l->mem, at->addr).p;
}

void
look_done(struct look *l)
{
	chain_free(l->chain);
	arena_free(&l->mem);
	l->chain = NULL;
}

/* Of the session, not of the chain. legacy_protocol comes with a session that
 * went well, and is judged again. */
static bool
is_of_session(enum reason r)
{
	return r >= REASON_NO_STARTTLS && r <= REASON_CONNECTION_REFUSED &&
	    r != REASON_LEGACY_PROTOCOL;
}

/* The first that fails. A staple is not kept, what it told is. */
static void
take_fault(struct look *l, enum reason reason, bool is_theirs)
{
	if (reason == REASON_REVOKED)
		l->is_revoked = true;
	if (l->session != REASON_COUNT || !is_of_session(reason))
		return;
	l->session = reason;
	l->is_theirs = is_theirs;
}

static void
take_session(struct look *l, struct sv version, struct sv cipher, int bits)
{
	if (version.n == 0)
		return;
	l->tls_version = arena_sv(&l->mem, version).p;
	l->tls_cipher = arena_sv(&l->mem, cipher).p;
	l->tls_bits = bits;
}

static int
take_chain(struct look *l, struct sv pem, struct err *err_r)
{
	if (pem.n == 0)
		return 0;
	return chain_load_sent_bytes(pem, l->host, &l->chain, err_r);
}

int
look_of_probe(struct look *l, const struct look_at *at,
    const struct diagnosis *d, struct sv pem, struct err *err_r)
{
	begin(l, at);
	take_session(l, sv_from(d->tls_version), sv_from(d->tls_cipher),
	    d->tls_bits);
	for (size_t i = 0; i < d->n_findings; i++)
		if (d->findings[i].severity == FINDING_FAIL)
			take_fault(l, d->findings[i].reason,
			    d->findings[i].fault == FAULT_THEIRS);
	return take_chain(l, pem, err_r);
}

static bool
has_word(const json_t *o, const char *key, const char *word)
{
	const char *got = json_string_value(json_object_get(o, key));

	return got != NULL && strcmp(got, word) == 0;
}

static int
take_findings(struct look *l, const json_t *list)
{
	const json_t *o;
	size_t i;

	if (!json_is_array(list))
		return -1;
	json_array_foreach(list, i, o)
	{
		const char *code =
		    json_string_value(json_object_get(o, "class"));
		enum reason reason;

		if (code == NULL || !reason_parse(sv_from(code), &reason))
			return -1;
		if (has_word(o, "severity", "fail"))
			take_fault(l, reason, has_word(o, "fault", "theirs"));
	}
	return 0;
}

int
look_of_row(struct look *l, const struct record_probe *row, struct err *err_r)
{
	const struct look_at at = { row->at_secs, row->domain, row->host,
		row->addr };
	json_t *o = json_loadb(row->json.p != NULL ? row->json.p : "",
	    row->json.n, 0, NULL);
	int rc;

	begin(l, &at);
	take_session(l, row->tls_version, row->cipher, (int)row->bits);
	rc = take_findings(l, json_object_get(o, "findings"));
	json_decref(o);
	if (rc != 0)
		return err_set(err_r, EX_DATAERR,
		    "the stored probe of %s cannot be read: probe it again",
		    l->host);
	if (l->tls_version != NULL && row->chain.n == 0)
		return err_set(err_r, EX_DATAERR,
		    "the stored probe of %s has no certificates: probe it "
		    "again",
		    l->host);
	return take_chain(l, row->chain, err_r);
}

/* A handshake that failed by the peer's fault is TLS that is not to be had;
 * anything else that ended the session says nothing about it. */
static bool
is_no_tls_by_them(const struct look *l)
{
	return l->tls_version == NULL && l->is_theirs &&
	    (l->session == REASON_HANDSHAKE_FAILURE ||
		l->session == REASON_CLIENT_CERT_REQUIRED ||
		l->session == REASON_STARTTLS_INJECTION);
}

/* The chain's own fault says more than "not verified". */
static enum reason
better_reason(enum reason reason, const struct diagnosis *d)
{
	if (reason != REASON_CERT_NOT_VERIFIED)
		return reason;
	for (size_t i = 0; i < d->n_findings; i++)
		if (d->findings[i].severity == FINDING_FAIL &&
		    !is_of_session(d->findings[i].reason) &&
		    d->findings[i].reason != REASON_LEGACY_PROTOCOL)
			return d->findings[i].reason;
	return reason;
}

static void
classify(const struct look *l, const struct rule *rule,
    const struct diagnosis *d, const struct verdict *v, struct looked *r)
{
	*r = (struct looked){ LOOKED_UNKNOWN, v->reason, false };
	if (v->kind == VERDICT_PASS && l->is_revoked &&
	    rule->demand->level == LEVEL_SECURE) {
		*r = (struct looked){ LOOKED_FAILS, REASON_REVOKED,
			rule->on_failure == ON_FAILURE_FAIL };
	} else if (v->kind == VERDICT_PASS) {
		r->kind = LOOKED_PASSES;
	} else if (v->reason != REASON_UNKNOWN) {
		r->kind = LOOKED_FAILS;
		/* Sessions have no_tls, servers no_starttls. */
		r->reason = v->reason == REASON_NO_TLS
		    ? l->session
		    : better_reason(v->reason, d);
		r->is_permanent = v->kind == VERDICT_FAIL;
	} else if (is_no_tls_by_them(l)) {
		r->kind = LOOKED_FAILS;
		r->reason = l->session;
		r->is_permanent = rule->on_failure == ON_FAILURE_FAIL;
	}
}

int
look_judge(const struct look *l, const struct rule *rule,
    const struct trust *trust, struct looked *r, struct err *err_r)
{
	const struct judge_request req = { .rule = rule,
		.trust = trust,
		.now = l->at_secs,
		.nexthop = l->nexthop,
		.host = l->host };
	const struct probe_result seen = { .chain = l->chain,
		.has_tls = l->tls_version != NULL,
		.is_complete =
		    l->tls_version != NULL && l->session == REASON_COUNT };
	struct diagnosis d;
	struct verdict v;
	int rc;

	diagnosis_init(&d, l->nexthop);
	d.tls_version = l->tls_version;
	d.tls_cipher = l->tls_cipher;
	d.tls_bits = l->tls_bits;
	if (l->session != REASON_COUNT)
		(void)diagnosis_add(&d, l->session);
	rc = probe_judge(&req, &seen, &d, &v, err_r);
	if (rc == 0)
		classify(l, rule, &d, &v, r);
	diagnosis_done(&d);
	return rc;
}

struct looked
look_of_all(const struct looked *v, size_t n, size_t *which_r)
{
	struct looked all = { LOOKED_UNKNOWN, REASON_UNKNOWN, false };

	*which_r = 0;
	for (size_t i = 0; i < n; i++) {
		if (v[i].kind != LOOKED_PASSES &&
		    (v[i].kind != LOOKED_FAILS || all.kind == LOOKED_FAILS))
			continue;
		all = v[i];
		*which_r = i;
		if (all.kind == LOOKED_PASSES)
			break;
	}
	return all;
}

void
look_text(const struct look *l, const struct rule *rule, const struct looked *r,
    struct buf *out)
{
	struct verdict v = { r->is_permanent ? VERDICT_FAIL : VERDICT_TEMPFAIL,
		r->reason, rule->id, rule->demand->level };
	struct tls_facts tls = { .bits = (uint32_t)l->tls_bits };
	struct buf subject;

	if (l->tls_version == NULL ||
	    !tls_version_parse(sv_from(l->tls_version), &tls.version))
		tls.version = TLS_VERSION_UNKNOWN;
	buf_init(&subject, LIMIT_NEXTHOP + 16);
	buf_addf(&subject, "mail to %s", l->nexthop);
	buf_addf(out, "%u ", decide_smtp_code(&v));
	decide_text(rule, &v, &tls, buf_sv(&subject), out);
	buf_free(&subject);
}
