/* tlswarden: ctl/bypass - an exception for a partner that ends by itself.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * For the night when a partner's TLS broke and mail has to flow: a rule that
 * wins over all others, for hours and not for ever, and that the audit keeps.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/edit.h"
#include "ctl/out.h"
#include "ctl/rule_words.h"
#include "store/policy_rows.h"
#include "base/banned.h"

enum {
	HOUR = 3600,
	DAY = 24 * HOUR,
	LONGEST = 31 * DAY,
	USUAL_PRIORITY = -1000, /* before everything that is usual */
	NUMBER_SIZE = 24
};

struct bypass {
	const char *domain;
	const char *level;
	const char *comment;
	enum direction direction;
	int64_t ends_at;
	int64_t priority;
	int64_t id;
};

static bool
parse_duration(const char *text, int64_t *secs_r)
{
	static const struct {
		char letter;
		int64_t secs;
	} units[] = { { 'm', 60 }, { 'h', HOUR }, { 'd', DAY } };
	struct sv v = sv_from(text);
	uint64_t n;

	if (v.n < 2 || !sv_to_u64(sv_head(v, v.n - 1), LONGEST, &n) || n == 0)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (v.p[v.n - 1] == units[i].letter) {
			*secs_r = (int64_t)n * units[i].secs;
			return *secs_r <= LONGEST;
		}
	return false;
}

static int
take_args(struct bypass *b, const struct args *args, int64_t now,
    struct err *err_r)
{
	const char *duration = args_get(args, "for");
	const char *direction = args_get(args, "direction");
	int64_t secs = 0;

	b->domain = args->operands[0];
	b->level =
	    args_has(args, "level") ? args_get(args, "level") : "preferred";
	b->comment =
	    args_has(args, "comment") ? args_get(args, "comment") : "bypass";
	b->direction = DIRECTION_OUT;
	if (duration == NULL || !parse_duration(duration, &secs))
		return err_set(err_r, EX_USAGE,
		    "--for DURATION is needed: 30m, 4h or 2d, at most 31d; "
		    "what is to last is a rule");
	if (strcmp(b->level, "none") != 0 && strcmp(b->level, "preferred") != 0)
		return err_set(err_r, EX_USAGE,
		    "--level: \"%s\" is neither none nor preferred", b->level);
	if (direction != NULL &&
	    !direction_parse(sv_from(direction), &b->direction))
		return err_set(err_r, EX_USAGE,
		    "--direction: \"%s\" is neither in nor out", direction);
	b->ends_at = now + secs;
	return 0;
}

static void
take_priority(void *arg, const struct rule_row *row, const char *fault)
{
	struct bypass *b = arg;

	if (fault == NULL && row->priority <= b->priority)
		b->priority = row->priority - 1;
}

static int
add(struct policy_edit *e, struct bypass *b, struct err *err_r)
{
	bool is_out = b->direction == DIRECTION_OUT;
	char priority[NUMBER_SIZE];
	struct buf when;
	int rc;

	b->priority = USUAL_PRIORITY;
	if (policy_rows_rules(&e->st, take_priority, b, err_r) != 0)
		return -1;
	if (b->priority < INT32_MIN)
		b->priority = INT32_MIN;
	(void)snprintf(priority, sizeof(priority), "%" PRId64, b->priority);
	buf_init(&when, 64);
	rule_words_time(b->ends_at, &when);
	{
		struct policy_value v[] = {
			{ "direction", sv_from(direction_word(b->direction)) },
			{ is_out ? "recipient" : "sender", sv_from(b->domain) },
			{ "level", sv_from(b->level) },
			{ "priority", sv_from(priority) },
			{ "expires_at", buf_sv(&when) },
			{ "comment", sv_from(b->comment) },
		};

		rc = policy_edit_add(e, v, sizeof(v) / sizeof(v[0]), &b->id,
		    err_r);
	}
	buf_free(&when);
	return rc == 1 ? edit_check_rule(e, b->id, err_r) : -1;
}

static void
print_bypass(const struct app *app, const struct bypass *b)
{
	struct buf when;
	json_t *o;

	buf_init(&when, 64);
	rule_words_time(b->ends_at, &when);
	if (!app->json) {
		printf("rule %" PRId64
		       ": mail %s %s goes with level %s until "
		       "%s UTC, whatever other rules say\n"
		       "end it before that: tlswarden rule remove %" PRId64
		       "\n",
		    b->id, b->direction == DIRECTION_OUT ? "to" : "from",
		    b->domain, b->level, buf_str(&when), b->id);
	} else {
		o = json_object();
		out_json_set(o, "id", json_integer(b->id));
		out_json_set(o, "direction",
		    out_json_str(direction_word(b->direction)));
		out_json_set(o, "domain", out_json_str(b->domain));
		out_json_set(o, "level", out_json_str(b->level));
		out_json_set(o, "priority", json_integer(b->priority));
		out_json_set(o, "expires_at", out_json_sv(buf_sv(&when)));
		out_json(o);
	}
	buf_free(&when);
}

static int
bypass_run(struct app *app, const struct args *args)
{
	struct bypass b = { .id = 0 };
	struct policy_edit e;
	struct err err = { 0 };

	if (take_args(&b, args, app->now, &err) != 0 ||
	    edit_begin(app, &e, &err) != 0)
		return args_fail(args, &err);
	if (add(&e, &b, &err) != 0) {
		policy_edit_close(&e);
		return app_fail(&err);
	}
	if (edit_commit(&e, &err) != 0)
		return app_fail(&err);
	print_bypass(app, &b);
	return CTL_GOOD;
}

static const struct option_spec options[] = {
	{ "for", "DURATION", "how long: 30m, 4h, 2d, at most 31d", 0 },
	{ "level", "LEVEL", "preferred (default: TLS if possible) or none", 0 },
	{ "direction", "in|out", "mail from or to it; default out", 0 },
	{ "comment", "TEXT", "why", 0 },
	{ .name = NULL },
};

const struct command verb_bypass = {
	.name = "bypass",
	.summary = "let mail of a partner through for some hours",
	.synopsis = "DOMAIN --for DURATION [OPTION]...",
	.help =
	    "Adds a rule that wins over all others, demands nothing, and ends\n"
	    "by itself. DOMAIN is any pattern, example.com or .example.com or\n"
	    "[mx.example.com]:25.",
	.examples =
	    "  tlswarden bypass example.com --for 4h \\\n"
	    "      --comment 'their certificate expired, ticket 4711'",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = bypass_run,
};
