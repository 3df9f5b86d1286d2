/* tlswarden: tests for policy/pattern, policy/party and wire/domain.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/pattern.h"
#include "unit.h"

#define S PATTERN_IN_SENDER
#define I PATTERN_IN_RECIPIENT
#define O PATTERN_OUT_RECIPIENT

static const struct {
	struct sv text;
	enum pattern_place place;
	enum pattern_kind kind;
	const char *normal; /* as formatted again */
} good[] = {
	{ SV("*"), S, PATTERN_ANY, "*" },
	{ SV("<>"), S, PATTERN_ADDRESS, "<>" },
	{ SV("User@Example.COM"), S, PATTERN_ADDRESS, "user@example.com" },
	{ SV("u+ext@example.com."), I, PATTERN_ADDRESS, "u+ext@example.com" },
	{ SV("a@b@example.com"), I, PATTERN_ADDRESS, "a@b@example.com" },
	{ SV("\"a b\"@example.com"), I, PATTERN_ADDRESS,
	    "\"a b\"@example.com" },
	{ SV("u@[192.0.2.1]"), I, PATTERN_ADDRESS, "u@192.0.2.1" },
	{ SV("example.com"), O, PATTERN_DOMAIN, "example.com" },
	{ SV("localhost"), O, PATTERN_DOMAIN, "localhost" },
	{ SV("_dmarc.example.com"), O, PATTERN_DOMAIN, "_dmarc.example.com" },
	{ SV("B\xc3\xbc"
	     "cher.example"),
	    O, PATTERN_DOMAIN, "xn--bcher-kva.example" },
	{ SV("fa\xc3\x9f.example"), O, PATTERN_DOMAIN, "xn--fa-hia.example" },
	{ SV(".example.com"), O, PATTERN_PARENT, ".example.com" },
	{ SV("*@example.com"), O, PATTERN_USER_GLOB, "*@example.com" },
	{ SV("sales-?@example.com"), I, PATTERN_USER_GLOB,
	    "sales-?@example.com" },
	{ SV("*.example.com"), O, PATTERN_DOMAIN_GLOB, "*.example.com" },
	{ SV("mx*.b\xc3\xbc"
	     "cher.example"),
	    O, PATTERN_DOMAIN_GLOB, "mx*.xn--bcher-kva.example" },
	{ SV("*@*.example.com"), I, PATTERN_DOMAIN_GLOB, "*@*.example.com" },
	{ SV("*@*"), S, PATTERN_DOMAIN_GLOB, "*@*" },
	{ SV("[mx.example.com]"), O, PATTERN_WRITTEN, "[mx.example.com]" },
	{ SV("MX.example.com:25"), O, PATTERN_WRITTEN, "mx.example.com:25" },
	{ SV("[mx.example.com]:587"), O, PATTERN_WRITTEN,
	    "[mx.example.com]:587" },
	{ SV("[192.0.2.1]:25"), O, PATTERN_WRITTEN, "[192.0.2.1]:25" },
	{ SV("[IPv6:2001:DB8::1]"), O, PATTERN_WRITTEN, "[2001:db8::1]" },
};

START_TEST(parses)
{
	struct buf norm, out;
	struct pattern p;
	struct err e = { 0 };

	buf_init(&norm, 1000);
	buf_init(&out, 1000);
	ck_assert_msg(pattern_parse(good[_i].text, good[_i].place, &norm, &p,
			  &e) == 0,
	    "%.*s: %s", SV_ARG(good[_i].text), e.text);
	ck_assert_msg(p.kind == good[_i].kind, "%.*s: kind %d",
	    SV_ARG(good[_i].text), p.kind);
	pattern_format(&p, &out);
	ck_assert_str_eq(buf_str(&out), good[_i].normal);
	buf_free(&norm);
	buf_free(&out);
}
END_TEST

