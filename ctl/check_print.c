/* tlswarden: ctl/check_print - the findings of check, for people and programs.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "ctl/check.h"
#include "ctl/out.h"
#include "base/banned.h"

static const char *
severity_word(enum check_severity s)
{
	return s == CHECK_PROBLEM ? "problem" : "notice";
}

static const char *
mta_word(unsigned mtas)
{
	if (mtas == CHECK_POSTFIX)
		return "postfix";
	return mtas == CHECK_SENDMAIL ? "sendmail" : NULL;
}

static size_t
count(const struct check *c, enum check_severity s)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_findings; i++)
		n += c->findings[i].severity == s ? 1 : 0;
	return n;
}

static void
print_rules(const struct check_finding *f)
{
	size_t shown = f->n_rules < CHECK_RULES ? f->n_rules : CHECK_RULES;

	if (f->n_rules == 0)
		return;
	fputs(f->n_rules == 1 ? "rule " : "rules ", stdout);
	for (size_t i = 0; i < shown; i++)
		printf("%s%" PRId64, i == 0 ? "" : ", ", f->rules[i]);
	if (shown < f->n_rules)
		printf(" and %zu more", f->n_rules - shown);
	fputs(": ", stdout);
}

static void
print_finding(const struct check *c, const struct check_finding *f)
{
	bool is_problem = f->severity == CHECK_PROBLEM;

	out_styled(c->app, is_problem ? OUT_BAD : OUT_WARN, "%-9s",
	    severity_word(f->severity));
	if (mta_word(f->mtas) != NULL)
		printf("[%s%s%s] ", mta_word(f->mtas),
		    f->instance != NULL ? " " : "",
		    f->instance != NULL ? f->instance : "");
	if (f->setting != NULL)
		printf("%s: ", f->setting);
	print_rules(f);
	out_print(sv_from(f->text));
	if (f->fix != NULL) {
		out_styled(c->app, OUT_DIM, "\n         fix: ");
		out_print(sv_from(f->fix));
	}
	puts("");
}

/* The problems first. */
static void
print_findings(const struct check *c)
{
	for (size_t i = 0; i < c->n_findings; i++)
		if (c->findings[i].severity == CHECK_PROBLEM)
			print_finding(c, &c->findings[i]);
	for (size_t i = 0; i < c->n_findings; i++)
		if (c->findings[i].severity == CHECK_NOTICE)
			print_finding(c, &c->findings[i]);
	if (c->n_left_out > 0)
		printf("and %zu findings more\n", c->n_left_out);
}

void
check_print_text(const struct check *c)
{
	size_t problems = count(c, CHECK_PROBLEM);

	print_findings(c);
	out_styled(c->app, problems > 0 ? OUT_BAD : OUT_GOOD,
	    "problems: %zu, notices: %zu", problems, count(c, CHECK_NOTICE));
	printf("; %s: %" PRIu64 " rules%s\n", c->table.path, c->table.n_rows,
	    c->table.snap != NULL ? "" : ", does not load");
}

static json_t *
finding_json(const struct check_finding *f)
{
	json_t *o = json_object(), *rules = json_array();
	size_t shown = f->n_rules < CHECK_RULES ? f->n_rules : CHECK_RULES;

	for (size_t i = 0; i < shown; i++)
		out_json_add(rules, json_integer(f->rules[i]));
	out_json_set(o, "severity", out_json_str(severity_word(f->severity)));
	out_json_set(o, "code", out_json_str(f->code));
	out_json_set(o, "mta",
	    mta_word(f->mtas) != NULL ? out_json_str(mta_word(f->mtas))
				      : json_null());
	out_json_set(o, "instance", out_json_str(f->instance));
	out_json_set(o, "setting", out_json_str(f->setting));
	out_json_set(o, "rules", rules);
	out_json_set(o, "n_rules", json_integer((json_int_t)f->n_rules));
	out_json_set(o, "text", out_json_str(f->text));
	out_json_set(o, "fix",
	    f->fix != NULL ? out_json_str(f->fix) : json_null());
	out_json_set(o, "change",
	    f->change != NULL ? out_json_str(f->change) : json_null());
	return o;
}

void
check_add_json(const struct check *c, json_t *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_findings; i++)
		out_json_add(list, finding_json(&c->findings[i]));
	out_json_set(o, "problems",
	    json_integer((json_int_t)count(c, CHECK_PROBLEM)));
	out_json_set(o, "notices",
	    json_integer((json_int_t)count(c, CHECK_NOTICE)));
	out_json_set(o, "left_out", json_integer((json_int_t)c->n_left_out));
	out_json_set(o, "findings", list);
}

void
check_print_json(const struct check *c)
{
	json_t *o = json_object();

	out_json_set(o, "file", out_json_str(c->table.path));
	out_json_set(o, "loads", json_boolean(c->table.snap != NULL));
	out_json_set(o, "rules", json_integer((json_int_t)c->table.n_rows));
	check_add_json(c, o);
	out_json(o);
}

void
check_print_self(const struct check *c, json_t *list, size_t n)
{
	json_t *o;

	if (!c->app->json) {
		json_decref(list);
		print_findings(c);
		printf(
		    "certificates: %zu, problems with settings and keys: "
		    "%zu, notices: %zu\n",
		    n, count(c, CHECK_PROBLEM), count(c, CHECK_NOTICE));
		return;
	}
	o = json_object();
	out_json_set(o, "certificates", list);
	check_add_json(c, o);
	out_json(o);
}
