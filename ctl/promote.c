/* tlswarden: ctl/promote - whether a rule that watched may be enforced.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/conf.h"
#include "ctl/audit.h"
#include "ctl/out.h"
#include "ctl/promote.h"
#include "ctl/when.h"
#include "policy/row.h"
#include "store/policy_edit.h"
#include "store/state_read.h"
#include "base/banned.h"

enum { DAY_SECS = 86400, GAPS = 4 };

void
promotion_init(struct promotion *p, struct app *app, struct loaded *table,
    const struct rule *rule, int64_t since_secs)
{
	memset(p, 0, sizeof(*p));
	dryrun_init(&p->dry, app, table, rule, since_secs);
	failures_init(&p->violations);
	p->span_secs = app->now - since_secs;
}

void
promotion_done(struct promotion *p)
{
	failures_free(&p->violations);
	dryrun_done(&p->dry);
}

static void
against(struct promotion *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
against(struct promotion *p, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	if (p->n_against == PROMOTE_REASONS)
		return;
	buf_init(&text, OUT_CELL_MAX);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	p->against[p->n_against++] = arena_sv(&p->dry.mem, buf_sv(&text)).p;
	buf_free(&text);
}

/* "3.5 days" */
static void
add_days(struct buf *out, int64_t secs)
{
	buf_addf(out, "%" PRId64 ".%" PRId64 " days", secs / DAY_SECS,
	    secs % DAY_SECS * 10 / DAY_SECS);
}

static const char *
days(struct promotion *p, int64_t secs)
{
	struct buf text;
	const char *kept;

	buf_init(&text, 64);
	add_days(&text, secs);
	kept = arena_sv(&p->dry.mem, buf_sv(&text)).p;
	buf_free(&text);
	return kept;
}

/* Whoever watched may be away for a quarter of the span, or a day: no mail
 * comes at night. */
static int64_t
max_gap(const struct promotion *p)
{
	return p->span_secs / GAPS > DAY_SECS ? p->span_secs / GAPS : DAY_SECS;
}

/* ---- since when the rule is as it is ---- */

/* Columns that change nothing of what was watched. */
static bool
is_only_words(const json_t *before, const json_t *after)
{
	json_t *a = json_deep_copy(before), *b = json_deep_copy(after);
	bool same;

	(void)json_object_del(a, "comment");
	(void)json_object_del(b, "comment");
	same = a != NULL && b != NULL && json_equal(a, b) == 1;
	json_decref(a);
	json_decref(b);
	return same;
}

/* Newest first: the first that matters is it. */
static void
take_change(void *arg, const struct audit_row *row)
{
	struct promotion *p = arg;
	json_t *before, *after;
	int64_t at;

	if (p->watches_secs != 0 || row->after.p == NULL)
		return;
	before = audit_parse(row->before);
	after = audit_parse(row->after);
	if (!is_only_words(before, after) && row_time_parse(row->at, &at))
		p->watches_secs = at;
	json_decref(before);
	json_decref(after);
}

static void
take_ca_change(void *arg, const struct audit_row *row)
{
	struct promotion *p = arg;
	int64_t at;

	if (row_time_parse(row->at, &at) && at > p->dry.since_secs &&
	    p->n_against < PROMOTE_REASONS)
		against(p,
		    "its CA \"%.*s\" was changed on %.*s: until then it "
		    "watched for another one",
		    SV_ARG(row->key), SV_ARG(row->at));
}

static int
judge_age(struct promotion *p, struct store *policy, struct err *err_r)
{
	const struct rule *rule = p->dry.rule;
	struct audit_filter f = { .table = SV("policy") };
	char key[24], at[WHEN_SIZE];

	(void)snprintf(key, sizeof(key), "%" PRId64, rule->id);
	f.key = sv_from(key);
	if (policy_audit_each(policy, &f, take_change, p, err_r) != 0)
		return -1;
	if (p->watches_secs == 0)
		against(p, "the audit does not tell since when it is as it is");
	else if (p->watches_secs > p->dry.since_secs)
		against(p,
		    "it is as it is since %s only, %s: wait, or ask for a "
		    "shorter span with --clean",
		    when_format(p->watches_secs, at),
		    days(p, p->dry.app->now - p->watches_secs));
	if (rule->demand->ca == NULL)
		return 0;
	f = (struct audit_filter){ .table = SV("ca"),
		.key = rule->demand->ca->name,
		.limit = 1 };
	return policy_audit_each(policy, &f, take_ca_change, p, err_r);
}

