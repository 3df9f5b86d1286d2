/* tlswarden: annotate/postfix - TLS failures in the words of Postfix.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The texts of tls_verify.c, smtp_proto.c, smtp_tls_policy.c, tls_client.c,
 * tls_server.c, smtpd.c and tlsrpt_wrapper.c, 3.5 to 3.11.
 */
#include "config.h"

#include "annotate/lines.h"
#include "annotate/words.h"

enum { REASON_BYTES = 128 };

/* The word that follows at the front of text, up to a blank, or a colon and a
 * blank: "mx.example.com[192.0.2.1]:25: rest". */
static struct sv
take_namaddr(struct sv *text)
{
	size_t n = 0;
	struct sv name;

	while (n < text->n && text->p[n] != ' ' && text->p[n] != ',')
		n++;
	name = sv_head(*text, n);
	*text = sv_skip(*text, n + 1);
	if (name.n > 0 && name.p[name.n - 1] == ':')
		name.n--;
	return name;
}

/* "num=62:hostname mismatch" */
static void
numbered(struct sv text, struct annotation *r)
{
	struct sv digits;
	uint32_t n;

	text = sv_skip(text, 4);
	r->detail = text;
	r->reason = REASON_CERT_NOT_VERIFIED;
	if (sv_cut(&text, ':', &digits) && sv_to_u32(digits, 9999, &n))
		r->reason = words_x509_number(n);
}

static const struct {
	struct sv text;
	enum reason reason;
} verify_texts[] = {
	{ SV("self-signed certificate"), REASON_SELF_SIGNED_LEAF },
	{ SV("self signed certificate"), REASON_SELF_SIGNED_LEAF },
	{ SV("untrusted issuer "), REASON_ISSUER_UNKNOWN },
	{ SV("not trusted by local or TLSA policy"), REASON_DISTRUSTED },
	{ SV("certificate not yet valid"), REASON_NOT_YET_VALID },
	{ SV("not designated for use as a CA certificate"), REASON_INVALID_CA },
	{ SV("not designated for use as a "), REASON_WRONG_PURPOSE },
	{ SV("certificate chain longer than limit"), REASON_CHAIN_TOO_LONG },
	{ SV("external policy failure"), REASON_CERT_NOT_VERIFIED },
};

/* "[CA |server |client ]certificate verification failed for NAMADDR: TEXT" */
static bool
verification(struct sv msg, size_t at, struct annotation *r)
{
	static const struct sv what =
	    SV("certificate verification failed for ");
	static const struct sv sts = SV("(sts-");
	struct sv before = sv_trim(sv_head(msg, at));
	struct sv text = sv_skip(msg, at + what.n);
	bool is_ca = sv_ends(before, sv_from("CA"));

	r->peer = take_namaddr(&text);
	r->is_inbound = sv_ends(before, sv_from("client"));
	r->reason = REASON_CERT_NOT_VERIFIED;
	r->detail = text;
	if (sv_starts(text, sv_from("num="))) {
		numbered(text, r);
		return true;
	}
	if (sv_starts(text, sv_from("certificate has expired"))) {
		r->reason =
		    is_ca ? REASON_EXPIRED_INTERMEDIATE : REASON_EXPIRED_LEAF;
		return true;
	}
	for (size_t i = 0; i < sizeof(verify_texts) / sizeof(verify_texts[0]);
	     i++)
		if (sv_starts(text, verify_texts[i].text)) {
			r->reason = verify_texts[i].reason;
			if (r->reason == REASON_ISSUER_UNKNOWN)
				r->detail =
				    sv_skip(text, verify_texts[i].text.n);
			break;
		}
	if (words_find(text, sts) < text.n)
		r->remark =
		    "The domain's MTA-STS policy demands a certificate that is "
		    "valid for its MX host, and this one is not: tlswarden "
		    "probe tells why.";
	if (r->reason == REASON_ISSUER_UNKNOWN)
		r->remark =
		    "Postfix says the same when an intermediate was not sent "
		    "and when the root is not trusted: tlswarden probe tells "
		    "which.";
	return true;
}

static bool
not_offered(struct sv msg, size_t at, struct annotation *r)
{
	struct sv text = sv_skip(msg,
	    at + sizeof("TLS is required, but was not offered by host ") - 1);

	r->peer = sv_head(text, sv_find(text, ']') + 1);
	r->reason = REASON_NO_STARTTLS;
	return true;
}

static bool
refused(struct sv msg, size_t at, struct annotation *r)
{
	static const struct sv verb = SV(" refused to start TLS: ");
	struct sv text =
	    sv_skip(msg, at + sizeof("TLS is required, but host ") - 1);
	size_t split = words_find(text, verb);

	r->peer = sv_head(text, split);
	r->detail = sv_skip(text, split + verb.n);
	r->reason = REASON_STARTTLS_REFUSED;
	return true;
}

