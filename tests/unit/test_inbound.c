/* tlswarden: tests/unit/test_inbound - one recipient of an inbound session.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "policy/inbound.h"
#include "table.h"
#include "unit.h"

static const struct table_row rules[] = {
	{ .sender = "watched.test", .mode = "monitor" },
	{ .sender = "bank.test", .on_failure = "fail" },
	{ .recipient = "audit@us.test" },
	{ .subnet = "192.0.2.0/24", .on_failure = "fail" },
	{ .sender = "<>", .level = "none" },
	{ .sender = "watched.test", .level = "secure", .mode = "monitor" },
	{ .sender = "secure.test", .level = "secure", .ca = "Test CA" },
};

struct row {
	const char *label;
	const char *sender, *recipient, *client;
	enum tls_state tls;
	enum verdict_kind kind;
	int64_t rule;
	int n_monitors;
	const char *text; /* of a refusal; its start */
};

static const struct row rows[] = {
	{ "no rule", "a@x.test", "b@us.test", "198.51.100.1", TLS_STATE_NONE,
	    VERDICT_PASS, 0, 0, NULL },
	{ "encrypted", "a@bank.test", "b@us.test", "198.51.100.1", TLS_STATE_ON,
	    VERDICT_PASS, 2, 0, NULL },
	{ "plaintext", "a@Bank.TEST", "b@us.test", "198.51.100.1",
	    TLS_STATE_NONE, VERDICT_FAIL, 2, 0,
	    "5.7.10 TLS required by policy rule 2 for mail from bank.test: " },
	{ "unknown state", "a@bank.test", "b@us.test", "198.51.100.1",
	    TLS_STATE_UNKNOWN, VERDICT_TEMPFAIL, 2, 0, "4.7.0 TLS required" },
	{ "recipient rule", "a@x.test", "<audit@us.test>", NULL, TLS_STATE_NONE,
	    VERDICT_TEMPFAIL, 3, 0,
	    "4.7.10 TLS required by policy rule 3 for mail to us.test: " },
	{ "recipient rule, null sender", "<>", "<audit@us.test>", NULL,
	    TLS_STATE_NONE, VERDICT_TEMPFAIL, 3, 0,
	    "4.7.10 TLS required by policy rule 3 for mail to us.test: " },
	{ "subnet", "a@x.test", "b@us.test", "192.0.2.9", TLS_STATE_NONE,
	    VERDICT_FAIL, 4, 0, "5.7.10 " },
	{ "subnet, mapped address", "a@x.test", "b@us.test", "::ffff:192.0.2.9",
	    TLS_STATE_NONE, VERDICT_FAIL, 4, 0,
	    "5.7.10 TLS required by policy rule 4 for mail from x.test: " },
	{ "subnet, no address", "a@x.test", "b@us.test", NULL, TLS_STATE_NONE,
	    VERDICT_PASS, 0, 0, NULL },
	{ "subnet, hidden address", "a@x.test", "b@us.test", "hidden",
	    TLS_STATE_NONE, VERDICT_TEMPFAIL, 0, 0,
	    "4.7.0 TLS policy cannot be judged: the address of the client " },
	{ "subnet, hidden address, state not known", "a@x.test", "b@us.test",
	    "hidden", TLS_STATE_UNKNOWN, VERDICT_TEMPFAIL, 0, 0, "4.7.0 TLS" },
	{ "subnet, hidden address, encrypted", "a@x.test", "b@us.test",
	    "hidden", TLS_STATE_ON, VERDICT_TEMPFAIL, 0, 0, "4.7.0 TLS" },
	{ "hidden address, TLS state none, another rule before", "<>",
	    "b@us.test", "hidden", TLS_STATE_NONE, VERDICT_TEMPFAIL, 0, 0,
	    "4.7.0 TLS" },
	{ "a recipient without domain", "a@x.test", "audit", NULL,
	    TLS_STATE_NONE, VERDICT_TEMPFAIL, 0, 0,
	    "4.7.0 TLS policy cannot be judged: the recipient address does " },
	{ "at an address of ours", "a@x.test", "audit@[192.0.2.1]", NULL,
	    TLS_STATE_ON, VERDICT_TEMPFAIL, 0, 0, "4.7.0 TLS policy" },
	{ "routed by a percent", "a@x.test", "audit%us.test@mx.us.test", NULL,
	    TLS_STATE_NONE, VERDICT_TEMPFAIL, 0, 0, "4.7.0 TLS policy" },
	{ "routed by a bang", "a@x.test", "us.test!audit@mx.us.test", NULL,
	    TLS_STATE_NONE, VERDICT_TEMPFAIL, 0, 0, "4.7.0 TLS policy" },
	{ "with a percent in the user, by no route", "a@x.test",
	    "\"a%b\"@other.test", NULL, TLS_STATE_NONE, VERDICT_TEMPFAIL, 0, 0,
	    "4.7.0 TLS policy" },
	{ "postmaster", "a@x.test", "Postmaster", NULL, TLS_STATE_NONE,
	    VERDICT_PASS, 0, 0, NULL },
	{ "postmaster at an address", "a@x.test", "postmaster@[192.0.2.1]",
	    NULL, TLS_STATE_NONE, VERDICT_PASS, 0, 0, NULL },
	{ "refused anyway, recipient without domain", "a@bank.test", "audit",
	    NULL, TLS_STATE_NONE, VERDICT_FAIL, 2, 0, "5.7.10 " },
	{ "hidden address, refused anyway", "a@bank.test", "b@us.test",
	    "hidden", TLS_STATE_NONE, VERDICT_FAIL, 2, 0, "5.7.10 " },
	{ "hidden address, a bad sender", "a@b\xff.test", "b@us.test", "hidden",
	    TLS_STATE_NONE, VERDICT_TEMPFAIL, 0, 0,
	    "4.7.0 TLS policy cannot be judged: the sender address " },
	{ "null sender from the subnet", "<>", "b@us.test", "192.0.2.9",
	    TLS_STATE_NONE, VERDICT_FAIL, 4, 0,
	    "5.7.10 TLS required by policy rule 4 for mail from <>: " },
	{ "null sender", "<>", "b@us.test", "198.51.100.1", TLS_STATE_NONE,
	    VERDICT_PASS, 5, 0, NULL },
	{ "watched, plaintext", "a@watched.test", "b@us.test", NULL,
	    TLS_STATE_NONE, VERDICT_PASS, 0, 2, NULL },
	{ "watched, encrypted, no certificate", "a@watched.test", "b@us.test",
	    NULL, TLS_STATE_ON, VERDICT_PASS, 0, 1, NULL },
	{ "watched, another rule refuses before one", "a@watched.test",
	    "audit@us.test", NULL, TLS_STATE_NONE, VERDICT_TEMPFAIL, 3, 1,
	    "4.7.10 TLS required by policy rule 3 for mail to us.test: " },
	{ "sender that no rule can name", "a@b\xff.test", "b@us.test", NULL,
	    TLS_STATE_ON, VERDICT_TEMPFAIL, 0, 0,
	    "4.7.0 TLS policy cannot be judged: the sender address " },
	{ "recipient of broken UTF-8", "a@x.test", "b@\xc3(.test", NULL,
	    TLS_STATE_ON, VERDICT_TEMPFAIL, 0, 0,
	    "4.7.0 TLS policy cannot be judged: the recipient address " },
	{ "bad sender, refused anyway", "a@b\xff.test", "audit@us.test", NULL,
	    TLS_STATE_NONE, VERDICT_TEMPFAIL, 3, 0, "4.7.10 " },
	{ "no domain", "root", "b@us.test", "192.0.2.9", TLS_STATE_NONE,
	    VERDICT_FAIL, 4, 0,
	    "5.7.10 TLS required by policy rule 4 for mail from you: " },
	{ "secure without certificate", "a@secure.test", "b@us.test", NULL,
	    TLS_STATE_ON, VERDICT_TEMPFAIL, 7, 0,
	    "4.7.5 Verified certificate required by policy rule 7 " },
};

