/* tlswarden: policy/sendmail_clt - a client of Sendmail, without the milter.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/inbound.h"
#include "policy/sendmail_private.h"

/* Without STARTTLS Sendmail's macros are empty; {verify} alone tells of a
 * handshake that was not one. */
static enum tls_state
state_of(const struct sendmail_key *k)
{
	if (k->version.n > 0)
		return TLS_STATE_ON;
	return k->verify.n == 0 || sv_is(k->verify, "NONE") ? TLS_STATE_NONE
							    : TLS_STATE_UNKNOWN;
}

static void
set_names(const struct sendmail_key *k, struct buf *text, struct tls_facts *tls)
{
	size_t cn_n, subject_n;

	(void)sendmail_decode(k->cn, text);
	cn_n = text->n;
	(void)sendmail_decode(k->subject, text);
	subject_n = text->n - cn_n;
	tls->issuer = sendmail_decode(k->issuer, text);
	tls->cn_subject = sv_make(buf_str(text), cn_n);
	tls->subject = sv_make(buf_str(text) + cn_n, subject_n);
	tls->name_form = NAME_FORM_DN;
}

static void
set_tls(const struct sendmail_key *k, struct buf *text, struct tls_facts *tls)
{
	static const struct tls_facts nothing;

	*tls = nothing;
	tls->state = state_of(k);
	tls->verify = k->verify;
	if (tls->state != TLS_STATE_ON)
		return;
	/* TRUSTED is a word about servers. */
	tls->cert = sv_is(k->verify, "TRUSTED")
	    ? CERT_STATE_UNKNOWN
	    : cert_state_of_verify(k->verify);
	if (!tls_version_parse(k->version, &tls->version))
		tls->version = TLS_VERSION_UNKNOWN;
	if (!sv_to_u32(k->bits, 65535, &tls->bits))
		tls->bits = 0;
	tls->has_fingerprints = tls_is_sha256(k->fingerprint);
	if (tls->has_fingerprints)
		tls->cert_fingerprint = k->fingerprint;
	set_names(k, text, tls);
}

static bool
needs_lost_names(const struct rule *rule)
{
	return rule != NULL &&
	    (rule->demand->level == LEVEL_SECURE ||
		rule->demand->fingerprint.n > 0);
}

static void
judge(const struct snapshot *s, const struct inbound *in, bool is_cut,
    struct buf *out, struct lookup_answer *r)
{
	struct judgement j;
	struct buf text;

	inbound_judge(s, in, &j);
	r->rule = j.rule;
	if (is_cut && needs_lost_names(j.rule)) {
		sendmail_set(r, LOOKUP_TEMP,
		    "the key does not tell what the rule needs");
		return;
	}
	if (j.verdict.kind == VERDICT_PASS) {
		sendmail_set(r, LOOKUP_FOUND, "ok");
		return;
	}
	buf_init(&text, SENDMAIL_TEXT_MAX);
	inbound_text(&j, in, &text);
	sendmail_set_error(decide_smtp_code(&j.verdict), buf_sv(&text), out, r);
	buf_free(&text);
}

void
sendmail_client(const struct snapshot *s, const struct sendmail_key *k,
    bool is_cut, struct buf *out, struct lookup_answer *r)
{
	struct tls_facts tls;
	struct inbound in;
	struct buf names;

	inbound_init(&in);
	in.has_client = addr_parse(k->address, &in.client);
	/* What is no address of the network is the machine itself. */
	if (!in.has_client) {
		sendmail_set(r, LOOKUP_FOUND, "ok");
		return;
	}
	buf_init(&names, 3 * SENDMAIL_KEY_MAX);
	set_tls(k, &names, &tls);
	in.tls = &tls;
	inbound_sender(&in, k->sender.n > 0 ? k->sender : sv_from("<>"),
	    INBOUND_WRITTEN);
	inbound_recipient(&in, k->recipient, INBOUND_WRITTEN);
	judge(s, &in, is_cut, out, r);
	buf_free(&names);
}
