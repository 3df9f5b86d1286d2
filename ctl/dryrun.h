/* tlswarden: ctl/dryrun - what a rule would have done if it were enforced.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * In: over the sessions that state.db recorded (policy/replay). Out: over the
 * last probe of each server (probe/look). Streams: memory goes with different
 * domains, not with sessions.
 */
#ifndef CTL_DRYRUN_H
#define CTL_DRYRUN_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "ctl/failures.h"
#include "ctl/load.h"
#include "policy/replay.h"
#include "store/db.h"

/* Parts of sessions, and their recipients. */
struct tally {
	uint64_t n_sessions;
	uint64_t n_recipients;
	uint64_t n_already; /* of them, those that some rule refused then */
};

/* One destination of outbound mail, by the last looks at its servers. */
struct destination {
	struct sv domain;
	enum replay_kind kind;
	enum reason reason;  /* of what would be refused */
	bool is_permanent;   /* it would bounce */
	struct sv server;    /* that would refuse, or could not be judged */
	const char *why;     /* it cannot be known */
	int64_t looked_secs; /* the newest look; 0: never */
};

struct dryrun {
	struct app *app;
	struct loaded *table;
	const struct rule *rule;
	int64_t since_secs; /* sessions from then on, looks from then on */
	struct arena mem;

	/* in */
	uint64_t n_recorded;           /* sessions of that span */
	int64_t first_secs, last_secs; /* of them; 0: none */
	int64_t oldest_secs;           /* of all that state.db has */
	int64_t longest_gap_secs;      /* without any session */
	struct tally refused, passed, unknown[REPLAY_DOUBTS];
	struct failures refusals,
	    doubts; /* the reason of a doubt is its code */

	/* out */
	struct destination *destinations;
	size_t n_destinations, max_destinations;
	size_t n_refused, n_passed, n_unknown;
};

/* rule is one of table, of any mode; since_secs 0: all. Free with dryrun_done,
 * also on failure. */
void dryrun_init(struct dryrun *d, struct app *app, struct loaded *table,
    const struct rule *rule, int64_t since_secs);
void dryrun_done(struct dryrun *d);
/* Runs it, by the rule's direction. st is state.db. */
int
dryrun_run(struct dryrun *d, struct store *st, struct err *err_r) MUST_CHECK;
int
dryrun_out(struct dryrun *d, struct store *st, struct err *err_r) MUST_CHECK;

/* False for an outbound rule that names a sender: it never matches. */
bool dryrun_can_win(const struct rule *rule);
/* True if nothing would be refused, nothing is in doubt, and there was mail, or
 * a destination, to judge. */
bool dryrun_is_clean(const struct dryrun *d);
void dryrun_print(struct dryrun *d);
struct json_t *dryrun_json(struct dryrun *d) NONNULL_RETURN MUST_CHECK;
/* "3 recipients in 2 sessions" of inbound mail that cannot be known. */
struct tally dryrun_doubtful(const struct dryrun *d);

#endif
