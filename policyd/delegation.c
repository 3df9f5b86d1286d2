/* tlswarden: policyd/delegation - Postfix's check_policy_service.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Facts from the attributes, the verdict from policy/inbound, the action in
 * Postfix's words. In trouble the connection is closed without an answer, so
 * that Postfix applies its own default action.
 */
#include "config.h"

#include "base/limits.h"
#include "ledger_note.h"
#include "service.h"
#include "wire/attrs.h"
#include "wire/xtext.h"

/* Postfix sends names only of certificates that it trusts, fingerprints of
 * all. An attribute that was not sent at all leaves the fact unknown. */
static enum cert_state
cert_state(const struct attrs *a, const struct tls_facts *tls)
{
	if (tls->subject.n > 0 || tls->issuer.n > 0)
		return CERT_STATE_VERIFIED;
	if (tls->cert_fingerprint.n > 0 || tls->key_fingerprint.n > 0)
		return CERT_STATE_UNVERIFIED;
	if (a->v[ATTR_CCERT_FINGERPRINT].p != NULL)
		return CERT_STATE_NONE;
	return CERT_STATE_UNKNOWN;
}

static enum tls_state
tls_state(struct sv protocol)
{
	if (protocol.p == NULL)
		return TLS_STATE_UNKNOWN;
	return protocol.n == 0 ? TLS_STATE_NONE : TLS_STATE_ON;
}

/* smtpd_tls_fingerprint_digest is another than SHA-256: no pin can be compared,
 * which is no fault of the client. Empty is no certificate. */
static bool
is_digest(struct sv fingerprint)
{
	return fingerprint.n == 0 || tls_is_sha256(fingerprint);
}

/* False when the names are no xtext: not from Postfix. Views into ctx. */
static bool
tls_facts_from(struct service_context *ctx, const struct attrs *a,
    struct tls_facts *tls)
{
	struct sv protocol = a->v[ATTR_ENCRYPTION_PROTOCOL];

	buf_reset(&ctx->subject);
	buf_reset(&ctx->issuer);
	if (xtext_parse(a->v[ATTR_CCERT_SUBJECT], &ctx->subject) != XTEXT_OK ||
	    xtext_parse(a->v[ATTR_CCERT_ISSUER], &ctx->issuer) != XTEXT_OK)
		return false;
	*tls = (struct tls_facts){
		.state = tls_state(protocol),
		.cipher = a->v[ATTR_ENCRYPTION_CIPHER],
		.name_form = NAME_FORM_CN,
		.subject = buf_sv(&ctx->subject),
		.issuer = buf_sv(&ctx->issuer),
		.cert_fingerprint = a->v[ATTR_CCERT_FINGERPRINT],
		.key_fingerprint = a->v[ATTR_CCERT_PUBKEY_FINGERPRINT],
	};
	tls->has_fingerprints = a->v[ATTR_CCERT_FINGERPRINT].p != NULL &&
	    is_digest(tls->cert_fingerprint) && is_digest(tls->key_fingerprint);
	tls->cert = cert_state(a, tls);
	/* What does not parse stays unknown, which satisfies no minimum. */
	if (!tls_version_parse(protocol, &tls->version))
		tls->version = TLS_VERSION_UNKNOWN;
	if (!sv_to_u32(a->v[ATTR_ENCRYPTION_KEYSIZE], 65535, &tls->bits))
		tls->bits = 0;
	return true;
}

struct asked {
	struct service_context *ctx;
	const struct attrs *attrs;
};

/* A monitor rule would have refused this. */
static void
on_monitor(void *arg, const struct judgement *would)
{
	const struct asked *asked = arg;
	struct buf text;

	buf_init(&text, LIMIT_REPLY + 64);
	buf_addf(&text, "%u ", decide_smtp_code(&would->verdict));
	inbound_text(would, &asked->ctx->inbound, &text);
	ledger_note(asked->ctx, asked->attrs, would, buf_sv(&text));
	buf_free(&text);
}

