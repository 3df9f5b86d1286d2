/* tlswarden: ctl/promote - whether a rule that watched may be enforced.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * It may when the ledger has nothing against it and something shows that it
 * was watched: a doubt is a reason against it, too.
 */
#ifndef CTL_PROMOTE_H
#define CTL_PROMOTE_H

#include "ctl/dryrun.h"

enum { PROMOTE_REASONS = 32 };

struct promotion {
	struct dryrun dry; /* its rule and span are those of the question */
	int64_t span_secs;
	struct failures violations; /* of the rule, in that span */
	uint64_t n_violations;
	int64_t watches_secs; /* since then as it is now; 0: not known */
	int64_t newest_audit; /* of the table that was judged */
	const char *against[PROMOTE_REASONS]; /* sentences; in dry.mem */
	size_t n_against;
};

/* rule is one of table, of mode monitor; since_secs is the start of the span.
 * Free with promotion_done, also on failure. */
void promotion_init(struct promotion *p, struct app *app, struct loaded *table,
    const struct rule *rule, int64_t since_secs);
void promotion_done(struct promotion *p);
/* Asks audit, ledger, recorded sessions and probes; fills against. */
int promotion_judge(struct promotion *p, struct store *policy,
    struct store *state, struct err *err_r) MUST_CHECK;
/* The place of the audit before the table is read: it tells a change since. */
int promotion_newest_audit(struct store *policy, int64_t *id_r,
    struct err *err_r) MUST_CHECK;

#endif
