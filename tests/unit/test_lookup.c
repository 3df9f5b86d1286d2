/* tlswarden: tests for policy/lookup and policy/dsn.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/dsn.h"
#include "policy/lookup.h"
#include "unit.h"

static const struct row {
	const char *direction, *sender, *recipient, *subnet, *level, *protocol;
	int64_t bits;
} table[] = {
	/* ids from 1 */
	{ "out", "*", "ceo@bank.test", NULL, "secure", NULL, 0 },
	{ "out", "*", "sales-*@bank.test", NULL, "encrypt", "TLSv1.2", 0 },
	{ "out", "*", "hr@bank.test", NULL, "encrypt", "TLSv1.2", 256 },
	{ "out", "*", "bank.test", NULL, "preferred", NULL, 0 },
	{ "out", "*", "*@all.test", NULL, "encrypt", NULL, 0 },
	{ "out", "*", "x@*.parent.test", NULL, "encrypt", "TLSv1.3", 0 },
	{ "out", "u@ours.test", "y@sender.test", NULL, "encrypt", NULL, 0 },
	{ "out", "*", "z@local.test", NULL, "encrypt", NULL, 0 },
	{ "out", "*", "n@none.test", NULL, "none", NULL, 0 },
	{ "in", "*", "*", "192.0.2.0/24", "none", NULL, 0 },
	{ "in", "*", "*", "198.51.100.0/24", "none", NULL, 0 },
	{ "in", "partner.test", "*", "198.51.100.128/25", "encrypt", NULL, 0 },
	{ "in", "*", "*", "203.0.113.0/24", "preferred", NULL, 0 },
};

static struct snapshot *
build(const struct row *rows, int n, struct sv nexthop)
{
	struct snapshot_options o = { .now = 0,
		.postfix_version = 306,
		.ca_directory = SV("tlswarden/ca"),
		.transport_nexthop = nexthop,
		.local_domains = SV("Local.Test other.test") };
	struct snapshot_builder *b = snapshot_builder_new(&o);

	for (int i = 0; i < n; i++) {
		struct rule_row r = { .id = i + 1,
			.enabled = 1,
			.priority = 100 };
		struct err e = { 0 };

		r.direction = sv_from(rows[i].direction);
		r.sender = sv_from(rows[i].sender);
		r.recipient = sv_from(rows[i].recipient);
		r.subnet = sv_from(rows[i].subnet);
		r.level = sv_from(rows[i].level);
		r.min_protocol = sv_from(rows[i].protocol);
		r.min_bits = rows[i].bits;
		r.on_failure = sv_from("tempfail");
		r.mode = sv_from("enforce");
		ck_assert_msg(snapshot_builder_row(b, &r, &e) == 0, "%s",
		    e.text);
	}
	return snapshot_builder_done(b);
}

static const struct {
	struct sv key;
	const char *want; /* NULL: NOTFOUND */
} transports[] = {
	{ SV("ceo@bank.test"), "tlswarden-secure:" },
	{ SV("CEO@Bank.Test"), "tlswarden-secure:" },
	{ SV("sales-eu@bank.test"), "tlswarden-encrypt:" },
	{ SV("n@none.test"), "tlswarden-none:" },
	{ SV("x@a.parent.test"), "tlswarden-encrypt:" },
	{ SV("other@bank.test"), NULL },
	{ SV("ceo+ext@bank.test"), NULL },
	{ SV("any@all.test"), NULL },
	{ SV("y@sender.test"), NULL },
	{ SV("z@local.test"), NULL },
	{ SV("z@LOCAL.test"), NULL },
	{ SV("*"), NULL },
	{ SV(""), NULL },
	{ SV("<>"), NULL },
	{ SV("postmaster"), NULL },
	{ SV("a\0b@bank.test"), NULL },
	{ SV("u@\xff.test"), NULL },
};

START_TEST(transport)
{
	struct snapshot *s = build(table, N_ROWS(table), sv_from(""));
	static struct party party;
	struct lookup_answer a;
	struct buf out;

	buf_init(&out, 1000);
	lookup_transport(s, transports[_i].key, &party, &out, &a);
	if (transports[_i].want == NULL) {
		ck_assert_msg(a.status == LOOKUP_NOTFOUND, "%.*s",
		    SV_ARG(transports[_i].key));
	} else {
		ck_assert(a.status == LOOKUP_FOUND);
		ck_assert_sv_eq(a.text, sv_from(transports[_i].want),
		    "transport");
	}
	buf_free(&out);
	snapshot_free(s);
}
END_TEST

