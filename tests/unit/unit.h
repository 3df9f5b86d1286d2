/* tlswarden: tests/unit/unit.h - what every unit test program shares.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A test program is: tables, START_TEST functions, and
 *	UNIT_MAIN("module", add_tests)
 * with static void add_tests(TCase *tc). Output is TAP (CK_TAP_LOG_FILE_NAME).
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#include "base/sv.h"

#define N_ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

#define ck_assert_sv_eq(got, want, label)                       \
	do {                                                    \
		struct sv ck_got = (got), ck_want = (want);     \
		ck_assert_msg(sv_eq(ck_got, ck_want),           \
		    "%s: got \"%.*s\", want \"%.*s\"", (label), \
		    SV_ARG(ck_got), SV_ARG(ck_want));           \
	} while (0)

#define UNIT_MAIN(name, add)                                      \
	int main(void)                                            \
	{                                                         \
		Suite *suite = suite_create(name);                \
		TCase *tc = tcase_create(name);                   \
		SRunner *runner;                                  \
		int failed;                                       \
                                                                  \
		tcase_set_timeout(tc, 120);                       \
		add(tc);                                          \
		suite_add_tcase(suite, tc);                       \
		runner = srunner_create(suite);                   \
		srunner_run_all(runner, CK_ENV);                  \
		failed = srunner_ntests_failed(runner);           \
		srunner_free(runner);                             \
		return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE; \
	}

#endif
