/* tlswarden: cert/issuer - what is known of a CA by its name alone.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "cert/finding.h"
#include "cert/info.h"
#include "cert/issuer.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "cert/verify.h"
#include "base/banned.h"

static bool
has_name(struct x509_st *x, struct sv name)
{
	struct cert_info info;
	struct arena mem;
	bool is_same;

	if (x == NULL)
		return false;
	arena_init(&mem);
	cert_info_fill(x, &mem, &info);
	is_same = sv_is(name, info.subject_oneline);
	arena_free(&mem);
	return is_same;
}

/* Whether a trusted root is above the certificate. */
static bool
is_led_to_root(const struct trust *trust, const struct chain *known, size_t i,
    int64_t now)
{
	struct chain *one = chain_single(known, i);
	struct verify_request req;
	struct diagnosis d;
	bool is_ok;

	verify_request_init(&req);
	req.chain = one;
	req.trust = trust;
	req.untrusted = known;
	req.now = now;
	req.purpose = VERIFY_PURPOSE_ANY;
	diagnosis_init(&d, "issuer");
	is_ok = verify_chain(&req, &d, NULL) == 0 && d.verdict == DIAGNOSIS_OK;
	diagnosis_done(&d);
	chain_free(one);
	return is_ok;
}

enum issuer_word
issuer_look(const struct trust *trust, const struct chain *known,
    struct sv name, int64_t now, struct buf *note)
{
	enum issuer_word word = ISSUER_UNHEARD;
	size_t found = 0;

	for (size_t i = 0; i < trust_count(trust); i++)
		if (has_name(trust_x509(trust, i), name))
			return ISSUER_TRUSTED;
	for (size_t i = 0;
	     i < chain_count(known) && word != ISSUER_INTERMEDIATE; i++) {
		if (!has_name(chain_x509(known, i), name))
			continue;
		if (is_led_to_root(trust, known, i, now))
			word = ISSUER_INTERMEDIATE;
		else if (word == ISSUER_UNHEARD)
			word = ISSUER_PRIVATE_ROOT;
		else
			continue;
		found = i;
	}
	if (word != ISSUER_UNHEARD && chain_note(known, found) != NULL)
		buf_adds(note, chain_note(known, found));
	return word;
}
