/* tlswarden: ctl/setup_sendmail - what makes Sendmail ask for the rules.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * sendmail.cf is made from sendmail.mc by m4, with includes and by means that
 * differ from site to site: lines are printed, nothing is changed.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ask.h"
#include "ctl/out.h"
#include "ctl/sendmail_plan.h"
#include "ctl/setup.h"
#include "base/banned.h"

static bool
is_change(const struct check_finding *f, const char *start)
{
	return f->change != NULL &&
	    (start == NULL || strncmp(f->change, start, strlen(start)) == 0);
}

static bool
was_printed(const struct check *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c->findings[i].change != NULL &&
		    strcmp(c->findings[i].change, c->findings[n].change) == 0)
			return true;
	return false;
}

/* The lines that begin so, each with its reason; m4 wants the feature first,
 * since it sets what others may set again. */
static void
print_lines(const struct check *c, const char *start, const char *not_start)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct check_finding *f = &c->findings[i];

		if (!is_change(f, start) ||
		    (not_start != NULL && is_change(f, not_start)))
			continue;
		printf("dnl %s: %s\n", f->setting, f->text);
		if (!was_printed(c, i))
			puts(f->change);
	}
}

static void
print_plan(const struct sendmail_plan *p)
{
	const struct check *c = p->check;
	size_t n = 0;

	for (size_t i = 0; i < c->n_findings; i++)
		n += c->findings[i].change != NULL;
	if (p->is_missing)
		printf("# %s is not there: this is what the rules need\n",
		    p->path);
	if (n > 0) {
		puts(
		    "# to be added to sendmail.mc, behind OSTYPE and DOMAIN "
		    "and before MAILER");
		print_lines(c, "FEATURE(", NULL);
		print_lines(c, NULL, "FEATURE(");
		puts(
		    "# then make sendmail.cf (Debian: make -C /etc/mail; "
		    "else m4 cf.m4 sendmail.mc) and restart Sendmail");
	}
	for (size_t i = 0; i < c->n_findings; i++)
		if (c->findings[i].change == NULL &&
		    c->findings[i].setting != NULL)
			printf("# by hand: %s: %s\n#   %s\n",
			    c->findings[i].setting, c->findings[i].text,
			    c->findings[i].fix != NULL ? c->findings[i].fix
						       : "");
	if (n == 0)
		puts("# nothing is to be added");
}

/* The milter answers to no question that says what it serves. */
static void
find_milter(struct sendmail_plan *p)
{
	struct check_finding *f;
	struct err err;

	if (!sendmail_has(p, plan_is_in) || ask_listens(p->milter, &err) == 0)
		return;
	f = sendmail_need(p, plan_is_in, "milter_down", "milter_listen",
	    check_text(p->check, "tlswarden-milter does not listen (%s)",
		err.text));
	if (f != NULL)
		f->fix =
		    "start it, or write `inbound' as the second argument "
		    "of FEATURE(`tlswarden') where there is to be none";
}

static int
do_setup(struct check *c, const char *path, const char *program)
{
	struct sendmail_plan p = { .check = c };
	const char *said = NULL;
	struct err err;
	int code;

	if (app_conf(c->app, &err) == NULL ||
	    load_table(c->app, &c->table, NULL, NULL, &err) != 0 ||
	    sendmail_plan_init(&p, c, path, true, &err) != 0) {
		sendmail_plan_done(&p);
		return app_fail(&err);
	}
	sendmail_plan_all(&p);
	if (!sendmail_judges_clients(&p))
		find_milter(&p);
	code = check_exit_code(c);
	if (sendmail_has(&p, plan_is_out) &&
	    sendmail_prove(&p, program, &said, &err) != 0) {
		check_add(c, CHECK_PROBLEM, "not_proven", CHECK_SENDMAIL,
		    check_text(c, "%s", err.text), NULL);
		code = CTL_FINDING;
	}
	if (c->app->json) {
		check_print_json(c);
	} else {
		print_plan(&p);
		if (said != NULL)
			printf("# %s\n", said);
		else if (sendmail_has(&p, plan_is_out))
			(void)app_fail(&err);
	}
	sendmail_plan_done(&p);
	return code;
}

int
setup_sendmail(struct check *c, const struct args *args)
{
	if (args_has(args, "apply") || args_has(args, "undo"))
		return usage_error(args->command,
		    "sendmail.cf is made from sendmail.mc by m4, each site in "
		    "its own way, so nothing is changed here: put the lines "
		    "that are printed without --apply into sendmail.mc, make "
		    "sendmail.cf, and run this again");
	return do_setup(c, args_get(args, "cf"), args_get(args, "program"));
}
