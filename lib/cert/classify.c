/* tlswarden: cert/classify - codes of OpenSSL become faults, each once.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One fault gives several codes (an intermediate that is no CA: 79, 26, 32)
 * and one code stands for several faults (26: EKU, key usage, no CA).
 */
#include "config.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "cert/extensions.h"
#include "cert/missing.h"
#include "cert/state.h"
#include "base/banned.h"

static const struct {
	int code;
	enum reason reason;
} simple_codes[] = {
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, REASON_BAD_SIGNATURE },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, REASON_BAD_SIGNATURE },
	{ X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM, REASON_BAD_SIGNATURE },
	{ X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH, REASON_BAD_SIGNATURE },
	{ X509_V_ERR_SUBJECT_ISSUER_MISMATCH, REASON_BAD_SIGNATURE },
	{ X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY, REASON_MALFORMED },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, REASON_MALFORMED },
	{ X509_V_ERR_NO_ISSUER_PUBLIC_KEY, REASON_MALFORMED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, REASON_MALFORMED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, REASON_MALFORMED },
	{ X509_V_ERR_INVALID_EXTENSION, REASON_MALFORMED },
	{ X509_V_ERR_INVALID_POLICY_EXTENSION, REASON_MALFORMED },
	{ X509_V_ERR_UNNESTED_RESOURCE, REASON_MALFORMED },
	{ X509_V_ERR_CERT_NOT_YET_VALID, REASON_NOT_YET_VALID },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, REASON_CHAIN_TOO_LONG },
	{ X509_V_ERR_PATH_LOOP, REASON_CHAIN_TOO_LONG },
	{ X509_V_ERR_CERT_REVOKED, REASON_REVOKED },
	{ X509_V_ERR_INVALID_CA, REASON_INVALID_CA },
	{ X509_V_ERR_INVALID_NON_CA, REASON_INVALID_CA },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, REASON_INVALID_CA },
	{ X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA, REASON_INVALID_CA },
	{ X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, REASON_BAD_KEY_USAGE },
	{ X509_V_ERR_CERT_REJECTED, REASON_DISTRUSTED },
	{ X509_V_ERR_CERT_UNTRUSTED, REASON_DISTRUSTED },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, REASON_ISSUER_UNKNOWN },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, REASON_ISSUER_UNKNOWN },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, REASON_ISSUER_UNKNOWN },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, REASON_SELF_SIGNED_LEAF },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, REASON_UNTRUSTED_ROOT },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, REASON_CRITICAL_EXTENSION },
	{ X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED,
	    REASON_CRITICAL_EXTENSION },
	{ X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED, REASON_PATH_LENGTH },
	{ X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION, REASON_MALFORMED },
	{ X509_V_ERR_PERMITTED_VIOLATION, REASON_NAME_CONSTRAINTS },
	{ X509_V_ERR_EXCLUDED_VIOLATION, REASON_NAME_CONSTRAINTS },
	{ X509_V_ERR_SUBTREE_MINMAX, REASON_NAME_CONSTRAINTS },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, REASON_NAME_CONSTRAINTS },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, REASON_NAME_CONSTRAINTS },
	{ X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, REASON_NAME_CONSTRAINTS },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, REASON_WEAK_KEY },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, REASON_WEAK_KEY },
	{ X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, REASON_WEAK_KEY },
	{ X509_V_ERR_CA_MD_TOO_WEAK, REASON_WEAK_SIGNATURE },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_CRL_NOT_YET_VALID, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_CRL_HAS_EXPIRED, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_DIFFERENT_CRL_SCOPE, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE, REASON_CRL_UNUSABLE },
	{ X509_V_ERR_CRL_PATH_VALIDATION_ERROR, REASON_CRL_UNUSABLE },
};

struct issue *
issue_add(struct verification *v, enum reason reason, int cert, int code)
{
	struct issue *is = NULL;

	for (size_t i = 0; i < v->n_issues && is == NULL; i++)
		if (v->issues[i].reason == reason && v->issues[i].cert == cert)
			is = &v->issues[i];
	if (is == NULL) {
		/* The last one takes what is over the limit. */
		if (v->n_issues == ISSUE_MAX)
			return &v->issues[ISSUE_MAX - 1];
		is = &v->issues[v->n_issues++];
		*is = (struct issue){ .reason = reason, .cert = cert };
	}
	for (size_t i = 0; i < is->n_codes; i++)
		if (is->codes[i] == code)
			return is;
	if (code != 0 && is->n_codes < FINDING_CODES_MAX)
		is->codes[is->n_codes++] = code;
	return is;
}

bool
issue_has(const struct verification *v, enum reason reason, int cert)
{
	for (size_t i = 0; i < v->n_issues; i++)
		if (v->issues[i].reason == reason && v->issues[i].cert == cert)
			return true;
	return false;
}

