/* tlswarden: ctl/audit - who changed what in the table, and when.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "ctl/audit.h"
#include "ctl/edit.h"
#include "ctl/out.h"
#include "base/banned.h"

enum { AUDIT_BUSY_MSECS = 5000, AUDIT_LINES = 100, VALUE_SHOWN = 120 };

json_t *
audit_parse(struct sv text)
{
	json_t *value;

	if (text.p == NULL)
		return NULL;
	value = json_loadb(text.p, text.n, 0, NULL);
	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

static void
add_value(struct buf *out, const char *column, const json_t *value)
{
	struct sv v;

	if (strcmp(column, "pem") == 0) {
		buf_adds(out, "(certificates)");
		return;
	}
	if (value == NULL || json_is_null(value)) {
		buf_adds(out, "(none)");
		return;
	}
	if (json_is_integer(value)) {
		buf_addf(out, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
		return;
	}
	v = sv_make(json_string_value(value), json_string_length(value));
	buf_addc(out, '"');
	out_safe(out, sv_head(v, VALUE_SHOWN));
	buf_adds(out, v.n > VALUE_SHOWN ? "...\"" : "\"");
}

/* "level "encrypt" -> "secure", priority 100 -> 50" */
static void
add_changes(struct buf *out, json_t *before, json_t *after)
{
	const char *key, *comma = "";
	json_t *value;

	json_object_foreach(after, key, value)
	{
		json_t *old = json_object_get(before, key);

		if (json_equal(old, value))
			continue;
		buf_addf(out, "%s%s ", comma, key);
		add_value(out, key, old);
		buf_adds(out, " -> ");
		add_value(out, key, value);
		comma = ", ";
	}
}

/* What a row said: the columns that say something. */
static void
add_whole(struct buf *out, json_t *row)
{
	const char *key, *comma = "";
	json_t *value;

	json_object_foreach(row, key, value)
	{
		if (json_is_null(value) || strcmp(key, "id") == 0 ||
		    strcmp(key, "name") == 0 ||
		    (json_is_string(value) && json_string_length(value) == 0))
			continue;
		buf_addf(out, "%s%s ", comma, key);
		add_value(out, key, value);
		comma = ", ";
	}
}

static void
add_what(struct buf *out, const struct audit_row *row)
{
	json_t *before = audit_parse(row->before);
	json_t *after = audit_parse(row->after);

	if (before != NULL && after != NULL)
		add_changes(out, before, after);
	else
		add_whole(out, after != NULL ? after : before);
	json_decref(before);
	json_decref(after);
}

static const char *
op_word(struct sv op)
{
	if (sv_is(op, "insert"))
		return "added";
	return sv_is(op, "delete") ? "removed" : "changed";
}

void
audit_print(const struct app *app, const struct audit_row *row)
{
	struct buf b;

	buf_init(&b, OUT_TEXT_MAX);
	out_safe(&b, row->at);
	buf_adds(&b, "  ");
	if (row->actor.p == NULL)
		buf_adds(&b, "(sqlite3 shell)");
	else
		out_safe(&b, row->actor);
	buf_addf(&b, "  %s ", sv_is(row->table, "ca") ? "ca" : "rule");
	out_safe(&b, row->key);
	out_sv(buf_sv(&b));
	buf_reset(&b);
	out_styled(app, OUT_BOLD, " %s", op_word(row->op));
	buf_adds(&b, ": ");
	add_what(&b, row);
	buf_addc(&b, '\n');
	out_sv(buf_sv(&b));
	buf_free(&b);
}

static json_t *
parsed(struct sv text)
{
	json_t *value = audit_parse(text);

	return value != NULL ? value : out_json_sv(text);
}

json_t *
audit_json(const struct audit_row *row)
{
	json_t *o = json_object();

	out_json_set(o, "id", json_integer(row->id));
	out_json_set(o, "at", out_json_sv(row->at));
	out_json_set(o, "actor", out_json_sv(row->actor));
	out_json_set(o, "table", out_json_sv(row->table));
	out_json_set(o, "op", out_json_sv(row->op));
	out_json_set(o, "key", out_json_sv(row->key));
	out_json_set(o, "before", parsed(row->before));
	out_json_set(o, "after", parsed(row->after));
	return o;
}

struct listing {
	const struct app *app;
	struct json_list json;
	size_t n;
};

static void
take_row(void *arg, const struct audit_row *row)
{
	struct listing *l = arg;

	l->n++;
	if (l->app->json)
		json_list_item(&l->json, audit_json(row));
	else
		audit_print(l->app, row);
}

static int
take_filter(const struct args *args, struct audit_filter *f, struct err *err_r)
{
	const char *rule = args_get(args, "rule"), *ca = args_get(args, "ca");
	const char *limit = args_get(args, "limit");
	int64_t id;

	if (rule != NULL && ca != NULL)
		return err_set(err_r, EX_USAGE,
		    "--rule and --ca exclude each other");
	if (rule != NULL && edit_parse_id(rule, &id, err_r) != 0)
		return -1;
	if (limit != NULL && !sv_to_u64(sv_from(limit), INT32_MAX, &f->limit))
		return err_set(err_r, EX_USAGE, "--limit: \"%s\" is no number",
		    limit);
	if (rule != NULL || ca != NULL) {
		f->table = sv_from(rule != NULL ? "policy" : "ca");
		f->key = sv_from(rule != NULL ? rule : ca);
	}
	if (args_has(args, "since"))
		f->since = sv_from(args_get(args, "since"));
	return 0;
}

static int
list(struct app *app, const struct audit_filter *f, struct err *err_r)
{
	struct listing l = { .app = app };
	struct store st = { .sq = NULL };
	const struct conf *conf = app_conf(app, err_r);
	int rc;

	if (conf == NULL ||
	    store_open(&st, conf->policy_database, STORE_READ, AUDIT_BUSY_MSECS,
		err_r) != 0)
		return -1;
	if (app->json)
		json_list_begin(&l.json);
	rc = policy_audit_each(&st, f, take_row, &l, err_r);
	if (app->json)
		json_list_end(&l.json);
	else if (rc == 0 && l.n == 0)
		puts("no such change");
	store_close(&st);
	return rc;
}

static int
audit_run(struct app *app, const struct args *args)
{
	struct audit_filter f = { .limit = AUDIT_LINES };
	struct err err = { 0 };

	if (take_filter(args, &f, &err) != 0 || list(app, &f, &err) != 0)
		return args_fail(args, &err);
	return CTL_GOOD;
}

static const struct option_spec options[] = {
	{ "rule", "ID", "changes of this rule only", 0 },
	{ "ca", "NAME", "changes of this CA only", 0 },
	{ "since", "TIME",
	    "from this time on, 2026-01-31T12:00:00Z or a\n"
	    "start of it",
	    0 },
	{ "limit", "N", "the newest N; default 100, 0 is all", 0 },
	{ .name = NULL },
};

const struct command verb_audit = {
	.name = "audit",
	.summary = "list who changed what in the table, newest first",
	.synopsis = "[--rule ID | --ca NAME] [--since TIME] [--limit N]",
	.help =
	    "Lists the changes of rules and CAs, newest first. Every\n"
	    "change is kept, also those made at the sqlite3 shell, which\n"
	    "does not tell who it was.",
	.examples =
	    "  tlswarden audit --rule 12\n"
	    "  tlswarden audit --since 2026-11 --limit 0 --json",
	.options = options,
	.run = audit_run,
};
