/* tlswarden: tests for wire/addr and policy/ranges.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/ranges.h"
#include "unit.h"

static const struct {
	struct sv text;
	const char *want; /* canonical, NULL: refused */
} addrs[] = {
	{ SV("192.0.2.1"), "192.0.2.1" },
	{ SV("::1"), "::1" },
	{ SV("2001:DB8:0:0::1"), "2001:db8::1" },
	{ SV("IPv6:2001:db8::1"), "2001:db8::1" },
	{ SV("::ffff:192.0.2.1"), "192.0.2.1" },
	{ SV("::ffff:c000:201"), "192.0.2.1" },
	{ SV(""), NULL },
	{ SV("192.0.2"), NULL },
	{ SV("192.0.2.256"), NULL },
	{ SV("192.0.02.1"), NULL },
	{ SV("192.0.2.1 "), NULL },
	{ SV("192.0.2.1.5"), NULL },
	{ SV("[192.0.2.1]"), NULL },
	{ SV("IPv6:"), NULL },
	{ SV("IPv6:192.0.2.1"), NULL },
	{ SV("fe80::1%eth0"), NULL },
	{ SV("1:2:3:4:5:6:7:8:9"), NULL },
	{ SV("192.0.2.1\0"), NULL },
	{ SV("example.com"), NULL },
};

START_TEST(parse_addr)
{
	struct addr a = { .family = 99 };
	struct buf b;

	buf_init(&b, 100);
	if (!addr_parse(addrs[_i].text, &a)) {
		ck_assert_msg(addrs[_i].want == NULL, "%.*s was refused",
		    SV_ARG(addrs[_i].text));
		ck_assert_int_eq(a.family, 99);
		return;
	}
	addr_format(&a, &b);
	ck_assert_msg(addrs[_i].want != NULL, "%.*s was taken",
	    SV_ARG(addrs[_i].text));
	ck_assert_str_eq(buf_str(&b), addrs[_i].want);
	buf_free(&b);
}
END_TEST

static const struct {
	struct sv text;
	const char *want;  /* canonical, NULL: refused */
	const char *words; /* of the refusal */
} cidrs[] = {
	{ SV("192.0.2.1"), "192.0.2.1/32", NULL },
	{ SV("10.0.0.0/8"), "10.0.0.0/8", NULL },
	{ SV("0.0.0.0/0"), "0.0.0.0/0", NULL },
	{ SV("2001:db8::/32"), "2001:db8::/32", NULL },
	{ SV("::/0"), "::/0", NULL },
	{ SV("::ffff:10.0.0.0/104"), "10.0.0.0/8", NULL },
	{ SV("::ffff:0:0/96"), "0.0.0.0/0", NULL },
	{ SV("10.1.0.0/8"), NULL, "write 10.0.0.0/8" },
	{ SV("192.0.2.1/31"), NULL, "write 192.0.2.0/31" },
	{ SV("2001:db8::1/64"), NULL, "write 2001:db8::/64" },
	{ SV("10.0.0.0/33"), NULL, "prefix length" },
	{ SV("10.0.0.0/08"), NULL, "prefix length" },
	{ SV("10.0.0.0/"), NULL, "prefix length" },
	{ SV("10.0.0.0/-1"), NULL, "prefix length" },
	{ SV("10.0.0.0/8/8"), NULL, "prefix length" },
	{ SV("2001:db8::/129"), NULL, "prefix length" },
	{ SV("10/8"), NULL, "not an IP address" },
	{ SV("10.0.0.0/255.0.0.0"), NULL, "prefix length" },
	{ SV("999.1.2.3/77"), NULL, "not an IP address" },
	{ SV(""), NULL, "not an IP address" },
	{ SV("/8"), NULL, "not an IP address" },
};

START_TEST(parse_cidr)
{
	struct cidr c;
	struct err e = { 0 };
	struct buf b;

	buf_init(&b, 100);
	if (cidr_parse(cidrs[_i].text, &c, &e) != 0) {
		ck_assert_msg(cidrs[_i].want == NULL &&
			strstr(e.text, cidrs[_i].words) != NULL,
		    "%.*s: %s", SV_ARG(cidrs[_i].text), e.text);
		return;
	}
	cidr_format(&c, &b);
	ck_assert_msg(cidrs[_i].want != NULL, "%.*s was taken",
	    SV_ARG(cidrs[_i].text));
	ck_assert_str_eq(buf_str(&b), cidrs[_i].want);
	buf_free(&b);
}
END_TEST

