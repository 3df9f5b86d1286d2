/* tlswarden: policy/replay - a recorded session, judged by one rule again.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/replay.h"

/* Pairs of domains of one session that are looked at. */
enum { PAIRS_MAX = 4096 };

void
replay_init(struct replay *r, const struct snapshot *s, const struct rule *rule,
    int64_t now)
{
	r->snapshot = s;
	r->rule = *rule;
	r->rule.is_enabled = true;
	r->rule.mode = MODE_ENFORCE;
	r->rule.expires_at = INT64_MAX;
	rivals_init(&r->rivals, s, &r->rule, now);
}

void
replay_done(struct replay *r)
{
	rivals_done(&r->rivals);
}

/* How surely a pair of domains meets the rule. */
enum meets { MEETS_NOT = 0, MEETS, MEETS_SOME_USERS, MEETS_UNKNOWN };

/* One side of a session: its domains, or one that is not known. */
struct side {
	const struct record_domain **v;
	struct party *parties;
	size_t n;
	uint32_t n_taken, n_refused;
};

struct trial {
	const struct replay *r;
	struct side senders, recipients;
	bool has_client;
	struct addr client;
	struct verdict verdict;
	void (*fn)(void *arg, const struct replayed *part);
	void *arg;
};

/* ---- facts ---- */

/* What buf_add_printable wrote, as it was. */
static struct sv
unescape(struct sv v, struct buf *out)
{
	size_t at = out->n;

	for (size_t i = 0; i < v.n; i++) {
		bool is_hex = v.p[i] == '\\' && i + 3 < v.n &&
		    v.p[i + 1] == 'x' && sv_hex(v.p[i + 2]) >= 0 &&
		    sv_hex(v.p[i + 3]) >= 0;

		if (!is_hex) {
			buf_addc(out, v.p[i]);
			continue;
		}
		buf_addc(out,
		    (char)(sv_hex(v.p[i + 2]) * 16 + sv_hex(v.p[i + 3])));
		i += 3;
	}
	return sv_make(buf_str(out) + at, out->n - at);
}

static enum tls_state
tls_state(enum record_tls tls)
{
	switch (tls) {
	case RECORD_TLS_NONE:
		return TLS_STATE_NONE;
	case RECORD_TLS_STARTTLS:
	case RECORD_TLS_WRAPPER:
		return TLS_STATE_ON;
	case RECORD_TLS_UNKNOWN:
		break;
	}
	return TLS_STATE_UNKNOWN;
}

/* An empty name is stored as none: a trusted certificate without any name
 * looks like no certificate. */
static enum cert_state
cert_state(const struct record_session *row)
{
	switch (row->mta) {
	case RECORD_SENDMAIL:
		return cert_state_of_verify(row->verify);
	case RECORD_POSTFIX:
		return row->cert_subject.n + row->cert_issuer.n > 0
		    ? CERT_STATE_VERIFIED
		    : CERT_STATE_UNKNOWN;
	case RECORD_MTA_UNKNOWN:
		break;
	}
	return CERT_STATE_UNKNOWN;
}

void
replay_facts(const struct record_session *row, struct buf *names,
    struct tls_facts *tls)
{
	static const struct tls_facts nothing;
	size_t subject_n;

	*tls = nothing;
	tls->state = tls_state(row->tls);
	if (tls->state != TLS_STATE_ON)
		return;
	if (!tls_version_parse(row->tls_version, &tls->version))
		tls->version = TLS_VERSION_UNKNOWN;
	tls->bits = row->bits;
	tls->cipher = row->cipher;
	tls->cert = cert_state(row);
	tls->verify = row->verify;
	tls->name_form =
	    row->mta == RECORD_SENDMAIL ? NAME_FORM_DN : NAME_FORM_CN;
	/* The second may move what the first views. */
	subject_n = unescape(row->cert_subject, names).n;
	tls->issuer = unescape(row->cert_issuer, names);
	tls->subject =
	    sv_make(buf_str(names) + names->n - tls->issuer.n - subject_n,
		subject_n);
	tls->cert_fingerprint = row->cert_fingerprint;
	tls->has_fingerprints = row->cert_fingerprint.n > 0;
}

/* ---- who to whom ---- */

static void
side_init(struct side *s, const struct record_session *row, bool is_sender)
{
	s->v = mem_zalloc(row->n_domains + 1, sizeof(struct record_domain *));
	s->parties = mem_zalloc(row->n_domains + 1, sizeof(*s->parties));
	s->n = 0;
	s->n_taken = s->n_refused = 0;
	for (size_t i = 0; i < row->n_domains; i++) {
		const struct record_domain *d = &row->domains[i];
		struct party *p = &s->parties[s->n];

		if (d->is_sender != is_sender)
			continue;
		if ((d->domain.n == 0
			    ? party_address(p, d->domain)
			    : party_nexthop(p, d->domain)) != PARTY_OK)
			party_none(p);
		s->v[s->n++] = d;
		s->n_taken += d->n_accepted;
		s->n_refused += d->n_refused;
	}
}

