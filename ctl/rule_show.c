/* tlswarden: ctl/rule_show - one rule and what became of it.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Bounces and logs name rules by number, also long after they were removed:
 * the audit still knows them.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/conf.h"
#include "ctl/audit.h"
#include "ctl/edit.h"
#include "ctl/out.h"
#include "ctl/rule.h"
#include "ctl/rule_words.h"
#include "base/banned.h"

enum { SHOW_BUSY_MSECS = 5000 };

struct told {
	const struct app *app;
	json_t *rule;    /* NULL: it is not in the table */
	json_t *history; /* JSON only */
	json_t *last;    /* what it said when it was removed */
	size_t n_changes;
	bool is_there;
};

static void
take_rule(void *arg, const struct rule_row *row)
{
	struct told *t = arg;

	t->is_there = true;
	if (t->app->json)
		t->rule = row_json(row);
	else
		row_print(t->app, row);
}

static void
take_change(void *arg, const struct audit_row *row)
{
	struct told *t = arg;

	if (t->n_changes++ == 0 && !t->is_there)
		t->last = audit_parse(row->before);
	if (t->app->json) {
		out_json_add(t->history, audit_json(row));
		return;
	}
	if (t->n_changes == 1)
		out_styled(t->app, OUT_BOLD,
		    t->is_there ? "history\n"
				: "this rule was removed; its history\n");
	fputs("  ", stdout);
	audit_print(t->app, row);
}

static void
finish_json(struct told *t, int64_t id)
{
	json_t *o = json_object();

	out_json_set(o, "id", json_integer(id));
	out_json_set(o, "exists", json_boolean(t->is_there));
	out_json_set(o, "rule",
	    t->rule != NULL       ? t->rule
		: t->last != NULL ? t->last
				  : json_null());
	out_json_set(o, "history", t->history);
	out_json(o);
}

/* -1 also when there never was such a rule. */
static int
tell(struct told *t, struct store *st, int64_t id, const char *number,
    struct err *err_r)
{
	struct audit_filter f = { .table = SV("policy") };
	struct err fault = { 0 };

	f.key = sv_from(number);
	if (edit_read_rule(st, id, take_rule, t, &fault) < 0) {
		if (fault.sysexit != EX_DATAERR) {
			*err_r = fault;
			return -1;
		}
		(void)app_fail(&fault);
	}
	if (policy_audit_each(st, &f, take_change, t, err_r) != 0)
		return -1;
	if (t->is_there || t->n_changes > 0 || fault.sysexit != 0)
		return 0;
	return err_set(err_r, EX_DATAERR,
	    "there is no rule %" PRId64 " and never was", id);
}

int
rule_tell(struct app *app, const char *number)
{
	struct told t = { .app = app, .history = json_array() };
	struct store st = { .sq = NULL };
	struct err err = { 0 };
	const struct conf *conf;
	int64_t id = 0;
	int rc = -1;

	conf = app_conf(app, &err);
	if (conf != NULL && edit_parse_id(number, &id, &err) == 0 &&
	    store_open(&st, conf->policy_database, STORE_READ, SHOW_BUSY_MSECS,
		&err) == 0)
		rc = tell(&t, &st, id, number, &err);
	store_close(&st);
	if (rc == 0 && app->json) {
		finish_json(&t, id);
		return CTL_GOOD;
	}
	json_decref(t.history);
	json_decref(t.rule);
	json_decref(t.last);
	return rc == 0 ? CTL_GOOD : app_fail(&err);
}

static int
show_run(struct app *app, const struct args *args)
{
	return rule_tell(app, args->operands[0]);
}

const struct command verb_rule_show = {
	.name = "show",
	.title = "rule show",
	.summary = "show one rule with its history",
	.synopsis = "ID",
	.help =
	    "Shows all of a rule and who changed it when, also of one\n"
	    "that was removed.",
	.min_operands = 1,
	.max_operands = 1,
	.run = show_run,
};
