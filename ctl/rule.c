/* tlswarden: ctl/rule - changes the rules of the table.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/edit.h"
#include "ctl/out.h"
#include "ctl/rule.h"
#include "wire/addr.h"
#include "base/banned.h"

/* The options that are columns; the column is the name with '_' for '-'. */
#define RULE_COLUMNS                                                           \
	{ "sender", "PATTERN", "who it is from; default '*'", 0 },             \
	    { "recipient", "PATTERN", "who it is to; default '*'", 0 },        \
	    { "subnet", "CIDR", "addresses of the peer", 0 },                  \
	    { "on-failure", "ACTION", "tempfail (default) or fail", 0 },       \
	    { "ca", "NAME", "the CA that must have issued (level secure)",     \
		    0 },                                                       \
	    { "cert-name", "NAMES",                                            \
		    "names the certificate must carry, parted\n"               \
		    "by colons (level secure)",                                \
		    0 },                                                       \
	    { "cert-fingerprint", "SHA256", "pins of certificate or key", 0 }, \
	    { "min-protocol", "VERSION", "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3",   \
		    0 },                                                       \
	    { "min-bits", "BITS", "symmetric strength, 1 to 256", 0 },         \
	    { "mode", "MODE", "enforce (default) or monitor", 0 },             \
	    { "expires-at", "TIME", "UTC, YYYY-MM-DD [HH:MM[:SS]]", 0 },       \
	    { "priority", "N", "lower wins; default 100", 0 },                 \
	{                                                                      \
		"comment", "TEXT", "why it is there", 0                        \
	}

enum { COLUMN_NAME_MAX = 32, VALUES_MAX = ARGS_MAX };

struct values {
	char names[VALUES_MAX][COLUMN_NAME_MAX];
	struct policy_value v[VALUES_MAX];
	size_t n;
};

/* An empty value means NULL where NULL is allowed. */
static struct sv
column_value(const char *column, const char *text)
{
	static const char *const nullable[] = { "subnet", "ca", "cert_name",
		"cert_fingerprint", "min_protocol", "min_bits", "expires_at" };

	for (size_t i = 0; i < sizeof(nullable) / sizeof(nullable[0]); i++)
		if (*text == '\0' && strcmp(column, nullable[i]) == 0)
			return sv_make(NULL, 0);
	return sv_from(text);
}

/* The table refuses host bits too, but cannot show the masked form. */
static int
check_subnet(const struct args *args, struct err *err_r)
{
	const char *text = args_get(args, "subnet");
	struct cidr subnet;

	return text == NULL || *text == '\0'
	    ? 0
	    : cidr_parse(sv_from(text), &subnet, err_r);
}

/* What SQLite says of a word there names no option and no way out. */
static int
check_number(const struct args *args, const char *option, struct err *err_r)
{
	const char *text = args_get(args, option);
	struct sv all = sv_from(text);
	uint64_t n;

	if (all.n == 0 ||
	    sv_to_u64(sv_skip(all, all.p[0] == '-' ? 1 : 0), INT64_MAX, &n))
		return 0;
	return err_set(err_r, EX_DATAERR, "--%s: \"%s\" is no whole number",
	    option, text);
}

static int
take_values(const struct args *args, struct values *values, struct err *err_r)
{
	const struct option_spec *o = args->command->options;

	values->n = 0;
	for (size_t i = 0; o[i].name != NULL; i++) {
		char *name = values->names[values->n];

		if (args->values[i] == NULL || o[i].value == NULL)
			continue;
		(void)snprintf(name, COLUMN_NAME_MAX, "%s", o[i].name);
		for (char *p = name; *p != '\0'; p++)
			if (*p == '-')
				*p = '_';
		values->v[values->n++] = (struct policy_value){ name,
			column_value(name, args->values[i]) };
	}
	return check_number(args, "priority", err_r) == 0 &&
		check_number(args, "min-bits", err_r) == 0
	    ? check_subnet(args, err_r)
	    : -1;
}

/* Ends a change: commits what is good, prints the id of a new rule. */
static int
finish(struct policy_edit *e, int rc, struct err *err_r)
{
	if (rc == 0)
		return edit_commit(e, err_r);
	policy_edit_close(e);
	return -1;
}

static void
print_id(const struct app *app, const char *key, int64_t id)
{
	json_t *o;

	if (!app->json) {
		printf("%" PRId64 "\n", id);
		return;
	}
	o = json_object();
	out_json_set(o, key, json_integer(id));
	out_json(o);
}

static int
add_rule(struct app *app, const struct args *args, int64_t *id_r,
    struct err *err_r)
{
	struct policy_edit e;
	struct values values;
	int rc = -1;

	if (take_values(args, &values, err_r) != 0 ||
	    edit_begin(app, &e, err_r) != 0)
		return -1;
	if (policy_edit_add(&e, values.v, values.n, id_r, err_r) == 1)
		rc = edit_check_rule(&e, *id_r, err_r);
	return finish(&e, rc, err_r);
}