static uint64_t
hash_more(uint64_t hash, struct sv v)
{
	return (hash ^ party_hash(v)) * 0x9e3779b97f4a7c15U;
}

/* A service that stands in several lists of restrictions is asked again for
 * the same recipient of the same message, which is one violation. */
static bool
is_watched_again(struct service_context *ctx, const struct attrs *a)
{
	static const enum attr parts[] = { ATTR_INSTANCE, ATTR_SENDER,
		ATTR_RECIPIENT };
	uint64_t hash = 1;
	uint64_t *slot;
	bool is_again;

	if (a->v[ATTR_INSTANCE].n == 0)
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		hash = hash_more(hash, a->v[parts[i]]);
	slot = &ctx->watched[hash >> 56];
	is_again = *slot == hash;
	*slot = hash;
	return is_again;
}

static enum judged
judge(struct service_context *ctx, const struct attrs *a, struct buf *out)
{
	const struct snapshot *snap = source_reader_get(&ctx->reader);
	struct inbound *in = &ctx->inbound;
	struct asked asked = { ctx, a };
	struct tls_facts tls;
	struct judgement j;

	if (!tls_facts_from(ctx, a, &tls))
		return JUDGED_NOT;
	in->tls = &tls;
	in->has_client = addr_parse(a->v[ATTR_CLIENT_ADDRESS], &in->client);
	in->is_client_hidden = !in->has_client;
	inbound_sender(in, a->v[ATTR_SENDER], INBOUND_PARSED);
	inbound_recipient(in, a->v[ATTR_RECIPIENT], INBOUND_PARSED);
	inbound_judge(snap, in, &j);
	if (!is_watched_again(ctx, a))
		inbound_monitors(snap, in, &j, on_monitor, &asked);
	if (j.verdict.kind == VERDICT_PASS) {
		attrs_format_action(sv_from("DUNNO"), out);
		return JUDGED_PASS;
	}
	buf_reset(&ctx->text);
	buf_addf(&ctx->text, "%u ", decide_smtp_code(&j.verdict));
	inbound_text(&j, in, &ctx->text);
	attrs_format_action(buf_sv(&ctx->text), out);
	ledger_note(ctx, a, &j, buf_sv(&ctx->text));
	return j.verdict.kind == VERDICT_FAIL ? JUDGED_FAIL : JUDGED_TEMPFAIL;
}

static enum judged
answer(struct service_context *ctx, const struct attrs *a, struct buf *out)
{
	if (!sv_is(a->v[ATTR_REQUEST], "smtpd_access_policy"))
		return JUDGED_NOT;
	if (!sv_is(a->v[ATTR_PROTOCOL_STATE], "RCPT")) {
		attrs_format_action(sv_from("DUNNO"), out);
		return JUDGED_SKIPPED;
	}
	/* Postfix always sends both, the null sender as an empty value. */
	if (a->v[ATTR_SENDER].p == NULL || a->v[ATTR_RECIPIENT].p == NULL)
		return JUDGED_NOT;
	return judge(ctx, a, out);
}

static enum service_status
take(struct service_context *ctx, struct sv in, size_t *used_r, struct buf *out)
{
	enum judged judged = JUDGED_NOT;
	struct attrs a;

	switch (attrs_parse(in, LIMIT_DELEGATION_REQUEST, &a, used_r)) {
	case ATTRS_MORE:
		return SERVICE_MORE;
	case ATTRS_OK:
		judged = answer(ctx, &a, out);
		break;
	case ATTRS_BAD:
		break;
	}
	counter_add(&ctx->counters->judged[judged]);
	if (judged != JUDGED_NOT)
		return SERVICE_DONE;
	ctx->why = "no policy delegation request";
	return SERVICE_CLOSE;
}

const struct service service_delegation = {
	.name = "delegation",
	.max_request = LIMIT_DELEGATION_REQUEST,
	.take = take,
};
