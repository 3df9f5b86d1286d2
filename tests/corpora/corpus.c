/* tlswarden: tests/corpora - agreement of the verifier with a corpus.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads certificate chains with expected outcomes, one JSON object a line, on
 * standard input; judges each with lib/cert and with OpenSSL alone (as openssl
 * verify does); prints agreement per tier, and of classes and indices.
 * usage: corpus [-v] NAME <cases
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cert/finding.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "cert/verify.h"

enum { TIERS = 3 };

struct tally {
	int cases, stock, ours;
	int rejects_with_class, class_right;
	int rejects_with_index, index_right;
};

struct run {
	const char *name;
	bool is_verbose;
	struct tally tiers[TIERS];
	struct tally paths; /* bettertls path building */
	int confused;       /* incomplete_chain for untrusted_root, reverse */
};

static const char *const tier_names[TIERS] = { "core", "pedantic", "semantic" };

/* One case: what is given and what is expected. */
struct corpus_case {
	json_t *json;
	const char *id;
	bool is_accept;
	struct chain *chain, *roots;
	struct crls *crls;
	struct verify_request req;
	json_t *peer;
};

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* All PEM texts of an array, one behind the other. */
static void
gather(const json_t *array, struct buf *out)
{
	size_t i;
	json_t *pem;

	json_array_foreach(array, i, pem)
	{
		buf_adds(out, json_string_value(pem));
		buf_addc(out, '\n');
	}
}

static struct chain *
chain_of(const json_t *o, const char *key)
{
	struct chain *c = NULL;
	struct err err;
	struct buf pem;

	buf_init(&pem, 64U << 20);
	gather(json_object_get(o, key), &pem);
	if (pem.n == 0 ||
	    chain_load_sent_bytes(buf_sv(&pem), key, &c, &err) != 0)
		c = chain_new();
	buf_free(&pem);
	return c;
}

static int
int_of(const json_t *o, const char *key, int absent)
{
	json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? (int)json_integer_value(v) : absent;
}

static enum verify_purpose
purpose_of(const char *word)
{
	return strcmp(word, "server") == 0 ? VERIFY_PURPOSE_SERVER
	    : strcmp(word, "client") == 0  ? VERIFY_PURPOSE_CLIENT
					   : VERIFY_PURPOSE_ANY;
}

static void
load_case(struct corpus_case *c)
{
	json_t *time = json_object_get(c->json, "time");
	const char *check = text_of(c->json, "crl_check");
	struct buf pem;

	c->id = text_of(c->json, "id");
	c->is_accept = strcmp(text_of(c->json, "expected"), "accept") == 0;
	c->chain = chain_of(c->json, "chain");
	c->roots = chain_of(c->json, "roots");
	buf_init(&pem, 64U << 20);
	gather(json_object_get(c->json, "crls"), &pem);
	if (pem.n > 0 &&
	    crls_load_bytes(buf_sv(&pem), "crls", &c->crls, NULL) != 0)
		c->crls = NULL;
	buf_free(&pem);
	verify_request_init(&c->req);
	c->req.chain = c->chain;
	c->req.crls = c->crls;
	c->req.crl_check = strcmp(check, "all") == 0 ? VERIFY_CRL_ALL
	    : strcmp(check, "leaf") == 0             ? VERIFY_CRL_LEAF
						     : VERIFY_CRL_NONE;
	c->req.ignore_time = !json_is_integer(time);
	c->req.now = (int64_t)json_integer_value(time);
	c->req.purpose = purpose_of(text_of(c->json, "purpose"));
	c->req.auth_level = int_of(c->json, "auth_level", -1);
	c->req.depth = int_of(c->json, "depth", -1);
	c->req.partial_chain =
	    json_is_true(json_object_get(c->json, "partial_chain"));
	c->peer = json_object_get(c->json, "peer");
	if (json_is_object(c->peer))
		c->req.name = text_of(c->peer, "value");
}

static void
free_case(struct corpus_case *c)
{
	chain_free(c->chain);
	chain_free(c->roots);
	crls_free(c->crls);
	json_decref(c->json);
}