static void
fill(struct inbound *in, const struct row *row, const struct tls_facts *tls)
{
	inbound_init(in);
	inbound_sender(in, sv_from(row->sender), INBOUND_WRITTEN);
	inbound_recipient(in, sv_from(row->recipient), INBOUND_WRITTEN);
	in->has_client = row->client != NULL &&
	    addr_parse(sv_from(row->client), &in->client);
	in->is_client_hidden = row->client != NULL && !in->has_client;
	in->tls = tls;
}

static void
count_one(void *arg, const struct judgement *would)
{
	ck_assert_int_eq(would->rule->mode, MODE_MONITOR);
	ck_assert_int_ne((int)would->verdict.kind, VERDICT_PASS);
	(*(int *)arg)++;
}

static void
check_text(const struct row *row, const struct judgement *j,
    const struct inbound *in)
{
	struct buf text;

	buf_init(&text, LIMIT_REPLY);
	inbound_text(j, in, &text);
	ck_assert_msg(sv_starts(buf_sv(&text), sv_from(row->text)),
	    "%s: got \"%s\", want \"%s\"", row->label, buf_str(&text),
	    row->text);
	buf_free(&text);
}

START_TEST(judges)
{
	const struct row *row = &rows[_i];
	struct snapshot *s = table_snapshot(rules, N_ROWS(rules));
	const struct tls_facts tls = { .state = row->tls,
		.version = TLS_VERSION_1_3,
		.bits = 256 };
	struct inbound in;
	struct judgement j;
	int n_monitors = 0;

	fill(&in, row, &tls);
	inbound_judge(s, &in, &j);
	ck_assert_msg(j.verdict.kind == row->kind, "%s: verdict %d", row->label,
	    (int)j.verdict.kind);
	ck_assert_msg(j.verdict.rule_id == row->rule, "%s: rule %d", row->label,
	    (int)j.verdict.rule_id);
	inbound_monitors(s, &in, &j, count_one, &n_monitors);
	ck_assert_msg(n_monitors == row->n_monitors, "%s: %d monitors",
	    row->label, n_monitors);
	if (row->text != NULL)
		check_text(row, &j, &in);
	snapshot_free(s);
}
END_TEST