static const struct {
	const char *net, *addr;
	bool has;
} inside[] = {
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.0.0.0/8", "9.255.255.255", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "192.0.2.1", false },
	{ "::/0", "::ffff:192.0.2.1", false },
	{ "::/0", "2001:db8::1", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "192.0.2.1", "::ffff:192.0.2.1", true },
};

START_TEST(has)
{
	struct cidr c;
	struct addr a;

	ck_assert(cidr_parse(sv_from(inside[_i].net), &c, NULL) == 0);
	ck_assert(addr_parse(sv_from(inside[_i].addr), &a));
	ck_assert_msg(cidr_has(&c, &a) == inside[_i].has, "%s in %s",
	    inside[_i].addr, inside[_i].net);
}
END_TEST

/* The winner of each probe address among nested, repeated, adjoining subnets,
 * worked out by hand: the lowest rank that covers it. */
START_TEST(ranges)
{
	static const char *const nets[] = { "0.0.0.0/0", "10.0.0.0/8",
		"10.1.0.0/16", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32",
		"255.255.255.255/32", "2001:db8::/32", "2001:db8::/48",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" };
	static const uint32_t ranks[] = { 50, 40, 60, 30, 35, 10, 5, 7, 9, 1 };
	static const struct {
		const char *addr;
		uint32_t rank;
	} asked[] = { { "9.255.255.255", 50 }, { "10.0.0.0", 40 },
		{ "10.1.0.0", 30 }, { "10.1.2.0", 30 }, { "10.1.2.3", 10 },
		{ "10.1.2.4", 30 }, { "10.2.0.0", 40 }, { "11.0.0.0", 50 },
		{ "255.255.255.255", 5 }, { "255.255.255.254", 50 },
		{ "2001:db8::1", 7 }, { "2001:db7::1", RANGES_NONE },
		{ "2001:db9::", RANGES_NONE }, { "::", RANGES_NONE },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1 } };
	struct ranges_subnet in[N_ROWS(nets)];
	struct ranges r;
	struct addr a;

	for (int i = 0; i < N_ROWS(nets); i++) {
		ck_assert(
		    cidr_parse(sv_from(nets[i]), &in[i].subnet, NULL) == 0);
		in[i].rank = ranks[i];
	}
	ranges_init(&r, in, (size_t)N_ROWS(nets));
	for (int i = 0; i < N_ROWS(asked); i++) {
		ck_assert(addr_parse(sv_from(asked[i].addr), &a));
		ck_assert_msg(ranges_find(&r, &a) == asked[i].rank,
		    "%s: rank %u", asked[i].addr, ranges_find(&r, &a));
	}
	ranges_free(&r);
	ranges_init(&r, NULL, 0);
	ck_assert_uint_eq(ranges_find(&r, &a), RANGES_NONE);
}
END_TEST

START_TEST(ranges_repeat)
{
	enum { REPEATS = 500 };
	struct ranges_subnet in[REPEATS];
	struct ranges r;
	struct addr a;

	for (uint32_t i = 0; i < REPEATS; i++) {
		ck_assert(
		    cidr_parse(sv_from(i % 2 ? "10.1.0.0/16" : "10.0.0.0/8"),
			&in[i].subnet, NULL) == 0);
		in[i].rank = i % 2 ? 1000 - i : i;
	}
	ranges_init(&r, in, REPEATS);
	ck_assert(addr_parse(sv_from("10.1.2.3"), &a));
	ck_assert_uint_eq(ranges_find(&r, &a), 0);
	ranges_free(&r);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, parse_addr, 0, N_ROWS(addrs));
	tcase_add_loop_test(tc, parse_cidr, 0, N_ROWS(cidrs));
	tcase_add_loop_test(tc, has, 0, N_ROWS(inside));
	tcase_add_test(tc, ranges);
	tcase_add_test(tc, ranges_repeat);
}

UNIT_MAIN("addr", add_tests)
