/* tlswarden: ctl/setup_postfix - makes Postfix ask for the rules of the table.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What is to be changed are the findings of check that carry a change. Before
 * anything is changed policyd has to answer Postfix's own client as the table
 * says; afterwards check has to find nothing more to change, else the copies
 * are put back.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/out.h"
#include "ctl/postfix_plan.h"
#include "ctl/setup.h"
#include "policy/lookup.h"
#include "base/banned.h"

enum { ROUNDS = 3, CHANGES_MAX = 64, STAMP_BYTES = 64 };

/* Each needs something of tlswarden.conf or a decision first. */
static bool
is_in_way(const struct check_finding *f)
{
	static const char *const codes[] = { "socket_outside", "wrong_socket",
		"dsn_other_filter", "delegation_not_asked", "postfix_too_old",
		"ca_directory" };

	if (f->severity != CHECK_PROBLEM || f->change != NULL)
		return false;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(f->code, codes[i]) == 0)
			return true;
	return false;
}

static size_t
count_changes(const struct check *c, bool in_way)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_findings; i++)
		n += in_way ? is_in_way(&c->findings[i])
			    : c->findings[i].change != NULL;
	return n;
}

/* Text and command of the findings; for JSON the list of check is enough. */
static void
print_plan(const struct check *c)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct check_finding *f = &c->findings[i];
		const char *what = is_in_way(f) ? "in the way: " : "by hand: ";

		if (f->change != NULL)
			printf("# %s: %s\n%s\n", f->setting, f->text, f->fix);
		else if (f->setting != NULL)
			printf("# %s%s: %s\n#   %s\n", what, f->setting,
			    f->text, f->fix != NULL ? f->fix : "");
	}
	if (count_changes(c, false) == 0)
		puts("# nothing is to be added");
}

/* Runs "postconf FLAG change ...", all changes of that flag at once. */
static int
change(struct plan *p, const char *flag, struct err *err_r)
{
	const char *argv[CHANGES_MAX + 5] = { "postconf", "-c", p->directory,
		flag };
	size_t n = 4;
	struct sv said;

	for (size_t i = 0; i < p->check->n_findings; i++) {
		const struct check_finding *f = &p->check->findings[i];

		if (f->change != NULL && strcmp(f->flag, flag) == 0 &&
		    n < CHANGES_MAX + 4)
			argv[n++] = f->change;
	}
	if (n == 4)
		return 0;
	return postfix_run(&p->check->mem, argv, &said, NULL, err_r);
}

static int
plan_again(struct plan *p, struct err *err_r)
{
	struct check *c = p->check;

	plan_done(p);
	c->n_findings = 0;
	if (plan_init(p, c, p->instance, err_r) != 0)
		return -1;
	plan_all(p);
	return 0;
}

static int
change_all(struct plan *p, struct err *err_r)
{
	static const char *const flags[] = { "-M", "-P", "-e" };

	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (change(p, flags[i], err_r) != 0)
				return -1;
		if (plan_again(p, err_r) != 0)
			return -1;
		if (count_changes(p->check, false) == 0)
			return 0;
	}
	return err_set(err_r, EX_SOFTWARE,
	    "Postfix does not take the changes: %s is still wrong",
	    p->check->findings[0].setting != NULL
		? p->check->findings[0].setting
		: "a setting");
}

/* The first domain that an enforced rule names; else one without a rule. */
static const char *
test_key(struct plan *p)
{
	for (size_t i = 0; i < snapshot_count(p->snap); i++) {
		const struct rule *r = snapshot_rule(p->snap, i);

		if (plan_is_out(r) && r->is_enabled &&
		    r->mode == MODE_ENFORCE && r->subnet == NULL &&
		    r->recipient.kind == PATTERN_DOMAIN)
			return check_text(p->check, "%.*s", r->recipient.n,
			    r->recipient.text);
	}
	return "tlswarden.invalid";
}