static void
stock_parameters(const struct corpus_case *c, X509_VERIFY_PARAM *param)
{
	const struct verify_request *r = &c->req;
	unsigned long flags = 0;
	const char *kind = text_of(c->peer, "kind");

	if (r->purpose == VERIFY_PURPOSE_SERVER)
		X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
	if (r->purpose == VERIFY_PURPOSE_CLIENT)
		X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT);
	if (!r->ignore_time)
		X509_VERIFY_PARAM_set_time(param, (time_t)r->now);
	else
		flags |= X509_V_FLAG_NO_CHECK_TIME;
	if (r->partial_chain)
		flags |= X509_V_FLAG_PARTIAL_CHAIN;
	if (r->crl_check != VERIFY_CRL_NONE)
		flags |=
		    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_EXTENDED_CRL_SUPPORT;
	if (r->crl_check == VERIFY_CRL_ALL)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_auth_level(param, r->auth_level);
	if (r->depth >= 0)
		X509_VERIFY_PARAM_set_depth(param, r->depth);
	if (strcmp(kind, "DNS") == 0)
		X509_VERIFY_PARAM_set1_host(param, r->name, 0);
	if (strcmp(kind, "IP") == 0)
		X509_VERIFY_PARAM_set1_ip_asc(param, r->name);
	if (strcmp(kind, "EMAIL") == 0)
		X509_VERIFY_PARAM_set1_email(param, r->name, 0);
}

/* What openssl verify says. */
static bool
stock_accepts(const struct corpus_case *c)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok = false;

	for (size_t i = 0; i < chain_count(c->roots); i++)
		if (chain_x509(c->roots, i) != NULL)
			X509_STORE_add_cert(store, chain_x509(c->roots, i));
	for (size_t i = 1; i < chain_count(c->chain); i++)
		if (chain_x509(c->chain, i) != NULL)
			sk_X509_push(untrusted, chain_x509(c->chain, i));
	for (size_t i = 0; i < crls_count(c->crls); i++)
		X509_STORE_add_crl(store, crls_crl(c->crls, i));
	if (chain_x509(c->chain, 0) != NULL &&
	    X509_STORE_CTX_init(ctx, store, chain_x509(c->chain, 0),
		untrusted) == 1) {
		stock_parameters(c, X509_STORE_CTX_get0_param(ctx));
		ok = X509_verify_cert(ctx) == 1;
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
	X509_STORE_free(store);
	ERR_clear_error();
	return ok;
}

/* Whether the code word stands for one of "a|b". The corpora have some words
 * of their own. */
static bool
class_is(const char *wanted, const char *code)
{
	static const struct {
		const char *wanted, *codes;
	} groups[] = {
		{ "expired",
		    "|expired_leaf|expired_intermediate|expired_root|"
		    "not_yet_valid|" },
		{ "revoked_or_crl", "|revoked|crl_unusable|" },
	};
	struct sv rest = sv_from(wanted), word;
	char padded[64];

	(void)snprintf(padded, sizeof(padded), "|%s|", code);
	while (sv_cut(&rest, '|', &word)) {
		if (sv_is(word, code))
			return true;
		for (size_t i = 0; i < 2; i++)
			if (sv_is(word, groups[i].wanted) &&
			    strstr(groups[i].codes, padded) != NULL)
				return true;
	}
	return false;
}

static const struct finding *
find_class(const struct diagnosis *d, const char *wanted)
{
	for (size_t i = 0; i < d->n_findings; i++)
		if (d->findings[i].severity == FINDING_FAIL &&
		    class_is(wanted, reason_info(d->findings[i].reason)->code))
			return &d->findings[i];
	return NULL;
}

static void
print_findings(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct finding *f = &d->findings[i];

		printf(" %s%s@%d", f->severity == FINDING_NOTICE ? "~" : "",
		    reason_info(f->reason)->code, f->index);
		for (size_t k = 0; k < f->n_codes; k++)
			printf("%c%d", k == 0 ? '(' : ',', f->codes[k]);
		if (f->n_codes > 0)
			printf(")");
	}
	printf("\n");
}

static bool
has_class(const char *wanted)
{
	return wanted[0] != '\0' && strcmp(wanted, "policy") != 0;
}

/* An intermediate whose issuer's name is stored with another key: "fail wrong
 * root key" has the same shape, and there it is called untrusted_root. */
static bool
is_undecided(const struct corpus_case *c)
{
	return strcmp(c->id, "ov-042 fail wrong intermediate CA issuer") == 0;
}

static bool
is_confused(const struct corpus_case *c, const struct diagnosis *d)
{
	const char *wanted = text_of(c->json, "class");

	if (is_undecided(c))
		return false;
	return (strcmp(wanted, "untrusted_root") == 0 &&
		   find_class(d, "incomplete_chain") != NULL) ||
	    (strcmp(wanted, "incomplete_chain") == 0 &&
		find_class(d, "untrusted_root") != NULL);
}

