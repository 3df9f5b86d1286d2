/* tlswarden: ctl/import - rows from files, into the table as one change.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/edit.h"
#include "ctl/import.h"
#include "ctl/out.h"
#include "policy/row.h"
#include "store/policy_rows.h"
#include "base/banned.h"

struct sv
import_text(struct import *im, const char *fmt, ...)
{
	struct buf b;
	struct sv v;
	va_list ap;

	buf_init(&b, OUT_TEXT_MAX);
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	v = arena_sv(&im->mem, buf_sv(&b));
	buf_free(&b);
	return v;
}

/* Keeps and prints "where: what", for the first of them. */
static void
note(struct import *im, json_t *list, const char *word, const char *where,
    struct buf *what)
{
	struct buf line;

	if (json_array_size(list) >= IMPORT_TOLD)
		return;
	buf_init(&line, OUT_TEXT_MAX);
	buf_addf(&line, "%s: ", where);
	out_safe(&line, buf_sv(what));
	out_json_add(list, out_json_sv(buf_sv(&line)));
	if (!im->app->json)
		printf("%s %s\n", word, buf_str(&line));
	buf_free(&line);
}

void
import_refuse(struct import *im, const char *where, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	buf_init(&b, OUT_TEXT_MAX);
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	im->n_refused++;
	note(im, im->refused, "refused ", where, &b);
	buf_free(&b);
}

void
import_lose(struct import *im, const char *where, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	buf_init(&b, OUT_TEXT_MAX);
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	im->n_lossy++;
	note(im, im->lossy, "differs ", where, &b);
	buf_free(&b);
}

void
import_set(struct import_rule *rule, const char *column, struct sv value)
{
	assert(rule->n < IMPORT_COLUMNS);
	rule->v[rule->n++] = (struct policy_value){ column, value };
}

void
import_add(struct import *im, const struct import_rule *rule, const char *where)
{
	struct err err;
	json_t *o;
	int64_t id;

	if (policy_edit_add(&im->edit, rule->v, rule->n, &id, &err) != 1) {
		import_refuse(im, where, "%s", err.text);
		return;
	}
	if (im->n_rules++ == 0)
		im->first_id = id;
	if (!im->app->json)
		return;
	o = json_object();
	out_json_set(o, "was",
	    rule->was != 0 ? json_integer(rule->was) : json_null());
	out_json_set(o, "id", json_integer(id));
	out_json_add(im->numbers, o);
}

struct wanted {
	struct sv name;
	struct sv pem;
	bool is_there;
	bool is_same;
};

static void
look_for(void *arg, const struct ca_row *row, const char *fault)
{
	struct wanted *w = arg;

	if (!sv_eq(row->name, w->name))
		return;
	w->is_there = true;
	w->is_same = fault == NULL && sv_eq(row->pem, w->pem);
}

void
import_ca(struct import *im, struct sv name, struct sv pem, struct sv comment,
    const char *where)
{
	struct wanted w = { name, pem, false, false };
	struct err err;

	if (policy_rows_cas(&im->edit.st, look_for, &w, &err) != 0)
		import_refuse(im, where, "%s", err.text);
	else if (w.is_same)
		return;
	else if (w.is_there && !im->is_replace)
		import_refuse(im, where,
		    "there is a CA \"%.*s\" with other certificates; --replace "
		    "gives it these",
		    SV_ARG(name));
	else if (policy_edit_ca_put(&im->edit, name, pem, comment,
		     im->is_replace, &err) != 1)
		import_refuse(im, where, "%s", err.text);
	else
		im->n_cas++;
}

/* What triggers do not see: judged as the loader will. Rows that were there
 * before are not this import's business. */
static void
check_row(void *arg, const struct rule_row *row, const char *fault)
{
	struct import *im = arg;
	struct row_parts parts;
	struct err err;
	char where[32];

	if (im->n_rules == 0 || row->id < im->first_id)
		return;
	(void)snprintf(where, sizeof(where), "rule %" PRId64, row->id);
	if (fault != NULL) {
		import_refuse(im, where, "%s", fault);
		return;
	}
	row_init(&parts);
	if (row_parse(row, &parts, &err) != 0)
		import_refuse(im, where, "%s", err.text);
	row_free(&parts);
}

