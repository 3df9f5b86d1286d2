/* tlswarden: policy/dsn_watch - monitor rules beside a delivery status.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/dsn_watch.h"
#include "policy/lookup.h"

struct watch {
	const struct dsn_tie *tie;
	const struct rule *winner; /* the rule that answered, if it is known */
	struct sv key;
	int64_t now;
	enum reason seen;
	struct dsn_probes probes;
	const struct party *party;
	void (*fn)(void *arg, const struct dsn_note *note);
	void *arg;
};

static struct sv
text_of(struct sv key)
{
	struct sv status;

	return sv_cut(&key, ' ', &status) ? key : sv_from("");
}

static void
fill(struct sv key, const struct dsn_tie *tie, struct dsn_probes probes,
    struct sv answer, struct dsn_note *n)
{
	struct sv text = text_of(key);

	n->judgement.rule = NULL;
	n->judgement.verdict = (struct verdict){
		.kind = sv_starts(answer, sv_from("5")) ? VERDICT_FAIL
							: VERDICT_TEMPFAIL,
		.reason = dsn_cause(text, probes),
		.rule_id = tie->rule_id,
		.level = tie->level,
	};
	n->text = answer;
	dsn_peer(text, &n->peer_name, &n->peer_addr);
}

/* The same certificates satisfy both. */
static bool
is_same_proof(const struct demand *a, const struct demand *b)
{
	return a->level == b->level && a->ca == b->ca &&
	    sv_eq(a->cert_name, b->cert_name) &&
	    sv_eq(a->fingerprint, b->fingerprint);
}

/* A handshake that failed under what the tie's rule asks for fails under m,
 * too. Without a rule, and where TLS is a wish, Postfix asks for what main.cf
 * allows at all. */
static bool
asks_for_more(const struct rule *m, const struct dsn_tie *tie)
{
	if (tie->rule_id == 0 || !level_demands_tls(tie->level))
		return true;
	return m->demand->min_protocol >= tie->min_protocol &&
	    m->demand->min_bits >= tie->min_bits &&
	    (rule_authenticates(m) || !tie->authenticates);
}

static bool
is_violated(const struct watch *w, const struct rule *m)
{
	if (!level_demands_tls(m->demand->level))
		return false;
	if (w->seen == REASON_HANDSHAKE_FAILURE)
		return asks_for_more(m, w->tie);
	if (w->seen == REASON_CERT_NOT_VERIFIED)
		return w->winner != NULL &&
		    is_same_proof(m->demand, w->winner->demand);
	return w->seen == REASON_NO_STARTTLS ||
	    w->seen == REASON_STARTTLS_REFUSED;
}

static void
on_monitor(void *arg, const struct rule *m)
{
	const struct watch *w = arg;
	struct rule_rank rank = rule_rank(m);
	/* By another rule's handshakes nothing becomes permanent. */
	const struct dsn_probes none = { NULL, 0 },
				probes = w->seen == REASON_HANDSHAKE_FAILURE
	    ? none
	    : w->probes;
	struct dsn_note note;
	struct dsn_tie tie;
	struct buf text;

	if ((w->tie->rule_id != 0 && !rule_rank_wins(&rank, &w->tie->rank)) ||
	    !is_violated(w, m))
		return;
	dsn_tie_set(&tie, m, sv_make(w->tie->nexthop, w->tie->nexthop_n),
	    w->now);
	buf_init(&text, LIMIT_REPLY);
	if (dsn_rewrite(w->key, &tie, w->now, probes, &text)) {
		fill(w->key, &tie, probes, buf_sv(&text), &note);
		note.judgement.rule = m;
		note.nexthop = party_text(w->party);
		w->fn(w->arg, &note);
	}
	buf_free(&text);
}

/* The winner, if it is the one that answered; NULL else. */
static const struct rule *
tied_rule(const struct snapshot *s, const struct query *q,
    const struct dsn_tie *tie)
{
	const struct rule *r = snapshot_find(s, q).rule;

	return r != NULL && r->id == tie->rule_id ? r : NULL;
}

void
dsn_watch(const struct snapshot *s, struct sv key, const struct dsn_tie *tie,
    int64_t now, struct dsn_probes probes,
    void (*fn)(void *arg, const struct dsn_note *note), void *arg)
{
	struct party party;
	struct watch w = { .tie = tie,
		.key = key,
		.now = now,
		.seen = dsn_reason(text_of(key)),
		.probes = probes,
		.party = &party,
		.fn = fn,
		.arg = arg };
	struct sv name, addr;
	struct addr peer;
	struct query q;

	if (w.seen == REASON_COUNT || tie->nexthop_n == 0 ||
	    now - tie->when > DSN_TIE_SECS || now < tie->when ||
	    party_nexthop(&party, sv_make(tie->nexthop, tie->nexthop_n)) !=
		PARTY_OK)
		return;
	lookup_nexthop_query(&party, NULL, &q);
	w.winner = tied_rule(s, &q, tie);
	dsn_peer(text_of(key), &name, &addr);
	if (q.peers_state != PEERS_KNOWN && addr_parse(addr, &peer)) {
		q.peers_state = PEERS_KNOWN;
		q.peers = &peer;
		q.n_peers = 1;
		if (w.winner == NULL)
			w.winner = tied_rule(s, &q, tie);
	}
	snapshot_monitors(s, &q, NULL, on_monitor, &w);
}

void
dsn_note_answer(struct sv key, const struct dsn_tie *tie,
    struct dsn_probes probes, struct sv answer, struct party *party,
    struct dsn_note *note_r)
{
	fill(key, tie, probes, answer, note_r);
	note_r->nexthop = sv_from("");
	if (party_nexthop(party, sv_make(tie->nexthop, tie->nexthop_n)) ==
	    PARTY_OK)
		note_r->nexthop = party_text(party);
}
