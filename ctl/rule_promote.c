/* tlswarden: ctl/rule_promote - from mode monitor to mode enforce.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/conf.h"
#include "ctl/edit.h"
#include "ctl/out.h"
#include "ctl/promote.h"
#include "ctl/rule.h"
#include "ctl/when.h"
#include "policy/snapshot.h"
#include "store/state_read.h"
#include "base/banned.h"

enum { READ_BUSY_MSECS = 5000 };
#define CLEAN_DEFAULT "14d"

/* What one run works with. */
struct promoting {
	struct app *app;
	const struct args *args;
	struct loaded table;
	struct store policy, state;
	struct promotion p;
	bool has_promotion;
	bool was_promoted;
};

/* The table is loaded after the audit's place is known: a change between the
 * two is noticed later, too. */
static int
prepare(struct promoting *pr, struct err *err_r)
{
	const char *clean = args_get(pr->args, "clean");
	int64_t id = 0, since = 0, audit = 0;
	const struct rule *rule;
	const struct conf *conf = app_conf(pr->app, err_r);

	if (conf == NULL ||
	    edit_parse_id(pr->args->operands[0], &id, err_r) != 0 ||
	    when_parse(clean != NULL ? clean : CLEAN_DEFAULT, pr->app->now,
		&since, err_r) != 0)
		return -1;
	if (since >= pr->app->now)
		return err_set(err_r, EX_USAGE,
		    "--clean: that is no span of time before now");
	if (store_open(&pr->policy, conf->policy_database, STORE_READ,
		READ_BUSY_MSECS, err_r) != 0 ||
	    promotion_newest_audit(&pr->policy, &audit, err_r) != 0 ||
	    load_table(pr->app, &pr->table, NULL, NULL, err_r) != 0)
		return -1;
	rule = snapshot_rule_by_id(pr->table.snap, id);
	if (rule == NULL)
		return edit_no_rule(id, err_r);
	if (rule->mode != MODE_MONITOR)
		return err_set(err_r, EX_DATAERR,
		    "rule %" PRId64 " does not watch: its mode is %s already",
		    id, rule_mode_word((enum rule_mode)rule->mode));
	promotion_init(&pr->p, pr->app, &pr->table, rule, since);
	pr->has_promotion = true;
	pr->p.newest_audit = audit;
	return 0;
}

static int
promote(struct promoting *pr, struct err *err_r)
{
	static const struct policy_value mode = { "mode", SV("enforce") };
	int64_t id = pr->p.dry.rule->id;
	struct policy_edit e;
	int rc;

	if (edit_begin(pr->app, &e, err_r) != 0)
		return -1;
	if (e.audit_before != pr->p.newest_audit) {
		policy_edit_close(&e);
		return err_set(err_r, EX_TEMPFAIL,
		    "the table was changed meanwhile: nothing is done, try "
		    "again");
	}
	rc = policy_edit_set(&e, id, &mode, 1, err_r);
	if (rc == 0)
		rc = edit_no_rule(id, err_r);
	else if (rc == 1)
		rc = edit_check_rule(&e, id, err_r);
	if (rc != 0) {
		policy_edit_close(&e);
		return -1;
	}
	pr->was_promoted = true;
	return edit_commit(&e, err_r);
}

static void
print_violations(const struct promotion *p)
{
	for (size_t i = 0; i < p->violations.n && i < 20; i++) {
		const struct failure *g = &p->violations.v[i];
		char at[WHEN_SIZE];

		printf("  %" PRIu64 " times, last %s: %.*s, from ", g->n,
		    when_format(g->last_secs, at), SV_ARG(g->reason));
		out_sv(g->from.n > 0 ? g->from : sv_from("-"));
		fputs(" to ", stdout);
		out_sv(g->to.n > 0 ? g->to : sv_from("-"));
		fputs(", by ", stdout);
		out_sv(g->peer.n > 0 ? g->peer : sv_from("-"));
		putchar('\n');
	}
}