/* "to=<..>, relay=mx.example.com[192.0.2.1]:25, ..." */
static struct sv
relay_of(struct sv msg)
{
	static const struct sv key = SV(" relay=");
	struct sv text = sv_skip(msg, words_find(msg, key) + key.n);

	return sv_head(text, sv_find(text, ','));
}

static bool
handshake(struct sv msg, size_t at, struct annotation *r)
{
	(void)at;
	r->peer = relay_of(msg);
	r->reason = REASON_HANDSHAKE_FAILURE;
	return true;
}

static bool
not_verified(struct sv msg, size_t at, struct annotation *r)
{
	(void)at;
	r->peer = relay_of(msg);
	r->reason = REASON_CERT_NOT_VERIFIED;
	r->remark =
	    "The line \"certificate verification failed\" before it "
	    "has the cause; tlswarden probe finds all.";
	return true;
}

static bool
our_map(struct sv msg, size_t at, struct annotation *r)
{
	(void)at;
	r->peer = relay_of(msg);
	r->reason = REASON_UNKNOWN;
	r->fault = FAULT_OURS;
	r->remark =
	    "Postfix could not use the answer of smtp_tls_policy_maps: "
	    "the policy daemon is down or said TEMP, or its answer has "
	    "an attribute that this Postfix does not know. The warning "
	    "before this line says which.";
	return true;
}

/* "warning: TLS policy lookup for DESTINATION/HOST: WHY" */
static bool
policy_lookup(struct sv msg, size_t at, struct annotation *r)
{
	static const struct sv tlsa = SV("TLSA lookup error");

	msg = sv_skip(msg, at + sizeof("TLS policy lookup for ") - 1);
	r->peer = take_namaddr(&msg);
	r->detail = msg;
	r->reason =
	    words_find(msg, tlsa) < msg.n ? REASON_DNS_FAILURE : REASON_UNKNOWN;
	r->fault = r->reason == REASON_UNKNOWN ? FAULT_OURS : FAULT_UNKNOWN;
	r->remark =
	    "Postfix skips this host, because it could not have its "
	    "TLS policy: the words behind the host say why.";
	return true;
}

static bool
our_engine(struct sv msg, size_t at, struct annotation *r)
{
	(void)at;
	r->peer = relay_of(msg);
	r->reason = REASON_UNKNOWN;
	r->fault = FAULT_OURS;
	r->remark =
	    "Our own TLS did not start: look at smtp_tls_* in main.cf "
	    "and at the warnings when Postfix was started.";
	return true;
}

/* "SSL_connect error to NAMADDR: WHY", "SSL_accept error from NAMADDR: WHY" */
static bool
ssl_error(struct sv msg, size_t at, struct annotation *r)
{
	static const struct sv to = SV(" error to "), from = SV(" error from ");
	struct sv text = sv_skip(msg, at);
	size_t n = words_find(text, to);

	r->is_inbound = n == text.n;
	text = r->is_inbound ? sv_skip(text, words_find(text, from) + from.n)
			     : sv_skip(text, n + to.n);
	r->peer = take_namaddr(&text);
	r->detail = text;
	r->reason = REASON_HANDSHAKE_FAILURE;
	if (sv_starts(text, sv_from("lost connection")) ||
	    sv_starts(text, sv_from("Connection reset")))
		r->reason = REASON_CONNECTION_CLOSED;
	else if (sv_starts(text, sv_from("Connection timed out")))
		r->reason = REASON_TIMEOUT;
	return true;
}

/* "warning: TLS library problem: error:HEX:SSL routines::REASON:FILE:..." */
static bool
library_problem(struct sv msg, size_t at, struct annotation *r)
{
	r->detail = sv_skip(msg, at + sizeof("TLS library problem: ") - 1);
	if (words_library(r->detail, r))
		return true;
	r->reason = words_x509_text(r->detail);
	if (r->reason == REASON_COUNT)
		r->reason = REASON_HANDSHAKE_FAILURE;
	return true;
}

static bool
abort_tls(struct sv msg, size_t at, struct annotation *r)
{
	struct sv text = sv_skip(msg, at + sizeof("abort: TLS from ") - 1);

	r->is_inbound = true;
	r->peer = take_namaddr(&text);
	r->detail = text;
	r->reason = sv_starts(text, sv_from("No client"))
	    ? REASON_NO_CLIENT_CERT
	    : REASON_CERT_NOT_VERIFIED;
	return true;
}

static bool
lost_starttls(struct sv msg, size_t at, struct annotation *r)
{
	struct sv text = sv_skip(msg,
	    at + sizeof("lost connection after STARTTLS from ") - 1);

	r->is_inbound = true;
	r->peer = take_namaddr(&text);
	r->reason = REASON_CONNECTION_CLOSED;
	return true;
}

