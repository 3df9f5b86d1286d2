/* tlswarden: tests/unit/test_auth_results - forged results and our own.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>

#include "base/limits.h"
#include "milter/auth_results.h"
#include "unit.h"

#define ID "mx.example.com"

static const struct {
	const char *label, *value;
	bool is_claim;
} claims[] = {
	{ "ours", ID "; spf=pass", true },
	{ "ours, nothing judged", " " ID "; none", true },
	{ "another's", "mx.example.net; spf=pass", false },
	{ "ours, with a version", ID " 1; spf=pass", true },
	{ "other case", "MX.Example.COM; spf=pass", true },
	{ "final dot", ID ".; spf=pass", true },
	{ "no semicolon", ID, true },
	{ "longer", "x" ID "; spf=pass", false },
	{ "below us", ID ".test; spf=pass", false },
	{ "folded", "\r\n\t" ID "\r\n\t; spf=pass", true },
	{ "behind a comment", "(they) " ID "; spf=pass", true },
	{ "behind nested comments", "(a (b\\)) c)(d)" ID "; spf=pass", true },
	{ "before a comment", ID "(x); spf=pass", true },
	{ "quoted", "\"" ID "\"; spf=pass", true },
	{ "quoted pairs", "\"m\\x.example.com\"; spf=pass", true },
	{ "quoted and folded", "\"mx.\r\nexample.com\"; spf=pass", true },
	{ "quoted, another's", "\"mx.example.net\"; spf=pass", false },
	{ "ours in a comment alone", "(" ID ") mx.example.net; none", false },
	{ "quoted semicolon", "\"" ID ";\" ; spf=pass", false },
	{ "broken: empty", "", true },
	{ "broken: blanks", " \t\r\n ", true },
	{ "broken: a comment alone", "(x)", true },
	{ "broken: a comment that does not end", "(x " ID "; spf=pass", true },
	{ "broken: quotes that do not end", "\"mx.example.net", true },
	{ "broken: a quoted pair that does not end", "\"mx.example.net\\",
	    true },
	{ "broken: no name", "; spf=pass", true },
	{ "8 bit", "\xff\xfe; spf=pass", false },
};

START_TEST(claims_to_be_ours)
{
	ck_assert_msg(auth_results_claims(sv_from(claims[_i].value),
			  sv_from(ID)) == claims[_i].is_claim,
	    "%s", claims[_i].label);
}
END_TEST

START_TEST(knows_idn_spellings)
{
	ck_assert(auth_results_claims(sv_from("m\xc3\xbcnchen.test; none"),
	    sv_from("xn--mnchen-3ya.test")));
	ck_assert(auth_results_claims(sv_from("XN--mnchen-3ya.test; none"),
	    sv_from("m\xc3\xbcnchen.test")));
}
END_TEST

START_TEST(formats)
{
	struct facts f;
	struct buf out;

	facts_init(&f);
	buf_init(&out, 1024);
	auth_results_format(sv_from(ID), &f, &out);
	ck_assert_str_eq(buf_str(&out), ID "; x-tls=temperror");
	buf_reset(&out);
	f.tls.state = TLS_STATE_NONE;
	auth_results_format(sv_from(ID), &f, &out);
	ck_assert_str_eq(buf_str(&out), ID "; x-tls=none");
	buf_reset(&out);
	f.tls.state = TLS_STATE_ON;
	f.tls.bits = 256;
	f.tls_version = sv_from("TLSv1.3");
	f.tls.cipher = sv_from("TLS_AES_256 ;\r\n=%");
	auth_results_format(sv_from(ID), &f, &out);
	ck_assert_str_eq(buf_str(&out),
	    ID
	    "; x-tls=pass smtp.version=TLSv1.3 "
	    "smtp.cipher=TLS_AES_256______ smtp.bits=256");
	/* What our own header says is ours. */
	ck_assert(auth_results_claims(buf_sv(&out), sv_from(ID)));
	buf_free(&out);
	facts_free(&f);
}
END_TEST

START_TEST(numbers_the_forged)
{
	struct forged f;

	forged_init(&f);
	forged_note(&f, sv_from("mx.example.net; none"), sv_from(ID));
	forged_note(&f, sv_from(ID "; none"), sv_from(ID));
	forged_note(&f, sv_from("mx.example.net; none"), sv_from(ID));
	forged_note(&f, sv_from(ID "; none"), sv_from(ID));
	ck_assert_uint_eq(f.n, 2);
	ck_assert_uint_eq(f.v[0], 2);
	ck_assert_uint_eq(f.v[1], 4);
	forged_reset(&f);
	forged_note(&f, sv_from(ID "; none"), sv_from(ID));
	ck_assert_uint_eq(f.v[0], 1);
	for (int i = 1; i < LIMIT_FORGED; i++)
		forged_note(&f, sv_from(ID "; none"), sv_from(ID));
	ck_assert(!f.is_full);
	forged_note(&f, sv_from("mx.example.net; none"), sv_from(ID));
	ck_assert(!f.is_full);
	forged_note(&f, sv_from(ID "; none"), sv_from(ID));
	ck_assert(f.is_full);
	forged_free(&f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, claims_to_be_ours, 0, N_ROWS(claims));
	tcase_add_test(tc, knows_idn_spellings);
	tcase_add_test(tc, formats);
	tcase_add_test(tc, numbers_the_forged);
}

UNIT_MAIN("auth_results", add_tests)
