/* tlswarden: milter/session_rcpt - one recipient: verdict, words, ledger.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "daemon/ledger.h"
#include "milter/session.h"

struct rcpt {
	struct session *s;
	const struct session_rcpt *with;
};

static void
fill_violation(const struct rcpt *r, const struct judgement *j, struct sv text,
    struct record_violation *row)
{
	const struct session *s = r->s;
	enum conf_addresses how = r->with->settings->addresses;

	row->at_secs = r->with->now_secs;
	ledger_judgement(j, row);
	row->source = RECORD_FROM_MILTER;
	row->sender =
	    ledger_address(how, &s->inbound.sender, buf_sv(&s->sender));
	row->recipient =
	    ledger_address(how, &s->inbound.recipient, buf_sv(&s->recipient));
	row->nexthop = sv_from("");
	row->peer_addr = buf_sv(&s->client_addr);
	row->peer_name = buf_sv(&s->client_name);
	row->tls_version = s->facts.tls_version;
	row->cipher = s->facts.tls.cipher;
	row->queue_id = buf_sv(&s->queue_id);
	/* The text names a domain. */
	row->text = how == CONF_ADDRESSES_NONE ? sv_from("") : text;
}

/* Both modes: what is refused and what would have been. */
static void
tell_violation(const struct rcpt *r, const struct judgement *j, struct sv text)
{
	struct record_violation row;

	fill_violation(r, j, text, &row);
	r->with->violation(r->with->arg, &row);
}

static void
tell_monitor(void *arg, const struct judgement *would)
{
	const struct rcpt *r = arg;
	struct buf text;

	buf_init(&text, LIMIT_REPLY);
	buf_addf(&text, "%u ", decide_smtp_code(&would->verdict));
	inbound_text(would, &r->s->inbound, &text);
	tell_violation(r, would, buf_sv(&text));
	buf_free(&text);
}

static void
count_domain(struct session *s, const struct party *p, bool is_sender,
    bool is_refused)
{
	struct sv domain = ledger_domain(p);

	if (p->kind == PARTY_NULL || domain.n > 0)
		domains_count(&s->domains, domain, is_sender, is_refused);
}

static void
count(struct session *s, const struct judgement *j)
{
	bool is_refused = j->verdict.kind != VERDICT_PASS;

	if (is_refused) {
		s->n_refused++;
		s->refused.verdict = j->verdict;
	} else {
		s->n_accepted++;
	}
	count_domain(s, &s->inbound.sender, true, is_refused);
	count_domain(s, &s->inbound.recipient, false, is_refused);
}

static void
refuse(const struct rcpt *r, const struct judgement *j, struct reply *reply)
{
	unsigned code = decide_smtp_code(&j->verdict);
	struct buf text;
	struct sv words;

	buf_init(&text, LIMIT_REPLY);
	buf_addf(&text, "%u ", code);
	inbound_text(j, &r->s->inbound, &text);
	words = sv_skip(buf_sv(&text), sv_find(buf_sv(&text), ' ') + 1);
	reply_make(code, words, reply);
	tell_violation(r, j, buf_sv(&text));
	buf_free(&text);
}

bool
session_rcpt(struct session *s, struct sv recipient, const struct macros *m,
    const struct session_rcpt *with, struct reply *reply_r)
{
	struct rcpt r = { s, with };
	enum inbound_form form;
	struct judgement j;

	if (s->is_local)
		return true;
	session_note_queue_id(s, m);
	form = session_address(s, m, "{rcpt_addr}", &recipient);
	session_keep_address(&s->recipient, recipient);
	inbound_recipient(&s->inbound, recipient, form);
	inbound_judge(with->snapshot, &s->inbound, &j);
	inbound_monitors(with->snapshot, &s->inbound, &j, tell_monitor, &r);
	count(s, &j);
	if (j.verdict.kind == VERDICT_PASS)
		return true;
	refuse(&r, &j, reply_r);
	return false;
}
