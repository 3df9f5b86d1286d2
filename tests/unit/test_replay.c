/* tlswarden: tests for policy/replay.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/replay.h"
#include "table.h"
#include "unit.h"

#define M "monitor"

/* ids from 1, the lower wins */
static const struct table_row rules[] = {
	{ .sender = "bank.test", .mode = M, .on_failure = "fail" },
	{ .recipient = "us.test", .mode = M },
	{ .sender = "a.test", .recipient = "us.test", .mode = M },
	{ .sender = "ceo@bank.test", .mode = M },
	{ .subnet = "192.0.2.0/24", .mode = M },
	{ .sender = "pin.test",
	    .mode = M,
	    .pin = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		   "aaaaaa" },
	{ .sender = "sec.test", .level = "secure", .mode = M },
	{ .sender = "ca.test", .level = "secure", .ca = "Test CA", .mode = M },
	{ .sender = "<>", .mode = M }, { .sender = "*", .mode = M },
	{ .sender = "new.test", .min_protocol = "TLSv1.3", .mode = M },
	{ .sender = "strong.test", .min_bits = 256, .mode = M },
	{ .sender = "name.test",
	    .level = "secure",
	    .mode = M,
	    .cert_name = "out.name.test" },
	{ .sender = "net.test", .subnet = "192.0.2.0/24", .mode = M },
	{ .sender = "free.test", .level = "none" },
	{ .sender = "free.test", .mode = M }, /* loses to 15 */
	{ .sender = "*@*", .mode = M },
	{ .sender = "bank.test" }, /* enforced */
	{ .sender = "none.test", .level = "preferred", .mode = M },
	{ .is_out = true, .recipient = "bank.test", .mode = M },
	{ .sender = "free@vip.test", .level = "none" },
	{ .sender = "vip.test", .mode = M },
	{ .sender = "vip.test", .recipient = "open@us.test", .level = "none" },
	{ .sender = "*", .mode = M }, /* loses to many */
};

/* Domains as "s:DOMAIN:TAKEN:REFUSED", the total "t:TAKEN:REFUSED" when it is
 * more; want as "KIND:SENDER:RECIPIENT:TAKEN:REFUSED[:DOUBT]" with kinds
 * P(asses) R(efuses) U(nknown); what is not about it is left out. */