/* Class and index of an expected reject. */
static void
tally_class(struct run *run, struct tally *t, const struct corpus_case *c,
    const struct diagnosis *d)
{
	const char *wanted = text_of(c->json, "class");
	int at = int_of(c->json, "at", -9);
	const struct finding *f = find_class(d, wanted);

	if (!has_class(wanted))
		return;
	t->rejects_with_class++;
	t->class_right += f != NULL;
	if (is_confused(c, d)) {
		run->confused++;
		printf("# %s: %s: confused\n", run->name, c->id);
	}
	if (f == NULL && run->is_verbose) {
		printf("# class %s: want %s, got", c->id, wanted);
		print_findings(d);
	}
	if (f == NULL || at == -9)
		return;
	t->rejects_with_index++;
	for (size_t i = 0; i < d->n_findings; i++)
		if (d->findings[i].index == at &&
		    d->findings[i].severity == FINDING_FAIL &&
		    class_is(wanted,
			reason_info(d->findings[i].reason)->code)) {
			t->index_right++;
			return;
		}
	if (run->is_verbose) {
		printf("# index %s: want %s@%d, got", c->id, wanted, at);
		print_findings(d);
	}
}

static int
tier_of(const json_t *o)
{
	const char *word = text_of(o, "tier");

	for (int i = 0; i < TIERS; i++)
		if (strcmp(word, tier_names[i]) == 0)
			return i;
	return TIERS - 1;
}

static void
judge_case(struct run *run, struct corpus_case *c)
{
	struct trust *trust = trust_from_chain(c->roots);
	struct tally *t = &run->tiers[tier_of(c->json)];
	bool ours = false, stock = stock_accepts(c);
	struct diagnosis d;
	struct err err = { 0 };

	diagnosis_init(&d, c->id);
	c->req.trust = trust;
	if (verify_chain(&c->req, &d, &err) == 0)
		ours = d.verdict == DIAGNOSIS_OK;
	else
		printf("# %s: %s\n", c->id, err.text);
	t->cases++;
	t->stock += stock == c->is_accept;
	t->ours += ours == c->is_accept;
	if (strstr(c->id, "pathbuilding") != NULL) {
		run->paths.cases++;
		run->paths.stock += stock == c->is_accept;
		run->paths.ours += ours == c->is_accept;
	}
	if (ours != c->is_accept && run->is_verbose) {
		printf("# verdict %s [%s]: want %s (%s), stock %s, got", c->id,
		    text_of(c->json, "tier"), text_of(c->json, "expected"),
		    text_of(c->json, "reason"), stock ? "accept" : "reject");
		print_findings(&d);
	}
	if (!c->is_accept)
		tally_class(run, t, c, &d);
	diagnosis_done(&d);
	trust_free(trust);
}

static void
read_cases(struct run *run)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		struct corpus_case c = { 0 };

		c.json = json_loads(line, 0, NULL);
		if (c.json == NULL) {
			printf("Bail out! %s: a line is not JSON\n", run->name);
			exit(99);
		}
		load_case(&c);
		judge_case(run, &c);
		free_case(&c);
	}
	free(line);
}

static void
print_tally(const char *name, const char *tier, const struct tally *t)
{
	if (t->cases == 0)
		return;
	printf(
	    "# %-18s %-9s %4d cases: accept/reject right: stock %4d "
	    "(%6.2f %%), tlswarden %4d (%6.2f %%)",
	    name, tier, t->cases, t->stock, 100.0 * t->stock / t->cases,
	    t->ours, 100.0 * t->ours / t->cases);
	if (t->rejects_with_class > 0)
		printf("; class %d/%d (%.1f %%)", t->class_right,
		    t->rejects_with_class,
		    100.0 * t->class_right / t->rejects_with_class);
	if (t->rejects_with_index > 0)
		printf("; index %d/%d (%.1f %%)", t->index_right,
		    t->rejects_with_index,
		    100.0 * t->index_right / t->rejects_with_index);
	printf("\n");
}

static void
check(bool ok, int n, const char *name, const char *what)
{
	printf("%sok %d - %s: %s\n", ok ? "" : "not ", n, name, what);
}

int
main(int argc, char **argv)
{
	struct run run = { 0 };
	struct tally *core = &run.tiers[0];
	int opt;

	while ((opt = getopt(argc, argv, "v")) != -1)
		run.is_verbose = opt == 'v';
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: corpus [-v] NAME <cases\n");
		return 64;
	}
	run.name = argv[optind];
	read_cases(&run);
	for (int i = 0; i < TIERS; i++)
		print_tally(run.name, tier_names[i], &run.tiers[i]);
	print_tally(run.name, "paths", &run.paths);
	check(core->stock == core->cases ? core->ours == core->cases
					 : core->ours > core->stock,
	    1, run.name, "core tier better than stock OpenSSL, or perfect");
	check(core->class_right * 100 >= core->rejects_with_class * 85, 2,
	    run.name, "core tier class right for 85 % of the rejects");
	check(core->index_right * 100 >= core->rejects_with_index * 95, 3,
	    run.name, "core tier index right for 95 %");
	check(run.confused == 0, 4, run.name,
	    "incomplete_chain and untrusted_root never confused");
	check(run.paths.ours == run.paths.cases, 5, run.name,
	    "every path building case right");
	printf("1..5\n");
	return 0;
}
