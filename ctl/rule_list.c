/* tlswarden: ctl/rule_list - the rules as a table.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/load.h"
#include "ctl/out.h"
#include "ctl/rule.h"
#include "ctl/rule_words.h"
#include "store/policy_db.h"
#include "store/policy_image.h"
#include "base/conf.h"
#include "base/banned.h"

static const char *const heads[] = { "ID", "PRIORITY", "DIR", "SENDER",
	"RECIPIENT", "SUBNET", "LEVEL", "DEMANDS", "FAILURE", "STATE",
	"COMMENT" };
enum { COLUMNS = sizeof(heads) / sizeof(heads[0]), COMMENT_SHOWN = 40 };

struct listing {
	const struct app *app;
	const struct args *args;
	struct table table;
	struct json_list json;
	size_t n;
};

/* True unless the option was given and is another word. */
static bool
is_wanted(const struct args *args, const char *option, struct sv value)
{
	const char *want = args_get(args, option);

	return want == NULL || sv_is_nocase(value, want);
}

static bool
holds(struct sv text, struct sv part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (sv_eq_nocase(sv_head(sv_skip(text, i), part.n), part))
			return true;
	return false;
}

static bool
fits(const struct args *args, const struct rule_row *row)
{
	const char *match = args_get(args, "match");
	struct sv part = sv_from(match);

	if (args_has(args, "disabled") && row->enabled != 0)
		return false;
	if (match != NULL && !holds(row->sender, part) &&
	    !holds(row->recipient, part) && !holds(row->comment, part))
		return false;
	return is_wanted(args, "direction", row->direction) &&
	    is_wanted(args, "sender", row->sender) &&
	    is_wanted(args, "recipient", row->recipient) &&
	    is_wanted(args, "level", row->level) &&
	    is_wanted(args, "ca", row->ca) &&
	    is_wanted(args, "mode", row->mode);
}

static void
add_demand(struct buf *out, const char *name, struct sv value)
{
	if (value.p != NULL)
		buf_addf(out, "%s%s%.*s", out->n > 0 ? " " : "", name,
		    SV_ARG(value));
}

static void
add_demands(struct buf *out, const struct rule_row *row)
{
	add_demand(out, "", row->min_protocol);
	if (row->min_bits != 0)
		buf_addf(out, "%s%lld-bit", out->n > 0 ? " " : "",
		    (long long)row->min_bits);
	add_demand(out, "ca=", row->ca);
	add_demand(out, "name=", row->cert_name);
	if (row->cert_fingerprint.p != NULL)
		add_demand(out, "pin=", sv_head(row->cert_fingerprint, 8));
}

static struct sv
or_dash(struct sv v)
{
	return v.n > 0 ? v : sv_from("-");
}

static void
add_state(struct table *t, const struct rule_row *row)
{
	struct buf b;

	buf_init(&b, OUT_CELL_MAX);
	buf_adds(&b,
	    row->enabled == 0                 ? "disabled"
		: sv_is(row->mode, "monitor") ? "monitor"
					      : "on");
	if (row->expires_at.p != NULL)
		buf_addf(&b, " until %.*s", SV_ARG(row->expires_at));
	table_sv(t, buf_sv(&b));
	buf_free(&b);
}

static void
add_row(struct table *t, const struct rule_row *row)
{
	struct buf b;

	buf_init(&b, OUT_CELL_MAX);
	add_demands(&b, row);
	table_number(t, row->id);
	table_number(t, row->priority);
	table_sv(t, row->direction);
	table_sv(t, row->sender);
	table_sv(t, row->recipient);
	table_sv(t, or_dash(row->subnet));
	table_sv(t, row->level);
	table_sv(t, or_dash(buf_sv(&b)));
	table_sv(t, row->on_failure);
	add_state(t, row);
	table_sv(t, sv_head(row->comment, COMMENT_SHOWN));
	buf_free(&b);
}

/* A row that the table should not hold: only its id is known. */
static void
add_bad(struct listing *l, int64_t id, const char *fault)
{
	json_t *o;

	if (!l->app->json) {
		table_number(&l->table, id);
		for (size_t i = 1; i + 1 < COLUMNS; i++)
			table_str(&l->table, "?");
		table_str(&l->table, fault);
		return;
	}
	o = json_object();
	out_json_set(o, "id", json_integer(id));
	out_json_set(o, "fault", out_json_str(fault));
	json_list_item(&l->json, o);
}

static void
take_row(void *arg, const struct rule_row *row, const char *fault)
{
	struct listing *l = arg;

	if (fault == NULL && !fits(l->args, row))
		return;
	l->n++;
	if (fault != NULL)
		add_bad(l, row->id, fault);
	else if (l->app->json)
		json_list_item(&l->json, row_json(row));
	else
		add_row(&l->table, row);
}

static int
list(struct listing *l, const char *path, struct err *err_r)
{
	struct policy_db *db = policy_db_new(path);
	struct policy_image *image = NULL;
	int rc = policy_db_copy(db, &image, NULL, err_r);

	if (rc == 0)
		rc = policy_image_each_rule(image, take_row, l, err_r);
	policy_image_free(image);
	policy_db_free(db);
	return rc;
}

static int
list_run(struct app *app, const struct args *args)
{
	struct listing l = { .app = app, .args = args };
	struct err err = { 0 };
	const struct conf *conf = app_conf(app, &err);
	int rc;

	if (conf == NULL)
		return app_fail(&err);
	table_init(&l.table, heads, COLUMNS);
	if (app->json)
		json_list_begin(&l.json);
	rc = list(&l, conf->policy_database, &err);
	if (app->json)
		json_list_end(&l.json);
	if (!app->json && l.n > 0)
		table_done(&l.table, app);
	else
		table_free(&l.table);
	if (!app->json && l.n == 0 && rc == 0)
		puts("no such rule");
	return rc == 0 ? CTL_GOOD : app_fail(&err);
}

static const struct option_spec options[] = {
	{ "direction", "in|out", "only this direction", 0 },
	{ "sender", "PATTERN", "only this pattern, as written", 0 },
	{ "recipient", "PATTERN", "only this pattern, as written", 0 },
	{ "level", "LEVEL", "only this level", 0 },
	{ "ca", "NAME", "only rules that name this CA", 0 },
	{ "mode", "MODE", "only enforce or monitor", 0 },
	{ "disabled", NULL, "only those that are switched off", 0 },
	{ "match", "TEXT", "TEXT is in sender, recipient or comment", 0 },
	{ .name = NULL },
};

const struct command verb_rule_list = {
	.name = "list",
	.title = "rule list",
	.summary = "list rules",
	.synopsis = "[OPTION]...",
	.help =
	    "Lists the rules in the order of their numbers; rows that no\n"
	    "daemon would load are among them with the reason. Which rule\n"
	    "wins for a mail is told by \"tlswarden explain\".",
	.examples = "  tlswarden rule list --match example.mil",
	.options = options,
	.run = list_run,
};
