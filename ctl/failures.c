/* tlswarden: ctl/failures - what rules refused, or would have refused.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "ctl/command.h"
#include "ctl/edit.h"
#include "ctl/failures.h"
#include "ctl/out.h"
#include "ctl/when.h"
#include "fact/reason.h"
#include "store/state_read.h"
#include "store/state_words.h"
#include "base/banned.h"

struct listing {
	const struct app *app;
	struct json_list json;
	struct failures groups;
};

static json_t *
violation_json(int64_t id, const struct record_violation *row)
{
	json_t *o = json_object();
	char at[WHEN_SIZE];

	out_json_set(o, "id", json_integer(id));
	out_json_set(o, "at", json_string(when_format(row->at_secs, at)));
	out_json_set(o, "rule", json_integer(row->rule));
	out_json_set(o, "direction",
	    json_string(row->is_outbound ? "out" : "in"));
	out_json_set(o, "mode",
	    json_string(row->is_monitor ? "monitor" : "enforce"));
	out_json_set(o, "on_failure",
	    json_string(row->is_permanent ? "fail" : "tempfail"));
	out_json_set(o, "source", json_string(state_source_word(row->source)));
	out_json_set(o, "reason", out_json_sv(row->reason));
	out_json_set(o, "sender", out_json_sv(row->sender));
	out_json_set(o, "recipient", out_json_sv(row->recipient));
	out_json_set(o, "nexthop", out_json_sv(row->nexthop));
	out_json_set(o, "peer_addr", out_json_sv(row->peer_addr));
	out_json_set(o, "peer_name", out_json_sv(row->peer_name));
	out_json_set(o, "tls_version", out_json_sv(row->tls_version));
	out_json_set(o, "cipher", out_json_sv(row->cipher));
	out_json_set(o, "queue_id", out_json_sv(row->queue_id));
	out_json_set(o, "text", out_json_sv(row->text));
	return o;
}

static int
take_violation(void *arg, int64_t id, const struct record_violation *row)
{
	struct listing *l = arg;

	if (l->app->json)
		json_list_item(&l->json, violation_json(id, row));
	else
		failures_add(&l->groups, row);
	return 0;
}

static void
cell(struct table *t, struct sv v)
{
	table_sv(t, v.n > 0 ? v : sv_from("-"));
}

static void
print_groups(const struct app *app, const struct failures *f)
{
	static const char *const heads[] = { "COUNT", "LAST", "RULE", "DIR",
		"MODE", "SEEN BY", "REASON", "FROM", "TO", "PEER" };
	struct table t;
	char at[WHEN_SIZE];

	table_init(&t, heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < f->n; i++) {
		const struct failure *g = &f->v[i];

		table_number(&t, (int64_t)g->n);
		table_str(&t, when_format(g->last_secs, at));
		table_number(&t, g->rule);
		table_str(&t, g->is_outbound ? "out" : "in");
		table_str(&t, g->is_monitor ? "monitor" : "enforce");
		table_str(&t, state_source_word(g->source));
		cell(&t, g->reason);
		cell(&t, g->from);
		cell(&t, g->to);
		cell(&t, g->peer);
	}
	table_done(&t, app);
}

/* Cause and fix, once for each reason among the groups. */
static void
print_reasons(const struct app *app, const struct failures *f)
{
	bool is_told[REASON_COUNT] = { false };

	for (size_t i = 0; i < f->n; i++) {
		const struct reason_info *info;
		enum reason r;

		if (!reason_parse(f->v[i].reason, &r) || is_told[r])
			continue;
		is_told[r] = true;
		info = reason_info(r);
		putchar('\n');
		out_styled(app, OUT_BOLD, "%s", info->code);
		printf(": %s\n  for us: %s\n  for them: %s\n", info->cause,
		    info->fix_ours, info->fix_theirs);
	}
}

static void
print_all(const struct app *app, struct failures *f)
{
	failures_sort(f);
	if (f->n == 0) {
		puts("no such failure");
		return;
	}
	print_groups(app, f);
	print_reasons(app, f);
}

/* What is not in the ledger is nobody's good word. */
static int
warn_of_lost(struct store *st, int64_t since_secs, struct err *err_r)
{
	uint64_t n = 0;

	if (state_lost(st, since_secs, &n, err_r) != 0)
		return -1;
	if (n > 0)
		fprintf(stderr,
		    "tlswarden: %" PRIu64
		    " rows were lost in that time, "
		    "violations may be among them\n",
		    n);
	return 0;
}

