/* tlswarden: policy/sendmail - the maps that Sendmail asks.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/decide.h"
#include "policy/sendmail.h"
#include "policy/sendmail_key.h"
#include "wire/xtext.h"

static void
answer(struct lookup_answer *r, enum lookup_status status, const char *text)
{
	r->status = status;
	r->text = sv_from(text);
}

/* The words of deliver.c and tls.c. SOFTWARE, TEMP, PROTOCOL, CONFIG, FAILURE
 * and what later versions add are trouble, not plaintext: such a session is
 * judged as unknown, which never refuses for ever. */
static enum tls_state
state_of_verify(struct sv verify)
{
	static const char *const on[] = { "OK", "NO", "NOT", "FAIL", "TRUSTED",
		"DANE_FAIL" };

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
		if (sv_is(verify, on[i]))
			return TLS_STATE_ON;
	return sv_is(verify, "NONE") || sv_is(verify, "CLEAR")
	    ? TLS_STATE_NONE
	    : TLS_STATE_UNKNOWN;
}

/* What is decoded views *text; a broken name counts as none. */
static struct sv
decode(struct sv xtext, struct buf *text)
{
	size_t at = text->n;

	if (xtext_parse(xtext, text) != XTEXT_OK || text->n == at)
		return sv_from("");
	return sv_make(buf_str(text) + at, text->n - at);
}

/* Views are taken when both are decoded, since the text may move. */
static void
set_names(const struct sendmail_key *k, struct buf *text, struct tls_facts *tls)
{
	size_t cn_n;

	(void)decode(k->cn, text);
	cn_n = text->n;
	tls->issuer = decode(k->issuer, text);
	tls->cn_subject = sv_make(buf_str(text), cn_n);
	tls->subject = tls->cn_subject;
	tls->name_form = NAME_FORM_DN;
}

static void
set_tls(const struct sendmail_key *k, struct buf *text, struct tls_facts *tls)
{
	static const struct tls_facts nothing;

	*tls = nothing;
	tls->state = state_of_verify(k->verify);
	tls->verify = k->verify;
	if (tls->state != TLS_STATE_ON)
		return;
	tls->cert = cert_state_of_verify(k->verify);
	if (!tls_version_parse(k->version, &tls->version))
		tls->version = TLS_VERSION_UNKNOWN;
	if (!sv_to_u32(k->bits, 65535, &tls->bits))
		tls->bits = 0;
	set_names(k, text, tls);
}

static bool
set_query(const struct sendmail_key *k, struct party *party, struct addr *peer,
    struct query *q)
{
	static const struct party no_sender = { .kind = PARTY_ABSENT };
	enum party_status status = k->form == SENDMAIL_FORM_RCPT
	    ? party_address(party, k->target)
	    : party_nexthop(party, k->target);

	*q = (struct query){ .direction = DIRECTION_OUT,
		.sender = &no_sender,
		.recipient = party,
		.peers_state = PEERS_PENDING,
		.peers = peer };
	if (addr_parse(k->address, peer)) {
		q->peers_state = PEERS_KNOWN;
		q->n_peers = 1;
	}
	return status == PARTY_OK;
}

/* The facts of a key srv or rcpt, as a question and a session. */
struct asked {
	const struct snapshot *snapshot;
	const struct sendmail_key *key;
	bool is_cut;
	const struct party *party;
	struct query query;
	struct addr peer;
	struct tls_server server;
	struct tls_facts tls;
	struct buf names;
};

/* Free with asked_done, also when it is false: no next hop in the key. */
static bool
asked_init(struct asked *a, const struct snapshot *s,
    const struct sendmail_key *k, bool is_cut, struct party *party)
{
	a->snapshot = s;
	a->key = k;
	a->is_cut = is_cut;
	a->party = party;
	buf_init(&a->names, 2 * SENDMAIL_KEY_MAX);
	if (!set_query(k, party, &a->peer, &a->query))
		return false;
	set_tls(k, &a->names, &a->tls);
	a->server = (struct tls_server){ .host = k->server,
		.nexthop = party_domain(party),
		.has_nexthop = k->has_nexthop,
		.has_host = k->has_host };
	a->tls.server = &a->server;
	return true;
}

static void
asked_done(struct asked *a)
{
	buf_free(&a->names);
}

/* A rule of level secure needs what a cut key has lost. */
static bool
needs_lost_names(const struct asked *a, const struct rule *rule)
{
	return a->is_cut && rule != NULL && rule->demand->level == LEVEL_SECURE;
}

static struct verdict
judge(const struct asked *a, const struct rule *rule)
{
	struct verdict v = decide(rule, &a->tls);

	if (v.kind == VERDICT_FAIL && a->key->form == SENDMAIL_FORM_RCPT)
		v.kind = VERDICT_TEMPFAIL;
	return v;
}

/* Adds "5.7.10 TLS required by policy rule ...". */
static void
add_text(const struct asked *a, const struct judgement *j, struct buf *out)
{
	struct buf subject;

	buf_init(&subject, PARTY_TEXT_MAX + 16);
	buf_adds(&subject, "mail to ");
	buf_add(&subject, party_domain(a->party));
	decide_text(j->rule, &j->verdict, &a->tls, buf_sv(&subject), out);
	buf_free(&subject);
}

