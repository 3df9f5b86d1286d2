/* tlswarden: cert/explain_trust - words for missing issuers and anchors.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "cert/explain.h"
#include "cert/missing.h"
#include "cert/state.h"
#include "base/banned.h"

static const char *
store_words(struct verification *v)
{
	size_t n = trust_count(v->req->trust);

	return diagnosis_text(v->d, "the trust store %s (%zu certificate%s)",
	    v->store, n, n == 1 ? "" : "s");
}

void
explain_self_signed(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);

	f->cause = diagnosis_text(v->d,
	    "The certificate %s is signed by its own key: no CA vouches for "
	    "it, and it is not in %s.%s",
	    info->subject, store_words(v),
	    info->is_ca ? " It is marked as a CA, as appliances and quick test "
			  "setups make their default certificate."
			: "");
	f->fix_ours = diagnosis_text(v->d,
	    "If the partner cannot change it: pin it in the rule, "
	    "cert_fingerprint = %s, after comparing that with the partner over "
	    "another channel; or import it (tlswarden ca import) and name it "
	    "in ca of the rule.",
	    info->sha256);
	f->command =
	    command_show(v, f->index, "-subject -issuer -fingerprint -sha256");
}

/* ", seen at mx.example.com on 2026-11-01" or nothing: why cert is known. */
static const char *
note_words(struct verification *v, int cert)
{
	const char *note = v->pool.v[cert].note;

	return note == NULL
	    ? ""
	    : diagnosis_text(v->d, ", %s", diagnosis_safe(v->d, sv_from(note)));
}

/* The untrusted root was sent. */
static void
root_was_sent(struct verification *v, int root, struct finding *f)
{
	const struct cert_info *info = state_info(v, root);

	f->cause = diagnosis_text(v->d,
	    "The chain is complete: it ends in the self-signed root %s, which "
	    "was sent but is not in %s.%s",
	    info->subject, store_words(v),
	    missing_stored_namesake(v, root) != NULL
		? " The store has a root of the same name with another key: "
		  "the CA was re-keyed, or somebody imitates its name."
		: "");
	f->fix_ours = diagnosis_text(v->d,
	    "If this CA is wanted: compare its fingerprint %s with the partner "
	    "over another channel, import it (tlswarden ca import NAME FILE) "
	    "and name it in ca of the rule.",
	    info->sha256);
}

/* The store has the name with another key. */
static void
root_has_other_key(struct verification *v, int top, struct finding *f)
{
	const struct cert_info *info = state_info(v, top);

	f->cause = diagnosis_text(v->d,
	    "The certificate %s names as its issuer %s. A certificate of that "
	    "name is in %s, but with another key%s%s: it did not sign this "
	    "one. The CA was re-keyed, or somebody imitates its name.",
	    info->subject, info->issuer, store_words(v),
	    info->authority_key_id != NULL ? ", not the wanted key id " : "",
	    info->authority_key_id != NULL ? info->authority_key_id : "");
	f->fix_ours =
	    "Update the trust store (package ca-certificates); if the "
	    "CA is a private one, ask the partner for its new root "
	    "and import it (tlswarden ca import).";
}

/* Our store ends in an intermediate. */
static void
stored_intermediate(struct verification *v, int top, struct finding *f)
{
	const struct cert_info *info = state_info(v, top);

	f->fault = FAULT_OURS;
	f->cause = diagnosis_text(v->d,
	    "The trust store %s holds the intermediate %s but not the root %s "
	    "that issued it; only a self-signed root ends a chain.",
	    v->store, info->subject, info->issuer);
	f->fix_ours =
	    "Add the root to the trust store, or let any trusted "
	    "certificate end a chain (--partial-chain).";
	f->fix_theirs = "Nothing is wrong at your side.";
}

static void
root_was_not_sent(struct verification *v, int top, struct finding *f)
{
	const struct path *known = &v->known_end;
	const struct cert_info *info = state_info(v, top);

	if (missing_first_known(v, known) >= 0) {
		const struct cert_info *last =
		    state_info(v, known->v[known->n - 1]);

		f->cause = diagnosis_text(v->d,
		    "The certificate %s was issued by %s, which was not sent; "
		    "following the issuers leads to %s%s, which is not in %s.",
		    info->subject, info->issuer,
		    last->is_self_signed ? last->subject : last->issuer,
		    last->is_self_signed ? note_words(v, known->v[known->n - 1])
					 : "",
		    store_words(v));
	} else {
		f->cause = diagnosis_text(v->d,
		    "The chain ends with %s. Its issuer %s was not sent and is "
		    "not in %s, and the certificate does not say where to "
		    "fetch it, as those of public CAs do: it is most likely a "
		    "private root.",
		    info->subject, info->issuer, store_words(v));
	}
	f->fix_ours = diagnosis_text(v->d,
	    "Ask the partner for the root %s, compare its fingerprint over "
	    "another channel, import it (tlswarden ca import NAME FILE) and "
	    "name it in ca of the rule.",
	    info->issuer);
}

void
explain_untrusted_root(struct verification *v, const struct issue *is,
    struct finding *f)
{
	if (state_is_self_signed(v, is->cert))
		root_was_sent(v, is->cert, f);
	else if (v->pool.v[is->cert].is_trusted)
		stored_intermediate(v, is->cert, f);
	else if (missing_first_known(v, &v->known_end) < 0 &&
	    missing_stored_namesake(v, is->cert) != NULL)
		root_has_other_key(v, is->cert, f);
	else
		root_was_not_sent(v, is->cert, f);
}

