/* tlswarden: fuzz target for what mail servers ask about outbound mail: maps
 * dsn, sendmail and sts, the ledger beside them.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Input: a next hop, a newline, a key. Servers write into both: the text of a
 * delivery status quotes their answers, the facts of a session their names.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "policy/dsn_watch.h"
#include "policy/lookup.h"
#include "policy/sendmail.h"
#include "table.h"

#define OUT(to, lev, how) \
	.is_out = true, .recipient = (to), .level = (lev), .mode = (how)

/* ids from 1, the lower wins */
static const struct table_row rows[] = {
	{ OUT("free.test", "encrypt", "monitor"), .on_failure = "fail" },
	{ OUT("*", "secure", "monitor"), .ca = "Test CA" },
	{ OUT("ceo@free.test", "encrypt", "monitor") },
	{ OUT("*", "encrypt", "monitor"), .subnet = "192.0.2.0/24" },
	{ OUT("enc.test", "encrypt", NULL), .on_failure = "fail",
	    .min_bits = 128 },
	{ OUT("sec.test", "secure", NULL), .cert_name = "a.test:.b.test" },
	{ OUT("*", "preferred", NULL) },
};

static bool
is_line(struct sv v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < ' ' || v.p[i] > '~')
			return false;
	return v.n > 0;
}

static void
check_judgement(const struct judgement *j, struct sv text)
{
	assert(j->rule != NULL && j->rule->id == j->verdict.rule_id);
	assert(j->verdict.kind != VERDICT_PASS);
	assert(level_demands_tls(j->rule->demand->level));
	assert(is_line(text) && text.n < LIMIT_REPLY + 16);
}

static void
on_dsn(void *arg, const struct dsn_note *n)
{
	(void)arg;
	check_judgement(&n->judgement, n->text);
	assert(n->judgement.rule->mode == MODE_MONITOR);
	assert(n->nexthop.n > 0 && n->nexthop.n <= LIMIT_NEXTHOP);
}

static void
on_sendmail(void *arg, const struct sendmail_note *n)
{
	bool *refuses = arg;

	check_judgement(&n->judgement, n->text);
	if (n->judgement.rule->mode == MODE_ENFORCE)
		*refuses = true;
}

static void
run_dsn(const struct snapshot *s, struct sv hop, struct sv key)
{
	static struct dsn_tie tie;
	const struct dsn_probes none = { NULL, 0 };
	struct lookup_answer a;
	struct party party;
	struct buf out;
	const struct lookup_hop asked = { hop, NULL, &party, &out };

	lookup_tlspolicy(s, &asked, &a);
	dsn_tie_set(&tie, a.rule, hop, 1000);
	buf_init(&out, LIMIT_REPLY);
	/* What was a failure stays one, and what was permanent, too. */
	if (dsn_rewrite(key, &tie, 1000, none, &out)) {
		assert(is_line(buf_sv(&out)));
		assert(out.p[0] == '5' || (out.p[0] == '4' && key.p[0] == '4'));
	}
	buf_free(&out);
	dsn_watch(s, key, &tie, 1000, none, on_dsn, NULL);
}

static void
run_sendmail(const struct snapshot *s, struct sv hop, struct sv key)
{
	struct lookup_answer a;
	bool refuses = false;
	struct party party;
	struct buf out;
	const struct lookup_hop asked = { hop, NULL, &party, &out };

	buf_init(&out, 4096);
	sendmail_answer(s, key, &party, &out, &a);
	assert(a.status != LOOKUP_FOUND || is_line(a.text));
	sendmail_watch(s, key, &party, on_sendmail, &refuses);
	/* The ledger has what the answer refuses, no more and no less. */
	if (a.status == LOOKUP_FOUND && sv_find(a.text, '"') < a.text.n)
		assert(refuses);
	else
		assert(!refuses);
	buf_reset(&out);
	sendmail_sts(s, &asked, &a);
	assert(a.status != LOOKUP_FOUND || is_line(a.text));
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct snapshot *s;
	struct sv key = sv_make((const char *)data, size), hop;

	if (s == NULL)
		s = table_snapshot(rows, sizeof(rows) / sizeof(rows[0]));
	if (size > LIMIT_SOCKETMAP_REQUEST || !sv_cut(&key, '\n', &hop))
		return 0;
	run_dsn(s, hop, key);
	run_sendmail(s, hop, key);
	return 0;
}
