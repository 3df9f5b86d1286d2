/* tlswarden: ctl/setup_postfix - makes Postfix ask for the rules of the table.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What is to be changed are the findings of check that carry a change. Before
 * anything is changed the daemons have to answer Postfix's own client as the
 * table says; afterwards check has to find nothing more to change, and the
 * same questions by the words that now stand in main.cf have to be answered,
 * else the copies are put back.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "ctl/export_cidr.h"
#include "ctl/out.h"
#include "ctl/setup.h"
#include "ctl/setup_prove.h"
#include "base/banned.h"

enum { ROUNDS = 3, CHANGES_MAX = 64, STAMP_BYTES = 96, CF_BYTES = 16 << 20 };

#define EHLO_FILE "tlswarden-ehlo.cidr"

/* One run: what was done, for --json. */
struct setup {
	struct plan plan;
	struct check *check;
	json_t *commands; /* of the plan */
	struct proofs proofs;
	struct buf stamp; /* of the copies; empty: there are none */
};

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

static bool
is_stale(const struct check_finding *f)
{
	return strcmp(f->code, "ehlo_stale") == 0;
}

static bool
is_change(const struct check_finding *f)
{
	return f->change != NULL || is_stale(f);
}

static size_t
count(const struct check *c, bool (*fits)(const struct check_finding *f))
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_findings; i++)
		n += fits(&c->findings[i]) ? 1 : 0;
	return n;
}

/* ---- what it prints ------------------------------------------------------ */

static void
print_file(const struct plan *p)
{
	if (p->ehlo_file != NULL)
		printf(
		    "# first make the table; again, and postfix reload, "
		    "when an inbound rule\n# changes or ends: check tells\n"
		    "tlswarden export --format cidr >%s\n",
		    p->ehlo_file);
}

/* A comment with its reason, and the command. */
static void
print_plan(const struct plan *p)
{
	const struct check *c = p->check;

	printf("# Postfix %.*s, %s\n",
	    SV_ARG(postfix_get(&p->postfix, "mail_version")), p->directory);
	print_file(p);
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct check_finding *f = &c->findings[i];
		const char *what = is_in_way(f) ? "in the way: " : "by hand: ";

		if (is_change(f))
			printf("# %s: %s\n%s\n", f->setting, f->text, f->fix);
		else if (f->setting != NULL)
			printf("# %s%s: %s\n#   %s\n", what, f->setting,
			    f->text, f->fix != NULL ? f->fix : "");
	}
	if (count(c, is_change) == 0)
		puts("# nothing is to be added");
}

static void
print_proofs(const struct setup *s)
{
	for (size_t i = 0; i < s->proofs.n; i++)
		printf("# %s: %s\n", s->proofs.v[i].what,
		    s->proofs.v[i].answer);
}

static void
print_done(const struct setup *s)
{
	const char *dir = s->plan.directory;

	if (s->stamp.n == 0)
		return;
	printf("# kept %s/main.cf%.*s and master.cf%.*s\n", dir,
	    SV_ARG(buf_sv(&s->stamp)), SV_ARG(buf_sv(&s->stamp)));
	puts("# done; postfix reload makes it hold now");
}

static json_t *
proofs_json(const struct proofs *proofs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < proofs->n; i++) {
		json_t *o = json_object();

		out_json_set(o, "command", out_json_str(proofs->v[i].what));
		out_json_set(o, "answer", out_json_str(proofs->v[i].answer));
		out_json_add(list, o);
	}
	return list;
}

/* commands is taken. */
static void
print_json(struct setup *s, bool is_applied)
{
	json_t *o = json_object();

	out_json_set(o, "directory", out_json_str(s->plan.directory));
	out_json_set(o, "applied", json_boolean(is_applied));
	out_json_set(o, "commands", s->commands);
	s->commands = NULL;
	out_json_set(o, "kept",
	    s->stamp.n > 0 ? out_json_sv(buf_sv(&s->stamp)) : json_null());
	out_json_set(o, "proofs", proofs_json(&s->proofs));
	check_add_json(s->check, o);
	out_json(o);
}

static json_t *
commands_json(const struct check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_findings; i++)
		if (is_change(&c->findings[i]))
			out_json_add(list, out_json_str(c->findings[i].fix));
	return list;
}

/* ---- what it does -------------------------------------------------------- */

