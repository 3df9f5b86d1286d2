/* tlswarden: cert/judge - one run of X509_verify_cert, all errors kept.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * X509_verify_cert stops at the first error unless its callback forgives it.
 * Ours forgives all and keeps them; the verdict is "the list is empty".
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "cert/constraints.h"
#include "cert/extensions.h"
#include "cert/judge.h"
#include "cert/words.h"
#include "base/banned.h"

struct collector {
	const struct judge_rules *rules;
	struct pool *pool;
	struct judgement *j;
};

int
judge_purpose_id(enum verify_purpose purpose)
{
	switch (purpose) {
	case VERIFY_PURPOSE_SERVER:
		return X509_PURPOSE_SSL_SERVER;
	case VERIFY_PURPOSE_CLIENT:
		return X509_PURPOSE_SSL_CLIENT;
	case VERIFY_PURPOSE_UNSET:
	case VERIFY_PURPOSE_ANY:
		break;
	}
	return 0;
}

/* What OpenSSL 3.0 objects to and RFC 5280 does not. */
static bool
is_forgiven(const struct collector *c, X509_STORE_CTX *ctx, int code, int depth,
    X509 *x)
{
	const struct verify_request *req = c->rules->req;

	/* RFC 5280 4.1.2.5: valid through notAfter, inclusive. */
	if (code == X509_V_ERR_CERT_HAS_EXPIRED && x != NULL)
		return words_time(X509_get0_notAfter(x)) == req->now;
	/* RFC 5280 4.2.1.12: anyExtendedKeyUsage restricts nothing. */
	if (code == X509_V_ERR_INVALID_PURPOSE && x != NULL)
		return extensions_any_eku_suffices(x,
		    judge_purpose_id(req->purpose), depth > 0);
	if (code == X509_V_ERR_UNSUPPORTED_NAME_SYNTAX && x != NULL)
		return constraints_hold_without_broken(x,
		    X509_STORE_CTX_get0_chain(ctx), depth);
	return false;
}

static void
add_fault(struct judgement *j, int code, int cert, int depth)
{
	for (size_t i = 0; i < j->n_faults; i++)
		if (j->faults[i].code == code && j->faults[i].depth == depth)
			return;
	if (j->n_faults == JUDGE_FAULTS_MAX) {
		j->n_lost++;
		return;
	}
	j->faults[j->n_faults].code = code;
	j->faults[j->n_faults].cert = cert;
	j->faults[j->n_faults++].depth = depth;
}

static int
collect(int ok, X509_STORE_CTX *ctx)
{
	struct collector *c = X509_STORE_CTX_get_app_data(ctx);
	int code = X509_STORE_CTX_get_error(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);

	/* The path of a CRL's signer, verified inside: as OpenSSL says. */
	if (X509_STORE_CTX_get0_parent_ctx(ctx) != NULL)
		return ok;
	if (ok == 1 || is_forgiven(c, ctx, code, depth, x))
		return 1;
	add_fault(c->j, code, x != NULL ? pool_find(c->pool, x) : -1, depth);
	return 1;
}

static void
set_parameters(const struct judge_rules *rules, X509_STORE_CTX *ctx)
{
	const struct verify_request *req = rules->req;
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = 0;

	if (judge_purpose_id(req->purpose) != 0)
		(void)X509_STORE_CTX_set_purpose(ctx,
		    judge_purpose_id(req->purpose));
	if (req->ignore_time)
		flags |= X509_V_FLAG_NO_CHECK_TIME;
	else
		X509_VERIFY_PARAM_set_time(param, (time_t)req->now);
	if (req->partial_chain)
		flags |= X509_V_FLAG_PARTIAL_CHAIN;
	/* Lists by delegated signers too (RFC 5280 5.2.5, 6.3.3 f). */
	if (req->crl_check != VERIFY_CRL_NONE)
		flags |=
		    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_EXTENDED_CRL_SUPPORT;
	if (req->crl_check == VERIFY_CRL_ALL)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	(void)X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_auth_level(param, req->auth_level);
	if (req->depth >= 0)
		X509_VERIFY_PARAM_set_depth(param, req->depth);
	/* Names are matched by cert/names; here only what the constraints
	 * apply to. */
	X509_VERIFY_PARAM_set_hostflags(param,
	    rules->cn_is_name ? 0 : X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
}

/* Only lists that a certificate of the pool could need. */
static void
add_crls(const struct verify_request *req, const struct pool *pool,
    X509_STORE *store)
{
	if (req->crl_check == VERIFY_CRL_NONE)
		return;
	for (size_t i = 0; i < crls_count(req->crls); i++) {
		X509_CRL *crl = crls_crl(req->crls, i);
		const X509_NAME *issuer = X509_CRL_get_issuer(crl);
		bool is_needed = false;

		for (size_t k = 0; k < pool->n && !is_needed; k++)
			is_needed =
			    X509_NAME_cmp(issuer,
				X509_get_issuer_name(pool->v[k].x)) == 0;
		if (is_needed)
			(void)X509_STORE_add_crl(store, crl);
	}
}

/* The chain that was built, in places of the pool. */
static void
note_path(struct pool *pool, X509_STORE_CTX *ctx, struct path *path)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int most = (int)(sizeof(path->v) / sizeof(path->v[0]));

	for (int i = 0; i < sk_X509_num(chain) && i < most; i++)
		path->v[path->n++] = pool_find(pool, sk_X509_value(chain, i));
}

