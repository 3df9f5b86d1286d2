/* tlswarden: cert/explain_cert - words for what a certificate says of itself.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "cert/constraints.h"
#include "cert/explain.h"
#include "cert/extensions.h"
#include "cert/state.h"
#include "cert/words.h"
#include "base/banned.h"

static X509 *
x509_of(const struct verification *v, const struct issue *is)
{
	return v->pool.v[is->cert].x;
}

static bool
has_code(const struct issue *is, int code)
{
	for (size_t i = 0; i < is->n_codes; i++)
		if (is->codes[i] == code)
			return true;
	return false;
}

/* "Certificate CN=... expired on T, 3 days before the time of this check. " */
static void
expired_words(struct verification *v, const struct issue *is, struct buf *text)
{
	const struct cert_info *info = state_info(v, is->cert);
	char when[INFO_TIME_SIZE];

	buf_adds(text, "The certificate ");
	explain_subject(v, is->cert, text);
	buf_addf(text, " expired on %s, ",
	    cert_info_time(info->not_after, when));
	explain_duration(v->req->now - info->not_after, text);
	buf_adds(text, " before the time of this check.");
}

void
explain_expired_leaf(struct verification *v, const struct issue *is,
    struct finding *f)
{
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	expired_words(v, is, &text);
	f->cause = explain_keep(v, &text);
	f->command = command_show(v, f->index, "-subject -serial -dates");
}

void
explain_expired_ca(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *leaf = state_info(v, 0);
	char when[INFO_TIME_SIZE];
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	expired_words(v, is, &text);
	if (leaf->not_after >= v->req->now)
		buf_addf(&text,
		    " The server's own certificate is valid until %s and need "
		    "not change.",
		    cert_info_time(leaf->not_after, when));
	f->cause = explain_keep(v, &text);
	f->command = command_show(v, f->index, "-subject -serial -dates");
}

void
explain_not_yet_valid(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);
	char from[INFO_TIME_SIZE], now[INFO_TIME_SIZE];
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The certificate ");
	explain_subject(v, is->cert, &text);
	buf_addf(&text, " is valid only from %s on, ",
	    cert_info_time(info->not_before, from));
	explain_duration(info->not_before - v->req->now, &text);
	buf_addf(&text, " after the time of this check, %s.",
	    cert_info_time(v->req->now, now));
	f->cause = explain_keep(v, &text);
	f->fix_ours =
	    "Check our own clock (timedatectl); if it is right, "
	    "wait or ask the partner.";
	f->command = command_show(v, f->index, "-subject -serial -dates");
}

static const char *
purpose_word(const struct verification *v)
{
	return v->req->purpose == VERIFY_PURPOSE_CLIENT ? "clientAuth"
							: "serverAuth";
}

void
explain_purpose(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const char *want = purpose_word(v);
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The extended key usage of the certificate ");
	explain_subject(v, is->cert, &text);
	buf_adds(&text, " allows only ");
	extensions_eku_words(x509_of(v, is), &text);
	buf_addf(&text, ", not %s.", want);
	f->cause = explain_keep(v, &text);
	f->fix_theirs = diagnosis_text(v->d,
	    "Please have the certificate %s issued anew with the extended key "
	    "usage %s (mail servers act as both: serverAuth and clientAuth).",
	    state_info(v, is->cert)->subject, want);
	f->command =
	    command_show(v, f->index, "-subject -ext extendedKeyUsage");
}

void
explain_key_usage(struct verification *v, const struct issue *is,
    struct finding *f)
{
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The key usage of the certificate ");
	explain_subject(v, is->cert, &text);
	buf_adds(&text, " allows ");
	extensions_ku_words(x509_of(v, is), &text);
	buf_adds(&text, "; a TLS handshake needs digitalSignature.");
	f->cause = explain_keep(v, &text);
	f->command = command_show(v, f->index, "-subject -ext keyUsage");
}

void
explain_weak_key(struct verification *v, const struct issue *is,
    struct finding *f)
{
	static const char *const needs[] = {
		"RSA 768 bits",
		"RSA 1024 or EC 160 bits",
		"RSA 2048 or EC 224 bits",
		"RSA 3072 or EC 256 bits",
		"RSA 7680 or EC 384 bits",
		"RSA 15360 or EC 512 bits",
	};
	int level = v->req->auth_level < 0 ? 0
	    : v->req->auth_level > 5       ? 5
					   : v->req->auth_level;
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The key of the certificate ");
	explain_subject(v, is->cert, &text);
	if (has_code(is, X509_V_ERR_EC_KEY_EXPLICIT_PARAMS))
		buf_adds(&text,
		    " spells out the parameters of its curve instead of naming "
		    "it, which RFC 5480 2.1.1 forbids: the curve may be "
		    "forged.");
	else
		buf_addf(&text,
		    " is %s; security level %d asks for at least %s.",
		    state_info(v, is->cert)->key, level, needs[level]);
	f->cause = explain_keep(v, &text);
	f->command = command_show(v, f->index, "-subject -text");
}

