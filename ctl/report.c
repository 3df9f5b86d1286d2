/* tlswarden: ctl/report - what happened, on one page for the postmaster.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "ctl/command.h"
#include "ctl/failures.h"
#include "ctl/load.h"
#include "ctl/out.h"
#include "ctl/when.h"
#include "fact/reason.h"
#include "policy/snapshot.h"
#include "store/state_read.h"
#include "store/state_sums.h"
#include "base/banned.h"

enum { DAY_SECS = 86400, RULE_WARN_DAYS = 7, REPORT_LINES = 20 };

struct report {
	struct app *app;
	int64_t since;
	struct loaded table;
	struct err table_err; /* sysexit 0: it loaded */
	struct session_sums sums;
	struct failures groups;
	json_t *partners; /* array */
	json_t *ending;   /* array */
};

static int
take_violation(void *arg, int64_t id UNUSED, const struct record_violation *row)
{
	struct report *r = arg;

	failures_add(&r->groups, row);
	return 0;
}

static bool
expires_soon(const struct report *r, const struct record_probe *row)
{
	int64_t days = r->app->conf->expiry_warn_days;

	return days > 0 && row->not_after_secs > 0 &&
	    row->not_after_secs < r->app->now + days * DAY_SECS;
}

/* Of the last look at each server, however old: those that need somebody. */
static int
take_probe(void *arg, const struct record_probe *row)
{
	struct report *r = arg;
	bool is_good = sv_is(row->verdict, "ok");
	char at[WHEN_SIZE];
	json_t *o;

	if (is_good && !expires_soon(r, row))
		return 0;
	o = json_object();
	out_json_set(o, "domain", out_json_sv(row->domain));
	out_json_set(o, "host", out_json_sv(row->host));
	out_json_set(o, "addr", out_json_sv(row->addr));
	out_json_set(o, "port", json_integer(row->port));
	out_json_set(o, "at", json_string(when_format(row->at_secs, at)));
	out_json_set(o, "verdict", out_json_sv(row->verdict));
	out_json_set(o, "class",
	    is_good ? json_string(reason_info(REASON_EXPIRES_SOON)->code)
		    : out_json_sv(row->class));
	out_json_set(o, "fault", out_json_sv(row->fault));
	out_json_set(o, "not_after",
	    row->not_after_secs > 0
		? json_string(when_format(row->not_after_secs, at))
		: json_null());
	out_json_add(r->partners, o);
	return 0;
}

static void
collect_ending(struct report *r)
{
	int64_t limit = r->app->now + (int64_t)RULE_WARN_DAYS * DAY_SECS;
	char at[WHEN_SIZE];

	for (size_t i = 0; i < snapshot_count(r->table.snap); i++) {
		const struct rule *rule = snapshot_rule(r->table.snap, i);
		json_t *o;

		if (!rule->is_enabled || rule->expires_at <= r->app->now ||
		    rule->expires_at >= limit)
			continue;
		o = json_object();
		out_json_set(o, "rule", json_integer(rule->id));
		out_json_set(o, "expires_at",
		    json_string(when_format(rule->expires_at, at)));
		out_json_add(r->ending, o);
	}
}

static int
collect(struct report *r, struct err *err_r)
{
	struct violation_filter ledger = { .since_secs = r->since,
		.is_once = true };
	struct probe_filter probes = { .limit = 0 };
	struct store st = { .sq = NULL };
	int rc = -1;

	if (app_conf(r->app, err_r) == NULL)
		return -1;
	/* A table that does not load is a part of the report. */
	if (load_served(r->app, &r->table, &r->table_err) == 0)
		collect_ending(r);
	if (state_read_open(&st, r->app->conf->state_database, err_r) != 0)
		return -1;
	if (state_session_sums(&st, r->since, &r->sums, err_r) == 0 &&
	    state_violations_each(&st, &ledger, take_violation, r, err_r) ==
		0 &&
	    state_probes_each(&st, &probes, false, take_probe, r, err_r) == 0)
		rc = 0;
	store_close(&st);
	failures_sort(&r->groups);
	return rc;
}

static bool
is_table_bad(const struct report *r)
{
	return r->table_err.sysexit != 0 || r->table.is_last_good;
}

static const char *
table_trouble(const struct report *r)
{
	return r->table.is_last_good ? r->table.failure : r->table_err.text;
}