static void
print_text(struct promoting *pr)
{
	struct promotion *p = &pr->p;
	char at[WHEN_SIZE];

	printf("what is known since %s:\n", when_format(p->dry.since_secs, at));
	dryrun_print(&p->dry);
	printf("\nin the ledger: %" PRIu64 " violations\n", p->n_violations);
	print_violations(p);
	putchar('\n');
	if (p->n_against > 0)
		out_styled(pr->app, OUT_BAD, "%s",
		    pr->was_promoted ? "against it, but --force is given:\n"
				     : "not promoted:\n");
	for (size_t i = 0; i < p->n_against; i++)
		printf("- %s\n", p->against[i]);
	if (pr->was_promoted)
		printf("rule %" PRId64 " is enforced from now on\n",
		    p->dry.rule->id);
	else
		puts(
		    "tlswarden failures --rule shows each; --force promotes "
		    "it nevertheless");
}

static void
print_json(struct promoting *pr)
{
	struct promotion *p = &pr->p;
	json_t *o = json_object(), *list = json_array();
	char at[WHEN_SIZE];

	for (size_t i = 0; i < p->n_against; i++)
		out_json_add(list, out_json_str(p->against[i]));
	out_json_set(o, "rule", json_integer(p->dry.rule->id));
	out_json_set(o, "promoted", json_boolean(pr->was_promoted));
	out_json_set(o, "since",
	    json_string(when_format(p->dry.since_secs, at)));
	out_json_set(o, "against", list);
	out_json_set(o, "violations",
	    json_integer((json_int_t)p->n_violations));
	out_json_set(o, "dry_run", dryrun_json(&p->dry));
	out_json(o);
}

static int
run(struct promoting *pr, struct err *err_r)
{
	if (prepare(pr, err_r) != 0 ||
	    state_read_open(&pr->state, pr->app->conf->state_database, err_r) !=
		0 ||
	    promotion_judge(&pr->p, &pr->policy, &pr->state, err_r) != 0)
		return -1;
	/* The tool waits for itself else. */
	store_close(&pr->policy);
	if ((pr->p.n_against == 0 || args_has(pr->args, "force")) &&
	    promote(pr, err_r) != 0)
		return -1;
	if (pr->app->json)
		print_json(pr);
	else
		print_text(pr);
	return 0;
}

static int
promote_run(struct app *app, const struct args *args)
{
	struct promoting pr = { .app = app, .args = args };
	struct err err = { 0 };
	int code;

	if (run(&pr, &err) != 0)
		code = args_fail(args, &err);
	else
		code = pr.was_promoted ? CTL_GOOD : CTL_FINDING;
	if (pr.has_promotion)
		promotion_done(&pr.p);
	store_close(&pr.policy);
	store_close(&pr.state);
	loaded_done(&pr.table);
	return code;
}

static const struct option_spec options[] = {
	{ "clean", "SPAN",
	    "so long without a violation; default " CLEAN_DEFAULT, 0 },
	{ "force", NULL, "promote it whatever speaks against it", 0 },
	{ .name = NULL },
};

const struct command verb_rule_promote = {
	.name = "promote",
	.title = "rule promote",
	.summary = "enforce a rule that has watched, if nothing speaks against",
	.synopsis = "ID [--clean SPAN] [--force]",
	.help =
	    "Changes a rule of mode monitor to mode enforce, when in that\n"
	    "span the rule was as it is now, the ledger has no violation of\n"
	    "it, and somebody watched: sessions were recorded, some of them\n"
	    "about the rule (mail we receive), or every destination was\n"
	    "looked at and would be served (mail we deliver), without a gap\n"
	    "of more than a quarter of the span or a day. Else it says what\n"
	    "it knows and what speaks against it, and changes nothing (exit\n"
	    "code 1).",
	.examples =
	    "  tlswarden rule promote 12\n"
	    "  tlswarden rule promote 12 --clean 30d --json",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = promote_run,
};