static void
side_done(struct side *s)
{
	free(s->v);
	free(s->parties);
}

/* Recipients whose domain was not recorded: one more, absent party. */
static void
side_fill(struct side *s, const struct record_session *row,
    struct record_domain *rest)
{
	*rest = (struct record_domain){ .domain = sv_from("") };
	if (row->n_accepted > s->n_taken)
		rest->n_accepted = row->n_accepted - s->n_taken;
	if (row->n_refused > s->n_refused)
		rest->n_refused = row->n_refused - s->n_refused;
	if (rest->n_accepted + rest->n_refused == 0)
		return;
	party_none(&s->parties[s->n]);
	s->v[s->n++] = rest;
}

static enum meets
side_meets(const struct pattern *p, const struct party *who)
{
	if (pattern_matches(p, who))
		return MEETS;
	if (who->kind == PARTY_ABSENT)
		return MEETS_UNKNOWN;
	return who->kind == PARTY_NEXTHOP && pattern_matches_domain(p, who)
	    ? MEETS_SOME_USERS
	    : MEETS_NOT;
}

static enum meets
weaker(enum meets a, enum meets b)
{
	if (a == MEETS_NOT || b == MEETS_NOT)
		return MEETS_NOT;
	return a > b ? a : b;
}

static struct query
make_query(const struct trial *t, size_t s, size_t r)
{
	struct query q = { .direction = DIRECTION_IN,
		.sender = &t->senders.parties[s],
		.recipient = &t->recipients.parties[r],
		.peers_state = t->has_client ? PEERS_KNOWN : PEERS_ABSENT,
		.peers = &t->client,
		.n_peers = t->has_client ? 1 : 0 };

	return q;
}

/* The same rule about anybody: what is left is the subnet. */
static bool
subnet_meets(const struct trial *t, const struct query *q)
{
	struct rule anybody = t->r->rule;

	anybody.sender.kind = PATTERN_ANY;
	anybody.recipient.kind = PATTERN_ANY;
	return rule_miss(&anybody, q) == MISS_NONE;
}

/* What satisfies the rule is not refused by it, whoever wins. */
static enum meets
in_doubt_of_rivals(const struct trial *t, const struct query *q, enum meets m)
{
	if (t->verdict.kind == VERDICT_PASS ||
	    !rivals_may_win(&t->r->rivals, q))
		return m;
	return weaker(m,
	    q->sender->kind == PARTY_ABSENT ||
		    q->recipient->kind == PARTY_ABSENT
		? MEETS_UNKNOWN
		: MEETS_SOME_USERS);
}

static enum meets
pair_meets(const struct trial *t, size_t s, size_t r)
{
	const struct rule *rule = &t->r->rule, *winner;
	struct rule_rank rank = rule_rank(rule), winners;
	struct query q = make_query(t, s, r);
	enum meets m = MEETS;

	if (rule_miss(rule, &q) != MISS_NONE) {
		if (!subnet_meets(t, &q))
			return MEETS_NOT;
		m = weaker(side_meets(&rule->sender, q.sender),
		    side_meets(&rule->recipient, q.recipient));
	}
	if (m == MEETS_NOT)
		return m;
	winner = snapshot_find(t->r->snapshot, &q).rule;
	if (winner != NULL && winner->id != rule->id) {
		winners = rule_rank(winner);
		if (!rule_rank_wins(&rank, &winners))
			return MEETS_NOT;
	}
	return in_doubt_of_rivals(t, &q, m);
}

/* ---- parts ---- */

static enum replay_doubt
doubt_of(enum meets m)
{
	switch (m) {
	case MEETS_SOME_USERS:
		return REPLAY_NO_USERS;
	case MEETS_UNKNOWN:
		return REPLAY_NO_DOMAINS;
	case MEETS_NOT:
	case MEETS:
		break;
	}
	return REPLAY_SURE;
}

/* One that satisfies the rule is not refused, whoever it was from. */
static void
tell(const struct trial *t, enum meets m, enum replay_doubt doubt,
    struct replayed *part)
{
	if (part->n_taken + part->n_refused == 0)
		return;
	part->verdict = t->verdict;
	part->doubt = doubt != REPLAY_SURE ? doubt : doubt_of(m);
	if (m == MEETS_NOT) {
		part->kind = REPLAY_OTHER;
	} else if (t->verdict.kind == VERDICT_PASS) {
		part->kind =
		    part->doubt == REPLAY_SURE ? REPLAY_PASSES : REPLAY_OTHER;
	} else if (t->verdict.reason == REASON_UNKNOWN) {
		part->kind = REPLAY_UNKNOWN;
		if (part->doubt == REPLAY_SURE)
			part->doubt = t->verdict.level == LEVEL_UNKNOWN
			    ? REPLAY_NO_TLS_STATE
			    : REPLAY_NO_FACT;
	} else {
		part->kind = part->doubt == REPLAY_SURE ? REPLAY_REFUSES
							: REPLAY_UNKNOWN;
	}
	t->fn(t->arg, part);
}

