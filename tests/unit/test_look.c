/* tlswarden: tests for probe/look and policy/watchers.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <sysexits.h>

#include "policy/lookup.h"
#include "policy/watchers.h"
#include "probe/look.h"
#include "table.h"
#include "unit.h"

#define F(class, fault)                                                       \
	"{\"findings\":[{\"class\":\"expires_soon\",\"severity\":\"notice\"," \
	"\"fault\":\"theirs\"},{\"class\":\"" class                           \
	    "\",\"severity\":\"fail\",\"fault\":\"" fault "\"}]}"
#define WELL "{\"findings\":[]}"

static const struct table_row rules[] = {
	{ .is_out = true, .on_failure = "fail" },
	{ .is_out = true },
	{ .is_out = true, .on_failure = "fail", .min_protocol = "TLSv1.3" },
	{ .is_out = true, .level = "secure" },
};

/* Of sessions without TLS: those with one need a chain, see tests/e2e. */
static const struct {
	const char *label, *json;
	int64_t rule;
	enum looked_kind kind;
	enum reason reason;
	bool is_permanent;
	const char *text; /* in what would have been said */
} sessions[] = {
	{ "not offered", F("no_starttls", "theirs"), 1, LOOKED_FAILS,
	    REASON_NO_STARTTLS, true, "550 5.7.4 TLS required by policy" },
	{ "tempfail", F("no_starttls", "theirs"), 2, LOOKED_FAILS,
	    REASON_NO_STARTTLS, false, "451 4.7.4 TLS required by policy" },
	{ "refused", F("starttls_refused", "theirs"), 3, LOOKED_FAILS,
	    REASON_STARTTLS_REFUSED, true, "policy rule 3 for mail to x.test" },
	{ "secure", F("no_starttls", "theirs"), 4, LOOKED_FAILS,
	    REASON_NO_STARTTLS, false, "rule 4" },
	{ "handshake, theirs", F("handshake_failure", "theirs"), 1,
	    LOOKED_FAILS, REASON_HANDSHAKE_FAILURE, true, "550 5.7.5 " },
	{ "they want our certificate", F("client_cert_required", "theirs"), 2,
	    LOOKED_FAILS, REASON_CLIENT_CERT_REQUIRED, false, "451 " },
	/* what is no fault of TLS, or nobody's */
	{ "handshake, ours", F("handshake_failure", "ours"), 1, LOOKED_UNKNOWN,
	    REASON_UNKNOWN, false, NULL },
	{ "timeout", F("timeout", "path"), 1, LOOKED_UNKNOWN, REASON_UNKNOWN,
	    false, NULL },
	{ "closed", F("connection_closed", "theirs"), 1, LOOKED_UNKNOWN,
	    REASON_UNKNOWN, false, NULL },
	{ "not there", F("connection_refused", "theirs"), 1, LOOKED_UNKNOWN,
	    REASON_UNKNOWN, false, NULL },
	{ "no DNS", F("dns_failure", "path"), 1, LOOKED_UNKNOWN, REASON_UNKNOWN,
	    false, NULL },
	{ "no mail wanted", F("smtp_refused", "theirs"), 1, LOOKED_UNKNOWN,
	    REASON_UNKNOWN, false, NULL },
	{ "nothing said", WELL, 1, LOOKED_UNKNOWN, REASON_UNKNOWN, false,
	    NULL },
};

START_TEST(session)
{
	struct snapshot *s = table_snapshot(rules, N_ROWS(rules));
	const struct rule *rule = snapshot_rule_by_id(s, sessions[_i].rule);
	struct record_probe row = { .at_secs = 1000,
		.domain = SV("x.test"),
		.host = SV("mx.x.test"),
		.addr = SV("192.0.2.1"),
		.json = sv_from(sessions[_i].json) };
	struct looked got;
	struct err e = { 0 };
	struct look l;
	struct buf text;

	ck_assert_msg(look_of_row(&l, &row, &e) == 0, "%s", e.text);
	ck_assert(look_judge(&l, rule, NULL, &got, &e) == 0);
	ck_assert_msg(got.kind == sessions[_i].kind &&
		got.reason == sessions[_i].reason &&
		got.is_permanent == sessions[_i].is_permanent,
	    "%s: kind %d, %s", sessions[_i].label, (int)got.kind,
	    reason_info(got.reason)->code);
	buf_init(&text, 1000);
	look_text(&l, rule, &got, &text);
	if (sessions[_i].text != NULL)
		ck_assert_msg(strstr(buf_str(&text), sessions[_i].text) != NULL,
		    "%s: %s", sessions[_i].label, buf_str(&text));
	buf_free(&text);
	look_done(&l);
	snapshot_free(s);
}
END_TEST

