/* tlswarden: policy/query - what is asked of the table, and why a rule misses.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef POLICY_QUERY_H
#define POLICY_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "policy/party.h"
#include "policy/rule.h"

enum peers_state {
	PEERS_ABSENT = 0, /* the asker cannot supply the peer's address */
	PEERS_PENDING,    /* it could be resolved; perhaps a part is known */
	PEERS_KNOWN       /* peers are all of them */
};

/* Bits of query.known_families. */
enum { QUERY_IPV4 = 1, QUERY_IPV6 = 2 };

struct query {
	enum direction direction;
	const struct party *sender;    /* borrowed; never NULL */
	const struct party *recipient; /* borrowed; an address or next hop */
	enum peers_state peers_state;
	const struct addr *peers; /* inbound: the client; outbound: all MX
				     addresses, or a next hop's literal;
				     pending: those known so far */
	size_t n_peers;
	unsigned known_families; /* pending: of these peers has all */
};

/* Why a rule does not match; MISS_NONE: it does. The order is that of the
 * questions asked. */
enum miss {
	MISS_UNKNOWN = 0,
	MISS_NONE,
	MISS_DIRECTION,
	MISS_RECIPIENT,
	MISS_SENDER,
	MISS_SENDER_ABSENT,
	MISS_USERS, /* a rule for some users cannot answer for a next hop */
	MISS_SUBNET,
	MISS_PEER_ABSENT,
	MISS_PEER_PENDING, /* would match if the subnet does */
	MISS_DISABLED,
	MISS_EXPIRED
};

/* The one place that says whether a rule's criteria match a query. Outbound
 * with several peers: encrypt and secure match if any address lies in the
 * subnet, none and preferred only if all do. While peers are pending the answer
 * is MISS_PEER_PENDING only if the addresses that are missing can change it. */
enum miss rule_miss(const struct rule *rule, const struct query *q);
/* A few words for a person. */
const char *miss_words(enum miss m) NONNULL_RETURN;

#endif
