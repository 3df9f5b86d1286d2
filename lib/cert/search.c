/* tlswarden: cert/search - tries other paths before one is blamed.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "cert/info.h"
#include "cert/state.h"
#include "base/banned.h"

/* What makes a path a worse one to blame: a forged or wrong signature is a
 * stranger's path; faults of CAs are the path's own; those of the leaf are on
 * every path. */
static int
fault_cost(const struct fault *f)
{
	int cost;

	switch (f->code) {
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
		cost = 100;
		break;
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_INVALID_NON_CA:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
		cost = 20;
		break;
	default:
		cost = 10;
	}
	return f->depth == 0 ? cost : cost + 5;
}

static int
judgement_cost(const struct judgement *j)
{
	int cost = 0;

	for (size_t i = 0; i < j->n_faults; i++)
		cost += fault_cost(&j->faults[i]);
	return cost;
}

static bool
has_code(const struct judgement *j, int code)
{
	for (size_t i = 0; i < j->n_faults; i++)
		if (j->faults[i].code == code)
			return true;
	return false;
}

/* Judges one complete path; keeps the cheapest. True ends the search. */
static bool
try_path(void *arg, const struct path *path)
{
	struct verification *v = arg;
	struct judgement j;
	int cost;

	if (v->work_left < path->n)
		return true;
	v->work_left -= path->n;
	judge_path(&v->rules, &v->pool, path, &j);
	cost = judgement_cost(&j);
	if (v->best_cost < 0 || cost < v->best_cost) {
		v->best_cost = cost;
		v->best = j;
		v->best.path = *path;
		v->best.path.is_complete = true;
	}
	return j.n_faults == 0;
}

/* One search; the outcome that it would be, or SEARCH_NOTHING. */
static enum search_outcome
search_once(struct verification *v, bool with_known, bool with_bad_signatures,
    struct path *dead_end_r)
{
	const struct path_rules rules = {
		.partial_chain = v->req->partial_chain,
		.with_known = with_known,
		.with_bad_signatures = with_bad_signatures,
	};

	v->best_cost = -1;
	v->work_left = LIMIT_PATH_WORK;
	(void)path_search(&v->pool, &rules, try_path, v, dead_end_r);
	if (v->best_cost < 0)
		return SEARCH_NOTHING;
	return v->best.n_faults == 0 ? SEARCH_GOOD : SEARCH_FAULTY;
}

/* Adds those of the set that could have issued what is in the pool, and their
 * issuers in turn. */
static void
add_issuers(struct verification *v, const struct chain *set,
    enum pool_origin origin)
{
	for (size_t i = 0; i < v->pool.n && v->pool.n < 4 * LIMIT_CHAIN; i++) {
		const X509_NAME *issuer = X509_get_issuer_name(v->pool.v[i].x);

		for (size_t k = 0; k < chain_count(set); k++) {
			X509 *x = chain_x509(set, k);
			struct pool_cert *c;

			if (x == NULL || v->pool.n >= 4 * LIMIT_CHAIN ||
			    X509_NAME_cmp(X509_get_subject_name(x), issuer) !=
				0)
				continue;
			c = &v->pool.v[pool_add(&v->pool, x, origin, -1)];
			if (c->note == NULL)
				c->note = chain_note(set, k);
		}
	}
}

/* Asks the AIA URL of the dead end's top. True when a certificate came. */
static bool
fetch_next(struct verification *v)
{
	const struct path *p = &v->known_end;
	const struct cert_info *top = state_info(v, p->v[p->n - 1]);
	struct chain *got = NULL;
	struct err err = { 0 };
	size_t before = v->pool.n;

	if (v->req->fetch_issuer == NULL || top->issuer_url == NULL ||
	    v->n_fetched >= LIMIT_FETCHES ||
	    state_is_self_signed(v, p->v[p->n - 1]))
		return false;
	if (v->req->fetch_issuer(v->req->fetch_arg, top->issuer_url, &got,
		&err) != 0) {
		v->fetch_error = diagnosis_safe(v->d, sv_from(err.text));
		return false;
	}
	for (size_t i = 0; i < chain_count(got); i++)
		chain_set_note(got, i,
		    diagnosis_text(v->d, "fetched from %s", top->issuer_url));
	v->fetched[v->n_fetched++] = got;
	add_issuers(v, got, POOL_KNOWN);
	return v->pool.n > before;
}

/* Adds what was seen before, once. True when that gives something new. */
static bool
recall(struct verification *v)
{
	struct err err = { 0 };
	size_t before = v->pool.n;

	if (v->req->recall == NULL || v->has_recalled)
		return false;
	v->has_recalled = true;
	if (v->req->recall(v->req->recall_arg, &v->recalled, &err) != 0) {
		v->recall_error = diagnosis_safe(v->d, sv_from(err.text));
		return false;
	}
	add_issuers(v, v->recalled, POOL_KNOWN);
	return v->pool.n > before;
}

/* Looks for an anchor with what exists in the world but was not sent. */
static enum search_outcome
search_with_known(struct verification *v)
{
	add_issuers(v, v->req->known, POOL_KNOWN);
	do {
		if (search_once(v, true, false, &v->known_end) !=
		    SEARCH_NOTHING)
			return SEARCH_WITH_KNOWN;
	} while (recall(v) || fetch_next(v));
	return SEARCH_NOTHING;
}

/* Without an anchor: what OpenSSL says of the part that there is. */
static void
judge_dead_end(struct verification *v, struct judgement *j)
{
	judge_path(&v->rules, &v->pool, &v->sent_end, j);
	j->path = v->sent_end;
}

void
search_paths(struct verification *v)
{
	struct path ignored;

	add_issuers(v, v->req->untrusted, POOL_UNTRUSTED);
	judge_stock(&v->rules, &v->pool, &v->stock);
	if (v->stock.n_faults == 0) {
		v->best = v->stock;
		v->is_stock = true;
		v->outcome = SEARCH_GOOD;
		return;
	}
	/* A trust setting that rejects is a decision; no way around it. */
	if (has_code(&v->stock, X509_V_ERR_CERT_REJECTED)) {
		v->best = v->stock;
		v->outcome = SEARCH_FAULTY;
		return;
	}
	v->outcome = search_once(v, false, false, &v->sent_end);
	if (v->outcome != SEARCH_NOTHING)
		return;
	judge_dead_end(v, &v->dead_judgement);
	v->outcome = search_with_known(v);
	if (v->outcome != SEARCH_NOTHING)
		return;
	if (search_once(v, false, true, &ignored) != SEARCH_NOTHING) {
		v->outcome = SEARCH_BAD_SIGNATURE;
		return;
	}
	v->best = v->dead_judgement;
}
