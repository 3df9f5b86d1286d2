/* tlswarden: cert/verify - judges a chain as it was sent, naming every fault.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <sysexits.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cert/explain.h"
#include "cert/extensions.h"
#include "cert/state.h"
#include "base/banned.h"

void
verify_request_init(struct verify_request *req)
{
	*req = (struct verify_request){
		.purpose = VERIFY_PURPOSE_SERVER,
		.auth_level = 2,
		.depth = -1,
		.expires_soon_days = 21,
	};
}

int
state_index(const struct verification *v, int cert)
{
	return cert < 0 ? FINDING_INDEX_STORE : v->pool.v[cert].index;
}

const struct cert_info *
state_info(struct verification *v, int cert)
{
	struct pool_cert *c = &v->pool.v[cert];
	struct cert_info *info;

	if (c->info != NULL)
		return c->info;
	if (c->index >= 0 && (size_t)c->index < v->d->n_certs) {
		c->info = &v->d->certs[c->index];
		return c->info;
	}
	info = arena_alloc(&v->d->mem, sizeof(*info));
	cert_info_fill(c->x, &v->d->mem, info);
	c->info = info;
	return info;
}

bool
state_is_self_signed(const struct verification *v, int cert)
{
	return v->pool.v[cert].is_self_signed;
}

static int
check_request(const struct verify_request *req, struct verification *v,
    struct err *err_r)
{
	if (chain_count(req->chain) == 0)
		return err_set(err_r, EX_USAGE, "no certificate to verify");
	if (req->trust == NULL)
		return err_set(err_r, EX_USAGE, "no trust store");
	if (req->purpose == VERIFY_PURPOSE_UNSET)
		return err_set(err_r, EX_USAGE, "no purpose to verify for");
	if (req->name != NULL &&
	    names_parse(req->name, &v->wanted[v->n_wanted++], err_r) != 0)
		return -1;
	for (size_t i = 0; i < req->n_names; i++) {
		if (v->n_wanted == STATE_NAMES_MAX)
			return err_set(err_r, EX_USAGE,
			    "more than %d names to look for", STATE_NAMES_MAX);
		if (names_parse(req->names[i], &v->wanted[v->n_wanted++],
			err_r) != 0)
			return -1;
	}
	return 0;
}

static void
describe_broken(struct verification *v, size_t i)
{
	struct cert_info *info = &v->d->certs[i];
	struct finding *f;

	*info = (struct cert_info){ .subject = "(cannot be decoded)",
		.issuer = "(cannot be decoded)",
		.serial = "",
		.not_before = INT64_MIN,
		.not_after = INT64_MIN,
		.key = "",
		.signature = "",
		.sha256 = "",
		.spki_sha256 = "" };
	f = diagnosis_add(v->d, REASON_MALFORMED);
	finding_point(v->d, f, (int)i);
	f->cause = diagnosis_text(v->d,
	    "Certificate %zu of the chain cannot be decoded at all (%s).", i,
	    diagnosis_safe(v->d, sv_from(chain_broken(v->req->chain, i))));
	f->command = command_show(v, (int)i, "-text");
}

/* The words of all certificates as sent; the sent ones go into the pool. */
static void
describe(struct verification *v)
{
	size_t n = chain_count(v->req->chain);
	struct diagnosis *d = v->d;

	d->n_certs = n > LIMIT_CHAIN ? LIMIT_CHAIN : n;
	d->certs_left_out = n - d->n_certs;
	d->certs = arena_alloc(&d->mem, d->n_certs * sizeof(*d->certs));
	for (size_t i = 0; i < d->n_certs; i++) {
		X509 *x = chain_x509(v->req->chain, i);

		if (x == NULL) {
			describe_broken(v, i);
			continue;
		}
		cert_info_fill(x, &d->mem, &d->certs[i]);
		(void)pool_add(&v->pool, x, POOL_SENT, (int)i);
	}
}