/* Asks policyd through its socket with postmap(1), as smtp(8) would. */
static int
prove(struct plan *p, struct err *err_r)
{
	static const struct sv relative = SV("socketmap:unix:");
	struct sv queue = postfix_get(&p->postfix, "queue_directory");
	struct sv where = sv_from(p->socketmap), got = sv_make(NULL, 0);
	const char *key = test_key(p), *table;
	struct lookup_answer want;
	struct party party;
	struct err err;

	if (!plan_has(p, plan_is_out) || p->socketmap == NULL)
		return 0;
	if (sv_starts(where, relative) && where.p[relative.n] != '/')
		table = check_text(p->check, "socketmap:unix:%.*s/%s:tlspolicy",
		    SV_ARG(queue), where.p + relative.n);
	else
		table = check_text(p->check, "%s:tlspolicy", p->socketmap);
	const char *argv[] = { "postmap", "-c", p->directory, "-q", key, table,
		NULL };

	if (postfix_run(&p->check->mem, argv, &got, NULL, &err) != 0 &&
	    strcmp(err.text, "postmap: exit code 1") != 0)
		return err_set(err_r, EX_UNAVAILABLE,
		    "tlswarden-policyd does not answer, so nothing was "
		    "changed: start it first (%s)",
		    err.text);
	lookup_tlspolicy(p->snap, sv_from(key), &party, &want);
	got = sv_trim(got);
	if (!sv_eq(got,
		want.status == LOOKUP_FOUND ? want.text : sv_make(NULL, 0)))
		return err_set(err_r, EX_UNAVAILABLE,
		    "%s answers \"%.*s\" for %s and the table says \"%.*s\", "
		    "so nothing was changed: is that our tlswarden-policyd, "
		    "and does it serve this table?",
		    table, SV_ARG(got), key, SV_ARG(want.text));
	printf("# postmap -q %s %s: %s\n", key, table,
	    got.n > 0 ? check_text(p->check, "%.*s", SV_ARG(got))
		      : "no rule, as the table says");
	return 0;
}

static int
apply(struct plan *p, struct err *err_r)
{
	struct buf stamp;
	int rc = -1;

	if (count_changes(p->check, false) == 0)
		return 0;
	if (prove(p, err_r) != 0)
		return -1;
	buf_init(&stamp, STAMP_BYTES);
	if (setup_keep(p->directory, p->check->app->now, &stamp, err_r) != 0)
		goto out;
	printf("# kept %s/main.cf%s and master.cf%s\n", p->directory,
	    buf_str(&stamp), buf_str(&stamp));
	rc = change_all(p, err_r);
	if (rc != 0 && setup_put_back(p->directory, &stamp, NULL) == 0)
		(void)err_prefix(err_r, "main.cf and master.cf are as before");
	else if (rc == 0)
		puts("# done; postfix reload makes it hold now");
out:
	buf_free(&stamp);
	return rc;
}

static int
undo(struct check *c)
{
	struct buf stamp;
	struct err err;
	const char *dir = postfix_directory(&c->mem, &err);
	int code = CTL_GOOD;

	buf_init(&stamp, STAMP_BYTES);
	if (dir == NULL || setup_put_back(dir, &stamp, &err) != 0)
		code = app_fail(&err);
	else
		printf(
		    "# put back main.cf%s and master.cf%s in %s; what was "
		    "there is in main.cf.tlswarden-undone and "
		    "master.cf.tlswarden-undone\n"
		    "# postfix reload makes it hold now\n",
		    buf_str(&stamp), buf_str(&stamp), dir);
	buf_free(&stamp);
	return code;
}

int
setup_postfix(struct check *c, const struct args *args)
{
	bool is_applied = args_has(args, "apply");
	struct plan p = { .check = c };
	struct err err;
	int code = CTL_GOOD;

	if (args_has(args, "undo"))
		return undo(c);
	if (app_conf(c->app, &err) == NULL ||
	    load_table(c->app, &c->table, NULL, NULL, &err) != 0 ||
	    plan_init(&p, c, NULL, &err) != 0) {
		plan_done(&p);
		return app_fail(&err);
	}
	plan_all(&p);
	if (c->app->json && !is_applied)
		check_print_json(c);
	else
		print_plan(c);
	if (count_changes(c, true) > 0) {
		code = CTL_FINDING;
		if (is_applied)
			fputs(
			    "tlswarden: nothing was changed: mend first what "
			    "is in the way\n",
			    stderr);
	} else if (is_applied && apply(&p, &err) != 0) {
		code = app_fail(&err);
	}
	plan_done(&p);
	return code;
}
