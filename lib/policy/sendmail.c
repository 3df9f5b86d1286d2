/* tlswarden: policy/sendmail - the maps that Sendmail asks.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/decide.h"
#include "policy/sendmail_private.h"
#include "wire/xtext.h"

void
sendmail_set(struct lookup_answer *r, enum lookup_status status,
    const char *text)
{
	r->status = status;
	r->text = sv_from(text);
}

/* The words of deliver.c and tls.c. SOFTWARE, TEMP, PROTOCOL, CONFIG, FAILURE
 * and what later versions add are trouble, not plaintext, as is CLEAR, which is
 * plaintext after SOFTWARE (TLSFallbacktoClear), and what tlswarden.m4 puts
 * before NONE when the site itself wanted no STARTTLS: such a session is judged
 * as unknown, which never refuses for ever. */
static enum tls_state
state_of_verify(struct sv verify)
{
	static const char *const on[] = { "OK", "NO", "NOT", "FAIL", "TRUSTED",
		"DANE_FAIL" };

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
		if (sv_is(verify, on[i]))
			return TLS_STATE_ON;
	return sv_is(verify, "NONE") ? TLS_STATE_NONE : TLS_STATE_UNKNOWN;
}

struct sv
sendmail_decode(struct sv xtext, struct buf *text)
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

	(void)sendmail_decode(k->cn, text);
	cn_n = text->n;
	/* DANE vouches for a certificate, not for who issued it. */
	if (!sv_is(k->verify, "TRUSTED"))
		tls->issuer = sendmail_decode(k->issuer, text);
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
	/* What is said of clients without a certificate fits no server. */
	if (tls->cert == CERT_STATE_NONE)
		tls->cert = CERT_STATE_UNVERIFIED;
	if (!tls_version_parse(k->version, &tls->version))
		tls->version = TLS_VERSION_UNKNOWN;
	if (!sv_to_u32(k->bits, 65535, &tls->bits))
		tls->bits = 0;
	set_names(k, text, tls);
}

/* "user@[host]" is a mailbox of that host, as "user@host" is; an address of the
 * network stays in its brackets. Returns the new length. */
static size_t
drop_brackets(char *text, size_t n)
{
	struct sv all = sv_make(text, n);
	size_t at = sv_rfind(all, '@') + 1;
	struct sv inner = sv_skip(all, at + 1);
	struct addr addr;

	if (at >= n || text[at] != '[' || text[n - 1] != ']')
		return n;
	inner.n--;
	if (inner.n == 0 || addr_parse(inner, &addr))
		return n;
	memmove(text + at, inner.p, inner.n);
	return n - 2;
}

/* An address as it is meant: a quoted user is the same user. */
static enum party_status
unquoted_party(struct sv address, struct party *party)
{
	char text[SENDMAIL_KEY_MAX];
	size_t n = 0;

	for (size_t i = 0; i < address.n && n < sizeof(text); i++) {
		if (address.p[i] == '\\' && i + 1 < address.n)
			i++;
		else if (address.p[i] == '"')
			continue;
		text[n++] = address.p[i];
	}
	/* Delivery is never to the null address. */
	if (n == 0)
		return PARTY_BAD;
	return party_address(party, sv_make(text, drop_brackets(text, n)));
}

