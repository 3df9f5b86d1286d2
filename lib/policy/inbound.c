/* tlswarden: policy/inbound - one recipient of one inbound session, judged.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "policy/inbound.h"
#include "wire/envelope.h"

void
inbound_init(struct inbound *in)
{
	party_none(&in->sender);
	party_none(&in->recipient);
	in->bad_sender = false;
	in->bad_recipient = false;
	in->is_vague = false;
	in->has_client = false;
	in->is_client_hidden = false;
	in->client.family = 0;
	in->tls = NULL;
}

static bool
parse(struct party *p, struct sv text, enum inbound_form form)
{
	struct buf swapped;
	bool is_good;

	text = envelope_strip(text);
	buf_init(&swapped, PARTY_TEXT_MAX);
	if (envelope_swap(text, &swapped))
		text = buf_sv(&swapped);
	is_good = (form != INBOUND_WRITTEN || envelope_is_plain(text)) &&
	    !swapped.is_full && party_address(p, text) == PARTY_OK;
	if (!is_good)
		party_none(p);
	buf_free(&swapped);
	return is_good;
}

void
inbound_sender(struct inbound *in, struct sv text, enum inbound_form form)
{
	in->bad_sender = !parse(&in->sender, text, form);
}

/* A recipient may be of a domain of ours that it does not name: the MTA takes
 * its own addresses for its own domains and, when the client's text is all that
 * is known, completes "user" and goes on with what stands before the @ of such
 * a domain. */
static bool
says_whose(const struct party *p, enum inbound_form form)
{
	struct sv user = party_user(p);

	if (p->kind != PARTY_ADDRESS || sv_is_nocase(user, "postmaster"))
		return true;
	if (p->is_literal)
		return false;
	return form == INBOUND_READ ||
	    (party_domain(p).n > 0 && sv_find(user, '%') == user.n &&
		sv_find(user, '!') == user.n);
}

void
inbound_recipient(struct inbound *in, struct sv text, enum inbound_form form)
{
	in->bad_recipient = !parse(&in->recipient, text, form);
	in->is_vague = !says_whose(&in->recipient, form);
}

struct query
inbound_query(const struct inbound *in)
{
	struct query q = { .direction = DIRECTION_IN,
		.sender = &in->sender,
		.recipient = &in->recipient,
		.peers_state = in->has_client ? PEERS_KNOWN : PEERS_ABSENT,
		.peers = &in->client,
		.n_peers = in->has_client ? 1 : 0 };

	return q;
}

/* Could a rule about the network of a client that is not told win? */
static bool
waits_for_client(const struct snapshot *s, const struct inbound *in)
{
	struct query q = inbound_query(in);

	if (in->has_client || !in->is_client_hidden)
		return false;
	q.peers_state = PEERS_PENDING;
	return snapshot_find(s, &q).needs_peers;
}

/* Could a rule about the address that is meant win? */
static bool
is_in_doubt(const struct snapshot *s, const struct inbound *in)
{
	if (in->bad_sender || in->bad_recipient)
		return snapshot_enforces(s, DIRECTION_IN);
	return in->is_vague && snapshot_names_recipients(s);
}

void
inbound_judge(const struct snapshot *s, const struct inbound *in,
    struct judgement *r)
{
	static const struct verdict doubt = { VERDICT_TEMPFAIL, REASON_UNKNOWN,
		0, LEVEL_UNKNOWN };
	struct query q = inbound_query(in);

	r->rule = snapshot_find(s, &q).rule;
	r->verdict = decide(r->rule, in->tls);
	if ((r->verdict.kind == VERDICT_PASS && is_in_doubt(s, in)) ||
	    waits_for_client(s, in)) {
		r->rule = NULL;
		r->verdict = doubt;
	}
}

struct beside {
	const struct inbound *in;
	void (*fn)(void *arg, const struct judgement *would);
	void *arg;
};

static void
judge_beside(void *arg, const struct rule *rule)
{
	const struct beside *b = arg;
	struct judgement would = { rule, decide(rule, b->in->tls) };

	if (would.verdict.kind != VERDICT_PASS)
		b->fn(b->arg, &would);
}

void
inbound_monitors(const struct snapshot *s, const struct inbound *in,
    const struct judgement *won,
    void (*fn)(void *arg, const struct judgement *would), void *arg)
{
	struct query q = inbound_query(in);
	struct beside b = { in, fn, arg };

	snapshot_monitors(s, &q, won->rule, judge_beside, &b);
}

/* Who the rule is about: the recipient if it names only that. */
static void
add_subject(const struct rule *rule, const struct inbound *in, struct buf *out)
{
	bool is_to = rule->sender.kind == PATTERN_ANY &&
	    rule->recipient.kind != PATTERN_ANY;
	const struct party *who = is_to ? &in->recipient : &in->sender;

	buf_adds(out, is_to ? "mail to " : "mail from ");
	if (who->kind == PARTY_NULL)
		buf_adds(out, "<>");
	else if (party_domain(who).n > 0)
		buf_add(out, party_domain(who));
	else
		buf_adds(out, "you");
}

static void
add_doubt(const struct inbound *in, struct buf *out)
{
	buf_adds(out, "4.7.0 TLS policy cannot be judged: the ");
	if (in->bad_sender || in->bad_recipient)
		buf_addf(out,
		    "%s address is no valid mail address; use one that is",
		    in->bad_sender ? "sender" : "recipient");
	else if (in->is_vague)
		buf_adds(out,
		    "recipient address does not say its domain; write it as "
		    "user@domain");
	else
		buf_adds(out,
		    "address of the client is not known; its proxy has to tell "
		    "it");
}

void
inbound_text(const struct judgement *j, const struct inbound *in,
    struct buf *out)
{
	struct buf subject;

	if (j->rule == NULL) {
		add_doubt(in, out);
		return;
	}
	buf_init(&subject, LIMIT_DOMAIN + 16);
	add_subject(j->rule, in, &subject);
	decide_text(j->rule, &j->verdict, in->tls, buf_sv(&subject), out);
	buf_free(&subject);
}