/* A table that only watches what comes refuses nothing of it, not even what it
 * cannot judge. */
START_TEST(watches_bad_addresses)
{
	static const struct table_row watch[] = { { .mode = "monitor" },
		{ .recipient = "x.test", .is_out = true } };
	static const struct row row = { .label = "watch",
		.sender = "a@b\xff.test",
		.recipient = "b@us.test" };
	const struct tls_facts tls = { .state = TLS_STATE_NONE };
	struct snapshot *s = table_snapshot(watch, 2);
	struct inbound in;
	struct judgement j;
	int n_monitors = 0;

	fill(&in, &row, &tls);
	inbound_judge(s, &in, &j);
	ck_assert_int_eq((int)j.verdict.kind, VERDICT_PASS);
	inbound_monitors(s, &in, &j, count_one, &n_monitors);
	ck_assert_int_eq(n_monitors, 1);
	snapshot_free(s);
}
END_TEST

/* The longest user part is no way around a rule. */
START_TEST(refuses_endless_users)
{
	struct snapshot *s = table_snapshot(rules, N_ROWS(rules));
	const struct tls_facts tls = { .state = TLS_STATE_NONE };
	static char sender[3000];
	struct row row = { .label = "long", .recipient = "b@us.test" };
	struct inbound in;
	struct judgement j;

	memset(sender, 'x', sizeof(sender));
	memcpy(sender + 2900, "@bank.test", sizeof("@bank.test"));
	row.sender = sender;
	fill(&in, &row, &tls);
	inbound_judge(s, &in, &j);
	ck_assert_int_eq((int)j.verdict.kind, VERDICT_TEMPFAIL);
	snapshot_free(s);
}
END_TEST

