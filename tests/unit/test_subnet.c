/* tlswarden: tests for outbound rules with a subnet: any, all, and doubt.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/lookup.h"
#include "policy/sendmail.h"
#include "unit.h"

enum { PEERS_MAX = 8 };

static struct snapshot_builder *
begin(void)
{
	const struct snapshot_options o = { .postfix_version = 306,
		.ca_directory = SV("tlswarden/ca") };

	return snapshot_builder_new(&o);
}

static void
add(struct snapshot_builder *b, int64_t id, int64_t priority,
    const char *recipient, const char *subnet, const char *level)
{
	struct rule_row r = { .id = id,
		.enabled = 1,
		.priority = priority,
		.direction = SV("out"),
		.sender = SV("*"),
		.recipient = sv_from(recipient),
		.subnet = sv_from(subnet),
		.level = sv_from(level),
		.on_failure = SV("tempfail"),
		.mode = SV("enforce") };
	struct err e = { 0 };

	ck_assert_msg(snapshot_builder_row(b, &r, &e) == 0, "%s", e.text);
}

/* "192.0.2.1 2001:db8::1"; then what is behind it: nothing, "..." for "there
 * may be more", "...4" and "...6" for more of that family only, "!" for
 * nobody asked. */
static const struct lookup_peers *
read_peers(const char *text, struct lookup_peers *p,
    struct addr addrs[static PEERS_MAX])
{
	struct sv rest = sv_from(text), word;

	*p = (struct lookup_peers){ .addrs = addrs,
		.is_complete = true,
		.trouble = SV("DNS MX: SERVFAIL") };
	while (sv_word(&rest, &word)) {
		if (sv_is(word, "!"))
			return NULL;
		if (sv_starts(word, sv_from("..."))) {
			p->is_complete = false;
			p->known_families = sv_is(word, "...4") ? QUERY_IPV6
			    : sv_is(word, "...6")               ? QUERY_IPV4
								: 0;
			continue;
		}
		ck_assert(p->n < PEERS_MAX);
		ck_assert_msg(addr_parse(word, &addrs[p->n++]), "%s", text);
	}
	return p;
}

static void
look_up(const struct snapshot *s, const char *key, const char *peers,
    struct lookup_answer *a)
{
	static struct party party;
	static char text[1000];
	struct addr addrs[PEERS_MAX];
	struct lookup_peers p;
	struct buf out;
	const struct lookup_hop hop = { sv_from(key),
		read_peers(peers, &p, addrs), &party, &out };

	buf_init(&out, sizeof(text) - 1);
	lookup_tlspolicy(s, &hop, a);
	memcpy(text, a->text.p == NULL ? "" : a->text.p, a->text.n);
	a->text.p = text;
	buf_free(&out);
}

#define V4 "192.0.2.0/24"
#define V6 "2001:db8::/32"