/* hop is NULL for the recipient. */
static bool
set_query(const struct sendmail_key *k, const struct sv *hop,
    struct party *party, struct addr *peer, struct query *q)
{
	static const struct party no_sender = { .kind = PARTY_ABSENT };
	enum party_status status = hop == NULL
	    ? unquoted_party(k->recipient, party)
	    : party_nexthop(party, *hop);

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

/* True unless it is the domain of the recipient. */
static bool
is_other_hop(const struct sendmail_key *k, struct sv text)
{
	struct party to, hop;

	return unquoted_party(k->recipient, &to) != PARTY_OK ||
	    party_nexthop(&hop, text) != PARTY_OK || hop.is_bracketed ||
	    hop.port != 0 || !sv_eq(party_text(&hop), party_domain(&to));
}

static bool
next_other_hop(struct sendmail_hops *hops, const struct sendmail_key *k,
    struct sv *hop_r)
{
	while (sendmail_hops_next(hops, hop_r))
		if (is_other_hop(k, *hop_r))
			return true;
	return false;
}

/* The facts of a key srv or rcpt, as a question and a session. */
struct asked {
	const struct snapshot *snapshot;
	const struct sendmail_key *key;
	/* Whose rule: the recipient's (NULL), or, when mail does not go to its
	 * domain by itself (a smart host, a mailertable), also that of the next
	 * hop. */
	const struct sv *hop;
	bool is_cut;
	const struct party *party;
	struct query query;
	struct addr peer;
	struct tls_server server;
	struct tls_facts tls;
	struct buf names;
};

/* Free with asked_done, also when it is false: no such party in the key. The
 * caller sets snapshot, key, hop and is_cut before. */
static bool
asked_init(struct asked *a, struct party *party)
{
	const struct sendmail_key *k = a->key;

	a->party = party;
	buf_init(&a->names, 2 * SENDMAIL_KEY_MAX);
	if (!set_query(k, a->hop, party, &a->peer, &a->query))
		return false;
	set_tls(k, &a->names, &a->tls);
	a->server = (struct tls_server){ .host = k->server,
		.nexthop = party_domain(party),
		.has_nexthop = a->hop == NULL ? k->has_domain : k->has_nexthop,
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

/* Adds "5.7.10 TLS required by policy rule ...", as long as out has room. */
static void
add_text(const struct asked *a, const struct judgement *j, struct buf *out)
{
	struct buf subject;

	buf_init(&subject, PARTY_TEXT_MAX + 16);
	buf_adds(&subject, a->hop == NULL ? "mail to " : "mail through ");
	buf_add(&subject, party_domain(a->party));
	decide_text(j->rule, &j->verdict, &a->tls, buf_sv(&subject), out);
	buf_free(&subject);
}

/* Sendmail reads the value as tokens; in quotes it is one. */
void
sendmail_set_error(unsigned code, struct sv said, struct buf *out,
    struct lookup_answer *r)
{
	struct sv status = sv_head(said, sv_find(said, ' '));

	buf_reset(out);
	buf_addf(out, "%.*s:\"%u", SV_ARG(status), code);
	for (said = sv_skip(said, status.n); said.n > 0;
	     said = sv_skip(said, 1))
		buf_addc(out,
		    said.p[0] == '"' || said.p[0] == '\\' ? '\'' : said.p[0]);
	buf_addc(out, '"');
	r->status = LOOKUP_FOUND;
	r->text = buf_sv(out);
}

static void
set_refusal(const struct asked *a, const struct judgement *j, struct buf *out,
    struct lookup_answer *r)
{
	struct buf text;

	buf_init(&text, SENDMAIL_TEXT_MAX);
	add_text(a, j, &text);
	sendmail_set_error(decide_smtp_code(&j->verdict), buf_sv(&text), out,
	    r);
	buf_free(&text);
}

static void
answer_session(const struct asked *a, struct buf *out, struct lookup_answer *r)
{
	struct snapshot_match match = snapshot_find(a->snapshot, &a->query);
	struct judgement j = { match.rule, judge(a, match.rule) };

	r->rule = match.rule;
	if (match.needs_peers || needs_lost_names(a, match.rule)) {
		sendmail_set(r, LOOKUP_TEMP,
		    "the key does not tell what the rule needs");
	} else if (j.verdict.kind == VERDICT_PASS) {
		sendmail_set(r, LOOKUP_FOUND, "ok");
	} else {
		set_refusal(a, &j, out, r);
	}
}

static void
answer_for(struct asked *a, struct party *party, struct buf *out,
    struct lookup_answer *r)
{
	if (asked_init(a, party))
		answer_session(a, out, r);
	else
		sendmail_set(r, LOOKUP_TEMP,
		    "no recipient or next hop in the key");
	asked_done(a);
}

static void
answer_key(struct asked *a, struct party *party, struct buf *out,
    struct lookup_answer *r)
{
	const struct rule *rule;
	struct sendmail_hops hops;
	struct sv hop;

	answer_for(a, party, out, r);
	sendmail_hops_init(&hops, a->key->nexthop, a->key->server);
	while (r->status == LOOKUP_FOUND && sv_is(r->text, "ok") &&
	    next_other_hop(&hops, a->key, &hop)) {
		rule = r->rule;
		a->hop = &hop;
		answer_for(a, party, out, r);
		if (r->rule == NULL)
			r->rule = rule;
	}
	a->hop = NULL;
}

static bool
find_try(const struct asked *a, const struct sv *hop, struct party *party,
    const struct rule **rule_r)
{
	struct snapshot_match match;
	struct addr peer;
	struct query q;

	if (!set_query(a->key, hop, party, &peer, &q))
		return false;
	match = snapshot_find(a->snapshot, &q);
	*rule_r = match.rule;
	return !match.needs_peers;
}

static bool
has_level(const struct rule *rule, enum level level)
{
	return rule != NULL && rule->demand->level == level;
}

static bool
demands_tls(const struct rule *rule)
{
	return has_level(rule, LEVEL_ENCRYPT) || has_level(rule, LEVEL_SECURE);
}

/* What the rules of the other next hops say of STARTTLS. */
struct try_hops {
	const struct rule *rule; /* the first */
	size_t n;
	size_t n_none;
	bool is_demanded;
};

static bool
find_try_hops(const struct asked *a, struct party *party, struct try_hops *t)
{
	struct sendmail_hops hops;
	struct sv hop;

	*t = (struct try_hops){ .rule = NULL };
	sendmail_hops_init(&hops, a->key->nexthop, a->key->server);
	while (next_other_hop(&hops, a->key, &hop)) {
		const struct rule *rule = NULL;

		if (!find_try(a, &hop, party, &rule))
			return false;
		t->n++;
		t->n_none += has_level(rule, LEVEL_NONE);
		t->is_demanded = t->is_demanded || demands_tls(rule);
		t->rule = t->rule != NULL ? t->rule : rule;
	}
	return true;
}

/* STARTTLS is tried unless a rule says none, and none demands it. */
static void
answer_try(const struct asked *a, struct party *party, struct lookup_answer *r)
{
	const struct rule *to = NULL;
	struct try_hops hops;
	bool is_none;

	if (!find_try(a, NULL, party, &to) || !find_try_hops(a, party, &hops)) {
		sendmail_set(r, LOOKUP_TEMP,
		    "no recipient or next hop in the key");
		return;
	}
	is_none = (has_level(to, LEVEL_NONE) ||
		      (hops.n > 0 && hops.n_none == hops.n)) &&
	    !demands_tls(to) && !hops.is_demanded;
	r->rule = to != NULL ? to : hops.rule;
	sendmail_set(r, LOOKUP_FOUND, is_none ? "no" : "ok");
}

static void
answer_feat(const struct snapshot *s, const struct sendmail_key *k,
    struct lookup_answer *r)
{
	struct addr client;

	/* What is no address of the network is the machine itself. */
	sendmail_set(r, LOOKUP_FOUND,
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
	struct asked a = { .snapshot = s,
		.key = &k,
		.is_cut = status == SENDMAIL_KEY_CUT };

	r->rule = NULL;
	sendmail_set(r, LOOKUP_TEMP, "the key is none of tlswarden.m4");
	if (status == SENDMAIL_KEY_BAD)
		return;
	switch (k.form) {
	case SENDMAIL_FORM_SRV:
	case SENDMAIL_FORM_RCPT:
		answer_key(&a, party, out, r);
		break;
	case SENDMAIL_FORM_TRY:
		answer_try(&a, party, r);
		break;
	case SENDMAIL_FORM_FEAT:
		answer_feat(s, &k, r);
		break;
	case SENDMAIL_FORM_CLT:
		sendmail_client(s, &k, a.is_cut, out, r);
		break;
	case SENDMAIL_FORM_UNKNOWN:
		break;
	}
}

struct watch {
	const struct asked *asked;
	void (*fn)(void *arg, const struct sendmail_note *n);
	void *arg;
	bool is_over; /* refused, or answered TEMP: nothing more is asked */
};

static void
note(struct watch *w, const struct rule *rule)
{
	struct sendmail_note n = { .key = w->asked->key,
		.judgement = { rule, judge(w->asked, rule) },
		.is_recipient = w->asked->hop == NULL };
	struct buf text;

	if (n.judgement.verdict.kind == VERDICT_PASS ||
	    needs_lost_names(w->asked, rule))
		return;
	w->is_over = w->is_over || rule->mode != MODE_MONITOR;
	buf_init(&text, SENDMAIL_TEXT_MAX + 4);
	buf_addf(&text, "%u ", decide_smtp_code(&n.judgement.verdict));
	add_text(w->asked, &n.judgement, &text);
	n.text = buf_sv(&text);
	w->fn(w->arg, &n);
	buf_free(&text);
}

/* What matches the recipient was told with it. */
static void
note_monitor(void *arg, const struct rule *rule)
{
	struct watch *w = arg;
	struct party to;

	if (w->asked->hop == NULL ||
	    unquoted_party(w->asked->key->recipient, &to) != PARTY_OK ||
	    !pattern_matches(&rule->recipient, &to))
		note(w, rule);
}

static void
watch_for(struct watch *w, struct asked *a, struct party *party)
{
	struct snapshot_match match = { .needs_peers = true };

	if (asked_init(a, party)) {
		match = snapshot_find(a->snapshot, &a->query);
		if (match.rule != NULL && !match.needs_peers)
			note(w, match.rule);
		if (a->key->form == SENDMAIL_FORM_SRV)
			snapshot_monitors(a->snapshot, &a->query, match.rule,
			    note_monitor, w);
	}
	if (match.needs_peers || needs_lost_names(a, match.rule))
		w->is_over = true;
	asked_done(a);
}

void
sendmail_watch(const struct snapshot *s, struct sv key, struct party *party,
    void (*fn)(void *arg, const struct sendmail_note *n), void *arg)
{
	struct sendmail_key k;
	enum sendmail_key_status status = sendmail_key_parse(key, &k);
	struct asked a = { .snapshot = s,
		.key = &k,
		.is_cut = status == SENDMAIL_KEY_CUT };
	struct watch w = { .asked = &a, .fn = fn, .arg = arg };
	struct sendmail_hops hops;
	struct sv hop;

	if (status == SENDMAIL_KEY_BAD ||
	    (k.form != SENDMAIL_FORM_SRV && k.form != SENDMAIL_FORM_RCPT))
		return;
	watch_for(&w, &a, party);
	sendmail_hops_init(&hops, k.nexthop, k.server);
	while (!w.is_over && next_other_hop(&hops, &k, &hop)) {
		a.hop = &hop;
		watch_for(&w, &a, party);
	}
}
