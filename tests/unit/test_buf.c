/* tlswarden: tests for base/buf, base/arena and base/err.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "unit.h"

START_TEST(ceiling)
{
	struct buf b;

	buf_init(&b, 4);
	buf_adds(&b, "abcd");
	ck_assert(!b.is_full);
	buf_addc(&b, 'e');
	ck_assert(b.is_full);
	ck_assert_str_eq(buf_str(&b), "abcd");
	buf_adds(&b, "");
	ck_assert_msg(b.is_full, "is_full sticks");
	buf_reset(&b);
	ck_assert(!b.is_full);
	buf_addf(&b, "%d", 12345);
	ck_assert_msg(b.is_full && b.n == 0, "all or nothing");
	buf_free(&b);
	buf_free(&b);
}
END_TEST

static const struct {
	const char *label;
	struct sv in;
	size_t max;
	const char *want;
} printables[] = {
	{ "plain", SV("a b~"), 10, "a b~" },
	{ "cut", SV("abcdef"), 3, "abc..." },
	{ "newline", SV("a\r\nb"), 10, "a\\x0D\\x0Ab" },
	{ "NUL", SV("\0"), 10, "\\x00" },
	{ "8 bit", SV("\xc3\xa9"), 10, "\\xC3\\xA9" },
	{ "escape character", SV("\\x41"), 10, "\\x5Cx41" },
	{ "delete", SV("\x7f"), 10, "\\x7F" },
};

START_TEST(printable)
{
	struct buf b;

	buf_init(&b, 100);
	buf_add_printable(&b, printables[_i].in, printables[_i].max);
	ck_assert_msg(strcmp(buf_str(&b), printables[_i].want) == 0,
	    "%s: got %s", printables[_i].label, buf_str(&b));
	buf_free(&b);
}
END_TEST

START_TEST(consume_and_give)
{
	struct buf b;
	char *s;

	buf_init(&b, 100);
	buf_adds(&b, "hello");
	buf_consume(&b, 2);
	ck_assert_str_eq(buf_str(&b), "llo");
	buf_consume(&b, 9);
	ck_assert_uint_eq(b.n, 0);
	buf_adds(&b, "x");
	s = buf_give(&b);
	ck_assert_str_eq(s, "x");
	ck_assert_str_eq(buf_str(&b), "");
	free(s);
}
END_TEST

START_TEST(arena_keeps)
{
	struct arena a;
	struct sv first;

	arena_init(&a);
	first = arena_sv(&a, sv_from("first"));
	for (int i = 0; i < 1000; i++)
		memset(arena_alloc(&a, 5000), 0xff, 5000);
	memset(arena_alloc(&a, 3 << 20), 0xff, 3 << 20);
	ck_assert_str_eq(first.p, "first");
	ck_assert_uint_gt(a.total_bytes, 8000000);
	arena_free(&a);
	arena_free(&a);
}
END_TEST

START_TEST(err_words)
{
	struct err e = { 0 };

	ck_assert_int_eq(err_set(&e, EX_CONFIG, "line %d", 3), -1);
	ck_assert_int_eq(err_prefix(&e, "file %s", "x"), -1);
	ck_assert_str_eq(e.text, "file x: line 3");
	ck_assert_int_eq(e.sysexit, EX_CONFIG);
	ck_assert_int_eq(err_set(NULL, EX_CONFIG, "nobody asks"), -1);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, ceiling);
	tcase_add_loop_test(tc, printable, 0, N_ROWS(printables));
	tcase_add_test(tc, consume_and_give);
	tcase_add_test(tc, arena_keeps);
	tcase_add_test(tc, err_words);
}

UNIT_MAIN("buf", add_tests)
