/* tlswarden: tests for policyd/ticket.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "ticket.h"
#include "unit.h"

enum { MANY = 100 };

/* What a connection is does not matter here. */
static struct conn *
conn(int *i)
{
	return (void *)i;
}

START_TEST(given_and_ended)
{
	struct tickets t;
	struct ticket a, b;
	int x, y;

	tickets_init(&t);
	a = tickets_next(&t);
	tickets_take(&t, conn(&x));
	b = tickets_next(&t);
	tickets_take(&t, conn(&y));
	ck_assert(a.slot != b.slot);
	ck_assert_ptr_eq(tickets_end(&t, a), conn(&x));
	ck_assert_ptr_null(tickets_end(&t, a)); /* once */
	ck_assert_ptr_eq(tickets_end(&t, b), conn(&y));
	tickets_done(&t);
}
END_TEST

/* An old ticket is not the one that has its slot now. */
START_TEST(slot_is_used_again)
{
	struct tickets t;
	struct ticket old, now;
	int x, y;

	tickets_init(&t);
	old = tickets_next(&t);
	tickets_take(&t, conn(&x));
	ck_assert_ptr_eq(tickets_end(&t, old), conn(&x));
	now = tickets_next(&t);
	ck_assert_uint_eq(now.slot, old.slot);
	tickets_take(&t, conn(&y));
	ck_assert_ptr_null(tickets_end(&t, old));
	ck_assert_ptr_eq(tickets_end(&t, now), conn(&y));
	tickets_done(&t);
}
END_TEST

/* Told of, but never taken. */
START_TEST(nobody_has_it)
{
	struct tickets t;
	struct ticket a;
	int x;

	tickets_init(&t);
	a = tickets_next(&t);
	ck_assert_ptr_null(tickets_end(&t, a));
	tickets_take(&t, conn(&x));
	ck_assert_ptr_eq(tickets_end(&t, a), conn(&x));
	tickets_done(&t);
}
END_TEST

/* Grows, and keeps all apart, in any order of their ends. */
START_TEST(many)
{
	struct ticket got[MANY];
	struct tickets t;
	int x[MANY];

	tickets_init(&t);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) {
			got[i] = tickets_next(&t);
			tickets_take(&t, conn(&x[i]));
		}
		for (int k = 0; k < MANY; k++) {
			int i = (k * 37 + round) % MANY;

			ck_assert_ptr_eq(tickets_end(&t, got[i]), conn(&x[i]));
		}
	}
	tickets_done(&t);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, given_and_ended);
	tcase_add_test(tc, slot_is_used_again);
	tcase_add_test(tc, nobody_has_it);
	tcase_add_test(tc, many);
}

UNIT_MAIN("ticket", add_tests)