static void
print_result(const struct import *im, bool is_kept, bool is_dry)
{
	json_t *o;

	if (!im->app->json) {
		printf(
		    "%s: %zu rules, %zu CAs; refused: %zu, not the same as "
		    "in the file: %zu\n",
		    is_kept      ? "imported"
			: is_dry ? "would be imported"
				 : "nothing was imported",
		    im->n_rules, im->n_cas, im->n_refused, im->n_lossy);
		return;
	}
	o = json_object();
	out_json_set(o, "imported", json_boolean(is_kept));
	out_json_set(o, "dry_run", json_boolean(is_dry));
	out_json_set(o, "n_rules", json_integer((json_int_t)im->n_rules));
	out_json_set(o, "n_cas", json_integer((json_int_t)im->n_cas));
	out_json_set(o, "n_refused", json_integer((json_int_t)im->n_refused));
	out_json_set(o, "n_lossy", json_integer((json_int_t)im->n_lossy));
	out_json_set(o, "rules", json_incref(im->numbers));
	out_json_set(o, "refused", json_incref(im->refused));
	out_json_set(o, "lossy", json_incref(im->lossy));
	out_json(o);
}

/* Reads the file and judges; the transaction is open then. */
static int
fill(struct import *im, const struct args *args, struct err *err_r)
{
	const char *format = args_get(args, "format");
	const char *path = args->operands[0];
	int rc;

	if (format == NULL || strcmp(format, "json") == 0)
		rc = import_json(im, path, err_r);
	else if (strcmp(format, "postfix") == 0)
		rc = import_postfix(im, path, err_r);
	else
		return err_set(err_r, EX_USAGE,
		    "--format: \"%s\" is neither json nor postfix", format);
	if (rc == 0 && im->n_refused == 0)
		rc = policy_rows_rules(&im->edit.st, check_row, im, err_r);
	return rc;
}

static int
work(struct import *im, struct app *app, const struct args *args,
    struct err *err_r)
{
	bool is_dry = args_has(args, "dry-run"), is_kept;
	int rc;

	if (edit_begin(app, &im->edit, err_r) != 0)
		return -1;
	rc = fill(im, args, err_r);
	is_kept = rc == 0 && im->n_refused == 0 && !is_dry;
	if (is_kept)
		rc = edit_commit(&im->edit, err_r);
	else
		policy_edit_close(&im->edit);
	if (rc != 0)
		return -1;
	print_result(im, is_kept, is_dry);
	if (im->n_refused > 0)
		return EX_DATAERR;
	return im->n_lossy > 0 ? CTL_FINDING : CTL_GOOD;
}

static int
import_run(struct app *app, const struct args *args)
{
	struct import im = { .app = app };
	struct err err = { 0 };
	int code;

	arena_init(&im.mem);
	im.refused = json_array();
	im.lossy = json_array();
	im.numbers = json_array();
	im.is_replace = args_has(args, "replace");
	code = work(&im, app, args, &err);
	json_decref(im.refused);
	json_decref(im.lossy);
	json_decref(im.numbers);
	arena_free(&im.mem);
	return code >= 0 ? code : args_fail(args, &err);
}

static const struct option_spec options[] = {
	{ "format", "json|postfix",
	    "json (default): what \"export\" printed;\n"
	    "postfix: a tls_policy file",
	    0 },
	{ "dry-run", NULL, "say what would be done and change nothing", 0 },
	{ "replace", NULL, "CAs that are there get the file's certificates",
	    0 },
	{ .name = NULL },
};

const struct command verb_import = {
	.name = "import",
	.summary = "take rules from JSON or from a tls_policy file of Postfix",
	.synopsis = "FILE [OPTION]...",
	.help =
	    "Adds the rules and CAs of a file (\"-\": standard input) as one\n"
	    "change: when a row is refused, all that are refused are named\n"
	    "and nothing is kept. Rules get new numbers. What a tls_policy\n"
	    "file says and a rule cannot is named, and it exits with 1.",
	.examples =
	    "  tlswarden import policy.json\n"
	    "  tlswarden import --format postfix --dry-run \\\n"
	    "      /etc/postfix/tls_policy",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = import_run,
};