static int
add_run(struct app *app, const struct args *args)
{
	struct err err = { 0 };
	int64_t id = 0;

	if (!args_has(args, "direction") || !args_has(args, "level"))
		return usage_error(args->command,
		    "--direction and --level are needed");
	if (add_rule(app, args, &id, &err) != 0)
		return app_fail(&err);
	print_id(app, "id", id);
	return CTL_GOOD;
}

static int
set_rule(struct app *app, const struct args *args, int64_t *id_r,
    struct err *err_r)
{
	struct policy_edit e;
	struct values values;
	int rc;

	if (take_values(args, &values, err_r) != 0)
		return -1;
	if (values.n == 0)
		return err_set(err_r, EX_USAGE, "nothing to change is given");
	if (edit_parse_id(args->operands[0], id_r, err_r) != 0 ||
	    edit_begin(app, &e, err_r) != 0)
		return -1;
	rc = policy_edit_set(&e, *id_r, values.v, values.n, err_r);
	if (rc == 0)
		rc = edit_no_rule(*id_r, err_r);
	else if (rc == 1)
		rc = edit_check_rule(&e, *id_r, err_r);
	return finish(&e, rc, err_r);
}

/* What was done to which rules. */
static int
report(const struct app *app, const char *what, const int64_t *ids, size_t n)
{
	json_t *o, *list;

	if (!app->json) {
		for (size_t i = 0; i < n; i++)
			printf("rule %" PRId64 " %s\n", ids[i], what);
		return CTL_GOOD;
	}
	o = json_object();
	list = json_array();
	for (size_t i = 0; i < n; i++)
		out_json_add(list, json_integer(ids[i]));
	out_json_set(o, what, list);
	out_json(o);
	return CTL_GOOD;
}

static int
set_run(struct app *app, const struct args *args)
{
	struct err err = { 0 };
	int64_t id = 0;

	if (set_rule(app, args, &id, &err) != 0)
		return args_fail(args, &err);
	return report(app, "changed", &id, 1);
}

enum { MANY_MAX = 1000 };

static int
enable_one(struct policy_edit *e, int64_t id, struct err *err_r)
{
	struct policy_value v = { "enabled", SV("1") };
	int rc = policy_edit_set(e, id, &v, 1, err_r);

	return rc == 1 && edit_check_rule(e, id, err_r) != 0 ? -1 : rc;
}

static int
disable_one(struct policy_edit *e, int64_t id, struct err *err_r)
{
	struct policy_value v = { "enabled", SV("0") };

	return policy_edit_set(e, id, &v, 1, err_r);
}

/* All of the rules that are named, or none. */
static int
change_many(struct app *app, const struct args *args,
    int (*one)(struct policy_edit *e, int64_t id, struct err *err_r),
    int64_t *ids_r, struct err *err_r)
{
	struct policy_edit e;
	int rc = 1;

	for (size_t i = 0; i < args->n_operands; i++)
		if (edit_parse_id(args->operands[i], &ids_r[i], err_r) != 0)
			return -1;
	if (edit_begin(app, &e, err_r) != 0)
		return -1;
	for (size_t i = 0; i < args->n_operands && rc == 1; i++) {
		rc = one(&e, ids_r[i], err_r);
		if (rc == 0)
			rc = edit_no_rule(ids_r[i], err_r);
	}
	return finish(&e, rc == 1 ? 0 : -1, err_r);
}

static int
run_many(struct app *app, const struct args *args, const char *what,
    int (*one)(struct policy_edit *e, int64_t id, struct err *err_r))
{
	struct err err = { 0 };
	int64_t ids[MANY_MAX];

	if (change_many(app, args, one, ids, &err) != 0)
		return args_fail(args, &err);
	return report(app, what, ids, args->n_operands);
}

static int
enable_run(struct app *app, const struct args *args)
{
	return run_many(app, args, "enabled", enable_one);
}

static int
disable_run(struct app *app, const struct args *args)
{
	return run_many(app, args, "disabled", disable_one);
}

static int
remove_run(struct app *app, const struct args *args)
{
	return run_many(app, args, "removed", policy_edit_remove);
}

static int
move_by(struct policy_edit *e, const struct args *args, int64_t id,
    struct err *err_r)
{
	const char *before = args_get(args, "before");
	const char *after = args_get(args, "after");
	const char *priority = args_get(args, "priority");
	struct policy_value v = { "priority", { NULL, 0 } };
	int64_t other = 0;
	int rc;

	if (check_number(args, "priority", err_r) != 0)
		return -1;
	if (priority != NULL) {
		v.value = sv_from(priority);
		rc = policy_edit_set(e, id, &v, 1, err_r);
		return rc == 0 ? edit_no_rule(id, err_r) : rc;
	}
	if (edit_parse_id(before != NULL ? before : after, &other, err_r) != 0)
		return -1;
	if (other == id)
		return err_set(err_r, EX_USAGE,
		    "a rule cannot be moved before or behind itself");
	rc = policy_edit_move(e, id, other, before != NULL, err_r);
	/* Which of the two is not there? */
	if (rc == 0 && edit_check_rule(e, id, err_r) == 0)
		rc = edit_no_rule(other, err_r);
	return rc == 1 ? 1 : -1;
}

