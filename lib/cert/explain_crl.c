/* tlswarden: cert/explain_crl - words for revocation and its lists.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "cert/explain.h"
#include "cert/state.h"
#include "cert/words.h"
#include "base/banned.h"

/* A list of the issuer of x; NULL. */
static X509_CRL *
crl_of(const struct verification *v, const X509 *x)
{
	for (size_t i = 0; i < crls_count(v->req->crls); i++) {
		X509_CRL *crl = crls_crl(v->req->crls, i);

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
			X509_get_issuer_name(x)) == 0)
			return crl;
	}
	return NULL;
}

static void
revocation_words(const struct verification *v, const struct issue *is,
    struct buf *text)
{
	X509 *x = v->pool.v[is->cert].x;
	X509_CRL *crl = crl_of(v, x);
	X509_REVOKED *entry = NULL;
	ASN1_ENUMERATED *reason;
	char when[INFO_TIME_SIZE];

	if (crl == NULL || X509_CRL_get0_by_cert(crl, &entry, x) != 1 ||
	    entry == NULL)
		return;
	buf_addf(text, " on %s",
	    cert_info_time(words_time(X509_REVOKED_get0_revocationDate(entry)),
		when));
	reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	if (reason != NULL) {
		static const char *const words[] = { "unspecified",
			"keyCompromise", "cACompromise", "affiliationChanged",
			"superseded", "cessationOfOperation", "certificateHold",
			"7", "removeFromCRL", "privilegeWithdrawn",
			"aACompromise" };
		long n = ASN1_ENUMERATED_get(reason);

		if (n >= 0 && n < (long)(sizeof(words) / sizeof(words[0])))
			buf_addf(text, " (%s)", words[n]);
		ASN1_ENUMERATED_free(reason);
	}
}

void
explain_revoked(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_addf(&text, "The CA %s revoked the certificate %s (serial %s)",
	    info->issuer, info->subject, info->serial);
	if (is->n_codes > 0)
		revocation_words(v, is, &text);
	else
		buf_adds(&text, ", as the stapled OCSP response says");
	buf_addc(&text, '.');
	f->cause = explain_keep(v, &text);
	f->command = command_verify(v, " -crl_check_all -CRLfile crl.pem");
}

static const char *
crl_trouble(const struct issue *is)
{
	for (size_t i = 0; i < is->n_codes; i++)
		switch (is->codes[i]) {
		case X509_V_ERR_CRL_HAS_EXPIRED:
			return "has expired";
		case X509_V_ERR_CRL_NOT_YET_VALID:
			return "is not valid yet";
		case X509_V_ERR_CRL_SIGNATURE_FAILURE:
		case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
			return "has a wrong signature";
		case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
			return "is signed by a certificate that may not sign "
			       "CRLs (no cRLSign)";
		case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
			return "has a critical extension that is not "
			       "understood";
		case X509_V_ERR_DIFFERENT_CRL_SCOPE:
			return "is for other certificates";
		default:
			break;
		}
	return "cannot be used";
}

void
explain_crl(struct verification *v, const struct issue *is, struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);
	X509_CRL *crl = crl_of(v, v->pool.v[is->cert].x);
	char when[INFO_TIME_SIZE];
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_addf(&text, "Whether %s (serial %s) was revoked cannot be told: ",
	    info->subject, info->serial);
	if (crl == NULL)
		buf_addf(&text, "there is no CRL of %s.", info->issuer);
	else {
		buf_addf(&text, "the CRL of %s %s", info->issuer,
		    crl_trouble(is));
		if (X509_CRL_get0_nextUpdate(crl) != NULL)
			buf_addf(&text, " (next update %s)",
			    cert_info_time(words_time(
					       X509_CRL_get0_nextUpdate(crl)),
				when));
		buf_addc(&text, '.');
	}
	f->cause = explain_keep(v, &text);
	f->fix_ours = diagnosis_text(v->d,
	    "Fetch the current CRL of %s and give it with --crl; "
	    "--crl-check leaf asks for that of the leaf's issuer only.",
	    info->issuer);
	f->command = command_verify(v, " -crl_check_all -CRLfile crl.pem");
}
