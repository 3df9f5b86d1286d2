/* tlswarden: tests for policy/cover.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>

#include "base/err.h"
#include "base/limits.h"
#include "policy/cover.h"
#include "unit.h"

/* A pattern with the memory of its text. */
struct held {
	struct buf norm;
	struct pattern p;
};

static void
hold(struct held *h, const char *text)
{
	enum pattern_place place = PATTERN_OUT_RECIPIENT;
	struct err e = { 0 };

	if (sv_is(sv_from(text), "<>"))
		place = PATTERN_IN_SENDER;
	buf_init(&h->norm, LIMIT_PATTERN * 4);
	ck_assert_msg(pattern_parse(sv_from(text), place, &h->norm, &h->p,
			  &e) == 0,
	    "%s: %s", text, e.text);
}

static bool
covers(const char *a, const char *b)
{
	struct held x, y;
	bool yes;

	hold(&x, a);
	hold(&y, b);
	yes = pattern_covers(&x.p, &y.p);
	buf_free(&x.norm);
	buf_free(&y.norm);
	return yes;
}

static const struct {
	const char *a, *b;
	bool want;
} patterns[] = {
	{ "*", "*", true },
	{ "*", "<>", true },
	{ "*", "[mx.example.com]:25", true },
	{ "*", "*@*", true },
	{ "example.com", "example.com", true },
	{ "EXAMPLE.com", "example.com.", true },
	{ "example.com", "a@example.com", true },
	{ "example.com", "a*@example.com", true },
	{ "example.com", "[example.com]", true },
	{ "example.com", "[example.com]:587", true },
	{ "*@example.com", "example.com", true },
	{ "*@example.com", "a@example.com", true },
	{ ".example.com", "a.example.com", true },
	{ ".example.com", "u@a.b.example.com", true },
	{ ".example.com", ".b.example.com", true },
	{ ".example.com", "*.b.example.com", true },
	{ ".example.com", "*@mx?.example.com", true },
	{ "*.example.com", ".example.com", true },
	{ "*.com", ".example.com", true },
	{ "*@*.example.com", ".example.com", true },
	{ "*.com", "*.example.com", true },
	{ "*@*.com", "x*@*.example.com", true },
	{ "s*@example.com", "sales-*@example.com", true },
	{ "*s*@*.com", "sales-*@*.example.com", true },
	{ "*@*", "a@example.com", true },
	{ "*@*", "a@[192.0.2.1]", true },
	{ "*@*", "example.com", true },
	{ "*@*", ".example.com", true },
	{ "*@*", "*.example.com", true },
	{ "<>", "<>", true },
	{ "a?@example.com", "a?@example.com", true },
	/* what is left over */
	{ "*@*", "*", false },
	{ "*@*", "<>", false },
	{ "<>", "*", false },
	{ "<>", "a@example.com", false },
	{ "example.com", "*", false },
	{ "example.com", "*@*", false },
	{ "example.com", ".example.com", false },
	{ "example.com", "example.org", false },
	{ "example.com", "a@b.example.com", false },
	{ "example.com", "*.example.com", false },
	{ ".example.com", "example.com", false },
	{ ".example.com", "a@example.com", false },
	{ ".example.com", ".com", false },
	{ ".example.com", "*.com", false },
	{ ".example.com", "notexample.com", false },
	{ ".example.com", "*example.com", false },
	{ ".b.example.com", ".example.com", false },
	{ "*.example.com", "example.com", false },
	{ "*.b.example.com", ".example.com", false },
	{ "a@example.com", "example.com", false },
	{ "a@example.com", "*@example.com", false },
	{ "a@example.com", "b@example.com", false },
	{ "a*@example.com", "*@example.com", false },
	{ "a*@example.com", "example.com", false },
	{ "sales-*@example.com", "s*@example.com", false },
	{ "a*@*.com", "*.example.com", false },
	{ "a*@*.com", "example.com", false },
	{ "a?@example.com", "a*@example.com", false },
	{ "?.example.com", "*.example.com", false },
	{ "[mx.example.com]", "mx.example.com", false },
	{ "[mx.example.com]", "[mx.example.com]:25", false },
	{ "[mx.example.com]:25", "mx.example.com:25", false },
	{ "mx.example.com:25", "*", false },
};

START_TEST(table)
{
	ck_assert_msg(covers(patterns[_i].a, patterns[_i].b) ==
		patterns[_i].want,
	    "%s covers %s: not %s", patterns[_i].a, patterns[_i].b,
	    patterns[_i].want ? "true" : "false");
}
END_TEST

/* What is said to be covered is matched, for every party of a small world. */
static const char *const world[] = { "*", "*@*", "a@x.test", "b@x.test",
	"ab@x.test", "*@x.test", "a*@x.test", "*b@x.test", "?@x.test", "x.test",
	".x.test", ".test", "y.x.test", "*.x.test", "*.test", "?.x.test",
	"*@*.x.test", "a*@*.test", "*x.test", "a@y.x.test", "[x.test]",
	"[x.test]:25", "x.test:25", "[192.0.2.1]", "a@[192.0.2.1]", "y?.test" };