/* One rule about a subnet and no other: NOTFOUND is "no match". */
static const struct {
	const char *label, *subnet, *level, *key, *peers;
	enum lookup_status want;
} rows[] = {
	/* all is known: any, for those that demand TLS */
	{ "encrypt, one in", V4, "encrypt", "a.test", "192.0.2.1",
	    LOOKUP_FOUND },
	{ "encrypt, one out", V4, "encrypt", "a.test", "192.0.3.1",
	    LOOKUP_NOTFOUND },
	{ "encrypt, first in", V4, "encrypt", "a.test", "192.0.2.1 192.0.3.1",
	    LOOKUP_FOUND },
	{ "encrypt, last in", V4, "encrypt", "a.test",
	    "192.0.3.1 192.0.4.1 192.0.2.255", LOOKUP_FOUND },
	{ "encrypt, none of three", V4, "encrypt", "a.test",
	    "192.0.3.1 192.0.4.1 192.0.1.255", LOOKUP_NOTFOUND },
	{ "secure, last in", V4, "secure", "a.test", "192.0.3.1 192.0.2.0",
	    LOOKUP_FOUND },
	{ "secure, IPv6 in", V6, "secure", "a.test", "192.0.2.1 2001:db8::1",
	    LOOKUP_FOUND },
	{ "secure, IPv6 out", V6, "secure", "a.test", "192.0.2.1 2001:db9::1",
	    LOOKUP_NOTFOUND },
	{ "mapped address", V4, "secure", "a.test", "::ffff:192.0.2.1",
	    LOOKUP_FOUND },
	/* all of them, for those that do not */
	{ "none, one in", V4, "none", "a.test", "192.0.2.1", LOOKUP_FOUND },
	{ "none, two in", V4, "none", "a.test", "192.0.2.1 192.0.2.2",
	    LOOKUP_FOUND },
	{ "none, one of two out", V4, "none", "a.test", "192.0.2.1 192.0.3.1",
	    LOOKUP_NOTFOUND },
	{ "none, IPv6 beside", V4, "none", "a.test", "192.0.2.1 2001:db8::1",
	    LOOKUP_NOTFOUND },
	{ "preferred, two in", V4, "preferred", "a.test", "192.0.2.1 192.0.2.2",
	    LOOKUP_FOUND },
	{ "preferred, last out", V4, "preferred", "a.test",
	    "192.0.2.1 192.0.2.2 10.0.0.1", LOOKUP_NOTFOUND },
	{ "preferred, IPv6 in", V6, "preferred", "a.test", "2001:db8::1",
	    LOOKUP_FOUND },
	/* nobody asked: DNS could decide */
	{ "encrypt, not asked", V4, "encrypt", "a.test", "!", LOOKUP_PEERS },
	{ "none, not asked", V4, "none", "a.test", "!", LOOKUP_PEERS },
	{ "host, not asked", V4, "encrypt", "[mx.a.test]", "!", LOOKUP_PEERS },
	{ "port, not asked", V4, "encrypt", "a.test:26", "!", LOOKUP_PEERS },
	{ "parent key", V4, "encrypt", ".a.test", "!", LOOKUP_NOTFOUND },
	{ "literal in", V4, "encrypt", "[192.0.2.1]:25", "!", LOOKUP_FOUND },
	{ "literal out", V4, "encrypt", "[192.0.3.1]", "!", LOOKUP_NOTFOUND },
	{ "literal, peers given", V4, "encrypt", "[192.0.3.1]", "192.0.2.1",
	    LOOKUP_NOTFOUND },
	{ "a socket", V4, "encrypt", "/run/lmtp", "!", LOOKUP_NOTFOUND },
	/* DNS told nothing */
	{ "encrypt, nothing known", V4, "encrypt", "a.test", "...",
	    LOOKUP_TEMP },
	{ "none, nothing known", V4, "none", "a.test", "...", LOOKUP_TEMP },
	/* DNS told a part: doubt only where the rest could decide */
	{ "encrypt, one in of some", V4, "encrypt", "a.test", "192.0.2.1 ...",
	    LOOKUP_FOUND },
	{ "encrypt, one out of some", V4, "encrypt", "a.test", "192.0.3.1 ...",
	    LOOKUP_TEMP },
	{ "encrypt, more IPv6", V4, "encrypt", "a.test", "192.0.3.1 ...6",
	    LOOKUP_NOTFOUND },
	{ "encrypt, more IPv4", V4, "encrypt", "a.test", "2001:db8::1 ...4",
	    LOOKUP_TEMP },
	{ "encrypt IPv6, more IPv4", V6, "encrypt", "a.test",
	    "2001:db9::1 ...4", LOOKUP_NOTFOUND },
	{ "encrypt IPv6, more IPv6", V6, "encrypt", "a.test", "192.0.2.1 ...6",
	    LOOKUP_TEMP },
	{ "none, one out of some", V4, "none", "a.test", "192.0.3.1 ...",
	    LOOKUP_NOTFOUND },
	{ "none, one in of some", V4, "none", "a.test", "192.0.2.1 ...",
	    LOOKUP_TEMP },
	{ "none, more IPv6", V4, "none", "a.test", "192.0.2.1 ...6",
	    LOOKUP_TEMP },
	{ "none, nothing but IPv6 unknown", V4, "none", "a.test", "...6",
	    LOOKUP_NOTFOUND },
	{ "none, IPv4 unknown", V4, "none", "a.test", "...4", LOOKUP_TEMP },
	{ "none IPv6, one out", V6, "none", "a.test", "192.0.2.1 ...6",
	    LOOKUP_NOTFOUND },
};