static const struct {
	const char *label;
	int64_t rule;
	enum record_tls tls;
	const char *version, *subject, *domains, *want;
} table[] = {
	{ "plain", 1, RECORD_TLS_NONE, NULL, NULL,
	    "s:bank.test:3:0 r:x.test:3:0", "R:bank.test:x.test:3:0" },
	{ "TLS", 1, RECORD_TLS_STARTTLS, "TLSv1.3", NULL,
	    "s:bank.test:3:0 r:x.test:3:0", "P:bank.test:x.test:3:0" },
	{ "wrapper", 1, RECORD_TLS_WRAPPER, "TLSv1.2", NULL,
	    "s:bank.test:1:0 r:x.test:1:0", "P:bank.test:x.test:1:0" },
	{ "refused then, too", 1, RECORD_TLS_NONE, NULL, NULL,
	    "s:bank.test:1:2 r:x.test:1:2", "R:bank.test:x.test:1:2" },
	{ "another sender", 1, RECORD_TLS_NONE, NULL, NULL,
	    "s:other.test:3:0 r:x.test:3:0", "" },
	{ "not told, with mail", 1, RECORD_TLS_UNKNOWN, NULL, NULL,
	    "s:bank.test:2:0 r:x.test:2:0",
	    "U:bank.test:x.test:2:0:no_tls_state" },
	{ "not told, no mail", 1, RECORD_TLS_UNKNOWN, NULL, NULL, "", "" },
	{ "no mail", 1, RECORD_TLS_NONE, NULL, NULL, "", "" },
	{ "one of two senders", 1, RECORD_TLS_NONE, NULL, NULL,
	    "s:bank.test:2:0 s:b.test:5:0 r:x.test:7:0",
	    "R:bank.test:x.test:2:0" },
	{ "one of two recipients", 2, RECORD_TLS_NONE, NULL, NULL,
	    "s:q.test:7:0 r:x.test:6:0 r:us.test:1:0", "R:q.test:us.test:1:0" },
	{ "by sender alone, many recipients", 1, RECORD_TLS_NONE, NULL, NULL,
	    "s:bank.test:2:0 s:b.test:5:0 r:x.test:6:0 r:y.test:1:0",
	    "R:bank.test::2:0" },
	{ "by recipient alone, many senders", 2, RECORD_TLS_NONE, NULL, NULL,
	    "s:q.test:2:0 s:b.test:5:0 r:x.test:6:0 r:us.test:1:0",
	    "R::us.test:1:0" },
	{ "a pair", 3, RECORD_TLS_NONE, NULL, NULL,
	    "s:a.test:2:0 r:us.test:2:0", "R:a.test:us.test:2:0" },
	{ "a pair that is none", 3, RECORD_TLS_NONE, NULL, NULL,
	    "s:a.test:2:0 r:x.test:2:0", "" },
	{ "which pair?", 3, RECORD_TLS_NONE, NULL, NULL,
	    "s:a.test:2:0 s:b.test:2:0 r:us.test:2:0 r:x.test:2:0",
	    "U:a.test::2:0:no_pairs" },
	{ "which pair? with TLS no matter", 3, RECORD_TLS_STARTTLS, "TLSv1.3",
	    NULL, "s:a.test:2:0 s:b.test:2:0 r:us.test:2:0 r:x.test:2:0", "" },
	{ "users", 4, RECORD_TLS_NONE, NULL, NULL,
	    "s:bank.test:2:0 r:x.test:2:0", "U:bank.test:x.test:2:0:no_users" },
	{ "users, with TLS no matter", 4, RECORD_TLS_STARTTLS, "TLSv1.3", NULL,
	    "s:bank.test:2:0 r:x.test:2:0", "" },
	{ "users of another domain", 4, RECORD_TLS_NONE, NULL, NULL,
	    "s:b.test:2:0 r:x.test:2:0", "" },
	{ "no domains", 1, RECORD_TLS_NONE, NULL, NULL, "t:2:1",
	    "U:::2:1:no_domains" },
	{ "no domains, TLS", 1, RECORD_TLS_STARTTLS, "TLSv1.3", NULL, "t:2:1",
	    "" },
	{ "no domains, but a rule about all", 10, RECORD_TLS_NONE, NULL, NULL,
	    "t:2:1", "R:::2:1" },
	{ "no domains, by subnet", 5, RECORD_TLS_NONE, NULL, NULL, "t:2:1",
	    "R:::2:1" },
	{ "no domains, a rule about all, another may win", 24, RECORD_TLS_NONE,
	    NULL, NULL, "t:2:1", "U:::2:1:no_domains" },
	{ "another rule may win for some", 22, RECORD_TLS_NONE, NULL, NULL,
	    "s:vip.test:2:0 r:x.test:2:0", "U:vip.test:x.test:2:0:no_users" },
	{ "for some recipients, too", 22, RECORD_TLS_NONE, NULL, NULL,
	    "s:vip.test:2:1 r:us.test:2:1", "U:vip.test:us.test:2:1:no_users" },
	{ "another rule may win, with TLS no matter", 22, RECORD_TLS_STARTTLS,
	    "TLSv1.3", NULL, "s:vip.test:2:0 r:x.test:2:0",
	    "P:vip.test:x.test:2:0" },
	{ "another rule is about users of others", 10, RECORD_TLS_NONE, NULL,
	    NULL, "s:b.test:2:0 r:us.test:2:0", "R:b.test:us.test:2:0" },
	{ "domains for some", 1, RECORD_TLS_NONE, NULL, NULL,
	    "s:b.test:1:0 r:x.test:1:0 t:3:0", "U:::2:0:no_domains" },
	{ "a pin", 6, RECORD_TLS_STARTTLS, "TLSv1.3", NULL,
	    "s:pin.test:1:0 r:x.test:1:0", "U:pin.test:x.test:1:0:no_fact" },
	{ "a pin, plain", 6, RECORD_TLS_NONE, NULL, NULL,
	    "s:pin.test:1:0 r:x.test:1:0", "R:pin.test:x.test:1:0" },
	{ "secure, no certificate", 7, RECORD_TLS_STARTTLS, "TLSv1.3", NULL,
	    "s:sec.test:1:0 r:x.test:1:0", "R:sec.test:x.test:1:0" },
	{ "secure", 7, RECORD_TLS_STARTTLS, "TLSv1.3", "out.sec.test",
	    "s:sec.test:1:0 r:x.test:1:0", "P:sec.test:x.test:1:0" },
	{ "the CA", 8, RECORD_TLS_STARTTLS, "TLSv1.3", "out.ca.test",
	    "s:ca.test:1:0 r:x.test:1:0", "P:ca.test:x.test:1:0" },
	{ "the name", 13, RECORD_TLS_STARTTLS, "TLSv1.3", "out.name.test",
	    "s:name.test:1:0 r:x.test:1:0", "P:name.test:x.test:1:0" },
	{ "another name", 13, RECORD_TLS_STARTTLS, "TLSv1.3", "x.name.test",
	    "s:name.test:1:0 r:x.test:1:0", "R:name.test:x.test:1:0" },
	{ "the null sender", 9, RECORD_TLS_NONE, NULL, NULL,
	    "s::1:0 r:x.test:1:0", "R:<>:x.test:1:0" },
	{ "not the null sender", 9, RECORD_TLS_NONE, NULL, NULL,
	    "s:b.test:1:0 r:x.test:1:0", "" },
	{ "any but the null sender", 17, RECORD_TLS_NONE, NULL, NULL,
	    "s::1:0 s:b.test:1:0 r:x.test:2:0", "R:b.test:x.test:1:0" },
	{ "too old", 11, RECORD_TLS_STARTTLS, "TLSv1.2", NULL,
	    "s:new.test:1:0 r:x.test:1:0", "R:new.test:x.test:1:0" },
	{ "version not recorded", 11, RECORD_TLS_STARTTLS, NULL, NULL,
	    "s:new.test:1:0 r:x.test:1:0", "U:new.test:x.test:1:0:no_fact" },
	{ "strong enough", 12, RECORD_TLS_STARTTLS, "TLSv1.3", NULL,
	    "s:strong.test:1:0 r:x.test:1:0", "P:strong.test:x.test:1:0" },
	{ "by domain and subnet", 14, RECORD_TLS_NONE, NULL, NULL,
	    "s:net.test:1:0 r:x.test:1:0", "R:net.test:x.test:1:0" },
	{ "another rule wins", 16, RECORD_TLS_NONE, NULL, NULL,
	    "s:free.test:1:0 r:x.test:1:0", "" },
	{ "an enforced rule", 18, RECORD_TLS_NONE, NULL, NULL,
	    "s:bank.test:0:1 r:x.test:0:1", "R:bank.test:x.test:0:1" },
	{ "demands nothing", 19, RECORD_TLS_NONE, NULL, NULL,
	    "s:none.test:1:0 r:x.test:1:0", "P:none.test:x.test:1:0" },
	{ "of the other direction", 20, RECORD_TLS_NONE, NULL, NULL,
	    "s:x.test:1:0 r:bank.test:1:0", "" },
	{ "a domain that is none", 1, RECORD_TLS_NONE, NULL, NULL,
	    "s:a..b:1:0 r:x.test:1:0", "" },
};

