/* tlswarden: tests/fuzz/fuzz_cert_load - files and chains of anybody.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The bytes are loaded as a chain, as CRLs and as a trust store; a chain is
 * judged (against its own last certificate) and printed. Whatever is in it,
 * what is printed must be UTF-8 without controls, and JSON.
 */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "cert/finding.h"
#include "cert/json.h"
#include "cert/load.h"
#include "cert/text.h"
#include "cert/trust.h"
#include "cert/verify.h"
#include "fuzz.h"

/* 2026-06-01 00:00:00 UTC */
static const int64_t now = 1780272000;

static void
check_text(const struct buf *text)
{
	json_t *string;

	for (size_t i = 0; i < text->n; i++) {
		unsigned char c = (unsigned char)text->p[i];

		assert(c == '\n' || (c >= ' ' && c != 0x7F));
	}
	string = json_stringn(text->p != NULL ? text->p : "", text->n);
	assert(string != NULL); /* else it was not UTF-8 */
	json_decref(string);
}

/* A header that a mail may have. */
static void
check_letter(const struct diagnosis *d)
{
	struct buf text;

	buf_init(&text, 1U << 26);
	if (text_letter(d, now, &text))
		for (size_t i = 0; text.p[i] != '\n'; i++)
			assert(i < 400 && text.p[i] >= ' ' && text.p[i] <= '~');
	check_text(&text);
	buf_free(&text);
}

static void
print(const struct diagnosis *d)
{
	const struct text_style style = { .now = now };
	json_t *json = diagnosis_json(d), *back;
	char *dump = json_dumps(json, JSON_COMPACT);
	struct buf text;

	assert(dump != NULL);
	back = json_loads(dump, 0, NULL);
	assert(back != NULL && json_equal(json, back));
	json_decref(back);
	json_decref(json);
	free(dump);
	buf_init(&text, 1U << 26);
	text_diagnosis(d, &style, &text);
	assert(!text.is_full);
	check_text(&text);
	buf_free(&text);
	check_letter(d);
}

/* What was seen before: the CAs of the chain, under a hostile name. */
static int
recall(void *arg, struct chain **chain_r, struct err *err_r)
{
	(void)err_r;
	*chain_r = chain_new();
	chain_add_cas(*chain_r, arg, LIMIT_CHAIN, "seen at \x1b[2J\xff on");
	return 0;
}

/* What can be decoded comes back from its PEM. */
static void
keep(const struct chain *chain)
{
	struct chain *back = NULL;
	size_t n = 0;
	struct buf pem;

	for (size_t i = 0; i < chain_count(chain); i++)
		n += chain_x509(chain, i) != NULL;
	buf_init(&pem, LIMIT_CERT_FILE);
	chain_pem_all(chain, LIMIT_CERT_FILE, &pem);
	if (n > 0 && !pem.is_full) {
		assert(
		    chain_load_bytes(buf_sv(&pem), "kept", &back, NULL) == 0);
		assert(chain_count(back) == n);
	}
	chain_free(back);
	buf_free(&pem);
}

static void
judge(struct chain *chain, const struct crls *crls, bool is_ours)
{
	struct chain *last = chain_single(chain, chain_count(chain) - 1);
	struct trust *trust = trust_from_chain(is_ours ? NULL : last);
	struct verify_request req;
	struct diagnosis d;
	struct err err;

	verify_request_init(&req);
	req.chain = chain;
	req.trust = trust;
	req.crls = crls;
	req.crl_check = crls != NULL ? VERIFY_CRL_ALL : VERIFY_CRL_NONE;
	req.now = now;
	req.name = "mx.example.com";
	req.is_ours = is_ours;
	req.recall = recall;
	req.recall_arg = chain;
	diagnosis_init(&d, req.name);
	assert(verify_chain(&req, &d, &err) == 0);
	assert(d.verdict != DIAGNOSIS_NOVERIFY);
	if (d.n_certs > 0)
		d.target = d.certs[0].subject;
	print(&d);
	diagnosis_done(&d);
	trust_free(trust);
	chain_free(last);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv bytes = sv_make((const char *)data, size);
	struct chain *chain = NULL, *strict = NULL;
	struct crls *crls = NULL;
	struct err err = { 0 };

	if (crls_load_bytes(bytes, "input", &crls, &err) != 0) {
		assert(crls == NULL && err.text[0] != '\0');
	}
	if (chain_load_bytes(bytes, "input", &strict, &err) == 0)
		assert(
		    chain_count(strict) > 0 && chain_broken(strict, 0) == NULL);
	else
		assert(strict == NULL && err.sysexit != 0);
	if (chain_load_sent_bytes(bytes, "input", &chain, &err) == 0) {
		assert(chain_count(chain) >= chain_count(strict));
		keep(chain);
		judge(chain, crls, false);
		judge(chain, crls, true);
	} else
		assert(strict == NULL);
	chain_free(chain);
	chain_free(strict);
	crls_free(crls);
	return 0;
}