static void
judge_state(struct promotion *p)
{
	const struct rule *rule = p->dry.rule;
	int64_t kept = (int64_t)p->dry.app->conf->retention_days * DAY_SECS;

	if (!rule->is_enabled)
		against(p, "it is disabled: it watches nothing");
	if (rule->expires_at <= p->dry.app->now)
		against(p, "its time is over (expires_at): it watches nothing");
	if (kept != 0 && kept < p->span_secs)
		against(p,
		    "what is older than %" PRIu32
		    " days is deleted "
		    "(retention_days): so long a span cannot be known",
		    p->dry.app->conf->retention_days);
}

/* ---- the ledger ---- */

static int
take_violation(void *arg, int64_t id, const struct record_violation *row)
{
	struct promotion *p = arg;

	(void)id;
	p->n_violations++;
	(void)failures_add(&p->violations, row);
	return 0;
}

static int
judge_ledger(struct promotion *p, struct store *state, struct err *err_r)
{
	const struct violation_filter f = { .since_secs = p->dry.since_secs,
		.rule = p->dry.rule->id,
		.is_once = true };

	uint64_t n_lost = 0;

	if (state_violations_each(state, &f, take_violation, p, err_r) != 0 ||
	    state_lost(state, p->dry.since_secs, &n_lost, err_r) != 0)
		return -1;
	if (n_lost > 0)
		against(p,
		    "%" PRIu64
		    " rows were lost in that span (a full disk, a "
		    "lock): violations may be among them",
		    n_lost);
	failures_sort(&p->violations);
	if (p->n_violations > 0)
		against(p,
		    "the ledger has %" PRIu64 " violations of it in that span",
		    p->n_violations);
	return 0;
}

/* ---- evidence ---- */

static void
judge_sessions(struct promotion *p)
{
	const struct dryrun *d = &p->dry;
	int64_t gap = d->longest_gap_secs;

	if (d->n_recorded > 0 && d->first_secs - d->since_secs > gap)
		gap = d->first_secs - d->since_secs;
	if (d->n_recorded == 0)
		against(p,
		    "no session was recorded in that span: nobody "
		    "watched (tlswarden-milter, record)");
	else if (gap > max_gap(p))
		against(p, "no session was recorded for %s: nobody watched",
		    days(p, gap));
	if (d->refused.n_sessions > 0)
		against(p,
		    "it would have refused %" PRIu64 " recipients in %" PRIu64
		    " recorded sessions",
		    d->refused.n_recipients, d->refused.n_sessions);
	if (d->n_recorded > 0 && d->passed.n_sessions == 0)
		against(p, "no recorded mail is known to be about it");
}

static int
judge_looks(struct promotion *p, struct store *state, struct err *err_r)
{
	const struct dryrun *d = &p->dry;

	if (!dryrun_can_win(d->rule))
		against(p,
		    "it names a sender: as an outbound rule it never "
		    "matches, so nobody watched");
	else if (d->n_destinations == 0)
		against(p,
		    "no destination that it is about was ever probed "
		    "(tlswarden probe --store)");
	for (size_t i = 0; i < d->n_destinations; i++) {
		const struct destination *to = &d->destinations[i];
		int64_t gap = INT64_MAX;

		if (to->kind == REPLAY_UNKNOWN)
			against(p, "%.*s: %s", SV_ARG(to->domain), to->why);
		if (to->kind == REPLAY_REFUSES)
			against(p, "%.*s: the last probe would be refused (%s)",
			    SV_ARG(to->domain), reason_info(to->reason)->code);
		if (to->kind != REPLAY_PASSES)
			continue;
		if (state_probe_gap(state, to->domain, d->since_secs,
			d->app->now, &gap, err_r) != 0)
			return -1;
		if (gap == INT64_MAX)
			against(p, "%.*s: nobody kept when it was looked at",
			    SV_ARG(to->domain));
		else if (gap > max_gap(p))
			against(p, "%.*s: nobody looked for %s",
			    SV_ARG(to->domain), days(p, gap));
	}
	return 0;
}

int
promotion_newest_audit(struct store *policy, int64_t *id_r, struct err *err_r)
{
	return store_number(policy, "SELECT coalesce(max(id), 0) FROM audit",
	    id_r, err_r);
}

int
promotion_judge(struct promotion *p, struct store *policy, struct store *state,
    struct err *err_r)
{
	judge_state(p);
	if (judge_age(p, policy, err_r) != 0 ||
	    judge_ledger(p, state, err_r) != 0 ||
	    dryrun_run(&p->dry, state, err_r) != 0)
		return -1;
	if (p->dry.rule->direction == DIRECTION_OUT)
		return judge_looks(p, state, err_r);
	judge_sessions(p);
	return 0;
}
