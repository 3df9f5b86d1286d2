/* tlswarden: tests/unit/test_milter_reply - nothing breaks a reply.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "milter/reply.h"
#include "unit.h"

static const struct {
	const char *label;
	unsigned code;
	const char *text, *want_code, *want_status, *want_text;
} rows[] = {
	{ "as decide says it", 550, "5.7.10 TLS required", "550", "5.7.10",
	    "TLS required" },
	{ "temporary", 451, "4.7.5 Verified certificate", "451", "4.7.5",
	    "Verified certificate" },
	{ "percent signs", 550, "5.7.5 100% (%s %n %%)", "550", "5.7.5",
	    "100%% (%%s %%n %%%%)" },
	{ "a percent sign at the end", 550, "5.7.5 x%", "550", "5.7.5", "x%%" },
	{ "line ends", 550, "5.7.5 a\r\nb\tc", "550", "5.7.5", "a??b?c" },
	{ "8 bit and controls", 451, "4.7.5 \xc3\xbc\x1b\x7f", "451", "4.7.5",
	    "????" },
	{ "class of another code", 451, "5.7.5 x", "451", "4.7.5", "x" },
	{ "no status", 550, "TLS required", "550", "5.7.0", "TLS required" },
	{ "two parts", 550, "5.7 x", "550", "5.7.0", "5.7 x" },
	{ "four parts", 550, "5.7.1.1 x", "550", "5.7.0", "5.7.1.1 x" },
	{ "long parts", 550, "5.7000.1 x", "550", "5.7.0", "5.7000.1 x" },
	{ "empty part", 550, "5..1 x", "550", "5.7.0", "5..1 x" },
	{ "trailing dot", 550, "5.7.1. x", "550", "5.7.0", "5.7.1. x" },
	{ "empty", 550, "", "550", "5.7.0", "TLS required by policy" },
	{ "status alone", 550, "5.7.1", "550", "5.7.1",
	    "TLS required by policy" },
};

START_TEST(makes)
{
	struct reply r;

	reply_make(rows[_i].code, sv_from(rows[_i].text), &r);
	ck_assert_msg(strcmp(r.code, rows[_i].want_code) == 0, "%s: %s",
	    rows[_i].label, r.code);
	ck_assert_msg(strcmp(r.status, rows[_i].want_status) == 0, "%s: %s",
	    rows[_i].label, r.status);
	ck_assert_msg(strcmp(r.text, rows[_i].want_text) == 0, "%s: %s",
	    rows[_i].label, r.text);
}
END_TEST

/* smfi_setreply(3) takes 980 bytes. */
START_TEST(fits)
{
	static char text[5000];
	struct reply r;

	memset(text, '%', sizeof(text) - 1);
	reply_make(550, sv_from(text), &r);
	ck_assert_uint_eq(strlen(r.text), 2 * LIMIT_REPLY);
	ck_assert_uint_lt(strlen(r.text), 980);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, makes, 0, N_ROWS(rows));
	tcase_add_test(tc, fits);
}

UNIT_MAIN("milter_reply", add_tests)
