/* tlswarden: ctl/dryrun_print - tells what a rule would have done.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "ctl/dryrun.h"
#include "ctl/out.h"
#include "ctl/rule_words.h"
#include "ctl/when.h"
#include "base/banned.h"

enum { LINES_MAX = 40 };

static void
print_rule(const struct dryrun *d)
{
	struct buf words;

	buf_init(&words, OUT_CELL_MAX);
	rule_words_criteria(d->rule, &words);
	out_styled(d->app, OUT_BOLD, "rule %" PRId64, d->rule->id);
	printf(" (level %s, mode %s%s), ", level_word(d->rule->demand->level),
	    rule_mode_word((enum rule_mode)d->rule->mode),
	    d->rule->is_enabled ? "" : ", disabled");
	out_sv(buf_sv(&words));
	puts(", as if it were enforced");
	buf_free(&words);
}

static void
print_tally(const char *what, const struct tally *t)
{
	printf("%-18s%" PRIu64 " recipients in %" PRIu64 " sessions", what,
	    t->n_recipients, t->n_sessions);
	if (t->n_already > 0)
		printf(" (%" PRIu64 " recipients were refused then, too)",
		    t->n_already);
	putchar('\n');
}

static void
print_span(const struct dryrun *d)
{
	char first[WHEN_SIZE], last[WHEN_SIZE];

	if (d->n_recorded == 0) {
		puts("no session is recorded: nothing can be said");
		return;
	}
	printf("over %" PRIu64 " sessions from %s to %s\n", d->n_recorded,
	    when_format(d->first_secs, first), when_format(d->last_secs, last));
	if (d->oldest_secs == d->first_secs)
		puts(
		    "(older ones are not recorded, or deleted: "
		    "retention_days)");
}

static void
cell(struct table *t, struct sv v)
{
	table_sv(t, v.n > 0 ? v : sv_from("-"));
}

static void
print_groups(const struct dryrun *d, const struct failures *f)
{
	static const char *const heads[] = { "RECIPIENTS", "SESSIONS", "LAST",
		"REASON", "FROM", "TO", "PEER" };
	size_t n = f->n < LINES_MAX ? f->n : LINES_MAX;
	char at[WHEN_SIZE];
	struct table t;

	if (n == 0)
		return;
	putchar('\n');
	table_init(&t, heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < n; i++) {
		const struct failure *g = &f->v[i];

		table_number(&t, (int64_t)g->n);
		table_number(&t, (int64_t)g->n_sessions);
		table_str(&t, when_format(g->last_secs, at));
		cell(&t, g->reason);
		cell(&t, g->from);
		cell(&t, g->to);
		cell(&t, g->peer);
	}
	table_done(&t, d->app);
	if (f->n > n)
		printf("and %zu more lines, all with --json\n", f->n - n);
}

static void
print_in(struct dryrun *d)
{
	struct tally doubtful = dryrun_doubtful(d);

	print_span(d);
	if (d->n_recorded == 0)
		return;
	print_tally("would be refused:", &d->refused);
	print_tally("cannot be known:", &doubtful);
	for (size_t i = 0; i < REPLAY_DOUBTS; i++)
		if (d->unknown[i].n_sessions > 0)
			printf("  %" PRIu64 " recipients in %" PRIu64
			       " sessions: %s (%s)\n",
			    d->unknown[i].n_recipients,
			    d->unknown[i].n_sessions,
			    replay_doubt_words((enum replay_doubt)i),
			    replay_doubt_code((enum replay_doubt)i));
	print_tally("would pass:", &d->passed);
	if (d->refused.n_sessions + doubtful.n_sessions +
		d->passed.n_sessions ==
	    0)
		puts(
		    "no recorded mail is about this rule: nothing can be "
		    "said");
	print_groups(d, &d->refusals);
	print_groups(d, &d->doubts);
}

static const char *
result_word(const struct destination *to)
{
	switch (to->kind) {
	case REPLAY_REFUSES:
		return to->is_permanent ? "bounced" : "deferred";
	case REPLAY_PASSES:
		return "passes";
	case REPLAY_UNKNOWN:
	case REPLAY_OTHER:
		break;
	}
	return "unknown";
}

static const char *
why(const struct destination *to)
{
	if (to->kind == REPLAY_REFUSES)
		return reason_info(to->reason)->code;
	return to->kind == REPLAY_UNKNOWN ? to->why : "-";
}

static void
print_destinations(const struct dryrun *d)
{
	static const char *const heads[] = { "DOMAIN", "RESULT", "LOOKED AT",
		"SERVER", "WHY" };
	static const enum replay_kind order[] = { REPLAY_REFUSES,
		REPLAY_UNKNOWN, REPLAY_PASSES };
	size_t n = 0;
	char at[WHEN_SIZE];
	struct table t;

	table_init(&t, heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < d->n_destinations; i++) {
			const struct destination *to = &d->destinations[i];

			if (to->kind != order[k] || n++ >= LINES_MAX)
				continue;
			table_sv(&t, to->domain);
			table_str(&t, result_word(to));
			table_str(&t,
			    to->looked_secs == 0
				? "never"
				: when_format(to->looked_secs, at));
			cell(&t, to->server);
			table_str(&t, why(to));
		}
	table_done(&t, d->app);
	if (n > LINES_MAX)
		printf("and %zu more lines, all with --json\n", n - LINES_MAX);
}

static void
print_out(const struct dryrun *d)
{
	puts(
	    "over the last probe of each server; how much mail goes there is "
	    "not recorded");
	printf(
	    "would be refused: mail to %zu destinations\n"
	    "cannot be known:  mail to %zu destinations\n"
	    "would pass:       mail to %zu destinations\n",
	    d->n_refused, d->n_unknown, d->n_passed);
	if (d->n_destinations > 0) {
		putchar('\n');
		print_destinations(d);
	}
	if (!dryrun_can_win(d->rule))
		puts(
		    "\nit names a sender, which no mail server tells when it "
		    "asks about a next hop: the rule never matches");
	else if (d->n_unknown > 0 || d->n_destinations == 0)
		puts("\nto know: tlswarden probe --all --store");
}

void
dryrun_print(struct dryrun *d)
{
	print_rule(d);
	if (d->rule->direction == DIRECTION_IN)
		print_in(d);
	else
		print_out(d);
}

/* ---- JSON ---- */

