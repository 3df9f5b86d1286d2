/* tlswarden: ctl/check - collects what is wrong with table and files.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/mem.h"
#include "ctl/check.h"
#include "ctl/check_enforce.h"
#include "ctl/out.h"
#include "ctl/self.h"
#include "store/policy_image.h"
#include "base/banned.h"

struct check_finding *
check_add(struct check *c, enum check_severity severity, const char *code,
    unsigned mtas, const char *text, const char *fix)
{
	struct check_finding *f;

	if ((mtas & c->mtas) == 0)
		return NULL;
	if (c->n_findings == CHECK_FINDINGS) {
		c->n_left_out++;
		return NULL;
	}
	if (c->n_findings == c->max_findings) {
		c->max_findings = c->max_findings * 2 + 16;
		c->findings = mem_realloc(c->findings, c->max_findings,
		    sizeof(*c->findings));
	}
	f = &c->findings[c->n_findings++];
	memset(f, 0, sizeof(*f));
	f->severity = severity;
	f->code = code;
	f->mtas = mtas;
	f->text = text;
	f->fix = fix;
	return f;
}

void
check_rule(struct check_finding *f, int64_t id)
{
	if (f == NULL)
		return;
	if (f->n_rules < CHECK_RULES)
		f->rules[f->n_rules] = id;
	f->n_rules++;
}

bool
check_is_active(const struct check *c, const struct rule *r)
{
	return r->is_enabled && r->expires_at > c->app->now;
}

bool
check_has(const struct check *c, plan_fits *fits)
{
	for (size_t i = 0; i < snapshot_count(c->table.snap); i++) {
		const struct rule *r = snapshot_rule(c->table.snap, i);

		if (check_is_active(c, r) && fits(r))
			return true;
	}
	return false;
}

struct check_finding *
check_about_rules(struct check *c, const struct check_about *about)
{
	struct check_finding *f = NULL;

	for (size_t i = 0; i < snapshot_count(c->table.snap); i++) {
		const struct rule *r = snapshot_rule(c->table.snap, i);

		if (!check_is_active(c, r) || !about->fits(r))
			continue;
		if (f == NULL)
			f = check_add(c, CHECK_NOTICE, about->code, about->mta,
			    about->text, NULL);
		if (f == NULL)
			return NULL;
		f->setting = about->setting;
		check_rule(f, r->id);
		if (r->mode == MODE_ENFORCE)
			f->severity = about->worst;
	}
	return f;
}

const char *
check_text(struct check *c, const char *fmt, ...)
{
	struct buf b;
	struct sv v;
	va_list ap;

	buf_init(&b, OUT_TEXT_MAX);
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	v = arena_sv(&c->mem, buf_sv(&b));
	buf_free(&b);
	return v.p;
}

unsigned
check_installed_mtas(void)
{
	static const struct {
		const char *file;
		unsigned mta;
	} signs[] = {
		{ "/usr/sbin/postconf", CHECK_POSTFIX },
		{ "/etc/mail/sendmail.cf", CHECK_SENDMAIL },
		{ "/usr/lib/sm.bin/sendmail", CHECK_SENDMAIL },
		{ "/usr/libexec/sendmail/sendmail", CHECK_SENDMAIL },
	};
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (access(signs[i].file, F_OK) == 0)
			found |= signs[i].mta;
	return found != 0 ? found : CHECK_ALL;
}

static int
take_mtas(struct check *c, const struct args *args)
{
	const char *word = args_get(args, "mta");

	c->mtas = check_installed_mtas();
	if (word == NULL) {
		if (args_has(args, "cf"))
			c->mtas |= CHECK_SENDMAIL;
		return 0;
	}
	if (strcmp(word, "postfix") == 0)
		c->mtas = CHECK_POSTFIX;
	else if (strcmp(word, "sendmail") == 0)
		c->mtas = CHECK_SENDMAIL;
	else
		return -1;
	return 0;
}

/* "policy rule 12: ..." or "ca bank: ..." */
static void
take_bad_row(void *arg, const char *sentence)
{
	struct check *c = arg;
	struct sv v = sv_from(sentence), prefix = sv_from("policy rule ");
	struct check_finding *f;
	uint64_t id = 0;

	if (sv_starts(v, prefix)) {
		struct sv rest = sv_skip(v, prefix.n);
		size_t colon = sv_find(rest, ':');

		if (sv_to_u64(sv_head(rest, colon), INT64_MAX, &id))
			v = sv_trim(sv_skip(rest, colon + 1));
	}
	f = check_add(c, CHECK_PROBLEM, "bad_row", CHECK_ALL,
	    check_text(c, "%.*s", SV_ARG(v)),
	    "mend or remove it; until then the daemons keep the last good "
	    "table");
	if (id != 0)
		check_rule(f, (int64_t)id);
}

