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

void
lookup_tlspolicy(const struct snapshot *s, struct sv key, struct party *party,
    struct lookup_answer *r)
{
	static const struct sv bad_key = SV("the key is no next hop");
	struct query q;

	r->rule = NULL;
	r->text = sv_make(NULL, 0);
	r->status = LOOKUP_NOTFOUND;
	if (key.n > 0 && key.p[0] == '.')
		return;
	if (party_nexthop(party, key) != PARTY_OK) {
		r->status = LOOKUP_TEMP;
		r->text = bad_key;
		return;
	}
	lookup_nexthop_query(party, &q);
	r->rule = snapshot_find(s, &q).rule;
	if (r->rule != NULL) {
		r->status = LOOKUP_FOUND;
		r->text = r->rule->demand->tlspolicy;
	}
}