/* What a client writes, what the MTA reads, whose address it is. */
static const struct {
	enum inbound_form form;
	const char *text;
	const char *want; /* NULL: nobody can know */
} addresses[] = {
	{ INBOUND_WRITTEN, "<A@Bank.test.>", "a@bank.test" },
	{ INBOUND_WRITTEN, "a%bank.test", "a@bank.test" },
	{ INBOUND_WRITTEN, "a%x.test%bank.test", "a%x.test@bank.test" },
	{ INBOUND_WRITTEN, "bank.test!x.test!a", "x.test!a@bank.test" },
	{ INBOUND_READ, "bank.test!a%x.test", "a%x.test@bank.test" },
	{ INBOUND_READ, "a%bank.test@", "a@bank.test" },
	{ INBOUND_WRITTEN, "a%bank.test@x.test", "a%bank.test@x.test" },
	{ INBOUND_WRITTEN, "<@x.test,@y.test:a@bank.test>", "a@bank.test" },
	{ INBOUND_WRITTEN, "\"a\"@bank.test", "a@bank.test" },
	{ INBOUND_WRITTEN, "\"a\\\"b c\"@bank.test", "a\"b c@bank.test" },
	{ INBOUND_WRITTEN, "\"x@y.test\"@bank.test", "x@y.test@bank.test" },
	{ INBOUND_READ, "a b@bank.test", "a b@bank.test" },
	{ INBOUND_WRITTEN, "o'brien..=_+$@bank.test",
	    "o'brien..=_+$@bank.test" },
	{ INBOUND_WRITTEN, "a@[192.0.2.1]", "a@192.0.2.1" },
	{ INBOUND_WRITTEN, "root", "root@" },
	{ INBOUND_WRITTEN, "%", "%@" },
	{ INBOUND_WRITTEN, "!x", "!x@" },
	{ INBOUND_WRITTEN, "x%", "x%@" },
	{ INBOUND_WRITTEN, "\"\"@bank.test", "\"\"@bank.test" },
	{ INBOUND_WRITTEN, "@", NULL },
	{ INBOUND_WRITTEN, "a@bank.test (x@x.test)", NULL },
	{ INBOUND_WRITTEN, "a@bank.test (x@x.test", NULL },
	{ INBOUND_WRITTEN, "a@bank.(@x.)test", NULL },
	{ INBOUND_WRITTEN, "a@\"bank.test\"", NULL },
	{ INBOUND_WRITTEN, "a@bank\\.test", NULL },
	{ INBOUND_WRITTEN, "a@bank .test", NULL },
	{ INBOUND_WRITTEN, "a @bank.test", NULL },
	{ INBOUND_WRITTEN, "Joe <a@bank.test>", NULL },
	{ INBOUND_WRITTEN, "a@x.test <a@bank.test>", NULL },
	{ INBOUND_WRITTEN, "x:a@bank.test;", NULL },
	{ INBOUND_WRITTEN, "a@x.test@bank.test", NULL },
	{ INBOUND_WRITTEN, "\"a\"b@bank.test", NULL },
	{ INBOUND_WRITTEN, "\"a\\\"@bank.test", NULL },
	{ INBOUND_WRITTEN, "a\\b@bank.test", NULL },
	{ INBOUND_WRITTEN, "a@bank.test,b@x.test", NULL },
	{ INBOUND_WRITTEN, "a@[192.0.2.1]]", NULL },
	{ INBOUND_WRITTEN, "a@bank\x01.test", NULL },
	{ INBOUND_WRITTEN, "a@bank\x7f.test", NULL },
	{ INBOUND_WRITTEN, "a b", NULL },
	{ INBOUND_READ, "a@\xff.test", NULL },
};

START_TEST(reads_addresses)
{
	const char *want = addresses[_i].want, *text = addresses[_i].text;
	struct inbound in;

	inbound_init(&in);
	inbound_sender(&in, sv_from(text), addresses[_i].form);
	inbound_recipient(&in, sv_from(text), addresses[_i].form);
	ck_assert_msg(in.bad_sender == (want == NULL), "%s", text);
	ck_assert_int_eq(in.bad_recipient, in.bad_sender);
	ck_assert_int_eq((int)in.sender.kind,
	    want == NULL ? PARTY_ABSENT : PARTY_ADDRESS);
	ck_assert_msg(want == NULL || sv_is(party_text(&in.sender), want),
	    "%s: got %.*s", text, SV_ARG(party_text(&in.sender)));
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, judges, 0, N_ROWS(rows));
	tcase_add_loop_test(tc, reads_addresses, 0, N_ROWS(addresses));
	tcase_add_test(tc, watches_bad_addresses);
	tcase_add_test(tc, refuses_endless_users);
}

UNIT_MAIN("inbound", add_tests)
