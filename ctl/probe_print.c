/* tlswarden: ctl/probe_print - what was found, and what Postfix would do.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "cert/json.h"
#include "cert/text.h"
#include "ctl/out.h"
#include "ctl/probe.h"
#include "probe/report.h"
#include "base/banned.h"

static bool
is_good(const struct visit *v)
{
	return v->trouble.sysexit == 0 && v->d.verdict == DIAGNOSIS_OK &&
	    v->verdict.kind == VERDICT_PASS;
}

/* Why a rule says no, beside what the findings say. */
static void
print_reason(const struct visit *v)
{
	const struct finding *f = v->d.n_findings > 0 ? v->d.findings : NULL;

	if (v->verdict.kind != VERDICT_PASS &&
	    v->verdict.reason != REASON_UNKNOWN)
		printf(": %s, %s", reason_info(v->verdict.reason)->code,
		    reason_info(v->verdict.reason)->seen);
	if (f != NULL && f->severity == FINDING_FAIL &&
	    v->outcome <= OUTCOME_PLAIN)
		printf(": %s", reason_info(f->reason)->code);
	puts("");
}

static void
print_rule(const struct probing *p, const struct errand *e)
{
	if (e->rule != NULL)
		printf("by policy rule %" PRId64 " (level %s%s)", e->rule->id,
		    level_word(e->rule->demand->level),
		    e->rule->mode == MODE_MONITOR ? ", which only watches"
						  : "");
	else if (e->is_rule_unknown)
		fputs(
		    "by its defaults, or by a rule about a subnet that "
		    "needs the addresses which DNS did not give",
		    stdout);
	else if (p->no_table[0] != '\0')
		fputs(
		    "by its defaults (no rule is known: the table cannot be "
		    "read)",
		    stdout);
	else
		fputs("by its defaults (no rule matches)", stdout);
}

static void
print_visit(const struct probing *p, const struct errand *e, struct visit *v)
{
	const struct text_style style = { p->app->colour, p->how.now };
	const char *target = v->d.target;
	struct buf addr, text;

	buf_init(&addr, 64);
	buf_init(&text, OUT_TEXT_MAX);
	if (v->place->addr.family != 0)
		addr_format(&v->place->addr, &addr);
	v->d.target = diagnosis_text(&v->d, "%s: %s[%s]:%u", target,
	    v->place->host, addr.n > 0 ? buf_str(&addr) : "no address",
	    (unsigned)v->place->port);
	text_diagnosis(&v->d, &style, &text);
	v->d.target = target;
	out_sv(buf_sv(&text));
	buf_free(&text);
	buf_free(&addr);
	fputs("\nPostfix: mail here would be ", stdout);
	out_styled(p->app,
	    v->outcome > OUTCOME_PLAIN              ? OUT_GOOD
		: v->outcome >= OUTCOME_PLAIN_LATER ? OUT_WARN
						    : OUT_BAD,
	    "%s", outcome_phrase(v->outcome));
	fputs(" ", stdout);
	print_rule(p, e);
	print_reason(v);
	puts("");
}

/* An MTA goes on to the next place until one takes the mail. */
static void
print_summary(const struct probing *p, const struct errand *e)
{
	enum outcome best = OUTCOME_UNKNOWN;
	const struct visit *by = NULL;

	if (e->target.n_places < 2)
		return;
	for (size_t i = 0; i < p->n_visits; i++) {
		const struct visit *v = &p->visits[i];

		if (v->target != &e->target || best >= OUTCOME_PLAIN_LATER)
			continue;
		if (v->outcome > best || by == NULL) {
			best = v->outcome;
			by = v;
		}
	}
	if (by != NULL)
		printf("%s: in all, mail would be %s%s%s\n\n", e->target.text,
		    outcome_phrase(best),
		    best >= OUTCOME_PLAIN_LATER ? ", to " : "",
		    best >= OUTCOME_PLAIN_LATER ? by->place->host : "");
}

static void
print_json(const struct probing *p)
{
	struct json_list list;

	if (p->is_connect && p->n_visits == 1) {
		out_json(report_json(&p->visits[0]));
		return;
	}
	json_list_begin(&list);
	for (size_t i = 0; i < p->n_visits; i++)
		json_list_item(&list, report_json(&p->visits[i]));
	json_list_end(&list);
}

static void
print_text(const struct probing *p)
{
	const struct errand *e = p->errands;

	for (size_t i = 0; i < p->n_visits; i++) {
		struct visit *v = &p->visits[i];

		while (&e->target != v->target)
			e++;
		print_visit(p, e, v);
		if (i + 1 == p->n_visits || v[1].target != v->target)
			print_summary(p, e);
	}
}

int
probe_print(const struct probing *p)
{
	int code = CTL_GOOD;

	if (p->app->json)
		print_json(p);
	else
		print_text(p);
	for (size_t i = 0; i < p->n_visits; i++) {
		const struct visit *v = &p->visits[i];

		if (v->trouble.sysexit != 0)
			code = app_fail(&v->trouble);
		else if (!is_good(v) && code == CTL_GOOD)
			code = CTL_FINDING;
	}
	for (size_t i = 0; i < p->n_errands; i++)
		if (p->errands[i].trouble.sysexit != 0)
			code = app_fail(&p->errands[i].trouble);
	return code;
}