static int
move_run(struct app *app, const struct args *args)
{
	struct policy_edit e;
	struct err err = { 0 };
	int64_t id = 0;
	int rc;

	if (args_has(args, "before") + args_has(args, "after") +
		args_has(args, "priority") !=
	    1)
		return usage_error(args->command,
		    "one of --before, --after and --priority is needed");
	if (edit_parse_id(args->operands[0], &id, &err) != 0 ||
	    edit_begin(app, &e, &err) != 0)
		return args_fail(args, &err);
	rc = move_by(&e, args, id, &err);
	if (finish(&e, rc == 1 ? 0 : -1, &err) != 0)
		return args_fail(args, &err);
	return report(app, "moved", &id, 1);
}

static const struct option_spec add_options[] = {
	{ "direction", "in|out", "mail we receive, or mail we deliver", 0 },
	{ "level", "LEVEL", "none, preferred, encrypt or secure", 0 },
	RULE_COLUMNS,
	{ .name = NULL },
};

static const struct option_spec move_options[] = {
	{ "before", "ID", "win over that rule, by a lower priority", 0 },
	{ "after", "ID", "lose to that rule, by a higher priority", 0 },
	{ "priority", "N", "have this priority; lower wins", 0 },
	{ .name = NULL },
};

const struct command verb_rule_add = {
	.name = "add",
	.title = "rule add",
	.summary = "add a rule, print its id",
	.synopsis = "--direction in|out --level LEVEL [OPTION]...",
	.help =
	    "Adds a rule and prints its id. The options are the columns of\n"
	    "the table, see tlswarden-policy(5). The daemons follow within a\n"
	    "second.",
	.examples =
	    "  tlswarden rule add --direction out --recipient example.mil \\\n"
	    "      --level encrypt --min-protocol TLSv1.2\n"
	    "  tlswarden rule add --direction in --sender bank.example \\\n"
	    "      --level secure --ca bank --mode monitor",
	.options = add_options,
	.run = add_run,
};

const struct command verb_rule_set = {
	.name = "set",
	.title = "rule set",
	.summary = "change columns of a rule",
	.synopsis = "ID OPTION...",
	.help =
	    "Changes what is given and leaves the rest; an empty value\n"
	    "takes a criterion or a demand away.",
	.examples =
	    "  tlswarden rule set 12 --mode enforce\n"
	    "  tlswarden rule set 12 --subnet ''",
	.options = add_options,
	.min_operands = 1,
	.max_operands = 1,
	.run = set_run,
};

const struct command verb_rule_enable = {
	.name = "enable",
	.title = "rule enable",
	.summary = "switch rules on",
	.synopsis = "ID...",
	.help = "Switches rules on: all that are named, or none.",
	.min_operands = 1,
	.max_operands = MANY_MAX,
	.run = enable_run,
};

const struct command verb_rule_disable = {
	.name = "disable",
	.title = "rule disable",
	.summary = "switch rules off and keep them",
	.synopsis = "ID...",
	.help = "Switches rules off: all that are named, or none.",
	.min_operands = 1,
	.max_operands = MANY_MAX,
	.run = disable_run,
};

const struct command verb_rule_remove = {
	.name = "remove",
	.title = "rule remove",
	.summary = "remove rules",
	.synopsis = "ID...",
	.help =
	    "Removes rules: all that are named, or none. Their numbers\n"
	    "are never used again and \"tlswarden explain ID\" still tells\n"
	    "what they said.",
	.min_operands = 1,
	.max_operands = MANY_MAX,
	.run = remove_run,
};

const struct command verb_rule_move = {
	.name = "move",
	.title = "rule move",
	.summary = "change which rule wins, by its priority",
	.synopsis = "ID --before ID | --after ID | --priority N",
	.help =
	    "Changes the priority of a rule, so that it wins over another\n"
	    "or loses to it, whatever their patterns.",
	.examples = "  tlswarden rule move 12 --before 7",
	.options = move_options,
	.min_operands = 1,
	.max_operands = 1,
	.run = move_run,
};

static const struct command *const subs[] = {
	&verb_rule_add,
	&verb_rule_list,
	&verb_rule_show,
	&verb_rule_set,
	&verb_rule_enable,
	&verb_rule_disable,
	&verb_rule_remove,
	&verb_rule_move,
	&verb_rule_promote,
	NULL,
};

const struct command verb_rule = {
	.name = "rule",
	.summary = "add, list, show, change and remove rules",
	.synopsis = "",
	.help =
	    "Changes the rules of the table. Each change is one\n"
	    "transaction and is kept in the audit; the daemons follow\n"
	    "within a second.",
	.subs = subs,
};
