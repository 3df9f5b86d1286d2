/* tlswarden: cert/explain - words for one fault, with the evidence.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>

#include "base/limits.h"
#include "cert/explain.h"
#include "cert/state.h"
#include "base/banned.h"

const char *
explain_keep(struct verification *v, struct buf *text)
{
	struct sv kept;

	if (text->is_full) {
		buf_reset(text);
		buf_adds(text, "(too long to be shown)");
	}
	kept = arena_sv(&v->d->mem, buf_sv(text));
	buf_free(text);
	return kept.p;
}

void
explain_duration(int64_t secs, struct buf *out)
{
	static const struct {
		int64_t secs;
		const char *one, *many;
	} units[] = {
		{ 730 * 86400, NULL, NULL }, /* two years */
		{ 2 * 86400, NULL, NULL },
		{ 2 * 3600, NULL, NULL },
	};

	if (secs < 0)
		secs = -secs;
	if (secs >= units[0].secs)
		buf_addf(out, "%" PRId64 " years", secs / (365 * 86400));
	else if (secs >= units[1].secs)
		buf_addf(out, "%" PRId64 " days", secs / 86400);
	else if (secs >= units[2].secs)
		buf_addf(out, "%" PRId64 " hours", secs / 3600);
	else
		buf_addf(out, "%" PRId64 " minutes", secs / 60);
}

void
explain_subject(struct verification *v, int cert, struct buf *out)
{
	const struct cert_info *info = state_info(v, cert);

	if (v->pool.v[cert].origin == POOL_TRUST)
		buf_addf(out, "%s (of the trust store %s)", info->subject,
		    v->store);
	else
		buf_adds(out, info->subject);
}

static explain_fn *
explainer(enum reason reason)
{
	static explain_fn *const fns[REASON_COUNT] = {
		[REASON_SELF_SIGNED_LEAF] = explain_self_signed,
		[REASON_UNTRUSTED_ROOT] = explain_untrusted_root,
		[REASON_INCOMPLETE_CHAIN] = explain_incomplete,
		[REASON_WRONG_INTERMEDIATE] = explain_wrong_intermediate,
		[REASON_ISSUER_UNKNOWN] = explain_issuer_unknown,
		[REASON_EXPIRED_LEAF] = explain_expired_leaf,
		[REASON_EXPIRED_INTERMEDIATE] = explain_expired_ca,
		[REASON_EXPIRED_ROOT] = explain_expired_ca,
		[REASON_NOT_YET_VALID] = explain_not_yet_valid,
		[REASON_WRONG_PURPOSE] = explain_purpose,
		[REASON_BAD_KEY_USAGE] = explain_key_usage,
		[REASON_WEAK_KEY] = explain_weak_key,
		[REASON_WEAK_SIGNATURE] = explain_weak_signature,
		[REASON_NAME_CONSTRAINTS] = explain_constraints,
		[REASON_PATH_LENGTH] = explain_path_length,
		[REASON_INVALID_CA] = explain_invalid_ca,
		[REASON_BAD_SIGNATURE] = explain_bad_signature,
		[REASON_MALFORMED] = explain_malformed,
		[REASON_CRITICAL_EXTENSION] = explain_critical,
		[REASON_REVOKED] = explain_revoked,
		[REASON_CRL_UNUSABLE] = explain_crl,
		[REASON_DISTRUSTED] = explain_distrusted,
		[REASON_CHAIN_TOO_LONG] = explain_too_long,
	};

	return fns[reason];
}

/* A certificate of our store is ours to mend. */
static void
assign_fault(const struct verification *v, const struct issue *is,
    struct finding *f)
{
	if (v->pool.v[is->cert].origin == POOL_TRUST)
		f->fault = FAULT_OURS;
}

void
explain_issue(struct verification *v, const struct issue *is)
{
	struct finding *f = diagnosis_add(v->d, is->reason);
	struct issue known = *is;
	const struct cert_info *info;
	explain_fn *fn = explainer(is->reason);

	if (known.cert < 0)
		known.cert = 0;
	info = state_info(v, known.cert);
	f->index = state_index(v, known.cert);
	f->subject = info->subject;
	f->issuer = info->issuer;
	f->serial = info->serial;
	for (size_t i = 0; i < is->n_codes; i++)
		f->codes[f->n_codes++] = is->codes[i];
	assign_fault(v, &known, f);
	f->command = command_verify(v, "");
	if (fn != NULL)
		fn(v, &known, f);
}