static json_t *
time_json(int64_t secs)
{
	char at[WHEN_SIZE];

	return secs == 0 ? json_null() : json_string(when_format(secs, at));
}

static json_t *
tally_json(const struct tally *t)
{
	json_t *o = json_object();

	out_json_set(o, "sessions", json_integer((json_int_t)t->n_sessions));
	out_json_set(o, "recipients",
	    json_integer((json_int_t)t->n_recipients));
	out_json_set(o, "already_refused",
	    json_integer((json_int_t)t->n_already));
	return o;
}

static json_t *
groups_json(const struct failures *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct failure *g = &f->v[i];
		json_t *o = json_object();

		out_json_set(o, "recipients", json_integer((json_int_t)g->n));
		out_json_set(o, "sessions",
		    json_integer((json_int_t)g->n_sessions));
		out_json_set(o, "first", time_json(g->first_secs));
		out_json_set(o, "last", time_json(g->last_secs));
		out_json_set(o, "reason", out_json_sv(g->reason));
		out_json_set(o, "from", out_json_sv(g->from));
		out_json_set(o, "to", out_json_sv(g->to));
		out_json_set(o, "peer", out_json_sv(g->peer));
		out_json_add(list, o);
	}
	return list;
}

static void
set_in(json_t *o, const struct dryrun *d)
{
	struct tally doubtful = dryrun_doubtful(d);

	out_json_set(o, "recorded_sessions",
	    json_integer((json_int_t)d->n_recorded));
	out_json_set(o, "first", time_json(d->first_secs));
	out_json_set(o, "last", time_json(d->last_secs));
	out_json_set(o, "refused", tally_json(&d->refused));
	out_json_set(o, "unknown", tally_json(&doubtful));
	out_json_set(o, "passes", tally_json(&d->passed));
	out_json_set(o, "refusals", groups_json(&d->refusals));
	out_json_set(o, "doubts", groups_json(&d->doubts));
}

static void
set_out(json_t *o, const struct dryrun *d)
{
	json_t *list = json_array();

	out_json_set(o, "refused", json_integer((json_int_t)d->n_refused));
	out_json_set(o, "unknown", json_integer((json_int_t)d->n_unknown));
	out_json_set(o, "passes", json_integer((json_int_t)d->n_passed));
	for (size_t i = 0; i < d->n_destinations; i++) {
		const struct destination *to = &d->destinations[i];
		json_t *one = json_object();

		out_json_set(one, "domain", out_json_sv(to->domain));
		out_json_set(one, "result", json_string(result_word(to)));
		out_json_set(one, "looked_at", time_json(to->looked_secs));
		out_json_set(one, "server", out_json_sv(to->server));
		out_json_set(one, "why",
		    to->kind == REPLAY_PASSES ? json_null()
					      : json_string(why(to)));
		out_json_add(list, one);
	}
	out_json_set(o, "destinations", list);
}

struct json_t *
dryrun_json(struct dryrun *d)
{
	json_t *o = json_object();
	bool is_in = d->rule->direction == DIRECTION_IN;

	out_json_set(o, "rule", json_integer(d->rule->id));
	out_json_set(o, "direction", json_string(is_in ? "in" : "out"));
	out_json_set(o, "mode",
	    json_string(rule_mode_word((enum rule_mode)d->rule->mode)));
	out_json_set(o, "enabled", json_boolean(d->rule->is_enabled));
	out_json_set(o, "since", time_json(d->since_secs));
	out_json_set(o, "clean", json_boolean(dryrun_is_clean(d)));
	if (is_in)
		set_in(o, d);
	else
		set_out(o, d);
	return o;
}
