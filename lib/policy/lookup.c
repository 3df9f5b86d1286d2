/* tlswarden: policy/lookup - the answers to the maps of section 6, as facts.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/lookup.h"

/* The asker of a next hop has no sender to tell. */
static const struct party no_sender = { .kind = PARTY_ABSENT };

void
lookup_nexthop_query(const struct party *party, struct query *q)
{
	q->direction = DIRECTION_OUT;
	q->sender = &no_sender;
	q->recipient = party;
	q->peers_state = party->is_literal ? PEERS_KNOWN : PEERS_ABSENT;
	q->peers = &party->addr;
	q->n_peers = party->is_literal ? 1 : 0;
}

static void
answer(struct lookup_answer *r, enum lookup_status status, struct sv text)
{
	r->status = status;
	r->text = text;
	r->rule = NULL;
	r->is_kept = false;
}

void
lookup_tlspolicy(const struct snapshot *s, struct sv key, struct party *party,
    struct lookup_answer *r)
{
	static const struct sv bad_key = SV("the key is no next hop");
	struct query q;

	answer(r, LOOKUP_NOTFOUND, sv_from(NULL));
	if (key.n > 0 && key.p[0] == '.')
		return;
	if (party_nexthop(party, key) != PARTY_OK) {
		answer(r, LOOKUP_TEMP, bad_key);
		return;
	}
	lookup_nexthop_query(party, &q);
	r->rule = snapshot_find(s, &q).rule;
	if (r->rule != NULL) {
		r->status = LOOKUP_FOUND;
		r->text = r->rule->demand->tlspolicy;
	}
}

void
lookup_transport(const struct snapshot *s, struct sv key, struct party *party,
    struct buf *out, struct lookup_answer *r)
{
	struct query q = { .direction = DIRECTION_OUT,
		.sender = &no_sender,
		.recipient = party };

	answer(r, LOOKUP_NOTFOUND, sv_from(NULL));
	/* What is no address cannot have a rule about some users; trouble
	 * here would stop all mail, the inbound too. */
	if (sv_is(key, "*") || party_address(party, key) != PARTY_OK ||
	    party->kind != PARTY_ADDRESS ||
	    snapshot_is_local_domain(s, party_domain(party)))
		return;
	r->rule = snapshot_find(s, &q).rule;
	if (r->rule == NULL || pattern_covers_domain(&r->rule->recipient))
		return;
	buf_reset(out);
	buf_addf(out, "tlswarden-%s:%.*s", level_word(r->rule->demand->level),
	    SV_ARG(snapshot_transport_nexthop(s)));
	r->status = LOOKUP_FOUND;
	r->text = buf_sv(out);
}

static struct sv
bare_level(enum level level)
{
	switch (level) {
	case LEVEL_NONE:
		return sv_from("none");
	case LEVEL_PREFERRED:
		return sv_from("may");
	case LEVEL_ENCRYPT:
		return sv_from("encrypt");
	case LEVEL_SECURE:
	case LEVEL_UNKNOWN:
		break;
	}
	return sv_from("secure");
}

void
lookup_address(const struct snapshot *s, enum level level, struct sv key,
    struct party *party, struct lookup_answer *r)
{
	struct sv relay = snapshot_transport_nexthop(s);
	bool is_relay = relay.n > 0 && sv_eq_nocase(relay, key);
	struct snapshot_users users;

	answer(r, LOOKUP_NOTFOUND, sv_from(NULL));
	if (key.n > 0 && key.p[0] == '.')
		return;
	if (party_nexthop(party, key) != PARTY_OK) {
		answer(r, LOOKUP_TEMP, sv_from("the key is no next hop"));
		return;
	}
	users = snapshot_users_rule(s, level, is_relay ? NULL : party);
	if (users.is_split) {
		answer(r, LOOKUP_TEMP,
		    sv_from("rules about users of this domain demand different "
			    "things at one level: tlswarden check names them"));
		return;
	}
	answer(r, LOOKUP_FOUND,
	    users.rule == NULL ? bare_level(level)
			       : users.rule->demand->tlspolicy);
	r->rule = users.rule;
	r->is_kept = users.is_kept;
}

void
lookup_ehlo(const struct snapshot *s, struct sv key, struct lookup_answer *r)
{
	struct addr client;

	answer(r, LOOKUP_NOTFOUND, sv_from(NULL));
	if (addr_parse(key, &client) && snapshot_hides_starttls(s, &client))
		answer(r, LOOKUP_FOUND, sv_from("starttls, silent-discard"));
}
