/* tlswarden: ctl/ca - the CAs that rules may name.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/limits.h"
#include "base/mem.h"
#include "ctl/ca.h"
#include "ctl/ca_probe.h"
#include "ctl/ca_set.h"
#include "ctl/edit.h"
#include "ctl/out.h"
#include "store/policy_rows.h"
#include "base/banned.h"

/* The rules that name a CA. */
struct users {
	struct sv ca;
	int64_t *ids;
	size_t n;
	size_t max;
};

static void
take_user(void *arg, const struct rule_row *row, const char *fault)
{
	struct users *u = arg;

	if (fault != NULL || !sv_eq(row->ca, u->ca))
		return;
	if (u->n == u->max) {
		u->max = u->max * 2 + 16;
		u->ids = mem_realloc(u->ids, u->max, sizeof(*u->ids));
	}
	u->ids[u->n++] = row->id;
}

static void
print_users(const struct users *u)
{
	if (u->n == 0) {
		puts("no rule names it");
		return;
	}
	fputs(u->n == 1 ? "named by rule" : "named by rules", stdout);
	for (size_t i = 0; i < u->n; i++)
		printf("%s %" PRId64, i == 0 ? "" : ",", u->ids[i]);
	puts("");
}

static json_t *
users_json(const struct users *u)
{
	json_t *list = json_array();

	for (size_t i = 0; i < u->n; i++)
		out_json_add(list, json_integer(u->ids[i]));
	return list;
}

static void
print_rootless(const char *subject)
{
	if (subject != NULL)
		printf(
		    "note: %s does not lead to a root in this set; Postfix "
		    "takes it as it is, other programs may want its issuer, "
		    "too\n",
		    subject);
}

static void
print_imported(const struct app *app, const struct args *args,
    const struct ca_set *set, const struct users *u)
{
	const char *name = args->operands[0];
	const char *rootless = ca_set_rootless(set);
	json_t *o;

	if (!app->json) {
		ca_set_print(app, set);
		print_rootless(rootless);
		printf("imported as \"%s\"; ", name);
		print_users(u);
		if (args_has(args, "from-probe"))
			puts(
			    "note: anybody in the path could have presented "
			    "it; compare the fingerprint over another "
			    "channel before a rule relies on it");
		return;
	}
	o = json_object();
	out_json_set(o, "name", out_json_str(name));
	out_json_set(o, "certificates", ca_set_json(set));
	out_json_set(o, "reaches_root", json_boolean(rootless == NULL));
	out_json_set(o, "rules", users_json(u));
	out_json(o);
}

struct wanted {
	struct sv name;
	bool is_there;
};

static void
look_for(void *arg, const struct ca_row *row, const char *fault)
{
	struct wanted *w = arg;

	(void)fault; /* a broken one is there, too */
	if (sv_eq(row->name, w->name))
		w->is_there = true;
}

/* 1: done; 0 never. */
static int
put(struct policy_edit *e, const struct args *args, struct sv name,
    struct sv pem, struct err *err_r)
{
	const char *comment = args_get(args, "comment");
	bool is_replace = args_has(args, "replace");
	struct wanted w = { name, false };

	if (policy_rows_cas(&e->st, look_for, &w, err_r) != 0)
		return -1;
	if (w.is_there && !is_replace)
		return err_set(err_r, EX_DATAERR,
		    "there is a CA \"%.*s\" already; --replace gives it these "
		    "certificates instead of its own",
		    SV_ARG(name));
	return policy_edit_ca_put(e, name, pem,
	    comment != NULL ? sv_from(comment) : sv_make(NULL, 0), is_replace,
	    err_r);
}

/* Puts the set into the table; fills u with the rules that name it. */
static int
store_set(struct app *app, const struct args *args, const struct ca_set *set,
    struct users *u, struct err *err_r)
{
	struct policy_edit e;
	struct buf pem;
	int rc;

	if (edit_begin(app, &e, err_r) != 0)
		return -1;
	buf_init(&pem, LIMIT_CA_PEM);
	ca_set_pem(set, &pem);
	if (pem.is_full)
		rc = err_set(err_r, EX_DATAERR,
		    "more than %d bytes of certificates: one CA at a time",
		    LIMIT_CA_PEM);
	else
		rc = put(&e, args, u->ca, buf_sv(&pem), err_r);
	buf_free(&pem);
	if (rc == 1 && policy_rows_rules(&e.st, take_user, u, err_r) == 0)
		return edit_commit(&e, err_r);
	policy_edit_close(&e);
	return -1;
}

