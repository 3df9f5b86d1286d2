/* tlswarden: cert/notices - what is worth saying beside the faults.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "cert/explain.h"
#include "cert/extensions.h"
#include "cert/state.h"
#include "base/banned.h"

static bool
path_has(const struct path *p, int cert)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == cert)
			return true;
	return false;
}

static void
add_list(struct buf *text, size_t *n, int index)
{
	if (*n < 16)
		buf_addf(text, "%s%d", *n == 0 ? "" : ", ", index);
	else if (*n == 16)
		buf_adds(text, ", ...");
	(*n)++;
}

/* The place of the first certificate that is the same as that at index. */
static int
first_same(const struct verification *v, size_t index)
{
	X509 *x = chain_x509(v->req->chain, index);
	int at = x != NULL ? pool_find(&v->pool, x) : -1;

	return at < 0 ? -1 : v->pool.v[at].index;
}

static void
notice_duplicates(struct verification *v)
{
	struct finding *f;
	struct buf text;
	size_t n = 0;
	int first = -1;

	buf_init(&text, LIMIT_FINDING_TEXT);
	for (size_t i = 0; i < v->d->n_certs; i++) {
		int same = first_same(v, i);

		if (same < 0 || same == (int)i)
			continue;
		if (first < 0)
			first = (int)i;
		add_list(&text, &n, (int)i);
	}
	if (n > 0) {
		f = diagnosis_add(v->d, REASON_DUPLICATE);
		finding_point(v->d, f, first);
		f->cause = diagnosis_text(v->d,
		    "Sent a second time: certificate %s of the chain.",
		    buf_str(&text));
		f->command = command_show(v, first, "-subject -serial");
	}
	buf_free(&text);
}

/* RFC 5246 7.4.2: each must certify the one before it. */
static void
notice_order(struct verification *v)
{
	const struct path *p = &v->best.path;
	struct buf text;
	size_t n = 0;
	int last = -1, culprit = -1;

	buf_init(&text, LIMIT_FINDING_TEXT);
	for (size_t i = 0; i < p->n; i++) {
		int index = state_index(v, p->v[i]);

		if (index < 0)
			continue;
		if (index < last && culprit < 0)
			culprit = index;
		last = index;
		add_list(&text, &n, index);
	}
	if (culprit >= 0) {
		struct finding *f = diagnosis_add(v->d, REASON_WRONG_ORDER);

		finding_point(v->d, f, culprit);
		f->cause = diagnosis_text(v->d,
		    "The certificates are sent in the wrong order; the right "
		    "one is %s (RFC 5246 7.4.2).",
		    buf_str(&text));
		f->command = command_show(v, 1, "");
	}
	buf_free(&text);
}

/* An own root at the end of the path that was sent as well. */
static void
notice_root(struct verification *v)
{
	const struct path *p = &v->best.path;
	int top = p->n > 0 ? p->v[p->n - 1] : -1;
	struct finding *f;

	if (top <= 0 || !p->is_complete || state_index(v, top) <= 0 ||
	    !state_is_self_signed(v, top))
		return;
	f = diagnosis_add(v->d, REASON_ROOT_INCLUDED);
	finding_point(v->d, f, state_index(v, top));
	f->cause = diagnosis_text(v->d,
	    "The root %s is sent although every peer that trusts it has it "
	    "already.",
	    state_info(v, top)->subject);
	f->command = command_show(v, f->index, "");
}

/* Has the subject and key of a certificate of the path, by another issuer. */
static int
twin_in_path(const struct verification *v, int cert)
{
	X509 *x = v->pool.v[cert].x;
	EVP_PKEY *key = X509_get0_pubkey(x);

	for (size_t i = 0; i < v->best.path.n && key != NULL; i++) {
		int other = v->best.path.v[i];
		X509 *y = other >= 0 ? v->pool.v[other].x : NULL;
		EVP_PKEY *other_key = y != NULL ? X509_get0_pubkey(y) : NULL;

		if (other_key != NULL && other != cert &&
		    X509_NAME_cmp(X509_get_subject_name(x),
			X509_get_subject_name(y)) == 0 &&
		    EVP_PKEY_eq(key, other_key) == 1)
			return other;
	}
	return -1;
}

