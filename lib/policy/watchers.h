/* tlswarden: policy/watchers - monitor rules about mail to a next hop.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. For what sees a whole destination, a probe: those about some users of
 * it are among them, whom a look-up by next hop does not find.
 */
#ifndef POLICY_WATCHERS_H
#define POLICY_WATCHERS_H

#include "policy/snapshot.h"

/* Borrows a snapshot; filled by one walk over its rules. */
struct watchers {
	const struct snapshot *snapshot;
	const struct rule **users; /* active ones about some users */
	size_t n_users;
};

void watchers_init(struct watchers *w, const struct snapshot *s, int64_t now);
void watchers_done(struct watchers *w);
/* Calls fn for each that demands TLS, matches, and would win over the rule
 * that wins now if it were enforced. */
void watchers_each(const struct watchers *w, const struct query *q,
    void (*fn)(void *arg, const struct rule *rule), void *arg);

#endif
