/* tlswarden: ctl/dryrun - what a rule would have done if it were enforced.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "ctl/dryrun.h"
#include "store/state_read.h"
#include "base/banned.h"

void
dryrun_init(struct dryrun *d, struct app *app, struct loaded *table,
    const struct rule *rule, int64_t since_secs)
{
	memset(d, 0, sizeof(*d));
	d->app = app;
	d->table = table;
	d->rule = rule;
	d->since_secs = since_secs;
	arena_init(&d->mem);
	failures_init(&d->refusals);
	failures_init(&d->doubts);
}

void
dryrun_done(struct dryrun *d)
{
	failures_free(&d->refusals);
	failures_free(&d->doubts);
	free(d->destinations);
	arena_free(&d->mem);
}

/* One session under way. */
struct run {
	struct dryrun *d;
	struct replay replay;
	const struct record_session *row;
	bool has_refused, has_passed, has_doubt[REPLAY_DOUBTS];
};

static void
count(struct tally *t, const struct replayed *part, bool *was_counted)
{
	if (!*was_counted)
		t->n_sessions++;
	*was_counted = true;
	t->n_recipients += part->n_taken + part->n_refused;
	t->n_already += part->n_refused;
}

static void
group(struct run *r, struct failures *f, const struct replayed *part,
    const char *reason)
{
	const struct record_session *row = r->row;
	const struct record_violation like = { .at_secs = row->at_secs,
		.rule = r->d->rule->id,
		.reason = sv_from(reason),
		.sender = part->sender,
		.recipient = part->recipient,
		.peer_name = row->client_name,
		.peer_addr = row->client_addr };
	struct failure *g = failures_add(f, &like);

	g->n += part->n_taken + part->n_refused - 1;
	g->n_sessions++;
}

static void
take_part(void *arg, const struct replayed *part)
{
	struct run *r = arg;
	struct dryrun *d = r->d;

	switch (part->kind) {
	case REPLAY_REFUSES:
		count(&d->refused, part, &r->has_refused);
		group(r, &d->refusals, part,
		    reason_info(part->verdict.reason)->code);
		break;
	case REPLAY_PASSES:
		count(&d->passed, part, &r->has_passed);
		break;
	case REPLAY_UNKNOWN:
		count(&d->unknown[part->doubt], part,
		    &r->has_doubt[part->doubt]);
		group(r, &d->doubts, part, replay_doubt_code(part->doubt));
		break;
	case REPLAY_OTHER:
		break;
	}
}

/* Newest first. */
static void
note_time(struct dryrun *d, int64_t at_secs)
{
	int64_t before = d->first_secs != 0 ? d->first_secs : d->app->now;

	if (before - at_secs > d->longest_gap_secs)
		d->longest_gap_secs = before - at_secs;
	if (d->last_secs == 0)
		d->last_secs = at_secs;
	d->first_secs = at_secs;
	d->n_recorded++;
}

static int
take_session(void *arg, int64_t id, const struct record_session *row)
{
	struct run *r = arg;

	(void)id;
	note_time(r->d, row->at_secs);
	r->row = row;
	r->has_refused = r->has_passed = false;
	memset(r->has_doubt, 0, sizeof(r->has_doubt));
	replay_session(&r->replay, row, take_part, r);
	return 0;
}

static int
run_in(struct dryrun *d, struct store *st, struct err *err_r)
{
	struct run r = { .d = d };
	const struct session_filter f = { .since_secs = d->since_secs };
	int rc;

	replay_init(&r.replay, d->table->snap, d->rule, d->app->now);
	rc = store_number(st, "SELECT coalesce(min(at), 0) FROM session",
	    &d->oldest_secs, err_r);
	if (rc == 0)
		rc = state_sessions_each(st, &f, take_session, &r, err_r);
	replay_done(&r.replay);
	failures_sort(&d->refusals);
	failures_sort(&d->doubts);
	return rc;
}

int
dryrun_run(struct dryrun *d, struct store *st, struct err *err_r)
{
	return d->rule->direction == DIRECTION_IN ? run_in(d, st, err_r)
						  : dryrun_out(d, st, err_r);
}

struct tally
dryrun_doubtful(const struct dryrun *d)
{
	struct tally all = { 0, 0, 0 };

	for (size_t i = 0; i < REPLAY_DOUBTS; i++) {
		all.n_sessions += d->unknown[i].n_sessions;
		all.n_recipients += d->unknown[i].n_recipients;
		all.n_already += d->unknown[i].n_already;
	}
	return all;
}

bool
dryrun_can_win(const struct rule *rule)
{
	return rule->direction == DIRECTION_IN ||
	    rule->sender.kind == PATTERN_ANY;
}

bool
dryrun_is_clean(const struct dryrun *d)
{
	if (d->rule->direction == DIRECTION_IN)
		return d->refused.n_sessions == 0 && d->passed.n_sessions > 0 &&
		    dryrun_doubtful(d).n_sessions == 0;
	return d->n_refused == 0 && d->n_unknown == 0 && d->n_passed > 0;
}
