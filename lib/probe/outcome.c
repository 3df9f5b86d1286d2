/* tlswarden: probe/outcome - what Postfix would do with a mail at that server.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/dsn.h"
#include "probe/outcome.h"

/* Where TLS is a wish, Postfix goes on without: at once when STARTTLS is not
 * offered or refused, after minimal_backoff_time when a handshake failed
 * (src/smtp/smtp.h, PLAINTEXT_FALLBACK_OK_AFTER_STARTTLS_FAILURE). */
static enum outcome
opportunistic(const struct probe_result *r, const struct diagnosis *d)
{
	if (r->is_complete && r->has_tls)
		return OUTCOME_ENCRYPTED;
	if (diagnosis_find(d, REASON_NO_STARTTLS) != NULL ||
	    diagnosis_find(d, REASON_STARTTLS_REFUSED) != NULL)
		return OUTCOME_PLAIN;
	return r->tried_handshake && r->offers_starttls && !r->was_refused
	    ? OUTCOME_PLAIN_LATER
	    : OUTCOME_DEFERRED;
}

/* A handshake that the peer is to blame for becomes permanent as map dsn makes
 * it (policy/dsn); nobody's words about TLS make an unreachable host so. */
static bool
fails_for_good(const struct rule *rule, const struct probe_result *r,
    const struct diagnosis *d)
{
	if (rule->on_failure != ON_FAILURE_FAIL || !r->tried_handshake ||
	    r->has_tls)
		return false;
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct finding *f = &d->findings[i];
		struct dsn_probe found = { f->reason, f->fault };

		if (f->severity == FINDING_FAIL && !dsn_is_lasting(&found))
			return false;
	}
	return true;
}

static enum outcome
demanding(const struct rule *rule, const struct probe_result *r,
    const struct diagnosis *d, const struct verdict *v)
{
	switch (v->kind) {
	case VERDICT_PASS:
		return rule->demand->level == LEVEL_SECURE ||
			rule->demand->fingerprint.n > 0
		    ? OUTCOME_VERIFIED
		    : OUTCOME_ENCRYPTED;
	case VERDICT_FAIL:
		return OUTCOME_BOUNCED;
	case VERDICT_TEMPFAIL:
		break;
	}
	return fails_for_good(rule, r, d) ? OUTCOME_BOUNCED : OUTCOME_DEFERRED;
}

enum outcome
probe_outcome(const struct rule *rule, const struct probe_result *r,
    const struct diagnosis *d, const struct verdict *v)
{
	if (rule != NULL && level_demands_tls(rule->demand->level))
		return demanding(rule, r, d, v);
	/* Level none does not ask for STARTTLS at all. */
	if (rule != NULL && rule->demand->level == LEVEL_NONE)
		return r->has_ehlo ? OUTCOME_PLAIN : OUTCOME_DEFERRED;
	return opportunistic(r, d);
}

enum outcome
outcome_of_dns(enum resolve_status status)
{
	switch (status) {
	case RESOLVE_NONE:
	case RESOLVE_NULL_MX:
		return OUTCOME_BOUNCED;
	case RESOLVE_TEMP:
		return OUTCOME_DEFERRED;
	case RESOLVE_OK:
		break;
	}
	return OUTCOME_UNKNOWN;
}

const char *
outcome_word(enum outcome o)
{
	switch (o) {
	case OUTCOME_VERIFIED:
	case OUTCOME_ENCRYPTED:
	case OUTCOME_PLAIN:
	case OUTCOME_PLAIN_LATER:
		return "delivered";
	case OUTCOME_DEFERRED:
		return "deferred";
	case OUTCOME_BOUNCED:
		return "bounced";
	case OUTCOME_UNKNOWN:
		break;
	}
	return "unknown";
}

const char *
outcome_phrase(enum outcome o)
{
	switch (o) {
	case OUTCOME_VERIFIED:
		return "delivered over verified TLS";
	case OUTCOME_ENCRYPTED:
		return "delivered over TLS that nobody verified";
	case OUTCOME_PLAIN:
		return "delivered without TLS";
	case OUTCOME_PLAIN_LATER:
		return "deferred first, then delivered without TLS";
	case OUTCOME_DEFERRED:
	case OUTCOME_BOUNCED:
	case OUTCOME_UNKNOWN:
		break;
	}
	return outcome_word(o);
}