/* Each row twice: the rule in the ranges, and filed under a domain. */
START_TEST(any_and_all)
{
	static const char *const recipients[] = { "*", "*.test" };

	for (size_t i = 0; i < N_ROWS(recipients); i++) {
		struct snapshot_builder *b;
		struct snapshot *s;
		struct lookup_answer a;

		/* A host or a literal is no subdomain of test. */
		if (i == 1 && strncmp(rows[_i].key, "a.test", 6) != 0)
			return;
		b = begin();
		add(b, 1, 100, i == 0 ? "*" : "a.test", rows[_i].subnet,
		    rows[_i].level);
		s = snapshot_builder_done(b);
		look_up(s, rows[_i].key, rows[_i].peers, &a);
		ck_assert_msg(a.status == rows[_i].want,
		    "%s (%s): status %d, wanted %d", rows[_i].label,
		    recipients[i], (int)a.status, (int)rows[_i].want);
		if (a.status == LOOKUP_TEMP)
			ck_assert_msg(sv_starts(a.text,
					  sv_from("policy rule 1 is about a "
						  "subnet, and not all")),
			    "%s: %.*s", rows[_i].label, SV_ARG(a.text));
		snapshot_free(s);
	}
}
END_TEST

/* Several rules: DNS is asked only if a better one depends on it. */
static const struct {
	const char *label, *key, *peers;
	enum lookup_status want;
	int64_t rule; /* 0: none */
} orders[] = {
	{ "a better rule needs no DNS", "exact.test", "!", LOOKUP_FOUND, 1 },
	{ "a subnet comes first", "a.test", "!", LOOKUP_PEERS, 0 },
	{ "the subnet", "a.test", "192.0.2.1", LOOKUP_FOUND, 2 },
	{ "the next subnet", "a.test", "198.51.100.1", LOOKUP_FOUND, 3 },
	{ "the one of higher priority", "a.test", "198.51.100.1 192.0.2.1",
	    LOOKUP_FOUND, 2 },
	{ "a part is enough for the first", "a.test", "192.0.2.1 ...",
	    LOOKUP_FOUND, 2 },
	{ "a part is not enough for the second", "a.test", "198.51.100.1 ...",
	    LOOKUP_TEMP, 0 },
	{ "but if the first cannot match", "a.test", "198.51.100.1 ...6",
	    LOOKUP_FOUND, 3 },
	{ "all out", "a.test", "10.0.0.1", LOOKUP_FOUND, 5 },
	{ "all in the lenient", "a.test", "203.0.113.1 203.0.113.2",
	    LOOKUP_FOUND, 4 },
	{ "one out of the lenient", "a.test", "203.0.113.1 10.0.0.1",
	    LOOKUP_FOUND, 5 },
	{ "nothing known", "a.test", "...", LOOKUP_TEMP, 0 },
	{ "nothing known, nothing to decide", "exact.test", "...", LOOKUP_FOUND,
	    1 },
};