enum { DOMAINS = 8 };

static uint32_t
number(struct sv *text)
{
	struct sv word;
	uint32_t n = 0;

	ck_assert(sv_cut(text, ':', &word));
	ck_assert(sv_to_u32(word, 1000, &n));
	return n;
}

static void
fill(struct record_session *row, struct record_domain *domains,
    const char *text)
{
	struct sv words = sv_from(text), word;

	row->domains = domains;
	while (sv_word(&words, &word)) {
		struct record_domain *d = &domains[row->n_domains];
		struct sv kind;

		ck_assert(sv_cut(&word, ':', &kind));
		if (sv_is(kind, "t")) {
			row->n_accepted = number(&word);
			row->n_refused = number(&word);
			continue;
		}
		d->is_sender = sv_is(kind, "s");
		d->domain = sv_head(word, sv_find(word, ':'));
		word = sv_skip(word, d->domain.n + 1);
		d->n_accepted = number(&word);
		d->n_refused = number(&word);
		if (d->is_sender) {
			row->n_accepted += d->n_accepted;
			row->n_refused += d->n_refused;
		}
		row->n_domains++;
	}
}

static void
hear(void *arg, const struct replayed *p)
{
	static const char kinds[] = { [REPLAY_UNKNOWN] = 'U',
		[REPLAY_PASSES] = 'P',
		[REPLAY_REFUSES] = 'R' };
	struct buf *out = arg;

	if (p->kind == REPLAY_OTHER)
		return;
	buf_addf(out, "%s%c:%.*s:%.*s:%u:%u%s%s", out->n > 0 ? " " : "",
	    kinds[p->kind], SV_ARG(p->sender), SV_ARG(p->recipient), p->n_taken,
	    p->n_refused, p->doubt != REPLAY_SURE ? ":" : "",
	    replay_doubt_code(p->doubt));
	if (p->kind == REPLAY_REFUSES)
		ck_assert(p->verdict.kind != VERDICT_PASS &&
		    p->verdict.reason != REASON_UNKNOWN);
}

START_TEST(sessions)
{
	struct snapshot *s = table_snapshot(rules, N_ROWS(rules));
	struct record_domain domains[DOMAINS] = { { .n_accepted = 0 } };
	struct record_session row = { .mta = RECORD_POSTFIX,
		.client_addr = SV("192.0.2.7"),
		.tls = table[_i].tls,
		.bits = 256,
		.tls_version = sv_from(table[_i].version),
		.cert_subject = sv_from(table[_i].subject),
		.cert_issuer =
		    sv_from(table[_i].subject != NULL ? TABLE_CA_CN : NULL) };
	struct replay r;
	struct buf got;

	fill(&row, domains, table[_i].domains);
	replay_init(&r, s, snapshot_rule_by_id(s, table[_i].rule), 1000);
	buf_init(&got, 4000);
	replay_session(&r, &row, hear, &got);
	replay_done(&r);
	ck_assert_msg(sv_is(buf_sv(&got), table[_i].want),
	    "%s: got \"%s\", want \"%s\"", table[_i].label, buf_str(&got),
	    table[_i].want);
	buf_free(&got);
	snapshot_free(s);
}
END_TEST