static int
list(struct app *app, const struct violation_filter *f, struct err *err_r)
{
	struct listing l = { .app = app };
	struct store st = { .sq = NULL };
	const struct conf *conf = app_conf(app, err_r);
	int rc;

	if (conf == NULL ||
	    state_read_open(&st, conf->state_database, err_r) != 0)
		return -1;
	failures_init(&l.groups);
	if (app->json)
		json_list_begin(&l.json);
	rc = state_violations_each(&st, f, take_violation, &l, err_r);
	if (app->json)
		json_list_end(&l.json);
	else if (rc == 0)
		print_all(app, &l.groups);
	if (rc == 0)
		rc = warn_of_lost(&st, f->since_secs, err_r);
	failures_free(&l.groups);
	store_close(&st);
	return rc;
}

/* One of two words; NULL is neither. */
static int
take_choice(const struct args *args, const char *name,
    const char *const words[2], bool *first_r, bool *second_r,
    struct err *err_r)
{
	const char *word = args_get(args, name);

	*first_r = word != NULL && strcmp(word, words[0]) == 0;
	*second_r = word != NULL && strcmp(word, words[1]) == 0;
	if (word == NULL || *first_r || *second_r)
		return 0;
	return err_set(err_r, EX_USAGE, "--%s: \"%s\" is neither %s nor %s",
	    name, word, words[0], words[1]);
}

static int
take_filter(const struct app *app, const struct args *args,
    struct violation_filter *f, struct err *err_r)
{
	const char *rule = args_get(args, "rule");
	const char *since = args_get(args, "since");
	const char *seen_by = args_get(args, "seen-by");
	static const char *const directions[] = { "in", "out" };
	static const char *const modes[] = { "enforce", "monitor" };

	f->source = state_source_parse(sv_from(seen_by));
	if (seen_by != NULL && f->source == RECORD_FROM_UNKNOWN)
		return err_set(err_r, EX_USAGE,
		    "--seen-by: \"%s\" is none of milter, delegation, dsn, "
		    "sendmail, probe",
		    seen_by);
	if (take_choice(args, "direction", directions, &f->is_only_in,
		&f->is_only_out, err_r) != 0 ||
	    take_choice(args, "mode", modes, &f->is_only_enforce,
		&f->is_only_monitor, err_r) != 0)
		return -1;
	if (rule != NULL && edit_parse_id(rule, &f->rule, err_r) != 0)
		return -1;
	if (since != NULL &&
	    when_parse(since, app->now, &f->since_secs, err_r) != 0)
		return -1;
	return 0;
}

static int
failures_run(struct app *app, const struct args *args)
{
	struct violation_filter f = { .limit = 0 };
	struct err err = { 0 };

	if (take_filter(app, args, &f, &err) != 0 || list(app, &f, &err) != 0)
		return args_fail(args, &err);
	return CTL_GOOD;
}

static const struct option_spec options[] = {
	{ "rule", "ID", "of this rule only", 0 },
	{ "direction", "in|out", "mail we receive, or mail we deliver", 0 },
	{ "mode", "enforce|monitor", "was refused, or would have been", 0 },
	{ "seen-by", "SOURCE",
	    "milter, delegation, dsn (Postfix outbound),\n"
	    "sendmail (outbound) or probe",
	    0 },
	{ "since", "TIME",
	    "from then on: 12h, 7d, 2w ago, or a time such\n"
	    "as 2026-01-31 or 2026-01-31T12:00Z",
	    0 },
	{ .name = NULL },
};

const struct command verb_failures = {
	.name = "failures",
	.summary = "show what rules refused, or would have (mode monitor)",
	.synopsis =
	    "[--rule ID] [--direction in|out] [--mode enforce|monitor]\n"
	    "[--seen-by SOURCE] [--since TIME]",
	.help =
	    "Shows the ledger: like violations in one line with their\n"
	    "count, most frequent first, then cause and fix of each\n"
	    "reason. Rules of mode monitor refuse nothing; what they would\n"
	    "have refused is here. SEEN BY tells who watched: the milter or\n"
	    "Postfix's delegation for mail we receive; for mail we deliver\n"
	    "dsn (delivery states of Postfix), sendmail, or probe. With\n"
	    "--json every violation by itself, newest first, with the text\n"
	    "that was or would have been said.",
	.examples =
	    "  tlswarden failures --direction out --mode monitor\n"
	    "  tlswarden failures --since 7d\n"
	    "  tlswarden failures --rule 12 --json",
	.options = options,
	.run = failures_run,
};
