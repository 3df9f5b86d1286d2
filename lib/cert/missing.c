/* tlswarden: cert/missing - why no trusted certificate was reached.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * OpenSSL says the same (20, "unable to get local issuer certificate") for an
 * intermediate that was not sent and for a root that is not trusted, which
 * need opposite actions. The evidence, strongest first: a certificate of the
 * wanted name that is broken or has another key; a known or fetched one that
 * completes the path; where the certificates say that their issuer is (AIA).
 */
#include "config.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "cert/missing.h"
#include "cert/state.h"
#include "cert/trust_private.h"
#include "base/banned.h"

static int
top_of(const struct path *p)
{
	return p->n > 0 ? p->v[p->n - 1] : 0;
}

static bool
names_match(const X509 *issuer, const X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(issuer),
		   X509_get_issuer_name(x)) == 0;
}

/* Whether issuer did sign x: it is on the path already, in a circle. */
static bool
has_signed(const struct verification *v, int issuer, int x)
{
	const struct pool_cert *c = &v->pool.v[x];

	for (size_t i = 0; i < c->n_edges; i++)
		if (c->edges[i].issuer == issuer)
			return c->edges[i].signature != SIGNATURE_BAD;
	return false;
}

/* A sent certificate that has the name of x's issuer, and is (or is not)
 * malformed; -1. */
static int
sent_namesake(const struct verification *v, int x, bool is_malformed)
{
	for (size_t i = 0; i < v->pool.n; i++) {
		const struct pool_cert *c = &v->pool.v[i];

		if ((int)i != x && c->origin == POOL_SENT &&
		    c->is_malformed == is_malformed &&
		    names_match(c->x, v->pool.v[x].x) &&
		    !has_signed(v, (int)i, x))
			return (int)i;
	}
	return -1;
}

X509 *
missing_stored_namesake(const struct verification *v, int x)
{
	size_t at = SIZE_MAX;

	return trust_next_by_subject(v->pool.trust,
	    X509_get_issuer_name(v->pool.v[x].x), &at);
}

int
missing_first_known(const struct verification *v, const struct path *p)
{
	for (size_t i = 1; i < p->n; i++)
		if (v->pool.v[p->v[i]].origin == POOL_KNOWN)
			return (int)i;
	return -1;
}

/* Whether a sent certificate beside the path leads to an anchor: then the CA
 * is one we trust, and its right intermediate is what is missing. */
static bool
other_sent_leads_to_anchor(struct verification *v)
{
	for (size_t i = 1; i < v->pool.n; i++) {
		const struct pool_cert *c;

		pool_expand(&v->pool, (int)i);
		c = &v->pool.v[i];
		if (c->origin != POOL_SENT || c->is_self_signed ||
		    c->is_malformed || X509_check_ca(c->x) <= 0)
			continue;
		for (size_t k = 0; k < c->n_edges; k++)
			if (v->pool.v[c->edges[k].issuer].is_trusted &&
			    c->edges[k].signature == SIGNATURE_GOOD)
				return true;
	}
	return false;
}

static const ASN1_STRING *
organisation(const X509_NAME *name)
{
	int at = X509_NAME_get_index_by_NID(name, NID_organizationName, -1);

	return at < 0 ? NULL
		      : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
}

static bool
same_organisation(const X509_NAME *a, const X509_NAME *b)
{
	const ASN1_STRING *x = organisation(a), *y = organisation(b);

	return x != NULL && y != NULL && ASN1_STRING_length(x) > 0 &&
	    ASN1_STRING_cmp(x, y) == 0;
}

/* The leaf's owner runs the CA, and no anchor of ours is his. */
static bool
is_own_ca(const struct verification *v, int leaf)
{
	const X509_NAME *issuer = X509_get_issuer_name(v->pool.v[leaf].x);

	if (!same_organisation(issuer,
		X509_get_subject_name(v->pool.v[leaf].x)))
		return false;
	for (size_t i = 0; i < trust_count(v->pool.trust); i++)
		if (same_organisation(issuer,
			X509_get_subject_name(trust_x509(v->pool.trust, i))))
			return false;
	return true;
}

static bool
has_http_url(struct verification *v, int cert)
{
	const char *url = state_info(v, cert)->issuer_url;
	struct sv http = SV("http");

	return url != NULL && sv_eq_nocase(sv_head(sv_from(url), 4), http);
}

/* Without any certificate of the wanted name: what the certificates say. */
static enum reason
reason_by_hints(struct verification *v, int top)
{
	if (has_http_url(v, top))
		return REASON_INCOMPLETE_CHAIN;
	if (v->sent_end.n > 1)
		return REASON_UNTRUSTED_ROOT;
	if (other_sent_leads_to_anchor(v))
		return REASON_INCOMPLETE_CHAIN;
	return is_own_ca(v, top) ? REASON_UNTRUSTED_ROOT
				 : REASON_ISSUER_UNKNOWN;
}

static enum reason
reason_of_top(struct verification *v, int top, int *culprit_r)
{
	int known_top = top_of(&v->known_end);
	int namesake = sent_namesake(v, top, false);

	if (state_is_self_signed(v, top))
		return v->sent_end.n == 1 ? REASON_SELF_SIGNED_LEAF
					  : REASON_UNTRUSTED_ROOT;
	if (v->pool.v[top].is_trusted)
		return REASON_UNTRUSTED_ROOT;
	/* Known ones that lead on, but to no anchor either. */
	if (missing_first_known(v, &v->known_end) >= 0)
		return state_is_self_signed(v, known_top) ||
			!has_http_url(v, known_top)
		    ? REASON_UNTRUSTED_ROOT
		    : REASON_INCOMPLETE_CHAIN;
	if (missing_stored_namesake(v, top) != NULL)
		return REASON_UNTRUSTED_ROOT;
	if (namesake >= 0) {
		*culprit_r = namesake;
		return REASON_WRONG_INTERMEDIATE;
	}
	return reason_by_hints(v, top);
}

/* The codes by which OpenSSL said it. */
static void
add_codes(struct verification *v, enum reason reason, int cert)
{
	const struct judgement *j = &v->dead_judgement;

	(void)issue_add(v, reason, cert, 0);
	for (size_t i = 0; i < j->n_faults; i++)
		if (missing_is_code(j->faults[i].code))
			(void)issue_add(v, reason, cert, j->faults[i].code);
}

bool
missing_is_code(int code)
{
	switch (code) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		return true;
	default:
		return false;
	}
}

void
missing_issue(struct verification *v)
{
	int top = top_of(&v->sent_end), culprit = top, at;
	enum reason reason;

	/* A broken certificate can issue nothing and be issued by nobody. */
	if (v->pool.v[top].is_malformed) {
		add_codes(v, REASON_MALFORMED, top);
		return;
	}
	at = sent_namesake(v, top, true);
	if (at >= 0) {
		add_codes(v, REASON_MALFORMED, at);
		return;
	}
	if (v->outcome == SEARCH_WITH_KNOWN) {
		at = missing_first_known(v, &v->best.path);
		culprit = at > 0 ? v->best.path.v[at - 1] : top;
		at = sent_namesake(v, culprit, false);
		reason = at >= 0 ? REASON_WRONG_INTERMEDIATE
				 : REASON_INCOMPLETE_CHAIN;
		add_codes(v, reason, at >= 0 ? at : culprit);
		return;
	}
	reason = reason_of_top(v, top, &culprit);
	add_codes(v, reason, culprit);
}
