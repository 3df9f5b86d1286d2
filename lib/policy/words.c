/* tlswarden: policy/words - the text of a refusal.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "policy/decide.h"

/* Bytes of a name or address that a peer chose, so that the rest fits. */
enum { NAME_BYTES = 60, NAME_BYTES_LEAST = 4 };

static void
add_needed(const struct rule *rule, const struct verdict *v, size_t name_bytes,
    struct buf *out)
{
	const struct demand *d = rule->demand;

	if (v->reason == REASON_PROTOCOL_TOO_OLD)
		buf_addf(out, "%s or newer", tls_version_word(d->min_protocol));
	else if (v->reason == REASON_CIPHER_TOO_WEAK)
		buf_addf(out, "TLS with %u bits", d->min_bits);
	else if (v->reason == REASON_ISSUER_MISMATCH) {
		buf_adds(out, "Certificate of CA ");
		buf_add_printable(out, d->ca->name, name_bytes);
	} else if (v->reason == REASON_SUBJECT_MISMATCH) {
		buf_adds(out, "Certificate for ");
		buf_add_printable(out,
		    d->cert_name.n > 0 ? d->cert_name
				       : sv_from("the recipient's domain"),
		    name_bytes);
	} else if (v->reason == REASON_FINGERPRINT_MISMATCH)
		buf_adds(out, "Pinned certificate");
	else if (d->level == LEVEL_SECURE && v->reason != REASON_NO_TLS)
		buf_adds(out, "Verified certificate");
	else
		buf_adds(out, "TLS");
}

static void
add_quoted(struct buf *out, const char *what, struct sv name, size_t name_bytes)
{
	buf_addf(out, " (%s ", what);
	if (name.n == 0)
		buf_adds(out, "empty");
	else
		buf_add_printable(out, name, name_bytes);
	buf_addc(out, ')');
}

/* What was seen: the words of the one table, with the fact in brackets. */
static void
add_seen(const struct verdict *v, const struct tls_facts *tls,
    size_t name_bytes, struct buf *out)
{
	buf_adds(out, reason_info(v->reason)->seen);
	if (v->reason == REASON_PROTOCOL_TOO_OLD)
		buf_addf(out, " (%s)", tls_version_word(tls->version));
	else if (v->reason == REASON_CIPHER_TOO_WEAK)
		buf_addf(out, " (%u bits)", tls->bits);
	else if (v->reason == REASON_ISSUER_MISMATCH)
		add_quoted(out, "issuer", tls->issuer, name_bytes);
	else if (v->reason == REASON_SUBJECT_MISMATCH)
		add_quoted(out, "subject", tls->subject, name_bytes);
	else if (v->reason == REASON_CERT_NOT_VERIFIED && tls->verify.n > 0)
		add_quoted(out, "verify", tls->verify, name_bytes);
}

/* The table speaks to a client; a server is told what it has to offer. */
static const char *
todo(const struct rule *rule, enum reason reason)
{
	if (rule->direction == DIRECTION_OUT && reason == REASON_NO_TLS)
		reason = REASON_NO_STARTTLS;
	return reason_info(reason)->todo;
}

struct words {
	const struct rule *rule;
	const struct verdict *verdict;
	const struct tls_facts *tls;
	struct sv subject;
};

static void
add_words(const struct words *w, size_t name_bytes, struct buf *b)
{
	const struct rule *rule = w->rule;
	enum reason reason = w->verdict->reason;

	buf_addf(b, "%c.%s ", w->verdict->kind == VERDICT_FAIL ? '5' : '4',
	    reason_info(reason)->status);
	add_needed(rule, w->verdict, name_bytes, b);
	buf_addf(b, " required by policy rule %lld for ", (long long)rule->id);
	buf_add_printable(b, w->subject, name_bytes);
	buf_adds(b, ": ");
	add_seen(w->verdict, w->tls, name_bytes, b);
	if (reason == REASON_PROTOCOL_TOO_OLD)
		buf_addf(b, "; enable %s or newer",
		    tls_version_word(rule->demand->min_protocol));
	else
		buf_addf(b, "; %s", todo(rule, reason));
}

void
decide_text(const struct rule *rule, const struct verdict *v,
    const struct tls_facts *tls, struct sv subject, struct buf *out)
{
	const struct words w = { rule, v, tls, subject };
	size_t room = out->max - out->n, name_bytes = NAME_BYTES;
	struct buf b;

	buf_init(&b, room < LIMIT_REPLY - 10 ? room : LIMIT_REPLY - 10);
	add_words(&w, name_bytes, &b);
	while (b.is_full && name_bytes > NAME_BYTES_LEAST) {
		name_bytes -= NAME_BYTES_LEAST;
		buf_reset(&b);
		add_words(&w, name_bytes, &b);
	}
	buf_add(out, buf_sv(&b));
	buf_free(&b);
}