static const struct {
	struct sv text;
	enum pattern_place place;
	const char *words; /* in the error text */
} bad[] = {
	{ SV(""), S, "empty" },
	{ SV("a\0b"), S, "NUL" },
	{ SV("a b.example"), S, "no domain" },
	{ SV(" example.com"), S, "no domain" },
	{ SV("example..com"), S, "no domain" },
	{ SV("example.com.."), S, "no domain" },
	{ SV("."), S, "no domain" },
	{ SV(".."), S, "no domain" },
	{ SV("-a.example"), S, "no domain" },
	{ SV("a-.example"), S, "no domain" },
	{ SV("exa/mple.com"), S, "no domain" },
	{ SV("a..*"), S, "glob" },
	{ SV("*.a b"), S, "glob" },
	{ SV("*.-a.example"), S, "glob" },
	{ SV("@example.com"), S, "no user" },
	{ SV("user@"), S, "domain" },
	{ SV("user@.example.com"), S, "user@*.example.com" },
	{ SV("us er@example.com"), S, "blanks" },
	{ SV("us\ter@example.com"), S, "blanks" },
	{ SV("user@[999.0.2.1]"), S, "IP address" },
	{ SV("user@[192.0.2.1"), S, "IP address" },
	{ SV("<>"), I, "column sender" },
	{ SV("<>"), O, "column sender" },
	{ SV("<user@example.com>"), S, "no valid domain" },
	{ SV("192.0.2.1"), O, "subnet" },
	{ SV("2001:db8::1"), O, "subnet" },
	{ SV("[mx.example.com]"), S, "direction out" },
	{ SV("[mx.example.com]"), I, "direction out" },
	{ SV("mx.example.com:25"), I, "direction out" },
	{ SV("mx.example.com:0"), O, "next hop" },
	{ SV("mx.example.com:025"), O, "next hop" },
	{ SV("mx.example.com:65536"), O, "next hop" },
	{ SV("mx.example.com:smtp"), O, "next hop" },
	{ SV("mx.example.com:smtp2"), O, "next hop" },
	{ SV("[mx.example.com]:smtp"), O, "next hop" },
	{ SV("[mx.example.com]:smtp2"), O, "next hop" },
	{ SV("[mx.example.com]:0"), O, "next hop" },
	{ SV("[mx.example.com]:"), O, "next hop" },
	{ SV("[mx:example]"), O, "next hop" },
	{ SV("[mx.example.com"), O, "next hop" },
	{ SV("[]"), O, "next hop" },
	{ SV("[]:25"), O, "next hop" },
	{ SV("[a b]:25"), O, "next hop" },
	{ SV("\xff.example"), S, "no domain" },
};

START_TEST(refuses)
{
	struct buf norm;
	struct pattern p = { .kind = 99 };
	struct err e = { 0 };

	buf_init(&norm, 1000);
	ck_assert_msg(pattern_parse(bad[_i].text, bad[_i].place, &norm, &p,
			  &e) == -1,
	    "%.*s was taken", SV_ARG(bad[_i].text));
	ck_assert_msg(strstr(e.text, bad[_i].words) != NULL, "%.*s: %s",
	    SV_ARG(bad[_i].text), e.text);
	ck_assert_int_eq(p.kind, 99);
	buf_free(&norm);
}
END_TEST

START_TEST(refuses_long)
{
	char text[LIMIT_PATTERN + 2];
	struct buf norm;
	struct pattern p;
	struct err e = { 0 };

	memset(text, 'a', sizeof(text));
	buf_init(&norm, 2000);
	ck_assert(
	    pattern_parse(sv_make(text, sizeof(text)), S, &norm, &p, &e) == -1);
	ck_assert_msg(pattern_parse(sv_make(text, 64), S, &norm, &p, &e) == -1,
	    "a label of 64");
	ck_assert_msg(pattern_parse(sv_make(text, 63), S, &norm, &p, &e) == 0,
	    "a label of 63: %s", e.text);
	buf_free(&norm);
}
END_TEST

static const struct {
	struct sv pattern;
	enum pattern_place place;
	struct sv who; /* with '@' or empty: an address; else a next hop */
	bool matches;
} matches[] = {
	{ SV("*"), S, SV(""), true },
	{ SV("*@*"), S, SV(""), false },
	{ SV("*@*"), S, SV("postmaster@localhost"), true },
	{ SV("<>"), S, SV(""), true },
	{ SV("<>"), S, SV("a@b"), false },
	{ SV("example.com"), S, SV(""), false },
	{ SV("example.com"), S, SV("u@EXAMPLE.com."), true },
	{ SV("example.com"), S, SV("u@sub.example.com"), false },
	{ SV("example.com"), S, SV("u@xexample.com"), false },
	{ SV(".example.com"), S, SV("u@sub.example.com"), true },
	{ SV(".example.com"), S, SV("u@example.com"), false },
	{ SV(".example.com"), S, SV("u@xexample.com"), false },
	{ SV("u@example.com"), S, SV("U@example.com"), true },
	{ SV("u@example.com"), S, SV("u+ext@example.com"), false },
	{ SV("a@b@example.com"), S, SV("a@b@example.com"), true },
	{ SV("sales-*@example.com"), S, SV("sales-eu@example.com"), true },
	{ SV("sales-*@example.com"), S, SV("sales@example.com"), false },
	{ SV("sales-*@example.com"), S, SV("sales-@x@example.com"), true },
	{ SV("*@example.com"), S, SV("u@x@sub.example.com"), false },
	{ SV("u*@example.com"), S, SV("u@evil.example@example.com"), true },
	{ SV("*.example.com"), S, SV("u@a.b.example.com"), true },
	{ SV("*.example.com"), S, SV("u@example.com"), false },
	{ SV("mx?.example.com"), S, SV("u@mx1.example.com"), true },
	{ SV("mx?.example.com"), S, SV("u@mx12.example.com"), false },
	{ SV("u@[192.0.2.1]"), S, SV("u@[192.0.2.1]"), true },
	{ SV("*.1"), S, SV("u@[192.0.2.1]"), false },
	{ SV("example.com"), O, SV("Example.Com"), true },
	{ SV("example.com"), O, SV("[example.com]:25"), true },
	{ SV("*@example.com"), O, SV("example.com"), true },
	{ SV("sales-*@example.com"), O, SV("example.com"), false },
	{ SV("u@example.com"), O, SV("example.com"), false },
	{ SV("*@*.example.com"), O, SV("a.example.com:25"), true },
	{ SV("[mx.example.com]"), O, SV("[mx.example.com]"), true },
	{ SV("[mx.example.com]"), O, SV("mx.example.com"), false },
	{ SV("[mx.example.com]"), O, SV("[mx.example.com]:25"), false },
	{ SV("[mx.example.com]:25"), O, SV("[MX.example.com]:25"), true },
	{ SV("[mx.example.com]:25"), O, SV("[mx.example.com]:26"), false },
	{ SV("mx.example.com:25"), O, SV("[mx.example.com]:25"), false },
	{ SV("example.com"), O, SV("example.com:smtp"), true },
	{ SV("example.com"), O, SV("[example.com]:submission"), true },
	{ SV("example.com"), O, SV("[example.com]:no-such-service"), true },
	{ SV("example.com"), O, SV("example.com:65536"), true },
	{ SV("example.com"), O, SV("[example.com]:"), true },
	{ SV("[mx.example.com]:587"), O, SV("[mx.example.com]:submission"),
	    true },
	{ SV("[mx.example.com]:25"), O, SV("[mx.example.com]:submission"),
	    false },
	{ SV("[mx.example.com]"), O, SV("[mx.example.com]:smtp"), false },
	{ SV("[mx.example.com]"), O, SV("[mx.example.com]:no-such-service"),
	    false },
	{ SV("[192.0.2.1]"), O, SV("[::ffff:192.0.2.1]"), true },
	{ SV("*.example"), O, SV("[192.0.2.1]"), false },
	{ SV("*"), O, SV("/var/run/lmtp"), true },
	{ SV("xn--bcher-kva.example"), O,
	    SV("B\xc3\x9c"
	       "CHER.example"),
	    true },
};

