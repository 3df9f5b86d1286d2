/* tlswarden: cert/staple - the stapled OCSP response (RFC 6960, RFC 6066 8).
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A response counts only when it is signed for the leaf's issuer and current;
 * s_client and posttls-finger print it and go on whatever it says.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "base/limits.h"
#include "cert/explain.h"
#include "cert/extensions.h"
#include "cert/state.h"
#include "cert/words.h"
#include "base/banned.h"

/* Clocks may differ so much. */
enum { STAPLE_SKEW_SECS = 300 };

/* The issuer of the leaf on the path that is reported; NULL. */
static X509 *
leaf_issuer(const struct verification *v)
{
	const struct path *p = &v->best.path;

	if (p->n < 2 || p->v[1] < 0)
		return NULL;
	return v->pool.v[p->v[1]].x;
}

/* OCSP_check_validity asks the clock of the machine; this one does not. */
static bool
is_current(const struct verification *v,
    const ASN1_GENERALIZEDTIME *this_update,
    const ASN1_GENERALIZEDTIME *next_update)
{
	int64_t from = words_time(this_update);
	int64_t until = next_update != NULL ? words_time(next_update)
					    : INT64_MAX - STAPLE_SKEW_SECS;

	if (v->req->ignore_time)
		return true;
	return from != INT64_MIN && until != INT64_MIN &&
	    from - STAPLE_SKEW_SECS <= v->req->now &&
	    v->req->now <= until + STAPLE_SKEW_SECS;
}

/* Whether the response is signed by who may: the issuer or its delegate. */
static bool
is_signed(const struct verification *v, OCSP_BASICRESP *basic, X509 *issuer)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = sk_X509_new_null();
	const struct path *p = &v->best.path;
	bool ok = false;

	if (store == NULL || certs == NULL)
		goto out;
	if (v->req->ignore_time)
		(void)X509_STORE_set_flags(store, X509_V_FLAG_NO_CHECK_TIME);
	else
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store),
		    (time_t)v->req->now);
	(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	(void)X509_STORE_add_cert(store, issuer);
	for (size_t i = 1; i < p->n; i++)
		if (p->v[i] >= 0)
			(void)sk_X509_push(certs, v->pool.v[p->v[i]].x);
	ok = OCSP_basic_verify(basic, certs, store, OCSP_TRUSTOTHER) == 1;
out:
	X509_STORE_free(store);
	sk_X509_free(certs);
	return ok;
}

/* NULL when the response vouches for the leaf; else why not. */
static const char *
read_status(struct verification *v, OCSP_BASICRESP *basic, bool *is_revoked_r)
{
	X509 *issuer = leaf_issuer(v);
	ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
	OCSP_CERTID *id = NULL;
	int status = V_OCSP_CERTSTATUS_UNKNOWN, reason = 0, found = 0;
	static const EVP_MD *(*const digests[])(
	    void) = { EVP_sha1, EVP_sha256 };

	if (issuer == NULL)
		return "the issuer's certificate is not at hand";
	if (!is_signed(v, basic, issuer))
		return "its signature is not that of the issuer";
	for (size_t i = 0; i < 2 && found == 0; i++) {
		id = OCSP_cert_to_id(digests[i](), v->pool.v[0].x, issuer);
		found = id != NULL
		    ? OCSP_resp_find_status(basic, id, &status, &reason, NULL,
			  &this_update, &next_update)
		    : 0;
		OCSP_CERTID_free(id);
	}
	if (found == 0)
		return "it is about another certificate";
	if (!is_current(v, this_update, next_update))
		return "it is out of date";
	*is_revoked_r = status == V_OCSP_CERTSTATUS_REVOKED;
	return status == V_OCSP_CERTSTATUS_UNKNOWN
	    ? "the responder does not know the certificate"
	    : NULL;
}

static const char *
judge_response(struct verification *v, bool *is_revoked_r)
{
	const unsigned char *p = (const unsigned char *)v->req->ocsp.p;
	OCSP_RESPONSE *response =
	    d2i_OCSP_RESPONSE(NULL, &p, (long)v->req->ocsp.n);
	OCSP_BASICRESP *basic = NULL;
	const char *trouble = "it cannot be decoded";

	if (response != NULL &&
	    OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		trouble = "the responder says that it failed";
	else if (response != NULL)
		basic = OCSP_response_get1_basic(response);
	if (basic != NULL)
		trouble = read_status(v, basic, is_revoked_r);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return trouble;
}

void
staple_judge(struct verification *v)
{
	X509 *leaf = v->pool.v[0].x;
	bool must = extensions_must_staple(leaf), is_revoked = false;
	const char *trouble;
	struct finding *f;

	if (v->req->ocsp.n == 0) {
		if (!must || !v->req->ocsp_asked)
			return;
		f = diagnosis_add(v->d, REASON_OCSP_MISSING);
		finding_point(v->d, f, 0);
		f->command = command_show(v, 0, "-subject -ext tlsfeature");
		return;
	}
	trouble = judge_response(v, &is_revoked);
	if (is_revoked) {
		const struct issue is = { .reason = REASON_REVOKED };

		if (!issue_has(v, REASON_REVOKED, 0))
			explain_issue(v, &is);
		return;
	}
	if (trouble == NULL)
		return;
	f = diagnosis_add(v->d, REASON_OCSP_MISSING);
	finding_point(v->d, f, 0);
	f->cause = diagnosis_text(v->d,
	    "An OCSP response is stapled, but it does not count: %s.%s",
	    trouble,
	    must ? " The certificate says that one must be stapled." : "");
	f->command = command_show(v, 0, "-subject -ocsp_uri");
}