START_TEST(transport_keeps_relay)
{
	struct snapshot *s =
	    build(table, N_ROWS(table), sv_from("[relay.test]:587"));
	static struct party party;
	struct lookup_answer a;
	struct buf out;

	buf_init(&out, 1000);
	lookup_transport(s, sv_from("ceo@bank.test"), &party, &out, &a);
	ck_assert_sv_eq(a.text, sv_from("tlswarden-secure:[relay.test]:587"),
	    "relay");
	/* A relay tells no domain: the strictest of all answers. */
	lookup_address(s, LEVEL_ENCRYPT, sv_from("[relay.test]:587"), &party,
	    &a);
	ck_assert_sv_eq(a.text, sv_from("encrypt protocols=>=TLSv1.3"),
	    "relay's level");
	buf_free(&out);
	snapshot_free(s);
}
END_TEST

static const struct {
	enum level level;
	struct sv key;
	const char *want;
} addresses[] = {
	{ LEVEL_SECURE, SV("bank.test"), "secure" },
	{ LEVEL_ENCRYPT, SV("bank.test"),
	    "encrypt protocols=>=TLSv1.2 ciphers=high "
	    "exclude=AES128:ARIA128:CAMELLIA128:3DES" },
	{ LEVEL_ENCRYPT, SV("[bank.test]:25"),
	    "encrypt protocols=>=TLSv1.2 ciphers=high "
	    "exclude=AES128:ARIA128:CAMELLIA128:3DES" },
	{ LEVEL_ENCRYPT, SV("a.parent.test"), "encrypt protocols=>=TLSv1.3" },
	{ LEVEL_ENCRYPT, SV("parent.test"), "encrypt" },
	{ LEVEL_ENCRYPT, SV("sender.test"), "encrypt" },
	{ LEVEL_NONE, SV("none.test"), "none" },
	{ LEVEL_PREFERRED, SV("none.test"), "may" },
	{ LEVEL_SECURE, SV("gone.test"), "secure" },
	{ LEVEL_SECURE, SV(".test"), NULL },
};

START_TEST(address)
{
	struct snapshot *s = build(table, N_ROWS(table), sv_from(""));
	static struct party party;
	struct lookup_answer a;

	lookup_address(s, addresses[_i].level, addresses[_i].key, &party, &a);
	if (addresses[_i].want == NULL)
		ck_assert(a.status == LOOKUP_NOTFOUND);
	else
		ck_assert_sv_eq(a.text, sv_from(addresses[_i].want),
		    addresses[_i].key.p);
	snapshot_free(s);
}
END_TEST

static const struct {
	struct sv client;
	bool is_hidden;
} clients[] = {
	{ SV("192.0.2.7"), true },
	{ SV("::ffff:192.0.2.7"), true },
	{ SV("198.51.100.1"), true },
	{ SV("198.51.100.129"), false }, /* a rule may demand TLS of it */
	{ SV("203.0.113.1"), false },
	{ SV("10.0.0.1"), false },
	{ SV("2001:db8::1"), false },
	{ SV("unknown"), false },
	{ SV(""), false },
};

START_TEST(ehlo)
{
	static const struct row with_all[] = {
		{ "in", "*", "*", "192.0.2.0/24", "none", NULL, 0 },
		{ "in", "partner.test", "*", NULL, "encrypt", NULL, 0 },
	};
	struct snapshot *s = build(table, N_ROWS(table), sv_from(""));
	struct lookup_answer a;

	lookup_ehlo(s, clients[_i].client, &a);
	ck_assert_msg((a.status == LOOKUP_FOUND) == clients[_i].is_hidden,
	    "%.*s", SV_ARG(clients[_i].client));
	if (clients[_i].is_hidden)
		ck_assert_sv_eq(a.text, sv_from("starttls, silent-discard"),
		    "ehlo");
	snapshot_free(s);
	s = build(with_all, N_ROWS(with_all), sv_from(""));
	lookup_ehlo(s, clients[_i].client, &a);
	ck_assert_msg(a.status == LOOKUP_NOTFOUND,
	    "a rule without subnet may demand TLS of anybody");
	snapshot_free(s);
}
END_TEST

#define TEXT_NO_TLS "TLS is required, but was not offered by host mx[192.0.2.1]"