START_TEST(matching)
{
	struct buf norm;
	struct pattern p;
	struct party who;
	struct err e = { 0 };
	struct sv text = matches[_i].who;
	bool is_address = matches[_i].place == S;

	buf_init(&norm, 1000);
	ck_assert(pattern_parse(matches[_i].pattern, matches[_i].place, &norm,
		      &p, &e) == 0);
	ck_assert((is_address ? party_address(&who, text)
			      : party_nexthop(&who, text)) == PARTY_OK);
	ck_assert_msg(pattern_matches(&p, &who) == matches[_i].matches,
	    "%.*s against %.*s", SV_ARG(matches[_i].pattern), SV_ARG(text));
	buf_free(&norm);
}
END_TEST

static const struct sv bad_hops[] = {
	SV(""),
	SV("[]"),
	SV("a\0b"),
	SV("\xff\xfe.example"),
	SV("."),
};

/* Taken, but not to be answered about. */
static const struct sv odd_hops[] = {
	SV(".."),
	SV("a..test"),
	SV("[a..test]"),
	SV("["),
	SV("]"),
	SV("[a.test"),
	SV("a.test]"),
	SV("[a.test]x"),
	SV("[[a.test]]"),
	SV("[192.0.2.1"),
	SV("a.test.."),
	SV("b\xc3\xbc"
	   "cher..test"),
	SV("a b"),
	SV(" a.test"),
	SV("a.test "),
	SV("a\tb"),
	SV("a\nb"),
	SV("a\x7f"),
	SV("[a b]:25"),
};

static const struct sv even_hops[] = {
	SV("a.test"),
	SV("a.test."),
	SV("[a.test]"),
	SV("[a.test]:"),
	SV("[192.0.2.1]:25"),
	SV("[IPv6:2001:db8::1]"),
	SV("b\xc3\xbc"
	   "cher.test."),
	SV("_a.test"),
	SV("/var/spool/lmtp"),
};

START_TEST(odd_next_hop)
{
	struct party who;

	ck_assert_msg(party_nexthop(&who, odd_hops[_i]) == PARTY_OK &&
		who.is_odd,
	    "%.*s", SV_ARG(odd_hops[_i]));
}
END_TEST

START_TEST(even_next_hop)
{
	struct party who;

	ck_assert_msg(party_nexthop(&who, even_hops[_i]) == PARTY_OK &&
		!who.is_odd,
	    "%.*s", SV_ARG(even_hops[_i]));
}
END_TEST

START_TEST(no_next_hop)
{
	struct party who;

	ck_assert_msg(party_nexthop(&who, bad_hops[_i]) == PARTY_BAD, "%.*s",
	    SV_ARG(bad_hops[_i]));
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, parses, 0, N_ROWS(good));
	tcase_add_loop_test(tc, refuses, 0, N_ROWS(bad));
	tcase_add_test(tc, refuses_long);
	tcase_add_loop_test(tc, matching, 0, N_ROWS(matches));
	tcase_add_loop_test(tc, no_next_hop, 0, N_ROWS(bad_hops));
	tcase_add_loop_test(tc, odd_next_hop, 0, N_ROWS(odd_hops));
	tcase_add_loop_test(tc, even_next_hop, 0, N_ROWS(even_hops));
}

UNIT_MAIN("pattern", add_tests)
