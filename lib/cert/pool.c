/* tlswarden: cert/pool - the certificates at hand and their possible issuers.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cert/pool.h"
#include "cert/trust_private.h"
#include "cert/words.h"
#include "base/banned.h"

void
pool_init(struct pool *p, const struct trust *trust, int64_t now,
    bool ignore_time)
{
	*p = (struct pool){ .trust = trust,
		.now = now,
		.ignore_time = ignore_time,
		.signatures_left = LIMIT_SIGNATURES };
}

static void
forget_edges(struct pool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].edges);
		p->v[i].edges = NULL;
		p->v[i].n_edges = 0;
		p->v[i].has_edges = false;
	}
}

void
pool_done(struct pool *p)
{
	forget_edges(p);
	free(p->v);
	*p = (struct pool){ 0 };
}

bool
pool_is_current(const X509 *x, int64_t now)
{
	int64_t from = words_time(X509_get0_notBefore(x));
	int64_t until = words_time(X509_get0_notAfter(x));

	return from != INT64_MIN && until != INT64_MIN && from <= now &&
	    now <= until;
}

int
pool_find(const struct pool *p, const X509 *x)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].x == x || X509_cmp(p->v[i].x, x) == 0)
			return (int)i;
	return -1;
}

static bool
is_twin(const X509 *x, const X509 *stored)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	EVP_PKEY *other = X509_get0_pubkey(stored);

	return X509_cmp(x, stored) != 0 && key != NULL && other != NULL &&
	    EVP_PKEY_eq(key, other) == 1;
}

/* Whether a stored, current, usable certificate has the name and key of x: who
 * put it there, restricted perhaps, meant it to be used instead. */
static bool
find_overruled(const struct pool *p, X509 *x)
{
	size_t at = SIZE_MAX, up;
	X509 *stored;

	while ((stored = trust_next_by_subject(p->trust,
		    X509_get_subject_name(x), &at)) != NULL) {
		up = SIZE_MAX;
		if (is_twin(x, stored) &&
		    (p->ignore_time || pool_is_current(stored, p->now)) &&
		    ((X509_get_extension_flags(stored) & EXFLAG_SS) != 0 ||
			trust_next_by_subject(p->trust,
			    X509_get_issuer_name(stored), &up) != NULL))
			return true;
	}
	return false;
}

static int
append(struct pool *p, X509 *x, enum pool_origin origin, int index)
{
	struct pool_cert *c;
	X509 *stored = trust_same(p->trust, x);

	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 32 : p->cap * 2;
		p->v = mem_realloc(p->v, p->cap, sizeof(*p->v));
	}
	c = &p->v[p->n];
	*c = (struct pool_cert){ .x = x, .origin = origin, .index = index };
	/* The stored copy carries the trust settings. */
	if (stored != NULL)
		c->x = stored;
	c->is_trusted = stored != NULL;
	/* Decodes the extensions, which sets the flags. */
	c->is_malformed = X509_check_purpose(x, -1, 0) != 1 ||
	    (X509_get_extension_flags(x) & EXFLAG_INVALID) != 0 ||
	    X509_get0_pubkey(x) == NULL;
	/* EXFLAG_SS: own name and key identifier; the key is not proven. */
	c->is_self_signed = (X509_get_extension_flags(x) & EXFLAG_SS) != 0;
	c->is_overruled = stored == NULL && find_overruled(p, x);
	c->is_current = p->ignore_time || pool_is_current(x, p->now);
	ERR_clear_error();
	return (int)p->n++;
}

int
pool_add(struct pool *p, X509 *x, enum pool_origin origin, int index)
{
	int at = pool_find(p, x);

	if (at >= 0)
		return at;
	forget_edges(p);
	return append(p, x, origin, index);
}

/* Puts all stored certificates that could have issued x into the pool. */
static void
add_stored(struct pool *p, const X509 *x)
{
	size_t at = SIZE_MAX;
	X509 *root;
	int n = 0;

	while (n++ < LIMIT_CHAIN &&
	    (root = trust_next_by_subject(p->trust, X509_get_issuer_name(x),
		 &at)) != NULL)
		if (pool_find(p, root) < 0)
			(void)append(p, root, POOL_TRUST, -1);
}

static enum pool_signature
check_signature(struct pool *p, X509 *x, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	int rc;

	if (p->signatures_left == 0)
		return SIGNATURE_UNKNOWN;
	p->signatures_left--;
	rc = key != NULL ? X509_verify(x, key) : 0;
	ERR_clear_error();
	return rc == 1 ? SIGNATURE_GOOD : SIGNATURE_BAD;
}

static int
compare_edges(const void *a, const void *b)
{
	const struct pool_edge *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->issuer > y->issuer) - (x->issuer < y->issuer);
}

/* Fills in the edge from x to c if c may have issued x. */
static bool
make_edge(struct pool *p, X509 *x, int issuer, struct pool_edge *e_r)
{
	const struct pool_cert *c = &p->v[issuer];
	int code = X509_check_issued(c->x, x);

	ERR_clear_error();
	/* An issuer without keyCertSign is one, at fault. */
	if (code != X509_V_OK && code != X509_V_ERR_KEYUSAGE_NO_CERTSIGN)
		return false;
	e_r->issuer = issuer;
	e_r->signature = check_signature(p, x, c->x);
	e_r->score = (e_r->signature != SIGNATURE_BAD ? 16 : 0) +
	    (c->is_current ? 8 : 0) + (X509_check_ca(c->x) > 0 ? 4 : 0) +
	    (c->is_trusted ? 2 : 0) + (c->origin == POOL_SENT ? 1 : 0);
	return true;
}

void
pool_expand(struct pool *p, int i)
{
	struct pool_edge *edges;
	size_t n = 0;
	X509 *x = p->v[i].x;

	if (p->v[i].has_edges)
		return;
	add_stored(p, x);
	edges = mem_zalloc(p->n, sizeof(*edges));
	for (size_t k = 0; k < p->n; k++)
		if ((int)k != i &&
		    X509_NAME_cmp(X509_get_subject_name(p->v[k].x),
			X509_get_issuer_name(x)) == 0 &&
		    make_edge(p, x, (int)k, &edges[n]))
			n++;
	if (n > 1)
		qsort(edges, n, sizeof(*edges), compare_edges);
	p->v[i].edges = edges;
	p->v[i].n_edges = n;
	p->v[i].has_edges = true;
}