static const struct {
	const char *label, *json, *version, *chain;
} broken[] = {
	{ "no json", NULL, NULL, NULL },
	{ "empty", "", NULL, NULL },
	{ "half", "{\"findings\":[", NULL, NULL },
	{ "an array", "[]", NULL, NULL },
	{ "no findings", "{}", NULL, NULL },
	{ "findings are a word", "{\"findings\":\"x\"}", NULL, NULL },
	{ "a finding without class", "{\"findings\":[{}]}", NULL, NULL },
	{ "a finding that is a number", "{\"findings\":[1]}", NULL, NULL },
	{ "a class of tomorrow", F("quantum_gap", "theirs"), NULL, NULL },
	{ "TLS without certificates", WELL, "TLSv1.3", NULL },
	{ "TLS with garbage", WELL, "TLSv1.3", "garbage" },
};

START_TEST(unreadable)
{
	struct record_probe row = { .domain = SV("x.test"),
		.host = SV("mx.x.test"),
		.tls_version = sv_from(broken[_i].version),
		.chain = sv_from(broken[_i].chain),
		.json = sv_from(broken[_i].json) };
	struct err e = { 0 };
	struct look l;

	ck_assert_msg(look_of_row(&l, &row, &e) != 0, "%s", broken[_i].label);
	ck_assert_int_eq(e.sysexit, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(e.text, "mx.x.test"));
	look_done(&l);
}
END_TEST

#define U LOOKED_UNKNOWN
#define P LOOKED_PASSES
#define X LOOKED_FAILS
static const struct {
	enum looked_kind v[3];
	size_t n;
	enum looked_kind want;
	size_t which;
} several[] = {
	{ { U }, 0, U, 0 },
	{ { U, U, U }, 3, U, 0 },
	{ { X }, 1, X, 0 },
	{ { X, X }, 2, X, 0 },
	{ { U, X, X }, 3, X, 1 },
	{ { X, U, P }, 3, P, 2 },
	{ { P, X, X }, 3, P, 0 },
	{ { U, P, U }, 3, P, 1 },
};

START_TEST(all_servers)
{
	struct looked v[3], got;
	size_t which = 99;

	for (int i = 0; i < 3; i++)
		v[i] =
		    (struct looked){ several[_i].v[i], REASON_TIMEOUT, false };
	got = look_of_all(v, several[_i].n, &which);
	ck_assert_int_eq(got.kind, several[_i].want);
	ck_assert_uint_eq(which, several[_i].which);
}
END_TEST

#define OUT(to, lev, how) \
	.is_out = true, .recipient = (to), .level = (lev), .mode = (how)
#define M "monitor"
static const struct table_row watching[] = {
	{ OUT("a.test", "encrypt", M) },
	{ OUT("a.test", "preferred", M) }, /* demands nothing */
	{ OUT("ceo@a.test", "secure", M) },
	{ OUT("a.test", "secure", M), .subnet = "192.0.2.0/24" },
	{ OUT("a.test", "encrypt", NULL) },
	{ OUT("a.test", "secure", M) },     /* loses */
	{ OUT("cfo@a.test", "secure", M) }, /* loses */
	{ OUT("*", "encrypt", M) },
	{ OUT("x-*@b.test", "encrypt", M) },
	{ .mode = M },
};

static const struct {
	const char *nexthop;
	bool has_peer;
	const char *want;
} hops[] = {
	{ "a.test", false, "1 3 " },
	{ "a.test", true, "1 3 4 " },
	{ "b.test", false, "8 9 " },
	{ "c.test", true, "8 " },
	{ "sub.a.test", false, "8 " },
};

static void
hear(void *arg, const struct rule *rule)
{
	bool *heard = arg;

	ck_assert(!heard[rule->id]);
	heard[rule->id] = true;
}

START_TEST(watchers)
{
	struct snapshot *s = table_snapshot(watching, N_ROWS(watching));
	bool heard[N_ROWS(watching) + 1] = { false };
	struct watchers w;
	struct party party;
	struct addr peer;
	struct query q;
	struct buf got;

	ck_assert(party_nexthop(&party, sv_from(hops[_i].nexthop)) == PARTY_OK);
	lookup_nexthop_query(&party, NULL, &q);
	if (hops[_i].has_peer) {
		ck_assert(addr_parse(sv_from("192.0.2.7"), &peer));
		q.peers_state = PEERS_KNOWN;
		q.peers = &peer;
		q.n_peers = 1;
	}
	watchers_init(&w, s, 1000);
	watchers_each(&w, &q, hear, heard);
	buf_init(&got, 1000);
	for (int i = 1; i <= N_ROWS(watching); i++)
		if (heard[i])
			buf_addf(&got, "%d ", i);
	ck_assert_str_eq(buf_str(&got), hops[_i].want);
	buf_free(&got);
	watchers_done(&w);
	snapshot_free(s);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, session, 0, N_ROWS(sessions));
	tcase_add_loop_test(tc, unreadable, 0, N_ROWS(broken));
	tcase_add_loop_test(tc, all_servers, 0, N_ROWS(several));
	tcase_add_loop_test(tc, watchers, 0, N_ROWS(hops));
}

UNIT_MAIN("look", add_tests)