static void
run(const struct judge_rules *rules, struct pool *pool, X509_STORE *store,
    STACK_OF(X509) * untrusted, struct judgement *j)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	struct collector c = { .rules = rules, .pool = pool, .j = j };
	int rc = -1;

	if (ctx != NULL &&
	    X509_STORE_CTX_init(ctx, store, pool->v[0].x, untrusted) == 1) {
		set_parameters(rules, ctx);
		X509_STORE_CTX_set_app_data(ctx, &c);
		X509_STORE_CTX_set_verify_cb(ctx, collect);
		rc = X509_verify_cert(ctx);
		note_path(pool, ctx, &j->path);
		/* Some errors end it whatever the callback says. */
		if (rc != 1 && j->n_faults == 0)
			add_fault(j, X509_STORE_CTX_get_error(ctx),
			    j->path.n > 0 ? j->path.v[0] : 0, 0);
	}
	if (rc != 1 && j->n_faults == 0)
		add_fault(j, X509_V_ERR_UNSPECIFIED, 0, 0);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
}

/* Certificates that sign lists and no certificates: off every path. */
static void
add_crl_signers(const struct verify_request *req, const struct pool *pool,
    STACK_OF(X509) * untrusted)
{
	if (req->crl_check == VERIFY_CRL_NONE)
		return;
	for (size_t i = 1; i < pool->n; i++) {
		X509 *x = pool->v[i].x;
		uint32_t usage = X509_get_key_usage(x);

		if (pool->v[i].origin != POOL_KNOWN && usage != UINT32_MAX &&
		    (usage & KU_CRL_SIGN) != 0 &&
		    (usage & KU_KEY_CERT_SIGN) == 0)
			(void)sk_X509_push(untrusted, x);
	}
}

void
judge_path(const struct judge_rules *rules, struct pool *pool,
    const struct path *path, struct judgement *j_r)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();

	*j_r = (struct judgement){ 0 };
	if (store == NULL || untrusted == NULL)
		goto out;
	add_crls(rules->req, pool, store);
	for (size_t i = 0; i < path->n; i++) {
		const struct pool_cert *c = &pool->v[path->v[i]];

		if (c->is_trusted && (i > 0 || path->n == 1))
			(void)X509_STORE_add_cert(store, c->x);
		if (i > 0 && !c->is_trusted)
			(void)sk_X509_push(untrusted, c->x);
	}
	add_crl_signers(rules->req, pool, untrusted);
	run(rules, pool, store, untrusted, j_r);
out:
	if (j_r->path.n == 0 && j_r->n_faults == 0)
		add_fault(j_r, X509_V_ERR_OUT_OF_MEM, -1, 0);
	j_r->path.is_complete = path->is_complete;
	X509_STORE_free(store);
	sk_X509_free(untrusted);
}

void
judge_stock(const struct judge_rules *rules, struct pool *pool,
    struct judgement *j_r)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();

	*j_r = (struct judgement){ 0 };
	if (store == NULL || untrusted == NULL)
		goto out;
	/* All stored certificates that the names lead to. */
	for (size_t i = 0; i < pool->n; i++)
		pool_expand(pool, (int)i);
	add_crls(rules->req, pool, store);
	for (size_t i = 0; i < pool->n; i++) {
		const struct pool_cert *c = &pool->v[i];

		if (c->is_trusted)
			(void)X509_STORE_add_cert(store, c->x);
		if (i > 0 && c->origin != POOL_TRUST && c->origin != POOL_KNOWN)
			(void)sk_X509_push(untrusted, c->x);
	}
	run(rules, pool, store, untrusted, j_r);
out:
	if (j_r->path.n == 0 && j_r->n_faults == 0)
		add_fault(j_r, X509_V_ERR_OUT_OF_MEM, -1, 0);
	j_r->path.is_complete = j_r->n_faults == 0;
	X509_STORE_free(store);
	sk_X509_free(untrusted);
}
