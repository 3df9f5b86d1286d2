/* tlswarden: policy/snapshot_private - the inside of a snapshot.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * For policy/snapshot.c, which is asked, and policy/builder.c, which builds.
 */
#ifndef POLICY_SNAPSHOT_PRIVATE_H
#define POLICY_SNAPSHOT_PRIVATE_H

#include "base/arena.h"
#include "policy/index.h"
#include "policy/snapshot.h"

enum { SNAPSHOT_DIRECTIONS = 3 };

struct snapshot {
	struct arena strings;
	struct arena objects;
	struct rule *rules; /* active ones by rank, then the inactive */
	size_t n_rules;
	size_t n_active;
	const struct ca **cas;
	size_t n_cas;
	struct index enforce[SNAPSHOT_DIRECTIONS]; /* by enum direction */
	struct index monitor[SNAPSHOT_DIRECTIONS];
	bool has_enforcing[SNAPSHOT_DIRECTIONS];
	bool names_recipients; /* an inbound rule that demands TLS does */
	struct sv transport_nexthop;
	struct sv local_domains;   /* normal form, parted by blanks */
	struct index users;        /* outbound rules about some users */
	struct ranges tls_clients; /* subnets of inbound rules that demand */
	bool has_tls_for_all;      /* such a rule without subnet exists */
	const struct rule *strictest[LEVEL_SECURE + 1]; /* of users */
	bool is_kept[LEVEL_SECURE + 1]; /* one of these is tempfail */
	size_t n_monitors;
	int64_t next_expiry;
};

/* Of two rules of a snapshot the one whose demand asks for more, else the one
 * that wins; a may be NULL. */
const struct rule *
snapshot_stricter(const struct rule *a, const struct rule *b);

/* How much of the room in a rule its patterns take: the recipient has the
 * first choice, most rules of direction in leave it to the sender. */
struct snapshot_inside {
	size_t recipient; /* bytes; 0: not in the rule */
	size_t sender;    /* behind it */
};

struct snapshot_inside snapshot_inside(const struct rule *r);

#endif
