/* tlswarden: tests for policy/lookup.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

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

static void
ask_address(const struct snapshot *s, enum level level, struct sv key,
    const struct lookup_peers *peers, struct lookup_answer *r)
{
	static struct party party;
	struct buf out;
	const struct lookup_hop hop = { key, peers, &party, &out };

	buf_init(&out, 1000);
	lookup_address(s, level, &hop, r);
	buf_free(&out);
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
	ask_address(s, LEVEL_ENCRYPT, sv_from("[relay.test]:587"), NULL, &a);
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
	struct lookup_answer a;

	ask_address(s, addresses[_i].level, addresses[_i].key, NULL, &a);
	if (addresses[_i].want == NULL)
		ck_assert(a.status == LOOKUP_NOTFOUND);
	else
		ck_assert_sv_eq(a.text, sv_from(addresses[_i].want),
		    addresses[_i].key.p);
	snapshot_free(s);
}
END_TEST

/* Rules about users of one domain, whom smtp(8) does not tell apart. */
static const struct users_row {
	const char *recipient, *level, *protocol, *cert_name, *on_failure;
	int64_t bits;
} users_rows[] = {
	{ "a@split.test", "encrypt", "TLSv1.3", NULL, "fail", 0 },
	{ "b@split.test", "encrypt", NULL, NULL, "fail", 256 },
	{ "c@split.test", "secure", NULL, NULL, "fail", 0 },
	{ "a@names.test", "secure", NULL, "a.test", "fail", 0 },
	{ "*-b@names.test", "secure", NULL, "b.test", "fail", 0 },
	{ "c@names.test", "encrypt", NULL, NULL, "tempfail", 0 },
	{ "a@one.test", "secure", NULL, "a.test", "fail", 0 },
	{ "b@one.test", "secure", NULL, "a.test", "fail", 0 },
	{ "a@more.test", "encrypt", "TLSv1.2", NULL, "fail", 256 },
	{ "b@more.test", "encrypt", "TLSv1.2", NULL, "fail", 0 },
	{ "c@more.test", "encrypt", NULL, NULL, "fail", 128 },
	{ "a@kept.test", "encrypt", "TLSv1.2", NULL, "fail", 0 },
	{ "b@kept.test", "encrypt", NULL, NULL, "tempfail", 0 },
};

static const struct {
	enum level level;
	struct sv key;
	const char *want; /* NULL: TEMP */
	bool is_kept;
} users_cases[] = {
	{ LEVEL_ENCRYPT, SV("split.test"), NULL, false },
	{ LEVEL_SECURE, SV("split.test"), "secure", false },
	{ LEVEL_SECURE, SV("names.test"), NULL, false },
	{ LEVEL_ENCRYPT, SV("names.test"), "encrypt", true },
	{ LEVEL_SECURE, SV("one.test"), "secure match=a.test", false },
	{ LEVEL_ENCRYPT, SV("more.test"),
	    "encrypt protocols=>=TLSv1.2 ciphers=high "
	    "exclude=AES128:ARIA128:CAMELLIA128:3DES",
	    false },
	{ LEVEL_ENCRYPT, SV("kept.test"), "encrypt protocols=>=TLSv1.2", true },
};

static struct snapshot *
build_users(void)
{
	struct snapshot_options o = { .postfix_version = 306 };
	struct snapshot_builder *b = snapshot_builder_new(&o);

	for (int i = 0; i < N_ROWS(users_rows); i++) {
		const struct users_row *u = &users_rows[i];
		struct rule_row r = { .id = i + 1,
			.enabled = 1,
			.priority = 100,
			.direction = SV("out"),
			.sender = SV("*"),
			.recipient = sv_from(u->recipient),
			.level = sv_from(u->level),
			.min_protocol = sv_from(u->protocol),
			.min_bits = u->bits,
			.cert_name = sv_from(u->cert_name),
			.on_failure = sv_from(u->on_failure),
			.mode = SV("enforce") };
		struct err e = { 0 };

		ck_assert_msg(snapshot_builder_row(b, &r, &e) == 0, "%s",
		    e.text);
	}
	return snapshot_builder_done(b);
}

START_TEST(users)
{
	struct snapshot *s = build_users();
	struct lookup_answer a;
	const char *key = users_cases[_i].key.p;

	ask_address(s, users_cases[_i].level, users_cases[_i].key, NULL, &a);
	if (users_cases[_i].want == NULL) {
		ck_assert_msg(a.status == LOOKUP_TEMP, "%s: not TEMP", key);
		ck_assert_msg(a.rule == NULL, "%s: a rule", key);
	} else {
		ck_assert_sv_eq(a.text, sv_from(users_cases[_i].want), key);
	}
	ck_assert_msg(a.is_kept == users_cases[_i].is_kept, "%s: kept", key);
	snapshot_free(s);
}
END_TEST

/* What map transport cannot know, map address-LEVEL makes good. */
START_TEST(address_of_subnet)
{
	static const struct row rows[] = {
		{ "out", "*", "joe@a.test", NULL, "encrypt", NULL, 0 },
		{ "out", "*", "a.test", "192.0.2.0/24", "secure", NULL, 0 },
		{ "out", "*", "b.test", "192.0.2.0/24", "secure", NULL, 0 },
	};
	static const struct {
		const char *key, *peer,
		    *want; /* peer "": no; NULL: not asked */
		enum lookup_status status;
	} asks[] = {
		/* The user's rule is the more specific one. */
		{ "a.test", NULL, "encrypt", LOOKUP_FOUND },
		{ "a.test", "192.0.2.1", "encrypt", LOOKUP_FOUND },
		/* Here no rule about users is left. */
		{ "b.test", NULL, NULL, LOOKUP_PEERS },
		{ "b.test", "192.0.2.1", "secure", LOOKUP_FOUND },
		{ "b.test", "192.0.3.1", "encrypt", LOOKUP_FOUND },
		{ "b.test", "", NULL, LOOKUP_TEMP },
		{ "[192.0.2.9]", NULL, "encrypt", LOOKUP_FOUND },
	};
	struct snapshot *s = build(rows, N_ROWS(rows), sv_from(""));

	for (size_t i = 0; i < N_ROWS(asks); i++) {
		struct addr peer;
		struct lookup_peers peers = { .trouble = SV("DNS is down") };
		struct lookup_answer a;

		if (asks[i].peer != NULL && asks[i].peer[0] != '\0') {
			ck_assert(addr_parse(sv_from(asks[i].peer), &peer));
			peers =
			    (struct lookup_peers){ &peer, 1, true, 0, SV("") };
		}
		ask_address(s, LEVEL_ENCRYPT, sv_from(asks[i].key),
		    asks[i].peer != NULL ? &peers : NULL, &a);
		ck_assert_msg(a.status == asks[i].status, "%zu: status %d", i,
		    (int)a.status);
		if (asks[i].want != NULL)
			ck_assert_sv_eq(a.text, sv_from(asks[i].want),
			    asks[i].key);
	}
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

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, transport, 0, N_ROWS(transports));
	tcase_add_test(tc, transport_keeps_relay);
	tcase_add_loop_test(tc, address, 0, N_ROWS(addresses));
	tcase_add_loop_test(tc, users, 0, N_ROWS(users_cases));
	tcase_add_test(tc, address_of_subnet);
	tcase_add_loop_test(tc, ehlo, 0, N_ROWS(clients));
}

UNIT_MAIN("lookup", add_tests)
