/* tlswarden: policy/lookup - the answers to the maps of section 6, as facts.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>

#include "policy/lookup.h"

/* The asker of a next hop has no sender to tell. */
static const struct party no_sender = { .kind = PARTY_ABSENT };

void
lookup_nexthop_query(const struct party *party,
    const struct lookup_peers *peers, struct query *q)
{
	*q = (struct query){ .direction = DIRECTION_OUT,
		.sender = &no_sender,
		.recipient = party };
	if (party->is_literal) {
		q->peers_state = PEERS_KNOWN;
		q->peers = &party->addr;
		q->n_peers = 1;
		return;
	}
	q->peers_state = PEERS_PENDING;
	if (peers == NULL)
		return;
	if (peers->is_complete)
		q->peers_state = PEERS_KNOWN;
	q->peers = peers->addrs;
	q->n_peers = peers->n;
	q->known_families = peers->known_families;
}

static void
answer(struct lookup_answer *r, enum lookup_status status, struct sv text)
{
	r->status = status;
	r->text = text;
	r->rule = NULL;
	r->is_kept = false;
}

/* What waits for addresses, or for those that cannot be had now. */
static void
answer_pending(const struct lookup_hop *hop, const struct rule *pending,
    struct lookup_answer *r)
{
	if (hop->peers == NULL) {
		answer(r, LOOKUP_PEERS, sv_from(NULL));
		return;
	}
	buf_reset(hop->out);
	buf_addf(hop->out,
	    "policy rule %" PRId64
	    " is about a subnet, and not all addresses of %.*s are known: "
	    "%.*s",
	    pending->id, SV_ARG(party_domain(hop->party)),
	    SV_ARG(hop->peers->trouble));
	answer(r, LOOKUP_TEMP, buf_sv(hop->out));
}

static struct snapshot_match
find(const struct snapshot *s, const struct lookup_hop *hop)
{
	struct snapshot_match m;
	struct query q;

	lookup_nexthop_query(hop->party, hop->peers, &q);
	m = snapshot_find(s, &q);
	if (!m.needs_peers || party_servers(hop->party) != PARTY_SERVERS_NONE)
		return m;
	/* What has no address, a path for instance, waits for none. */
	q.peers_state = PEERS_ABSENT;
	return snapshot_find(s, &q);
}

bool
lookup_hop_rule(const struct snapshot *s, const struct lookup_hop *hop,
    struct lookup_answer *r)
{
	struct snapshot_match m = find(s, hop);

	if (m.needs_peers) {
		answer_pending(hop, m.pending, r);
		return false;
	}
	answer(r, LOOKUP_NOTFOUND, sv_from(NULL));
	r->rule = m.rule;
	return true;
}

/* False: r is the answer already. */
static bool
read_hop(const struct lookup_hop *hop, struct lookup_answer *r)
{
	answer(r, LOOKUP_NOTFOUND, sv_from(NULL));
	if (hop->key.n > 0 && hop->key.p[0] == '.')
		return false;
	if (party_nexthop(hop->party, hop->key) == PARTY_OK &&
	    !hop->party->is_odd)
		return true;
	answer(r, LOOKUP_TEMP, sv_from("the key is no next hop"));
	return false;
}

static struct sv
rendered(const struct lookup_hop *hop, const struct rule *r)
{
	return hop->party->is_literal ? r->demand->tlspolicy_address
				      : r->demand->tlspolicy;
}

void
lookup_tlspolicy(const struct snapshot *s, const struct lookup_hop *hop,
    struct lookup_answer *r)
{
	if (!read_hop(hop, r) || !lookup_hop_rule(s, hop, r) || r->rule == NULL)
		return;
	r->status = LOOKUP_FOUND;
	r->text = rendered(hop, r->rule);
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

/* The rule that the subnet of the servers brings in before that about users,
 * which map transport found without an address. False: r says what to do. */
static bool
better_by_subnet(const struct snapshot *s, const struct lookup_hop *hop,
    const struct rule **rule, struct lookup_answer *r)
{
	struct snapshot_match m = find(s, hop);

	/* Rules of a snapshot stand in the order in which they win. */
	if (m.needs_peers && (*rule == NULL || m.pending < *rule)) {
		answer_pending(hop, m.pending, r);
		return false;
	}
	if (m.rule != NULL && m.rule->subnet != NULL &&
	    (*rule == NULL || m.rule < *rule))
		*rule = m.rule;
	return true;
}

void
lookup_address(const struct snapshot *s, enum level level,
    const struct lookup_hop *hop, struct lookup_answer *r)
{
	struct sv relay = snapshot_transport_nexthop(s);
	bool is_relay = relay.n > 0 && sv_eq_nocase(relay, hop->key);
	struct snapshot_users users;
	const struct rule *rule;

	if (!read_hop(hop, r))
		return;
	users = snapshot_users_rule(s, level, is_relay ? NULL : hop->party);
	rule = users.rule;
	if (!better_by_subnet(s, hop, &rule, r))
		return;
	if (users.is_split && rule == users.rule) {
		answer(r, LOOKUP_TEMP,
		    sv_from("rules about users of this domain demand different "
			    "things at one level: tlswarden check names them"));
		return;
	}
	answer(r, LOOKUP_FOUND,
	    rule == NULL ? bare_level(level) : rendered(hop, rule));
	r->rule = rule;
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