/* Says why this cannot be done before anything is touched. */
static int
refuse(const struct plan *p, struct err *err_r)
{
	static const char *const names[] = { "", "/main.cf", "/master.cf" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path =
		    check_text(p->check, "%s%s", p->directory, names[i]);
		struct stat sb;

		if (i > 0 && lstat(path, &sb) == 0 && S_ISLNK(sb.st_mode))
			return err_set(err_r, EX_CONFIG,
			    "%s is a symbolic link, which postconf would "
			    "replace by a file: make the changes that "
			    "\"tlswarden setup postfix\" prints where it "
			    "leads",
			    path);
		if (access(path, W_OK) == 0)
			continue;
		return err_set(err_r, EX_NOPERM, "%s: %s: %s", path,
		    strerror(errno),
		    geteuid() != 0
			? "run it as root"
			: "let root write there, or make the changes that "
			  "\"tlswarden setup postfix\" prints where it comes "
			  "from");
	}
	return 0;
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
	const char *ehlo_file = p->ehlo_file;
	struct check *c = p->check;

	plan_done(p);
	c->n_findings = 0;
	if (plan_init(p, c, p->instance, err_r) != 0)
		return -1;
	p->ehlo_file = ehlo_file;
	plan_all(p);
	return 0;
}

/* The table of --ehlo cidr, and one that is older than the rules; whole or not
 * at all. */
static int
write_table(struct plan *p, struct err *err_r)
{
	const char *path =
	    check_text(p->check, "%s/%s", p->directory, EHLO_FILE);
	const char *fresh = check_text(p->check, "%s.new", path);
	struct buf table;
	FILE *f = NULL;
	int rc = -1;

	if (p->ehlo_file == NULL && count(p->check, is_stale) == 0)
		return 0;
	buf_init(&table, EXPORT_CIDR_BYTES);
	export_cidr(p->snap, p->check->app->now, &table);
	(void)unlink(fresh);
	if (!table.is_full)
		f = fopen(fresh, "wxe");
	if (f != NULL && fchmod(fileno(f), 0644) == 0 &&
	    fwrite(table.p, 1, table.n, f) == table.n && fflush(f) == 0 &&
	    fsync(fileno(f)) == 0 && rename(fresh, path) == 0)
		rc = 0;
	else
		(void)err_set(err_r, EX_CANTCREAT, "%s: %s", fresh,
		    table.is_full ? "too many networks" : strerror(errno));
	if (f != NULL && fclose(f) != 0 && rc == 0)
		rc = err_set(err_r, EX_CANTCREAT, "%s: %s", fresh,
		    strerror(errno));
	buf_free(&table);
	return rc;
}

static int
change_all(struct plan *p, struct err *err_r)
{
	static const char *const flags[] = { "-M", "-P", "-e" };

	if (write_table(p, err_r) != 0)
		return -1;
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (change(p, flags[i], err_r) != 0)
				return -1;
		if (plan_again(p, err_r) != 0)
			return -1;
		if (count(p->check, is_change) == 0)
			return 0;
	}
	return err_set(err_r, EX_SOFTWARE,
	    "Postfix does not take the changes: %s is still wrong",
	    p->check->findings[0].setting != NULL
		? p->check->findings[0].setting
		: "a setting");
}

/* Back to the copies; what was wrong first is what counts. */
static void
put_back(struct setup *s, struct err *err_r)
{
	struct err err = { 0 };
	struct sv end = buf_sv(&s->stamp);

	if (setup_put_back(s->plan.directory, &s->stamp, &err) == 0)
		(void)err_prefix(err_r, "main.cf and master.cf are as before");
	else
		(void)err_set(err_r, err_r->sysexit,
		    "%s; and the copies main.cf%.*s and master.cf%.*s in %s "
		    "could not be put back, do it by hand: %s",
		    check_text(s->check, "%s", err_r->text), SV_ARG(end),
		    SV_ARG(end), s->plan.directory, err.text);
	buf_reset(&s->stamp);
}

static int
apply(struct setup *s, struct err *err_r)
{
	struct plan *p = &s->plan;

	if (refuse(p, err_r) != 0 ||
	    setup_prove(p, PROVE_BEFORE, &s->proofs, err_r) != 0 ||
	    setup_keep(p->directory, p->check->app->now, &s->stamp, err_r) !=
		0) {
		(void)err_prefix(err_r, "nothing was changed");
		return -1;
	}
	if (change_all(p, err_r) != 0 ||
	    setup_prove(p, PROVE_AFTER, &s->proofs, err_r) != 0 ||
	    setup_note(p->directory, &s->stamp, err_r) != 0) {
		put_back(s, err_r);
		return -1;
	}
	return 0;
}