static json_t *
groups_json(const struct report *r, bool is_monitor)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->groups.n; i++) {
		const struct failure *g = &r->groups.v[i];
		char at[WHEN_SIZE];
		json_t *o;

		if (g->is_monitor != is_monitor)
			continue;
		o = json_object();
		out_json_set(o, "count", json_integer((json_int_t)g->n));
		out_json_set(o, "last",
		    json_string(when_format(g->last_secs, at)));
		out_json_set(o, "rule", json_integer(g->rule));
		out_json_set(o, "direction",
		    json_string(g->is_outbound ? "out" : "in"));
		out_json_set(o, "reason", out_json_sv(g->reason));
		out_json_set(o, "from", out_json_sv(g->from));
		out_json_set(o, "to", out_json_sv(g->to));
		out_json_set(o, "peer", out_json_sv(g->peer));
		out_json_add(list, o);
	}
	return list;
}

static json_t *
sums_json(const struct session_sums *s)
{
	json_t *o = json_object();

	out_json_set(o, "total", json_integer((json_int_t)s->n_sessions));
	out_json_set(o, "encrypted", json_integer((json_int_t)s->n_encrypted));
	out_json_set(o, "plaintext", json_integer((json_int_t)s->n_plaintext));
	out_json_set(o, "unknown", json_integer((json_int_t)s->n_unknown));
	out_json_set(o, "messages", json_integer((json_int_t)s->n_messages));
	out_json_set(o, "accepted", json_integer((json_int_t)s->n_accepted));
	out_json_set(o, "refused", json_integer((json_int_t)s->n_refused));
	return o;
}

static void
print_json(const struct report *r)
{
	json_t *o = json_object();
	char at[WHEN_SIZE];

	out_json_set(o, "since", json_string(when_format(r->since, at)));
	out_json_set(o, "until", json_string(when_format(r->app->now, at)));
	out_json_set(o, "table",
	    is_table_bad(r) ? out_json_str(table_trouble(r)) : json_null());
	out_json_set(o, "sessions", sums_json(&r->sums));
	out_json_set(o, "refused", groups_json(r, false));
	out_json_set(o, "watched", groups_json(r, true));
	out_json_set(o, "partners", json_incref(r->partners));
	out_json_set(o, "ending", json_incref(r->ending));
	out_json(o);
}

static void
print_head(const struct report *r, const char *title)
{
	putchar('\n');
	out_styled(r->app, OUT_BOLD, "%s", title);
	putchar('\n');
}

static void
print_sums(const struct report *r)
{
	const struct session_sums *s = &r->sums;

	print_head(r, "Inbound sessions");
	printf(
	    "  %llu: %llu encrypted, %llu in clear, %llu ended before it was "
	    "known\n  %llu messages; recipients: %llu taken, %llu refused\n",
	    (unsigned long long)s->n_sessions,
	    (unsigned long long)s->n_encrypted,
	    (unsigned long long)s->n_plaintext,
	    (unsigned long long)s->n_unknown, (unsigned long long)s->n_messages,
	    (unsigned long long)s->n_accepted,
	    (unsigned long long)s->n_refused);
}

static void
print_name(struct sv v)
{
	if (v.n > 0)
		out_print(v);
	else
		putchar('-');
}

static void
print_group(const struct failure *g)
{
	enum reason reason;

	printf("  %llu times rule %lld %s: ", (unsigned long long)g->n,
	    (long long)g->rule, g->is_outbound ? "out" : "in");
	print_name(g->from);
	printf(" -> ");
	print_name(g->to);
	printf(", peer ");
	print_name(g->peer);
	printf(": ");
	out_print(g->reason);
	putchar('\n');
	if (reason_parse(g->reason, &reason))
		printf("    %s\n    for us: %s\n    for them: %s\n",
		    reason_info(reason)->cause, reason_info(reason)->fix_ours,
		    reason_info(reason)->fix_theirs);
}

static void
print_groups(const struct report *r, bool is_monitor)
{
	size_t n = 0;

	for (size_t i = 0; i < r->groups.n; i++)
		if (r->groups.v[i].is_monitor == is_monitor &&
		    n++ < REPORT_LINES)
			print_group(&r->groups.v[i]);
	if (n == 0)
		puts("  nothing");
	if (n > REPORT_LINES)
		printf("  and %zu kinds more: tlswarden failures\n",
		    n - REPORT_LINES);
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "-";
}

