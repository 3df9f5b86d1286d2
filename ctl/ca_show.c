/* tlswarden: ctl/ca_show - lists, shows and exports the CAs of the table.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "base/mem.h"
#include "ctl/ca.h"
#include "ctl/ca_set.h"
#include "ctl/out.h"
#include "store/policy_db.h"
#include "store/policy_image.h"
#include "base/banned.h"

enum { DATE_BYTES = 10 };

/* The CAs that rules name, one entry per rule. */
struct use {
	struct sv ca;
	int64_t rule;
};

struct reading {
	const struct app *app;
	const char *wanted; /* show, export; NULL: all */
	bool is_found;
	bool is_export;
	struct arena mem;
	struct use *uses;
	size_t n_uses;
	size_t max_uses;
	struct table table;
	struct json_list json;
	size_t n;
};

int
ca_unknown(const char *name, struct err *err_r)
{
	return err_set(err_r, EX_DATAERR,
	    "there is no CA \"%s\"; \"tlswarden ca list\" shows all", name);
}

static void
take_rule(void *arg, const struct rule_row *row, const char *fault)
{
	struct reading *r = arg;

	if (fault != NULL || row->ca.p == NULL)
		return;
	if (r->n_uses == r->max_uses) {
		r->max_uses = r->max_uses * 2 + 64;
		r->uses = mem_realloc(r->uses, r->max_uses, sizeof(*r->uses));
	}
	r->uses[r->n_uses++] =
	    (struct use){ arena_sv(&r->mem, row->ca), row->id };
}

static json_t *
rules_json(const struct reading *r, struct sv ca)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_uses; i++)
		if (sv_eq(r->uses[i].ca, ca))
			out_json_add(list, json_integer(r->uses[i].rule));
	return list;
}

static json_t *
ca_json(const struct reading *r, const struct ca_row *row,
    const struct ca_set *set, const char *fault)
{
	json_t *o = json_object();

	out_json_set(o, "name", out_json_sv(row->name));
	if (fault != NULL) {
		out_json_set(o, "fault", out_json_str(fault));
		return o;
	}
	out_json_set(o, "comment", out_json_sv(row->comment));
	out_json_set(o, "added_at", out_json_sv(row->added_at));
	out_json_set(o, "certificates", ca_set_json(set));
	out_json_set(o, "reaches_root",
	    json_boolean(ca_set_rootless(set) == NULL));
	out_json_set(o, "rules", rules_json(r, row->name));
	return o;
}

static void
add_line(struct reading *r, const struct ca_row *row, const struct ca_set *set,
    const char *fault)
{
	char when[INFO_TIME_SIZE];
	int64_t n = 0;

	table_sv(&r->table, row->name);
	if (fault != NULL) {
		table_str(&r->table, "?");
		table_str(&r->table, "?");
		table_str(&r->table, "?");
		table_str(&r->table, fault);
		return;
	}
	for (size_t i = 0; i < r->n_uses; i++)
		n += sv_eq(r->uses[i].ca, row->name) ? 1 : 0;
	table_number(&r->table, (int64_t)set->n);
	table_sv(&r->table,
	    sv_head(sv_from(cert_info_time(ca_set_expiry(set), when)),
		DATE_BYTES));
	table_number(&r->table, n);
	table_sv(&r->table, row->comment);
}

static void
print_line(const char *name, struct sv value)
{
	struct buf b;

	if (value.n == 0)
		return;
	buf_init(&b, OUT_CELL_MAX * 4);
	out_safe(&b, sv_head(value, OUT_CELL_MAX));
	printf("%s %s\n", name, buf_str(&b));
	buf_free(&b);
}

static void
print_whole(const struct reading *r, const struct ca_row *row,
    const struct ca_set *set)
{
	const char *rootless = ca_set_rootless(set);

	print_line("ca", row->name);
	print_line("comment", row->comment);
	print_line("added", row->added_at);
	ca_set_print(r->app, set);
	if (rootless != NULL)
		printf("note: %s does not lead to a root in this set\n",
		    rootless);
	for (size_t i = 0; i < r->n_uses; i++)
		if (sv_eq(r->uses[i].ca, row->name))
			printf("named by rule %" PRId64 "\n", r->uses[i].rule);
}

static void
print_pem(const struct ca_set *set)
{
	struct buf pem;

	buf_init(&pem, OUT_TEXT_MAX);
	ca_set_pem(set, &pem);
	out_sv(buf_sv(&pem));
	buf_free(&pem);
}

