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
	{ REASON_EXPIRED_LEAF,
	    "Renew the certificate, put it into its file with the "
	    "intermediates, and reload the mail server: until then it presents "
	    "the old one." },
	{ REASON_EXPIRED_ROOT,
	    "Get the chain to the CA's current root: request the certificate "
	    "anew, or install the CA's current intermediates." },
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
	{ REASON_BAD_KEY_USAGE,
	    "Request the certificate anew with the key usage digital "
	    "signature (and key encipherment, for RSA)." },
	{ REASON_WEAK_SIGNATURE,
	    "Request the certificate anew, signed with SHA-256 or better, and "
	    "install the CA's current intermediates with it." },
	{ REASON_NAME_CONSTRAINTS,
	    "This CA may not issue certificates for our name, so that partners "
	    "refuse it: request one from a CA that may." },
	{ REASON_PATH_LENGTH,
	    "Install the intermediates that the CA offers now; if it stays so "
	    "the CA's own certificates do not fit together: tell the CA, or "
	    "use another one." },
	{ REASON_INVALID_CA,
	    "Something that is no CA certificate stands where an intermediate "
	    "belongs: install those that came with the certificate, and reload "
	    "the mail server." },
	{ REASON_BAD_SIGNATURE,
	    "Install the certificate and its intermediates anew as the CA "
	    "delivered them: a file is damaged, or of another certificate." },
	{ REASON_MALFORMED,
	    "Install the files anew as the CA delivered them; if it stays so, "
	    "request the certificate anew." },
	{ REASON_CRITICAL_EXTENSION,
	    "Request the certificate anew without this extension: mail servers "
	    "do not know it and refuse what is marked critical." },
	{ REASON_REVOKED,
	    "Replace the certificate at once, with a new key, and find out why "
	    "the CA revoked it." },
	{ REASON_CRL_UNUSABLE,
	    "Nothing at our side: the CA has to publish a current revocation "
	    "list." },
	{ REASON_DISTRUSTED,
	    "Request the certificate from another CA; if only our own trust "
	    "store distrusts it, look at its trust settings." },
	{ REASON_CHAIN_TOO_LONG,
	    "Take out what does not lead to the root, or use a CA with fewer "
	    "intermediates." },
	{ REASON_OCSP_MISSING,
	    "The certificate demands a stapled OCSP response, which neither "
	    "Postfix nor Sendmail sends: request it anew without that." },
	{ REASON_CROSS_SIGNED, "Nothing needs to be done." },
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

/* What is to be done with intermediates: Sendmail presents the first
 * certificate of its file alone (SSL_CTX_use_certificate_file), and takes the
 * others from the CAs that it trusts. */
static const char *
intermediate_fix(struct verification *v, const struct finding *f)
{
	const char *setting = v->req->ca_setting;

	if (f->reason == REASON_INCOMPLETE_CHAIN && setting == NULL)
		return diagnosis_text(v->d,
		    "Append the intermediate certificate %s to the certificate "
		    "file, behind our own (the full chain: our certificate "
		    "first, then each issuer; the root is not needed), and "
		    "reload the mail server.",
		    f->issuer);
	if (f->reason == REASON_INCOMPLETE_CHAIN)
		return diagnosis_text(v->d,
		    "Add the intermediate certificate %s to the file of %s (it "
		    "is not taken from the certificate's own file), and "
		    "restart the mail server.",
		    f->issuer, setting);
	if (f->reason == REASON_ISSUER_UNKNOWN)
		return diagnosis_text(v->d,
		    "If %s is an intermediate CA, add its certificate to the "
		    "%s%s and reload the mail server. If it is a private root, "
		    "partners refuse it unless they imported it: use a public "
		    "CA.",
		    f->issuer,
		    setting != NULL ? "file of " : "certificate file",
		    setting != NULL ? setting : "");
	return diagnosis_text(v->d,
	    "Replace the intermediates in the %s%s by those that %s, and "
	    "reload the mail server.",
	    setting != NULL ? "file of " : "certificate file",
	    setting != NULL ? setting : "",
	    f->reason == REASON_EXPIRED_INTERMEDIATE
		? "the CA uses now"
		: "came with this certificate");
}

/* The classes that intermediate_fix has words for. */
static bool
is_about_intermediates(const struct finding *f)
{
	if (f->reason == REASON_WRONG_INTERMEDIATE ||
	    f->reason == REASON_EXPIRED_INTERMEDIATE)
		return true;
	return f->issuer != NULL &&
	    (f->reason == REASON_INCOMPLETE_CHAIN ||
		f->reason == REASON_ISSUER_UNKNOWN);
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
	if (is_about_intermediates(f))
		return intermediate_fix(v, f);
	if (f->reason == REASON_WRONG_PURPOSE)
		return purpose_fix(v);
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
		if (fixes[i].reason == f->reason)
			return fixes[i].fix;
	return "Request the certificate anew, install it with its "
	       "intermediates, and reload the mail server.";
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
