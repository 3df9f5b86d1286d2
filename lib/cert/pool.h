/* tlswarden: cert/pool - the certificates at hand and their possible issuers.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Certificates as sent, others that paths may use, and those of the trust
 * store that the names lead to. Edges (possible issuers) are found once per
 * certificate, signatures checked within a budget.
 */
#ifndef CERT_POOL_H
#define CERT_POOL_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cert/info.h"
#include "cert/load.h"
#include "cert/trust.h"

enum pool_origin {
	POOL_KNOWN = 0, /* exists in the world, was not sent */
	POOL_SENT,
	POOL_UNTRUSTED, /* given beside the chain */
	POOL_TRUST
};

enum pool_signature { SIGNATURE_UNKNOWN = 0, SIGNATURE_BAD, SIGNATURE_GOOD };

struct pool_edge {
	int issuer; /* in the pool */
	enum pool_signature signature;
	int score; /* the most promising issuer first */
};

struct pool_cert {
	X509 *x;                      /* views */
	const struct cert_info *info; /* NULL: not asked for yet */
	enum pool_origin origin;
	int index;           /* in the chain as sent; -1 */
	const char *note;    /* where it is known from; NULL: not said */
	bool is_malformed;   /* extensions or key undecodable */
	bool is_trusted;     /* this very certificate is in the trust store */
	bool is_self_signed; /* may have issued itself */
	bool is_current;     /* within its validity */
	bool is_overruled;   /* the store has its own of this name and key */
	bool has_edges;
	struct pool_edge *edges;
	size_t n_edges;
};

struct pool {
	const struct trust *trust;
	int64_t now;
	bool ignore_time;
	struct pool_cert *v;
	size_t n;
	size_t cap;
	size_t signatures_left;
};

/* Borrows trust, and all certificates, for the life of the pool. */
void pool_init(struct pool *p, const struct trust *trust, int64_t now,
    bool ignore_time);
void pool_done(struct pool *p);
/* Adds x unless the very same certificate is there; -1 < its place. Edges that
 * were found before are found anew. */
int pool_add(struct pool *p, X509 *x, enum pool_origin origin, int index);
/* The place of the very same certificate, -1. */
int pool_find(const struct pool *p, const X509 *x);
/* Finds the possible issuers of certificate i (v may move). */
void pool_expand(struct pool *p, int i);
/* RFC 5280 4.1.2.5: through notAfter, inclusive. */
bool pool_is_current(const X509 *x, int64_t now);

#endif
