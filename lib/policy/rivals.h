/* tlswarden: policy/rivals - rules that may win over one, who knows?
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Of a recorded session domains are known, or nothing; a rule about some
 * users of them may have decided there. snapshot_find does not tell: it finds
 * what surely matches.
 */
#ifndef POLICY_RIVALS_H
#define POLICY_RIVALS_H

#include "policy/snapshot.h"

/* Views into the snapshot; those about some users stand in front. */
struct rivals {
	const struct rule **v;
	size_t n, n_users;
};

/* The rules of rule's direction that are enforced at now and win over it. */
void rivals_init(struct rivals *r, const struct snapshot *s,
    const struct rule *rule, int64_t now);
/* True if one of them may match, but is not sure to. The parties of q are
 * domains as next hops, null, or absent. */
bool rivals_may_win(const struct rivals *r, const struct query *q);
void rivals_done(struct rivals *r);

#endif
