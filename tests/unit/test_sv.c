/* tlswarden: tests for base/sv.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "unit.h"

static const struct {
	const char *label;
	struct sv in;
	uint32_t max;
	bool ok;
	uint32_t want;
} numbers[] = {
	{ "zero", SV("0"), 10, true, 0 },
	{ "leading zeros", SV("007"), 10, true, 7 },
	{ "max", SV("10"), 10, true, 10 },
	{ "32 bit max", SV("4294967295"), UINT32_MAX, true, UINT32_MAX },
	{ "over max", SV("11"), 10, false, 0 },
	{ "32 bit max + 1", SV("4294967296"), UINT32_MAX, false, 0 },
	{ "64 bit overflow", SV("18446744073709551616"), UINT32_MAX, false, 0 },
	{ "21 digits", SV("000000000000000000001"), 10, false, 0 },
	{ "empty", SV(""), 10, false, 0 },
	{ "sign", SV("+1"), 10, false, 0 },
	{ "minus", SV("-1"), 10, false, 0 },
	{ "blank before", SV(" 1"), 10, false, 0 },
	{ "blank behind", SV("1 "), 10, false, 0 },
	{ "hex", SV("0x1"), 10, false, 0 },
	{ "NUL inside", SV("1\0"), 10, false, 0 },
};

START_TEST(to_u32)
{
	uint32_t got = 77;
	bool ok = sv_to_u32(numbers[_i].in, numbers[_i].max, &got);

	ck_assert_msg(ok == numbers[_i].ok, "%s", numbers[_i].label);
	ck_assert_msg(got == (ok ? numbers[_i].want : 77), "%s: %u",
	    numbers[_i].label, got);
}
END_TEST

START_TEST(cut_and_words)
{
	struct sv in = SV("a,,b"), part;
	struct sv words = SV("  one \ttwo ");

	ck_assert(sv_cut(&in, ',', &part) && sv_is(part, "a"));
	ck_assert(sv_cut(&in, ',', &part) && sv_is(part, ""));
	ck_assert(sv_cut(&in, ',', &part) && sv_is(part, "b"));
	ck_assert(!sv_cut(&in, ',', &part));
	ck_assert(sv_word(&words, &part) && sv_is(part, "one"));
	ck_assert(sv_word(&words, &part) && sv_is(part, "two"));
	ck_assert(!sv_word(&words, &part));
}
END_TEST

START_TEST(compare)
{
	struct sv a = SV("Ab"), b = SV("aB"), nul = SV("a\0b"), al = SV("a");

	ck_assert(sv_eq_nocase(a, b));
	ck_assert(!sv_eq(a, b));
	ck_assert(!sv_eq(nul, al));
	ck_assert(sv_cmp(al, nul) < 0);
	ck_assert(sv_starts(nul, al));
	ck_assert(!sv_starts(al, nul));
	ck_assert(sv_ends(sv_from("x.example"), sv_from(".example")));
	ck_assert(sv_eq(sv_from(NULL), sv_from("")));
	ck_assert_uint_eq(sv_find(nul, '\0'), 1);
	ck_assert_uint_eq(sv_rfind(sv_from("a@b@c"), '@'), 3);
	ck_assert_uint_eq(sv_rfind(sv_from("abc"), '@'), 3);
	ck_assert_sv_eq(sv_trim(sv_from(" \tx y\r\n")), sv_from("x y"), "trim");
	ck_assert_sv_eq(sv_skip(al, 5), sv_from(""), "skip past the end");
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, to_u32, 0, N_ROWS(numbers));
	tcase_add_test(tc, cut_and_words);
	tcase_add_test(tc, compare);
}

UNIT_MAIN("sv", add_tests)
