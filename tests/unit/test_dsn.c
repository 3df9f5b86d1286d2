/* tlswarden: tests for policy/dsn and policy/probe_table.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/dsn.h"
#include "policy/probe_table.h"
#include "unit.h"

/* clang-format off */
#define NONE { { REASON_UNKNOWN, FAULT_UNKNOWN } }, 0
#define ONE(reason, fault) { { (reason), (fault) } }, 1
#define TWO(a, b) { { (a), FAULT_THEIRS }, { (b), FAULT_THEIRS } }, 2
/* clang-format on */
#define TEXT_NO_TLS "TLS is required, but was not offered by host mx[192.0.2.1]"

static const struct {
	const char *label;
	struct sv key;
	enum on_failure on_failure;
	enum level level;
	struct dsn_probe found[2];
	size_t n_found;   /* 0: nothing is known */
	const char *want; /* start of the answer; NULL: unchanged */
} statuses[] = {
	{ "fail", SV("4.7.4 " TEXT_NO_TLS), ON_FAILURE_FAIL, LEVEL_ENCRYPT,
	    NONE,
	    "5.7.4 TLS required by policy rule 3 for mail to "
	    "bank.test: " TEXT_NO_TLS "; no_starttls: enable STARTTLS" },
	{ "tempfail", SV("4.7.4 " TEXT_NO_TLS), ON_FAILURE_TEMPFAIL,
	    LEVEL_ENCRYPT, NONE, "4.7.4 TLS required by policy rule" },
	{ "not verified", SV("4.7.5 Server certificate not verified"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, NONE,
	    "5.7.5 Verified TLS required by policy rule 3" },
	{ "the probe's words", SV("4.7.5 Server certificate not verified"),
	    ON_FAILURE_FAIL, LEVEL_SECURE,
	    ONE(REASON_EXPIRED_LEAF, FAULT_THEIRS),
	    "5.7.5 Verified TLS required by policy rule 3 for mail to "
	    "bank.test: Server certificate not verified; a probe found "
	    "expired_leaf: renew the certificate" },
	{ "old text", SV("4.7.5 Server certificate not trusted"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, NONE, "5.7.5 " },
	{ "refused",
	    SV("4.7.0 TLS is required, but host mx[192.0.2.1] refused "
	       "to start TLS: 454 4.7.0 later"),
	    ON_FAILURE_FAIL, LEVEL_ENCRYPT, NONE, "5.7.0 " },
	{ "refused for good, but the rule waits",
	    SV("5.7.3 TLS is required, but host mx[192.0.2.1] refused to start "
	       "TLS: 554 5.7.3 no"),
	    ON_FAILURE_TEMPFAIL, LEVEL_ENCRYPT, NONE,
	    "4.7.3 TLS required by policy rule 3" },
	{ "refused for good by both",
	    SV("5.0.0 TLS is required, but host mx[192.0.2.1] refused to start "
	       "TLS: 501 no"),
	    ON_FAILURE_FAIL, LEVEL_ENCRYPT, NONE, "5.0.0 TLS required by" },
	{ "a server that closes is not refusing TLS",
	    SV("4.3.2 TLS is required, but host mx[192.0.2.1] refused to start "
	       "TLS: 421 4.3.2 shutting down"),
	    ON_FAILURE_FAIL, LEVEL_ENCRYPT, NONE, "4.3.2 TLS required by" },
	{ "refused by one whose text has a 421",
	    SV("4.7.0 TLS is required, but host mx[192.0.2.1] refused to start "
	       "TLS: 454 no: 421"),
	    ON_FAILURE_FAIL, LEVEL_ENCRYPT, NONE, "5.7.0 TLS required by" },
	{ "handshake, nothing known",
	    SV("4.7.5 Cannot start TLS: handshake failure"), ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, NONE, "4.7.5 " },
	{ "handshake, the probe saw it",
	    SV("4.7.5 Cannot start TLS: handshake failure"), ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, ONE(REASON_LEGACY_PROTOCOL, FAULT_THEIRS),
	    "5.7.5 " },
	{ "handshake, the path's fault",
	    SV("4.7.5 Cannot start TLS: handshake failure"), ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, ONE(REASON_TIMEOUT, FAULT_PATH), "4.7.5 " },
	{ "our map", SV("4.7.5 client TLS configuration problem"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, NONE, NULL },
	{ "our engine",
	    SV("4.7.5 TLS is required, but our TLS engine is unavailable"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, NONE, NULL },
	{ "unavailable", SV("4.7.0 TLS is required, but unavailable"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, NONE, NULL },
	{ "not about TLS", SV("4.4.1 connect to mx: Connection refused"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, NONE, NULL },
	{ "a peer that quotes us",
	    SV("4.2.2 452 Server certificate not verified"), ON_FAILURE_FAIL,
	    LEVEL_SECURE, NONE, NULL },
	{ "sent", SV("2.0.0 250 2.0.0 Ok: queued"), ON_FAILURE_FAIL,
	    LEVEL_SECURE, NONE, NULL },
	{ "no status", SV("Server certificate not verified"), ON_FAILURE_FAIL,
	    LEVEL_SECURE, NONE, NULL },
	{ "odd status", SV("4.x.5 Server certificate not verified"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, NONE, NULL },
	{ "empty", SV(""), ON_FAILURE_FAIL, LEVEL_SECURE, NONE, NULL },
	{ "a rule that demands nothing", SV("4.7.4 " TEXT_NO_TLS),
	    ON_FAILURE_FAIL, LEVEL_PREFERRED, NONE, NULL },
#define HANDSHAKE SV("4.7.5 Cannot start TLS: handshake failure")
#define NOT_VERIFIED SV("4.7.5 Server certificate not verified")
	{ "handshake, the peer wants our certificate", HANDSHAKE,
	    ON_FAILURE_FAIL, LEVEL_ENCRYPT,
	    ONE(REASON_CLIENT_CERT_REQUIRED, FAULT_THEIRS),
	    "5.7.5 TLS required by policy rule 3 for mail to bank.test: "
	    "Cannot start TLS: handshake failure; a probe found "
	    "client_cert_required: " },
	{ "handshake, tempfail", HANDSHAKE, ON_FAILURE_TEMPFAIL, LEVEL_ENCRYPT,
	    ONE(REASON_LEGACY_PROTOCOL, FAULT_THEIRS), "4.7.5 " },
	{ "handshake, by the evidence it is ours", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, ONE(REASON_HANDSHAKE_FAILURE, FAULT_OURS),
	    "4.7.5 " },
	{ "handshake, nobody knows whose", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, ONE(REASON_HANDSHAKE_FAILURE, FAULT_UNKNOWN),
	    "4.7.5 " },
	{ "handshake, the probe was good", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, ONE(REASON_COUNT, FAULT_UNKNOWN),
	    "4.7.5 TLS required by policy rule 3 for mail to bank.test: "
	    "Cannot start TLS: handshake failure; handshake_failure: " },
	{ "handshake, another fault of theirs", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_SECURE, ONE(REASON_EXPIRED_LEAF, FAULT_THEIRS),
	    "4.7.5 Verified TLS required by policy rule 3 for mail to "
	    "bank.test: Cannot start TLS: handshake failure; "
	    "handshake_failure: " },
	{ "handshake, closed: may be busy", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, ONE(REASON_CONNECTION_CLOSED, FAULT_THEIRS),
	    "4.7.5 " },
	{ "handshake, a key too weak for OpenSSL", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_SECURE, ONE(REASON_WEAK_KEY, FAULT_THEIRS), "5.7.5 " },
	{ "handshake, a notice is no fault", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, ONE(REASON_CLIENT_CERT_REQUESTED, FAULT_THEIRS),
	    "4.7.5 " },
	{ "handshake, both servers", HANDSHAKE, ON_FAILURE_FAIL, LEVEL_ENCRYPT,
	    TWO(REASON_LEGACY_PROTOCOL, REASON_CLIENT_CERT_REQUIRED),
	    "5.7.5 TLS required by policy rule 3 for mail to bank.test: "
	    "Cannot start TLS: handshake failure; a probe found "
	    "legacy_protocol: " },
	{ "handshake, one server is good", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, TWO(REASON_LEGACY_PROTOCOL, REASON_COUNT),
	    "4.7.5 " },
	{ "handshake, one server has none", HANDSHAKE, ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, TWO(REASON_LEGACY_PROTOCOL, REASON_NO_STARTTLS),
	    "4.7.5 " },
	{ "the second explains it", NOT_VERIFIED, ON_FAILURE_TEMPFAIL,
	    LEVEL_SECURE, TWO(REASON_NO_STARTTLS, REASON_INCOMPLETE_CHAIN),
	    "4.7.5 Verified TLS required by policy rule 3 for mail to "
	    "bank.test: Server certificate not verified; a probe found "
	    "incomplete_chain: " },
	{ "a fault of ours in the trust store", NOT_VERIFIED, ON_FAILURE_FAIL,
	    LEVEL_SECURE, ONE(REASON_EXPIRED_ROOT, FAULT_OURS),
	    "5.7.5 Verified TLS required by policy rule 3 for mail to "
	    "bank.test: Server certificate not verified; a probe found "
	    "expired_root: " },
	{ "what does not explain it is not said", SV("4.7.4 " TEXT_NO_TLS),
	    ON_FAILURE_FAIL, LEVEL_SECURE,
	    ONE(REASON_EXPIRED_LEAF, FAULT_THEIRS),
	    "5.7.4 Verified TLS required by policy rule 3 for mail to "
	    "bank.test: " TEXT_NO_TLS "; no_starttls: enable STARTTLS" },
	{ "what does is", SV("4.7.4 " TEXT_NO_TLS), ON_FAILURE_FAIL,
	    LEVEL_SECURE, ONE(REASON_NO_STARTTLS, FAULT_THEIRS),
	    "5.7.4 Verified TLS required by policy rule 3 for mail to "
	    "bank.test: " TEXT_NO_TLS "; a probe found no_starttls: " },
	{ "our trouble stays ours",
	    SV("4.7.5 client TLS configuration problem"), ON_FAILURE_FAIL,
	    LEVEL_SECURE, ONE(REASON_EXPIRED_LEAF, FAULT_THEIRS), NULL },
};

/* The rule may be gone, or say tempfail now: the mail waits for the next
 * try. */
static void
check_other_table(int i, const struct dsn_tie *tie, struct dsn_probes found)
{
	struct buf out;

	buf_init(&out, 1000);
	if (dsn_rewrite(statuses[i].key, tie, 1010, found, &out))
		ck_assert_msg(out.n > 0 && buf_str(&out)[0] == '4',
		    "%s: another table: %s", statuses[i].label, buf_str(&out));
	buf_free(&out);
}

START_TEST(dsn)
{
	static struct dsn_tie tie;
	const struct dsn_probes none = { NULL, 0 };
	struct dsn_probes found = { statuses[_i].found, statuses[_i].n_found };
	struct demand d = { .level = statuses[_i].level };
	struct rule r = { .id = 3,
		.on_failure = (uint8_t)statuses[_i].on_failure,
		.demand = &d };
	const char *want = statuses[_i].want;
	struct buf out;
	bool changed;

	buf_init(&out, 1000);
	dsn_tie_set(&tie, &r, sv_from("bank.test"), 1000);
	tie.table = 7;
	dsn_tie_table(&tie, 7);
	changed = dsn_rewrite(statuses[_i].key, &tie, 1010, found, &out);
	ck_assert_msg(!out.is_full && out.n < LIMIT_REPLY, "%s: too long",
	    statuses[_i].label);
	ck_assert_msg(changed == (want != NULL), "%s: %s", statuses[_i].label,
	    buf_str(&out));
	if (want != NULL)
		ck_assert_msg(sv_starts(buf_sv(&out), sv_from(want)), "%s: %s",
		    statuses[_i].label, buf_str(&out));
	buf_reset(&out);
	dsn_tie_table(&tie, 8);
	check_other_table(_i, &tie, found);
	ck_assert_msg(!dsn_rewrite(statuses[_i].key, &tie, 1001 + DSN_TIE_SECS,
			  none, &out),
	    "an old tie");
	dsn_tie_set(&tie, NULL, sv_from("bank.test"), 1000);
	ck_assert_msg(!dsn_rewrite(statuses[_i].key, &tie, 1000, none, &out),
	    "no rule answered");
	buf_free(&out);
}
END_TEST

#define NOT_OFFERED "TLS is required, but was not offered by host "

/* Statuses that come one after the other behind one policy lookup. */
static const struct {
	const char *label;
	struct sv keys[4];
	const char *tied; /* 't' or '-' for each */
} series[] = {
	{ "recipients of one delivery",
	    { NOT_VERIFIED, NOT_VERIFIED, NOT_VERIFIED }, "ttt" },
	{ "words that name no server",
	    { NOT_VERIFIED, HANDSHAKE, NOT_VERIFIED }, "ttt" },
	{ "another server",
	    { SV("4.7.4 " NOT_OFFERED "a[::1]"),
		SV("4.7.4 " NOT_OFFERED "b[::1]"), NOT_VERIFIED },
	    "t--" },
	{ "the same server, then its recipient",
	    { SV("4.7.4 " NOT_OFFERED "a[::1]"),
		SV("5.1.1 host b[::1] said: 550 no"),
		SV("4.7.4 " NOT_OFFERED "a[::1]") },
	    "ttt" },
	{ "sent", { SV("2.0.0 250 2.0.0 Ok"), NOT_VERIFIED }, "--" },
	{ "a recipient refused",
	    { SV("5.1.1 host mx.test[::1] said: 550 no"), NOT_VERIFIED },
	    "tt" },
	{ "our trouble",
	    { SV("4.7.5 client TLS configuration problem"), NOT_VERIFIED },
	    "tt" },
	{ "no status", { SV("x"), NOT_VERIFIED }, "tt" },
	{ "empty", { SV(""), NOT_VERIFIED }, "tt" },
	{ "sent in between",
	    { NOT_VERIFIED, SV("2.0.0 250 Ok"), NOT_VERIFIED, NOT_VERIFIED },
	    "t---" },
};

START_TEST(tie_status)
{
	static struct dsn_tie tie;
	struct demand d = { .level = LEVEL_SECURE };
	struct rule r = { .id = 3, .demand = &d };

	for (int again = 0; again < 2; again++) {
		dsn_tie_set(&tie, &r, sv_from("bank.test"), 1000);
		for (size_t i = 0; series[_i].tied[i] != '\0'; i++) {
			dsn_tie_status(&tie, series[_i].keys[i]);
			ck_assert_msg((tie.rule_id == 3 &&
					  tie.nexthop_n == 9) ==
				(series[_i].tied[i] == 't'),
			    "%s: status %zu", series[_i].label, i);
		}
	}
}
END_TEST

enum { MARK = 77 }; /* of what rules demand today */

/* As a policy lookup leaves it. */
static const struct dsn_tie *
tie_of(const char *nexthop, int64_t rule)
{
	static struct dsn_tie tie;
	struct demand d = { .level = LEVEL_SECURE, .mark = MARK };
	struct rule r = { .id = rule, .demand = &d };

	dsn_tie_set(&tie, &r, sv_from(nexthop), 1000);
	return &tie;
}

/* What is stored, and what a next hop is told of it. */
static const struct stored {
	const char *domain, *host;
	uint16_t port;
	int64_t at, rule;
	const char *verdict, *class, *fault;
	int64_t demand; /* 0: that of today */
} stored[] = {
	{ "bank.test", "mx1.bank.test", 25, 100, 3, "fail", "expired_leaf",
	    "theirs", 0 },
	{ "bank.test", "mx2.bank.test", 25, 100, 3, "ok", "", "", 0 },
	/* not a server any more */
	{ "bank.test", "old.bank.test", 25, 99, 3, "fail", "name_mismatch",
	    "theirs", 0 },
	{ "bank.test", "mx1.bank.test", 587, 100, 3, "noverify", "no_starttls",
	    "theirs", 0 },
	{ "two.test", "mx.two.test", 25, 100, 4, "ok", "", "", 0 },
	{ "two.test", "mx2.two.test", 25, 100, 5, "ok", "", "", 0 },
	{ "host.test", "host.test", 25, 100, 6, "fail", "weak_key", "theirs",
	    0 },
	{ "host.test", "mx.host.test", 25, 101, 6, "fail", "revoked", "ours",
	    0 },
	{ "host.test", "host.test", 587, 90, 6, "fail", "path_length", "path",
	    0 },
	{ "192.0.2.1", "192.0.2.1", 25, 100, 7, "fail", "timeout", "path", 0 },
	{ "2001:db8::1", "2001:db8::1", 465, 100, 8, "ok", "", "", 0 },
	{ "odd.test", "mx.odd.test", 25, 100, 9, "fail", "who_knows", "theirs",
	    0 },
	{ "odd.test", "mx.odd.test", 25, 100, 9, "fail", "", "", 0 },
	{ "odd.test", "mx.odd.test", 25, 100, 9, "", "", "", 0 },
	{ "fault.test", "mx.fault.test", 25, 100, 9, "fail", "revoked", "yours",
	    0 },
	{ "edited.test", "mx.edited.test", 25, 100, 10, "fail", "weak_key",
	    "theirs", MARK - 1 },
	{ "while.test", "mx1.while.test", 25, 100, 11, "ok", "", "", 0 },
	{ "while.test", "mx2.while.test", 25, 100, 11, "ok", "", "", MARK - 1 },
	{ "", "mx.no.test", 25, 100, 9, "ok", "", "", 0 },
	{ "norule.test", "mx.norule.test", 25, 100, 0, "ok", "", "", 0 },
};

static const struct {
	const char *label, *nexthop;
	int64_t rule;
	struct dsn_probe want[2];
	size_t n_want;
} finds[] = {
	{ "a domain, the newest look", "bank.test", 3,
	    { { REASON_EXPIRED_LEAF, FAULT_THEIRS },
		{ REASON_COUNT, FAULT_UNKNOWN } },
	    2 },
	{ "however it is written", "BANK.test.", 3,
	    { { REASON_EXPIRED_LEAF, FAULT_THEIRS },
		{ REASON_COUNT, FAULT_UNKNOWN } },
	    2 },
	{ "another rule", "bank.test", 4, NONE },
	{ "the same, edited since", "edited.test", 10, NONE },
	{ "edited while it was looked at", "while.test", 11, NONE },
	{ "no rule", "norule.test", 0, NONE },
	{ "judged by no rule", "norule.test", 9, NONE },
	{ "judged by two rules", "two.test", 4, NONE },
	{ "unknown", "else.test", 3, NONE },
	{ "a subdomain", "a.bank.test", 3, NONE },
	{ "a host with a port is no domain", "bank.test:25", 3, NONE },
	{ "nor one in brackets", "[bank.test]", 3, NONE },
	{ "a host", "[host.test]", 6, ONE(REASON_WEAK_KEY, FAULT_THEIRS) },
	{ "its port", "host.test:25", 6, ONE(REASON_WEAK_KEY, FAULT_THEIRS) },
	{ "by name", "host.test:smtp", 6, ONE(REASON_WEAK_KEY, FAULT_THEIRS) },
	{ "another port", "[host.test]:587", 6,
	    ONE(REASON_PATH_LENGTH, FAULT_PATH) },
	{ "a third", "[host.test]:465", 6, NONE },
	{ "the domain of that name", "host.test", 6,
	    ONE(REASON_REVOKED, FAULT_OURS) },
	{ "an address", "[192.0.2.1]", 7, ONE(REASON_TIMEOUT, FAULT_PATH) },
	{ "IPv6", "[IPv6:2001:db8:0::1]:465", 8,
	    ONE(REASON_COUNT, FAULT_UNKNOWN) },
	{ "IPv6, another port", "[2001:db8::1]", 8, NONE },
	{ "what is no result of ours", "odd.test", 9, NONE },
	{ "a fault that is none", "fault.test", 9,
	    ONE(REASON_REVOKED, FAULT_UNKNOWN) },
	{ "empty", "", 3, NONE },
	{ "no next hop", "bank.test bank.test", 3, NONE },
};

static struct probe_table *
make_table(void)
{
	struct probe_table_builder *b = probe_table_begin();

	for (int i = 0; i < N_ROWS(stored); i++) {
		const struct stored *s = &stored[i];
		struct record_probe row = { .at_secs = s->at,
			.domain = sv_from(s->domain),
			.host = sv_from(s->host),
			.port = s->port,
			.rule = s->rule,
			.demand = s->demand != 0 ? s->demand : MARK,
			.verdict = sv_from(s->verdict),
			.class = sv_from(s->class),
			.fault = sv_from(s->fault) };

		probe_table_add(b, &row);
	}
	return probe_table_done(b);
}

START_TEST(find)
{
	static struct party scratch;
	struct probe_table *t = make_table();
	struct dsn_probes got = probe_table_find(t,
	    tie_of(finds[_i].nexthop, finds[_i].rule), &scratch);

	ck_assert_msg(got.n == finds[_i].n_want, "%s: %zu", finds[_i].label,
	    got.n);
	for (size_t i = 0; i < got.n; i++) {
		const struct dsn_probe *want = &finds[_i].want[i];
		/* Servers of one look are in no order. */
		const struct dsn_probe *p = &got.v[i];

		if (got.n == 2 && p->reason != want->reason)
			p = &got.v[1 - i];
		ck_assert_msg(p->reason == want->reason &&
			p->fault == want->fault,
		    "%s: server %zu", finds[_i].label, i);
	}
	ck_assert_int_eq(probe_table_oldest(t), 90);
	probe_table_free(t);
}
END_TEST

START_TEST(find_nothing)
{
	static struct party scratch;
	struct probe_table *t = probe_table_done(probe_table_begin());

	ck_assert_uint_eq(probe_table_find(t, tie_of("bank.test", 3), &scratch)
			      .n,
	    0);
	ck_assert_int_eq(probe_table_oldest(t), INT64_MAX);
	probe_table_free(t);
	ck_assert_uint_eq(probe_table_find(NULL, tie_of("bank.test", 3),
			      &scratch)
			      .n,
	    0);
	probe_table_free(NULL);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, dsn, 0, N_ROWS(statuses));
	tcase_add_loop_test(tc, tie_status, 0, N_ROWS(series));
	tcase_add_loop_test(tc, find, 0, N_ROWS(finds));
	tcase_add_test(tc, find_nothing);
}

UNIT_MAIN("dsn", add_tests)