static void
tell(struct reading *r, const struct ca_row *row, const struct ca_set *set,
    const char *fault)
{
	if (r->is_export && fault == NULL && !r->app->json)
		print_pem(set);
	else if (r->app->json && r->wanted != NULL)
		out_json(ca_json(r, row, set, fault));
	else if (r->app->json)
		json_list_item(&r->json, ca_json(r, row, set, fault));
	else if (r->wanted == NULL)
		add_line(r, row, set, fault);
	else if (fault == NULL)
		print_whole(r, row, set);
	else
		printf("ca \"%s\": %s\n", r->wanted, fault);
}

static void
take_ca(void *arg, const struct ca_row *row, const char *fault)
{
	struct reading *r = arg;
	struct err err = { 0 };
	struct ca_set set;

	if (r->wanted != NULL && !sv_is(row->name, r->wanted))
		return;
	r->is_found = true;
	r->n++;
	ca_set_init(&set);
	if (fault == NULL &&
	    ca_set_add_pem(&set, row->pem, "column pem", &err) != 0)
		fault = err.text;
	tell(r, row, &set, fault);
	ca_set_done(&set);
}

static int
read_all(struct reading *r, const char *path, struct err *err_r)
{
	struct policy_db *db = policy_db_new(path);
	struct policy_image *image = NULL;
	int rc = policy_db_copy(db, &image, NULL, err_r);

	if (rc == 0)
		rc = policy_image_each_rule(image, take_rule, r, err_r);
	if (rc == 0)
		rc = policy_image_each_ca(image, take_ca, r, err_r);
	policy_image_free(image);
	policy_db_free(db);
	return rc;
}

static int
read_table(struct app *app, struct reading *r, struct err *err_r)
{
	const struct conf *conf = app_conf(app, err_r);
	int rc;

	if (conf == NULL)
		return -1;
	r->app = app;
	arena_init(&r->mem);
	rc = read_all(r, conf->policy_database, err_r);
	free(r->uses);
	arena_free(&r->mem);
	return rc;
}

static int
list_run(struct app *app, const struct args *args)
{
	static const char *const heads[] = { "NAME", "CERTIFICATES", "EXPIRES",
		"RULES", "COMMENT" };
	struct reading r = { .wanted = NULL };
	struct err err = { 0 };
	int rc;

	(void)args;
	table_init(&r.table, heads, sizeof(heads) / sizeof(heads[0]));
	if (app->json)
		json_list_begin(&r.json);
	rc = read_table(app, &r, &err);
	if (app->json)
		json_list_end(&r.json);
	if (!app->json && r.n > 0)
		table_done(&r.table, app);
	else
		table_free(&r.table);
	if (!app->json && r.n == 0 && rc == 0)
		puts("no CA; \"tlswarden ca import\" adds one");
	return rc == 0 ? CTL_GOOD : app_fail(&err);
}

static int
one_run(struct app *app, const struct args *args, bool is_export)
{
	struct reading r = { .wanted = args->operands[0],
		.is_export = is_export };
	struct err err = { 0 };

	if (read_table(app, &r, &err) != 0)
		return app_fail(&err);
	if (r.is_found)
		return CTL_GOOD;
	(void)ca_unknown(r.wanted, &err);
	return app_fail(&err);
}

static int
show_run(struct app *app, const struct args *args)
{
	return one_run(app, args, false);
}

static int
export_run(struct app *app, const struct args *args)
{
	return one_run(app, args, true);
}

const struct command verb_ca_list = {
	.name = "list",
	.title = "ca list",
	.summary = "list CAs",
	.synopsis = "",
	.help =
	    "Lists the CAs with their first expiry and how many rules\n"
	    "name them.",
	.run = list_run,
};

const struct command verb_ca_show = {
	.name = "show",
	.title = "ca show",
	.summary = "show the certificates of a CA",
	.synopsis = "NAME",
	.help =
	    "Shows subject, issuer, expiry and fingerprint of each\n"
	    "certificate and the rules that name the CA.",
	.min_operands = 1,
	.max_operands = 1,
	.run = show_run,
};

const struct command verb_ca_export = {
	.name = "export",
	.title = "ca export",
	.summary = "print the certificates of a CA as PEM",
	.synopsis = "NAME",
	.help = "Prints the certificates as PEM.",
	.examples = "  tlswarden ca export bank >bank.pem",
	.min_operands = 1,
	.max_operands = 1,
	.run = export_run,
};