/* Two issuers for one key, or a path that OpenSSL alone does not find. */
static void
notice_cross_signed(struct verification *v)
{
	struct finding *f;
	int twin = -1, cert = -1;

	for (size_t i = 1; i < v->pool.n && twin < 0; i++)
		if (v->pool.v[i].origin == POOL_SENT &&
		    !v->pool.v[i].is_malformed &&
		    !path_has(&v->best.path, (int)i)) {
			cert = (int)i;
			twin = twin_in_path(v, cert);
		}
	if (twin < 0 && (v->is_stock || v->outcome != SEARCH_GOOD))
		return;
	f = diagnosis_add(v->d, REASON_CROSS_SIGNED);
	if (twin >= 0) {
		finding_point(v->d, f, state_index(v, cert));
		f->cause = diagnosis_text(v->d,
		    "The certificate %s (issued by %s) exists a second time, "
		    "issued by %s; the path that was judged goes over that "
		    "one.%s",
		    state_info(v, cert)->subject, state_info(v, cert)->issuer,
		    state_info(v, twin)->issuer,
		    v->is_stock
			? ""
			: " OpenSSL alone takes the bad path and fails: "
			  "Postfix and Sendmail may refuse this chain.");
		f->command = command_show(v, f->index, "");
		return;
	}
	finding_point(v->d, f, 0);
	f->cause =
	    "Several paths lead upwards and one of them is good, but "
	    "OpenSSL alone takes a bad one and fails: Postfix and "
	    "Sendmail may refuse this chain.";
	f->fix_theirs =
	    "Please send only the certificates of the path to the "
	    "root, without the alternative ones.";
	f->command = command_verify(v, "");
}

static bool
has_issue(const struct verification *v, int cert)
{
	for (size_t i = 0; i < v->n_issues; i++)
		if (v->issues[i].cert == cert)
			return true;
	return false;
}

/* A broken certificate that the path goes around. */
static void
notice_malformed(struct verification *v)
{
	for (size_t i = 1; i < v->pool.n; i++) {
		const struct issue is = { .reason = REASON_MALFORMED,
			.cert = (int)i };

		if (v->pool.v[i].origin != POOL_SENT ||
		    !v->pool.v[i].is_malformed ||
		    path_has(&v->best.path, (int)i) || has_issue(v, (int)i))
			continue;
		explain_issue(v, &is);
		v->d->findings[v->d->n_findings - 1].severity = FINDING_NOTICE;
	}
}

static void
notice_extra(struct verification *v)
{
	struct finding *f;
	struct buf text;
	size_t n = 0;
	int first = -1;

	buf_init(&text, LIMIT_FINDING_TEXT);
	for (size_t i = 1; i < v->pool.n; i++) {
		int index = v->pool.v[i].index;

		if (v->pool.v[i].origin != POOL_SENT || index < 0 ||
		    path_has(&v->best.path, (int)i) || has_issue(v, (int)i) ||
		    v->pool.v[i].is_malformed || twin_in_path(v, (int)i) >= 0)
			continue;
		if (first < 0)
			first = index;
		add_list(&text, &n, index);
	}
	if (n > 0 || v->d->certs_left_out > 0) {
		f = diagnosis_add(v->d, REASON_EXTRA_CERTS);
		finding_point(v->d, f, first);
		f->cause = diagnosis_text(v->d,
		    "Certificates that do not belong to the path: %s%s%s.",
		    n > 0 ? buf_str(&text) : "",
		    v->d->certs_left_out > 0 && n > 0 ? " and " : "",
		    v->d->certs_left_out > 0
			? diagnosis_text(v->d,
			      "%zu more that were not looked at",
			      v->d->certs_left_out)
			: "");
		f->command = command_show(v, 1, "");
	}
	buf_free(&text);
}

static void
notice_expiry(struct verification *v)
{
	int64_t soon = (int64_t)v->req->expires_soon_days * 86400;
	char when[INFO_TIME_SIZE];

	if (soon <= 0 || v->req->ignore_time)
		return;
	for (size_t i = 0; i < v->best.path.n; i++) {
		int cert = v->best.path.v[i];
		const struct cert_info *info =
		    cert >= 0 ? state_info(v, cert) : NULL;
		struct finding *f;
		struct buf text;

		if (info == NULL || info->not_after < v->req->now ||
		    info->not_after - v->req->now >= soon)
			continue;
		f = diagnosis_add(v->d, REASON_EXPIRES_SOON);
		f->index = state_index(v, cert);
		f->subject = info->subject;
		f->issuer = info->issuer;
		f->serial = info->serial;
		if (v->pool.v[cert].origin == POOL_TRUST)
			f->fault = FAULT_OURS;
		buf_init(&text, LIMIT_FINDING_TEXT);
		buf_addf(&text, "The certificate %s expires on %s, in ",
		    info->subject, cert_info_time(info->not_after, when));
		explain_duration(info->not_after - v->req->now, &text);
		buf_addc(&text, '.');
		f->cause = explain_keep(v, &text);
		f->command = command_show(v, f->index, "-subject -dates");
	}
}