static void
print_partner(const json_t *o)
{
	enum reason reason;
	struct buf line;

	buf_init(&line, OUT_CELL_MAX);
	buf_addf(&line, "%s, %s [%s]: %s, fault: %s, seen %s; first expiry: %s",
	    text_of(o, "domain"), text_of(o, "host"), text_of(o, "addr"),
	    text_of(o, "class"), text_of(o, "fault"), text_of(o, "at"),
	    text_of(o, "not_after"));
	printf("  ");
	out_print(buf_sv(&line));
	putchar('\n');
	buf_free(&line);
	if (reason_parse(sv_from(text_of(o, "class")), &reason))
		printf("    %s\n", reason_info(reason)->cause);
}

static void
print_partners(const struct report *r)
{
	size_t n = json_array_size(r->partners);

	for (size_t i = 0; i < n && i < REPORT_LINES; i++)
		print_partner(json_array_get(r->partners, i));
	if (n == 0)
		puts("  none of those probed");
	if (n > REPORT_LINES)
		printf("  and %zu more: tlswarden report --json\n",
		    n - REPORT_LINES);
}

static void
print_ending(const struct report *r)
{
	for (size_t i = 0; i < json_array_size(r->ending); i++) {
		const json_t *o = json_array_get(r->ending, i);

		printf("  rule %lld ends %s\n",
		    (long long)json_integer_value(json_object_get(o, "rule")),
		    text_of(o, "expires_at"));
	}
	if (json_array_size(r->ending) == 0)
		printf("  none within %d days\n", (int)RULE_WARN_DAYS);
}

static void
print_text(const struct report *r)
{
	char since[WHEN_SIZE], until[WHEN_SIZE];

	printf("tlswarden report, %s to %s\n", when_format(r->since, since),
	    when_format(r->app->now, until));
	if (is_table_bad(r)) {
		putchar('\n');
		out_styled(r->app, OUT_BAD, "The table does not load: %s",
		    table_trouble(r));
		puts("\n  See tlswarden check.");
	}
	print_sums(r);
	print_head(r, "Refused");
	print_groups(r, false);
	print_head(r, "Watched: would have been refused (mode monitor)");
	print_groups(r, true);
	print_head(r, "Partners with trouble at the last look");
	print_partners(r);
	print_head(r, "Rules that end");
	print_ending(r);
}

static int
run(struct report *r, const char *since, struct err *err_r)
{
	r->since = r->app->now - DAY_SECS;
	if (since != NULL &&
	    when_parse(since, r->app->now, &r->since, err_r) != 0)
		return -1;
	if (collect(r, err_r) != 0)
		return -1;
	if (r->app->json)
		print_json(r);
	else
		print_text(r);
	return 0;
}

static int
report_run(struct app *app, const struct args *args)
{
	struct report r = { .app = app,
		.partners = json_array(),
		.ending = json_array() };
	struct err err = { 0 };
	int rc;

	failures_init(&r.groups);
	rc = run(&r, args_get(args, "since"), &err);
	failures_free(&r.groups);
	loaded_done(&r.table);
	json_decref(r.partners);
	json_decref(r.ending);
	if (rc != 0)
		return args_fail(args, &err);
	return is_table_bad(&r) ? CTL_FINDING : CTL_GOOD;
}

static const struct option_spec options[] = {
	{ "since", "TIME",
	    "from then on: 12h, 7d, 2w ago, or a time such\n"
	    "as 2026-01-31 or 2026-01-31T12:00Z; default 1d",
	    0 },
	{ .name = NULL },
};

const struct command verb_report = {
	.name = "report",
	.summary = "tell on one page what happened: for a daily mail",
	.synopsis = "[--since TIME]",
	.help =
	    "Tells what the postmaster wants to know of a day: inbound\n"
	    "sessions with and without TLS, what rules refused or would\n"
	    "have refused, each with cause and fix, the partners that had\n"
	    "trouble or whose certificates end soon when they were last\n"
	    "probed, and the rules that end within a week. Exit code 1\n"
	    "when the table does not load.",
	.examples =
	    "  tlswarden report --since 7d\n"
	    "  tlswarden report | mail postmaster",
	.options = options,
	.run = report_run,
};
