/* tlswarden: ctl/explain_sendmail - what Sendmail asks, and what it is told.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys are those of contrib/sendmail/tlswarden.m4, with what was asked as
 * the session: without facts one in clear. What only a connection tells, the
 * server's name, is taken to be that of the next hop.
 */
#include "config.h"

#include <string.h>

#include "ctl/explain.h"
#include "policy/sendmail.h"
#include "base/banned.h"

/* Sendmail has no port in its next hop. */
static const char *
hop(struct explanation *e)
{
	const struct party *p = &e->q.hop;

	return explain_textf(e, p->is_bracketed ? "[%.*s]" : "%.*s",
	    SV_ARG(party_text(p)));
}

static const char *
address(struct explanation *e)
{
	const char *text = "";
	struct buf b;

	if (e->q.n_peers == 0 && !e->q.hop.is_literal)
		return text;
	buf_init(&b, OUT_CELL_MAX);
	addr_format(e->q.n_peers > 0 ? &e->q.peers[0] : &e->q.hop.addr, &b);
	text = explain_textf(e, "%s", buf_str(&b));
	buf_free(&b);
	return text;
}

/* xtextify() of Sendmail encodes more than RFC 3461 asks for. */
static const char *
xtext(struct explanation *e, struct sv v)
{
	const char *text;
	struct buf b;

	buf_init(&b, OUT_TEXT_MAX);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c <= ' ' || c > '~' || strchr("\\<>()\"+", c) != NULL)
			buf_addf(&b, "+%02X", c);
		else
			buf_addc(&b, v.p[i]);
	}
	text = explain_textf(e, "%s", buf_str(&b));
	buf_free(&b);
	return text;
}

/* Names of the certificate are not among the facts that can be given: of them
 * only the CN counts. */
static const char *
session(struct explanation *e)
{
	const struct tls_facts *t = &e->q.tls;

	if (!e->q.has_tls)
		return "<NONE><><><0><0><0>";
	return explain_textf(e, "<%.*s><%s><%.0u><0><0><0>", SV_ARG(t->verify),
	    t->version != TLS_VERSION_UNKNOWN ? tls_version_word(t->version)
					      : "",
	    t->bits);
}

static void
take_note(void *arg, const struct sendmail_note *n)
{
	struct explanation *e = arg;

	if (!e->q.has_tls)
		return;
	if (n->judgement.rule->mode == MODE_ENFORCE) {
		e->judged = n->judgement;
		e->code = CTL_FINDING;
	} else if (e->n_monitors < EXPLAIN_MONITORS) {
		e->monitors[e->n_monitors++] =
		    (struct would){ n->judgement.rule->id,
			    explain_textf(e, "%.*s", SV_ARG(n->text)) };
	}
}

static enum lookup_status
ask(struct explanation *e, const char *key)
{
	struct lookup_answer a;
	struct party party;
	struct buf out;

	buf_init(&out, LIMIT_SOCKETMAP_REPLY);
	sendmail_answer(e->table.snap, sv_from(key), &party, &out, &a);
	explain_add(e, "sendmail", "sendmail", key, explain_lookup(e, &a));
	buf_free(&out);
	return a.status;
}

static void
sts(const struct snapshot *s, enum level level, const struct lookup_hop *hop,
    struct lookup_answer *r)
{
	(void)level;
	sendmail_sts(s, hop, r);
}

static void
ask_sts(struct explanation *e, const char *domain)
{
	struct lookup_answer a;

	explain_hop(e, sv_from(domain), LEVEL_UNKNOWN, sts, &a);
	explain_add(e, "sendmail", "sts", domain, explain_lookup(e, &a));
}

static void
say_outcome(struct explanation *e, enum lookup_status status)
{
	const char *more = NULL;

	if (status == LOOKUP_TEMP && e->q.n_peers == 0)
		more =
		    "Sendmail tells the address of the server, which --peer "
		    "gives here";
	else if (e->q.has_tls)
		more = e->code == CTL_FINDING
		    ? "by Sendmail mail is not sent in such a session"
		    : "by Sendmail mail is sent in such a session";
	if (more != NULL)
		e->outcome = explain_textf(e, "%s; %s", e->outcome, more);
}

/* The envelope and the names of a key, behind the session. */
static const char *
names(struct explanation *e, const char *rcpt)
{
	return explain_textf(e, "<%s><%s><%s><%.*s><%s><%s>", address(e), rcpt,
	    hop(e), SV_ARG(party_text(&e->q.hop)),
	    xtext(e, decide_cn(&e->q.tls)), xtext(e, e->q.tls.issuer));
}

static void
outbound(struct explanation *e)
{
	const char *rcpt = e->q.recipient, *key;
	enum lookup_status status;
	struct party party;

	if (!e->q.has_address)
		rcpt = explain_textf(e, "postmaster@%s", hop(e));
	key = explain_textf(e, "srv:%s%s", session(e), names(e, rcpt));
	status = ask(e, key);
	sendmail_watch(e->table.snap, sv_from(key), &party, take_note, e);
	say_outcome(e, status);
	key = explain_textf(e, "rcpt:%s%s", session(e), names(e, rcpt));
	(void)ask(e, key);
	key = explain_textf(e, "try:<%s><%s><%s><%.*s>", address(e), rcpt,
	    hop(e), SV_ARG(party_text(&e->q.hop)));
	(void)ask(e, key);
	ask_sts(e, strrchr(rcpt, '@') + 1);
}

/* What the feature asks for sites without the milter, and about STARTTLS. */
static void
inbound(struct explanation *e)
{
	const struct tls_facts *t = &e->q.tls;
	const char *bits = e->q.has_tls ? explain_textf(e, "%u", t->bits) : "";
	const char *key = explain_textf(e,
	    "clt:<%.*s><%s><%s><%s><%s><%s><%.*s><%s><%s><%s>",
	    SV_ARG(t->verify), e->q.has_tls ? tls_version_word(t->version) : "",
	    bits, e->q.peer_text, e->q.sender, e->q.recipient,
	    SV_ARG(t->cert_fingerprint), xtext(e, decide_cn(t)),
	    xtext(e, t->subject), xtext(e, t->issuer));

	(void)ask(e, key);
	(void)ask(e, explain_textf(e, "feat:<%s>", e->q.peer_text));
}

/* Sendmail always knows client, sender and recipient. */
void
explain_sendmail(struct explanation *e)
{
	if (e->q.direction == DIRECTION_OUT)
		outbound(e);
	else if (e->q.in.has_client && e->q.sender != NULL &&
	    e->q.recipient != NULL)
		inbound(e);
	else if (e->q.in.has_client)
		(void)ask(e, explain_textf(e, "feat:<%s>", e->q.peer_text));
}
