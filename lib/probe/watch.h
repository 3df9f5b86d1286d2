/* tlswarden: probe/watch - monitor rules beside the visits of one target.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What a rule that watches would have refused is one finding for rule, target
 * and run: an MTA goes from server to server, so one that satisfies the rule
 * takes the mail, and those that were not reached take none.
 */
#ifndef PROBE_WATCH_H
#define PROBE_WATCH_H

#include "policy/query.h"
#include "policy/watchers.h"
#include "probe/look.h"
#include "probe/visit.h"

/* What would have been refused; views are valid for the call. */
struct watch_found {
	const struct rule *rule;
	const struct look *look; /* the first server that fails */
	struct verdict verdict;
	struct sv text; /* "550 5.7.5 Verified certificate required ..." */
};

/* How; everything is borrowed. */
struct watching {
	const struct watchers *watchers;
	int64_t now; /* of the visits */
	/* The CA of the rule, or the trust store; NULL with *err_r: none. */
	const struct trust *(
	    *trust_of)(void *arg, const struct rule *rule, struct err *err_r);
	void (*found)(void *arg, const struct watch_found *f);
	/* A rule that cannot be judged here; the others are. */
	void (*trouble)(void *arg, const struct rule *rule,
	    const struct err *err);
	void *arg;
};

/* Judges every monitor rule about a target, which q asks for, by its n visits
 * that were made with keeps_chains; at most TARGET_PLACES. */
void watch_target(const struct watching *how, const struct query *q,
    const struct visit *v, size_t n);

/* The same by n rows of table probe. One that is no result of a probe is left
 * out. */
void watch_rows(const struct watching *how, const struct query *q,
    const struct record_probe *rows, size_t n);

#endif