void
explain_weak_signature(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);

	f->cause = diagnosis_text(v->d,
	    "The certificate %s is signed with %s, which security level %d "
	    "does not accept: such signatures can be forged.",
	    info->subject, info->signature, v->req->auth_level);
	f->fix_theirs = diagnosis_text(v->d,
	    "Please replace the certificate %s by one that is signed with "
	    "SHA-256 or better.",
	    info->subject);
	f->command = command_show(v, f->index, "-subject -text");
}

void
explain_constraints(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct path *p = &v->best.path;
	bool has_said = false;
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The certificate ");
	explain_subject(v, is->cert, &text);
	buf_adds(&text, " carries ");
	constraints_names_words(x509_of(v, is), &text);
	for (size_t i = 1; i < p->n && !has_said; i++) {
		X509 *ca = p->v[i] >= 0 ? v->pool.v[p->v[i]].x : NULL;

		if (ca == NULL || p->v[i] == is->cert || !constraints_has(ca))
			continue;
		buf_adds(&text, "; the CA ");
		explain_subject(v, p->v[i], &text);
		buf_adds(&text, " is constrained: ");
		constraints_words(ca, &text);
		has_said = true;
	}
	buf_adds(&text, ".");
	if (has_code(is, X509_V_ERR_UNSPECIFIED))
		buf_adds(&text,
		    " Names and constraints are too many to be "
		    "checked in reasonable time.");
	f->cause = explain_keep(v, &text);
	f->command = command_show(v, f->index, "-subject -ext subjectAltName");
}

void
explain_path_length(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct path *p = &v->best.path;
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The CA ");
	explain_subject(v, is->cert, &text);
	for (size_t i = p->n; i-- > 1;) {
		X509 *ca = p->v[i] >= 0 ? v->pool.v[p->v[i]].x : NULL;
		long allowed = ca != NULL ? X509_get_pathlen(ca) : -1;

		if (allowed < 0 || (p->v[i] == is->cert && i + 1 < p->n))
			continue;
		if ((long)i - 1 <= allowed)
			continue;
		buf_adds(&text, " is one too many below ");
		explain_subject(v, p->v[i], &text);
		buf_addf(&text, ", which allows %ld intermediate CAs below it",
		    allowed);
		break;
	}
	buf_adds(&text, " (basicConstraints pathlen).");
	f->cause = explain_keep(v, &text);
	f->command =
	    command_show(v, f->index, "-subject -ext basicConstraints");
}

void
explain_invalid_ca(struct verification *v, const struct issue *is,
    struct finding *f)
{
	X509 *x = x509_of(v, is);
	unsigned troubles = extensions_purpose(x, 0, true);
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The certificate ");
	explain_subject(v, is->cert, &text);
	buf_adds(&text, " signed another one of the chain, but ");
	if ((troubles & PURPOSE_NOT_CA) != 0)
		buf_adds(&text,
		    "it is not a CA certificate "
		    "(basicConstraints CA:TRUE is missing)");
	else {
		buf_adds(&text, "its key usage has no keyCertSign, only ");
		extensions_ku_words(x, &text);
	}
	buf_adds(&text, ": anybody could sign for anybody that way.");
	f->cause = explain_keep(v, &text);
	f->command = command_show(v, f->index,
	    "-subject -ext basicConstraints,keyUsage");
}

void
explain_bad_signature(struct verification *v, const struct issue *is,
    struct finding *f)
{
	const struct cert_info *info = state_info(v, is->cert);

	f->cause = diagnosis_text(v->d,
	    "The signature of the certificate %s (serial %s) does not fit the "
	    "key of its issuer %s: the certificate was damaged or forged, or "
	    "the issuer's certificate at hand has another key.",
	    info->subject, info->serial, info->issuer);
}

void
explain_malformed(struct verification *v, const struct issue *is,
    struct finding *f)
{
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The certificate ");
	explain_subject(v, is->cert, &text);
	buf_adds(&text, " is malformed: ");
	extensions_malformed_words(x509_of(v, is), &text);
	buf_adds(&text,
	    ". OpenSSL hides that behind \"unable to get local "
	    "issuer certificate\".");
	f->cause = explain_keep(v, &text);
	f->command = command_show(v, f->index, "-text");
}

void
explain_critical(struct verification *v, const struct issue *is,
    struct finding *f)
{
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "The certificate ");
	explain_subject(v, is->cert, &text);
	buf_adds(&text, " has a critical extension that is not understood: ");
	extensions_critical_words(x509_of(v, is), &text);
	buf_adds(&text, " (RFC 5280 4.2: it must then be refused).");
	f->cause = explain_keep(v, &text);
	f->command = command_show(v, f->index, "-text");
}

void
explain_too_long(struct verification *v, const struct issue *is UNUSED,
    struct finding *f)
{
	f->cause = diagnosis_text(v->d,
	    "The path has %zu certificates; %d intermediates are allowed.",
	    v->best.path.n, v->req->depth >= 0 ? v->req->depth : LIMIT_CHAIN);
}