/* What makes it certain, or likely. */
static const char *
incomplete_evidence(struct verification *v, int child)
{
	const struct cert_info *info = state_info(v, child);
	int at = missing_first_known(v, &v->best.path);
	const char *url = info->issuer_url;

	if (v->outcome == SEARCH_WITH_KNOWN && at > 0)
		return diagnosis_text(v->d,
		    " With that certificate (serial %s%s) the chain reaches "
		    "the trusted root %s.",
		    state_info(v, v->best.path.v[at])->serial,
		    note_words(v, v->best.path.v[at]),
		    state_info(v, v->best.path.v[v->best.path.n - 1])->subject);
	if (url != NULL)
		return diagnosis_text(v->d,
		    " The certificate says that its issuer can be fetched from "
		    "%s.",
		    url);
	return " A CA certificate was sent that leads to a trusted root, but "
	       "it is not the issuer.";
}

void
explain_incomplete(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);
	const char *url = info->issuer_url;

	f->cause = diagnosis_text(v->d,
	    "The certificate %s was issued by %s, whose certificate was not "
	    "sent.%s%s%s",
	    info->subject, info->issuer, incomplete_evidence(v, is->cert),
	    v->fetch_error != NULL ? " Fetching it failed: " : "",
	    v->fetch_error != NULL ? v->fetch_error : "");
	f->fix_ours = diagnosis_text(v->d,
	    "Until the partner repairs it: fetch the certificate %s%s%s and "
	    "import it with its root (tlswarden ca import NAME FILE).",
	    info->issuer, url != NULL ? " from " : "", url != NULL ? url : "");
	f->fix_theirs = diagnosis_text(v->d,
	    "Please append the intermediate certificate %s%s%s%s to the "
	    "certificate file of your mail server, behind the server's own "
	    "(full chain: your certificate first, then each issuer; the root "
	    "is not needed; Sendmail takes it from the file of confCACERT "
	    "instead), and restart it.",
	    info->issuer, url != NULL ? " (available from " : "",
	    url != NULL ? url : "", url != NULL ? ")" : "");
}

static const char *
key_id_words(struct verification *v, const struct cert_info *child,
    const struct cert_info *sent)
{
	if (child->authority_key_id == NULL || sent->subject_key_id == NULL)
		return "";
	return diagnosis_text(v->d,
	    " The wanted key id is %s, that of the certificate sent is %s.",
	    child->authority_key_id, sent->subject_key_id);
}

/* The certificate that should have been sent, when it is known. */
static const char *
right_one_words(struct verification *v)
{
	int at = missing_first_known(v, &v->best.path);

	if (v->outcome != SEARCH_WITH_KNOWN || at < 1)
		return "";
	return diagnosis_text(v->d,
	    " The right one (serial %s%s) leads to the trusted root %s.",
	    state_info(v, v->best.path.v[at])->serial,
	    note_words(v, v->best.path.v[at]),
	    state_info(v, v->best.path.v[v->best.path.n - 1])->subject);
}

void
explain_wrong_intermediate(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *sent = state_info(v, is->cert);
	const struct path *p = &v->sent_end;
	const struct cert_info *child = state_info(v, p->v[p->n - 1]);

	f->cause = diagnosis_text(v->d,
	    "The certificate %s (serial %s) that was sent as issuer has the "
	    "right name but another key: it did not sign %s.%s%s",
	    sent->subject, sent->serial, child->subject,
	    key_id_words(v, child, sent), right_one_words(v));
	f->fix_theirs = diagnosis_text(v->d,
	    "The intermediate certificate %s that you send does not belong to "
	    "your certificate (the CA was re-keyed, or a file of the old "
	    "certificate is left). Please install the one that came with the "
	    "certificate%s%s.",
	    sent->subject,
	    child->issuer_url != NULL ? "; your CA offers it at " : "",
	    child->issuer_url != NULL ? child->issuer_url : "");
}

void
explain_issuer_unknown(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);

	f->cause = diagnosis_text(v->d,
	    "The certificate %s was issued by %s, which was not sent and is "
	    "not in %s: either an intermediate was not sent, or it is a "
	    "private CA that we do not trust.%s%s%s%s%s",
	    info->subject, info->issuer, store_words(v),
	    info->issuer_url != NULL ? " The certificate names " : "",
	    info->issuer_url != NULL ? info->issuer_url : "",
	    info->issuer_url != NULL
		? " as the place of its issuer, which cannot be fetched "
		  "from outside."
		: "",
	    v->fetch_error != NULL ? v->fetch_error : "",
	    v->recall_error != NULL
		? diagnosis_text(v->d,
		      " The chains seen before could not be asked: %s.",
		      v->recall_error)
		: "");
	f->fix_ours = diagnosis_text(v->d,
	    "Ask the partner which CA %s is. If it is an intermediate, he has "
	    "to send it; if it is a private root, compare its fingerprint over "
	    "another channel and import it (tlswarden ca import NAME FILE).",
	    info->issuer);
	f->fix_theirs = diagnosis_text(v->d,
	    "We cannot find the issuer of your certificate, %s. If it is an "
	    "intermediate CA, please append its certificate to your "
	    "certificate file; if it is your own root, please send it to us "
	    "over another channel or use a public CA.",
	    info->issuer);
}

void
explain_distrusted(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);

	f->cause = diagnosis_text(v->d,
	    "The certificate %s is in the trust store %s with the setting that "
	    "it must not be trusted for this use.",
	    info->subject, v->store);
	f->command = diagnosis_text(v->d,
	    "openssl x509 -in FILE -noout -text | grep -A2 Reject  # FILE: %s",
	    v->store);
}