/* What replay says of each session and rule is what the milter would say of
 * the same addresses under a table where that rule is enforced. */
static void
note_kind(void *arg, const struct replayed *p)
{
	enum replay_kind *kind = arg;

	*kind = p->kind;
}

static void
ck_agree(const struct table_row *rows, int n, int rule, struct sv sender,
    enum record_tls tls)
{
	struct table_row with[N_ROWS(rules)];
	struct record_domain domains[2] = { { sender, true, 1, 0 },
		{ SV("us.test"), false, 1, 0 } };
	struct record_session row = { .mta = RECORD_POSTFIX,
		.client_addr = SV("192.0.2.7"),
		.tls = tls,
		.tls_version = SV("TLSv1.2"),
		.bits = 128,
		.n_accepted = 1,
		.domains = domains,
		.n_domains = 2 };
	enum replay_kind kind = REPLAY_OTHER;
	struct snapshot *s = table_snapshot(rows, (size_t)n), *trial;
	struct inbound in;
	struct judgement j;
	struct tls_facts facts;
	struct replay r;
	struct buf names, address;

	memcpy(with, rows, (size_t)n * sizeof(*rows));
	with[rule - 1].mode = NULL;
	trial = table_snapshot(with, (size_t)n);
	replay_init(&r, s, snapshot_rule_by_id(s, rule), 1000);
	replay_session(&r, &row, note_kind, &kind);
	buf_init(&names, 100);
	buf_init(&address, 100);
	buf_addf(&address, "any.user@%.*s", SV_ARG(sender));
	replay_facts(&row, &names, &facts);
	inbound_init(&in);
	inbound_sender(&in, sender.n > 0 ? buf_sv(&address) : sender,
	    INBOUND_READ);
	inbound_recipient(&in, sv_from("another@us.test"), INBOUND_READ);
	in.has_client = addr_parse(row.client_addr, &in.client);
	in.tls = &facts;
	inbound_judge(trial, &in, &j);
	if (kind == REPLAY_REFUSES)
		ck_assert_msg(j.verdict.rule_id == rule &&
			j.verdict.kind != VERDICT_PASS,
		    "rule %d, %.*s", rule, SV_ARG(sender));
	else if (kind == REPLAY_PASSES || kind == REPLAY_OTHER)
		ck_assert_msg(j.verdict.rule_id != rule ||
			j.verdict.kind == VERDICT_PASS,
		    "rule %d, %.*s", rule, SV_ARG(sender));
	buf_free(&names);
	buf_free(&address);
	replay_done(&r);
	snapshot_free(trial);
	snapshot_free(s);
}

START_TEST(agrees)
{
	static const struct sv senders[] = { SV("bank.test"), SV("a.test"),
		SV("free.test"), SV("net.test"), SV("new.test"),
		SV("none.test"), SV("strong.test"), SV("sec.test"), SV("") };
	static const enum record_tls states[] = { RECORD_TLS_NONE,
		RECORD_TLS_STARTTLS };

	for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++)
		for (size_t t = 0; t < 2; t++)
			ck_agree(rules, N_ROWS(rules), _i, senders[i],
			    states[t]);
}
END_TEST

START_TEST(names)
{
	static const struct record_session row = { .mta = RECORD_SENDMAIL,
		.tls = RECORD_TLS_STARTTLS,
		.verify = SV("OK"),
		.cert_subject = SV("/CN=J\\xC3\\xBCrgen\\x5C\\xG1\\x4"),
		.cert_issuer = SV("/CN=\\x41") };
	struct tls_facts tls;
	struct buf text;

	buf_init(&text, 1000);
	replay_facts(&row, &text, &tls);
	ck_assert_sv_eq(tls.subject, sv_from("/CN=J\xC3\xBCrgen\\\\xG1\\x4"),
	    "subject");
	ck_assert_sv_eq(tls.issuer, sv_from("/CN=A"), "issuer");
	ck_assert(tls.cert == CERT_STATE_VERIFIED);
	ck_assert(tls.name_form == NAME_FORM_DN);
	buf_free(&text);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, sessions, 0, N_ROWS(table));
	tcase_add_loop_test(tc, agrees, 1, N_ROWS(rules) + 1);
	tcase_add_test(tc, names);
}

UNIT_MAIN("replay", add_tests)
