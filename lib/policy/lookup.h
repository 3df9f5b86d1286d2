/* tlswarden: policy/lookup - the answers to the maps of section 6, as facts.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What policyd answers and what explain shows come from the same calls. Pure;
 * the words on the wire (OK, NOTFOUND, TEMP) are wire/socketmap's.
 */
#ifndef POLICY_LOOKUP_H
#define POLICY_LOOKUP_H

#include "base/buf.h"
#include "policy/snapshot.h"

enum lookup_status {
	LOOKUP_TEMP = 0, /* cannot be known: the text says why */
	LOOKUP_FOUND,
	LOOKUP_NOTFOUND,
	LOOKUP_PEERS /* a rule's subnet decides: find the addresses of the next
			hop (party_servers) and ask again with them */
};

struct lookup_answer {
	enum lookup_status status;
	struct sv text; /* the value, or why TEMP; valid as the snapshot and
			   the caller's buffer */
	const struct rule *rule; /* that won; NULL: none */
	bool is_kept; /* a rule that it stands for, too, fails temporarily */
};

/* What was found of the addresses of a next hop's servers. */
struct lookup_peers {
	const struct addr *addrs;
	size_t n;
	bool is_complete;        /* these are all, and there is one */
	unsigned known_families; /* else: QUERY_IPV4, QUERY_IPV6 */
	struct sv trouble;       /* else: why */
};

/* A question about a next hop as the mail server writes it. */
struct lookup_hop {
	struct sv key;
	const struct lookup_peers *peers; /* NULL: nobody looked for them */
	struct party *party; /* scratch: filled with the normalised key */
	struct buf *out;     /* scratch: texts that are made up */
};

/* Map tlspolicy (postconf(5) smtp_tls_policy_maps). A key that starts with a
 * dot is Postfix walking up after our NOTFOUND, which was final. Never
 * LOOKUP_PEERS when peers are given: TEMP if what is missing of them could
 * decide. */
void lookup_tlspolicy(const struct snapshot *s, const struct lookup_hop *hop,
    struct lookup_answer *r);

/* Map transport, a full address: "tlswarden-LEVEL:NEXTHOP" when the rule that
 * wins is about some users, so that a transport of its own asks address-LEVEL.
 * NOTFOUND else, for "*" and for local domains. text views *out. */
void lookup_transport(const struct snapshot *s, struct sv key,
    struct party *party, struct buf *out, struct lookup_answer *r);
/* Map address-LEVEL, a next hop of those transports. Mail that is there was
 * sent by a rule; when that is gone the bare level answers. The user is not
 * told: the rule that demands all that the others demand answers for them, and
 * TEMP where none does. A better rule with a subnet, of which map transport
 * cannot know, answers instead. */
void lookup_address(const struct snapshot *s, enum level level,
    const struct lookup_hop *hop, struct lookup_answer *r);
/* Map ehlo, a client's address. What is no address is NOTFOUND: nothing is
 * hidden. */
void
lookup_ehlo(const struct snapshot *s, struct sv key, struct lookup_answer *r);

/* The query behind a next hop in party: the address of a literal is known,
 * those of a name are peers, pending while there are none. Views both. */
void lookup_nexthop_query(const struct party *party,
    const struct lookup_peers *peers, struct query *q);
/* The winner for such a query. False when addresses that are not known could
 * make another rule win: r is then LOOKUP_PEERS, or TEMP if peers were given;
 * else r is NOTFOUND with that rule. */
bool lookup_hop_rule(const struct snapshot *s, const struct lookup_hop *hop,
    struct lookup_answer *r);

#endif
