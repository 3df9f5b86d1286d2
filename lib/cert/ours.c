/* tlswarden: cert/ours - words for faults of a chain that we present.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The words for another postmaster ("your certificate", "we reach you as")
 * would send the reader to the wrong side.
 */
#include "config.h"

#include "cert/explain.h"
#include "cert/state.h"
#include "cert/verify.h"
#include "base/banned.h"

static const struct {
	enum reason reason;
	const char *fix;
} fixes[] = {
	{ REASON_SELF_SIGNED_LEAF,
	    "Get a certificate from a public CA in place of this one, which "
	    "is often a default that an installation made, and reload the "
	    "mail server." },
	{ REASON_UNTRUSTED_ROOT,
	    "Partners trust this CA only if they imported it: get the "
	    "certificate from a public CA, or give the CA's root to each "
	    "partner. If our own machines are to trust it, add it to "
	    "trust_store." },
	{ REASON_WRONG_INTERMEDIATE,
	    "Replace the intermediates in the certificate file by those that "
	    "came with this certificate, and reload the mail server." },
	{ REASON_EXPIRED_LEAF,
	    "Renew the certificate, put it into its file with the "
	    "intermediates, and reload the mail server: until then it presents "
	    "the old one." },
	{ REASON_EXPIRED_INTERMEDIATE,
	    "Replace the expired intermediate in the certificate file by the "
	    "CA's current one, and reload the mail server." },
	{ REASON_NOT_YET_VALID,
	    "Set the clock of this machine right; if it is, use the former "
	    "certificate until this one is valid." },
	{ REASON_NAME_MISMATCH,
	    "Request a certificate that carries this name as subject "
	    "alternative name. It must be the name in our MX records: if that "
	    "is another one, judge by it (check --self --name NAME)." },
	{ REASON_WEAK_KEY,
	    "Request a certificate for a new key: RSA with 2048 bits or more, "
	    "or P-256." },
	{ REASON_EXPIRES_SOON, "Renew it in time and reload the mail server." },
	{ REASON_CN_ONLY,
	    "Request the next certificate with the name as subject "
	    "alternative name." },
	{ REASON_WRONG_ORDER,
	    "Put the certificates in order: our own first, then each issuer." },
	{ REASON_EXTRA_CERTS,
	    "Take the certificates that do not belong to the path out of the "
	    "file." },
	{ REASON_DUPLICATE, "Take the repeated certificate out of the file." },
	{ REASON_ROOT_INCLUDED, "Take the root out of the file, if you like." },
};

static const char *
issuer_fix(struct verification *v, const struct finding *f)
{
	return diagnosis_text(v->d,
	    f->reason == REASON_INCOMPLETE_CHAIN
		? "Append the intermediate certificate %s to the certificate "
		  "file, behind our own (the full chain: our certificate "
		  "first, then each issuer; the root is not needed), and "
		  "reload the mail server."
		: "If %s is an intermediate CA, append its certificate to the "
		  "certificate file and reload the mail server. If it is a "
		  "private root, partners refuse it unless they imported it: "
		  "use a public CA.",
	    f->issuer);
}

static const char *
purpose_fix(const struct verification *v)
{
	return v->req->purpose == VERIFY_PURPOSE_CLIENT
	    ? "Present another certificate when mail is delivered, whose "
	      "extended key usage has clientAuth (many public CAs no longer "
	      "put it into certificates for servers), or none at all."
	    : "Request a certificate whose extended key usage has serverAuth.";
}

static const char *
fix(struct verification *v, const struct finding *f)
{
	if ((f->reason == REASON_INCOMPLETE_CHAIN ||
		f->reason == REASON_ISSUER_UNKNOWN) &&
	    f->issuer != NULL)
		return issuer_fix(v, f);
	if (f->reason == REASON_WRONG_PURPOSE)
		return purpose_fix(v);
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
		if (fixes[i].reason == f->reason)
			return fixes[i].fix;
	return f->fix_theirs;
}

void
explain_as_ours(struct verification *v)
{
	for (size_t i = 0; i < v->d->n_findings; i++) {
		struct finding *f = &v->d->findings[i];

		if (f->fault != FAULT_THEIRS)
			continue;
		f->fault = FAULT_OURS;
		f->fix_ours = fix(v, f);
		f->fix_theirs = "Nothing is wrong at your side.";
	}
}