/* Sendmail reads the value as tokens; in quotes it is one. */
static void
add_error(const struct asked *a, const struct judgement *j, struct buf *out)
{
	struct buf text;
	struct sv said, status;

	buf_init(&text, LIMIT_REPLY);
	add_text(a, j, &text);
	said = buf_sv(&text);
	status = sv_head(said, sv_find(said, ' '));
	buf_addf(out, "%.*s:\"%u", SV_ARG(status),
	    decide_smtp_code(&j->verdict));
	for (said = sv_skip(said, status.n); said.n > 0;
	     said = sv_skip(said, 1))
		buf_addc(out,
		    said.p[0] == '"' || said.p[0] == '\\' ? '\'' : said.p[0]);
	buf_addc(out, '"');
	buf_free(&text);
}

static void
answer_session(const struct asked *a, struct buf *out, struct lookup_answer *r)
{
	struct snapshot_match match = snapshot_find(a->snapshot, &a->query);
	struct judgement j = { match.rule, judge(a, match.rule) };

	r->rule = match.rule;
	if (match.needs_peers || needs_lost_names(a, match.rule)) {
		answer(r, LOOKUP_TEMP,
		    "the key does not tell what the rule needs");
	} else if (j.verdict.kind == VERDICT_PASS) {
		answer(r, LOOKUP_FOUND, "ok");
	} else {
		buf_reset(out);
		add_error(a, &j, out);
		r->status = LOOKUP_FOUND;
		r->text = buf_sv(out);
	}
}

static void
answer_key(const struct snapshot *s, const struct sendmail_key *k, bool is_cut,
    struct party *party, struct buf *out, struct lookup_answer *r)
{
	struct asked a;

	if (asked_init(&a, s, k, is_cut, party))
		answer_session(&a, out, r);
	else
		answer(r, LOOKUP_TEMP, "no next hop or address in the key");
	asked_done(&a);
}

/* STARTTLS is tried unless the rule says none. */
static void
answer_try(const struct snapshot *s, const struct sendmail_key *k,
    struct party *party, struct lookup_answer *r)
{
	struct snapshot_match match = { NULL, true };
	struct addr peer;
	struct query q;

	if (set_query(k, party, &peer, &q))
		match = snapshot_find(s, &q);
	r->rule = match.rule;
	if (match.needs_peers)
		answer(r, LOOKUP_TEMP, "no next hop in the key");
	else
		answer(r, LOOKUP_FOUND,
		    r->rule != NULL && r->rule->demand->level == LEVEL_NONE
			? "no"
			: "ok");
}

static void
answer_feat(const struct snapshot *s, const struct sendmail_key *k,
    struct lookup_answer *r)
{
	struct addr client;

	/* What is no address of the network is the machine itself. */
	answer(r, LOOKUP_FOUND,
	    addr_parse(k->address, &client) &&
		    snapshot_hides_starttls(s, &client)
		? "S"
		: "ok");
}

void
sendmail_answer(const struct snapshot *s, struct sv key, struct party *party,
    struct buf *out, struct lookup_answer *r)
{
	struct sendmail_key k;
	enum sendmail_key_status status = sendmail_key_parse(key, &k);

	r->rule = NULL;
	answer(r, LOOKUP_TEMP, "the key is none of tlswarden.m4");
	if (status == SENDMAIL_KEY_BAD)
		return;
	switch (k.form) {
	case SENDMAIL_FORM_SRV:
	case SENDMAIL_FORM_RCPT:
		answer_key(s, &k, status == SENDMAIL_KEY_CUT, party, out, r);
		break;
	case SENDMAIL_FORM_TRY:
		answer_try(s, &k, party, r);
		break;
	case SENDMAIL_FORM_FEAT:
		answer_feat(s, &k, r);
		break;
	case SENDMAIL_FORM_UNKNOWN:
		break;
	}
}

struct watch {
	const struct asked *asked;
	void (*fn)(void *arg, const struct sendmail_note *n);
	void *arg;
};

static void
note(const struct watch *w, const struct rule *rule)
{
	struct sendmail_note n = { w->asked->key,
		{ rule, judge(w->asked, rule) }, { NULL, 0 } };
	struct buf text;

	if (n.judgement.verdict.kind == VERDICT_PASS ||
	    needs_lost_names(w->asked, rule))
		return;
	buf_init(&text, LIMIT_REPLY);
	buf_addf(&text, "%u ", decide_smtp_code(&n.judgement.verdict));
	add_text(w->asked, &n.judgement, &text);
	n.text = buf_sv(&text);
	w->fn(w->arg, &n);
	buf_free(&text);
}

static void
note_monitor(void *arg, const struct rule *rule)
{
	const struct watch *w = arg;

	if (w->asked->key->form == SENDMAIL_FORM_SRV ||
	    !pattern_covers_domain(&rule->recipient))
		note(w, rule);
}

void
sendmail_watch(const struct snapshot *s, struct sv key, struct party *party,
    void (*fn)(void *arg, const struct sendmail_note *n), void *arg)
{
	struct sendmail_key k;
	enum sendmail_key_status status = sendmail_key_parse(key, &k);
	struct snapshot_match match;
	struct asked a;
	struct watch w = { &a, fn, arg };

	if (status == SENDMAIL_KEY_BAD ||
	    (k.form != SENDMAIL_FORM_SRV && k.form != SENDMAIL_FORM_RCPT))
		return;
	if (asked_init(&a, s, &k, status == SENDMAIL_KEY_CUT, party)) {
		match = snapshot_find(s, &a.query);
		if (match.rule != NULL && !match.needs_peers)
			note(&w, match.rule);
		snapshot_monitors(s, &a.query, match.rule, note_monitor, &w);
	}
	asked_done(&a);
}
