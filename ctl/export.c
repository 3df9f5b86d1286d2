/* tlswarden: ctl/export - prints the table for another program.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "base/mem.h"
#include "ctl/export_cidr.h"
#include "ctl/load.h"
#include "ctl/out.h"
#include "ctl/rule_words.h"
#include "ctl/shadow.h"
#include "policy/snapshot.h"
#include "store/policy_db.h"
#include "store/policy_image.h"
#include "base/banned.h"

struct exporting {
	struct json_list list;
	char fault[ERR_TEXT_MAX];
};

static void
    PRINTF_LIKE(2, 3) note_fault(struct exporting *x, const char *fmt, ...)
{
	va_list ap;

	if (x->fault[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(x->fault, sizeof(x->fault), fmt, ap);
	va_end(ap);
}

static void
take_ca(void *arg, const struct ca_row *row, const char *fault)
{
	struct exporting *x = arg;
	json_t *o;

	if (fault != NULL) {
		note_fault(x, "ca %.*s: %s", SV_ARG(row->name), fault);
		return;
	}
	o = json_object();
	out_json_set(o, "name", out_json_sv(row->name));
	out_json_set(o, "pem", out_json_sv(row->pem));
	out_json_set(o, "comment", out_json_sv(row->comment));
	json_list_item(&x->list, o);
}

static void
take_rule(void *arg, const struct rule_row *row, const char *fault)
{
	struct exporting *x = arg;

	if (fault != NULL)
		note_fault(x, "rule %" PRId64 ": %s", row->id, fault);
	else
		json_list_item(&x->list, row_json(row));
}

static int
print_json(struct policy_image *image, struct err *err_r)
{
	struct exporting x = { .fault = "" };

	fputs("{\"format\": \"tlswarden\", \"version\": 1, \"ca\": ", stdout);
	json_list_begin(&x.list);
	if (policy_image_each_ca(image, take_ca, &x, err_r) != 0)
		return -1;
	json_list_end(&x.list);
	fputs(", \"policy\": ", stdout);
	json_list_begin(&x.list);
	if (policy_image_each_rule(image, take_rule, &x, err_r) != 0)
		return -1;
	json_list_end(&x.list);
	puts("}");
	if (x.fault[0] == '\0')
		return 0;
	return err_set(err_r, EX_DATAERR, "not all is exported: %s", x.fault);
}

static int
export_json(struct app *app, struct err *err_r)
{
	const struct conf *conf = app_conf(app, err_r);
	struct policy_image *image = NULL;
	struct policy_db *db;
	int rc;

	if (conf == NULL)
		return -1;
	db = policy_db_new(conf->policy_database);
	rc = policy_db_copy(db, &image, NULL, err_r);
	if (rc == 0)
		rc = print_json(image, err_r);
	policy_image_free(image);
	policy_db_free(db);
	return rc;
}

/* ---- smtp_tls_policy_maps as a file ------------------------------------ */

static bool
is_active(const struct rule *r, int64_t now)
{
	return r->is_enabled && r->expires_at > now;
}

/* What a line of such a file cannot say; NULL: it can. */
static const char *
not_expressible(const struct rule *r)
{
	if (r->mode == MODE_MONITOR)
		return "it only watches";
	if (r->subnet != NULL)
		return "it is about addresses";
	if (r->sender.kind != PATTERN_ANY)
		return "it names a sender";
	switch ((enum pattern_kind)r->recipient.kind) {
	case PATTERN_WRITTEN:
	case PATTERN_DOMAIN:
	case PATTERN_PARENT:
		return NULL;
	case PATTERN_ADDRESS:
	case PATTERN_USER_GLOB:
		return "it is about some users";
	case PATTERN_DOMAIN_GLOB:
		return "it has wildcards";
	case PATTERN_ANY:
		return "no line stands for all: set smtp_tls_security_level";
	case PATTERN_BAD:
		break;
	}
	return "its pattern is not known";
}

/* A file knows no priorities: its line for a rule that never wins says what
 * the rule before it demands. In the order of the snapshot. */
struct decided {
	const struct rule *rule;
	const struct rule *by;
};

struct deciding {
	struct decided *v;
	size_t n;
	size_t max;
	size_t next;
};

static void
take_shadowed(void *arg, const struct rule *rule, const struct rule *by)
{
	struct deciding *d = arg;

	if (d->n == d->max) {
		d->max = d->max * 2 + 64;
		d->v = mem_realloc(d->v, d->max, sizeof(*d->v));
	}
	d->v[d->n++] = (struct decided){ rule, by };
}

/* To be asked for rules in the order of the snapshot. */
static const struct rule *
deciding_rule(struct deciding *d, const struct rule *r)
{
	while (d->next < d->n && d->v[d->next].rule < r)
		d->next++;
	return d->next < d->n && d->v[d->next].rule == r ? d->v[d->next].by : r;
}