static struct sv
name_of(const struct side *s, size_t i)
{
	if (s->parties[i].kind == PARTY_NULL)
		return sv_from("<>");
	return s->v[i]->domain;
}

static void
tell_side(const struct trial *t, bool is_sender, size_t i, enum meets m,
    enum replay_doubt doubt)
{
	const struct side *one = is_sender ? &t->senders : &t->recipients;
	const struct side *other = is_sender ? &t->recipients : &t->senders;
	struct sv others = other->n == 1 ? name_of(other, 0) : sv_from("");
	struct replayed part = { .n_taken = one->v[i]->n_accepted,
		.n_refused = one->v[i]->n_refused };

	part.sender = is_sender ? name_of(one, i) : others;
	part.recipient = is_sender ? others : name_of(one, i);
	tell(t, m, doubt, &part);
}

/* Whether what meets depends on the one side alone; met_r has it for each. */
static bool
is_told_by(const struct trial *t, bool by_sender, enum meets *met_r)
{
	size_t n = by_sender ? t->senders.n : t->recipients.n;
	size_t n_other = by_sender ? t->recipients.n : t->senders.n;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n_other; k++) {
			enum meets m = by_sender ? pair_meets(t, i, k)
						 : pair_meets(t, k, i);

			if (k > 0 && m != met_r[i])
				return false;
			met_r[i] = m;
		}
	return true;
}

/* What could meet at all, for senders one by one. */
static void
tell_in_doubt(const struct trial *t)
{
	for (size_t s = 0; s < t->senders.n; s++) {
		enum meets m = MEETS_NOT;

		for (size_t r = 0; r < t->recipients.n && m == MEETS_NOT; r++)
			m = pair_meets(t, s, r);
		tell_side(t, true, s, m, REPLAY_NO_PAIRS);
	}
}

static void
tell_all(const struct trial *t)
{
	size_t max =
	    t->senders.n > t->recipients.n ? t->senders.n : t->recipients.n;
	enum meets *met = mem_zalloc(max, sizeof(*met));
	bool by_sender = t->senders.n >= t->recipients.n;

	if (t->senders.n * t->recipients.n > PAIRS_MAX) {
		tell_in_doubt(t);
	} else if (is_told_by(t, by_sender, met) ||
	    (by_sender = !by_sender, is_told_by(t, by_sender, met))) {
		size_t n = by_sender ? t->senders.n : t->recipients.n;

		for (size_t i = 0; i < n; i++)
			tell_side(t, by_sender, i, met[i], REPLAY_SURE);
	} else {
		tell_in_doubt(t);
	}
	free(met);
}

void
replay_session(const struct replay *r, const struct record_session *row,
    void (*fn)(void *arg, const struct replayed *part), void *arg)
{
	struct trial t = { .r = r, .fn = fn, .arg = arg };
	struct record_domain rest[2];
	struct tls_facts tls;
	struct buf names;

	if (row->n_accepted + row->n_refused == 0)
		return;
	buf_init(&names, 2 * LIMIT_RECORD_TEXT + 2);
	replay_facts(row, &names, &tls);
	t.verdict = decide(&r->rule, &tls);
	if (t.verdict.reason == REASON_UNKNOWN &&
	    tls.state == TLS_STATE_UNKNOWN)
		t.verdict.level = LEVEL_UNKNOWN;
	t.has_client = addr_parse(row->client_addr, &t.client);
	side_init(&t.senders, row, true);
	side_init(&t.recipients, row, false);
	side_fill(&t.senders, row, &rest[0]);
	side_fill(&t.recipients, row, &rest[1]);
	if (t.senders.n > 0 && t.recipients.n > 0)
		tell_all(&t);
	side_done(&t.senders);
	side_done(&t.recipients);
	buf_free(&names);
}

static const struct {
	const char *code, *words;
} doubts[REPLAY_DOUBTS] = {
	[REPLAY_SURE] = { "", "" },
	[REPLAY_NO_TLS_STATE] = { "no_tls_state",
	    "the mail server never told whether TLS was on" },
	[REPLAY_NO_DOMAINS] = { "no_domains",
	    "domains were not recorded (record_addresses, or over 256 in one "
	    "session)" },
	[REPLAY_NO_USERS] = { "no_users",
	    "the rule, or one that wins over it, is about some users, and "
	    "only domains are recorded" },
	[REPLAY_NO_PAIRS] = { "no_pairs",
	    "several senders and recipients in one session, who wrote to whom "
	    "is not recorded" },
	[REPLAY_NO_FACT] = { "no_fact",
	    "what the rule demands was not recorded (fingerprint, bits, "
	    "version)" },
};

const char *
replay_doubt_words(enum replay_doubt d)
{
	return doubts[d].words;
}

const char *
replay_doubt_code(enum replay_doubt d)
{
	return doubts[d].code;
}