/* ", failure_reason=self_signed_certificate": OpenSSL's words, joined. */
static enum reason
failure_reason(struct sv text)
{
	static const struct sv key = SV("failure_reason=");
	char words[REASON_BYTES];
	struct sv v = sv_skip(text, words_find(text, key) + key.n);
	enum reason reason;

	v = sv_head(sv_head(v, sv_find(v, ',')), sizeof(words));
	for (size_t i = 0; i < v.n; i++)
		words[i] = v.p[i] == '_' ? ' ' : v.p[i];
	reason = words_x509_text(sv_make(words, v.n));
	return reason == REASON_COUNT ? REASON_CERT_NOT_VERIFIED : reason;
}

/* "TLSRPT: status=failure, domain=D, receiving_mx=H[IP], failure_type=T" */
static bool
tlsrpt(struct sv msg, size_t at, struct annotation *r)
{
	static const struct sv mx = SV("receiving_mx="),
			       type = SV("failure_type=");
	struct sv text = sv_skip(msg, at);
	struct sv word = sv_skip(text, words_find(text, type) + type.n);

	word = sv_head(word, sv_find(word, ','));
	msg = sv_skip(text, words_find(text, mx) + mx.n);
	r->peer = sv_head(msg, sv_find(msg, ','));
	r->detail = word;
	if (sv_is(word, "starttls-not-supported"))
		r->reason = REASON_NO_STARTTLS;
	else if (sv_is(word, "certificate-host-mismatch"))
		r->reason = REASON_NAME_MISMATCH;
	else if (sv_is(word, "certificate-expired"))
		r->reason = REASON_EXPIRED_LEAF;
	else
		r->reason = failure_reason(text);
	return true;
}

/* The words of the dsn map: "... for mail to bank.example: TEXT; CLASS: what
 * to do", in a delivery. */
static bool
our_bounce(struct sv msg, struct sv text, struct annotation *r)
{
	static const struct sv relay = SV(" relay="), mark = SV("; ");

	if (words_find(msg, relay) == msg.n)
		return false;
	while (words_find(text, mark) < text.n) {
		text = sv_skip(text, words_find(text, mark) + mark.n);
		if (!reason_parse(sv_head(text, sv_find(text, ':')),
			&r->reason))
			continue;
		r->peer = relay_of(msg);
		return true;
	}
	return false;
}

/* Our own refusal in a reject line: "... required by policy rule 12 for mail
 * from example.mil: this session is not encrypted; ..." */
static bool
our_refusal(struct sv msg, size_t at, struct annotation *r)
{
	static const struct sv from = SV(" from ");
	struct sv text =
	    sv_skip(msg, at + sizeof("required by policy rule ") - 1);
	struct sv id = sv_head(text, sv_find(text, ' ')), client;
	uint64_t number = 0;

	if (!sv_to_u64(id, INT64_MAX, &number))
		return false;
	r->rule_id = (int64_t)number;
	if (our_bounce(msg, text, r))
		return true;
	client = sv_skip(msg, words_find(msg, from) + from.n);
	r->peer = take_namaddr(&client);
	r->is_inbound = true;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *seen = reason_info((enum reason)i)->seen;

		if (words_find(text, sv_from(seen)) < text.n) {
			r->reason = (enum reason)i;
			return true;
		}
	}
	return false;
}

static const struct {
	struct sv needle;
	bool (*fn)(struct sv msg, size_t at, struct annotation *r);
} lines[] = {
	{ SV("required by policy rule "), our_refusal },
	{ SV("TLS policy lookup for "), policy_lookup },
	{ SV("certificate verification failed for "), verification },
	{ SV("TLS is required, but was not offered by host "), not_offered },
	{ SV("TLS is required, but host "), refused },
	{ SV("TLS is required, but our TLS engine is unavailable"),
	    our_engine },
	{ SV("TLS is required, but unavailable"), our_engine },
	{ SV("Cannot start TLS: handshake failure"), handshake },
	{ SV("Server certificate not verified"), not_verified },
	{ SV("Server certificate not trusted"), not_verified },
	{ SV("client TLS configuration problem"), our_map },
	{ SV("SSL_connect error to "), ssl_error },
	{ SV("SSL_accept error from "), ssl_error },
	{ SV("TLS library problem: "), library_problem },
	{ SV("abort: TLS from "), abort_tls },
	{ SV("lost connection after STARTTLS from "), lost_starttls },
	{ SV("TLSRPT: status=failure"), tlsrpt },
};

bool
postfix_line(struct sv msg, struct annotation *r)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t at = words_find(msg, lines[i].needle);

		if (at < msg.n && lines[i].fn(msg, at, r))
			return true;
	}
	return false;
}