static void
print_line(const struct rule *r, const struct rule *by)
{
	struct sv value = pattern_is_address_hop(&r->recipient)
	    ? by->demand->tlspolicy_address
	    : by->demand->tlspolicy;
	struct buf b;

	buf_init(&b, OUT_TEXT_MAX);
	buf_addf(&b, "# rule %" PRId64, by->id);
	if (by->on_failure == ON_FAILURE_FAIL &&
	    level_demands_tls(by->demand->level))
		buf_adds(&b, "; Postfix keeps mail that it is to return");
	buf_addc(&b, '\n');
	pattern_format(&r->recipient, &b);
	buf_addf(&b, "\t%.*s\n", SV_ARG(value));
	out_sv(buf_sv(&b));
	buf_free(&b);
}

/* Returns how many rules no line can say. */
static size_t
print_postfix(const struct app *app, const struct snapshot *s)
{
	struct deciding d = { .v = NULL };
	size_t n_lost = 0;

	(void)shadow_find(s, app->now, take_shadowed, &d);
	puts(
	    "# For smtp_tls_policy_maps of Postfix, from the table of "
	    "tlswarden.");
	for (size_t i = 0; i < snapshot_count(s); i++) {
		const struct rule *r = snapshot_rule(s, i);
		const char *why;
		struct buf b;

		if (!is_active(r, app->now) || r->direction != DIRECTION_OUT)
			continue;
		why = not_expressible(r);
		if (why == NULL) {
			print_line(r, deciding_rule(&d, r));
			continue;
		}
		n_lost++;
		buf_init(&b, OUT_CELL_MAX);
		pattern_format(&r->recipient, &b);
		printf("# rule %" PRId64 " (%s, %.*s) is left out: %s\n", r->id,
		    buf_str(&b), SV_ARG(r->demand->tlspolicy), why);
		buf_free(&b);
	}
	free(d.v);
	return n_lost;
}

static int
export_postfix(struct app *app, struct err *err_r)
{
	struct loaded l;
	size_t n_lost = 0;
	int rc = load_table(app, &l, NULL, NULL, err_r);

	if (rc == 0)
		n_lost = print_postfix(app, l.snap);
	loaded_done(&l);
	if (n_lost > 0)
		fprintf(stderr,
		    "tlswarden: %zu rules cannot be said in such a file; it "
		    "names them\n",
		    n_lost);
	return rc != 0 ? -1 : n_lost > 0 ? CTL_FINDING : CTL_GOOD;
}

static int
export_ehlo(struct app *app, struct err *err_r)
{
	struct loaded l;
	struct buf table;
	int rc = load_table(app, &l, NULL, NULL, err_r);

	buf_init(&table, EXPORT_CIDR_BYTES);
	if (rc == 0)
		export_cidr(l.snap, app->now, &table);
	if (rc == 0 && table.is_full)
		rc = err_set(err_r, EX_DATAERR,
		    "there are too many networks for a table of %d bytes",
		    EXPORT_CIDR_BYTES);
	if (rc == 0)
		out_sv(buf_sv(&table));
	buf_free(&table);
	loaded_done(&l);
	return rc;
}

static int
export_run(struct app *app, const struct args *args)
{
	const char *format = args_get(args, "format");
	struct err err = { 0 };
	int code;

	if (format == NULL || strcmp(format, "json") == 0)
		code = export_json(app, &err);
	else if (strcmp(format, "postfix") == 0)
		code = export_postfix(app, &err);
	else if (strcmp(format, "cidr") == 0)
		code = export_ehlo(app, &err);
	else
		return usage_error(args->command,
		    "--format: \"%s\" is none of json, postfix and cidr",
		    format);
	return code >= 0 ? code : app_fail(&err);
}

static const struct option_spec options[] = {
	{ "format", "json|postfix|cidr",
	    "json (default): rules and CAs, for import;\n"
	    "postfix: a file for smtp_tls_policy_maps;\n"
	    "cidr: one for smtpd_discard_ehlo_keyword_address_maps",
	    0 },
	{ .name = NULL },
};

const struct command verb_export = {
	.name = "export",
	.summary = "print the table as JSON or as a file for Postfix",
	.synopsis = "[--format json|postfix|cidr]",
	.help =
	    "Prints all rules and CAs, disabled and expired ones too, as JSON\n"
	    "that \"import\" reads; or what a tls_policy file of Postfix can\n"
	    "say of the outbound rules, so that leaving is easy: what it\n"
	    "cannot say is named in comments, and it exits with 1; or, as a\n"
	    "cidr table, the clients that are not offered STARTTLS, which is\n"
	    "what the map ehlo of policyd answers at this moment.",
	.examples =
	    "  tlswarden export >policy.json\n"
	    "  tlswarden export --format postfix >/etc/postfix/tls_policy\n"
	    "  tlswarden export --format cidr "
	    ">/etc/postfix/tlswarden-ehlo.cidr",
	.options = options,
	.run = export_run,
};
