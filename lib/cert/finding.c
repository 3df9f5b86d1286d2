/* tlswarden: cert/finding - what was found: verdict, findings, chain.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/finding.h"
#include "cert/words.h"
#include "base/banned.h"

void
diagnosis_init(struct diagnosis *d, const char *target)
{
	*d = (struct diagnosis){ 0 };
	arena_init(&d->mem);
	d->target = arena_sv(&d->mem, sv_from(target)).p;
}

void
diagnosis_done(struct diagnosis *d)
{
	arena_free(&d->mem);
	free(d->findings);
	*d = (struct diagnosis){ 0 };
}

struct finding *
diagnosis_add(struct diagnosis *d, enum reason reason)
{
	const struct reason_info *info = reason_info(reason);
	struct finding *f;

	if (d->n_findings == d->max_findings) {
		d->max_findings =
		    d->max_findings == 0 ? 8 : d->max_findings * 2;
		d->findings = mem_realloc(d->findings, d->max_findings,
		    sizeof(*d->findings));
	}
	f = &d->findings[d->n_findings++];
	*f = (struct finding){
		.reason = reason,
		.severity = info->is_notice ? FINDING_NOTICE : FINDING_FAIL,
		.fault = info->fault,
		.index = FINDING_INDEX_STORE,
		.cause = info->cause,
		.fix_ours = info->fix_ours,
		.fix_theirs = info->fix_theirs,
		.command = "",
		.tlsrpt = info->tlsrpt[0] != '\0' ? info->tlsrpt : NULL,
		/* 4: a fix is plausible; rules may make it 5 */
		.dsn = diagnosis_text(d, "4.%s", info->status),
	};
	return f;
}

void
finding_point(const struct diagnosis *d, struct finding *f, int index)
{
	f->index = index;
	if (index < 0 || (size_t)index >= d->n_certs)
		return;
	f->subject = d->certs[index].subject;
	f->issuer = d->certs[index].issuer;
	f->serial = d->certs[index].serial;
}

const char *
diagnosis_text(struct diagnosis *d, const char *fmt, ...)
{
	struct buf text;
	struct sv kept;
	va_list ap;

	buf_init(&text, LIMIT_FINDING_TEXT);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (text.is_full)
		buf_adds(&text, "...");
	kept = arena_sv(&d->mem, buf_sv(&text));
	buf_free(&text);
	return kept.p;
}

const char *
diagnosis_safe(struct diagnosis *d, struct sv v)
{
	struct buf text;
	struct sv kept;

	buf_init(&text, LIMIT_FINDING_TEXT);
	words_utf8(&text, v, NULL, LIMIT_FINDING_TEXT / 16);
	kept = arena_sv(&d->mem, buf_sv(&text));
	buf_free(&text);
	return kept.p;
}

const struct finding *
diagnosis_find(const struct diagnosis *d, enum reason reason)
{
	for (size_t i = 0; i < d->n_findings; i++)
		if (d->findings[i].reason == reason)
			return &d->findings[i];
	return NULL;
}

/* What explains the others comes first: a connection before a chain, who is
 * not trusted before what is out of date, failures before notices. */
static int
rank(const struct finding *f)
{
	static const unsigned char order[REASON_COUNT] = {
		[REASON_MALFORMED] = 10,
		[REASON_SELF_SIGNED_LEAF] = 20,
		[REASON_UNTRUSTED_ROOT] = 20,
		[REASON_INCOMPLETE_CHAIN] = 20,
		[REASON_WRONG_INTERMEDIATE] = 20,
		[REASON_ISSUER_UNKNOWN] = 20,
		[REASON_DISTRUSTED] = 20,
		[REASON_BAD_SIGNATURE] = 25,
		[REASON_REVOKED] = 30,
		[REASON_EXPIRED_LEAF] = 40,
		[REASON_EXPIRED_INTERMEDIATE] = 41,
		[REASON_EXPIRED_ROOT] = 42,
		[REASON_NOT_YET_VALID] = 43,
		[REASON_NAME_MISMATCH] = 50,
		[REASON_INVALID_CA] = 60,
		[REASON_CRITICAL_EXTENSION] = 61,
		[REASON_NAME_CONSTRAINTS] = 62,
		[REASON_PATH_LENGTH] = 63,
		[REASON_CHAIN_TOO_LONG] = 64,
		[REASON_WRONG_PURPOSE] = 65,
		[REASON_BAD_KEY_USAGE] = 66,
		[REASON_WEAK_KEY] = 70,
		[REASON_WEAK_SIGNATURE] = 71,
		[REASON_CRL_UNUSABLE] = 80,
	};
	int r = order[f->reason];

	return f->severity == FINDING_NOTICE ? 200 + r : r;
}

static int
compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int rx = rank(x), ry = rank(y);

	if (rx != ry)
		return rx < ry ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (x->reason > y->reason) - (x->reason < y->reason);
}

void
diagnosis_settle(struct diagnosis *d)
{
	bool has_failed = false;

	if (d->n_findings > 1)
		qsort(d->findings, d->n_findings, sizeof(*d->findings),
		    compare_findings);
	for (size_t i = 0; i < d->n_findings; i++)
		has_failed |= d->findings[i].severity == FINDING_FAIL;
	d->verdict = d->n_certs == 0 ? DIAGNOSIS_NOVERIFY
	    : has_failed             ? DIAGNOSIS_FAIL
				     : DIAGNOSIS_OK;
}

const char *
diagnosis_verdict_word(enum diagnosis_verdict v)
{
	switch (v) {
	case DIAGNOSIS_OK:
		return "ok";
	case DIAGNOSIS_FAIL:
		return "fail";
	case DIAGNOSIS_NOVERIFY:
		break;
	}
	return "noverify";
}

const char *
finding_severity_word(enum finding_severity s)
{
	return s == FINDING_NOTICE ? "notice" : "fail";
}