/* Returns -1 when the table could not be read at all. */
static int
check_all(struct check *c, bool is_mta_asked, const char *cf, struct err *err_r)
{
	struct err err;

	if (app_conf(c->app, err_r) == NULL)
		return -1;
	if (c->app->conf->is_missing)
		check_add(c, CHECK_NOTICE, "no_configuration", CHECK_ALL,
		    check_text(c, "%s is not there: all defaults apply",
			c->app->conf->file),
		    NULL);
	check_files(c);
	if (load_table(c->app, &c->table, take_bad_row, c, err_r) != 0 &&
	    c->table.n_bad_rows == 0)
		return -1;
	if (policy_image_verify(c->table.image, &err) != 0)
		check_add(c, CHECK_PROBLEM, "damaged", CHECK_ALL,
		    check_text(c, "%s", err.text),
		    "restore it from a backup; the daemons keep the last "
		    "good table");
	if (c->table.is_wal)
		check_add(c, CHECK_PROBLEM, "wal", CHECK_ALL,
		    "policy.db is in WAL mode: a daemon that only reads "
		    "cannot open it when nobody else has it open",
		    "sqlite3 policy.db 'PRAGMA journal_mode=DELETE'");
	check_cas(c);
	if (c->table.snap == NULL)
		return 0;
	check_table(c);
	check_conflicts(c);
	check_prober(c);
	check_postfix(c, is_mta_asked);
	check_sendmail(c, cf, is_mta_asked || cf != NULL);
	return 0;
}

int
check_exit_code(const struct check *c)
{
	for (size_t i = 0; i < c->n_findings; i++)
		if (c->findings[i].severity == CHECK_PROBLEM)
			return CTL_FINDING;
	return CTL_GOOD;
}

static int
check_run(struct app *app, const struct args *args)
{
	struct check c = { .app = app };
	struct err err;
	int code;

	if (args_has(args, "before-enforce"))
		return check_enforce(app, args);
	if (args_has(args, "since"))
		return usage_error(args->command,
		    "--since is about --before-enforce");
	if (take_mtas(&c, args) != 0)
		return usage_error(args->command,
		    "--mta: \"%s\" is neither postfix nor sendmail",
		    args_get(args, "mta"));
	if ((c.mtas & CHECK_SENDMAIL) == 0 && args_has(args, "cf"))
		return usage_error(args->command, "--cf is about sendmail");
	if (!args_has(args, "self") && args_has(args, "name"))
		return usage_error(args->command, "--name is about --self");
	arena_init(&c.mem);
	if (args_has(args, "self")) {
		code = check_self(&c, args_get(args, "name"),
		    args_get(args, "cf"));
	} else if (check_all(&c, args_has(args, "mta"), args_get(args, "cf"),
		       &err) != 0) {
		code = app_fail(&err);
	} else {
		code = check_exit_code(&c);
		if (app->json)
			check_print_json(&c);
		else
			check_print_text(&c);
	}
	loaded_done(&c.table);
	free(c.findings);
	arena_free(&c.mem);
	return code;
}

static const struct option_spec options[] = {
	{ "self", NULL,
	    "the certificates that the installed MTA presents,\n"
	    "instead of table and files",
	    0 },
	{ "name", "NAME",
	    "with --self: the name in our MX records; default:\n"
	    "Postfix's myhostname",
	    0 },
	{ "cf", "FILE", "this sendmail.cf, not /etc/mail/sendmail.cf", 0 },
	{ "before-enforce", "ID",
	    "what this rule would have refused if it were\n"
	    "enforced: of recorded sessions, or by stored probes",
	    0 },
	{ "since", "TIME", "with --before-enforce: from then on (30d, a date)",
	    0 },
	{ "mta", "postfix|sendmail",
	    "what this MTA cannot enforce; default: what is\n"
	    "installed",
	    0 },
	{ .name = NULL },
};

const struct command verb_check = {
	.name = "check",
	.summary = "find bad rows, rules that cannot work, unsafe files",
	.synopsis =
	    "[--self [--name NAME]] [--mta postfix|sendmail] "
	    "[--cf FILE]\n"
	    "--before-enforce ID [--since TIME]",
	.help =
	    "Loads the table with the daemons' own code and names every bad\n"
	    "row, rules that can never win, what the MTA cannot enforce and\n"
	    "why, dangerous rules, CAs that expire, and files that somebody\n"
	    "else could change. Exit code 1 when there is a problem, 0 when\n"
	    "there are notices at most.\n\n"
	    "--self judges instead the certificates that Postfix or Sendmail\n"
	    "is set to present, as a partner would: complete, trusted, right\n"
	    "key and name, not expiring. What a partner logs as CAFail is\n"
	    "found here.\n\n"
	    "--before-enforce judges the recorded sessions (a rule about mail\n"
	    "we receive) or the stored probes (mail we deliver) again, as if\n"
	    "that rule were enforced, whatever its mode: how much it would\n"
	    "have refused, from and to whom and why, and what cannot be\n"
	    "known. Exit code 0 only when nothing would be refused, nothing\n"
	    "is in doubt and there was something to judge.",
	.examples =
	    "  tlswarden check --before-enforce 12 --since 30d\n"
	    "  tlswarden check --self --name mx.example.com\n"
	    "  tlswarden check\n"
	    "  tlswarden check --mta sendmail --json | jq .findings",
	.options = options,
	.run = check_run,
};