static const struct {
	const char *label;
	struct sv key;
	enum on_failure on_failure;
	enum level level;
	enum reason found;
	const char *want; /* start of the answer; NULL: unchanged */
} statuses[] = {
	{ "fail", SV("4.7.4 " TEXT_NO_TLS), ON_FAILURE_FAIL, LEVEL_ENCRYPT,
	    REASON_COUNT,
	    "5.7.4 TLS required by policy rule 3 for mail to "
	    "bank.test: " TEXT_NO_TLS "; no_starttls: enable STARTTLS" },
	{ "tempfail", SV("4.7.4 " TEXT_NO_TLS), ON_FAILURE_TEMPFAIL,
	    LEVEL_ENCRYPT, REASON_COUNT, "4.7.4 TLS required by policy rule" },
	{ "not verified", SV("4.7.5 Server certificate not verified"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, REASON_COUNT,
	    "5.7.5 Verified TLS required by policy rule 3" },
	{ "the probe's words", SV("4.7.5 Server certificate not verified"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, REASON_EXPIRED_LEAF,
	    "5.7.5 Verified TLS required by policy rule 3 for mail to "
	    "bank.test: Server certificate not verified; expired_leaf: renew "
	    "the certificate" },
	{ "old text", SV("4.7.5 Server certificate not trusted"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, REASON_COUNT, "5.7.5 " },
	{ "refused",
	    SV("4.7.0 TLS is required, but host mx[192.0.2.1] refused "
	       "to start TLS: 454 4.7.0 later"),
	    ON_FAILURE_FAIL, LEVEL_ENCRYPT, REASON_COUNT, "5.7.0 " },
	{ "refused for good stays so",
	    SV("5.7.0 TLS is required, but host mx[192.0.2.1] refused to start "
	       "TLS: 554 no"),
	    ON_FAILURE_TEMPFAIL, LEVEL_ENCRYPT, REASON_COUNT, "5.7.0 " },
	{ "handshake, nothing known",
	    SV("4.7.5 Cannot start TLS: handshake failure"), ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, REASON_COUNT, "4.7.5 " },
	{ "handshake, the probe saw it",
	    SV("4.7.5 Cannot start TLS: handshake failure"), ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, REASON_LEGACY_PROTOCOL, "5.7.5 " },
	{ "handshake, the path's fault",
	    SV("4.7.5 Cannot start TLS: handshake failure"), ON_FAILURE_FAIL,
	    LEVEL_ENCRYPT, REASON_TIMEOUT, "4.7.5 " },
	{ "our map", SV("4.7.5 client TLS configuration problem"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, REASON_COUNT, NULL },
	{ "our engine",
	    SV("4.7.5 TLS is required, but our TLS engine is unavailable"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, REASON_COUNT, NULL },
	{ "unavailable", SV("4.7.0 TLS is required, but unavailable"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, REASON_COUNT, NULL },
	{ "not about TLS", SV("4.4.1 connect to mx: Connection refused"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, REASON_COUNT, NULL },
	{ "a peer that quotes us",
	    SV("4.2.2 452 Server certificate not verified"), ON_FAILURE_FAIL,
	    LEVEL_SECURE, REASON_COUNT, NULL },
	{ "sent", SV("2.0.0 250 2.0.0 Ok: queued"), ON_FAILURE_FAIL,
	    LEVEL_SECURE, REASON_COUNT, NULL },
	{ "no status", SV("Server certificate not verified"), ON_FAILURE_FAIL,
	    LEVEL_SECURE, REASON_COUNT, NULL },
	{ "odd status", SV("4.x.5 Server certificate not verified"),
	    ON_FAILURE_FAIL, LEVEL_SECURE, REASON_COUNT, NULL },
	{ "empty", SV(""), ON_FAILURE_FAIL, LEVEL_SECURE, REASON_COUNT, NULL },
	{ "a rule that demands nothing", SV("4.7.4 " TEXT_NO_TLS),
	    ON_FAILURE_FAIL, LEVEL_PREFERRED, REASON_COUNT, NULL },
};

START_TEST(dsn)
{
	static struct dsn_tie tie;
	struct demand d = { .level = statuses[_i].level };
	struct rule r = { .id = 3,
		.on_failure = (uint8_t)statuses[_i].on_failure,
		.demand = &d };
	const char *want = statuses[_i].want;
	struct buf out;
	bool changed;

	buf_init(&out, 1000);
	dsn_tie_set(&tie, &r, sv_from("bank.test"), 1000);
	changed =
	    dsn_rewrite(statuses[_i].key, &tie, 1010, statuses[_i].found, &out);
	ck_assert_msg(changed == (want != NULL), "%s: %s", statuses[_i].label,
	    buf_str(&out));
	if (want != NULL)
		ck_assert_msg(sv_starts(buf_sv(&out), sv_from(want)), "%s: %s",
		    statuses[_i].label, buf_str(&out));
	buf_reset(&out);
	ck_assert_msg(!dsn_rewrite(statuses[_i].key, &tie, 1001 + DSN_TIE_SECS,
			  REASON_COUNT, &out),
	    "an old tie");
	dsn_tie_set(&tie, NULL, sv_from("bank.test"), 1000);
	ck_assert_msg(!dsn_rewrite(statuses[_i].key, &tie, 1000, REASON_COUNT,
			  &out),
	    "no rule answered");
	buf_free(&out);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, transport, 0, N_ROWS(transports));
	tcase_add_test(tc, transport_keeps_relay);
	tcase_add_loop_test(tc, address, 0, N_ROWS(addresses));
	tcase_add_loop_test(tc, ehlo, 0, N_ROWS(clients));
	tcase_add_loop_test(tc, dsn, 0, N_ROWS(statuses));
}

UNIT_MAIN("lookup", add_tests)