static const char *const addresses[] = { "", "a", "a@x.test", "b@x.test",
	"ab@x.test", "a@y.x.test", "a@z.y.x.test", "b@test", "a@yx.test",
	"a@[192.0.2.1]", "bb@yz.test" };
static const char *const hops[] = { "x.test", "y.x.test", "z.y.x.test", "test",
	"yx.test", "[x.test]", "[x.test]:25", "x.test:25", "[192.0.2.1]",
	"192.0.2.1", "yz.test" };

static void
check_pair(const struct held *a, const struct held *b, const char *label)
{
	struct party who;

	if (!pattern_covers(&a->p, &b->p))
		return;
	for (int i = 0; i < N_ROWS(addresses); i++) {
		ck_assert(party_address(&who, sv_from(addresses[i])));
		ck_assert_msg(!pattern_matches(&b->p, &who) ||
			pattern_matches(&a->p, &who),
		    "%s does not match <%s>", label, addresses[i]);
	}
	for (int i = 0; i < N_ROWS(hops); i++) {
		ck_assert(party_nexthop(&who, sv_from(hops[i])));
		ck_assert_msg(!pattern_matches(&b->p, &who) ||
			pattern_matches(&a->p, &who),
		    "%s does not match next hop %s", label, hops[i]);
	}
}

START_TEST(sound)
{
	int n_covered = 0;

	for (int i = 0; i < N_ROWS(world); i++)
		for (int j = 0; j < N_ROWS(world); j++) {
			struct held a, b;
			char label[128];

			hold(&a, world[i]);
			hold(&b, world[j]);
			(void)snprintf(label, sizeof(label), "%s over %s",
			    world[i], world[j]);
			check_pair(&a, &b, label);
			n_covered += pattern_covers(&a.p, &b.p) ? 1 : 0;
			buf_free(&a.norm);
			buf_free(&b.norm);
		}
	/* The diagonal, "*" over all, and more. */
	ck_assert_int_gt(n_covered, 2 * N_ROWS(world));
}
END_TEST

static const struct {
	const char *label, *a, *b;
	enum direction direction;
	enum level a_level, b_level;
	bool want;
} subnets[] = {
	{ "none over any", "", "", DIRECTION_IN, LEVEL_NONE, LEVEL_ENCRYPT,
	    true },
	{ "any over one", "", "192.0.2.0/24", DIRECTION_IN, LEVEL_NONE,
	    LEVEL_ENCRYPT, true },
	{ "wide over narrow", "192.0.0.0/16", "192.0.2.0/24", DIRECTION_IN,
	    LEVEL_NONE, LEVEL_ENCRYPT, true },
	{ "same", "192.0.2.0/24", "192.0.2.0/24", DIRECTION_OUT, LEVEL_SECURE,
	    LEVEL_ENCRYPT, true },
	{ "out: demanding over lenient", "192.0.2.0/24", "192.0.2.0/25",
	    DIRECTION_OUT, LEVEL_SECURE, LEVEL_NONE, true },
	{ "out: lenient over demanding", "192.0.2.0/24", "192.0.2.0/25",
	    DIRECTION_OUT, LEVEL_NONE, LEVEL_ENCRYPT, false },
	{ "narrow over wide", "192.0.2.0/24", "192.0.0.0/16", DIRECTION_IN,
	    LEVEL_NONE, LEVEL_NONE, false },
	{ "one over any", "192.0.2.0/24", "", DIRECTION_IN, LEVEL_NONE,
	    LEVEL_NONE, false },
	{ "another", "192.0.2.0/24", "192.0.3.0/24", DIRECTION_IN, LEVEL_NONE,
	    LEVEL_NONE, false },
	{ "other family", "::/0", "192.0.2.0/24", DIRECTION_IN, LEVEL_NONE,
	    LEVEL_NONE, false },
};

START_TEST(subnet)
{
	struct cidr a, b;
	struct demand da = { .level = subnets[_i].a_level };
	struct demand db = { .level = subnets[_i].b_level };
	struct pattern any = { .kind = PATTERN_ANY, .text = "" };
	struct rule x = { .direction = (uint8_t)subnets[_i].direction,
		.sender = any,
		.recipient = any,
		.demand = &da };
	struct rule y = x;

	y.demand = &db;
	if (*subnets[_i].a != '\0') {
		ck_assert_int_eq(cidr_parse(sv_from(subnets[_i].a), &a, NULL),
		    0);
		x.subnet = &a;
	}
	if (*subnets[_i].b != '\0') {
		ck_assert_int_eq(cidr_parse(sv_from(subnets[_i].b), &b, NULL),
		    0);
		y.subnet = &b;
	}
	ck_assert_msg(rule_covers(&x, &y) == subnets[_i].want, "%s",
	    subnets[_i].label);
	y.direction = DIRECTION_UNKNOWN;
	ck_assert_msg(!rule_covers(&x, &y), "%s: direction", subnets[_i].label);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, table, 0, N_ROWS(patterns));
	tcase_add_test(tc, sound);
	tcase_add_loop_test(tc, subnet, 0, N_ROWS(subnets));
}

UNIT_MAIN("cover", add_tests)