static int
import_set(struct app *app, const struct args *args, struct ca_set *set,
    struct users *u, struct err *err_r)
{
	const char *target = args_get(args, "from-probe");

	if (target == NULL && args->n_operands < 2)
		return err_set(err_r, EX_USAGE,
		    "a FILE or --from-probe HOST is needed");
	if (target != NULL && ca_probe(app, target, set, err_r) != 0)
		return -1;
	for (size_t i = 1; i < args->n_operands; i++)
		if (ca_set_add_file(set, args->operands[i], err_r) != 0)
			return -1;
	if (!args_has(args, "force") && ca_set_check(set, app->now, err_r) != 0)
		return -1;
	return store_set(app, args, set, u, err_r);
}

static int
import_run(struct app *app, const struct args *args)
{
	struct users u = { .ca = sv_from(args->operands[0]) };
	struct err err = { 0 };
	struct ca_set set;
	int code = CTL_GOOD;

	ca_set_init(&set);
	if (import_set(app, args, &set, &u, &err) == 0)
		print_imported(app, args, &set, &u);
	else
		code = args_fail(args, &err);
	ca_set_done(&set);
	free(u.ids);
	return code;
}

static int
remove_ca(struct app *app, const char *name, struct err *err_r)
{
	struct policy_edit e;
	int rc;

	if (edit_begin(app, &e, err_r) != 0)
		return -1;
	rc = policy_edit_ca_remove(&e, sv_from(name), err_r);
	if (rc == 0)
		rc = ca_unknown(name, err_r);
	if (rc == 1)
		return edit_commit(&e, err_r);
	policy_edit_close(&e);
	return -1;
}

static int
remove_run(struct app *app, const struct args *args)
{
	const char *name = args->operands[0];
	struct err err = { 0 };
	json_t *o;

	if (remove_ca(app, name, &err) != 0)
		return app_fail(&err);
	if (!app->json) {
		printf("ca \"%s\" removed\n", name);
		return CTL_GOOD;
	}
	o = json_object();
	out_json_set(o, "removed", out_json_str(name));
	out_json(o);
	return CTL_GOOD;
}

static const struct option_spec import_options[] = {
	{ "from-probe", "HOST",
	    "the top of the chain that this server\n"
	    "presents: a domain, [host] or host:port",
	    0 },
	{ "replace", NULL, "give a CA that is there new certificates", 0 },
	{ "force", NULL, "also what is no CA or has expired", 0 },
	{ "comment", "TEXT", "where it came from", 0 },
	{ .name = NULL },
};

static const struct command verb_ca_import = {
	.name = "import",
	.title = "ca import",
	.summary = "take certificates of a CA into the table",
	.synopsis = "NAME [FILE]... [OPTION]...",
	.help =
	    "Takes the certificates of the files, PEM, DER or PKCS#7 and\n"
	    "with any text around, as CA NAME, shows them, and says which\n"
	    "rules name it. Refuses certificates that are no CA's or have\n"
	    "expired. All certificates of one CA belong into one NAME.",
	.examples =
	    "  tlswarden ca import bank bank-root.pem bank-issuing.der\n"
	    "  tlswarden ca import bank new-root.pem --replace\n"
	    "  tlswarden ca import bank --from-probe bank.example",
	.options = import_options,
	.min_operands = 1,
	.max_operands = 100,
	.run = import_run,
};

static const struct command verb_ca_remove = {
	.name = "remove",
	.title = "ca remove",
	.summary = "remove a CA that no rule names",
	.synopsis = "NAME",
	.help = "Removes a CA. While a rule names it, that is refused.",
	.min_operands = 1,
	.max_operands = 1,
	.run = remove_run,
};

static const struct command *const subs[] = {
	&verb_ca_import,
	&verb_ca_list,
	&verb_ca_show,
	&verb_ca_export,
	&verb_ca_remove,
	NULL,
};

const struct command verb_ca = {
	.name = "ca",
	.summary = "import, list, show, export and remove CAs",
	.synopsis = "",
	.help = "Manages the CAs that rules of level secure may name.",
	.subs = subs,
};