START_TEST(order_of_rules)
{
	struct snapshot_builder *b = begin();
	struct snapshot *s;
	struct lookup_answer a;

	add(b, 1, 1, "exact.test", NULL, "encrypt");
	add(b, 2, 10, "*", "192.0.2.0/24", "secure");
	add(b, 3, 20, "*", "198.51.100.0/24", "encrypt");
	add(b, 4, 30, "*", "203.0.113.0/24", "none");
	add(b, 5, 40, "*", NULL, "preferred");
	s = snapshot_builder_done(b);
	look_up(s, orders[_i].key, orders[_i].peers, &a);
	ck_assert_msg(a.status == orders[_i].want, "%s: status %d",
	    orders[_i].label, (int)a.status);
	ck_assert_msg((a.rule == NULL ? 0 : a.rule->id) == orders[_i].rule,
	    "%s: rule %d", orders[_i].label,
	    a.rule == NULL ? 0 : (int)a.rule->id);
	snapshot_free(s);
}
END_TEST

/* Map sts of Sendmail, for rules of level secure. */
static const struct {
	const char *peers;
	enum lookup_status want;
} stss[] = {
	{ "!", LOOKUP_PEERS },
	{ "192.0.3.1 192.0.2.1", LOOKUP_FOUND },
	{ "192.0.3.1", LOOKUP_NOTFOUND },
	{ "192.0.3.1 ...", LOOKUP_TEMP },
};

START_TEST(sts_of_subnet)
{
	static struct party party;
	struct snapshot_builder *b = begin();
	struct addr addrs[PEERS_MAX];
	struct lookup_peers p;
	struct lookup_answer a;
	struct snapshot *s;
	struct buf out;
	const struct lookup_hop hop = { SV("a.test"),
		read_peers(stss[_i].peers, &p, addrs), &party, &out };

	add(b, 1, 100, "*", V4, "secure");
	s = snapshot_builder_done(b);
	buf_init(&out, 1000);
	sendmail_sts(s, &hop, &a);
	ck_assert_msg(a.status == stss[_i].want, "%s: %d", stss[_i].peers,
	    (int)a.status);
	buf_free(&out);
	snapshot_free(s);
}
END_TEST

static const struct {
	const char *key;
	enum party_servers want;
	const char *name;
} hops[] = {
	{ "Example.TEST", PARTY_SERVERS_DOMAIN, "example.test" },
	{ "example.test.", PARTY_SERVERS_DOMAIN, "example.test" },
	{ "example.test:587", PARTY_SERVERS_DOMAIN, "example.test" },
	{ "example.test:submission", PARTY_SERVERS_DOMAIN, "example.test" },
	{ "[mx.test]", PARTY_SERVERS_HOST, "mx.test" },
	{ "[mx.test]:587", PARTY_SERVERS_HOST, "mx.test" },
	{ "[mx.test]:no-such-service", PARTY_SERVERS_HOST, "mx.test" },
	{ "[192.0.2.1]", PARTY_SERVERS_NONE, NULL },
	{ "192.0.2.1", PARTY_SERVERS_NONE, NULL },
	{ "[IPv6:2001:db8::1]:25", PARTY_SERVERS_NONE, NULL },
	{ "/run/dovecot/lmtp", PARTY_SERVERS_NONE, NULL },
	{ "a b.test", PARTY_SERVERS_NONE, NULL },
	{ "-a.test", PARTY_SERVERS_NONE, NULL },
	{ "a..test", PARTY_SERVERS_NONE, NULL },
};

START_TEST(servers_of_hop)
{
	static struct party party;

	/* Some of those without servers are no next hop at all. */
	if (party_nexthop(&party, sv_from(hops[_i].key)) != PARTY_OK)
		ck_assert(hops[_i].want == PARTY_SERVERS_NONE);
	else
		ck_assert_msg(party_servers(&party) == hops[_i].want, "%s",
		    hops[_i].key);
	if (hops[_i].name != NULL)
		ck_assert_sv_eq(party_domain(&party), sv_from(hops[_i].name),
		    hops[_i].key);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, any_and_all, 0, N_ROWS(rows));
	tcase_add_loop_test(tc, order_of_rules, 0, N_ROWS(orders));
	tcase_add_loop_test(tc, sts_of_subnet, 0, N_ROWS(stss));
	tcase_add_loop_test(tc, servers_of_hop, 0, N_ROWS(hops));
}

UNIT_MAIN("subnet", add_tests)
