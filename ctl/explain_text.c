/* tlswarden: ctl/explain_text - the explanation for a person.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/explain.h"
#include "ctl/rule_words.h"
#include "base/banned.h"

static const char *const heads[] = { "", "RULE", "PRIORITY", "SENDER",
	"RECIPIENT", "SUBNET", "LEVEL", "WHY" };
enum { COLUMNS = sizeof(heads) / sizeof(heads[0]) };

static void
print_head(const struct app *app, const char *word)
{
	out_styled(app, OUT_BOLD, "%-10s", word);
}

static void
print_safe(const char *text)
{
	out_print(sv_from(text));
}

static void
print_peers(const struct question *q)
{
	struct buf b;

	buf_init(&b, OUT_TEXT_MAX);
	for (size_t i = 0; i < q->query.n_peers; i++) {
		buf_adds(&b, i == 0 ? ", peer " : " ");
		addr_format(&q->query.peers[i], &b);
	}
	out_sv(buf_sv(&b));
	buf_free(&b);
}

static void
print_party(const struct party *p, const char *absent)
{
	if (p->kind == PARTY_ABSENT)
		fputs(absent, stdout);
	else if (p->kind == PARTY_NULL)
		fputs("<>", stdout);
	else
		out_print(party_text(p));
}

static void
print_session(const struct question *q)
{
	if (!q->has_tls) {
		puts("          judged as a session without TLS");
		return;
	}
	fputs("          session with ", stdout);
	fputs(q->tls.version != TLS_VERSION_UNKNOWN
		? tls_version_word(q->tls.version)
		: "an unknown TLS version",
	    stdout);
	printf(", %" PRIu32 " bits, %s\n", q->tls.bits,
	    q->tls.cert == CERT_STATE_VERIFIED ? "verified certificate"
					       : "no verified certificate");
}

/* What DNS did not tell, if a rule depends on it. */
static void
print_dns(const struct servers *s)
{
	if (s == NULL || s->is_complete)
		return;
	fputs("          not all addresses are known: ", stdout);
	out_print(s->trouble);
	puts("");
}

static void
print_question(const struct explanation *e)
{
	const struct question *q = &e->q;

	print_head(e->app, "Question");
	if (q->direction == DIRECTION_OUT) {
		fputs("mail we deliver", stdout);
		if (q->has_address) {
			fputs(" to ", stdout);
			print_party(&q->address, "");
		}
		fputs(", next hop ", stdout);
		print_party(&q->hop, "");
		if (q->hop.is_bracketed || q->hop.port != 0) {
			fputs(" (written ", stdout);
			print_safe(q->hop_text);
			(void)putchar(')');
		}
		print_peers(q);
		puts("");
		print_dns(e->servers);
		if (q->sender != NULL)
			puts(
			    "          the sender is left out: an MTA does "
			    "not tell it when it asks");
		return;
	}
	fputs("mail we receive from ", stdout);
	print_party(&q->in.sender, "(not given)");
	fputs(" to ", stdout);
	print_party(&q->in.recipient, "(not given)");
	print_peers(q);
	puts("");
	print_session(q);
}

static void
print_table_name(const struct explanation *e)
{
	print_head(e->app, "Table");
	printf("%s, %" PRIu64 " rules\n", e->table.path, e->table.n_rows);
	if (!e->table.is_last_good)
		return;
	out_styled(e->app, OUT_BAD,
	    "          policy.db does not load; this is what the daemons "
	    "serve instead:\n          ");
	print_safe(e->table.failure);
	puts("");
}

static void
add_line(void *arg, const struct explain_line *line)
{
	struct table *t = arg;
	struct buf b;

	buf_init(&b, OUT_CELL_MAX);
	table_str(t,
	    line->is_winner               ? ">"
		: line->miss != MISS_NONE ? ""
		: line->is_monitor        ? "~"
					  : "+");
	table_number(t, line->rule->id);
	table_number(t, line->rule->priority);
	pattern_format(&line->rule->sender, &b);
	table_sv(t, buf_sv(&b));
	buf_reset(&b);
	pattern_format(&line->rule->recipient, &b);
	table_sv(t, buf_sv(&b));
	buf_reset(&b);
	rule_words_subnet(line->rule->subnet, &b);
	table_sv(t, buf_sv(&b));
	table_str(t, level_word(line->rule->demand->level));
	table_str(t, explain_why(line));
	buf_free(&b);
}

static void
print_rules(const struct explanation *e)
{
	struct explain_rest rest;
	struct table t;

	puts("");
	if (snapshot_count(e->table.snap) == 0) {
		puts("The table has no rules.");
		return;
	}
	table_init(&t, heads, COLUMNS);
	explain_rules(e, add_line, &t, &rest);
	table_done(&t, e->app);
	if (rest.n == 0)
		return;
	printf("and %zu more (--all lists them):", rest.n);
	for (size_t i = 0; i <= MISS_EXPIRED; i++)
		if (rest.by_miss[i] > 0)
			printf(" %zu %s;", rest.by_miss[i],
			    miss_words((enum miss)i));
	puts("");
}

static void
print_row(void *arg, const struct rule_row *row)
{
	const struct explanation *e = arg;

	if (e->winner != NULL && row->id == e->winner->id)
		row_print(e->app, row);
}

static const char *
mta_words(const char *mta)
{
	if (strcmp(mta, "both") == 0)
		return "Postfix and Sendmail";
	return strcmp(mta, "sendmail") == 0 ? "Sendmail" : "Postfix";
}

static void
print_answers(const struct explanation *e)
{
	print_head(e->app, "Answers");
	for (size_t i = 0; i < e->n_answers; i++) {
		const struct answer *a = &e->answers[i];

		printf("%s%s %s%s", i == 0 ? "" : "          ",
		    mta_words(a->mta), a->by, a->key != NULL ? " " : "");
		print_safe(a->key != NULL ? a->key : "");
		fputs(": ", stdout);
		print_safe(a->text);
		puts("");
	}
}

static void
print_monitors(const struct explanation *e)
{
	for (size_t i = 0; i < e->n_monitors; i++) {
		print_head(e->app, i == 0 ? "Monitors" : "");
		printf("rule %" PRId64 " would have refused: ",
		    e->monitors[i].rule);
		print_safe(e->monitors[i].text);
		puts("");
	}
}

void
explain_print_text(struct explanation *e)
{
	struct err err;

	print_question(e);
	print_table_name(e);
	print_rules(e);
	puts("");
	print_head(e->app, "Winner");
	if (e->winner == NULL)
		puts("none");
	else if (load_each_row(&e->table, print_row, e, &err) != 0)
		(void)app_fail(&err);
	print_answers(e);
	print_monitors(e);
	print_head(e->app, "Outcome");
	print_safe(e->outcome);
	puts("");
}
