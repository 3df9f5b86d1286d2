/* tlswarden: ctl/rule_words - rules as text and as JSON.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "ctl/rule_words.h"
#include "base/banned.h"

enum { NAME_WIDTH = 17 };

json_t *
row_json(const struct rule_row *row)
{
	json_t *o = json_object();

	out_json_set(o, "id", json_integer(row->id));
	out_json_set(o, "enabled", json_integer(row->enabled));
	out_json_set(o, "priority", json_integer(row->priority));
	out_json_set(o, "direction", out_json_sv(row->direction));
	out_json_set(o, "sender", out_json_sv(row->sender));
	out_json_set(o, "recipient", out_json_sv(row->recipient));
	out_json_set(o, "subnet", out_json_sv(row->subnet));
	out_json_set(o, "level", out_json_sv(row->level));
	out_json_set(o, "on_failure", out_json_sv(row->on_failure));
	out_json_set(o, "ca", out_json_sv(row->ca));
	out_json_set(o, "cert_name", out_json_sv(row->cert_name));
	out_json_set(o, "cert_fingerprint", out_json_sv(row->cert_fingerprint));
	out_json_set(o, "min_protocol", out_json_sv(row->min_protocol));
	out_json_set(o, "min_bits",
	    row->min_bits != 0 ? json_integer(row->min_bits) : json_null());
	out_json_set(o, "mode", out_json_sv(row->mode));
	out_json_set(o, "expires_at", out_json_sv(row->expires_at));
	out_json_set(o, "comment", out_json_sv(row->comment));
	return o;
}

static void
set_buf(json_t *o, const char *key, struct buf *b)
{
	out_json_set(o, key, out_json_sv(buf_sv(b)));
	buf_reset(b);
}

json_t *
rule_json(const struct rule *rule)
{
	json_t *o = json_object();
	struct buf b;

	buf_init(&b, OUT_CELL_MAX);
	out_json_set(o, "id", json_integer(rule->id));
	out_json_set(o, "priority", json_integer(rule->priority));
	out_json_set(o, "direction",
	    out_json_str(direction_word((enum direction)rule->direction)));
	pattern_format(&rule->sender, &b);
	set_buf(o, "sender", &b);
	pattern_format(&rule->recipient, &b);
	set_buf(o, "recipient", &b);
	if (rule->subnet != NULL)
		cidr_format(rule->subnet, &b);
	out_json_set(o, "subnet",
	    rule->subnet != NULL ? out_json_sv(buf_sv(&b)) : json_null());
	out_json_set(o, "level", out_json_str(level_word(rule->demand->level)));
	out_json_set(o, "mode",
	    out_json_str(rule_mode_word((enum rule_mode)rule->mode)));
	buf_free(&b);
	return o;
}

static void
print_column(const struct app *app, const char *name, struct sv value)
{
	if (value.p == NULL)
		return;
	out_styled(app, OUT_DIM, "  %-*s", NAME_WIDTH, name);
	out_print(sv_head(value, OUT_CELL_MAX));
	(void)putchar('\n');
}

static void
print_number(const struct app *app, const char *name, int64_t value)
{
	out_styled(app, OUT_DIM, "  %-*s", NAME_WIDTH, name);
	printf("%" PRId64 "\n", value);
}

void
row_print(const struct app *app, const struct rule_row *row)
{
	out_styled(app, OUT_BOLD, "rule %" PRId64 "%s\n", row->id,
	    row->enabled != 0 ? "" : " (disabled)");
	print_column(app, "direction", row->direction);
	print_number(app, "priority", row->priority);
	print_column(app, "sender", row->sender);
	print_column(app, "recipient", row->recipient);
	print_column(app, "subnet", row->subnet);
	print_column(app, "level", row->level);
	print_column(app, "on_failure", row->on_failure);
	print_column(app, "ca", row->ca);
	print_column(app, "cert_name", row->cert_name);
	print_column(app, "cert_fingerprint", row->cert_fingerprint);
	print_column(app, "min_protocol", row->min_protocol);
	if (row->min_bits != 0)
		print_number(app, "min_bits", row->min_bits);
	print_column(app, "mode", row->mode);
	print_column(app, "expires_at", row->expires_at);
	if (row->comment.n > 0)
		print_column(app, "comment", row->comment);
}

void
rule_words_subnet(const struct cidr *subnet, struct buf *out)
{
	if (subnet != NULL)
		cidr_format(subnet, out);
	else
		buf_addc(out, '-');
}

void
rule_words_time(int64_t secs, struct buf *out)
{
	time_t t = (time_t)secs;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		buf_adds(out, "never");
	else
		buf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
}

void
rule_words_criteria(const struct rule *rule, struct buf *out)
{
	buf_adds(out, direction_word((enum direction)rule->direction));
	if (rule->sender.kind != PATTERN_ANY) {
		buf_adds(out, " from ");
		pattern_format(&rule->sender, out);
	}
	buf_adds(out, " to ");
	pattern_format(&rule->recipient, out);
	if (rule->subnet != NULL) {
		buf_adds(out, ", peers in ");
		cidr_format(rule->subnet, out);
	}
}