/* Key usage of the leaf beyond what OpenSSL asks for. */
static void
notice_key_usage(struct verification *v)
{
	X509 *leaf = v->pool.v[0].x;
	uint32_t ku = X509_get_key_usage(leaf);
	EVP_PKEY *key = X509_get0_pubkey(leaf);
	struct finding *f;

	if (v->req->purpose == VERIFY_PURPOSE_ANY || ku == UINT32_MAX ||
	    key == NULL || issue_has(v, REASON_BAD_KEY_USAGE, 0) ||
	    v->pool.v[0].is_malformed)
		return;
	if ((ku & KU_DIGITAL_SIGNATURE) == 0) {
		const struct issue is = { .reason = REASON_BAD_KEY_USAGE };

		explain_issue(v, &is);
		return;
	}
	if ((ku & KU_KEY_ENCIPHERMENT) != 0 || !EVP_PKEY_is_a(key, "RSA") ||
	    v->req->purpose != VERIFY_PURPOSE_SERVER)
		return;
	f = diagnosis_add(v->d, REASON_BAD_KEY_USAGE);
	finding_point(v->d, f, 0);
	f->severity = FINDING_NOTICE;
	f->cause =
	    "The key usage has no keyEncipherment; only RSA key "
	    "exchange needs it, which TLS 1.3 and all modern ciphers do "
	    "without.";
	f->fix_theirs =
	    "Nothing needs to change; keyEncipherment may be added "
	    "at the next renewal for very old peers.";
	f->fix_ours = "Nothing.";
	f->command = command_show(v, 0, "-subject -ext keyUsage");
}

/* What we forgive and OpenSSL does not. */
static void
notice_any_eku(struct verification *v)
{
	const struct path *p = &v->best.path;
	int purpose = judge_purpose_id(v->req->purpose);
	uint32_t want = purpose == X509_PURPOSE_SSL_SERVER
	    ? XKU_SSL_SERVER | XKU_SGC
	    : XKU_SSL_CLIENT;

	for (size_t i = 0; i < p->n; i++) {
		X509 *x = p->v[i] >= 0 ? v->pool.v[p->v[i]].x : NULL;
		struct finding *f;

		if (x == NULL ||
		    !extensions_any_eku_suffices(x, purpose, i > 0) ||
		    (X509_get_extended_key_usage(x) & want) != 0)
			continue;
		f = diagnosis_add(v->d, REASON_WRONG_PURPOSE);
		finding_point(v->d, f, state_index(v, p->v[i]));
		f->severity = FINDING_NOTICE;
		f->cause = diagnosis_text(v->d,
		    "The extended key usage of %s is anyExtendedKeyUsage, "
		    "which RFC 5280 allows; OpenSSL, and with it Postfix and "
		    "Sendmail, refuses it all the same.",
		    state_info(v, p->v[i])->subject);
		f->command =
		    command_show(v, f->index, "-subject -ext extendedKeyUsage");
		return;
	}
}

/* A path that needs what was given beside the chain. */
static void
notice_untrusted_used(struct verification *v)
{
	const struct path *p = &v->best.path;

	for (size_t i = 1; i < p->n; i++) {
		struct finding *f;

		if (p->v[i] < 0 ||
		    v->pool.v[p->v[i]].origin != POOL_UNTRUSTED ||
		    v->pool.v[p->v[i]].is_trusted)
			continue;
		f = diagnosis_add(v->d, REASON_INCOMPLETE_CHAIN);
		finding_point(v->d, f, state_index(v, p->v[i - 1]));
		f->severity = FINDING_NOTICE;
		f->cause = diagnosis_text(v->d,
		    "The path needs the intermediate %s, which is not in the "
		    "chain but was given beside it: a peer that has not got it "
		    "will refuse the chain.",
		    state_info(v, p->v[i])->subject);
		f->command = command_show(v, f->index, "-subject -issuer");
		return;
	}
}

static void
notice_cn_only(struct verification *v)
{
	struct finding *f;

	if (v->n_wanted == 0 || v->name_match != NAMES_CN_ONLY)
		return;
	f = diagnosis_add(v->d, REASON_CN_ONLY);
	finding_point(v->d, f, 0);
	f->cause = diagnosis_text(v->d,
	    "The name %s stands only in the common name (CN=%s); strict "
	    "software (RFC 9525) ignores it.",
	    v->wanted[v->name_matched].text, v->d->certs[0].subject_cn);
	f->command = command_show(v, 0, "-subject -ext subjectAltName");
}

void
notices_add(struct verification *v)
{
	notice_duplicates(v);
	notice_cn_only(v);
	notice_key_usage(v);
	notice_expiry(v);
	notice_malformed(v);
	if (!v->best.path.is_complete)
		return;
	notice_order(v);
	notice_root(v);
	notice_extra(v);
	notice_any_eku(v);
	notice_cross_signed(v);
	notice_untrusted_used(v);
}