static bool
has_code(const struct verification *v, int code)
{
	for (size_t i = 0; i < v->best.n_faults; i++)
		if (v->best.faults[i].code == code)
			return true;
	return false;
}

static enum reason
expired_reason(const struct verification *v, const struct fault *f)
{
	const struct pool_cert *c;

	if (f->depth == 0 || f->cert < 0)
		return REASON_EXPIRED_LEAF;
	c = &v->pool.v[f->cert];
	return c->is_self_signed || c->origin == POOL_TRUST
	    ? REASON_EXPIRED_ROOT
	    : REASON_EXPIRED_INTERMEDIATE;
}

/* Code 26: which of the reasons for it there are, each for itself. */
static void
classify_purpose(struct verification *v, const struct fault *f)
{
	X509 *x = v->pool.v[f->cert].x;
	unsigned troubles = extensions_purpose(x,
	    judge_purpose_id(v->req->purpose), f->depth > 0);

	if ((troubles & (PURPOSE_NOT_CA | PURPOSE_NO_SIGN)) != 0)
		(void)issue_add(v, REASON_INVALID_CA, f->cert, f->code);
	if ((troubles & PURPOSE_KU) != 0)
		(void)issue_add(v, REASON_BAD_KEY_USAGE, f->cert, f->code);
	/* Nothing in the certificate: the trust settings of the store. */
	if (troubles == PURPOSE_FINE && has_code(v, X509_V_ERR_CERT_REJECTED))
		(void)issue_add(v, REASON_DISTRUSTED, f->cert, f->code);
	else if ((troubles & (PURPOSE_EKU | PURPOSE_NS_TYPE)) != 0 ||
	    troubles == PURPOSE_FINE)
		(void)issue_add(v, REASON_WRONG_PURPOSE, f->cert, f->code);
}

/* Code 25 names the CA that sets the limit. At fault is the first CA below it
 * that exceeds it; self-issued ones do not count (RFC 5280 4.2.1.9). */
static int
path_length_culprit(const struct verification *v, const struct fault *f)
{
	const struct path *p = &v->best.path;
	long allowed;

	if (f->depth < 2 || (size_t)f->depth >= p->n || f->cert < 0)
		return f->cert;
	allowed = X509_get_pathlen(v->pool.v[f->cert].x);
	for (int i = f->depth - 1; i > 0 && p->v[i] >= 0; i--) {
		X509 *x = v->pool.v[p->v[i]].x;

		if ((X509_get_extension_flags(x) & EXFLAG_SI) != 0)
			continue;
		if (allowed-- <= 0)
			return p->v[i];
	}
	return f->cert;
}

static void
classify_unspecified(struct verification *v, const struct fault *f)
{
	int cert = f->cert >= 0 ? f->cert : 0;

	/* OpenSSL also says so when names and constraints are too many. */
	if (v->pool.v[cert].is_malformed)
		(void)issue_add(v, REASON_MALFORMED, cert, f->code);
	else
		(void)issue_add(v, REASON_NAME_CONSTRAINTS, cert, f->code);
}

static void
classify_simple(struct verification *v, const struct fault *f)
{
	size_t n = sizeof(simple_codes) / sizeof(simple_codes[0]);

	for (size_t i = 0; i < n; i++)
		if (simple_codes[i].code == f->code) {
			(void)issue_add(v, simple_codes[i].reason, f->cert,
			    f->code);
			return;
		}
	/* A code of a newer OpenSSL: still a failure. */
	(void)issue_add(v, REASON_UNKNOWN, f->cert, f->code);
}

void
classify_faults(struct verification *v)
{
	for (size_t i = 0; i < v->best.n_faults; i++) {
		const struct fault *f = &v->best.faults[i];

		/* missing_issue has it, or the limit on the depth is why. */
		if (missing_is_code(f->code) &&
		    (!v->best.path.is_complete ||
			has_code(v, X509_V_ERR_CERT_CHAIN_TOO_LONG)))
			continue;
		if (f->code == X509_V_ERR_CERT_HAS_EXPIRED)
			(void)issue_add(v, expired_reason(v, f), f->cert,
			    f->code);
		else if (f->code == X509_V_ERR_INVALID_PURPOSE && f->cert >= 0)
			classify_purpose(v, f);
		else if (f->code == X509_V_ERR_PATH_LENGTH_EXCEEDED)
			(void)issue_add(v, REASON_PATH_LENGTH,
			    path_length_culprit(v, f), f->code);
		else if (f->code == X509_V_ERR_UNSPECIFIED)
			classify_unspecified(v, f);
		else
			classify_simple(v, f);
	}
}