static void
match_names(struct verification *v)
{
	for (size_t i = 0; i < v->n_wanted; i++) {
		enum names_match m = names_check(v->pool.v[0].x, &v->wanted[i]);

		if (m > v->name_match) {
			v->name_match = m;
			v->name_matched = (int)i;
		}
	}
	/* Without a name, or with one found in the CN, the CN is a name. */
	v->rules.cn_is_name =
	    v->n_wanted == 0 || v->name_match != NAMES_PRESENT;
}

/* OpenSSL judges nothing of a broken leaf; its dates can still be read. */
static void
malformed_issues(struct verification *v)
{
	const struct pool_cert *leaf = &v->pool.v[0];

	for (size_t i = 0; i < v->best.path.n; i++)
		if (v->best.path.v[i] >= 0 &&
		    v->pool.v[v->best.path.v[i]].is_malformed)
			(void)issue_add(v, REASON_MALFORMED, v->best.path.v[i],
			    0);
	if (!leaf->is_malformed || leaf->is_current)
		return;
	if (state_info(v, 0)->not_before > v->req->now)
		(void)issue_add(v, REASON_NOT_YET_VALID, 0, 0);
	else
		(void)issue_add(v, REASON_EXPIRED_LEAF, 0, 0);
}

/* Keys that anybody can break, whatever the security level. */
static void
floor_issues(struct verification *v)
{
	for (size_t i = 0; i < v->best.path.n; i++) {
		int cert = v->best.path.v[i];
		EVP_PKEY *key =
		    cert >= 0 ? X509_get0_pubkey(v->pool.v[cert].x) : NULL;

		if (key != NULL && EVP_PKEY_is_a(key, "RSA") &&
		    EVP_PKEY_get_bits(key) < VERIFY_RSA_FLOOR_BITS)
			(void)issue_add(v, REASON_WEAK_KEY, cert, 0);
	}
}

static void
find_faults(struct verification *v)
{
	search_paths(v);
	if (v->outcome == SEARCH_NOTHING || v->outcome == SEARCH_WITH_KNOWN)
		missing_issue(v);
	classify_faults(v);
	malformed_issues(v);
	floor_issues(v);
	for (size_t i = 0; i < v->n_issues; i++)
		explain_issue(v, &v->issues[i]);
	if (v->n_wanted > 0 && v->name_match == NAMES_DIFFERENT) {
		struct finding *f = diagnosis_add(v->d, REASON_NAME_MISMATCH);

		finding_point(v->d, f, 0);
		explain_name(v, f);
	}
	staple_judge(v);
	notices_add(v);
}

/* The path that was judged, for whoever draws it. */
static void
keep_path(struct verification *v)
{
	const struct path *p = &v->best.path;
	struct diagnosis *d = v->d;

	if (p->n == 0)
		return;
	d->path = arena_alloc(&d->mem, p->n * sizeof(*d->path));
	d->n_path = p->n;
	for (size_t i = 0; i < p->n; i++)
		d->path[i] = state_index(v, p->v[i]);
	if (p->is_complete && p->v[p->n - 1] >= 0) {
		d->anchor = *state_info(v, p->v[p->n - 1]);
		d->has_anchor = true;
	}
}

int
verify_chain(const struct verify_request *req, struct diagnosis *d,
    struct err *err_r)
{
	struct verification *v = mem_zalloc(1, sizeof(*v));
	int rc = -1;

	v->req = req;
	v->d = d;
	v->rules.req = req;
	if (check_request(req, v, err_r) != 0)
		goto out;
	ERR_clear_error();
	pool_init(&v->pool, req->trust, req->now, req->ignore_time);
	v->store = diagnosis_safe(d,
	    sv_from(req->trust_label != NULL ? req->trust_label
					     : trust_label(req->trust)));
	describe(v);
	/* Without a leaf there is nothing to start from. */
	if (chain_x509(req->chain, 0) != NULL) {
		match_names(v);
		find_faults(v);
		keep_path(v);
	}
	if (req->is_ours)
		explain_as_ours(v);
	diagnosis_settle(d);
	rc = 0;
out:
	pool_done(&v->pool);
	for (size_t i = 0; i < v->n_fetched; i++)
		chain_free(v->fetched[i]);
	chain_free(v->recalled);
	free(v);
	return rc;
}