/* The table is ours alone; it goes when main.cf does not name it. */
static void
remove_table(struct check *c, const char *dir)
{
	const char *path = check_text(c, "%s/%s", dir, EHLO_FILE);
	struct buf main;

	buf_init(&main, CF_BYTES);
	if (file_read(check_text(c, "%s/main.cf", dir), &main, NULL) == 0 &&
	    strstr(buf_str(&main), EHLO_FILE) == NULL)
		(void)unlink(path);
	buf_free(&main);
}

static void
print_undone(const struct app *app, const char *dir, const struct buf *stamp,
    bool has_master)
{
	struct sv end = buf_sv(stamp);
	json_t *o;

	if (!app->json) {
		if (has_master)
			printf("# put back master.cf%.*s in %s\n", SV_ARG(end),
			    dir);
		else
			puts("# master.cf was put back before");
		printf(
		    "# put back main.cf%.*s in %s\n"
		    "# what was there is in main.cf.tlswarden-undone and "
		    "master.cf.tlswarden-undone\n"
		    "# postfix reload makes it hold now\n",
		    SV_ARG(end), dir);
		return;
	}
	o = json_object();
	out_json_set(o, "directory", out_json_str(dir));
	out_json_set(o, "undone", out_json_sv(end));
	out_json(o);
}

static int
undo(struct check *c)
{
	struct buf stamp;
	struct err err;
	const char *dir = postfix_directory(&c->mem, &err);
	int code = CTL_GOOD;
	bool has_master = false;

	buf_init(&stamp, STAMP_BYTES);
	if (dir == NULL || setup_undo(dir, &stamp, &has_master, &err) != 0) {
		code = app_fail(&err);
	} else {
		remove_table(c, dir);
		print_undone(c->app, dir, &stamp, has_master);
	}
	buf_free(&stamp);
	return code;
}

/* The plan, and with is_applied what came of it. Returns the exit code. */
static int
run(struct setup *s, bool is_applied)
{
	struct check *c = s->check;
	struct err err;
	bool is_blocked = count(c, is_in_way) > 0;

	if (!c->app->json)
		print_plan(&s->plan);
	if (is_applied && is_blocked)
		fputs(
		    "tlswarden: nothing was changed: mend first what is in "
		    "the way\n",
		    stderr);
	s->commands = commands_json(c);
	if (is_applied && !is_blocked && count(c, is_change) > 0 &&
	    apply(s, &err) != 0)
		return app_fail(&err);
	if (c->app->json) {
		print_json(s, s->stamp.n > 0);
	} else if (s->stamp.n > 0) {
		print_proofs(s);
		print_done(s);
	}
	return is_blocked ? CTL_FINDING : CTL_GOOD;
}

/* True for --ehlo cidr; -1: it is neither. */
static int
wants_table(const struct args *args)
{
	const char *word = args_get(args, "ehlo");

	if (word == NULL || strcmp(word, "map") == 0)
		return 0;
	return strcmp(word, "cidr") == 0 ? 1 : -1;
}

int
setup_postfix(struct check *c, const struct args *args)
{
	struct setup s = { .check = c };
	int has_table = wants_table(args);
	struct err err;
	int code;

	if (has_table < 0)
		return usage_error(args->command,
		    "--ehlo: \"%s\" is neither map nor cidr",
		    args_get(args, "ehlo"));
	if (args_has(args, "undo"))
		return undo(c);
	if (app_conf(c->app, &err) == NULL ||
	    load_table(c->app, &c->table, NULL, NULL, &err) != 0 ||
	    plan_init(&s.plan, c, NULL, &err) != 0) {
		plan_done(&s.plan);
		return app_fail(&err);
	}
	buf_init(&s.stamp, STAMP_BYTES);
	if (has_table && plan_has(&s.plan, plan_is_in_none))
		s.plan.ehlo_file =
		    check_text(c, "%s/%s", s.plan.directory, EHLO_FILE);
	plan_all(&s.plan);
	code = run(&s, args_has(args, "apply"));
	json_decref(s.commands);
	buf_free(&s.stamp);
	plan_done(&s.plan);
	return code;
}
